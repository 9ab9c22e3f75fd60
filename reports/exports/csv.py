"""CSV for programs, safe for people: UTF-8 with a BOM, comma, API names in the header, API spellings.

The BOM makes Excel on Vietnamese Windows read UTF-8; it is the mark of these files, the record's have none.
A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers never do. The first
table only; its total, if any, is the last row, whose first column is empty.
"""

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

from accounts.clock import iso
from reports.exports.table import Column, Document, Kind, Progress

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
PROGRESS_EVERY = 500


def write(document: Document, path: Path, progress: Progress) -> None:
    table = document.tables[0]
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file, lineterminator="\r\n")
        lines.writerow([column.key for column in table.columns])
        for number, row in enumerate(table.rows, start=1):
            lines.writerow([cell(column, value) for column, value in zip(table.columns, row, strict=True)])
            if number % PROGRESS_EVERY == 0:
                progress(number)
        if table.total is not None:
            lines.writerow([cell(column, value) for column, value in zip(table.columns, table.total, strict=True)])


def cell(column: Column, value: Any) -> str:
    """`value` as text: point as decimal mark, UTC times, 0 or 1 for flags, empty for None."""
    if value is None:
        return ""
    if column.kind is Kind.TEXT:
        return safe_text(str(value))
    if column.kind is Kind.CODED:
        return safe_text(value.code)
    if column.kind is Kind.TIME:
        return iso(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(int(value))


def safe_text(text: str) -> str:
    """`text` as a cell that no spreadsheet computes (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
