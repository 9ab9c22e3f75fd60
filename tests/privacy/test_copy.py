"""A person's copy holds everything that the register promises, only about them, and nothing before its time."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.clock import server_now
from accounts.models import AuditEntry
from contest.closing import close_round
from contest.models import Attempt, Round
from contest.services.results import publish_round
from notifications.services import notify
from privacy.copies import parts_of
from privacy.register import REGISTER
from privacy.services import erase_person
from proposals.models import AccountRequest
from tests.factories import grant, make_attempt, make_contest, make_unit, make_user, open_round
from tests.privacy.world import CANARIES, SECRETS, build_person, final_round

pytestmark = pytest.mark.django_db

COPY = "/privacy/my-data/copy/"


def copy_of(client, person) -> dict:
    client.force_login(person)
    return json.loads(b"".join(client.post(COPY).streaming_content))


def rows(copy: dict, table: str) -> list[dict]:
    return next(part["rows"] for part in copy["parts"] if part["table"] == table)


def test_every_exported_column_of_every_table_is_in_the_copy(client):
    person = build_person()
    final_round(person)
    copy = copy_of(client, person)
    held = {part["table"]: part["rows"] for part in copy["parts"]}
    for label, table in REGISTER.items():
        exported = {name for name, column in table.personal.items() if column.exported}
        if not exported or label.startswith("account."):  # nobody has an address of their own to sign in with
            continue
        assert held[label], f"{label}: the test's person has no row; add one to tests/privacy/world.py"
        assert all(exported <= row.keys() for row in held[label]), label
    text = json.dumps(copy, ensure_ascii=False)
    assert [word for word in CANARIES if word not in text] == []


def test_no_secret_is_in_the_copy(client):
    person = build_person()
    final_round(person)
    text = json.dumps(copy_of(client, person))
    token, session = person.api_tokens.get(), client.session.session_key
    nonces = [str(nonce) for nonce in Attempt.objects.of(person).values_list("nonce", flat=True)]
    for secret in (*SECRETS, token.digest, session, person.password, *nonces):
        assert secret not in text


def test_scores_ranks_and_answers_come_when_the_rules_release_them(client):
    person = make_user(unit=make_unit())
    round = open_round(make_contest())
    make_attempt(round, person, answers="B")
    before = copy_of(client, person)
    (attempt,) = rows(before, "contest.Attempt")
    assert (attempt["score"], attempt["correct"]) == (None, None)
    assert attempt["answers"][0]["answer"]["choices"] != []
    assert attempt["receipt"]
    assert rows(before, "contest.Standing") == []

    end = server_now() - timedelta(minutes=1)
    Round.objects.filter(pk=round.pk).update(closes_at=end)
    Attempt.objects.update(deadline=end)
    close_round(round.pk)
    ranked = copy_of(client, person)
    (attempt,) = rows(ranked, "contest.Attempt")
    assert (attempt["score"], attempt["correct"]) == (
        3,
        None,
    )  # the rules: score after close, answers after publication
    assert rows(ranked, "contest.Standing") == []

    organiser = make_user()
    grant(organiser, "organiser")
    round.refresh_from_db()
    publish_round(round=round, actor=organiser)
    published = copy_of(client, person)
    assert [answer["outcome"] for answer in rows(published, "contest.Attempt")[0]["correct"]] == ["right"] * 3
    assert rows(published, "contest.Standing")[0]["rank"] == 1


def test_the_copy_is_about_nobody_else(client):
    build_person()
    other = make_user(unit=make_unit(), full_name="Người Khác")
    text = json.dumps(copy_of(client, other), ensure_ascii=False)
    assert [word for word in CANARIES if word in text] == []


def test_the_copy_leaves_a_trace_and_is_kept_by_no_browser(client):
    person = make_user(unit=make_unit())
    client.force_login(person)
    response = client.post(COPY)
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Disposition"].startswith("attachment")
    assert response.streaming
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.object_id) == ("privacy.export", person, str(person.pk))
    assert client.get(COPY).status_code == 405


@pytest.mark.parametrize("address", ["/privacy/my-data/", "/privacy/requests/"])
def test_strangers_are_asked_to_sign_in(client, address):
    assert client.get(address).url == f"/accounts/login/?next={address}"
    assert client.post(COPY).status_code == 302


def test_the_page_shows_what_is_held(client):
    person = build_person()
    client.force_login(person)
    text = client.get("/privacy/my-data/").content.decode()
    assert person.full_name in text
    for part in parts_of(person):
        assert (part.title in text) == bool(part.count()), part.label


@pytest.mark.slow
def test_queries_do_not_grow_with_the_rows(client):
    person = make_user(unit=make_unit())
    client.force_login(person)
    contest, counts = make_contest(), []
    for number in (1, 2):
        for _ in range(number):
            make_attempt(open_round(contest), person)
            notify(user=person, kind="result", subject="x")
        copy_of(client, person)  # compiles the papers of new rounds, once per process
        with CaptureQueriesContext(connection) as captured:
            b"".join(client.post(COPY).streaming_content)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_what_a_stranger_wrote_under_ones_employee_id_is_not_in_the_copy_and_goes_with_an_erasure(client):
    person, unit = make_user("NV-7"), make_unit()
    words = {"told_email": "nguoi-la@example.vn", "note": "Chuyen rieng", "full_name": "Người Lạ", "unit_text": "Ở đâu"}
    asked = {"state": "waiting", "provider": "sso", "issuer": "https://idp", "unit": unit} | words
    mistyped = AccountRequest.objects.create(subject="s-1", employee_id="NV-7", **asked)
    told = AccountRequest.objects.create(subject="s-2", employee_id="NV-8", told_employee_id="NV-7", **asked)
    other = make_user("NV-9")
    joined = AccountRequest.objects.create(subject="s-3", employee_id="NV-7", user=other, **asked)
    text = json.dumps(copy_of(client, person), ensure_ascii=False)
    assert not [word for word in (*words.values(), "s-1", "s-2", "s-3") if word in text]
    assert [row["subject"] for row in rows(copy_of(client, other), "proposals.AccountRequest")] == ["s-3"]
    administrator = make_user()
    grant(administrator, "administrator")
    erase_person(user=person, actor=administrator, reason="Yêu cầu số 1")
    assert list(AccountRequest.objects.all()) == [joined], (mistyped, told)
