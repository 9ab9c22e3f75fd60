"""Starting, saving, predicting and submitting through the services."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from accounts.clock import server_now
from accounts.models import ApiToken
from accounts.problems import Problem
from contest.attempt_key import AttemptKey
from contest.models import Attempt
from contest.paper import compile_paper, mask_to_positions, paper_of
from contest.services.attempts import save_answer, save_prediction, start_attempt, submit_attempt
from tests.factories import grant, make_block, make_contest, make_unit, make_user, open_round

pytestmark = pytest.mark.django_db


def key_of(attempt: Attempt) -> AttemptKey:
    return AttemptKey(attempt.pk, attempt.round_id, attempt.nonce)


def refusal(code: str):
    return pytest.raises(Problem, match=code)


@pytest.fixture
def unit():
    return make_unit()


@pytest.fixture
def person(unit):
    return make_user(unit=unit)


@pytest.fixture
def round(unit):
    return open_round()


@pytest.fixture
def attempt(round, person):
    return start_attempt(user=person, round_id=round.pk)[0]


def test_the_block_follows_the_kind_that_the_unit_had_when_each_round_was_scheduled():
    contest = make_contest()
    unit = make_unit(kind="Sở, ban, ngành", parent=contest.unit)
    schools = make_unit(kind="Trường học", parent=contest.unit).kind
    make_block(contest, "CHU-QUAN", "Sở, ban, ngành")
    make_block(contest, "TRUONG", "Trường học")
    before = open_round(contest)
    unit.kind = schools
    unit.save()
    after = open_round(contest)
    person = make_user(unit=unit)
    started = [start_attempt(user=person, round_id=round.pk)[0] for round in (before, after)]
    assert [attempt.block for attempt in started] == ["CHU-QUAN", "TRUONG"]
    assert Attempt.objects.count() == 2


def answer_all(attempt, round):
    for position in range(1, compile_paper(round).size + 1):
        save_answer(key=key_of(attempt), position=position, choices=[1], sequence=1)


def test_an_attempt_starts_once_and_is_given_again_while_it_runs(round, person):
    first, new = start_attempt(user=person, round_id=round.pk)
    again, new_again = start_attempt(user=person, round_id=round.pk)
    assert (new, new_again, again.pk) == (True, False, first.pk)
    assert Attempt.objects.count() == 1


def test_starting_takes_four_queries(round, person, django_assert_num_queries):
    paper_of(round.pk)
    with django_assert_num_queries(4):
        start_attempt(user=person, round_id=round.pk)


def test_a_saved_answer_is_stored_as_a_mask_over_the_canonical_choices(round, attempt):
    paper = compile_paper(round)
    saved = save_answer(key=key_of(attempt), position=2, choices=[3], sequence=7)
    attempt.refresh_from_db()
    index = paper.question_order(attempt.pk)[1]
    order = paper.choice_order(attempt.pk, index)
    assert saved.sequence == 7
    assert attempt.sequences[index] == 7
    assert mask_to_positions(attempt.answers[index], order) == [3]


def test_a_save_is_one_query(attempt, django_assert_num_queries):
    with django_assert_num_queries(1):
        save_answer(key=key_of(attempt), position=1, choices=[1], sequence=1)


def test_an_older_save_is_refused_and_told_what_is_stored(attempt):
    save_answer(key=key_of(attempt), position=1, choices=[2], sequence=5)
    with refusal("stale_sequence") as caught:
        save_answer(key=key_of(attempt), position=1, choices=[1], sequence=4)
    assert caught.value.extra == {"sequence": 5, "choices": [2]}


def test_the_same_save_again_is_accepted_and_another_with_its_number_is_not(attempt):
    save_answer(key=key_of(attempt), position=1, choices=[2], sequence=5)
    assert save_answer(key=key_of(attempt), position=1, choices=[2], sequence=5).sequence == 5
    with refusal("stale_sequence"):
        save_answer(key=key_of(attempt), position=1, choices=[1], sequence=5)


@pytest.mark.parametrize(
    ("position", "choices", "code"),
    [
        (0, [1], "unknown_position"),
        (4, [1], "unknown_position"),
        (1, [5], "unknown_choice"),
        (1, [0], "unknown_choice"),
        (1, [1, 2], "too_many_choices"),
    ],
)
def test_what_the_paper_does_not_offer_is_refused(attempt, position, choices, code):
    with refusal(code):
        save_answer(key=key_of(attempt), position=position, choices=choices, sequence=1)


def test_submitting_needs_every_answer_and_the_prediction(round, attempt):
    save_answer(key=key_of(attempt), position=2, choices=[1], sequence=1)
    with refusal("incomplete") as caught:
        submit_attempt(key=key_of(attempt))
    assert caught.value.extra == {"unanswered": [1, 3], "prediction_missing": True}
    assert Attempt.objects.get().state == "in_progress"


def test_submitting_twice_gives_the_same_receipt(round, attempt):
    answer_all(attempt, round)
    save_prediction(key=key_of(attempt), value=12, sequence=1)
    first = submit_attempt(key=key_of(attempt))
    assert submit_attempt(key=key_of(attempt)) == first
    attempt.refresh_from_db()
    assert (attempt.state, attempt.submitted_at, attempt.entry) == (
        "submitted",
        first.submitted_at,
        first.entry,
    )


def test_nothing_is_accepted_after_submission(round, attempt):
    answer_all(attempt, round)
    save_prediction(key=key_of(attempt), value=12, sequence=1)
    submit_attempt(key=key_of(attempt))
    with refusal("attempt_closed"):
        save_answer(key=key_of(attempt), position=1, choices=[2], sequence=2)
    with refusal("attempt_closed"):
        save_prediction(key=key_of(attempt), value=13, sequence=2)


def test_a_renewed_nonce_revokes_the_key(attempt):
    Attempt.objects.update(nonce=attempt.nonce + 1)
    for act in (
        lambda key: save_answer(key=key, position=1, choices=[1], sequence=1),
        lambda key: save_prediction(key=key, value=1, sequence=1),
        lambda key: submit_attempt(key=key),
    ):
        with refusal("invalid_attempt_key"):
            act(key_of(attempt))


def test_one_attempt_is_allowed_by_default(round, attempt, person):
    answer_all(attempt, round)
    save_prediction(key=key_of(attempt), value=12, sequence=1)
    submit_attempt(key=key_of(attempt))
    with refusal("no_attempts_left"):
        start_attempt(user=person, round_id=round.pk)


def test_a_stranger_to_the_roster_and_a_barred_role_cannot_start(round, unit):
    with refusal("not_a_participant"):
        start_attempt(user=make_user(), round_id=round.pk)
    auditor = make_user(unit=unit)
    grant(auditor, "auditor")
    with refusal("not_a_participant"):
        start_attempt(user=auditor, round_id=round.pk)


def test_unlimited_attempts_number_on(unit, person):
    round = open_round(make_contest(attempts_allowed=None, prediction_required=False))
    for number in (1, 2, 3):
        attempt, _ = start_attempt(user=person, round_id=round.pk)
        answer_all(attempt, round)
        submit_attempt(key=key_of(attempt))
        assert attempt.number == number


def test_deactivating_a_person_ends_key_token_and_session_at_once(attempt, person, client):
    save_answer(key=key_of(attempt), position=1, choices=[2], sequence=1)
    _, token = ApiToken.objects.issue(user=person, expires_at=server_now() + timedelta(days=1))
    client.force_login(person)
    call_command("deactivate_user", person.employee_id, "--reason", "Thôi việc", stdout=StringIO())
    for act in (
        lambda: save_answer(key=key_of(attempt), position=1, choices=[1], sequence=2),
        lambda: submit_attempt(key=key_of(attempt)),
    ):
        with refusal("invalid_attempt_key"):
            act()
    assert client.get("/api/v1/rounds/").status_code == 401
    assert client.get("/api/v1/rounds/", headers={"Authorization": f"Token {token}"}).status_code == 401
    attempt.refresh_from_db()
    assert sum(mask > 0 for mask in attempt.answers) == 1
