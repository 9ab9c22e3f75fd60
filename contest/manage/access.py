"""What organisers' pages are fetched through: a contest, round or bank within one's rights, or 404.

Reading needs the page's `right`; whatever is not reading needs the right to edit. A grant counts when its scope
holds the unit that organises the contest. Rights are read at every request.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from accounts.clock import server_now
from accounts.models import Unit
from accounts.problems import Refused
from accounts.rights import Right, units_with
from accounts.text import nfc
from contest.models import Bank, Contest, Round


def units_for(request: HttpRequest, right: Right) -> QuerySet[Unit]:
    """The units within the person's rights for this request."""
    is_reading = request.method in ("GET", "HEAD")
    return units_with(request.user, right if is_reading else Right.EDIT_CONTESTS)


def contest_for(request: HttpRequest, pk: int, right: Right = Right.READ_CONTESTS) -> Contest:
    """The contest, with `may_act` telling whether the person is one of its organisers. Raises Http404."""
    contests = Contest.objects.organised_in(units_for(request, right)).select_related("unit")
    contest = get_object_or_404(contests, pk=pk)
    mark_may_act(request, [contest])
    return contest


def round_for(request: HttpRequest, pk: int, right: Right = Right.READ_CONTESTS) -> Round:
    """The round with its contest, `may_act` set on both, and its state at the server's `now`. Raises Http404."""
    rounds = Round.objects.filter(contest__unit__in=units_for(request, right)).select_related("contest__unit")
    round = get_object_or_404(rounds, pk=pk)
    mark_may_act(request, [round.contest])
    round.may_act = round.contest.may_act
    round.now = server_now()
    round.state_now = round.state_at(round.now)
    return round


def mark_may_act(request: HttpRequest, contests: Sequence[Contest]) -> None:
    """Set `may_act` (an organiser of it) and `reads_all` (an organiser or auditor of it). Four queries."""
    organised, read = (
        set(units_with(request.user, right).filter(contests__in=contests).values_list("pk", flat=True))
        for right in (Right.EDIT_CONTESTS, Right.READ_CONTESTS)
    )
    for contest in contests:
        contest.may_act, contest.reads_all = contest.unit_id in organised, contest.unit_id in read


def page_context(round: Round, tab: str) -> dict[str, Any]:
    """What the frame of every page of a round needs."""
    contest = round.contest
    return {"round": round, "contest": contest, "reads_all": contest.reads_all, "now": round.now, "tab": tab}


def banks_for(request: HttpRequest, right: Right = Right.READ_CONTESTS) -> QuerySet[Bank]:
    """Banks of units in scope; one that belongs to no unit is for those whose scope is everywhere."""
    units = units_for(request, right)
    banks = Q(unit__in=units)
    if units.filter(parent=None).exists():
        banks |= Q(unit=None)
    return Bank.objects.filter(banks)


def require(request: HttpRequest, right: Right) -> QuerySet[Unit]:
    """The units over which the person has the right. Raises Http404 when there are none."""
    units = units_with(request.user, right)
    if not units.exists():
        raise Http404
    return units


def carried_out(request: HttpRequest, done: str, act: Callable[..., Any], **arguments: Any) -> bool:
    """Do `act` as the person and say `done`, or say every reason why it was refused."""
    try:
        act(actor=request.user, **arguments)
    except Refused as refused:
        for reason in refused.reasons:
            messages.error(request, str(reason))
        return False
    messages.success(request, done)
    return True


def page_of(request: HttpRequest, rows: Any, size: int) -> tuple[Page, str]:
    """The page asked for, and the other parameters of the address, encoded."""
    query = request.GET.copy()
    query.pop("page", None)
    return Paginator(rows, size).get_page(request.GET.get("page")), query.urlencode()


def words_of(request: HttpRequest, name: str = "q") -> str:
    """A search parameter, fit for the database."""
    return nfc(request.GET.get(name, "").replace("\0", ""))[:200]
