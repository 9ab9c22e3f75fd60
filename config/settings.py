"""All settings, read from the environment. `.env.example` lists the variables."""

import re
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from accounts.sso.configuration import read_local_passwords, read_providers

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
PUBLIC_URL = env("PUBLIC_URL", default=f"http://127.0.0.1:{env.int('PORT', default=8000)}").rstrip("/")
SECURE = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

DATA_DIR = Path(env("DATA_DIR", default="var")).resolve()
EXPORT_DIR = DATA_DIR / "exports"
RECORD_DIR = DATA_DIR / "records"
ANCHOR_DIR = DATA_DIR / "anchors"
UPLOAD_DIR = Path(env("UPLOAD_DIR", default=str(DATA_DIR / "uploads")))
# Where clips are encoded: on the file system of the clips themselves, each is then moved in one step.
CLIP_WORK_DIR = Path(env("CLIP_WORK_DIR", default=str(DATA_DIR / "clip-work")))
# How many PATCHes a web process takes at a time: in all processes together fewer than half of the web threads.
UPLOADS_AT_ONCE = env.int("UPLOADS_AT_ONCE", default=1)
# How long nothing may come of a piece, and how long an upload is kept after its last piece.
UPLOAD_IDLE_SECONDS = env.float("UPLOAD_IDLE_SECONDS", default=20)
UPLOAD_HOURS = env.int("UPLOAD_HOURS", default=24)
DEMO_PASSWORD = env("DEMO_PASSWORD", default="demo-cchc")
# Lets `close_rounds --at` run ahead of the server's clock. Never in production.
ALLOW_REHEARSAL = env.bool("ALLOW_REHEARSAL", default=False)

INSTALLED_APPS = [
    "accounts",  # before django.contrib.auth: its changepassword leaves a trace
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "notifications",
    "proposals",
    "contest",
    "videos",
    "reports",
    "privacy",
]
if find_spec("django_migration_linter"):  # a development tool: absent in production
    INSTALLED_APPS.append("django_migration_linter")

MIDDLEWARE = [
    "accounts.middleware.RequestIdMiddleware",
    "config.logs.AccessLogMiddleware",
    "accounts.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "contest.middleware.AttemptKeyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.PrivatePagesMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.sessions.SessionLimitsMiddleware",
    "accounts.second_factor.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.roles",
                "accounts.context_processors.session_clock",
            ],
        },
    }
]

# --- Database -------------------------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL", default="postgres:///cchc")}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
# A connection per web thread, kept: opening one costs more than a save.
DATABASES["default"].setdefault("CONN_MAX_AGE", env.int("CONN_MAX_AGE", default=600))
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 3)
# PgBouncer in transaction mode cannot keep a cursor open between statements.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = env.bool("PGBOUNCER", default=False)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: Celery's broker and the cache. Answering goes on without it. ---------------------------

REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "config.cache.FailOpenRedisCache",
        "LOCATION": REDIS_URL.replace("redis+socket://", "unix://"),
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
        "KEY_PREFIX": "cchc",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
