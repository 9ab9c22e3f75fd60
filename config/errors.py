"""What an address answers when it fails: problem+json under /api/, a page elsewhere, never a stack trace."""

import sys

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from accounts.problems import Problem, malformed, not_found, overloaded, problem_response

# Signs of text that was sent and that nothing can hold: a NUL, for psycopg2 and in PostgreSQL's JSON, and a
# number of thousands of digits, for Python. Forms refuse them where they look; here is the net below.
UNREADABLE = ("NUL (0x00)", "unsupported Unicode escape sequence", "for integer string conversion")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, malformed())


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, Problem(403, "forbidden", _("Bạn không có quyền thực hiện việc này.")))


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, not_found())


def server_error(request: HttpRequest) -> HttpResponse:
    """500; or 503 with Retry-After where database or storage was not to be had, or 400 for text nothing can hold."""
    failure = sys.exc_info()[1]
    if isinstance(failure, (ValueError, DataError)) and any(sign in str(failure) for sign in UNREADABLE):
        _forget_unreadable_session(request)
        return bad_request(request)
    lost_database = isinstance(failure, (OperationalError, InterfaceError))
    error = Problem(500, "server_error", _("Hệ thống gặp lỗi. Vui lòng thử lại sau."))
    if isinstance(failure, Problem) and failure.status == 503:
        error = failure
    return _answer(request, overloaded() if lost_database else error, template="500.html")


def _forget_unreadable_session(request: HttpRequest) -> None:
    """Answer as to nobody where the cookie holds what no session can be looked up by; the cookie is dropped."""
    if "\0" in request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""):
        request.session, request.user = type(request.session)(), AnonymousUser()


def _answer(request: HttpRequest, problem: Problem, template: str = "") -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_response(request, problem)
    context = {"request_id": getattr(request, "request_id", "")}
    response = render(request, template or f"{problem.status}.html", context, status=problem.status)
    if problem.status == 503:
        response["Retry-After"] = "2"
    return response
