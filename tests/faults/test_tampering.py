"""Tampered keys, members, headers and bodies: refused by name, nothing written, never a 500."""

import json
from uuid import uuid4

import pytest
from django.core.signing import Signer
from django.test import Client

from contest import attempt_key
from contest.attempt_key import AttemptKey, read_key, sign_key
from contest.models import Attempt
from contest.services.attempts import new_nonce
from tests.factories import make_unit, make_user, open_round
from tests.faults.quiz import (
    API,
    JSON,
    answer_all,
    browser_of,
    client_of,
    post_start,
    problem_of,
    put,
    start,
    submit,
    token_of,
)

pytestmark = pytest.mark.django_db
SAVE = {"choices": [1], "sequence": 1}
LARGEST_BODY = 65_536


@pytest.fixture
def unit():
    return make_unit()


@pytest.fixture
def person(unit):
    return make_user(unit=unit)


@pytest.fixture
def round(person):
    return open_round()


@pytest.fixture
def attempt(person, round):
    return start(person, round)


@pytest.fixture
def victim(unit, round):
    """Somebody else's attempt."""
    return start(make_user(unit=unit), round)


def stored() -> list[dict]:
    return list(Attempt.objects.order_by("pk").values())


def key_of(attempt: dict) -> AttemptKey:
    row = Attempt.objects.get(pk=attempt["id"])
    return AttemptKey(row.pk, row.round_id, row.nonce)


# --- The key ----------------------------------------------------------------------------------------


def flipped(text: str, byte: int, bit: int) -> str:
    changed = bytearray(text.encode())
    changed[byte] ^= 1 << bit
    return changed.decode("latin-1")


def test_no_key_with_one_bit_changed_is_read(attempt):
    key = attempt["attempt_key"]
    assert read_key(key) == key_of(attempt)
    assert not [(byte, bit) for byte in range(len(key)) for bit in range(8) if read_key(flipped(key, byte, bit))]


def test_a_key_with_any_byte_changed_is_refused_everywhere(attempt):
    before = stored()
    for byte in range(len(attempt["attempt_key"])):
        key = flipped(attempt["attempt_key"], byte, 1)
        problem_of(put(attempt, "answers/1", SAVE, key=key), (403, "invalid_attempt_key"))
    reading = Client(headers={"Attempt-Key": key}).get(f"{API}/attempts/{attempt['id']}/")
    for response in (submit(attempt, key=key), put(attempt, "prediction", {"value": 1}, key=key), reading):
        problem_of(response, (403, "invalid_attempt_key"))
    assert stored() == before


def forged_keys(attempt) -> list[str]:
    """Keys with the right content and a signature that is not the attempt key's."""
    value = attempt["attempt_key"].rpartition(":")[0]
    return [
        Signer(salt="another").sign(value),
        Signer().sign(value),
        Signer(key="another", salt="contest.attempt_key").sign(value),
        value,
        f"{value}:",
        f"{value}:{'A' * 43}",
        attempt["attempt_key"] + ":x",
        attempt["attempt_key"][:-1],
        "đ" * 20,
        "x" * 10_000,
    ]


def test_a_key_signed_otherwise_is_refused(attempt):
    for key in forged_keys(attempt):
        problem_of(put(attempt, "answers/1", SAVE, key=key.encode().decode("latin-1")), (403, "invalid_attempt_key"))
    assert sum(Attempt.objects.get().sequences) == 0


def test_control_without_the_signature_check_a_foreign_signature_saves(attempt, monkeypatch):
    class Trusting(Signer):
        def unsign(self, signed_value):
            return signed_value.rpartition(":")[0]

    monkeypatch.setattr(attempt_key, "_signer", Trusting)
    assert put(attempt, "answers/1", SAVE, key=forged_keys(attempt)[0]).status_code == 200


def test_a_renewed_nonce_revokes_the_key_at_once(attempt):
    answer_all(attempt)
    Attempt.objects.update(nonce=new_nonce())
    before = stored()
    reading = Client(headers={"Attempt-Key": attempt["attempt_key"]}).get(f"{API}/attempts/{attempt['id']}/")
    newer = {"choices": [2], "sequence": 2}
    predicting = put(attempt, "prediction", {"value": 2, "sequence": 2})
    for response in (put(attempt, "answers/1", newer), predicting, submit(attempt), reading):
        problem_of(response, (403, "invalid_attempt_key"))
    assert stored() == before


