"""Participation at the size of the reference contest: 189 units, 20,058 people, at most one second."""

import time

import pytest
from django.db import connection

from reports.participation import participation_of
from reports.scope import Scope
from tests.factories import make_contest, make_root, make_unit, past_round

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
UNITS, PEOPLE = 189, 20_058

STAFF = """INSERT INTO accounts_user (password, employee_id, full_name, email, position, block, is_active, linked_at,
        sort_key, search_key)
    SELECT '!', 'P' || n, 'Người ' || n, '', '', '', true, CASE WHEN n %% 9 > 0 THEN now() END, n::text, 'p' || n
    FROM generate_series(1, %(people)s) n"""
MEMBERS = """INSERT INTO accounts_membership (user_id, unit_id, starts_on)
    SELECT id, (%(units)s::bigint[])[1 + id %% %(count)s], '2020-01-01'
    FROM accounts_user WHERE employee_id LIKE 'P%%'"""
ATTEMPTS = """INSERT INTO contest_attempt (id, round_id, user_id, number, unit_id, block, entry, nonce, state,
        started_at, deadline, submitted_at, answers, sequences, prediction_sequence, eligible)
    SELECT gen_random_uuid(), %(round)s, user_id, 1, unit_id, '', 'E' || user_id, 1, 'submitted', now(), now(), now(),
        array_fill((1 + user_id %% 3)::smallint, ARRAY[15]), array_fill(1, ARRAY[15]), 0, true
    FROM accounts_membership WHERE user_id %% 20 > 0"""


@pytest.fixture
def reference_round():
    root = make_root()
    units = [make_unit(parent=root, headcount=110).pk for _ in range(UNITS)]
    contest = make_contest(unit=root, questions_per_round=15, attempts_allowed=2)
    with connection.cursor() as cursor:
        cursor.execute(STAFF, {"people": PEOPLE})
        cursor.execute(MEMBERS, {"units": units, "count": UNITS})
        rounds = [past_round(contest), past_round(contest)]
        for round in rounds:
            round.state, round.version = "ranked", 1
            round.save()
            cursor.execute(ATTEMPTS, {"round": round.pk})
        cursor.execute("ANALYZE")
    return rounds[1]


def test_participation_takes_at_most_one_second(reference_round):
    started = time.perf_counter()
    participation = participation_of(reference_round, Scope(None, True))
    seconds = time.perf_counter() - started
    print(f"participation of {UNITS} units, {PEOPLE} people: {seconds:.3f} s")
    assert (len(participation.units), participation.total.roster) == (UNITS, PEOPLE)
    assert participation.total.participants > 19_000
    assert seconds <= 1
