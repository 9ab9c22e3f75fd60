"""Rows from a form or a file: the columns, checks and messages of the imports."""

from collections.abc import Sequence
from typing import IO, Any

from django.utils.translation import gettext as _

from accounts.imports import staff, units
from accounts.imports.columns import Column, Unreadable
from accounts.imports.errors import CellRefused, FileRefused, RowNote
from accounts.imports.nearest import UnitFinder
from accounts.imports.plan import find_doubles
from accounts.imports.tables import Table, read_table
from accounts.imports.uploads import MAX_BYTES
from accounts.models import Unit
from proposals.models import HeadcountRow, StaffRow

# A person's block decides where they are ranked: only organisers set it.
STAFF_COLUMNS = tuple(column for column in staff.COLUMNS if column.name != "block")
_BY_NAME = {column.name: column for column in units.COLUMNS}
HEADCOUNT_COLUMNS = (
    _BY_NAME["code"],
    Column("headcount", _BY_NAME["headcount"].label, _BY_NAME["headcount"].parse, required=True),
)
LARGEST_HEADCOUNT = 1_000_000


class RowsUnreadable(Exception):
    """Cells hold what their columns do not take: `errors` names every row, column and what to do."""

    def __init__(self, errors: list[RowNote]):
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


def read_file(upload: Any, columns: Sequence[Column]) -> Table:
    """The rows of an uploaded file. Raises FileRefused, RowsUnreadable."""
    if upload.size > MAX_BYTES:
        raise FileRefused(413, _("Tệp lớn hơn 10 MB. Hãy chia thành nhiều tệp."))
    file: IO[bytes] = upload.file
    table = read_table(file, upload.name, columns)
    if table.errors:
        raise RowsUnreadable(table.errors)
    return table


def staff_rows(table: Table) -> list[StaffRow]:
    """People as a file has them. An empty cell empties the value; a column that is not there leaves it."""
    return [StaffRow(number=row.number, **row.values) for row in table.rows]


def staff_row(number: int, cells: dict[str, str], *, leaves: bool) -> StaffRow:
    """A person as typed into the form; what was left empty stays as it is. Raises RowsUnreadable."""
    values, errors = {}, []
    for column in STAFF_COLUMNS:
        if leaves and column.name != "employee_id":
            continue
        try:
            values[column.name] = column.read(_typed(cells.get(column.name, "")))
        except CellRefused as refusal:
            errors.append(RowNote(number, column.name, str(refusal)))
    if errors:
        raise RowsUnreadable(errors)
    for name in ("email", "position"):
        values[name] = values.get(name) or None
    return StaffRow(number=number, leaves=leaves, **values)


def headcount_rows(table: Table) -> list[HeadcountRow]:
    """Headcounts as a file has them. Raises RowsUnreadable, also for units that there are none."""
    rows, errors = find_doubles(table.rows, "code", _BY_NAME["code"].label)
    found = {unit.code: unit for unit in Unit.objects.filter(code__in=rows)}
    finder = UnitFinder(Unit.objects.values_list("code", "name")) if len(found) < len(rows) else None
    result = []
    for code, row in rows.items():
        if code not in found:
            errors.append(RowNote(row.number, "code", finder.unknown(code) if finder else ""))
        elif row.values["headcount"] > LARGEST_HEADCOUNT:
            errors.append(RowNote(row.number, "headcount", too_large()))
        else:
            result.append(HeadcountRow(number=row.number, unit=found[code], headcount=row.values["headcount"]))
    if errors:
        raise RowsUnreadable(sorted(errors, key=lambda note: note.row))
    return result


def too_large() -> str:
    return _("Biên chế phải là số nguyên từ 0 đến 1.000.000.")


def _typed(text: str) -> Any:
    return Unreadable.FORMULA if text.startswith("=") else text