def test_an_attempt_id_that_is_not_the_keys_does_not_exist(attempt, victim):
    before = stored()
    for other in (victim["id"], str(uuid4())):
        target = attempt | {"id": other}
        reading = Client(headers={"Attempt-Key": attempt["attempt_key"]}).get(f"{API}/attempts/{other}/")
        predicting = put(target, "prediction", {"value": 1, "sequence": 1})
        for response in (put(target, "answers/1", SAVE), predicting, submit(target), reading):
            problem_of(response, (404, "not_found"))
    unknown = AttemptKey(uuid4(), key_of(attempt).round_id, 1)
    gone = {"id": str(unknown.attempt_id), "attempt_key": sign_key(unknown)}
    problem_of(put(gone, "answers/1", SAVE), (404, "not_found"))
    problem_of(submit(gone), (404, "not_found"))
    assert stored() == before


def test_a_key_never_falls_back_to_the_session_or_token_beside_it(attempt, person):
    before = stored()
    browser, token = browser_of(person), token_of(person)
    for headers in ({"Attempt-Key": "x"}, {"Attempt-Key": "x", "Authorization": f"Token {token}"}):
        url = f"{API}/attempts/{attempt['id']}/"
        problem_of(browser.get(url, headers=headers), (403, "invalid_attempt_key"))
        save = browser.put(url + "answers/1", json.dumps(SAVE), content_type=JSON, headers=headers)
        problem_of(save, (403, "invalid_attempt_key"))
    problem_of(browser.post(f"{API}/attempts/{attempt['id']}/submit"), (401, "not_authenticated"))
    assert stored() == before


# --- Members nobody asked for -----------------------------------------------------------------------


def extra_members(victim) -> dict:
    other = Attempt.objects.get(pk=victim["id"])
    return {
        "id": victim["id"], "attempt": victim["id"], "user": other.user_id, "user_id": other.user_id, "round": 99,
        "unit": 99, "unit_id": 99, "block": "A", "number": 7, "state": "submitted", "score": 15, "correct": True,
        "eligible": False, "nonce": 1, "entry": "E" + "0" * 20, "deadline": "2099-01-01T00:00:00.000000Z",
        "started_at": "2000-01-01T00:00:00.000000Z", "submitted_at": "2000-01-01T00:00:00.000000Z",
        "answers": [2, 2, 2], "sequences": [9, 9, 9], "position": 3, "prediction": 1, "__proto__": {"x": 1},
    }  # fmt: skip


def test_members_nobody_asked_for_change_nothing_else(attempt, victim):
    """Mass assignment: what is stored is what the plain members say, and the other attempt stays as it is."""
    extra, before = extra_members(victim), Attempt.objects.filter(pk=attempt["id"]).values().get()
    theirs = Attempt.objects.filter(pk=victim["id"]).values().get()
    assert put(attempt, "answers/1", extra | SAVE).status_code == 200
    assert put(attempt, "prediction", extra | {"value": 4, "sequence": 1}).status_code == 200
    after = Attempt.objects.filter(pk=attempt["id"]).values().get()
    assert {name for name in before if before[name] != after[name]} == {
        "answers", "sequences", "prediction", "prediction_sequence",
    }  # fmt: skip
    assert (sum(after["sequences"]), after["prediction"]) == (1, 4)
    problem_of(submit(attempt, json.dumps(extra)), (422, "incomplete"))
    assert Attempt.objects.filter(pk=victim["id"]).values().get() == theirs


def test_a_start_takes_person_unit_and_number_from_nobody(unit, victim, round):
    person, before = make_user(unit=unit), stored()
    response = post_start(client_of(person), round.pk, extra_members(victim))
    assert response.status_code == 201
    attempt = Attempt.objects.get(user=person)
    assert (attempt.unit_id, attempt.number, attempt.state, attempt.block) == (unit.pk, 1, "in_progress", "")
    assert [row for row in stored() if row["user_id"] != person.pk] == before


# --- Headers ----------------------------------------------------------------------------------------

