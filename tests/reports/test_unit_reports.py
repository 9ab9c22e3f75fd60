"""A unit's weekly report: written, sent and frozen, returned, accepted, compiled; deadlines; who has not sent."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import queue
from accounts.clock import server_now
from accounts.models import AuditEntry, Role
from accounts.problems import Refused
from contest.closing import close_round
from contest.models import Round
from notifications.models import Notification
from reports.collective.inputs import reports_on_time
from reports.models import ReportState, UnitReport
from reports.problems import ExportNotAllowed
from reports.services import request_export, run_export
from reports.unit_reports.deadlines import deadline_of, set_deadline, standard_deadline
from reports.unit_reports.figures import digest_of
from reports.unit_reports.overview import due_from, overview_of
from reports.unit_reports.services import accept_report, return_report, save_draft, send_report, stamp_of
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, open_round, past_round

pytestmark = pytest.mark.django_db
LIST = "unit-reports"


@pytest.fixture
def health():
    return make_unit("SYT", name="Sở Y tế", parent=make_root(), headcount=4)


@pytest.fixture
def hospital(health):
    return make_unit("BV", name="Bệnh viện", kind="Đơn vị sự nghiệp", parent=health, headcount=2)


@pytest.fixture
def round(health, hospital):
    """Published: in the department one perfect paper, in its hospital one perfect and one of zero points."""
    round = past_round(make_contest(unit=make_root(), title="Hội thi"))
    make_attempt(round, make_user(unit=health), answers="B")
    make_attempt(round, make_user(unit=hospital), answers="B")
    make_attempt(round, make_user("KHONG", unit=hospital, full_name="Lê Không"), answers="A")
    make_user("VANG", unit=hospital)
    return published(round)


def published(round):
    close_round(round.pk)
    Round.objects.filter(pk=round.pk).update(state="published", published_at=server_now())
    round.refresh_from_db()
    return round


def holder(role, unit, **fields):
    user = make_user(**fields)
    grant(user, role, unit)
    return user


@pytest.fixture
def coordinator(hospital):
    return holder(Role.COORDINATOR, hospital, full_name="Đầu mối bệnh viện")


@pytest.fixture
def secretary():
    return holder(Role.SECRETARY, make_root())


def send(round, unit, actor, seen="", **remarks):
    return send_report(round=round, unit=unit, remarks=remarks, seen=seen, actor=actor)


def page_of(round, unit):
    return reverse("unit-report", args=[round.pk, unit.pk])


def text(response):
    return " ".join(response.content.decode().split())


# --- Sending ----------------------------------------------------------------------------------------


def test_figures_are_frozen_at_sending(round, hospital, coordinator):
    before = server_now()
    report = send(round, hospital, coordinator, done="Đã nhắc trong giao ban")
    assert (report.state, report.version, report.sent_by) == ("sent", 1, coordinator)
    assert before < report.sent_at < server_now()
    total = report.dataset["total"]
    assert {name: total[name] for name in ("participants", "headcount", "rate", "mean_score", "perfect", "zero")} == {
        "participants": 2,
        "headcount": 2,
        "rate": "1.0000",
        "mean_score": "1.50",
        "perfect": 1,
        "zero": 1,
    }
    assert report.dataset["remarks"] == {"done": "Đã nhắc trong giao ban", "difficulties": "", "suggestions": ""}
    assert report.digest == digest_of(report.dataset)
    make_attempt(round, make_user(unit=hospital), answers="B")
    report.refresh_from_db()
    assert report.dataset["total"]["participants"] == 2
    entry = AuditEntry.objects.get(verb="unit_report.send")
    assert (entry.actor, entry.after["digest"], entry.unit) == (coordinator, report.digest, hospital)


def test_a_department_counts_with_what_is_below_it(round, health):
    report = send(round, health, holder(Role.COORDINATOR, health))
    assert report.dataset["total"]["participants"] == 3
    assert [unit["unit_code"] for unit in report.dataset["units"]] == ["BV", "SYT"]


@pytest.mark.slow
@pytest.mark.parametrize("state", ["scheduled", "closed", "ranked"])
def test_nothing_is_written_before_publication(round, hospital, coordinator, state, client):
    Round.objects.filter(pk=round.pk).update(state=state)
    round.refresh_from_db()
    with pytest.raises(Refused):
        send(round, hospital, coordinator)
    client.force_login(coordinator)
    assert client.get(page_of(round, hospital)).status_code == 404
    assert "Chưa có tuần thi nào để báo cáo" in text(client.get(reverse(LIST)))


def test_a_report_is_sent_once(round, hospital, coordinator):
    report = send(round, hospital, coordinator)
    with pytest.raises(Refused):
        send(round, hospital, coordinator)
    with pytest.raises(Refused):
        save_draft(round=round, unit=hospital, remarks={}, seen=stamp_of(report), actor=coordinator)
    assert UnitReport.objects.count() == 1


def test_colleagues_do_not_overwrite_one_another(round, hospital, coordinator):
    mine = save_draft(round=round, unit=hospital, remarks={"done": "Tôi"}, seen="", actor=coordinator)
    with pytest.raises(Refused):
        save_draft(round=round, unit=hospital, remarks={"done": "Đồng nghiệp"}, seen="", actor=coordinator)
    save_draft(round=round, unit=hospital, remarks={"done": "Tôi nữa"}, seen=stamp_of(mine), actor=coordinator)
    with pytest.raises(Refused):
        send(round, hospital, coordinator, seen=stamp_of(mine))
    assert UnitReport.objects.values_list("done", "state").get() == ("Tôi nữa", "draft")


# --- Returning and accepting ------------------------------------------------------------------------


def test_a_returned_report_stays_and_its_next_version_is_sent(round, hospital, coordinator, secretary):
    first = send(round, hospital, coordinator, done="Bản một")
    return_report(report=first, comment="Nêu rõ ai chưa thi", actor=secretary)
    told = Notification.objects.get(user=coordinator)
    assert (told.kind, told.body, told.path) == ("unit_report", "Nêu rõ ai chưa thi", page_of(round, hospital))
    second = send(round, hospital, coordinator, done="Bản hai")
    accept_report(report=second, actor=secretary)
    rows = UnitReport.objects.order_by("version").values_list("version", "state", "done", "comment")
    assert list(rows) == [(1, "returned", "Bản một", "Nêu rõ ai chưa thi"), (2, "accepted", "Bản hai", "")]
    verbs = AuditEntry.objects.filter(verb__startswith="unit_report.").order_by("pk").values_list("verb", flat=True)
    assert [verb.split(".")[1] for verb in verbs] == ["send", "return", "send", "accept"]
    with pytest.raises(Refused):
        send(round, hospital, coordinator)


def test_a_report_is_decided_once_with_a_reason_and_not_by_its_sender(round, hospital, coordinator, secretary):
    report = send(round, hospital, coordinator)
    for act in (
        lambda: return_report(report=report, comment=" ", actor=secretary),
        lambda: accept_report(report=report, actor=coordinator),
    ):
        with pytest.raises(Refused):
            act()
    accept_report(report=report, actor=secretary)
    with pytest.raises(Refused):
        return_report(report=report, comment="Muộn rồi", actor=secretary)
    assert UnitReport.objects.get().state == ReportState.ACCEPTED


def test_the_database_refuses_what_the_services_never_write(round, hospital, coordinator, secretary):
    report = send(round, hospital, coordinator)
    wrong = [
        {"state": "accepted", "decided_by": coordinator, "decided_at": server_now()},
        {"state": "returned", "decided_by": secretary, "decided_at": server_now()},
        {"state": "accepted"},
        {"digest": ""},
    ]
    for fields in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            UnitReport.objects.filter(pk=report.pk).update(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        UnitReport.objects.create(round=round, unit=hospital, version=2, edited_by=coordinator)


# --- Deadlines --------------------------------------------------------------------------------------


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("closes_at", "published_at", "due"),
    [
        ("2023-06-11T17:00", "2023-06-12T02:00", "2023-06-15T10:00"),  # 24:00 on Sunday; 17:00 on Thursday
        ("2023-06-12T01:00", None, "2023-06-15T10:00"),
        ("2023-06-11T17:00", "2023-06-20T02:00", "2023-06-21T10:00"),  # published late: the day after
    ],
)
def test_the_standard_deadline(closes_at, published_at, due):
    published_at = at(published_at) if published_at else None
    assert standard_deadline(closes_at=at(closes_at), published_at=published_at) == at(due)


def test_a_moved_deadline_excuses_everybody_and_leaves_a_trace(round, hospital, coordinator, secretary):
    report = send(round, hospital, coordinator)
    assert reports_on_time([round])[round.pk, hospital.pk] is True
    set_deadline(round=round, due_at=report.sent_at - timedelta(seconds=1), actor=secretary)
    assert reports_on_time([round])[round.pk, hospital.pk] is False
    set_deadline(round=round, due_at=report.sent_at, actor=secretary)
    assert reports_on_time([round])[round.pk, hospital.pk] is True
    assert AuditEntry.objects.filter(verb="unit_report.set_deadline").count() == 2
    for due_at in (round.closes_at, server_now() + timedelta(days=400)):
        with pytest.raises(Refused):
            set_deadline(round=round, due_at=due_at, actor=secretary)
    assert deadline_of(round) == report.sent_at


def test_the_first_version_decides_whether_it_was_on_time(round, hospital, coordinator, secretary):
    first = send(round, hospital, coordinator)
    return_report(report=first, comment="Bổ sung", actor=secretary)
    set_deadline(round=round, due_at=server_now(), actor=secretary)
    send(round, hospital, coordinator)
    (line,) = [line for line in overview_of(round, units()).lines if line.unit == hospital]
    assert (line.version, line.on_time) == (2, True)


def test_what_the_list_counts(round, hospital, coordinator, secretary):
    def counts():
        return tuple(overview_of(round, units()).counts[name] for name in ("units", "sent", "to_do", "waiting", "late"))

    assert counts() == (2, 0, 2, 0, 0)
    report = send(round, hospital, coordinator)
    assert counts() == (2, 1, 1, 1, 0)
    set_deadline(round=round, due_at=report.sent_at - timedelta(seconds=1), actor=secretary)
    accept_report(report=report, actor=secretary)
    assert counts() == (2, 1, 1, 0, 1)


def units():
    return make_root().__class__.objects.all()


# --- The pages --------------------------------------------------------------------------------------


def test_a_coordinator_writes_and_sends_without_javascript(client, round, hospital, coordinator):
    client.force_login(coordinator)
    page = client.get(page_of(round, hospital))
    assert "100,00%" in text(page)
    form = {"done": "Đã nhắc", "difficulties": "", "suggestions": "", "seen": page.context["form"]["seen"].value()}
    client.post(page_of(round, hospital), form | {"act": "save"})
    assert UnitReport.objects.get().state == "draft"
    seen = client.get(page_of(round, hospital)).context["form"]["seen"].value()
    response = client.post(page_of(round, hospital), form | {"act": "send", "seen": seen}, follow=True)
    assert "Đã gửi báo cáo." in text(response)
    assert response.context["form"] is None
    assert UnitReport.objects.get().state == "sent"
    again = client.post(page_of(round, hospital), form | {"act": "send", "seen": seen})
    assert again.status_code == 422
    assert "Báo cáo này đã được gửi" in text(again)


def test_a_draft_is_its_writers_own(client, round, hospital, coordinator, secretary):
    save_draft(round=round, unit=hospital, remarks={"done": "CHUA-GUI"}, seen="", actor=coordinator)
    client.force_login(secretary)
    page = text(client.get(page_of(round, hospital)))
    assert "CHUA-GUI" not in page
    assert "Đơn vị chưa gửi báo cáo tuần này." in page
    assert overview_of(round, units()).counts["to_do"] == 2


def test_a_draft_is_gone_on_with_and_a_returned_report_begins_with_what_it_said(
    client, round, hospital, coordinator, secretary
):
    client.force_login(coordinator)
    save_draft(round=round, unit=hospital, remarks={"done": "Bản nháp"}, seen="", actor=coordinator)
    page = client.get(page_of(round, hospital))
    assert page.context["form"]["done"].value() == "Bản nháp"
    seen = page.context["form"]["seen"].value()
    return_report(report=send(round, hospital, coordinator, seen, done="Đã gửi"), comment="Bổ sung", actor=secretary)
    assert client.get(page_of(round, hospital)).context["form"]["done"].value() == "Đã gửi"


def test_a_returned_report_shows_its_writer_the_figures_of_now_and_its_reader_those_sent(
    client, round, hospital, coordinator, secretary
):
    report = send(round, hospital, coordinator)
    make_attempt(round, make_user(unit=hospital), answers="B")
    return_report(report=report, comment="Bổ sung", actor=secretary)
    for reader, participants in ((coordinator, 3), (secretary, 2)):
        client.force_login(reader)
        assert client.get(page_of(round, hospital)).context["total"]["participants"] == participants


def test_the_page_says_whether_it_was_on_time_and_asks_for_a_decision_once(
    client, round, hospital, coordinator, secretary
):
    report = send(round, hospital, coordinator)
    client.force_login(secretary)
    page = client.get(page_of(round, hospital))
    assert ("Đúng hạn" in text(page), page.context["may_decide"]) == (True, True)
    set_deadline(round=round, due_at=report.sent_at - timedelta(seconds=1), actor=secretary)
    accept_report(report=report, actor=secretary)
    page = client.get(page_of(round, hospital))
    assert ("Muộn" in text(page), page.context["may_decide"]) == (True, False)


@pytest.mark.slow
@pytest.mark.parametrize("role", [*Role])
def test_a_stranger_or_another_unit_gets_404(client, round, hospital, role):
    user = holder(role, make_unit(parent=make_root()))
    client.force_login(user)
    for url in (page_of(round, hospital), reverse("unit-reports-deadline", args=[round.pk])):
        assert client.get(url).status_code == 404
    for name, arguments in (
        ("unit-report", [round.pk, hospital.pk]),
        ("unit-report-decide", [round.pk, hospital.pk]),
        ("unit-reports-remind", [round.pk]),
        ("unit-reports-deadline", [round.pk]),
        ("nonparticipants-remind", [round.pk]),
    ):
        assert client.post(reverse(name, args=arguments)).status_code == 404
    assert client.get(reverse("report-zero-papers"), {"round": round.pk, "unit": "BV"}).status_code == 404


def test_a_department_goes_up_to_the_contests_secretary_alone(client, round, health, hospital, coordinator, secretary):
    below = holder(Role.SECRETARY, health)
    send(round, hospital, coordinator, suggestions="Thêm máy tính")
    client.force_login(below)
    client.post(reverse("unit-report-decide", args=[round.pk, hospital.pk]), {"act": "accept", "version": 1})
    assert UnitReport.objects.get(unit=hospital).decided_by == below
    page = client.get(page_of(round, health))
    assert "Thêm máy tính" in text(page)
    form = {"done": "Tổng hợp", "act": "send", "seen": ""}
    client.post(page_of(round, health), form)
    compiled = UnitReport.objects.get(unit=health)
    (line,) = compiled.dataset["below"]
    assert (line["unit_code"], line["state"], line["on_time"], line["suggestions"]) == (
        "BV",
        "accepted",
        True,
        "Thêm máy tính",
    )
    assert client.post(page_of(round, hospital), form).status_code == 404  # a secretary writes for no single unit
    decide = reverse("unit-report-decide", args=[round.pk, health.pk])
    assert client.post(decide, {"act": "accept", "version": 1}).status_code == 404
    client.force_login(secretary)
    client.post(decide, {"act": "return", "comment": "Thiếu số liệu", "version": 1})
    compiled.refresh_from_db()
    assert (compiled.state, compiled.decided_by) == ("returned", secretary)


def test_only_the_version_that_was_read_is_decided(client, round, hospital, coordinator, secretary):
    return_report(
        report=send(round, hospital, coordinator), comment="Bổ sung", actor=holder(Role.SECRETARY, make_root())
    )
    second = send(round, hospital, coordinator, done="Bản hai, chưa ai đọc")
    client.force_login(secretary)
    assert '<input type="hidden" name="version" value="2"' in text(client.get(page_of(round, hospital)))
    decide = reverse("unit-report-decide", args=[round.pk, hospital.pk])
    for read in ({"version": 1}, {"version": 3}, {"version": ""}, {}):
        answer = client.post(decide, {"act": "accept"} | read)
        assert answer.status_code == (302 if read == {"version": 1} else 404)
        second.refresh_from_db()
        assert second.state == ReportState.SENT
    assert client.post(decide, {"act": "", "version": 2}).status_code == 404
    client.post(decide, {"act": "accept", "version": 2})
    second.refresh_from_db()
    assert second.state == ReportState.ACCEPTED


@pytest.mark.slow
def test_the_list_says_who_has_sent_and_who_could_not(client, round, health, hospital, coordinator, secretary):
    send(round, hospital, coordinator)
    client.force_login(secretary)
    page = client.get(reverse(LIST))
    lines = {line.unit: (line.state, line.on_time, line.has_coordinator) for line in page.context["page"]}
    assert lines == {hospital: ("sent", True, True), health: ("missing", None, False)}
    for query, found in (
        ({"show": "to_do"}, [health]),
        ({"show": "waiting"}, [hospital]),
        ({"show": "nobody"}, [health]),
        ({"show": "late"}, []),
        ({"parent": "SYT"}, [hospital]),
        ({"q": "benh vien"}, [hospital]),
    ):
        assert [line.unit for line in client.get(reverse(LIST), query).context["page"]] == found
    assert client.get(reverse(LIST), {"round": 0}).status_code == 404


def test_a_round_that_does_not_count_is_reported_by_nobody(client, round, hospital, coordinator):
    Round.objects.filter(pk=round.pk).update(is_practice=True)
    client.force_login(coordinator)
    assert client.get(page_of(round, hospital)).status_code == 404


def test_the_secretary_moves_the_deadline_on_a_page(client, round, secretary):
    client.force_login(secretary)
    url = reverse("unit-reports-deadline", args=[round.pk])
    assert client.post(url, {"due_at": "08:00 01/01/2020"}).status_code == 422
    wanted = server_now() + timedelta(days=2)
    client.post(url, {"due_at": f"{wanted:%H:%M %d/%m/%Y}"})
    assert "Đã đổi hạn gửi báo cáo." in text(client.get(reverse(LIST)))


@pytest.mark.slow
@pytest.mark.parametrize("what", ["list", "report", "zero"])
def test_three_units_take_no_more_queries_than_one(client, what):
    department = make_unit("S1", parent=make_root())
    contest = make_contest(unit=make_root())
    secretary = holder(Role.SECRETARY, make_root())
    counts = []
    for more in (1, 2):
        for _ in range(more):
            unit = make_unit(parent=department)
            make_user(unit=unit)
        round = past_round(contest)
        for row in round.round_units.exclude(unit=department):
            make_attempt(round, make_user(unit=row.unit), answers="A")
        published(round)
        for row in round.round_units.exclude(unit=department):
            send(round, row.unit, holder(Role.COORDINATOR, row.unit))
        client.force_login(secretary)
        url = {"list": reverse(LIST), "report": page_of(round, department), "zero": reverse("report-zero-papers")}
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url[what], {"round": round.pk}).status_code == 200
        counts.append(len(queries))
        Round.objects.filter(pk=round.pk).update(is_practice=True)
    assert counts[0] == counts[1] <= 30


# --- What is due ------------------------------------------------------------------------------------


def test_what_is_due_from_a_coordinator(client, round, hospital, coordinator, secretary):
    now = server_now()
    (due,) = due_from(coordinator, now)
    assert (due.round, due.unit, due.is_late, due.is_returned) == (round, hospital, False, False)
    assert due_from(coordinator, due.due_at + timedelta(seconds=1))[0].is_late
    client.force_login(coordinator)
    assert page_of(round, hospital) in text(client.get(reverse("requests")))
    report = send(round, hospital, coordinator)
    assert due_from(coordinator, now) == []
    return_report(report=report, comment="Bổ sung", actor=secretary)
    assert due_from(coordinator, now)[0].is_returned
    assert due_from(secretary, now) == []
    assert due_from(coordinator, round.closes_at + timedelta(days=32)) == []


# --- Zero papers ------------------------------------------------------------------------------------


def test_zero_papers_are_named_after_publication_only(client, round, hospital, coordinator):
    client.force_login(coordinator)
    url = reverse("report-zero-papers")
    page = text(client.get(url))
    assert "Lê Không" in page
    assert "1 người có bài được tính là 0 điểm" in page
    assert "Lê Không" not in text(client.get(url, {"q": "khac"}))
    Round.objects.filter(pk=round.pk).update(state="ranked")
    assert "Chưa có kết quả nào được công bố" in text(client.get(url))
    assert client.get(url, {"round": round.pk}).status_code == 404


def test_an_open_round_lists_no_zero_paper(client, round, hospital, coordinator):
    running = open_round(round.contest)
    make_attempt(running, make_user("MOI", unit=hospital), answers="A")
    client.force_login(coordinator)
    assert client.get(reverse("report-zero-papers"), {"round": running.pk}).status_code == 404


# --- The file ---------------------------------------------------------------------------------------


def test_the_list_is_a_file_too_within_the_scope_and_without_formulas(
    round, health, hospital, coordinator, secretary, settings, tmp_path, monkeypatch
):
    settings.EXPORT_DIR = tmp_path
    monkeypatch.setattr(queue, "_send", lambda task, arguments: None)
    send(round, hospital, coordinator, done="=1+1")
    files = {}
    for user in (secretary, coordinator):
        export = request_export(actor=user, kind="unit_reports", round=round, format="csv")
        assert run_export(export.pk)
        export.refresh_from_db()
        lines = export.path.read_text(encoding="utf-8-sig").splitlines()
        files[user] = [line.split(",") for line in lines]
    of_unit = {row[0]: row for row in files[secretary]}
    assert (of_unit["BV"][3], of_unit["BV"][4], of_unit["BV"][8]) == ("sent", "on_time", "'=1+1")
    assert (of_unit["SYT"][3], of_unit["SYT"][4], of_unit["SYT"][7]) == ("missing", "", "no")
    assert "SYT" not in {row[0] for row in files[coordinator]}
    Round.objects.filter(pk=round.pk).update(state="ranked")
    round.refresh_from_db()
    with pytest.raises(ExportNotAllowed):
        request_export(actor=secretary, kind="unit_reports", round=round, format="csv")
