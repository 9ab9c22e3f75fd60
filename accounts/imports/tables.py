"""Read a CSV or XLSX file into checked rows."""

import csv
import io
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import PurePath
from typing import IO, Any

from django.utils.translation import gettext as _

from accounts.imports.columns import Column, Number, Raw, Unreadable, expected_headers
from accounts.imports.errors import CellRefused, FileRefused, RowNote
from accounts.imports.packages import MAX_ROWS, MAX_UNPACKED, check_package, damaged, too_large, too_many_rows
from accounts.text import nfc

MAX_COLUMNS = 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls, and any Office file under a password
_REFUSED_SUFFIXES = (
    ".xls",
    ".xlsm",
    ".xlsb",
    ".xltx",
    ".xltm",
    ".ods",
    ".numbers",
    ".pdf",
    ".doc",
    ".docx",
    ".exe",
)


@dataclass(slots=True)
class Row:
    """A row of data. `values` has the columns that the file has; a bad cell is missing, and `is_bad` set."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    is_bad: bool = False


@dataclass(slots=True)
class Table:
    """The rows of a file, without blank ones, and what is wrong with its cells."""

    columns: list[str]
    rows: list[Row]
    errors: list[RowNote]


def read_table(file: IO[bytes], name: str, columns: Sequence[Column]) -> Table:
    """Read `file`, called `name`, whose first row names some of `columns`.

    Raises FileRefused. An unknown, missing or doubled header leaves `rows` empty and is named in `errors`.
    """
    lines = iter(_raw_rows(file, name, columns))
    places, errors = _match_header(next(lines, []), columns)
    table = Table([column.name for column in places.values()], [], errors)
    if errors:
        return table
    width = max(places) + 1
    for number, cells in enumerate(lines, start=2):
        if number > MAX_ROWS + 1:
            raise too_many_rows()
        if not all(_is_blank(cell) for cell in cells):
            table.rows.append(_read_row(number, cells, places, width, errors))
    if not table.rows:
        raise FileRefused(422, _("Tệp không có dòng dữ liệu nào dưới dòng tiêu đề."))
    return table


def _raw_rows(file: IO[bytes], name: str, columns: Sequence[Column]) -> Iterable[Sequence[Raw]]:
    suffix = PurePath(name).suffix.lower()
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    if not start:
        raise FileRefused(422, _("Tệp rỗng."))
    if start == _OLE or suffix in _REFUSED_SUFFIXES:
        raise FileRefused(
            415,
            _(
                "Chỉ nhận tệp CSV (UTF-8) và .xlsx. Tệp .xls, .xlsm hoặc có mật khẩu cần được lưu lại "
                "dạng .xlsx không mật khẩu."
            ),
        )
    if start.startswith(b"PK"):
        check_package(file)
        return _xlsx_rows(file)
    if suffix == ".xlsx":
        raise FileRefused(415, _("Tệp không phải là bảng tính .xlsx. Hãy chọn tệp .xlsx hoặc CSV UTF-8."))
    return _csv_rows(file, columns)


def _csv_rows(file: IO[bytes], columns: Sequence[Column]) -> Iterator[list[Raw]]:
    data = file.read(MAX_UNPACKED + 1)
    if len(data) > MAX_UNPACKED:
        raise too_large()
    if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused(415, _("Tệp không phải là CSV hay .xlsx. Hãy chọn tệp .xlsx hoặc CSV UTF-8."))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused(
            422, _("Tệp CSV không ở bảng mã UTF-8. Khi lưu, hãy chọn “CSV UTF-8” rồi nhập lại.")
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, columns), strict=True)
    number = 0
    try:
        for cells in reader:
            number += 1
            if len(cells) > MAX_COLUMNS:
                raise _too_many_columns()
            yield [Unreadable.FORMULA if cell.startswith("=") else cell for cell in cells]
    except csv.Error:
        raise FileRefused(
            422, _("Dòng %(row)s: dấu ngoặc kép không khớp, không đọc được tệp CSV.") % {"row": number + 1}
        ) from None


def _delimiter(text: str, columns: Sequence[Column]) -> str:
    """The delimiter under which the header has more known names; then more cells; then the comma."""
    known = _known_headers(columns)

    def fitness(delimiter: str) -> tuple[int, int]:
        try:
            header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        except csv.Error:
            return 0, 0
        return sum(_header_key(cell) in known for cell in header), len(header)

    return max(",;", key=fitness)


def _xlsx_rows(file: IO[bytes]) -> Iterator[list[Raw]]:
    """The rows of the first sheet. What a broken file makes the library raise is told as a damaged file."""
    from openpyxl import load_workbook  # slow to import, and most processes never read a workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            book = load_workbook(file, read_only=True, keep_links=False)
            sheet = book.worksheets[0]
            styles: Any = getattr(book, "_cell_styles")  # noqa: B009 - it has no public name
            plain = {index for index, style in enumerate(styles) if style.numFmtId in (0, 1, 49)}
            sheet.reset_dimensions()
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                if number > MAX_ROWS + 1:
                    raise too_many_rows()
                yield _xlsx_row(cells, plain)
        except FileRefused:
            raise
        except Exception as error:
            raise damaged() from error


def _xlsx_row(cells: Sequence[Any], plain: set[int]) -> list[Raw]:
    if len(cells) > MAX_COLUMNS:
        raise _too_many_columns()
    return [_xlsx_cell(cell, plain) for cell in cells]


def _xlsx_cell(cell: Any, plain: set[int]) -> Raw:
    value, kind = cell.value, cell.data_type
    if kind == "f":
        return Unreadable.FORMULA
    if value is None or kind == "s":
        return value
    if kind == "n":
        return Number(value, cell._style_id in plain)
    if kind == "d":
        return value if isinstance(value, datetime | date) else Unreadable.TIME
    return Unreadable.BOOLEAN if kind == "b" else Unreadable.ERROR


def _too_many_columns() -> FileRefused:
    return FileRefused(413, _("Tệp có quá nhiều cột. Hãy xóa các cột thừa bên phải bảng."))


def _header_key(cell: Any) -> str:
    return nfc(cell).rstrip("* ").casefold() if isinstance(cell, str) else ""


def _known_headers(columns: Sequence[Column]) -> dict[str, Column]:
    return {_header_key(name): column for column in columns for name in (column.name, column.label)}


def _match_header(header: Sequence[Raw], columns: Sequence[Column]) -> tuple[dict[int, Column], list[RowNote]]:
    """Places of the columns in the header, and what is wrong with it."""
    known, places, errors = _known_headers(columns), {}, []
    seen: dict[str, int] = {}
    for index, cell in enumerate(header):
        if _is_blank(cell):
            continue
        column = known.get(_header_key(cell))
        if column is None:
            errors.append(_unknown_header(cell, known, columns))
        elif column.name in seen:
            message = _("Tiêu đề “%(label)s” xuất hiện hai lần, ở cột %(first)s và cột %(second)s.") % {
                "label": column.label,
                "first": column_letters(seen[column.name]),
                "second": column_letters(index),
            }
            errors.append(RowNote(1, column.name, message))
        else:
            seen[column.name], places[index] = index, column
    for column in columns:
        if column.required and column.name not in seen:
            message = _("Thiếu cột bắt buộc “%(label)s” ở dòng tiêu đề.") % {"label": column.label}
            errors.append(RowNote(1, column.name, message))
    return places, errors


def _unknown_header(cell: Raw, known: dict[str, Column], columns: Sequence[Column]) -> RowNote:
    shown = nfc(cell)[:60] if isinstance(cell, str) else "?"
    near = get_close_matches(shown.casefold(), known, n=1, cutoff=0.6)
    message = _("Không có cột nào tên là “%(shown)s”.") % {"shown": shown}
    if near:
        message += " " + _("Có phải “%(label)s”?") % {"label": known[near[0]].label}
    return RowNote(1, shown, message + " " + _("Các cột được nhận: %(names)s.") % {"names": expected_headers(columns)})


def column_letters(index: int) -> str:
    """The name a spreadsheet gives to the column at `index` from 0: A, B, … Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _is_blank(cell: Raw) -> bool:
    return cell is None or (isinstance(cell, str) and (not cell or cell.isspace()))


def _read_row(number: int, cells: Sequence[Raw], places: dict[int, Column], width: int, errors: list[RowNote]) -> Row:
    row = Row(number)
    for index, column in places.items():
        try:
            row.values[column.name] = column.read(cells[index] if index < len(cells) else None)
        except CellRefused as refusal:
            errors.append(RowNote(number, column.name, str(refusal)))
            row.is_bad = True
    for index, cell in enumerate(cells):
        if (index >= width or index not in places) and not _is_blank(cell):
            message = _("Ô ở cột %(letters)s không có tiêu đề. Hãy xóa ô này hoặc kiểm tra dấu phân cách.")
            errors.append(RowNote(number, column_letters(index), message % {"letters": column_letters(index)}))
            row.is_bad = True
            break
    return row
