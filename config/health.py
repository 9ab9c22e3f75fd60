"""Whether the portal lives, and whether it is whole."""

from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from redis import Redis
from redis.exceptions import RedisError

# The beat ticks every 15 s; four missed ticks mean that nobody prompts the closes.
LATE_TICK_SECONDS = 60


def live(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """503 only when the database is down; without broker, beat or S3 answering goes on, `degraded`."""
    database, age = _database()
    broker, storage = _broker(), _storage()
    if not database:
        status = "down"
    elif broker and storage is not False and age is not None and age < LATE_TICK_SECONDS:
        status = "ok"
    else:
        status = "degraded"
    body: dict[str, Any] = {
        "status": status,
        "database": "ok" if database else "down",
        "broker": "ok" if broker else "down",
        "last_tick_age_seconds": age,
    }
    if storage is not None:
        body["storage"] = "ok" if storage else "down"
    return JsonResponse(body, status=200 if database else 503)


def _database() -> tuple[bool, float | None]:
    """Whether the database answers, and the seconds since the last tick (None: never)."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT round(extract(epoch FROM clock_timestamp() - at)::numeric, 1)"
                " FROM contest_heartbeat WHERE name = 'tick'"
            )
            row = cursor.fetchone()
    except Error:
        connection.close()
        return False, None
    return True, float(row[0]) if row else None


def _storage() -> bool | None:
    """Whether S3 answers, be it with a refusal; None where clips lie in a directory."""
    if settings.CLIP_DELIVERY != "s3":
        return None
    try:
        with urlopen(Request(settings.CLIP_S3_ENDPOINT, method="HEAD"), timeout=1):
            return True
    except HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _broker() -> bool:
    url = settings.REDIS_URL.replace("redis+socket://", "unix://")
    try:
        with Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5) as client:
            return bool(client.ping())
    except (RedisError, OSError):
        return False
