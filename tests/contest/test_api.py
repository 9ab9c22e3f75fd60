"""The quiz API over HTTP: every promise of the interface, one by one."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from accounts.clock import iso, server_now
from accounts.models import ApiToken
from contest.closing import close_round
from contest.models import Attempt, Round
from contest.paper import compile_paper, paper_of
from contest.services.results import publish_round
from tests.factories import (
    draft_round,
    grant,
    make_attempt,
    make_contest,
    make_questions,
    make_unit,
    make_user,
    open_round,
    past_round,
)

pytestmark = pytest.mark.django_db


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
def api(person):
    return client_of(person)


def client_of(user) -> Client:
    _, text = ApiToken.objects.issue(user=user, expires_at=server_now() + timedelta(days=1))
    return Client(headers={"Authorization": f"Token {text}"})


def post_start(api, round_id, body=""):
    return api.post(f"/api/v1/rounds/{round_id}/attempts/", data=body, content_type="application/json")


def start(api, round) -> dict:
    response = post_start(api, round.pk)
    assert response.status_code in (200, 201), response.content
    return response.json()


def put(attempt: dict, path: str, body, *, key: str | None = None):
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    headers = {"Attempt-Key": attempt["attempt_key"] if key is None else key}
    return Client().put(
        f"/api/v1/attempts/{attempt['id']}/{path}",
        data=data,
        content_type="application/json",
        headers=headers,
    )


def submit(attempt: dict):
    headers = {"Attempt-Key": attempt["attempt_key"]}
    path = f"/api/v1/attempts/{attempt['id']}/submit"
    return Client().post(path, data="{}", content_type="application/json", headers=headers)


def finish(attempt: dict) -> dict:
    for question in attempt["questions"]:
        assert put(attempt, f"answers/{question['position']}", {"choices": [1], "sequence": 1}).status_code == 200
    assert put(attempt, "prediction", {"value": 5, "sequence": 1}).status_code == 200
    response = submit(attempt)
    assert response.status_code == 200
    return response.json()


def is_problem(response, status: int, code: str) -> dict:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    body = response.json()
    assert (body["type"], body["status"], body["code"]) == ("about:blank", status, code)
    assert body["request_id"] == response["X-Request-Id"]
    return body


# --- Rounds -----------------------------------------------------------------------------------------


def test_the_list_tells_state_and_own_attempts(api, round):
    draft_round(round.contest)
    attempt = start(api, round)
    (listed,) = api.get("/api/v1/rounds/").json()
    round.refresh_from_db()
    assert listed.pop("server_time")
    assert listed == {
        "id": round.pk,
        "contest": round.contest.slug,
        "number": 1,
        "title": "Tuần 1",
        "state": "open",
        "opens_at": iso(round.opens_at),
        "closes_at": iso(round.closes_at),
        "commitment": round.commitment,
        "attempts_allowed": 1,
        "attempts_used": 1,
        "attempt_in_progress": attempt["id"],
    }


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_takes_as_many_queries_for_three_rounds_as_for_one(api, person, number, django_assert_num_queries):
    contest = make_contest(attempts_allowed=None)
    for _ in range(number):
        round = open_round(contest)
        for attempt in range(number):
            make_attempt(round, person, number=attempt + 1)
    api.get("/api/v1/rounds/")  # the day's first call notes that the token is in use
    with django_assert_num_queries(3) as asked:  # token, rounds, own attempts
        listed = api.get("/api/v1/rounds/").json()
    assert [one["attempts_used"] for one in listed] == [number] * number
    assert not any('"paper"' in query["sql"] for query in asked.captured_queries)


def test_without_credentials_nothing_is_told(round):
    for path in ("rounds/", f"rounds/{round.pk}/standings/"):
        is_problem(Client().get(f"/api/v1/{path}"), 401, "not_authenticated")
    is_problem(post_start(Client(), round.pk), 401, "not_authenticated")


def test_details_follow_the_language_asked_for(api):
    body = is_problem(api.get("/api/v1/rounds/99999/standings/"), 404, "not_found")
    assert body["detail"] == "Không tìm thấy nội dung này."


# --- Starting ---------------------------------------------------------------------------------------


def test_a_start_gives_questions_in_the_attempts_order_and_a_key(api, round):
    response = post_start(api, round.pk)
    body = response.json()
    assert response.status_code == 201
    assert [question["position"] for question in body["questions"]] == [1, 2, 3]
    assert body["questions"][0]["answer"] == {"choices": [], "sequence": 0}
    assert [choice["position"] for choice in body["questions"][0]["choices"]] == [1, 2, 3, 4]
    assert body["prediction"] == {
        "asks": "perfect_people",
        "decimals": 0,
        "required": True,
        "value": None,
        "sequence": 0,
    }
    assert (body["round"], body["number"], body["state"], body["grace_seconds"]) == (
        round.pk,
        1,
        "in_progress",
        5,
    )
    again = post_start(api, round.pk)
    assert (again.status_code, again.json()["id"]) == (200, body["id"])


def test_a_start_is_refused_for_its_reason(api, unit, person, round):
    def post(number):
        return post_start(api, number)

    now = server_now()
    later = open_round(opens_at=now + timedelta(hours=1))
    body = is_problem(post(later.pk), 409, "round_not_open")
    assert body["opens_at"] == iso(later.opens_at)
    assert body["server_time"] < body["opens_at"]
    is_problem(post(past_round().pk), 409, "round_closed")
    is_problem(post(draft_round().pk), 404, "not_found")
    is_problem(post(99999), 404, "not_found")
    stranger = client_of(make_user())
    is_problem(post_start(stranger, round.pk), 403, "not_a_participant")
    finish(start(api, round))
    is_problem(post(round.pk), 409, "no_attempts_left")
    assert Attempt.objects.count() == 1


def test_a_start_with_a_broken_body_writes_nothing(api, round):
    for body in ("{", "[]", '"x"', "[" * 10_000):
        is_problem(post_start(api, round.pk, body), 400, "malformed")
    assert not Attempt.objects.exists()


# --- Saving -----------------------------------------------------------------------------------------


def test_a_save_is_acknowledged_with_the_time_it_was_stored(api, round):
    attempt = start(api, round)
    response = put(attempt, "answers/2", {"choices": [3], "sequence": 1})
    assert response.status_code == 200
    body = response.json()
    assert (body["position"], body["sequence"]) == (2, 1)
    assert attempt["started_at"] < body["saved_at"] < attempt["deadline"]
    stored = start(api, round)["questions"][1]["answer"]
    assert stored == {"choices": [3], "sequence": 1}


def test_an_empty_list_clears_an_answer(api, round):
    attempt = start(api, round)
    put(attempt, "answers/1", {"choices": [2], "sequence": 1})
    assert put(attempt, "answers/1", {"choices": [], "sequence": 2}).status_code == 200
    assert start(api, round)["questions"][0]["answer"] == {"choices": [], "sequence": 2}


def test_a_stale_save_is_told_what_is_stored(api, round):
    attempt = start(api, round)
    put(attempt, "answers/1", {"choices": [2], "sequence": 9})
    body = is_problem(put(attempt, "answers/1", {"choices": [1], "sequence": 8}), 409, "stale_sequence")
    assert (body["sequence"], body["choices"]) == (9, [2])
    assert put(attempt, "answers/1", {"choices": [2], "sequence": 9}).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"choices": [1], "sequence": 1, "x": "\\u0000"}',
        b'{"choices": [1]}',
        b'{"sequence": 1}',
        b'{"choices": 1, "sequence": 1}',
        b'{"choices": ["1"], "sequence": 1}',
        b'{"choices": [true], "sequence": 1}',
        b'{"choices": [1.0], "sequence": 1}',
        b'{"choices": [1, 1], "sequence": 1}',
        b'{"choices": [1], "sequence": true}',
        b'{"choices": [1], "sequence": 0}',
        b'{"choices": [1], "sequence": 2147483648}',
        b'{"choices": [1], "sequence": "1"}',
        b'{"choices": [1], "sequence": NaN}',
        b'{"choices": [1], "sequence": 1, "sequence": 2}',
        b'{"choices": ' + b"[" * 10_000 + b"]" * 10_000 + b', "sequence": 1}',
        b'{"choices": [1], "sequence": 1' + b"0" * 5000 + b"}",
    ],
)
def test_a_malformed_save_writes_nothing(api, round, body):
    attempt = start(api, round)
    is_problem(put(attempt, "answers/1", body), 400, "malformed")
    assert sum(Attempt.objects.get().sequences) == 0


def test_a_save_outside_the_paper_is_refused(api, round):
    attempt = start(api, round)
    is_problem(put(attempt, "answers/1", {"choices": [5], "sequence": 1}), 400, "unknown_choice")
    is_problem(put(attempt, "answers/1", {"choices": [-1], "sequence": 1}), 400, "unknown_choice")
    is_problem(put(attempt, "answers/4", {"choices": [1], "sequence": 1}), 404, "unknown_position")
    is_problem(put(attempt, "answers/0", {"choices": [1], "sequence": 1}), 404, "unknown_position")
    is_problem(put(attempt, "answers/1", {"choices": [1, 2], "sequence": 1}), 422, "too_many_choices")


def test_several_choices_are_stored_where_the_question_allows_them(unit, api):
    round = open_round(make_contest(max_correct=2, questions_per_round=1), questions=make_questions(1, correct="AC"))
    attempt = start(api, round)
    assert attempt["questions"][0]["multiple"] is True
    assert put(attempt, "answers/1", {"choices": [4, 1], "sequence": 1}).status_code == 200
    assert start(api, round)["questions"][0]["answer"]["choices"] == [1, 4]


def test_the_key_opens_its_own_attempt_only(api, unit, round):
    mine, theirs = start(api, round), start(client_of(make_user(unit=unit)), round)
    body = {"choices": [1], "sequence": 1}
    is_problem(put(mine, "answers/1", body, key=theirs["attempt_key"]), 404, "not_found")
    is_problem(put(mine, "answers/1", body, key="x" + mine["attempt_key"]), 403, "invalid_attempt_key")
    is_problem(put(mine, "answers/1", body, key=""), 401, "not_authenticated")
    assert sum(sum(attempt.sequences) for attempt in Attempt.objects.all()) == 0


def test_the_hot_calls_never_fall_back_to_a_session(person, round, api):
    attempt = start(api, round)
    browser = Client()
    browser.force_login(person)
    response = browser.put(f"/api/v1/attempts/{attempt['id']}/answers/1", data="{}", content_type="application/json")
    is_problem(response, 401, "not_authenticated")


def test_after_deadline_and_grace_nothing_is_accepted_and_within_grace_it_is(api, round):
    attempt = start(api, round)
    body = {"choices": [1], "sequence": 1}
    Attempt.objects.update(deadline=server_now() - timedelta(seconds=2))
    assert put(attempt, "answers/1", body).status_code == 200
    Attempt.objects.update(deadline=server_now() - timedelta(seconds=6))
    refusal = is_problem(put(attempt, "answers/2", body), 409, "attempt_closed")
    assert refusal["server_time"]
    is_problem(put(attempt, "prediction", {"value": 1, "sequence": 1}), 409, "attempt_closed")
    is_problem(submit(attempt), 409, "attempt_closed")


def test_a_closed_round_accepts_nothing_even_before_the_attempts_deadline(api, round):
    attempt = start(api, round)
    Round.objects.update(state="closed")
    is_problem(put(attempt, "answers/1", {"choices": [1], "sequence": 1}), 409, "attempt_closed")


# --- The prediction ---------------------------------------------------------------------------------


def test_a_prediction_is_stored_and_cleared(api, round):
    attempt = start(api, round)
    body = put(attempt, "prediction", {"value": 8800, "sequence": 1}).json()
    assert (body["value"], body["sequence"]) == (8800, 1)
    assert put(attempt, "prediction", {"value": None, "sequence": 2}).json()["value"] is None
    stale = is_problem(put(attempt, "prediction", {"value": 1, "sequence": 1}), 409, "stale_sequence")
    assert (stale["sequence"], stale["value"]) == (2, None)


@pytest.mark.parametrize("value", ["-1", "1e309", "1" + "0" * 20, '"２１"', '"21"', "1.5", "1000000000"])
def test_a_prediction_that_is_no_number_of_people_is_invalid(api, round, value):
    attempt = start(api, round)
    response = put(attempt, "prediction", f'{{"value": {value}, "sequence": 1}}')
    is_problem(response, 422, "invalid_prediction")
    assert Attempt.objects.get().prediction is None


@pytest.mark.parametrize("value", ["true", "[1]", "{}"])
def test_a_prediction_of_a_wrong_json_type_is_malformed(api, round, value):
    is_problem(put(start(api, round), "prediction", f'{{"value": {value}, "sequence": 1}}'), 400, "malformed")


@pytest.mark.parametrize(
    ("value", "stored"),
    [("22.88", "22.88"), ("5", "5.00"), ("100", "100.00"), ("7.5", "7.50"), ("7.500", "7.50")],
)
def test_a_percentage_is_stored_with_the_rounds_decimals(unit, api, value, stored):
    contest = make_contest(prediction_asks="perfect_percent", prediction_decimals=2)
    attempt = start(api, open_round(contest))
    assert put(attempt, "prediction", {"value": value, "sequence": 1}).json()["value"] == stored


@pytest.mark.slow
@pytest.mark.parametrize("value", [22, "100.1", "101", "-1", "1,5", "1.234", "1.123456", " 5", "５", ""])
def test_a_percentage_out_of_form_is_invalid(unit, api, value):
    contest = make_contest(prediction_asks="perfect_percent", prediction_decimals=2)
    attempt = start(api, open_round(contest))
    is_problem(put(attempt, "prediction", {"value": value, "sequence": 1}), 422, "invalid_prediction")


# --- Submitting and reading --------------------------------------------------------------------------


def test_submitting_gives_entry_and_receipt_and_repeats_itself(api, round):
    attempt = start(api, round)
    is_problem(submit(attempt), 422, "incomplete")
    receipt = finish(attempt)
    assert set(receipt) == {"submitted_at", "entry", "receipt"}
    assert submit(attempt).json() == receipt
    read = api.get(f"/api/v1/attempts/{attempt['id']}/").json()
    assert {name: read[name] for name in receipt} == receipt
    assert (read["state"], read["score"], read["correct"]) == ("submitted", None, None)


def test_submitting_takes_at_most_four_queries(api, round, django_assert_max_num_queries):
    attempt = start(api, round)
    for question in attempt["questions"]:
        put(attempt, f"answers/{question['position']}", {"choices": [1], "sequence": 1})
    put(attempt, "prediction", {"value": 5, "sequence": 1})
    with django_assert_max_num_queries(4):
        assert submit(attempt).status_code == 200


def test_an_attempt_is_read_by_key_or_owner_and_by_nobody_else(api, unit, round):
    attempt = start(api, round)
    path = f"/api/v1/attempts/{attempt['id']}/"
    by_key = Client().get(path, headers={"Attempt-Key": attempt["attempt_key"]})
    assert by_key.status_code == 200
    assert "attempt_key" not in by_key.json()
    assert api.get(path).status_code == 200
    is_problem(client_of(make_user(unit=unit)).get(path), 404, "not_found")
    is_problem(Client().get(path), 401, "not_authenticated")
    Attempt.objects.update(deadline=server_now() - timedelta(seconds=6))
    is_problem(Client().get(path, headers={"Attempt-Key": attempt["attempt_key"]}), 409, "attempt_closed")
    Attempt.objects.update(nonce=1)
    is_problem(Client().get(path, headers={"Attempt-Key": attempt["attempt_key"]}), 403, "invalid_attempt_key")


def test_score_and_answers_come_when_the_rules_release_them(unit, person, api):
    round = past_round()
    attempt = make_attempt(round, person, answers="B")
    path = f"/api/v1/attempts/{attempt.pk}/"
    assert api.get(path).json()["score"] is None
    close_round(round.pk)
    ranked = api.get(path).json()
    assert (ranked["score"], ranked["correct"]) == (3, None)
    publish_round(round=round, actor=make_user())
    correct = api.get(path).json()["correct"]
    paper = compile_paper(round)
    order = paper.choice_order(attempt.pk, paper.question_order(attempt.pk)[0])
    assert correct[0] == {"position": 1, "choices": [order.index(1) + 1], "outcome": "right"}


def test_a_score_is_released_at_once_where_the_rule_says_so(unit, api):
    round = open_round(make_contest(score_release="at_once"))
    attempt = start(api, round)
    path = f"/api/v1/attempts/{attempt['id']}/"
    assert api.get(path).json()["score"] is None
    finish(attempt)
    body = api.get(path).json()
    assert body["score"] in range(4)
    assert body["correct"] is None


# --- Standings --------------------------------------------------------------------------------------


@pytest.fixture
def published(unit, person):
    round = past_round()
    for number in range(8):
        make_attempt(
            round,
            person if number == 7 else make_user(unit=unit),
            prediction=number,
            submitted_at=round.opens_at + timedelta(minutes=10 + number),
        )
    close_round(round.pk)
    return publish_round(round=round, actor=make_user())


def test_standings_do_not_exist_before_publication(api, unit):
    round = past_round()
    make_attempt(round, make_user(unit=unit))
    close_round(round.pk)
    is_problem(api.get(f"/api/v1/rounds/{round.pk}/standings/"), 404, "not_found")


def test_participants_see_rows_with_a_prize_and_their_own(api, published):
    body = api.get(f"/api/v1/rounds/{published.pk}/standings/").json()
    assert [row["prize"] for row in body["results"]] == [
        "first",
        "second",
        "second",
        "third",
        "third",
        "third",
    ]
    assert (body["count"], body["next"], body["previous"]) == (6, None, None)
    assert [row["rank"] for row in body["results"]] == [1, 2, 3, 4, 5, 6]
    assert body["results"][0]["prediction"] == 7
    assert body["me"]["rank"] == 2 or body["me"]["prediction"] == 7


def test_an_organiser_sees_every_row_and_a_token_never_does(published):
    organiser = make_user()
    grant(organiser, "organiser")
    browser = Client()
    browser.force_login(organiser)
    assert browser.get(f"/api/v1/rounds/{published.pk}/standings/").json()["count"] == 8
    assert client_of(organiser).get(f"/api/v1/rounds/{published.pk}/standings/").json()["count"] == 6


@pytest.mark.parametrize(("page", "status"), [("0", 404), ("2", 404), ("x", 400), ("²", 400)])
def test_a_page_that_is_none_is_refused(api, published, page, status):
    assert api.get(f"/api/v1/rounds/{published.pk}/standings/", {"page": page}).status_code == status


def test_the_schema_describes_every_call(client):
    text = client.get("/api/v1/schema/").content.decode()
    for path in ("rounds/", "answers/{position}", "prediction", "submit", "standings/"):
        assert path in text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("answers/1", b"{"),
        ("answers/1", b'{"choices": [99], "sequence": 1}'),
        ("answers/99", b'{"choices": [1], "sequence": 1}'),
        ("prediction", b'{"value": -1, "sequence": 1}'),
    ],
)
def test_a_revoked_key_is_told_before_what_is_wrong_with_the_body(api, round, path, body):
    attempt = start(api, round)
    assert send(attempt, path, body).status_code in (400, 404, 422)
    Attempt.objects.update(nonce=1)
    is_problem(send(attempt, path, body), 403, "invalid_attempt_key")


@pytest.mark.parametrize(("path", "body"), [("answers/1", b"{"), ("answers/1", b'{"choices": [1], "sequence": 1}')])
def test_the_key_of_an_attempt_that_is_no_more_is_not_found(api, round, path, body):
    attempt = start(api, round)
    Attempt.objects.all().delete()
    Round.objects.update(scheduled_at=None)
    paper_of.cache_clear()
    is_problem(send(attempt, path, body), 404, "not_found")


def send(attempt, path: str, body: bytes):
    address = f"/api/v1/attempts/{attempt['id']}/{path}"
    headers = {"Attempt-Key": attempt["attempt_key"]}
    return Client().put(address, data=body, content_type="application/json", headers=headers)


def test_a_call_with_a_key_meets_no_session(api, round, django_assert_num_queries):
    attempt = start(api, round)
    browser = Client(headers={"Attempt-Key": attempt["attempt_key"]})
    browser.cookies["sessionid"] = "somebody-elses"
    with django_assert_num_queries(1):
        response = browser.put(
            f"/api/v1/attempts/{attempt['id']}/answers/1",
            data='{"choices": [1], "sequence": 1}',
            content_type="application/json",
        )
    assert response.status_code == 200
    assert "Set-Cookie" not in response
    assert response["Content-Security-Policy"].startswith("default-src 'none'")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_refusal_to_a_key_follows_the_language_asked_for(api, round):
    attempt = start(api, round)
    path = f"/api/v1/attempts/{attempt['id']}/answers/99"
    body = {"data": '{"choices": [1], "sequence": 1}', "content_type": "application/json"}
    client = Client(headers={"Attempt-Key": attempt["attempt_key"]})
    vietnamese = client.put(path, **body).json()["detail"]
    english = client.put(path, **body, headers={"Accept-Language": "en"}).json()["detail"]
    assert vietnamese == "Không có câu hỏi ở vị trí này."
    assert english != vietnamese
