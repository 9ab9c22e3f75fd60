"""What every response carries: a request id, the browser's restrictions, and how long it may be kept."""

import logging
import re
import uuid
from contextvars import ContextVar

from django.conf import settings

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_ACCEPTABLE = re.compile(r"[0-9A-Za-z._-]{8,64}")


def current_request_id() -> str:
    """The id of the request being served, or "" outside one."""
    return _request_id.get()


def adopt_request_id(request_id: str) -> None:
    """Go on under the id of the request that asked for this work; for workers, outside any request."""
    _request_id.set(request_id)


class RequestIdMiddleware:
    """Take the proxy's X-Request-Id, or make one; answer with it, log with it, show it in errors."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        offered = request.headers.get("X-Request-Id", "")
        request.request_id = offered if _ACCEPTABLE.fullmatch(offered) else uuid.uuid4().hex
        token = _request_id.set(request.request_id)
        try:
            response = self.get_response(request)
        finally:
            _request_id.reset(token)
        response["X-Request-Id"] = request.request_id
        return response


class RequestIdFilter(logging.Filter):
    """Give every log record the id of its request."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id() or "-"
        return True


class SecurityHeadersMiddleware:
    """Send SECURITY_HEADERS of the settings with every response, static files and the shortest ways included."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.headers = tuple(settings.SECURITY_HEADERS.items())

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in self.headers:
            response.setdefault(name, value)
        return response


class PrivatePagesMiddleware:
    """Let no browser keep what a signed-in person was shown: offices share machines, and keys are among it.

    Whether somebody is signed in is told by the session that the page has looked at; no query is made for it.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if request.session.accessed and not request.session.is_empty() and "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-store"
        return response
