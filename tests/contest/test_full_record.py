"""The full record on a round's page: for organisers and auditors in scope, with a trace, and kept nowhere."""

import io
import json
import zipfile

import pytest
from django.urls import reverse

from accounts.models import AuditEntry
from contest.closing import close_round
from contest.models import Round
from contest.models.round import RoundState
from contest.record import sole_builder
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, past_round

# The record is read in a transaction of its own.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def records(settings, tmp_path):
    settings.RECORD_DIR = tmp_path
    return tmp_path


@pytest.fixture
def round():
    unit = make_unit("SO", parent=make_root())
    made = past_round(make_contest(unit=unit))
    make_attempt(made, make_user(unit=unit))
    close_round(made.pk)
    return Round.objects.get(pk=made.pk)


def signed_in(client, role, unit):
    user = make_user()
    grant(user, role, unit)
    client.force_login(user)
    return user


def ask(client, round):
    return client.post(reverse("manage-round-record", args=[round.pk]))


def test_an_auditor_gets_the_full_record_of_a_ranked_round_with_a_trace(client, round, records):
    auditor = signed_in(client, "auditor", round.contest.unit)
    assert reverse("manage-round-record", args=[round.pk]) in client.get(f"/manage/rounds/{round.pk}/").content.decode()
    response = ask(client, round)
    assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
    assert "no-store" in response["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
        assert sorted(archive.namelist()) == ["entries.csv", "record.json", "standings.csv"]
        head = json.loads(archive.read("record.json"))
        assert "SO" in archive.read("entries.csv").decode()
    assert head["edition"] == "full"
    entry = AuditEntry.objects.get(verb="record.export")
    assert (entry.actor, entry.object_id) == (auditor, str(round.pk))
    assert entry.after == {"edition": "full", "version": 1, "result_hash": head["result_hash"]}
    assert [path for path in records.iterdir() if not path.name.startswith(".")] == []


def test_an_organiser_gets_it_after_publication_only(client, round):
    signed_in(client, "organiser", round.contest.unit)
    page = f"/manage/rounds/{round.pk}/"
    button = f'action="{reverse("manage-round-record", args=[round.pk])}"'
    assert ask(client, round).status_code == 404
    assert button not in client.get(page).content.decode()
    Round.objects.update(state=RoundState.PUBLISHED)
    response = ask(client, round)
    assert response.status_code == 200
    response.close()
    assert button in client.get(page).content.decode()


@pytest.mark.parametrize("role", ["secretary", "administrator", "coordinator", "judge", "auditor"])
def test_others_and_auditors_of_another_unit_get_nothing(client, round, role):
    Round.objects.update(state=RoundState.PUBLISHED)
    signed_in(client, role, make_unit(parent=make_root()) if role == "auditor" else None)
    assert ask(client, round).status_code == 404
    assert not AuditEntry.objects.filter(verb="record.export").exists()


def test_two_do_not_write_the_same_record_at_once(client, round):
    signed_in(client, "auditor", None)
    with sole_builder(round):
        response = ask(client, round)
    assert (response.status_code, response.url) == (302, f"/manage/rounds/{round.pk}/")
    assert not AuditEntry.objects.filter(verb="record.export").exists()
