"""Errors of the API: `application/problem+json`, one form for DRF views and plain ones."""

import json
from collections.abc import Callable, Iterable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.parsers import BaseParser

MAX_JSON_DEPTH = 32
MAX_BODY = 65_536
# Of the protocol of uploads; HTTP itself has no such status.
TUS_PHRASES = {460: "Checksum Mismatch"}


class Problem(Exception):
    """An expected failure that a caller is told about.

    `code` is the stable word programs read, `detail` the sentence people read; `extra` members join the
    answer's top level.
    """

    def __init__(self, status: int, code: str, detail: Any, **extra: Any):
        super().__init__(f"{code}: {detail}")
        self.status, self.code, self.detail, self.extra = status, code, detail, extra
        self.headers: dict[str, str] = {}


class Refused(Problem):
    """An act that cannot be done now. `reasons` are sentences, each a thing to put right."""

    def __init__(self, *reasons: Any):
        sentences = [str(reason) for reason in reasons]
        super().__init__(409, "refused", " ".join(sentences), reasons=sentences)
        self.reasons = reasons


def not_found() -> Problem:
    return Problem(404, "not_found", gettext_lazy("Không tìm thấy nội dung này."))


def not_authenticated() -> Problem:
    return Problem(401, "not_authenticated", gettext_lazy("Bạn cần đăng nhập."))


def malformed() -> Problem:
    return Problem(400, "malformed", gettext_lazy("Nội dung gửi lên không hợp lệ."))


def overloaded() -> Problem:
    return Problem(503, "overloaded", gettext_lazy("Hệ thống đang quá tải, vui lòng thử lại sau ít giây."))


def method_not_allowed(allowed: Iterable[str]) -> Problem:
    """405, with the methods that are allowed."""
    problem = Problem(405, "method_not_allowed", gettext_lazy("Phương thức này không được hỗ trợ."))
    problem.headers["Allow"] = ", ".join(allowed)
    return problem


def problem_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """`problem` as an HTTP answer, with the request's id and, where useful, when to come again."""
    body = {
        "type": "about:blank",
        "title": _phrase(problem.status),
        "status": problem.status,
        "code": problem.code,
        "detail": str(problem.detail),
        "request_id": getattr(request, "request_id", ""),
        **problem.extra,
    }
    response = HttpResponse(
        json.dumps(body, ensure_ascii=False), status=problem.status, content_type="application/problem+json"
    )
    response["Cache-Control"] = "no-store"
    for name, value in problem.headers.items():
        response[name] = value
    if problem.status == 503:
        response["Retry-After"] = "2"
    if problem.status == 401:
        response["WWW-Authenticate"] = "Token"
    return response


def _phrase(status: int) -> str:
    return TUS_PHRASES.get(status) or HTTPStatus(status).phrase


def plain_api_view(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Turn the problems a plain Django view raises into answers; a lost database is a 503, not a success.

    Such a view must be safe to repeat: it is tried once more when the database failed, as the connection it
    was given may have died since the last request, and asking first would cost every request a query.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            try:
                return view(request, *args, **kwargs)
            except (OperationalError, InterfaceError):
                if connection.in_atomic_block:
                    raise
                connection.close()
                return view(request, *args, **kwargs)
        except Problem as problem:
            return problem_response(request, problem)
        except (OperationalError, InterfaceError):
            return problem_response(request, overloaded())

    return wrapper


def read_body(request: HttpRequest) -> bytes:
    """The body of an API call. Raises Problem 400 malformed above MAX_BODY bytes, or when it breaks off."""
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
            raise malformed()
        return request.body
    except (ValueError, UnreadablePostError):
        raise malformed() from None


def read_json_object(body: bytes) -> dict[str, Any]:
    """Parse a request body that must be one JSON object in UTF-8.

    Raises Problem 400 malformed for anything else: not UTF-8, NUL, half of a surrogate pair (no text can hold it, the
    database's neither), not JSON, not an object, NaN or infinity, a doubled member, or nesting deeper than
    MAX_JSON_DEPTH.
    """
    if _nesting(body) > MAX_JSON_DEPTH:
        raise malformed()
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_unique_members)
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise malformed() from None
    if not isinstance(value, dict) or "\x00" in str(value) or b"\\u0000" in body:
        raise malformed()
    return value


def _nesting(body: bytes) -> int:
    """An upper bound of the depth, from brackets alone; strings count too, which errs on the safe side."""
    return min(body.count(b"[") + body.count(b"{"), len(body))


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("doubled member")
    return members


class StrictJSONParser(BaseParser):
    """DRF's way to read a body, as strict as the plain views."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None) -> dict[str, Any]:
        try:
            body = stream.read(MAX_BODY + 1)
        except UnreadablePostError:
            raise malformed() from None
        if len(body) > MAX_BODY:
            raise malformed()
        return read_json_object(body) if body.strip() else {}


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exceptions in the same form. Unknown ones stay unknown: Django logs them and answers 500."""
    problem = _as_problem(error)
    if isinstance(error, exceptions.MethodNotAllowed):
        problem = method_not_allowed(context["view"].allowed_methods)
    return None if problem is None else problem_response(context["request"]._request, problem)


def _as_problem(error: Exception) -> Problem | None:
    if isinstance(error, Problem):
        return error
    if isinstance(error, (OperationalError, InterfaceError)):
        return overloaded()
    if isinstance(error, (Http404, exceptions.NotFound)):
        return not_found()
    if isinstance(error, (exceptions.NotAuthenticated, exceptions.AuthenticationFailed)):
        return not_authenticated()
    if isinstance(error, (PermissionDenied, exceptions.PermissionDenied)):
        return Problem(403, "forbidden", _("Bạn không có quyền thực hiện việc này."))
    if isinstance(error, (exceptions.ParseError, exceptions.UnsupportedMediaType)):
        return malformed()
    if isinstance(error, exceptions.APIException):
        return Problem(error.status_code, str(error.default_code), error.detail)
    return None
