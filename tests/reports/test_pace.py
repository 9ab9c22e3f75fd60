"""Long reads pause: in the reports that are computed beside people who are answering, and nowhere else."""

import time

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from contest.closing import close_round
from reports import pace
from reports.datasets.weekly import weekly_dataset
from reports.participation import participation_of
from reports.scope import Scope
from tests.factories import make_attempt, make_contest, make_root, make_unit, make_user, past_round

pytestmark = pytest.mark.django_db(transaction=True)


def count(rows):
    """How many of `rows` rows the condition lets pass, and the seconds that it took."""
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM generate_series(1, {rows}) n WHERE {pace.unhurried('n')}")
        return cursor.fetchone()[0], time.monotonic() - began


@pytest.mark.slow
def test_every_row_is_read_and_one_in_so_many_pauses(monkeypatch):
    monkeypatch.setattr(pace, "PAUSE", 0.2)
    with transaction.atomic():
        pace.set_pace()
        found, seconds = count(3 * pace.ROWS)
    assert found == 3 * pace.ROWS
    assert seconds >= 0.6
    found, seconds = count(3 * pace.ROWS)  # the next transaction is as quick as ever
    assert found == 3 * pace.ROWS
    assert seconds < 0.6


def test_a_report_is_read_at_a_pace_and_a_page_is_not():
    unit = make_unit(parent=make_root())
    round = past_round(make_contest(unit=make_root()))
    make_attempt(round, make_user(unit=unit))
    close_round(round.pk)
    round.refresh_from_db()
    for read, paced in (
        (lambda: weekly_dataset(round, round.contest.unit), True),
        (lambda: participation_of(round, Scope(None, True)), False),
    ):
        with CaptureQueriesContext(connection) as queries:
            read()
        assert any("SET LOCAL reports.pause" in query["sql"] for query in queries) is paced