LIES = {
    "X-Forwarded-For": "127.0.0.1, ::1, \"'; DROP TABLE",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Real-IP": "127.0.0.1",
    "X-HTTP-Method-Override": "DELETE",
    "X-Method-Override": "PUT",
    "X-Original-URL": "/manage/",
    "X-Rewrite-URL": "/manage/",
    "Forwarded": "for=127.0.0.1;proto=https",
    "Remote-User": "0001",
    "X-Request-Id": "<script>",
    "Accept-Language": "x" * 5000,
    "Range": "bytes=0-1",
    "If-None-Match": "*",
}


def test_lying_headers_change_neither_the_answer_nor_what_is_stored(attempt, person):
    response = put(attempt, "answers/1", SAVE, **LIES)
    assert (response.status_code, response.json()["sequence"]) == (200, 1)
    assert "<" not in response["X-Request-Id"]
    browser = browser_of(person)
    assert browser.get("/manage/", headers=LIES).status_code in (403, 404)
    assert "evil.example" not in client_of(person).get(f"{API}/rounds/", headers=LIES).content.decode()
    posted = Client(headers={"Attempt-Key": attempt["attempt_key"], "X-HTTP-Method-Override": "PUT"}).post(
        f"{API}/attempts/{attempt['id']}/answers/2?_method=PUT", json.dumps(SAVE), content_type=JSON
    )
    problem_of(posted, (405, "method_not_allowed"))
    assert sum(Attempt.objects.get().sequences) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_an_attempt_is_only_read_at_its_own_address(attempt, person, method):
    url = f"{API}/attempts/{attempt['id']}/"
    keyed = Client(headers={"Attempt-Key": attempt["attempt_key"]})
    problem_of(keyed.generic(method, url), (405, "method_not_allowed"))
    problem_of(client_of(person).generic(method, url), (405, "method_not_allowed"))


def test_a_session_starts_nothing_without_its_csrf_token(person, round):
    browser = browser_of(person, enforce_csrf_checks=True)
    problem_of(post_start(browser, round.pk), (403, "forbidden"))
    assert not Attempt.objects.exists()


@pytest.mark.parametrize("path", ["/", "/rounds/", "/accounts/login/", "/manage/", f"{API}/rounds/"])
def test_a_session_cookie_that_is_no_key_is_no_session(path):
    """Cookies may spell NUL as an octal escape, which no text column takes."""
    browser = Client(raise_request_exception=False)
    for value in (r'"\000\000\000\000\000\000\000\000"', r'"\303\050\377\377\377\377\377"', "'; DROP", "x" * 5000):
        response = browser.get(path, headers={"Cookie": f"sessionid={value}"})
        assert response.status_code < 500, (value, response.status_code)
        if response.status_code == 400:
            assert response.cookies["sessionid"]["max-age"] == 0, "the browser is rid of it"


def test_an_unknown_host_is_a_400_in_the_right_form(attempt):
    response = Client(raise_request_exception=False).get(f"{API}/rounds/", headers={"Host": "evil.example"})
    problem_of(response, (400, "malformed"))
    page = Client(raise_request_exception=False).get("/", headers={"Host": "evil.example"})
    assert (page.status_code, "Traceback" in page.content.decode()) == (400, False)


# --- Bodies -----------------------------------------------------------------------------------------


def padded(body: dict, size: int) -> str:
    text = json.dumps(body)
    return text + " " * (size - len(text))


def test_a_body_of_64_kib_is_read_and_one_byte_more_is_refused_by_every_call(attempt, person, round):
    assert put(attempt, "answers/1", padded(SAVE, LARGEST_BODY)).status_code == 200
    assert post_start(client_of(person), round.pk, padded({}, LARGEST_BODY)).status_code == 200
    before = stored()
    too_large = LARGEST_BODY + 1
    newer = {"choices": [2], "sequence": 2}
    for response in (
        put(attempt, "answers/1", padded(newer, too_large)),
        put(attempt, "prediction", padded({"value": 1, "sequence": 1}, too_large)),
        submit(attempt, padded({}, too_large)),
        submit(attempt, " " * too_large),
        post_start(client_of(person), round.pk, padded({}, too_large)),
        post_start(client_of(person), round.pk, " " * 2_000_000),
    ):
        problem_of(response, (400, "malformed"))
    assert stored() == before


