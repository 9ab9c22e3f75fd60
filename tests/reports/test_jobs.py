"""The job behind a file: asked for, made, fetched, called off, expired; rights are read at every step."""

import io
import multiprocessing
import os
import socket
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import openpyxl
import pytest
from celery import current_app
from django.db import connection
from django.urls import reverse

from accounts import queue
from accounts.clock import server_now
from accounts.models import AuditEntry, Membership, Role, RoleGrant, User
from contest.models import Round, Standing
from reports import services, tasks
from reports.models import Export, ExportState
from reports.problems import ExportNotAllowed, TooManyExports
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, past_round

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def directory(settings, tmp_path):
    settings.EXPORT_DIR = tmp_path / "exports"
    return settings.EXPORT_DIR


@pytest.fixture
def sent(monkeypatch):
    """The ids handed to the broker."""
    ids = []
    monkeypatch.setattr(queue, "_send", lambda task, arguments: ids.append(UUID(arguments[0])))
    return ids


@pytest.fixture
def round():
    root = make_root()
    units = [make_unit(code, parent=root, headcount=2) for code in ("A1", "B2")]
    round = past_round(make_contest(unit=root))
    for unit in units:
        make_attempt(round, make_user(unit=unit), answers="B")
        make_user(unit=unit)
    return round


def publish(round, state="published"):
    Round.objects.filter(pk=round.pk).update(state=state, version=1)
    round.refresh_from_db()


def person(role, unit=None):
    user = make_user()
    return user, grant(user, role, unit)


def ask(user, round, kind="participation", format="xlsx", **more):
    return services.request_export(actor=user, kind=kind, round=round, format=format, **more)


def run(export):
    made = services.run_export(export.pk)
    export.refresh_from_db()
    return made


def revoke(role_grant: RoleGrant):
    RoleGrant.objects.filter(pk=role_grant.pk).update(valid_to=server_now())


def files(directory: Path):
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


# --- Asking -----------------------------------------------------------------------------------------


def test_a_wish_is_a_row_a_trace_and_after_the_commit_a_message(round, sent, django_capture_on_commit_callbacks):
    user, _ = person(Role.ORGANISER)
    with django_capture_on_commit_callbacks(execute=True):
        export = ask(user, round)
        assert sent == []
    assert sent == [export.pk]
    assert (export.state, export.label) == ("waiting", "Báo cáo tham gia - Tuần 1")
    entry = AuditEntry.objects.get(verb="export.request")
    assert (entry.actor, entry.object_id, entry.after["round"]) == (user, str(export.pk), round.pk)


def test_the_same_wish_twice_is_one_file(round, sent):
    user, _ = person(Role.ORGANISER)
    assert ask(user, round) == ask(user, round)
    assert ask(user, round, format="csv") != ask(user, round)
    assert AuditEntry.objects.filter(verb="export.request").count() == 2


def test_a_person_may_wait_for_five_files(round, sent):
    user, _ = person(Role.ORGANISER)
    for kind, format in [(k, f) for k in ("participation", "nonparticipants") for f in ("xlsx", "csv", "json")][:5]:
        ask(user, round, kind, format)
    with pytest.raises(TooManyExports):
        ask(user, round, "nonparticipants", "json")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "kind", "allowed"),
    [
        (Role.COORDINATOR, "participation", True),
        (Role.ORGANISER, "participation", True),
        (Role.SECRETARY, "participation", True),
        (Role.AUDITOR, "participation", True),
        (Role.JUDGE, "participation", False),
        (Role.ADMINISTRATOR, "participation", False),
        (Role.COORDINATOR, "nonparticipants", True),
        (Role.ORGANISER, "nonparticipants", True),
        (Role.SECRETARY, "nonparticipants", True),
        (Role.AUDITOR, "nonparticipants", False),
        (Role.COORDINATOR, "staff_results", True),
        (Role.ORGANISER, "staff_results", True),
        (Role.SECRETARY, "staff_results", True),
        (Role.AUDITOR, "staff_results", False),
        (Role.COORDINATOR, "standings", False),
        (Role.ORGANISER, "standings", True),
        (Role.SECRETARY, "standings", True),
        (Role.AUDITOR, "standings", True),
        (Role.JUDGE, "standings", False),
    ],
)
def test_who_may_ask_for_what(round, sent, role, kind, allowed):
    publish(round)
    user, _ = person(role)
    if allowed:
        assert run(ask(user, round, kind))
    else:
        with pytest.raises(ExportNotAllowed):
            ask(user, round, kind)


