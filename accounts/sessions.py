"""How long a session lasts, and ending sessions.

A session ends after a time without use and after a longer time whatever is done, by stamps that it carries itself:
the cookie is the browser's to keep. While an attempt of the quiz runs, sitting still ends nothing.
"""

import time
from datetime import datetime, timedelta
from typing import TypedDict

from allauth.account.internal.flows.login import clear_authentication_records
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp
from accounts.models import ApiToken, User
from accounts.problems import Refused

STAMPS = "session_stamps"
# How often use is noted: writing the session at every request would double what a page costs.
NOTED_EVERY = 60
# An attempt without a time limit may run for a week. Its answers need no session, so the session need not wait.
LONGEST_KEEP = timedelta(hours=2).total_seconds()
# The browser warns this many seconds before the end, or after half the time where that is shorter.
WARNED_BEFORE = 300


class Stamps(TypedDict):
    """Seconds since the epoch: when the session began, was last used, and until when sitting still is allowed."""

    started: float
    seen: float
    keep: float


def ends_at(stamps: Stamps, *, idle: float, longest: float) -> float:
    """When a session ends: `idle` seconds after its last use, or `longest` seconds after it began.

    `keep` moves both on: the first as far as it goes, the second by no more than LONGEST_KEEP.
    """
    absolute = stamps["started"] + longest
    kept = max(absolute, min(stamps["keep"], absolute + LONGEST_KEEP))
    return min(max(stamps["seen"] + idle, stamps["keep"]), kept)


def _end_of(stamps: Stamps) -> float:
    return ends_at(stamps, idle=settings.SESSION_IDLE_MINUTES * 60, longest=settings.SESSION_HOURS * 3600)


def start_stamps(sender: object, request: HttpRequest, **kwargs: object) -> None:
    """Signing in starts the clocks. Called by Django's signal."""
    now = time.time()
    request.session[STAMPS] = Stamps(started=now, seen=now, keep=0.0)


def seconds_left(request: HttpRequest) -> int | None:
    """How long the session will last if nothing more is done, or None when nobody is signed in."""
    if not _is_signed_in(request):
        return None
    return max(0, int(_end_of(request.session[STAMPS]) - time.time()))


def keep_until(request: HttpRequest, moment: datetime) -> None:
    """Let the person sit still until `moment`, such as the deadline of an attempt."""
    if not _is_signed_in(request):
        return  # a caller with a token: there is no session to keep
    stamps = request.session[STAMPS]
    keep = min(moment.timestamp(), time.time() + LONGEST_KEEP)
    if keep > stamps["keep"] + NOTED_EVERY:
        request.session[STAMPS] = stamps | {"keep": keep}


def draft_owner(request: HttpRequest) -> str:
    """A name for the signed-in person under which the browser keeps what was typed; it tells nobody who."""
    return salted_hmac("accounts.drafts", request.session[SESSION_KEY]).hexdigest()[:20]


def _is_signed_in(request: HttpRequest) -> bool:
    return settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session


class SessionLimitsMiddleware:
    """End sessions whose time is up, before anything is done in them; note the use of the others."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/health/"):
            if _is_signed_in(request):
                _end_or_note(request)
            forget_looking(request)
        return self.get_response(request)


def forget_looking(request: HttpRequest) -> None:
    """Let the session count as looked at only once the view does: what rests on no session may be kept."""
    if not request.session.modified:
        request.session.accessed = False


def _end_or_note(request: HttpRequest) -> None:
    now = time.time()
    stamps: Stamps | None = request.session.get(STAMPS)
    if stamps is None:  # begun before sessions carried stamps
        start_stamps(None, request)
    elif now >= _end_of(stamps):
        end_session(request)
        messages.info(request, _("Phiên làm việc đã hết hạn. Vui lòng đăng nhập lại để tiếp tục."))
    elif now >= stamps["seen"] + NOTED_EVERY and "X-Background" not in request.headers:
        request.session[STAMPS] = stamps | {"seen": now}


def end_session(request: HttpRequest) -> None:
    """Sign this browser out."""
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    clear_authentication_records(request)
    logout(request)


def end_sessions_of(user: User, *, besides: str | None = None) -> int:
    """Sign a person out everywhere, `besides` the session of that key. Returns how many sessions ended."""
    rows = UserSession.objects.filter(user=user).exclude(session_key=besides)
    with transaction.atomic():
        Session.objects.filter(session_key__in=list(rows.values_list("session_key", flat=True))).delete()
        return rows.delete()[0]


def live_sessions(user: User) -> QuerySet[UserSession]:
    """Where a person is signed in."""
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return UserSession.objects.filter(user=user, session_key__in=alive)


def end_all_sessions(*, user: User, actor: User, reason: str) -> int:
    """An administrator signs somebody out everywhere, programs with a token included. Raises Refused.

    Returns how many sessions ended. Whoever holds a lost telephone holds the tokens that are on it as well.
    """
    if not reason.strip():
        raise Refused(_("Cần ghi lý do."))
    with transaction.atomic():
        ended = end_sessions_of(user)
        revoked = ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=ClockTimestamp())
        after = {"reason": reason.strip(), "sessions": ended, "tokens": revoked}
        record_audit(actor=actor, verb="user.end_sessions", object=user, after=after)
    return ended


def forget_ended_sessions() -> int:
    """Delete sessions that are over, with the addresses and devices noted for them. Returns how many of the latter."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    alive = Session.objects.values("session_key")
    return UserSession.objects.exclude(session_key__in=alive).delete()[0]