@pytest.mark.parametrize("length", ["abc", "-5", "1e3", "٣"])
def test_a_length_that_is_none_is_no_500(attempt, length):
    client = Client(headers={"Attempt-Key": attempt["attempt_key"]}, raise_request_exception=False)
    url = f"{API}/attempts/{attempt['id']}/answers/1"
    response = client.put(url, json.dumps(SAVE), content_type=JSON, CONTENT_LENGTH=length)
    problem_of(response, (400, "malformed"))


BAD_BODIES = {
    "NUL": b"\x00",
    "NUL in a text": b'{"value": "a\x00b", "sequence": 1}',
    "escaped NUL": rb'{"value": "\u0000", "sequence": 1}',
    "half of a surrogate pair": rb'{"value": "\ud800", "sequence": 1}',
    "half a pair as a name": rb'{"\uDFFF": 1, "sequence": 1}',
    "invalid UTF-8": b'{"value": "\xff", "sequence": 1}',
    "overlong UTF-8": b'{"value": "\xc0\x80", "sequence": 1}',
    "UTF-16": '{"value": 1, "sequence": 1}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"value": 1}',
    "deep list": b"[" * 10_000,
    "closed deep list": b"[" * 10_000 + b"]" * 10_000,
    "deep object": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "array": b"[{}]",
    "text": b'"{}"',
    "number": b"1",
    "null": b"null",
    "true": b"true",
    "not a number": b'{"value": NaN, "sequence": 1}',
    "infinity": b'{"value": -Infinity, "sequence": 1}',
    "doubled member": b'{"value": 1, "value": 2, "sequence": 1}',
    "endless number": b'{"value": ' + b"9" * 60_000 + b', "sequence": 1}',
    "unfinished": b'{"value": 1',
    "two values": b'{"value": 1, "sequence": 1} {}',
    "form": b"value=1&sequence=1",
    "markup": b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>",
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_body_that_is_no_object_of_json_is_malformed_for_every_call(attempt, person, round, body):
    before = stored()
    for response in (
        put(attempt, "answers/1", body),
        put(attempt, "prediction", body),
        submit(attempt, body),
        post_start(client_of(person), round.pk, body),
    ):
        problem_of(response, (400, "malformed"))
    assert stored() == before


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data", "application/json; charset=x", "x", ""])
def test_content_types_are_no_500(attempt, person, round, content_type):
    client = client_of(person, raise_request_exception=False)
    response = client.generic("POST", f"{API}/rounds/{round.pk}/attempts/", b"\xff{", content_type=content_type)
    problem_of(response, (400, "malformed"))


def test_a_lone_surrogate_is_refused_and_named_nowhere(attempt):
    response = put(attempt, "prediction", rb'{"value": "\ud800", "sequence": 1}')
    problem_of(response, (422, "invalid_prediction"), (400, "malformed"))


@pytest.mark.parametrize("page", ["9" * 5000, "9" * 30, "-1", "1.0", "\x00", "１", ""])
def test_a_page_number_that_is_none_is_no_500(person, round, page):
    round.state, round.version = "published", 1
    round.save()
    client = client_of(person, raise_request_exception=False)
    response = client.get(f"{API}/rounds/{round.pk}/standings/", {"page": page})
    problem_of(response, (400, "malformed"), (404, "not_found"))


@pytest.mark.parametrize("number", ["0", "9" * 18, "9" * 19, "9" * 30, "9" * 5000])
def test_a_round_that_cannot_exist_does_not(person, number):
    client = client_of(person, raise_request_exception=False)
    problem_of(client.get(f"{API}/rounds/{number}/standings/"), (404, "not_found"))
    problem_of(post_start(client, number), (404, "not_found"))


def test_choices_that_are_not_of_the_question_are_unknown(attempt):
    before = stored()
    for choices in ([0], [-1], [5], [2**31], [2**63], [10**30], [1, 99]):
        problem_of(put(attempt, "answers/1", {"choices": choices, "sequence": 1}), (400, "unknown_choice"))
    for choices in ([[1]], [None], ["1"], [1.5], {"1": 1}, [True], None, "1"):
        problem_of(put(attempt, "answers/1", {"choices": choices, "sequence": 1}), (400, "malformed"))
    for position in (0, 4, 2**31, 10**30):
        problem_of(put(attempt, f"answers/{position}", SAVE), (404, "unknown_position"))
    assert stored() == before