@pytest.mark.parametrize("kind", ["standings", "staff_results"])
@pytest.mark.parametrize("state", ["scheduled", "closed", "ranked"])
def test_nobody_takes_out_scores_before_publication(round, sent, state, kind):
    publish(round, state)
    for role in (Role.ORGANISER, Role.SECRETARY, Role.AUDITOR):
        with pytest.raises(ExportNotAllowed):
            ask(person(role)[0], round, kind)


def test_standings_need_a_role_that_reaches_the_organising_unit(round, sent):
    publish(round)
    user, _ = person(Role.ORGANISER, round.round_units.first().unit)
    with pytest.raises(ExportNotAllowed):
        ask(user, round, "standings")


def test_a_unit_outside_the_scope_cannot_be_asked_for(round, sent):
    one, two = (copy.unit for copy in round.round_units.order_by("unit__code"))
    user, _ = person(Role.COORDINATOR, one)
    assert ask(user, round, unit_code=one.code).parameters["unit"] == one.code
    for code in (two.code, "TINH", "nowhere"):
        with pytest.raises(ExportNotAllowed):
            ask(user, round, unit_code=code)


def test_a_coordinator_gets_a_file_about_the_own_unit_alone(round, sent):
    one, two = (copy.unit for copy in round.round_units.order_by("unit__code"))
    user, _ = person(Role.COORDINATOR, one)
    publish(round)
    for kind in ("participation", "nonparticipants", "staff_results"):
        export = ask(user, round, kind, "json")
        assert run(export)
        text = export.path.read_text(encoding="utf-8")
        assert (one.name in text, two.name in text) == (True, False)
        assert export.unit_ids == [one.pk]


# --- Making -----------------------------------------------------------------------------------------


def test_a_finished_file_opens_with_the_figures(round, sent, client, directory):
    user, _ = person(Role.ORGANISER)
    export = ask(user, round)
    assert run(export) is True
    assert (export.state, export.progress, export.run, export.error) == ("done", 100, 1, "")
    assert timedelta(hours=23) < export.expires_at - server_now() <= timedelta(hours=24)
    assert (files(directory), export.size) == ([export.file_name], export.path.stat().st_size)
    assert len(export.file_name) > 30
    client.force_login(user)
    response = client.get(reverse("report-export-download", args=[export.pk]))
    assert response["Content-Disposition"].startswith('attachment; filename="participation-')
    assert "no-store" in response["Cache-Control"]
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).worksheets[0]
    total = next(row for row in sheet.iter_rows(values_only=True) if "Tổng cộng" in row)
    assert total[4:9] == (4, 4, 0, 2, 0.5)
    assert AuditEntry.objects.filter(verb="export.download", actor=user, object_id=str(export.pk)).count() == 1


def test_a_task_that_comes_twice_runs_once(round, sent, monkeypatch):
    export = ask(person(Role.ORGANISER)[0], round)
    written = count_writes(monkeypatch)
    assert (run(export), run(export)) == (True, False)
    assert (len(written), export.run) == (1, 1)


def test_without_the_guard_a_task_that_comes_twice_would_run_twice(round, sent, monkeypatch):
    """The control: the same two calls with the row put back between them, as if nothing guarded the move."""
    export = ask(person(Role.ORGANISER)[0], round)
    written = count_writes(monkeypatch)
    for _ in range(2):
        Export.objects.filter(pk=export.pk).update(state="waiting")
        run(export)
    assert len(written) == 2


def count_writes(monkeypatch):
    written, original = [], services.write_file
    monkeypatch.setattr(services, "write_file", lambda *a, **k: written.append(1) or original(*a, **k))
    return written


def test_the_right_is_read_again_when_the_file_is_made(round, sent, directory):
    user, role_grant = person(Role.ORGANISER)
    export = ask(user, round)
    revoke(role_grant)
    assert run(export) is False
    assert (export.state, files(directory)) == ("failed", [])
    assert "không được xem" in export.error


def test_a_failure_is_told_without_its_inside(round, sent, monkeypatch, directory):
    export = ask(person(Role.ORGANISER)[0], round)

    def fail(*args, **kwargs):
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(services, "write_file", fail)
    assert run(export) is False
    assert export.state == "failed"
    assert "hunter2" not in export.error
    assert files(directory) == []


