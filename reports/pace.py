"""Reading millions of rows at a pace that leaves the processors to those who are answering.

A condition that always holds, and now and then makes its statement sleep, goes into the WHERE of every long scan. How
long is a setting of the transaction, so that what a reader waits for is not slowed down.
"""

from django.db import connection

ROWS = 4096  # as many between two pauses, on average; a power of 2
PAUSE = 0.008  # seconds; reading as many rows takes about half as long
_SETTING = "reports.pause"


def unhurried(number: str) -> str:
    """An SQL condition that holds for every row and pauses at one in ROWS; `number` is an integer of the row.

    It must not be one that a person can choose or repeat, or they could make every row a pause.
    """
    seconds = f"coalesce(nullif(current_setting('{_SETTING}', true), ''), '0')::float8"
    return f"({number} & {ROWS - 1} <> 0 OR pg_sleep({seconds}) IS NOT NULL)"


def set_pace() -> None:
    """Let the statements of this transaction pause."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {_SETTING} = '{PAUSE}'")
