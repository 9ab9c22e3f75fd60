"""Everybody at once: twenty submits, twenty starts, two tabs out of order, a replay after the close."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from accounts.clock import iso, server_now
from contest.closing import close_round
from contest.models import Attempt, Round
from contest.services import attempts
from tests.factories import make_unit, make_user, open_round
from tests.faults.quiz import answer_all, client_of, post_start, problem_of, put, start, submit
from tests.together import at_once

TWENTY = 20


@pytest.fixture
def person():
    return make_user(unit=make_unit())


@pytest.fixture
def round(person):
    return open_round()


def row_of(attempt) -> dict:
    return Attempt.objects.filter(pk=attempt["id"]).values().get()


# --- Twenty submits ---------------------------------------------------------------------------------


def submit_by_check_then_write(line: threading.Barrier):
    """The control: look, then write, with everybody between the two at the same moment."""

    def submit_attempt(*, key):
        attempt = Attempt.objects.get(pk=key.attempt_id)
        assert attempt.state == "in_progress"
        line.wait(30)
        attempt.state, attempt.submitted_at = "submitted", server_now()
        attempt.save()
        return attempts.submission_of(attempt)

    return submit_attempt


@pytest.mark.django_db(transaction=True)
def test_twenty_submits_at_once_are_one_submission_with_one_receipt(round, person):
    attempt = start(person, round)
    answer_all(attempt)
    responses = at_once(*[lambda: submit(attempt)] * TWENTY)
    assert {response.status_code for response in responses} == {200}
    (body,) = {response.content for response in responses}
    row = row_of(attempt)
    assert (row["state"], iso(row["submitted_at"])) == ("submitted", responses[0].json()["submitted_at"])
    assert submit(attempt).content == body


@pytest.mark.django_db(transaction=True)
def test_control_check_then_write_hands_out_several_receipts(round, person, monkeypatch):
    attempt = start(person, round)
    answer_all(attempt)
    control = submit_by_check_then_write(threading.Barrier(TWENTY))
    monkeypatch.setattr("contest.api.answering.submit_attempt", control)
    responses = at_once(*[lambda: submit(attempt)] * TWENTY)
    assert len({response.content for response in responses}) > 1


# --- Twenty starts ----------------------------------------------------------------------------------


@pytest.fixture
def crowded_start(monkeypatch):
    """Everybody has looked for a running attempt, and found none, before anybody inserts one."""
    line, insert = threading.Barrier(TWENTY), attempts._insert_attempt

    def insert_together(*args, **kwargs):
        line.wait(30)
        return insert(*args, **kwargs)

    monkeypatch.setattr(attempts, "_insert_attempt", insert_together)


@pytest.fixture
def without_constraints(transactional_db):
    """The control: the two constraints that decide double clicks are gone."""
    constraints = [
        constraint
        for constraint in Attempt._meta.constraints
        if constraint.name in ("attempt_number_once", "attempt_one_in_progress")
    ]
    with connection.schema_editor() as editor:
        for constraint in constraints:
            editor.remove_constraint(Attempt, constraint)
    yield
    Attempt.objects.all().delete()
    with connection.schema_editor() as editor:
        for constraint in constraints:
            editor.add_constraint(Attempt, constraint)


def twenty_starts(person, round) -> list:
    clients = [client_of(person) for _ in range(TWENTY)]
    return at_once(*[partial(post_start, client, round.pk) for client in clients])


@pytest.mark.django_db(transaction=True)
def test_twenty_starts_at_once_are_one_attempt(round, person, crowded_start):
    responses = twenty_starts(person, round)
    assert sorted(response.status_code for response in responses) == [200] * (TWENTY - 1) + [201]
    bodies = [response.json() for response in responses]
    assert len({(body["id"], body["attempt_key"], body["deadline"]) for body in bodies}) == 1
    assert Attempt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_constraints_twenty_starts_are_many_attempts(round, person, crowded_start, without_constraints):
    twenty_starts(person, round)
    assert Attempt.objects.count() == TWENTY


# --- Two tabs ---------------------------------------------------------------------------------------


def save_out_of_order(attempt) -> tuple[list[int], dict]:
    """Tab B's newer answer arrives first, then tab A's older one, then A's with B's number."""
    late = put(attempt, "answers/1", {"choices": [2], "sequence": 3})
    early = put(attempt, "answers/1", {"choices": [1], "sequence": 2})
    same = put(attempt, "answers/1", {"choices": [4], "sequence": 3})
    stored = client_of(Attempt.objects.get().user).get(f"/api/v1/attempts/{attempt['id']}/").json()
    return [late.status_code, early.status_code, same.status_code], stored["questions"][0]["answer"]


@pytest.mark.django_db
def test_of_two_tabs_the_newer_answer_stays_whatever_the_order(round, person):
    statuses, stored = save_out_of_order(start(person, round))
    assert (statuses, stored) == ([200, 409, 409], {"choices": [2], "sequence": 3})


@pytest.mark.django_db
def test_control_without_sequences_the_older_answer_overwrites_the_newer(round, person, monkeypatch):
    guard = attempts._SAVE.index(" AND (a.sequences[%(n)s] <")
    monkeypatch.setattr(attempts, "_SAVE", attempts._SAVE[:guard] + " RETURNING clock_timestamp()")
    _, stored = save_out_of_order(start(person, round))
    assert stored["choices"] == [4]


@pytest.mark.django_db(transaction=True)
def test_of_saves_at_once_the_highest_sequence_stays_and_every_refusal_says_so(round, person):
    attempt = start(person, round)
    saves = [{"choices": [1 + number % 4], "sequence": 1 + number} for number in range(TWENTY)]
    responses = at_once(*[partial(put, attempt, "answers/1", save) for save in saves])
    for response in responses:
        if response.status_code != 200:
            problem_of(response, (409, "stale_sequence"))
    row = row_of(attempt)
    assert sorted(row["sequences"]) == [0, 0, TWENTY]
    assert responses[-1].status_code == 200


# --- Replays ----------------------------------------------------------------------------------------


def close_now(round) -> None:
    now = server_now()
    Attempt.objects.filter(round=round).update(deadline=now - timedelta(seconds=20))
    Round.objects.filter(pk=round.pk).update(closes_at=now - timedelta(seconds=20))
    assert close_round(round.pk) is not None


@pytest.mark.django_db(transaction=True)
def test_replays_after_the_close_change_nothing(round, person):
    handed_in, cut_off = start(person, round), start(make_user(unit=round.round_units.get().unit), round)
    answer_all(handed_in)
    answer_all(cut_off)
    receipt = submit(handed_in)
    close_now(round)
    before = list(Attempt.objects.order_by("pk").values())
    assert submit(handed_in).content == receipt.content
    problem_of(submit(cut_off), (409, "attempt_closed"))
    for attempt in (handed_in, cut_off):
        save = put(attempt, "answers/1", {"choices": [2], "sequence": 2})
        problem_of(save, (409, "attempt_closed"))
        problem_of(put(attempt, "prediction", {"value": 9, "sequence": 2}), (409, "attempt_closed"))
    problem_of(post_start(client_of(person), round.pk), (409, "round_closed"))
    assert list(Attempt.objects.order_by("pk").values()) == before


@pytest.mark.django_db(transaction=True)
def test_control_without_state_and_time_in_the_guard_a_replay_rewrites_a_closed_attempt(round, person, monkeypatch):
    attempt = start(person, round)
    answer_all(attempt)
    submit(attempt)
    close_now(round)
    before = row_of(attempt)
    monkeypatch.setattr(attempts, "_SAVE", attempts._SAVE.replace(attempts._ATTEMPT_ACCEPTS, "a.id = %(id)s"))
    assert put(attempt, "answers/1", {"choices": [2], "sequence": 2}).status_code == 200
    assert row_of(attempt)["answers"] != before["answers"]
