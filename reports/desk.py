"""The coordinators' home: how their units stand in the open round, what waits for them, what they proposed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.clock import server_now
from accounts.models import User
from accounts.rights import Right, units_with
from contest.models import Round
from proposals.inbox import to_recommend
from proposals.models import Proposal, ProposalState
from proposals.scope import granted_units
from reports.absentees import Absentees
from reports.participation import Participation, participation_of
from reports.reminders import MOST_NAMES, reminder_of
from reports.scope import rounds_for, scope_of
from reports.unit_reports.overview import due_from
from videos.handing_in.overview import clips_due

LATEST_PROPOSALS = 5
LOWEST_UNITS = 8


@dataclass(frozen=True, slots=True)
class RoundOnDesk:
    """The round that matters now for a coordinator's units: the open one, else the latest that has opened."""

    round: Round
    state: str
    participation: Participation
    missing: int
    reminder: str
    reminder_with_names: str


@never_cache
@login_required
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """404 for everybody who proposes for no unit."""
    assert isinstance(request.user, User)
    units = units_with(request.user, Right.PROPOSE)
    granted = list(granted_units(request.user))
    if not granted:
        raise Http404
    accounts, corrections = to_recommend(units, user=request.user)
    now = server_now()
    due = due_from(request.user, now)
    clips = clips_due(request.user, now)
    proposals = Proposal.objects.for_units(units).select_related("unit", "proposer")
    mine = proposals.filter(~Q(state=ProposalState.DRAFT) | Q(proposer=request.user))
    context: dict[str, Any] = {
        "units": granted,
        "accounts": accounts,
        "corrections": corrections,
        "reports_due": due,
        "clips_due": clips,
        "waiting": len(accounts) + len(corrections) + len(due) + len(clips),
        "proposals": list(mine[:LATEST_PROPOSALS]),
        "on_desk": _round_on_desk(request.user, granted[0].name if len(granted) == 1 else "", now),
    }
    if context["on_desk"]:
        context["lowest"] = _lowest(context["on_desk"].participation)
    return render(request, "reports/desk.html", context)


def _round_on_desk(user: User, unit_name: str, now: datetime) -> RoundOnDesk | None:
    opened = list(rounds_for(user, Right.PROPOSE).filter(opens_at__lte=now)[:10])
    round = next((round for round in opened if round.state_at(now) == "open"), opened[0] if opened else None)
    scope = scope_of(user, round, Right.PROPOSE) if round else None
    if round is None or scope is None:
        return None
    absentees = Absentees(round, scope)
    missing, state = absentees.count(), round.state_at(now)
    texts = ["", ""]
    if missing and state == "open":
        names = [person.full_name for person in absentees[:MOST_NAMES]]
        texts = [
            reminder_of(round, missing=missing, unit_name=unit_name, names=listed) for listed in ((), tuple(names))
        ]
    return RoundOnDesk(round, state, participation_of(round, scope), missing, *texts)


def _lowest(participation: Participation) -> list[Any]:
    """The units that lack most people by rate, when there are several."""
    rated = [unit for unit in participation.units if unit.figures.rate is not None]
    if len(participation.units) < 2:
        return []
    return sorted(rated, key=lambda unit: (unit.figures.rate, unit.unit_code))[:LOWEST_UNITS]
