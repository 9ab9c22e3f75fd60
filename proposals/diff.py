"""What a proposal would change on the roster as it is now, row by row. Nothing is written here."""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from accounts.imports.errors import RowNote
from accounts.imports.staff import LABELS, StaffPlan, plan_staff
from accounts.imports.tables import Row, Table
from accounts.models import Membership, Unit
from proposals.models import HeadcountRow, Proposal, ProposalKind, StaffRow
from proposals.scope import ids_below

# In the order in which a page shows them.
KINDS = ("created", "moved", "updated", "left", "unchanged")
_GIVEN = ("email", "position")


@dataclass(slots=True)
class DiffRow:
    """One row. `kind` is one of KINDS, "" with errors. `details`: (label, before, after); before None is hidden.

    `comes_from_outside`: the person is moved in from a unit that the proposing coordinator has nothing to do with.
    """

    number: int
    label: str
    kind: str = ""
    details: list[tuple[str, Any, Any]] = field(default_factory=list)
    errors: list[RowNote] = field(default_factory=list)
    warnings: list[RowNote] = field(default_factory=list)
    comes_from_outside: bool = False
    is_left_out: bool = False  # by the organiser, while the form is shown again
    reason: str = ""


@dataclass
class Diff:
    """All rows of a proposal in their order, and what applying them needs: a StaffPlan, or headcounts by unit id."""

    rows: list[DiffRow]
    plan: StaffPlan = field(default_factory=StaffPlan)
    headcounts: Mapping[int, int] = field(default_factory=dict)

    @property
    def errors(self) -> list[RowNote]:
        return [note for row in self.rows for note in row.errors]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows are of each kind; kinds that do not occur are left out."""
        found = Counter(row.kind for row in self.rows)
        return {kind: found[kind] for kind in KINDS if found[kind]}

    @property
    def changes_nothing(self) -> bool:
        return not self.errors and not self.counts.keys() - {"unchanged"}

    def digest(self) -> str:
        """Equal for diffs that would do the same to the same rows: what was seen, and is checked when applied."""
        told = hashlib.sha256()
        for row in self.rows:
            wrong = [(note.row, note.column) for note in row.errors]
            told.update(repr((row.number, row.label, row.kind, row.details, wrong)).encode())
        return told.hexdigest()

    def by_number(self) -> dict[int, DiffRow]:
        return {row.number: row for row in self.rows}


def diff_of(proposal: Proposal, *, scope: set[int] | None, without: Collection[int] = ()) -> Diff:
    """What an organiser with the units `scope` (None: everywhere) would change by accepting all rows but `without`."""
    units = ids_below(proposal.unit)
    mine = units if scope is None else units & scope
    if proposal.kind == ProposalKind.STAFF:
        rows = [row for row in proposal.staff_rows.all() if row.number not in without]
        return staff_diff(rows, units=mine, scope=scope, home=units)
    headcounts = proposal.headcount_rows.select_related("unit")
    return headcount_diff([row for row in headcounts if row.number not in without], units=mine)


def diff_for_proposer(proposal: Proposal) -> Diff:
    """The same as its coordinator may see it: nothing of people elsewhere but the unit that they are in."""
    units = ids_below(proposal.unit)
    if proposal.kind == ProposalKind.STAFF:
        return staff_diff(list(proposal.staff_rows.all()), units=units, scope=None, home=units, hide=True)
    return headcount_diff(list(proposal.headcount_rows.select_related("unit")), units=units)


def staff_diff(
    rows: Sequence[StaffRow], *, units: set[int], scope: set[int] | None, home: set[int], hide: bool = False
) -> Diff:
    """Rows against the roster of now. People may be put into `units` and leave them; they come from `scope`.

    Whoever comes from outside `home` is marked. With `hide` only their unit is told, and what the row says.
    """
    table = Table(["employee_id", "full_name", "unit_code"], [_put(row) for row in rows if not row.leaves], [])
    leaving = [Row(row.number, {"employee_id": row.employee_id}) for row in rows if row.leaves]
    plan = plan_staff(table, scope=scope, joining=units, leaving=leaving)
    diff = Diff([DiffRow(row.number, str(row).removesuffix(" – ")) for row in rows], plan)
    found = diff.by_number()
    for note in plan.errors:
        found[note.row].errors.append(note)
    for note in plan.warnings:
        found[note.row].warnings.append(note)
    for kind in ("created", "updated", "moved", "left"):
        for change in getattr(plan, kind):
            row = found[change.row]
            row.kind, row.label, row.details = kind, change.label, change.details
    for row in diff.rows:
        row.kind = "" if row.errors else row.kind or "unchanged"
    _mark_outsiders(diff, rows, home, hide)
    return diff


def headcount_diff(rows: Sequence[HeadcountRow], *, units: set[int]) -> Diff:
    """Rows against the declared headcounts of now; only `units` may be named."""
    diff = Diff([], headcounts={row.unit_id: row.headcount for row in rows})
    for row in rows:
        unit = row.unit
        shown = DiffRow(row.number, f"{unit.code} – {unit.name}")
        if unit.pk not in units:
            message = _("Đơn vị này nằm ngoài phạm vi được giao cho bạn.")
            shown.errors.append(RowNote(row.number, "code", message))
        elif unit.headcount == row.headcount:
            shown.kind = "unchanged"
        else:
            shown.kind, shown.details = "updated", [(_("Biên chế"), unit.headcount, row.headcount)]
        diff.rows.append(shown)
    return diff


def _put(row: StaffRow) -> Row:
    values = {"employee_id": row.employee_id, "full_name": row.full_name, "unit_code": row.unit_code}
    given = {name: getattr(row, name) for name in _GIVEN if getattr(row, name) is not None}
    return Row(row.number, values | given)


def _mark_outsiders(diff: Diff, rows: Sequence[StaffRow], home: set[int], hide: bool) -> None:
    moved = {row.number: row for row in diff.rows if row.kind == "moved"}
    if not moved:
        return
    proposed = {row.employee_id: row for row in rows if row.number in moved}
    present = Membership.objects.current().filter(user__employee_id__in=proposed).select_related("unit", "user")
    units: dict[str, Unit] = {membership.user.employee_id: membership.unit for membership in present}
    for employee_id, row in proposed.items():
        unit = units.get(employee_id)
        if unit is not None and unit.pk in home:
            continue
        shown = moved[row.number]
        shown.comes_from_outside = unit is not None
        if hide:
            shown.label = str(row)
            shown.details = [change for change in shown.details if change[0] == LABELS["unit_code"]]
            shown.details += [
                (LABELS[name], None, getattr(row, name)) for name in _GIVEN if getattr(row, name) is not None
            ]
