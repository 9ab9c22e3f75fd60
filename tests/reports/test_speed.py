"""Participation at the size of the reference contest: 189 units, 20,058 people, at most one second."""

import time

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import Role
from reports.absentees import Absentees
from reports.documents import nonparticipants_document, participation_document
from reports.exports.files import write_file
from reports.participation import participation_of
from reports.scope import Scope
from tests.factories import grant, make_contest, make_root, make_unit, make_user, past_round

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


def best_of_three(call):
    """The shortest of three runs: the machine may be busy with something else."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - started)
    return result, min(times)


def test_participation_takes_at_most_one_second(reference_round):
    participation, seconds = best_of_three(lambda: participation_of(reference_round, Scope(None, True)))
    print(f"participation of {UNITS} units, {PEOPLE} people: {seconds:.3f} s")
    assert (len(participation.units), participation.total.roster) == (UNITS, PEOPLE)
    assert participation.total.participants > 19_000
    assert seconds <= 1


@pytest.mark.parametrize("name", ["report-participation", "api-participation", "report-nonparticipants"])
def test_pages_and_api_take_at_most_one_second(reference_round, client, name):
    user = make_user()
    grant(user, Role.ORGANISER)
    client.force_login(user)
    response, seconds = best_of_three(lambda: client.get(reverse(name), {"round": reference_round.pk}))
    print(f"{name}: {seconds:.3f} s")
    assert response.status_code == 200
    assert seconds <= 1


@pytest.mark.parametrize("format", ["xlsx", "csv", "json"])
def test_files_of_the_reference_size_are_quick(reference_round, format, tmp_path):
    scope = Scope(None, True)
    nobody = past_round(reference_round.contest)
    for name, document in (
        ("participation", participation_document(participation_of(reference_round, scope))),
        ("nonparticipants", nonparticipants_document(Absentees(nobody, scope))),
    ):
        started = time.process_time()
        size = write_file(document, format=format, target=tmp_path / "x")
        seconds = time.process_time() - started
        print(f"{name} {format}: {document.row_count} rows, {size} bytes, {seconds:.3f} s of CPU")
        assert seconds <= 10
