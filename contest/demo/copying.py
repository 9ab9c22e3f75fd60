"""Writing many rows at once, and numbering them from one."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models

_ROWS_AT_ONCE = 5000
_NULL = r"\N"


def copy_rows(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY `rows` into the table of `model`; `fields` are column names, lists become arrays. Returns how many."""
    buffer, count = io.StringIO(), 0
    write = csv.writer(buffer, lineterminator="\n").writerow
    for row in rows:
        write([_text(value) for value in row])
        count += 1
        if count % _ROWS_AT_ONCE == 0:
            _send(model, fields, buffer)
    _send(model, fields, buffer)
    return count


def _text(value: Any) -> Any:
    if value is None:
        return _NULL
    if isinstance(value, list):
        return "{" + ",".join(map(str, value)) + "}"
    return value


def _send(model: type[models.Model], fields: Sequence[str], buffer: io.StringIO) -> None:
    buffer.seek(0)
    statement = f"COPY {model._meta.db_table} ({', '.join(fields)}) FROM STDIN WITH (FORMAT csv, NULL '{_NULL}')"
    with connection.cursor() as cursor:
        cursor.copy_expert(statement, buffer)
    buffer.seek(0)
    buffer.truncate()


def reset_sequences(*labels: str) -> None:
    """Let the tables of these apps go on numbering after their last row; empty ones at 1."""
    tables = [model for label in labels for model in apps.get_app_config(label).get_models()]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute(statement)


def analyze(*tables: type[models.Model]) -> None:
    """Tell the planner what the tables hold now: autovacuum would only look after the commit."""
    with connection.cursor() as cursor:
        for model in tables:
            cursor.execute(f"ANALYZE {model._meta.db_table}")