def slow_write(monkeypatch, meanwhile):
    """Let `meanwhile` happen when 500 rows have been written."""
    original = services.write_file

    def write(document, *, progress, **rest):
        def report(rows):
            meanwhile()
            progress(rows)

        return original(document, progress=report, **rest)

    monkeypatch.setattr(services, "write_file", write)


def crowd(round, number=1100):
    unit = round.round_units.order_by("unit__code").first().unit
    people = [User(employee_id=f"K{n:06}", full_name="Lê Văn Đông", password="!") for n in range(number)]
    User.objects.bulk_create(people)
    Membership.objects.bulk_create(Membership(user=user, unit=unit, starts_on="2020-01-01") for user in people)


def test_progress_is_told_and_cancelling_stops_the_writing(round, sent, monkeypatch, directory):
    crowd(round)
    user, _ = person(Role.ORGANISER)
    export = ask(user, round, "nonparticipants")
    seen = []

    def cancel_at_the_second():
        seen.append(Export.objects.get(pk=export.pk).progress)
        if len(seen) == 2:
            assert services.cancel_export(export=export, actor=user) is True

    slow_write(monkeypatch, cancel_at_the_second)
    assert run(export) is False
    assert seen == [0, 45]
    assert (export.state, files(directory)) == ("cancelled", [])
    assert services.cancel_export(export=export, actor=user) is False
    assert AuditEntry.objects.filter(verb="export.cancel").count() == 1


def test_cancelled_before_the_worker_comes_it_is_never_made(round, sent):
    user, _ = person(Role.ORGANISER)
    export = ask(user, round)
    services.cancel_export(export=export, actor=user)
    assert run(export) is False
    assert export.state == "cancelled"


def test_a_worker_that_lost_its_run_does_not_finish_anothers(round, sent, monkeypatch, directory):
    export = ask(person(Role.ORGANISER)[0], round)
    original = services.write_file

    def overtaken(*args, **kwargs):
        size = original(*args, **kwargs)
        Export.objects.filter(pk=export.pk).update(run=2)
        return size

    monkeypatch.setattr(services, "write_file", overtaken)
    assert run(export) is False
    assert (export.state, export.file_name, files(directory)) == ("running", "", [])


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_kill_9_in_the_middle_leaves_no_half_file_and_the_sweep_starts_again(round, sent, monkeypatch, directory):
    crowd(round, 600)
    export = ask(person(Role.ORGANISER)[0], round, "nonparticipants")

    def die():
        os.kill(os.getpid(), 9)

    connection.close()
    child = multiprocessing.get_context("fork").Process(target=lambda: (slow_write(monkeypatch, die), run(export)))
    child.start()
    child.join(60)
    assert child.exitcode == -9
    export.refresh_from_db()
    assert (export.state, export.run, export.file_name) == ("running", 1, "")
    assert [name for name in files(directory) if not name.startswith(".part-")] == []

    services.sweep_exports()
    export.refresh_from_db()
    assert export.state == "running"  # it may still be alive
    Export.objects.filter(pk=export.pk).update(alive_at=server_now() - timedelta(minutes=6))
    for part in directory.iterdir():
        os.utime(part, (0, 0))
    services.sweep_exports()
    assert files(directory) == []
    assert run(export) is True
    assert (export.run, files(directory)) == (2, [export.file_name])


def test_a_file_whose_workers_keep_dying_is_given_up(round, sent):
    export = ask(person(Role.ORGANISER)[0], round)
    Export.objects.filter(pk=export.pk).update(
        state="running", run=services.MOST_RUNS, alive_at=server_now() - timedelta(hours=1)
    )
    services.sweep_exports()
    export.refresh_from_db()
    assert export.state == "failed"
    assert export.error


# --- The broker -------------------------------------------------------------------------------------


def test_the_sweep_prompts_what_waits_although_the_message_was_lost(round, sent, django_capture_on_commit_callbacks):
    export = ask(person(Role.ORGANISER)[0], round)
    with django_capture_on_commit_callbacks(execute=True):
        services.sweep_exports()
    assert sent == []  # its own message is a moment old
    Export.objects.filter(pk=export.pk).update(requested_at=server_now() - timedelta(minutes=1))
    with django_capture_on_commit_callbacks(execute=True):
        services.sweep_exports()
    assert sent == [export.pk]


