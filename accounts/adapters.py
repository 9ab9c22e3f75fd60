"""How django-allauth behaves here."""

import base64
import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.userkit import get_user_by_username
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import clean_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp
from accounts.models import RoleGrant, SignInFailure, User
from accounts.rights import SECOND_FACTOR_ROLES, roles_of
from accounts.second_factor import has_totp
from accounts.sign_in_limits import TooManyFailures, begin_try
from accounts.views.failures import too_many_requests

UNKNOWN_ADDRESS = "::"
# Steps of signing in and out: nobody is sent back to one of them afterwards.
NO_PLACE_TO_RETURN = ("/accounts/login/", "/accounts/logout/", "/accounts/inactive/", "/accounts/oidc/")


class AccountAdapter(DefaultAccountAdapter):
    """People come from the roster: nobody signs up, and the first sign-in links the account."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only addresses of the portal itself, under the name that the browser came by."""
        request = context.request
        if not url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure()):
            return False
        return not urlsplit(url).path.startswith(NO_PLACE_TO_RETURN)

    def post_login(self, request, user, **kwargs):
        User.objects.filter(pk=user.pk, linked_at=None).update(linked_at=ClockTimestamp())
        _trace_of_power(user, "session.start", actor=user)
        return super().post_login(request, user, **kwargs)

    def authentication_failed(self, request, **credentials: Any):
        # As the backend finds the account: in whatever case the id was typed.
        named = get_user_by_username(credentials.get("username", ""))
        if isinstance(named, User):
            _trace_of_power(named, "session.refused", actor=None)
        super().authentication_failed(request, **credentials)

    def code_failed(self, user: User) -> None:
        """A wrong code of the second factor: whoever gave it knew the password, or has the session."""
        _trace_of_power(user, "session.code_refused", actor=None)

    def authenticate(self, request, **credentials: Any):
        """Check a password, within the limits on guessing."""
        tried = self.begin_try(request, f"password:{credentials.get('username', '')}")
        user = super().authenticate(request, **credentials)
        if user is not None:
            tried.delete()
        return user

    def begin_try(self, request: HttpRequest, account: str) -> SignInFailure:
        """Count a try to guess; past the limits the answer to the request is 429."""
        try:
            return begin_try(account=account, address=self.get_client_ip(request))
        except TooManyFailures as failures:
            raise ImmediateHttpResponse(too_many_requests(request, failures.wait)) from None

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that the outermost trusted proxy saw; never one that the visitor only claims to have."""
        try:
            return super().get_client_ip(request)
        except (ImproperlyConfigured, PermissionDenied):  # somebody came round the proxies, or by a socket
            return clean_client_ip(request.META.get("REMOTE_ADDR", "")) or UNKNOWN_ADDRESS

    def is_reauthentication_required(self, *, app: str, **kwargs) -> bool:
        """Not again by those who have just shown who they are: with a code, if they have an app for it."""
        user = context.request.user
        records = get_authentication_records(context.request, user)
        if has_totp(user):
            records = [record for record in records if record["method"] == "mfa"]
        just_now = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
        if any(record["at"] > just_now for record in records):
            return False
        return super().is_reauthentication_required(app=app, **kwargs)

    def get_reauthentication_methods(self, user) -> list[dict]:
        """A password does not stand in for the code of somebody who has an app for it."""
        methods = super().get_reauthentication_methods(user)
        return [method for method in methods if method["id"] == "mfa_reauthenticate"] or methods


def _trace_of_power(user: User, verb: str, *, actor: User | None) -> None:
    """Trace a sign-in, or a failed one, to an account with a role. Participants come by the thousand and leave none."""
    if RoleGrant.objects.in_force().filter(user=user).exists():
        record_audit(actor=actor, verb=verb, object=user)


class MFAAdapter(DefaultMFAAdapter):
    """Secrets of second factors are unreadable in the database and its backups."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("Mã chưa đúng hoặc đã được dùng. Vui lòng nhập mã đang hiện trên ứng dụng."),
        "cannot_delete_authenticator": _("Vai trò của bạn bắt buộc dùng xác thực hai lớp nên không thể tắt."),
        "unreadable_secret": _("Không đọc được mã bí mật đã lưu. Xin liên hệ quản trị hệ thống để thiết lập lại."),
    }

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not (settings.REQUIRE_SECOND_FACTOR and roles_of(authenticator.user) & {*SECOND_FACTOR_ROLES})


def _cipher() -> MultiFernet:
    """Encrypts under a key made from SECRET_KEY; reads under those of SECRET_KEY_FALLBACKS as well."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [salted_hmac("accounts.second_factor", "", secret=each, algorithm="sha256").digest() for each in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
