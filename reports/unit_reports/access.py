"""Who may do what with a unit's report. A report goes up to the unit above: who receives it stands over that one."""

from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Unit, User
from accounts.rights import Right, Visitor, has_over, units_with
from contest.models import Round, RoundUnit
from contest.models.round import PUBLIC_RESULT_STATES
from reports.scope import rounds_for


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody may do with the report of one unit about one round."""

    writes: bool
    decides: bool
    sees_people: bool


def reported_rounds(user: Visitor) -> QuerySet[Round]:
    """The rounds about which units within the person's scope report: those with a published result, latest first."""
    return rounds_for(user, Right.READ_UNIT_REPORTS).filter(state__in=PUBLIC_RESULT_STATES)


def readable_units(user: Visitor) -> QuerySet[Unit]:
    """The units whose reports the person may read."""
    return units_with(user, Right.READ_UNIT_REPORTS)


def receiver_id(round_unit: RoundUnit) -> int:
    """The unit to whose secretary the report goes: the one above, and for the organising unit itself."""
    organiser = round_unit.round.contest.unit_id
    if round_unit.unit_id == organiser or round_unit.parent_id is None:
        return organiser
    return round_unit.parent_id


def access_of(user: User, round_unit: RoundUnit, *, has_units_below: bool) -> Access:
    """A department's report may also be compiled and sent by whoever compiles those of its units."""
    unit_id = round_unit.unit_id
    writes = has_over(user, Right.SEND_UNIT_REPORT, unit_id)
    if not writes and has_units_below:
        writes = has_over(user, Right.COMPILE_UNIT_REPORTS, unit_id)
    return Access(
        writes=writes,
        decides=has_over(user, Right.RETURN_UNIT_REPORT, receiver_id(round_unit)),
        sees_people=has_over(user, Right.SEE_PEOPLE, unit_id),
    )