@pytest.fixture(params=["nobody listens", "nobody answers"])
def no_broker(request, monkeypatch):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "nobody answers":
            listener.listen()
        monkeypatch.setattr(current_app.conf, "broker_write_url", f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        yield


@pytest.mark.slow
def test_without_a_broker_the_wish_is_kept_and_the_page_waits_a_second_at_most(
    round, no_broker, django_capture_on_commit_callbacks
):
    started = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        export = ask(person(Role.ORGANISER)[0], round)
    assert time.monotonic() - started < 1.5
    assert Export.objects.get(pk=export.pk).state == "waiting"


def test_the_message_reaches_the_broker(round, django_capture_on_commit_callbacks):
    with current_app.connection_for_write() as broker:
        queue = broker.default_channel
        before = queue.client.llen("celery")
        with django_capture_on_commit_callbacks(execute=True):
            export = ask(person(Role.ORGANISER)[0], round)
        assert queue.client.llen("celery") == before + 1
        assert str(export.pk) in queue.client.lindex("celery", 0).decode()
        queue.client.delete("celery")


def test_the_tasks_have_the_names_the_beat_and_the_service_use(settings):
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert tasks.sweep_exports.name in scheduled
    assert tasks.run_export.name == services.RUN_TASK


# --- Fetching ---------------------------------------------------------------------------------------


def download(client, user, export):
    client.force_login(user)
    return client.get(reverse("report-export-download", args=[export.pk]))


def test_a_right_revoked_after_the_file_was_made_closes_the_link(round, sent, client):
    user, role_grant = person(Role.ORGANISER)
    export = ask(user, round)
    run(export)
    assert download(client, user, export).status_code == 200
    revoke(role_grant)
    assert download(client, user, export).status_code == 404
    assert AuditEntry.objects.filter(verb="export.download").count() == 1


def test_a_right_narrowed_after_the_file_was_made_closes_the_link(round, sent, client):
    user, role_grant = person(Role.ORGANISER)
    export = ask(user, round)
    run(export)
    revoke(role_grant)
    grant(user, Role.ORGANISER, round.round_units.first().unit)
    assert download(client, user, export).status_code == 404


def test_a_file_with_scores_needs_the_right_to_scores_at_download(round, sent, client):
    publish(round, "ranked")
    user, role_grant = person(Role.AUDITOR)
    export = ask(user, round)
    run(export)
    assert export.with_scores
    revoke(role_grant)
    grant(user, Role.ORGANISER)
    assert download(client, user, export).status_code == 404
    publish(round, "published")
    assert download(client, user, export).status_code == 200


def test_nobody_else_fetches_or_cancels_it(round, sent, client):
    user, _ = person(Role.ORGANISER)
    other, _ = person(Role.ORGANISER)
    export = ask(user, round)
    client.force_login(other)
    assert client.post(reverse("report-export-cancel", args=[export.pk])).status_code == 404
    run(export)
    assert export.state == "done"
    assert download(client, other, export).status_code == 404
    client.logout()
    assert client.get(reverse("report-export-download", args=[export.pk])).status_code == 302


def test_an_expired_link_is_gone_at_once_and_its_file_at_the_sweep(round, sent, client, directory):
    user, _ = person(Role.ORGANISER)
    export = ask(user, round)
    run(export)
    Export.objects.filter(pk=export.pk).update(expires_at=server_now())
    assert download(client, user, export).status_code == 404
    services.sweep_exports()
    export.refresh_from_db()
    assert (export.state, files(directory)) == (ExportState.EXPIRED, [])


def test_the_sweep_removes_only_old_leavings(round, sent, directory):
    export = ask(person(Role.ORGANISER)[0], round)
    run(export)
    (directory / ".part-old").mkdir()
    (directory / ".part-old" / "file.xlsx").write_text("half")
    (directory / "young.csv").write_text("being renamed")
    (directory / "old.csv").write_text("nobody's")
    for name in (".part-old", "old.csv", export.file_name):
        os.utime(directory / name, (0, 0))
    services.sweep_exports()
    assert files(directory) == sorted([export.file_name, "young.csv"])


def test_a_file_lost_from_the_disk_is_not_found(round, sent, client):
    user, _ = person(Role.ORGANISER)
    export = ask(user, round)
    run(export)
    export.path.unlink()
    assert download(client, user, export).status_code == 404


def test_standings_hold_what_is_stored(round, sent):
    publish(round)
    attempt = round.attempts.first()
    Standing.objects.create(attempt=attempt, round=round, position=1, rank=1, score=3, prediction_error=0)
    export = ask(person(Role.SECRETARY)[0], round, "standings", "csv")
    assert run(export)
    assert attempt.user.full_name in export.path.read_text(encoding="utf-8-sig")
