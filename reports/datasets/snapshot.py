"""Reading a whole report from one state of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from reports.pace import set_pace


@contextmanager
def one_snapshot() -> Iterator[None]:
    """All reads inside see the database as it was at the first of them, whoever writes meanwhile.

    Inside a transaction that has begun already its isolation stands, and the promise is the caller's. One process
    of the database does the work, with pauses: a report must not take the processors from people who are answering.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
            set_pace()
        yield
