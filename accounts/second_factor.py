"""The second factor: who needs one, whether a session has passed it, and taking a lost one away.

Whoever needs a second factor and has not passed it in a session is, in that session, nobody with a role: see
`roles_of` in accounts/rights.py. The middleware asks for it on every page that is not for everybody.
"""

from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit import record_audit
from accounts.authentication import person_of
from accounts.models import RoleGrant, User
from accounts.problems import Problem, Refused, problem_response
from accounts.rights import SECOND_FACTOR_ROLES
from accounts.sessions import end_sessions_of, forget_looking

# What somebody who still has to give a second factor may reach: what is there for everybody, and the way to it.
OPEN_PAGES = frozenset({
    "home", "rules", "results", "record-file", "verifier", "api-schema", "set_language", "privacy-notice",
    "account_login", "account_logout", "account_inactive", "account_reauthenticate", "account-security",
    "account-request", "session-clock", "mfa_activate_totp", "mfa_authenticate", "mfa_reauthenticate", "mfa_index",
})  # fmt: skip
# Signing in with the organisation's account, whatever provider it is.
OPEN_PREFIXES = ("openid_connect_", "socialaccount_", "sso-")


def has_totp(user: User) -> bool:
    """Whether the person has set up an authenticator app."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def has_passed(request: HttpRequest) -> bool:
    """Whether a code was given in this session."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def page_that_asks(request: HttpRequest) -> str | None:
    """The name of the page on which the second factor must be given or set up first; None if nothing is missing.

    One query. An authenticator that was taken away counts for nothing, whatever the session says.
    """
    own = Authenticator.objects.filter(user_id=OuterRef("user_id"), type=Authenticator.Type.TOTP)
    grants = RoleGrant.objects.in_force().filter(user_id=request.session[SESSION_KEY], role__in=SECOND_FACTOR_ROLES)
    enrolled = grants.values_list(Exists(own), flat=True).first()
    if enrolled is None or not request.user.is_authenticated:
        return None
    if not enrolled:
        return "mfa_activate_totp"
    return None if has_passed(request) else "mfa_reauthenticate"


class SecondFactorMiddleware:
    """Ask for the second factor of those whose roles need it, before the view is called."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        if not settings.REQUIRE_SECOND_FACTOR or request.path.startswith("/health/"):
            return None
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or SESSION_KEY not in request.session:
            return None
        page = page_that_asks(request)
        if page is None:
            forget_looking(request)
            return None
        person_of(request).awaits_second_factor = True
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in OPEN_PAGES or name.startswith(OPEN_PREFIXES):
            return None
        return _ask(request, page)


def _ask(request: HttpRequest, page: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_response(request, second_factor_required())
    back = request.get_full_path() if request.method in ("GET", "HEAD") else _page_of_form(request)
    response = HttpResponseRedirect(f"{reverse(page)}?{urlencode({'next': back})}")
    if request.headers.get("HX-Request"):  # htmx would put the page into a part of the present one
        response["HX-Redirect"], response.status_code = response["Location"], 204
        del response["Location"]
    return response


def second_factor_required() -> Problem:
    return Problem(
        403, "second_factor_required", gettext_lazy("Vai trò của bạn cần xác thực hai lớp trước khi làm việc này.")
    )


def _page_of_form(request: HttpRequest) -> str:
    """Where the form was that somebody sent: it has to be sent again."""
    page = request.headers.get("Referer", "")
    here = {request.get_host()}
    return page if url_has_allowed_host_and_scheme(page, here, require_https=request.is_secure()) else reverse("home")


# --- Codes ------------------------------------------------------------------------------------------


def use_code_once(authenticator: Authenticator, code: str) -> bool:
    """Note that the app's code is used; False if it, or a later one, was used before.

    The library remembers used codes in the cache, for one time step and only while Redis is there.
    """
    step = step_of(decrypt(authenticator.data["secret"]), code)
    if step is None:
        return False
    unused = Q(data__last_step__isnull=True) | Q(data__last_step__lt=step)
    mine = Authenticator.objects.filter(unused, pk=authenticator.pk)
    data = authenticator.data | {"last_step": step}
    if not mine.update(data=data):
        return False
    authenticator.data = data
    return True


def step_of(secret: str, code: str) -> int | None:
    """The latest time step, of those that are taken now, whose code this is."""
    for step in sorted(totp.yield_hotp_counters_from_time(), reverse=True):
        expected = totp.format_hotp_value(totp.hotp_value(secret, step))
        if totp.compare_user_code(actual=code, expected=expected):
            return step
    return None


def recovery_codes_left(user: User) -> int:
    """How many of the person's recovery codes are unused."""
    codes = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    if codes is None:
        return 0
    return app_settings.RECOVERY_CODE_COUNT - int(codes.data.get("used_mask", 0)).bit_count()


# --- Loss -------------------------------------------------------------------------------------------


def reset_second_factor(*, user: User, actor: User | None, reason: str) -> None:
    """Take a lost second factor away and sign the person out everywhere; they set up a new one. Raises Refused.

    Without an actor it is done from the server's command line.
    """
    if actor is not None and user.pk == actor.pk:
        raise Refused(_("Không ai tự xóa được xác thực hai lớp của chính mình mà không nhập mã."))
    if not reason.strip():
        raise Refused(_("Cần ghi lý do."))
    with transaction.atomic():
        removed, _by_model = Authenticator.objects.filter(user=user).delete()
        if not removed:
            raise Refused(_("Người này chưa thiết lập xác thực hai lớp."))
        ended = end_sessions_of(user)
        record_audit(
            actor=actor,
            verb="user.reset_second_factor",
            object=user,
            after={"reason": reason.strip(), "sessions": ended},
        )
