"""The page of the trace: who reads what of it, filters, pages by number, and the check that auditors ask for."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.audit import checks, record_audit
from accounts.audit.anchors import keep_anchor, present_anchor
from accounts.audit.sealing import seal_audit
from accounts.clock import server_now
from accounts.models import AuditCheck, AuditEntry
from accounts.tasks import check_audit_nightly, run_audit_check
from accounts.tasks import seal_audit as seal_task
from tests.audit.tampering import act, cut_off, edit, sealed_trace
from tests.factories import draft_round, grant, make_contest, make_root, make_unit, make_user

pytestmark = pytest.mark.django_db
PAGE = "manage-audit"


@pytest.fixture(autouse=True)
def anchors(settings, tmp_path):
    settings.ANCHOR_DIR = tmp_path / "anchors"
    return settings.ANCHOR_DIR


@pytest.fixture
def auditor(client):
    user = make_user("giam-sat", full_name="Lê Giám Sát")
    grant(user, "auditor")
    client.force_login(user)
    return user


def shown(client, **query) -> list[int]:
    """The numbers of the entries on the page."""
    response = client.get(reverse(PAGE), query)
    assert response.status_code == 200
    return [row["entry"].pk for row in response.context["rows"]]


# --- Who reads what -----------------------------------------------------------------------------------


def test_each_reads_what_is_about_units_in_their_scope(client):
    """What belongs to no unit is for those whose scope is everywhere."""
    root, health, school = make_root(), make_unit("YT"), make_unit("GD")
    for unit in (health, school):
        unit.parent = root
        unit.save()
    hospital = make_unit("BV", parent=health)
    actor = make_user()
    about = {
        unit: record_audit(actor=actor, verb="unit.set_headcount", object=unit).pk for unit in (root, health, school)
    }
    below = record_audit(actor=actor, verb="user.deactivate", object=make_user(unit=hospital)).pk
    nobodys = record_audit(actor=actor, verb="user.deactivate", object=make_user()).pk
    everywhere, local = make_user(), make_user()
    grant(everywhere, "organiser", root)
    grant(local, "organiser", health)
    client.force_login(local)
    assert shown(client) == [below, about[health]]
    client.force_login(everywhere)
    assert shown(client) == [nobodys, below, about[school], about[health], about[root]]


def test_the_scope_of_an_entry_is_that_of_its_object():
    unit = make_unit()
    contest = make_contest(unit=unit)
    round = draft_round(contest)
    given = grant(make_user(), "judge", unit)
    objects = [unit, contest, round, given, make_user(unit=unit)]
    entries = [record_audit(actor=None, verb="x", object=each) for each in objects]
    assert [entry.unit_id for entry in entries] == [unit.pk] * 5
    other = make_unit()
    assert record_audit(actor=None, verb="x", object=round, unit=other).unit_id == other.pk


# --- Filters and pages --------------------------------------------------------------------------------


def test_the_trace_is_filtered_by_person_group_object_request_and_days(client, auditor):
    first, second = make_user("nguoi-a", full_name="Trần Văn An"), make_user("nguoi-b", full_name="Lý Bình")
    unit = make_unit(parent=make_root())
    one = record_audit(actor=first, verb="unit.set_headcount", object=unit)
    two = record_audit(actor=second, verb="role.grant", object=grant(first, "judge"))
    three = AuditEntry.objects.create(
        actor=first, verb="unit.set_headcount", object_type="accounts.unit", object_id=str(unit.pk),
        object_label="x", unit=unit, at=server_now() - timedelta(days=40), request_id="req-0001",
    )  # fmt: skip
    today, then = timezone.localdate(), timezone.localdate(three.at)
    assert shown(client) == [three.pk, two.pk, one.pk]
    assert shown(client, who="tran van an") == shown(client, who="nguoi-a") == [three.pk, one.pk]
    assert shown(client, group="role") == [two.pk]
    assert shown(client, group="roster", object_type="accounts.unit", object_id=unit.pk) == [three.pk, one.pk]
    assert shown(client, request_id="req-0001") == [three.pk]
    assert shown(client, since=then, until=then) == [three.pk]
    assert shown(client, since=today) == [two.pk, one.pk]
    assert shown(client, until=today - timedelta(days=1)) == [three.pk]
    assert shown(client, who="không ai") == []


@pytest.mark.parametrize(
    "query",
    [{"since": "hôm qua"}, {"group": "x"}, {"before": "-1"}, {"after": "9" * 30}, {"who": "\0"},
     {"since": "9999-12-31"}, {"until": "9999-12-31"}, {"since": "0001-01-01"}],
    ids=str,
)  # fmt: skip
def test_a_filter_that_makes_no_sense_breaks_nothing(client, auditor, query):
    act(1, auditor)
    assert len(shown(client, **query)) <= 1


def test_pages_go_on_by_number_both_ways(client, auditor, monkeypatch):
    monkeypatch.setattr("accounts.audit.reading.PAGE_SIZE", 2)
    ids = [act(number, auditor).pk for number in range(5)][::-1]
    response = client.get(reverse(PAGE))
    part = response.context["part"]
    assert ([entry.pk for entry in part.entries], part.newer, part.older) == (ids[:2], None, ids[1])
    part = client.get(reverse(PAGE), {"before": part.older}).context["part"]
    assert ([entry.pk for entry in part.entries], part.newer, part.older) == (ids[2:4], ids[2], ids[3])
    part = client.get(reverse(PAGE), {"before": part.older}).context["part"]
    assert ([entry.pk for entry in part.entries], part.newer, part.older) == (ids[4:], ids[4], None)
    part = client.get(reverse(PAGE), {"after": part.newer}).context["part"]
    assert [entry.pk for entry in part.entries] == ids[2:4]
    part = client.get(reverse(PAGE), {"after": part.newer}).context["part"]
    assert ([entry.pk for entry in part.entries], part.newer, part.older) == (ids[:2], None, ids[1])


def test_the_page_takes_as_many_queries_for_3_as_for_1_and_counts_nothing(
    client, auditor, django_assert_max_num_queries
):
    contest = make_contest()
    record_audit(actor=make_user(), verb="contest.show", object=contest)
    with django_assert_max_num_queries(20) as first:
        client.get(reverse(PAGE))
    for _ in range(2):
        record_audit(actor=make_user(), verb="contest.show", object=make_contest())
    seal_audit()
    with django_assert_max_num_queries(20) as second:
        client.get(reverse(PAGE))
    assert len(first) == len(second)
    assert not [query["sql"] for query in second if "COUNT(*)" in query["sql"] and "_audit" in query["sql"]]


def test_an_entry_tells_who_what_from_what_to_what_and_where_from(client, auditor):
    contest = make_contest(title="Hội thi thử")
    record_audit(
        actor=auditor, verb="contest.edit", object=contest, before={"grace_seconds": 5}, after={"grace_seconds": 7}
    )
    AuditEntry.objects.create(
        verb="role.grant", object_type="accounts.rolegrant", object_id="1", object_label="<b>An</b>",
        origin="command:grant_role", request_id="req-77777777",
    )  # fmt: skip
    page = client.get(reverse(PAGE)).content.decode()
    assert "Lê Giám Sát" in page
    assert "đã sửa thiết lập của hội thi" in page
    assert f'<a href="{reverse("manage-contest", args=[contest.pk])}">Hội thi thử</a>' in page
    assert "<del>5</del>" in page
    assert "<ins>7</ins>" in page
    assert "Dòng lệnh máy chủ" in page
    assert "<code>grant_role</code>" in page
    assert "&lt;b&gt;An&lt;/b&gt;" in page
    assert "?request_id=req-77777777" in page


def test_an_object_that_is_gone_has_no_link(client, auditor):
    contest = make_contest()
    record_audit(actor=auditor, verb="contest.show", object=contest)
    contest.delete()
    assert "/manage/contests/" not in client.get(reverse(PAGE)).content.decode()


# --- Checking -----------------------------------------------------------------------------------------


def test_an_auditor_has_the_trace_checked_and_reads_the_result(client, auditor):
    entries = sealed_trace()
    assert client.post(reverse("manage-audit-verify")).status_code == 302
    check = AuditCheck.objects.get()
    trace = AuditEntry.objects.get(verb="audit.verify")
    assert (check.requested_by, check.started_at, trace.actor) == (auditor, None, auditor)
    assert "Đang chờ kết quả kiểm tra" in client.get(reverse(PAGE)).content.decode()
    run_audit_check(check.pk)
    run_audit_check(check.pk)
    page = client.get(reverse(PAGE)).content.decode()
    assert "Đã kiểm tra 9 dấu vết trong 3 niêm phong; 1 dấu vết đang chờ niêm phong." in page
    edit(entries[4], verb="role.grant")
    client.post(reverse("manage-audit-verify"))
    run_audit_check(AuditCheck.objects.first().pk)
    page = client.get(reverse(PAGE)).content.decode()
    assert "Nhật ký đã bị can thiệp" in page
    assert f"Dấu vết số {entries[4].pk} đã bị sửa sau khi niêm phong (niêm phong 2)." in page
    assert "Trước chỗ đó, 3 dấu vết còn nguyên vẹn." in page


def test_two_wishes_are_one_check_and_one_whose_worker_died_is_begun_again(auditor):
    first, second = checks.request_check(actor=auditor), checks.request_check(actor=auditor)
    assert first == second
    old = server_now() - timedelta(hours=1)
    AuditCheck.objects.update(started_at=old, requested_at=old)
    seal_task()
    assert AuditCheck.objects.get().started_at is None
    assert checks.run_check(first.pk)
    seal_task()
    assert AuditCheck.objects.get().finished_at is not None


def test_an_anchor_is_handed_out_with_a_trace(client, auditor):
    assert client.post(reverse("manage-audit-anchor")).status_code == 302
    sealed_trace()
    response = client.post(reverse("manage-audit-anchor"))
    assert json.loads(response.content)["digest"] == present_anchor().digest
    assert response["Content-Disposition"] == 'attachment; filename="moc-doi-chieu-3.json"'
    assert AuditEntry.objects.get(verb="audit.take_anchor").actor == auditor


def test_organisers_read_and_have_nothing_checked(client):
    user = make_user()
    grant(user, "organiser")
    client.force_login(user)
    assert "Nhật ký còn nguyên vẹn không?" not in client.get(reverse(PAGE)).content.decode()
    for name in ("manage-audit-verify", "manage-audit-anchor"):
        assert client.post(reverse(name)).status_code == 404
    assert not AuditCheck.objects.exists()


# --- Nightly, with anchors that leave the database ------------------------------------------------------


def test_every_night_the_trace_is_checked_and_an_anchor_kept(anchors):
    check_audit_nightly()
    assert list(anchors.glob("*")) == []
    sealed_trace()
    check_audit_nightly()
    (kept,) = anchors.iterdir()
    assert kept.name == f"audit-{timezone.localdate():%Y-%m-%d}.json"
    assert json.loads(kept.read_text())["digest"] == present_anchor().digest


def test_what_was_cut_off_is_seen_by_the_anchors_that_were_kept(anchors, caplog):
    """The control: without the file the same check finds nothing."""
    sealed_trace()
    keep_anchor(timezone.localdate())
    cut_off(1)
    check_audit_nightly()
    assert AuditCheck.objects.first().fault == {"kind": "cut_off", "seal": 2, "entry": None, "place": None}
    assert "the audit trace is broken: seal 2: missing" in caplog.text
    assert json.loads(next(anchors.iterdir()).read_text())["seal"] == 3, "the good anchor is not overwritten"
    for path in anchors.iterdir():
        path.unlink()
    check_audit_nightly()
    assert AuditCheck.objects.first().fault is None


def test_a_file_that_is_no_anchor_is_told_of_and_stops_nothing(anchors, caplog):
    anchors.mkdir()
    (anchors / "audit-2026-01-01.json").write_text("{}")
    sealed_trace()
    check_audit_nightly()
    assert AuditCheck.objects.get().fault is None
    assert "audit-2026-01-01.json: not an anchor file" in caplog.text
