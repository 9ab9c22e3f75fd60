"""Acts without a request tell which command or task they came from; sign-ins of those with power are traced."""

from io import StringIO
from unittest import mock

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.audit import record_audit
from accounts.models import AuditEntry, User
from contest.closing import close_round
from contest.tasks import tick
from tests.factories import grant, make_root, make_user, past_round

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def traced(verb: str) -> AuditEntry:
    return AuditEntry.objects.get(verb=verb)


def test_an_act_of_the_command_line_names_the_command():
    make_root()
    user = make_user("nv-1")
    call_command("grant_role", "nv-1", "judge", stdout=StringIO())
    call_command("create_api_token", "nv-1", stdout=StringIO())
    call_command("deactivate_user", "nv-1", "--reason", "Nghỉ việc", stdout=StringIO())
    told = [(entry.actor, entry.origin) for entry in AuditEntry.objects.order_by("id")]
    assert told == [(None, f"command:{name}") for name in ("grant_role", "create_api_token", "deactivate_user")]
    assert record_audit(actor=user, verb="x", object=user).origin == ""


def test_a_close_tells_whether_a_worker_or_somebody_on_the_server_did_it():
    past_round()
    tick()
    past_round()
    call_command("close_rounds", stdout=StringIO())
    closes = AuditEntry.objects.filter(verb="round.close").order_by("id")
    assert [entry.origin for entry in closes] == ["task:contest.tasks.tick", "command:close_rounds"]


def test_a_password_set_on_the_server_is_traced_without_the_password():
    user = make_user("nv-2")
    with mock.patch("getpass.getpass", return_value="mot-mat-khau-rat-dai"):  # the terminal of the test has none
        call_command("changepassword", "nv-2", stdout=StringIO())
    assert User.objects.get(pk=user.pk).check_password("mot-mat-khau-rat-dai")
    entry = traced("user.set_password")
    assert (entry.actor, entry.origin, entry.object_id) == (None, "command:changepassword", str(user.pk))
    assert (entry.before, entry.after) == ({}, {})


@pytest.mark.django_db(transaction=True)
def test_files_written_on_the_server_are_traced_and_refused_ones_are_not(tmp_path):
    round = past_round()
    with pytest.raises(Exception, match="not ranked"):
        call_command("export_record", str(round.pk), "--out", str(tmp_path / "r"), stdout=StringIO())
    assert not AuditEntry.objects.exists()
    close_round(round.pk)
    call_command("export_record", str(round.pk), "--out", str(tmp_path / "r"), "--full", stdout=StringIO())
    target = tmp_path / "p.csv"
    options = {"round": round.pk, "format": "csv", "out": target}
    call_command("export_report", "participation", **options, stdout=StringIO())
    full, report = traced("record.export"), traced("report.export")
    assert (full.after, full.unit_id) == ({"edition": "full"}, round.contest.unit_id)
    assert (report.after, report.origin) == ({"kind": "participation", "format": "csv"}, "command:export_report")


def test_sign_ins_of_those_with_a_role_are_traced_and_those_of_participants_are_not(client):
    power, participant = (make_user(name, password="mot-mat-khau-dai") for name in ("nv-quyen", "nv-thuong"))
    grant(power, "judge")
    for user in (power, participant):
        for password in ("sai-mat-khau-roi", "mot-mat-khau-dai"):
            client.post(reverse("account_login"), {"login": user.employee_id, "password": password})
        assert client.session["_auth_user_id"] == str(user.pk)
        client.logout()
    told = [(entry.verb, entry.actor, entry.object_id) for entry in AuditEntry.objects.order_by("id")]
    assert told == [("session.refused", None, str(power.pk)), ("session.start", power, str(power.pk))]
    assert all((entry.before, entry.after) == ({}, {}) for entry in AuditEntry.objects.all())


def test_a_failed_sign_in_is_traced_in_whatever_case_the_id_was_typed(client):
    power = make_user("nv-quyen", password="mot-mat-khau-dai")
    grant(power, "judge")
    for typed in ("NV-QUYEN", "Nv-quyen", "nv-quyen", "nv-quye"):
        client.post(reverse("account_login"), {"login": typed, "password": "sai-mat-khau-roi"})
    refused = AuditEntry.objects.filter(verb="session.refused", object_id=str(power.pk))
    assert (refused.count(), AuditEntry.objects.count()) == (3, 3)
