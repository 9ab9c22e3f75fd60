"""What every page knows about its reader."""

from django.utils.functional import SimpleLazyObject

from accounts.rights import roles_of
from accounts.sessions import WARNED_BEFORE, draft_owner, seconds_left


def roles(request):
    """`roles`: the set of role codes of the signed-in person, read only if the page asks."""
    return {"roles": SimpleLazyObject(lambda: roles_of(request.user) if hasattr(request, "user") else set())}


def session_clock(request):
    """`session_clock`: when the signed-in person's session ends, for the warning in the browser; else empty."""
    return {"session_clock": SimpleLazyObject(lambda: _clock_of(request))}


def _clock_of(request):
    left = seconds_left(request) if hasattr(request, "session") else None
    return {} if left is None else {"seconds": left, "warn": WARNED_BEFORE, "owner": draft_owner(request)}
