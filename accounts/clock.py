"""The only clock that decides: PostgreSQL's `clock_timestamp()`.

`now()` stands still inside a transaction, and application servers' clocks differ; neither may decide
whether an answer was in time.
"""

from datetime import UTC, datetime

from django.db import connection, models
from django.db.models.expressions import Func


class ClockTimestamp(Func):
    """`clock_timestamp()` as an expression: usable as `db_default` and inside queries."""

    template = "clock_timestamp()"
    arity = 0
    output_field = models.DateTimeField()


def server_now() -> datetime:
    """The database server's present time, aware, in UTC. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return now.astimezone(UTC)


def iso(moment: datetime) -> str:
    """`moment` as every interface writes it: UTC, `YYYY-MM-DDTHH:MM:SS.ffffffZ`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
