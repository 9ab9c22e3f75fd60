"""Entering last year's figures: an earlier contest, or totals with their source and a file of units. All or nothing."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.imports.columns import Column, identifier, whole_number
from accounts.imports.errors import ImportRefused, RowNote
from accounts.imports.nearest import UnitFinder
from accounts.imports.plan import find_doubles
from accounts.imports.tables import Row, Table
from accounts.models import Unit, User
from accounts.problems import Refused
from contest.models import Contest
from reports.models import Baseline, BaselineUnit

COLUMNS = (
    Column("unit_code", "Mã đơn vị", identifier(50), required=True),
    Column("participants", "Số người tham gia", whole_number, blank=None),
    Column("entries", "Số lượt dự thi", whole_number, required=True),
)
FIELDS = ("label", "earlier_id", "source", "units", "participants", "entries")


def save_baseline(*, baseline: Baseline, table: Table | None, file_name: str, actor: User) -> Baseline:
    """Store what a contest is compared with. `table` replaces the figures of units; without one they stay.

    With an earlier contest, entered figures of units go. Raises ImportRefused with every bad row, Refused when totals
    and units do not fit together; then nothing has been written.
    """
    contest = baseline.contest
    with transaction.atomic():
        Contest.objects.select_for_update().get(pk=contest.pk)
        stored = Baseline.objects.filter(contest=contest).first()
        before = _as_json(stored) if stored else None
        baseline.pk = stored.pk if stored else None
        rows = read_rows(table, contest) if table is not None else None
        baseline.save()
        if rows is not None or baseline.earlier_id:
            baseline.unit_rows.all().delete()
            BaselineUnit.objects.bulk_create(
                [BaselineUnit(baseline=baseline, unit_id=unit, participants=people, entries=entries)
                 for unit, people, entries in rows or []],
                batch_size=2000,
            )  # fmt: skip
        reasons = _contradictions(baseline)
        if reasons:
            raise Refused(*reasons)
        after = _as_json(baseline) | ({"file": file_name} if rows is not None else {})
        record_audit(actor=actor, verb="baseline.save", object=contest, before=before, after=after)
    return baseline


def remove_baseline(*, contest: Contest, actor: User) -> bool:
    """Compare `contest` with nothing any more. False when there was nothing."""
    with transaction.atomic():
        stored = Baseline.objects.select_for_update().filter(contest=contest).first()
        if stored is None:
            return False
        before = _as_json(stored)
        stored.delete()
        record_audit(actor=actor, verb="baseline.remove", object=contest, before=before)
    return True


def read_rows(table: Table, contest: Contest) -> list[tuple[int, int | None, int]]:
    """(unit, participants, entries) of every row. Raises ImportRefused with everything that is wrong."""
    units = {
        code: (pk, name)
        for pk, code, name in Unit.objects.at_or_below([contest.unit_id]).values_list("pk", "code", "name")
    }
    finder = UnitFinder((code, name) for code, (_pk, name) in units.items())
    rows, doubles = find_doubles(table.rows, "unit_code", COLUMNS[0].label)
    errors = [*table.errors, *doubles]
    for row in table.rows:
        errors += _faults(row, units, finder)
    if errors:
        raise ImportRefused(sorted(errors, key=lambda note: note.row))
    return [(units[code][0], row.values.get("participants"), row.values["entries"]) for code, row in rows.items()]


def _faults(row: Row, units: dict[str, tuple[int, str]], finder: UnitFinder) -> list[RowNote]:
    code, people, entries = (row.values.get(name) for name in ("unit_code", "participants", "entries"))
    faults = []
    if code and code not in units:
        faults.append(RowNote(row.number, "unit_code", finder.unknown(code)))
    if people is not None and entries is not None and people > entries:
        faults.append(RowNote(row.number, "participants", _("Số người không thể nhiều hơn số lượt dự thi.")))
    return faults


def _contradictions(baseline: Baseline) -> list[str]:
    """Where the figures of units say more than the totals do."""
    if baseline.earlier_id:
        return []
    rows = list(baseline.unit_rows.values_list("entries", flat=True))
    reasons = []
    if sum(rows) > (baseline.entries or 0):
        text = _("Các đơn vị có cộng lại %(units)s lượt dự thi, nhiều hơn tổng số %(total)s.")
        reasons.append(text % {"units": sum(rows), "total": baseline.entries})
    active = sum(entries > 0 for entries in rows)
    if active > (baseline.units or 0):
        text = _("Có %(units)s đơn vị có lượt dự thi, nhiều hơn số đơn vị tham gia %(total)s.")
        reasons.append(text % {"units": active, "total": baseline.units})
    return reasons


def _as_json(baseline: Baseline) -> dict[str, Any]:
    return {name: getattr(baseline, name) for name in FIELDS} | {"unit_rows": baseline.unit_rows.count()}
