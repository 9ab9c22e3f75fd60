"""Signing in and out: at a provider, and with a password where that is allowed."""

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.internal.decorators import login_not_required
from allauth.account.views import LoginView as PasswordLoginView
from allauth.account.views import LogoutView as LocalLogoutView
from allauth.account.views import PasswordChangeView
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from requests import RequestException

from accounts.sso import failures
from accounts.sso.logout import end_session_url, keep_sign_on, sign_on_of
from accounts.sso.passwords import may_use_password
from accounts.sso.provider import PortalProvider, StrictAdapter


def _provider(request: HttpRequest, provider_id: str) -> PortalProvider:
    """The provider with this id. Raises Http404. The library would also take the name of the protocol for one."""
    adapter = get_adapter(request)
    if all(app.provider_id != provider_id for app in adapter.list_apps(request)):
        raise Http404
    return adapter.get_provider(request, provider_id)


@require_http_methods(["GET", "POST"])
@login_not_required
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Begin to sign in at a provider. A mere link begins nothing: it leads to the page with the buttons."""
    provider = _provider(request, provider_id)
    if request.method == "GET":
        back = request.GET.get("next", "")
        query = f"?{urlencode({'next': back})}" if back and get_account_adapter(request).is_safe_url(back) else ""
        return redirect(reverse("account_login") + query)
    try:
        there = provider.redirect_from_request(request)
    except (RequestException, OAuth2Error) as error:
        return failures.page_of(request, provider, error)
    return _leave_for(request, there["Location"], _("Đang chuyển đến %(name)s") % {"name": provider.name})


def _leave_for(request: HttpRequest, address: str, title: str) -> HttpResponse:
    """Send the browser to a provider by a page of our own.

    A redirect would be part of sending the form, and the policy form-action then has to name every host that the
    provider may redirect to in turn, which nobody here knows.
    """
    response = render(request, "socialaccount/leave.html", {"address": address, "leave_title": title})
    response["Cache-Control"] = "no-store"
    return response


class CallbackView(OAuth2CallbackView):
    """Back from the provider. What the sign-in was begun with must be what it ends with."""

    adapter: StrictAdapter

    def _get_state(self, request: HttpRequest, provider: PortalProvider):
        state, response = super()._get_state(request, provider)
        if response is None:
            issuer = provider.app.settings["issuer"]
            if request.GET.get("iss", issuer) != issuer:  # RFC 9207: another provider answers in this one's place
                return None, failures.page(request, failures.REFUSED, provider, reason="iss")
            self.adapter.nonce = state.get("nonce") or ""
        return state, response


@require_GET
@login_not_required
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """End a sign-in: into the portal, to the request for an account, or to a page that says what went wrong."""
    provider = _provider(request, provider_id)
    adapter = StrictAdapter(request, provider_id)
    try:
        response = CallbackView.adapter_view(adapter)(request)
    except (RequestException, OAuth2Error) as error:
        response = failures.page_of(request, provider, error)
    if adapter.id_token:
        keep_sign_on(request, provider_id, adapter.id_token)
    return response


class LoginView(PasswordLoginView):
    """The page with a button for each provider, and the form for a password only where all may use one."""

    def has_password_form(self) -> bool:
        return settings.LOCAL_PASSWORDS == "all"

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not self.has_password_form():
            raise PermissionDenied
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs) -> dict[str, Any]:
        providers = get_adapter(self.request).list_providers(self.request)
        return super().get_context_data(**kwargs) | {
            "providers": providers,
            "password_form": self.has_password_form(),
        }


class BreakGlassView(LoginView):
    """Nothing leads here: administrators come by the documentation when no provider answers."""

    def has_password_form(self) -> bool:
        return True

    def dispatch(self, request: HttpRequest, *args, **kwargs):
        if settings.LOCAL_PASSWORDS != "administrators":
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"break_glass": True}


class ChangePasswordView(PasswordChangeView):
    """For those who have a password and may use it."""

    def dispatch(self, request: HttpRequest, *args, **kwargs):
        user = request.user
        if user.is_authenticated and not (user.has_usable_password() and may_use_password(user)):
            raise Http404
        return super().dispatch(request, *args, **kwargs)


@method_decorator(login_not_required, name="dispatch")
class LogoutView(LocalLogoutView):
    """End the session here, always and first; then the provider's, where it can be."""

    def post(self, *args, **kwargs) -> HttpResponse:
        sign_on = sign_on_of(self.request)
        response = super().post(*args, **kwargs)
        self.request.session.flush()  # a stranger's session too, which no user belongs to
        if sign_on is None:
            return response
        name = {"name": sign_on.provider_name}
        address = end_session_url(self.request, sign_on)
        if address:
            return _leave_for(self.request, address, _("Đang đăng xuất khỏi %(name)s") % name)
        still_there = _("Phiên đăng nhập ở %(name)s có thể vẫn còn. Nếu dùng chung máy, xin hãy đóng trình duyệt.")
        messages.warning(self.request, still_there % name)
        return response
