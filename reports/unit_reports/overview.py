"""Who has and has not reported about a round, on time or late: the secretary's list, and what is due from somebody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import RoleGrant, Unit, User
from accounts.rights import HOLDERS, Right, grants_of_active
from accounts.text import search_key
from contest.models import Round, RoundUnit
from contest.models.round import PUBLIC_RESULT_STATES
from reports.models import ReportState, UnitReport
from reports.unit_reports.deadlines import deadline_of, deadlines_of

MISSING = "missing"
# What a unit's report may be for those who receive it; drafts are their writers' own.
WORDS: Mapping[str, Any] = {
    MISSING: _("Chưa gửi"),
    ReportState.RETURNED: _("Trả lại để bổ sung"),
    ReportState.SENT: _("Đã gửi, chờ xem"),
    ReportState.ACCEPTED: _("Đã tiếp nhận"),
}
FILTERS: Mapping[str, Any] = {
    "": _("Tất cả"),
    "to_do": _("Chưa gửi hoặc bị trả lại"),
    "waiting": _("Chờ xem"),
    "late": _("Gửi muộn"),
    "accepted": _("Đã tiếp nhận"),
    "nobody": _("Chưa có đầu mối"),
}
# Older rounds are history: nobody is chased about them.
STILL_DUE = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Line:
    """A unit's report about the round, as those who receive it see it. `on_time` None: nothing has been sent."""

    unit: Unit
    parent: Unit | None
    kind: str
    state: str
    version: int | None
    sent_at: datetime | None
    on_time: bool | None
    has_coordinator: bool

    @property
    def words(self) -> Any:
        return WORDS[self.state]

    @property
    def is_to_do(self) -> bool:
        return self.state in (MISSING, ReportState.RETURNED)

    @property
    def badge(self) -> str:
        kinds = {MISSING: "plain", ReportState.RETURNED: "warn", ReportState.SENT: "soon", ReportState.ACCEPTED: "open"}
        return kinds[ReportState(self.state) if self.state != MISSING else MISSING]


@dataclass(frozen=True, slots=True)
class Overview:
    """The reports of a round within somebody's scope, in Vietnamese order of the units."""

    round: Round
    due_at: datetime
    lines: list[Line]

    @property
    def counts(self) -> dict[str, int]:
        sent = [line for line in self.lines if not line.is_to_do]
        return {
            "units": len(self.lines),
            "sent": len(sent),
            "late": sum(line.on_time is False for line in self.lines),
            "to_do": len(self.lines) - len(sent),
            "waiting": sum(line.state == ReportState.SENT for line in self.lines),
            "nobody": sum(not line.has_coordinator for line in self.lines),
        }

    def parents(self) -> list[Unit]:
        """Units that stand above others of the list, for the filter."""
        found = {line.parent.pk: line.parent for line in self.lines if line.parent is not None}
        return sorted(found.values(), key=lambda unit: unit.sort_key)

    def chosen(self, *, show: str = "", parent: str = "", search: str = "") -> list[Line]:
        """The lines that fit: `show` one of FILTERS, units directly below the code `parent`, words without accents."""
        words = search_key(search).split()
        return [
            line
            for line in self.lines
            if _shows(line, show)
            and (not parent or (line.parent is not None and line.parent.code == parent))
            and all(word in line.unit.search_key for word in words)
        ]


def _shows(line: Line, show: str) -> bool:
    return {
        "to_do": line.is_to_do,
        "waiting": line.state == ReportState.SENT,
        "late": line.on_time is False,
        "accepted": line.state == ReportState.ACCEPTED,
        "nobody": not line.has_coordinator,
    }.get(show, True)


def overview_of(round: Round, units: QuerySet[Unit]) -> Overview:
    """The reports about `round` of those of its units that are among `units`. A constant number of queries."""
    due = deadline_of(round)
    rows = list(
        RoundUnit.objects.filter(round=round, unit__in=units)
        .select_related("unit", "parent", "kind")
        .order_by("unit__sort_key", "unit__code")
    )
    versions: dict[int, list[UnitReport]] = {}
    found = UnitReport.objects.handed_in().filter(round=round, unit__in=units).without_contents()
    for report in found.order_by("version"):
        versions.setdefault(report.unit_id, []).append(report)
    looked_after = units_with_writer(round)
    return Overview(
        round,
        due,
        [_line(row, versions.get(row.unit_id, []), due, row.unit_id in looked_after) for row in rows],
    )


def _line(row: RoundUnit, versions: list[UnitReport], due: datetime, has_coordinator: bool) -> Line:
    first, latest = (versions[0], versions[-1]) if versions else (None, None)
    return Line(
        unit=row.unit,
        parent=row.parent,
        kind=row.kind.name,
        state=str(latest.state) if latest else MISSING,
        version=latest.version if latest else None,
        sent_at=latest.sent_at if latest else None,
        on_time=first.sent_at <= due if first is not None and first.sent_at is not None else None,
        has_coordinator=has_coordinator,
    )


def units_with_writer(round: Round) -> set[int]:
    """The units for which somebody active may send the report, or compile it over that very unit. Four queries."""
    granted = list(grants_of_active(Right.SEND_UNIT_REPORT).values_list("unit", flat=True).distinct())
    found = set(Unit.objects.at_or_below(granted).values_list("pk", flat=True)) if granted else set()
    return found | compiling_units(round).keys()


def compiling_units(round: Round) -> dict[int, set[int]]:
    """{unit id: people} of the round's units with others below them, over which somebody compiles. Two queries."""
    above = set(RoundUnit.objects.filter(round=round).values_list("parent", flat=True).distinct())
    found: dict[int, set[int]] = {}
    for unit_id, user_id in grants_of_active(Right.COMPILE_UNIT_REPORTS).values_list("unit", "user"):
        if unit_id in above:
            found.setdefault(unit_id, set()).add(user_id)
    return found


# --- What is due from somebody ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Due:
    """A report that the person has still to send."""

    round: Round
    unit: Unit
    due_at: datetime
    is_late: bool
    is_returned: bool


def due_from(user: User, now: datetime) -> list[Due]:
    """The reports still to be sent for the units of the person's own grants, the most urgent first. Four queries.

    Of rounds with a published result that closed within the last month. What lies below these units is left to
    their own coordinators.
    """
    grants = RoleGrant.objects.in_force().filter(user=user, role__in=HOLDERS[Right.SEND_UNIT_REPORT])
    rows = list(
        RoundUnit.objects.filter(
            unit__in=grants.values("unit"),
            round__is_practice=False,
            round__state__in=PUBLIC_RESULT_STATES,
            round__closes_at__gt=now - STILL_DUE,
        ).select_related("round", "unit")
    )
    if not rows:
        return []
    deadlines = deadlines_of(list({row.round_id: row.round for row in rows}.values()))
    latest: dict[tuple[int, int], str] = {}
    handed_in = UnitReport.objects.handed_in().filter(round__in=deadlines, unit__in=[row.unit_id for row in rows])
    for round_id, unit_id, state in handed_in.order_by("version").values_list("round", "unit", "state"):
        latest[round_id, unit_id] = state
    due = [
        Due(row.round, row.unit, at, at < now, latest.get((row.round_id, row.unit_id)) == ReportState.RETURNED)
        for row in rows
        for at in [deadlines[row.round_id]]
        if latest.get((row.round_id, row.unit_id)) in (None, ReportState.RETURNED)
    ]
    return sorted(due, key=lambda one: (one.due_at, one.unit.sort_key))


def to_do_ids(lines: Iterable[Line]) -> list[int]:
    return [line.unit.pk for line in lines if line.is_to_do]
