"""Which round a page is about, and what its reader may see of it."""

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from accounts.clock import server_now
from accounts.models import User
from accounts.rights import Right, has
from contest.models import Round
from reports.scope import Scope, rounds_for, scope_of


class SignedInRequest(HttpRequest):
    """A request past `login_required`."""

    user: User


def rounds_within(request: SignedInRequest, right: Right) -> QuerySet[Round]:
    """The rounds within the person's right; 404 without it."""
    if not has(request.user, right):
        raise Http404
    return rounds_for(request.user, right)


def chosen_round(request: SignedInRequest, right: Right) -> tuple[list[Round], Round | None, Scope | None]:
    """The rounds on offer, the one asked for (default: the latest that has opened), and what may be seen of it.

    404 for a round or unit outside the person's scope.
    """
    rounds = list(rounds_within(request, right))
    wanted = request.GET.get("round", "")
    if not wanted:
        now = server_now()
        round = next((round for round in rounds if round.opens_at <= now), rounds[0] if rounds else None)
    else:
        round = next((round for round in rounds if str(round.pk) == wanted), None)
        if round is None:
            raise Http404
    if round is None:
        return rounds, None, None
    scope = scope_of(request.user, round, right, unit_code=request.GET.get("unit", "").replace("\x00", ""))
    if scope is None:
        raise Http404
    return rounds, round, scope
