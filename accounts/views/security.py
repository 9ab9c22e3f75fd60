"""A person's own account: what there is of it, where it is signed in, and its second factor."""

import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.utils import get_next_redirect_url
from allauth.core.internal.httpkit import authenticated_user
from allauth.mfa.recovery_codes.views import ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.authentication import person_of
from accounts.devices import device_name
from accounts.models import Membership, RoleGrant
from accounts.second_factor import has_passed, has_totp, page_that_asks, recovery_codes_left
from accounts.sessions import end_sessions_of, live_sessions, seconds_left

CONTINUE = "after_second_factor"
# Setting up a second factor decides who can sign in from then on: whoever does it has just signed in.
FRESH_SECONDS = 15 * 60


@require_safe
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Who I am to the portal, and the ways to everything that is mine."""
    user = person_of(request)
    return render(
        request,
        "account/account.html",
        {
            "membership": Membership.objects.current().filter(user=user).select_related("unit").first(),
            "grants": RoleGrant.objects.in_force().filter(user=user).select_related("unit").order_by("role", "pk"),
            "links": _pages_of_mine(),
        },
    )


def _pages_of_mine() -> list[dict[str, str]]:
    pages = [
        ("account-security", "shield", _("Bảo mật"), _("Xác thực hai lớp, các thiết bị đang đăng nhập")),
        ("notifications", "bell", _("Thông báo"), _("Tin nhắn của cổng thông tin và cách nhận")),
        ("privacy-my-data", "doc", _("Dữ liệu của tôi"), _("Tải về, yêu cầu đính chính hoặc xóa")),
        ("api-tokens", "lock", _("Mã truy cập API"), _("Cho phần mềm dự thi thay bạn")),
    ]
    found = []
    for name, icon, label, text in pages:
        try:
            found.append({"url": reverse(name), "icon": icon, "label": label, "text": text})
        except NoReverseMatch:
            continue
    return found


# --- Sessions ---------------------------------------------------------------------------------------


@require_safe
@login_required
@never_cache
def security(request: HttpRequest) -> HttpResponse:
    """My second factor, and the browsers in which I am signed in."""
    user = person_of(request)
    sessions = list(live_sessions(user).order_by("-created_at"))
    for session in sessions:
        session.device = device_name(session.user_agent)
        session.is_here = session.session_key == request.session.session_key
    return render(
        request,
        "account/security.html",
        {
            "sessions": sessions,
            "enrolled": has_totp(user),
            "codes_left": recovery_codes_left(user),
            "required": settings.REQUIRE_SECOND_FACTOR and page_that_asks(request) is not None,
            "passed": has_passed(request),
            "has_password": user.has_usable_password(),
        },
    )


@require_POST
@login_required
def end_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one browser of mine out."""
    session = get_object_or_404(live_sessions(person_of(request)), pk=pk)
    if session.session_key == request.session.session_key:
        logout(request)
        session.delete()
        return redirect("home")
    session.end()
    messages.success(request, _("Đã đăng xuất khỏi thiết bị đó."))
    return redirect("account-security")


@require_POST
@login_required
def end_all(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere else; with `here`, in this browser too."""
    if "here" in request.POST:
        end_sessions_of(person_of(request))
        logout(request)
        messages.success(request, _("Đã đăng xuất khỏi mọi thiết bị."))
        return redirect("account_login")
    ended = end_sessions_of(person_of(request), besides=request.session.session_key)
    messages.success(request, _("Đã đăng xuất khỏi %(n)s thiết bị khác.") % {"n": ended})
    return redirect("account-security")


@require_http_methods(["GET", "POST"])
@never_cache
def session_clock(request: HttpRequest) -> HttpResponse:
    """How many seconds the session will last; POST is use of it, and so moves its end on."""
    left = seconds_left(request) if request.user.is_authenticated else None
    status = 401 if left is None and request.method == "POST" else 200
    return JsonResponse({"signed_in": left is not None, "seconds": left}, status=status)


# --- The second factor ------------------------------------------------------------------------------


class EnrolView(ActivateTOTPView):
    """Setting up an authenticator app: the code shows that it works, and counts as given in this session."""

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated and not _signed_in_just_now(request):
            back = f"{reverse('mfa_activate_totp')}?{urlencode({'next': self.continue_to(request)})}"
            again = f"{reverse('account_login')}?{urlencode({'next': back})}"
            return render(request, "mfa/sign_in_again.html", {"again": again}, status=403)
        if request.method == "GET" and request.user.is_authenticated:
            request.session[CONTINUE] = self.continue_to(request)
        return super().dispatch(request, *args, **kwargs)

    @staticmethod
    def continue_to(request: HttpRequest) -> str:
        return get_next_redirect_url(request) or ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = settings.REQUIRE_SECOND_FACTOR and page_that_asks(self.request) is not None
        return super().get_context_data(**kwargs) | {"required": asked}

    def form_valid(self, form) -> HttpResponse:
        response = super().form_valid(form)
        user = authenticated_user(self.request)
        mine = user.authenticator_set.get(type="totp")
        mine.data |= {"last_step": form.step}
        mine.save(update_fields=["data"])
        record_authentication(self.request, user, "mfa", id=mine.pk, type=mine.type)
        return response


def _signed_in_just_now(request: HttpRequest) -> bool:
    records = get_authentication_records(request, request.user)
    return any(record["at"] > time.time() - FRESH_SECONDS for record in records)


class RecoveryCodesView(ViewRecoveryCodesView):
    """The codes for the day the phone is lost, and the way on to where the person wanted to go."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"continue_to": self.request.session.pop(CONTINUE, "")}