# How long a session lasts unused, and how long at most; an attempt that runs moves both on. See accounts/sessions.py.
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=60)
SESSION_HOURS = env.int("SESSION_HOURS", default=12)
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True  # offices share machines

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 1800
CELERY_TIMEZONE = "Asia/Ho_Chi_Minh"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than the longest task, or Redis hands a running task to a second worker.
    "visibility_timeout": 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "retry_on_timeout": False,
}
# How often the beat looks for rounds to close, exports to run and records to write.
TICK_SECONDS = env.float("TICK_SECONDS", default=15)
CELERY_BEAT_SCHEDULE = {
    # A worker with a fast clock must not take a fresh tick for an old one; a queue of old ones does no harm.
    task: {"task": task, "schedule": TICK_SECONDS, "options": {"expires": 3600}}
    for task in ("contest.tasks.tick", "contest.tasks.build_public_records", "reports.tasks.sweep_exports")
}
CELERY_BEAT_SCHEDULE |= {
    "accounts.tasks.seal_audit": {"task": "accounts.tasks.seal_audit", "schedule": 60, "options": {"expires": 3600}},
    "accounts.tasks.forget_sessions": {
        "task": "accounts.tasks.forget_sessions",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
    "accounts.tasks.check_audit_nightly": {
        "task": "accounts.tasks.check_audit_nightly",
        "schedule": crontab(hour=2, minute=20),
        "options": {"expires": 3600},
    },
}

CELERY_BEAT_SCHEDULE |= {
    "contest.tasks.announce": {
        "task": "contest.tasks.announce", "schedule": TICK_SECONDS, "options": {"expires": 60},
    },
    "notifications.tasks.send_mail": {
        "task": "notifications.tasks.send_mail", "schedule": TICK_SECONDS, "options": {"expires": 60},
    },
    "notifications.tasks.delete_old_messages": {
        "task": "notifications.tasks.delete_old_messages", "schedule": 600, "options": {"expires": 600},
    },
}  # fmt: skip

CELERY_BEAT_SCHEDULE |= {
    "proposals.tasks.forget_old_requests": {
        "task": "proposals.tasks.forget_old_requests",
        "schedule": crontab(hour=3, minute=20),
        "options": {"expires": 3600},
    }
}

CELERY_BEAT_SCHEDULE |= {
    "reports.tasks.freeze_due_reports": {
        "task": "reports.tasks.freeze_due_reports", "schedule": TICK_SECONDS, "options": {"expires": 60},
    },
}  # fmt: skip

CELERY_BEAT_SCHEDULE |= {
    "reports.tasks.tell_reminders": {
        "task": "reports.tasks.tell_reminders", "schedule": TICK_SECONDS, "options": {"expires": 60},
    },
}  # fmt: skip

CELERY_BEAT_SCHEDULE |= {
    "videos.tasks.sweep_uploads": {
        "task": "videos.tasks.sweep_uploads", "schedule": 600, "options": {"expires": 600},
    },
}  # fmt: skip

# Clips take minutes: a queue and a worker of their own, so that nothing else waits for them. The sweep works the queue
# itself; prompts that come meanwhile expire. Rounds close on time: one worker does nothing else, and every other that
# is free helps it, so that neither large exports nor the loss of one worker delays a close.
CELERY_TASK_ROUTES = {
    "contest.tasks.tick": {"queue": "rounds"},
    "videos.tasks.process_file": {"queue": "clips"},
    "videos.tasks.sweep_files": {"queue": "clips"},
}
CELERY_BEAT_SCHEDULE |= {
    "videos.tasks.sweep_files": {
        "task": "videos.tasks.sweep_files", "schedule": min(60, 4 * TICK_SECONDS), "options": {"expires": 60},
    },
}  # fmt: skip

# --- Mail -----------------------------------------------------------------------------------------

# Without a mail server messages are in the portal only.
MAIL_ENABLED = bool(env("EMAIL_URL", default=""))
if MAIL_ENABLED:
    vars().update(env.email("EMAIL_URL"))
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="cchc@localhost")
# Of all workers together, in any 60 seconds.
MAIL_PER_MINUTE = env.int("MAIL_PER_MINUTE", default=120)
# Local time in which no mail goes out; empty: none.
QUIET_HOURS = env("QUIET_HOURS", default="21:00-07:00")
MESSAGES_KEPT_DAYS = env.int("MESSAGES_KEPT_DAYS", default=180)

# --- Accounts -------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.sso.passwords.PasswordBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {"reauthenticate": "accounts.password_forms.PasswordAgainForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = "employee_id"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PRESERVE_USERNAME_CASING = True
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_SESSION_REMEMBER = False
# Limits on guessing rest on the database, in accounts/sign_in_limits.py: those of django-allauth rest on the cache,
# which fails open. A limit on signing in as such would stop a whole hospital behind one address.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None}
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
# Whether roles that change or see what matters need a second factor. The demo goes without.
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=SECURE)
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Hội thi CCHC"
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
MFA_FORMS = {
    "authenticate": "accounts.second_factor_forms.CodeForm",
    "reauthenticate": "accounts.second_factor_forms.CodeAgainForm",
    "activate_totp": "accounts.second_factor_forms.EnrolForm",
}
# Who may sign in with a password of the portal: "off", "administrators" or "all". See docs/sso.md.
LOCAL_PASSWORDS = read_local_passwords(env.ENVIRON, secure=SECURE)
SOCIALACCOUNT_ADAPTER = "accounts.sso.adapters.SocialAccountAdapter"
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, Any]] = {
    "openid_connect": {
        "provider_class": "accounts.sso.provider.PortalProvider",
        "APPS": read_providers(env.ENVIRON, secure=SECURE),
    }
}
# An address proves nobody: links are by issuer and subject, the first by the employee id that the issuer gives.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = False
# No request waits longer than that for a provider, in all.
SSO_TIMEOUT_SECONDS = 3.0
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 9}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- API ------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.problems.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "accounts.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CCHC contest portal",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "contest.api.schema.add_hot_paths",
    ],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
}

# --- Language, time, files ------------------------------------------------------------------------

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", _("Tiếng Việt")), ("en", _("Tiếng Anh"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Clips as handed in, what processing made of them, scripts. Nothing of it is served but through videos/watching.
    "clips": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "clips", "base_url": None},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = False
