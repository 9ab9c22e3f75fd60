"""Logs that help without telling on anybody: one JSON object a line, with the request's id and no personal data.

What a line holds is listed here, not collected: messages of our own code (which hold no personal data), templates
of others' messages without what they were filled with, and of exceptions the class and the places in the code. The
message of an exception is left out: PostgreSQL's and Python's alike quote the values that they complain about.
"""

import hashlib
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from time import perf_counter
from traceback import walk_tb
from types import TracebackType
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.middleware import current_request_id

# Programs whose messages we write ourselves.
OUR_OWN = {"accounts", "notifications", "proposals", "contest", "reports", "videos", "privacy", "config", "embedded"}
MOST_FRAMES = 30
_ROOT = str(settings.BASE_DIR) + os.sep

access_logger = logging.getLogger("config.access")
task_logger = logging.getLogger("config.tasks")
# The task that this process works on, as (name, id).
current_task: ContextVar[tuple[str, str]] = ContextVar("current_task", default=("", ""))


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: `at`, `level`, `logger`, `request_id` and `message`, or a record's own `fields`.

    With an exception also `error`, see `error_of`.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", None) or current_request_id() or "-",
        }
        if fields := getattr(record, "fields", None):
            line |= fields
        else:
            line["message"] = message_of(record)
            if (task := current_task.get())[0]:
                line["task"], line["task_id"] = task
            if isinstance(request := getattr(record, "request", None), HttpRequest):
                line["route"] = route_of(request)
        if record.exc_info and (error := record.exc_info[1]):
            line["error"] = error_of(error)
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str)


def message_of(record: logging.LogRecord) -> str:
    """The message, filled in only where our own code wrote it: others put addresses, names and arguments in."""
    if record.name.partition(".")[0] in OUR_OWN:
        return record.getMessage()
    if record.name == "django.request":
        return f"answered with {getattr(record, 'status_code', '-')}"
    if record.name.startswith("django.security"):
        return record.name.rpartition(".")[2]
    return str(record.msg) if record.args else record.name


def error_of(error: BaseException) -> dict[str, Any]:
    """An exception without its message: class, what PostgreSQL calls it, the places in the code, and its causes."""
    told: dict[str, Any] = {"class": f"{type(error).__module__}.{type(error).__qualname__}"}
    if diagnosis := getattr(error, "diag", None):  # psycopg2's: names of the schema, never values
        names = {"sqlstate": diagnosis.sqlstate, "table": diagnosis.table_name, "column": diagnosis.column_name,
                 "constraint": diagnosis.constraint_name}  # fmt: skip
        told |= {name: value for name, value in names.items() if value}
    told["at"] = [*_places(error.__traceback__)][-MOST_FRAMES:]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        told["cause"] = error_of(cause)
    return told


def _places(traceback: TracebackType | None) -> Iterator[str]:
    for frame, number in walk_tb(traceback):
        code = frame.f_code
        yield f"{code.co_filename.removeprefix(_ROOT)}:{number} {code.co_name}"


# --- One line for each request ------------------------------------------------------------------------


class AccessLogMiddleware:
    """Log method, route, status and duration of every request, and who it was as a keyed hash.

    The route is the pattern, not the address: ids of people and attempts stay out, and so do addresses of callers.
    Who it was is told only if the request has looked at it anyway: no query is made for it.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        start = perf_counter()
        response = self.get_response(request)
        if access_logger.isEnabledFor(logging.INFO):
            duration = round((perf_counter() - start) * 1000, 1)
            route, status = route_of(request), response.status_code
            fields = {"method": method_of(request), "route": route, "status": status, "ms": duration}
            if mark := _person_mark(request):
                fields["person"] = mark
            access_logger.info("%s %s %s %s ms", fields["method"], route, status, duration, extra={"fields": fields})
        return response


def method_of(request: HttpRequest) -> str:
    """The method, if it is one: a caller may send any word."""
    known = ("GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "TRACE")
    return request.method if request.method in known else "other"


def route_of(request: HttpRequest) -> str:
    """The pattern that answers, such as `attempts/<uuid:pk>/`; `static`; or `-` for an address that nobody has."""
    if match := request.resolver_match:
        return match.route or "/"
    return "static" if request.path_info.startswith(settings.STATIC_URL) else "-"


def _person_mark(request: HttpRequest) -> str:
    pk = getattr(getattr(request, "_cached_user", None), "pk", None)
    return person_mark(pk) if pk else ""


def person_mark(pk: int) -> str:
    """What stands for a person in logs: the same for all their requests, and nothing without SECRET_KEY."""
    return hashlib.blake2b(str(pk).encode(), key=_log_key(), digest_size=6).hexdigest()


@cache
def _log_key() -> bytes:
    return hashlib.sha256(b"log:" + settings.SECRET_KEY.encode()).digest()


# --- One line for each task ----------------------------------------------------------------------------


def log_task(name: str, task_id: str, state: str, seconds: float) -> None:
    """Say how a task ended; its arguments stay out."""
    fields = {"task": name, "task_id": task_id, "state": state, "ms": round(seconds * 1000, 1)}
    task_logger.info("%s %s %s ms", name, state, fields["ms"], extra={"fields": fields})


def log_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """In the place of Python's own last words, which quote the exception."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
    else:
        logging.getLogger("config.uncaught").critical("uncaught", exc_info=(kind, error, traceback))
