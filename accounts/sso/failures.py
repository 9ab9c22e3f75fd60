"""The pages of a sign-in that did not come about: what happened, in words, and what to do next."""

import logging
from dataclasses import dataclass
from typing import Any

from allauth.socialaccount.providers.base.constants import AuthError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from requests import RequestException

from accounts.sso.calls import Unavailable
from accounts.sso.documents import ProviderFault
from accounts.sso.tokens import TokenRefused

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """A kind of failure: the answer's status, and two texts for people."""

    code: str
    status: int
    title: Any
    text: Any
    retry_after: int = 0


UNAVAILABLE = Failure(
    "unavailable",
    503,
    _("Hệ thống đăng nhập chưa trả lời"),
    _("Cổng thông tin không kết nối được với hệ thống đăng nhập của đơn vị. Xin hãy thử lại sau ít phút."),
    retry_after=5,
)
FAULTY = Failure(
    "faulty",
    502,
    _("Hệ thống đăng nhập trả lời không đúng"),
    _(
        "Hệ thống đăng nhập của đơn vị đã trả lời, nhưng câu trả lời không dùng được. Xin hãy thử lại; nếu vẫn lỗi,"
        " xin báo bộ phận hỗ trợ kèm mã yêu cầu dưới đây."
    ),
)
REFUSED = Failure(
    "refused",
    403,
    _("Không xác nhận được danh tính"),
    _(
        "Xác nhận mà hệ thống đăng nhập cấp không dành cho cổng thông tin này hoặc đã hết hạn. Xin hãy đăng nhập lại;"
        " nếu vẫn lỗi, xin báo bộ phận hỗ trợ kèm mã yêu cầu dưới đây."
    ),
)
EXPIRED = Failure(
    "expired",
    400,
    _("Lần đăng nhập này đã hết hạn"),
    _("Lần đăng nhập này đã quá lâu, đã được dùng hoặc được bắt đầu ở một trình duyệt khác. Xin hãy đăng nhập lại."),
)
CANCELLED = Failure(
    "cancelled",
    200,
    _("Bạn chưa đăng nhập"),
    _("Bạn đã hủy hoặc từ chối ở bước đăng nhập. Chưa có gì được thực hiện."),
)
TAKEN = Failure(
    "taken",
    409,
    _("Mã nhân viên này đã được liên kết"),
    _(
        "Mã nhân viên trong tài khoản đăng nhập của bạn đã được liên kết với một tài khoản đăng nhập khác. Để tránh"
        " nhầm người, Ban Tổ chức cần xác nhận trước khi bạn vào được cổng thông tin."
    ),
)


def page(request: HttpRequest, failure: Failure, provider: Any, *, reason: str = "") -> HttpResponse:
    """The page of a failure. `reason` is a word for the log; people read the failure's own text."""
    logger.log(
        logging.WARNING if failure.status >= 403 else logging.INFO,
        "sign-in at %s: %s %s",
        provider.sub_id,
        failure.code,
        reason,
    )
    context = {"failure": failure, "provider": provider, "request_id": getattr(request, "request_id", "")}
    response = render(request, "socialaccount/authentication_error.html", context, status=failure.status)
    if failure.retry_after:
        response["Retry-After"] = str(failure.retry_after)
    response["Cache-Control"] = "no-store"
    return response


def failure_of(error: Any, exception: Exception | None, *, state_known: bool) -> tuple[Failure, str]:
    """Which failure django-allauth's error stands for, and a word for the log that holds nothing personal."""
    if error == AuthError.CANCELLED:
        return CANCELLED, ""
    if exception is None and state_known:
        return FAULTY, "error instead of a code"
    if exception is None:
        return EXPIRED, "state"
    if isinstance(exception, TokenRefused):
        return REFUSED, str(exception)
    if isinstance(exception, ProviderFault):
        return FAULTY, str(exception)
    if isinstance(exception, Unavailable):
        return UNAVAILABLE, str(exception)
    if isinstance(exception, RequestException):
        return FAULTY, type(exception).__name__
    return EXPIRED, "code"  # the provider did not take the code: used, expired, or another's


def page_of(request: HttpRequest, provider: Any, exception: Exception) -> HttpResponse:
    """The page of what went wrong while calling the provider."""
    failure, reason = failure_of(AuthError.UNKNOWN, exception, state_known=True)
    return page(request, failure, provider, reason=reason)