WHITENOISE_USE_FINDERS = env.bool("STATIC_FROM_SOURCE", default=DEBUG)
# Looked up when asked for; else every handler, in tests one per client, would first read the whole tree.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS
if WHITENOISE_USE_FINDERS:
    STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# Where clips lie: in DATA_DIR/clips, or with CLIP_S3_BUCKET in S3 or something like it.
CLIP_S3_BUCKET = env("CLIP_S3_BUCKET", default="")
CLIP_S3_REGION = env("CLIP_S3_REGION", default="") or "us-east-1"
CLIP_S3_ENDPOINT = env("CLIP_S3_ENDPOINT", default="").rstrip("/") or f"https://s3.{CLIP_S3_REGION}.amazonaws.com"
# How they get to browsers: "portal" (make run), "nginx" (X-Accel-Redirect, in production); with a bucket always "s3".
CLIP_DELIVERY = "s3" if CLIP_S3_BUCKET else env("CLIP_DELIVERY", default="portal")
CLIP_URL_SECONDS = 300  # how long a signed address of S3 opens a file
if CLIP_DELIVERY not in ("portal", "nginx", "s3") or (CLIP_DELIVERY == "s3" and not CLIP_S3_BUCKET):
    raise ImproperlyConfigured("CLIP_DELIVERY must be portal or nginx, or CLIP_S3_BUCKET must name a bucket")
if CLIP_S3_BUCKET:
    STORAGES["clips"] = {
        "BACKEND": "videos.s3.ClipS3Storage",
        "OPTIONS": {
            "bucket_name": CLIP_S3_BUCKET,
            "endpoint_url": CLIP_S3_ENDPOINT,
            "region_name": CLIP_S3_REGION,
            "access_key": env("CLIP_S3_ACCESS_KEY", default=""),
            "secret_key": env("CLIP_S3_SECRET_KEY", default=""),
        },
    }

# --- Security -------------------------------------------------------------------------------------

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Another host of the same domain cannot set a cookie of this name. The CSRF cookie keeps the name that programs know;
# against a planted one Django checks the Origin header.
SESSION_COOKIE_NAME = "__Host-sessionid" if SECURE else "sessionid"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = False
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SECURE
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "accounts.views.failures.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'"
)
if CLIP_DELIVERY == "s3":
    _clips_from = urlsplit(CLIP_S3_ENDPOINT)
    for _directive in ("media-src", "img-src"):
        CONTENT_SECURITY_POLICY = CONTENT_SECURITY_POLICY.replace(
            f"{_directive} 'self'", f"{_directive} 'self' {_clips_from.scheme}://{_clips_from.netloc}"
        )
# A browser feature that a page does not use is one that nobody else can use through it.
NO_FEATURES = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": NO_FEATURES,
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": X_FRAME_OPTIONS,
}

# The unlisted admin (config/admin.py): off without a path that nobody can guess; on that host only, if one is named.
ADMIN_PATH = env.str("ADMIN_PATH", default="").strip("/")
ADMIN_HOST = env.str("ADMIN_HOST", default="")
if ADMIN_PATH and not re.fullmatch(r"[0-9A-Za-z_-]{16,}", ADMIN_PATH):
    raise ImproperlyConfigured("ADMIN_PATH must be one segment of at least 16 letters and digits")

# --- Personal data --------------------------------------------------------------------------------

# Whom people write to about their data, besides the portal's own page: address, telephone.
PRIVACY_CONTACT = env("PRIVACY_CONTACT", default="")
# Public holidays that follow the lunar calendar, and days in lieu: they differ every year.
PUBLIC_HOLIDAYS = frozenset(date.fromisoformat(day) for day in env.list("PUBLIC_HOLIDAYS", default=[]))
REQUESTS_KEPT_DAYS = env.int("REQUESTS_KEPT_DAYS", default=730)
ACCESS_KEPT_DAYS = env.int("ACCESS_KEPT_DAYS", default=365)
PEOPLE_KEPT_YEARS = env.float("PEOPLE_KEPT_YEARS", default=5)
CELERY_BEAT_SCHEDULE |= {
    "privacy.tasks.enforce_retention": {
        "task": "privacy.tasks.enforce_retention",
        "schedule": crontab(hour=3, minute=10),
        "options": {"expires": 3600},
    }
}

# --- Logs -----------------------------------------------------------------------------------------

# json: no personal data, see config/logs.py. line: for reading while developing; exceptions are quoted in full.
LOG_FORMAT = env("LOG_FORMAT", default="") or ("json" if SECURE else "line")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "accounts.middleware.RequestIdFilter"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
        "json": {"()": "config.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["request_id"]},
    },
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": []},  # no mail to administrators: it would quote what was sent and local values
        "django.request": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
    },
}
