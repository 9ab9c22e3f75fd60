"""Rows of any number, in constant memory."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection


def stream(statement: str, parameters: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of `statement`, fetched by the thousand from one state of the database.

    Behind PgBouncer, which knows no cursors between transactions, they are fetched at once.
    """
    is_plain = connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]
    with connection.cursor() if is_plain else connection.chunked_cursor() as cursor:
        cursor.execute(statement, parameters)
        yield from cursor
