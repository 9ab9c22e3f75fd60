"""JSON as the API gives it: the document's head, `total`, then one list of objects per table."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from accounts.clock import iso
from reports.exports.table import Column, Document, Kind, Progress, Row

PROGRESS_EVERY = 500
# Names make no sense in a total.
NAMING = {"unit_code", "unit_name", "kind", "parent_code"}


def write(document: Document, path: Path, progress: Progress) -> None:
    done = 0
    with open(path, "w", encoding="utf-8") as file:
        file.write("{")
        file.write("".join(f"{_text(key)}: {_text(value)}, " for key, value in _head(document).items()))
        for place, table in enumerate(document.tables):
            file.write(f"{', ' if place else ''}{_text(table.key)}: [")
            for number, row in enumerate(table.rows):
                file.write((",\n" if number else "\n") + _text(as_object(table.columns, row)))
                done += 1
                if done % PROGRESS_EVERY == 0:
                    progress(done)
            file.write("]")
        file.write("}\n")


def as_object(columns: Sequence[Column], row: Row) -> dict[str, Any]:
    """A row as the API's object: decimals as strings, times in UTC."""
    return {column.key: value_of(column, value) for column, value in zip(columns, row, strict=True)}


def total_object(columns: Sequence[Column], row: Row) -> dict[str, Any]:
    """A total as the API's object: the same figures without names."""
    return {key: value for key, value in as_object(columns, row).items() if key not in NAMING}


def value_of(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.kind is Kind.CODED:
        return value.code
    if column.kind is Kind.TIME:
        return iso(value)
    return f"{value:f}" if isinstance(value, Decimal) else value


def _head(document: Document) -> dict[str, Any]:
    table = document.tables[0]
    total = {} if table.total is None else {"total": total_object(table.columns, table.total)}
    return document.head | total


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
