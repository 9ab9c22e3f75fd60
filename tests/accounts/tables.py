"""Files as people and attackers make them, in memory."""

import io
import struct
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter
from django.core.management import call_command

from accounts.imports.columns import Column
from accounts.imports.tables import Table, read_table

UNIT_HEADER = ["code", "name", "kind", "parent_code", "headcount"]
STAFF_HEADER = ["employee_id", "full_name", "unit_code", "email", "position", "block"]
QUESTION_HEADER = ["code", "text", "choice_a", "choice_b", "choice_c", "correct", "topic", "fixed_order"]


def csv_bytes(*rows: Sequence[Any], delimiter: str = ",", bom: bool = False) -> bytes:
    """A CSV file; every cell is quoted."""
    lines = [delimiter.join('"{}"'.format(str(cell).replace('"', '""')) for cell in row) for row in rows]
    return ("\ufeff" if bom else "").encode() + "\r\n".join(lines).encode() + b"\r\n"


def xlsx_bytes(
    *rows: Iterable[Any], dates: str = "dd/mm/yyyy", formats: dict[tuple[int, int], str] | None = None
) -> bytes:
    """A workbook as spreadsheets write them: numbers as numbers, "=…" as a formula, dates as formatted numbers."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "default_date_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            name = (formats or {}).get((number, column))
            sheet.write(number, column, cell, book.add_format({"num_format": name}) if name else None)
    book.close()
    return buffer.getvalue()


def read(data: bytes, columns: Sequence[Column], name: str = "") -> Table:
    """Read a file from memory under a fitting name."""
    return read_table(io.BytesIO(data), name or ("t.xlsx" if data[:2] == b"PK" else "t.csv"), columns)


def replace_part(data: bytes, name: str, content: bytes | None, *, new_name: str = "") -> bytes:
    """The package with one part replaced, renamed, or dropped when `content` is None."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry.filename, old.read(entry))
        if content is not None:
            new.writestr(new_name or name, content)
    return buffer.getvalue()


def part(data: bytes, name: str) -> bytes:
    """The content of one part of the package."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return package.read(name)


def with_declared_size(data: bytes, name: str, size: int) -> bytes:
    """The package whose directories claim that `name` unpacks to `size` bytes."""
    result = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        offset = package.getinfo(name).header_offset
    struct.pack_into("<I", result, offset + 22, size)
    place = data.index(b"PK\x01\x02")
    while data[place + 46 : place + 46 + len(name)] != name.encode():
        place = data.index(b"PK\x01\x02", place + 4)
    struct.pack_into("<I", result, place + 24, size)
    return bytes(result)


def run(capsys: Any, tmp_path: Any, command: str, data: bytes, **options: Any) -> tuple[int, str, list[str]]:
    """Run an import command on a file with this content. Returns exit code, last line and error lines."""
    path = tmp_path / ("t.xlsx" if data[:2] == b"PK" else "t.csv")
    path.write_bytes(data)
    code = 0
    try:
        call_command(command, str(path), **options)
    except SystemExit as end:
        code = int(end.code or 0)
    told = capsys.readouterr()
    return code, (told.out.splitlines() or [""])[-1], told.err.splitlines()
