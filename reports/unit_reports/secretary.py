"""What waits for a secretary after a round: units that have not reported, reports to read, their own to compile."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count

from accounts.models import RoleGrant, Unit, User
from accounts.rights import HOLDERS, Right, units_with
from contest.models import Round, RoundUnit
from contest.models.round import PUBLIC_RESULT_STATES
from reports.models import ReportState, UnitReport
from reports.unit_reports.deadlines import deadlines_of
from reports.unit_reports.overview import STILL_DUE

DONE = (ReportState.SENT, ReportState.ACCEPTED)


@dataclass(frozen=True, slots=True)
class RoundToChase:
    """A round with how many units have `missing` reports, how many reports are `to_read`, and whose is `to_compile`."""

    round: Round
    due_at: datetime
    is_over: bool
    missing: int
    to_read: int
    to_compile: list[Unit] = field(default_factory=list)

    @property
    def things(self) -> int:
        return bool(self.missing) + bool(self.to_read) + len(self.to_compile)


def to_chase(user: User, now: datetime) -> list[RoundToChase]:
    """The rounds of the last month about which something waits, latest first. Eight queries at most.

    Counted as the list of units' reports counts; the unit over which the person holds the role is theirs to compile,
    not to read.
    """
    units = units_with(user, Right.RETURN_UNIT_REPORT)
    rows = RoundUnit.objects.filter(
        unit__in=units,
        round__is_practice=False,
        round__state__in=PUBLIC_RESULT_STATES,
        round__closes_at__gt=now - STILL_DUE,
    )
    expected = Counter(dict(rows.values_list("round").annotate(number=Count("pk")).order_by("round")))
    if not expected:
        return []
    own = list(
        RoleGrant.objects.in_force()
        .filter(user=user, role__in=HOLDERS[Right.RETURN_UNIT_REPORT])
        .values_list("unit", flat=True)
    )
    reports = UnitReport.objects.filter(round__in=expected, unit__in=units, state__in=DONE)
    done: Counter[int] = Counter()
    to_read: Counter[int] = Counter()
    sent_own = set()
    for round_id, unit_id, state in reports.values_list("round", "unit", "state"):
        done[round_id] += 1
        to_read[round_id] += state == ReportState.SENT and unit_id not in own
        if unit_id in own:
            sent_own.add((round_id, unit_id))
    compiled = defaultdict(list)
    above = RoundUnit.objects.filter(parent__in=own).values("parent")
    for row in rows.filter(unit__in=own).filter(unit__in=above).select_related("unit"):
        if (row.round_id, row.unit_id) not in sent_own:
            compiled[row.round_id].append(row.unit)
    rounds = list(Round.objects.filter(pk__in=expected).select_related("contest").order_by("-closes_at", "-pk"))
    due = deadlines_of(rounds)
    found = [
        RoundToChase(
            round=round,
            due_at=due[round.pk],
            is_over=due[round.pk] < now,
            missing=expected[round.pk] - done[round.pk],
            to_read=to_read[round.pk],
            to_compile=compiled[round.pk],
        )
        for round in rounds
    ]
    return [one for one in found if one.things]
