"""Frozen reports as they are handed in: pages, files and signed documents say the same, to whom they may."""

import csv
import io
import json
import shutil
import subprocess

import docx as python_docx
import openpyxl
import pytest
from django.urls import reverse

from accounts.models import AuditEntry, Role, Unit
from contest.closing import close_round
from contest.models import Round
from reports import granting, services
from reports.freezing import digest_of, freeze_final_report, freeze_round_report
from reports.handin import views
from reports.handin.content import NotYetSignable, content_of, require_file
from reports.handin.papers.words import named
from reports.handin.tables import Report, report_document
from reports.issuing import place_in
from reports.models import Export, IssuingBody, RoundReport
from reports.official.document import Figures
from reports.official.typesetting import TypesettingFailed
from reports.problems import ExportNotAllowed
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, past_round

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "mailto:a@b.vn", "internal:Sheet1!A1")


@pytest.fixture(autouse=True)
def directory(settings, tmp_path, monkeypatch):
    monkeypatch.setattr("accounts.queue._send", lambda task, arguments: None)
    settings.EXPORT_DIR = tmp_path / "exports"


@pytest.fixture
def units():
    """A department with a hospital, a commune, and a unit nobody of which takes part."""
    root = make_root()
    department = make_unit("SYT", parent=root, name="Sở Y tế", headcount=2)
    hospital = make_unit("BV", parent=department, name="Bệnh viện Mắt", headcount=4)
    commune = make_unit("XA", parent=root, name="Ủy ban nhân dân xã An Cựu", headcount=1)
    silent = make_unit("TT", parent=root, name="Trung tâm Lưu trữ", headcount=3)
    return {"root": root, "department": department, "hospital": hospital, "commune": commune, "silent": silent}


@pytest.fixture
def round(units):
    """Closed, ranked and published: a perfect paper, a zero, and one in the commune."""
    round = past_round(make_contest(unit=units["root"]))
    make_attempt(round, make_user(unit=units["hospital"], full_name="Trần Thị Mỹ Hạnh"), answers="B")
    make_attempt(round, make_user(unit=units["hospital"]), answers="A")
    make_attempt(round, make_user(unit=units["commune"]), answers="B", prediction=5)
    make_user(unit=units["silent"])
    close_round(round.pk)
    return in_state(round, "published")


def in_state(round, state):
    Round.objects.filter(pk=round.pk).update(state=state)
    round.refresh_from_db()
    return round


def frozen(round, unit=None, actor=None):
    report = freeze_round_report(round=round, unit=unit or round.contest.unit, actor=actor)
    return RoundReport.objects.select_related("contest__unit", "round", "unit__parent").get(pk=report.pk)


def person(role, unit=None):
    user = make_user()
    return user, grant(user, role, unit)


def made(user, report, kind, format):
    """The finished export."""
    export = services.request_report_export(actor=user, kind=kind, report=report, format=format)
    assert services.run_export(export.pk), Export.objects.get(pk=export.pk).error
    export.refresh_from_db()
    return export


def page(client, user, round, **query):
    client.force_login(user)
    return client.get(reverse("report-weekly", args=[round.pk]), query)


# --- The page ---------------------------------------------------------------------------------------


def test_the_page_shows_the_frozen_figures_every_unit_version_and_digest(client, round, units):
    report = frozen(round)
    user, _ = person(Role.ORGANISER)
    response = page(client, user, round)
    text = response.content.decode()
    assert response.status_code == 200
    for words in ("Trung tâm Lưu trữ", "Trần Thị Mỹ Hạnh", "Phân bố bài thi theo mức điểm", report.digest, "Bản số 1"):
        assert words in text
    assert response.context["data"]["total"]["participants"] == 3
    assert [unit["unit_name"] for unit in response.context["silent"]] == ["Sở Y tế", "Trung tâm Lưu trữ"]


def test_the_page_stays_as_it_was_frozen_until_somebody_freezes_again(client, round, units):
    frozen(round)
    user, _ = person(Role.SECRETARY)
    make_attempt(round, make_user(unit=units["silent"]), answers="B")
    assert page(client, user, round).context["data"]["total"]["participants"] == 3
    client.post(reverse("report-weekly-freeze", args=[round.pk]), {"unit": units["root"].code})
    assert page(client, user, round).context["data"]["total"]["participants"] == 4
    assert page(client, user, round, number="1").context["data"]["total"]["participants"] == 3
    assert page(client, user, round, number="3").status_code == 404


def test_a_coordinator_reads_the_rows_of_the_own_units_and_nothing_else(client, round, units):
    frozen(round)
    user, _ = person(Role.COORDINATOR, units["hospital"])
    response = page(client, user, round)
    text = response.content.decode()
    assert [unit["unit_code"] for unit in response.context["data"]["units"]] == ["BV"]
    assert response.context["data"]["total"] is None
    for words in ("Trung tâm Lưu trữ", "An Cựu", "report-file-request", "Trần Thị Mỹ Hạnh"):
        assert words not in text


def test_a_department_has_a_report_of_its_own(client, round, units):
    user, _ = person(Role.SECRETARY, units["department"])
    client.force_login(user)
    response = client.post(reverse("report-weekly-freeze", args=[round.pk]), {"unit": "SYT"}, follow=True)
    assert [unit["unit_code"] for unit in response.context["data"]["units"]] == ["BV", "SYT"]
    assert RoundReport.objects.get().unit == units["department"]
    assert client.post(reverse("report-weekly-freeze", args=[round.pk]), {"unit": "XA"}).status_code == 404
    assert page(client, person(Role.SECRETARY, units["commune"])[0], round, unit="SYT").status_code == 404


def test_strangers_find_nothing(client, round, units):
    frozen(round)
    other = make_unit("KHAC", parent=units["root"])
    for user in (make_user(), person(Role.JUDGE)[0], person(Role.COORDINATOR, other)[0]):
        assert page(client, user, round).status_code == 404


def test_scores_and_winners_are_left_out_before_publication_but_for_auditors(client, round, units):
    in_state(round, "ranked")
    frozen(round)
    text = page(client, person(Role.ORGANISER)[0], round).content.decode()
    assert "Trần Thị Mỹ Hạnh" not in text
    assert "Số bài đúng tất cả" not in text
    assert "Trần Thị Mỹ Hạnh" in page(client, person(Role.AUDITOR)[0], round).content.decode()


def test_the_digest_shown_is_of_what_is_read_and_betrays_nothing_that_is_left_out(client, round, units):
    in_state(round, "ranked")
    report = frozen(round)
    organiser, auditor = person(Role.ORGANISER)[0], person(Role.AUDITOR)[0]
    text = page(client, organiser, round).content.decode()
    assert report.digest not in text
    (path,) = [made(organiser, report, "weekly_report", "json").path]
    assert digest_of(json.loads(path.read_text(encoding="utf-8"))) in text
    assert report.digest not in str(content_of("weekly_report", "xlsx", report, organiser).lines)
    assert report.digest in page(client, auditor, round).content.decode()
    in_state(round, "published")
    assert report.digest in page(client, organiser, round).content.decode()
    coordinator, _ = person(Role.COORDINATOR, units["hospital"])
    assert report.digest not in page(client, coordinator, round).content.decode()


def test_the_units_of_a_report_are_paged(client, round, monkeypatch):
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    report = frozen(round)
    codes = [unit["unit_code"] for unit in report.dataset["units"]]
    user = person(Role.ORGANISER)[0]
    shown = [
        [unit["unit_code"] for unit in page(client, user, round, page=number).context["page"]] for number in (1, 2)
    ]
    assert shown == [codes[:2], codes[2:4]]
    assert "?number=1&amp;page=2" in page(client, user, round, number=1).content.decode()


def test_without_a_frozen_report_the_page_says_so(client, round):
    response = page(client, person(Role.ORGANISER)[0], round)
    assert "Chưa có bản số liệu nào" in response.content.decode()


def test_the_page_takes_as_many_queries_for_three_units_as_for_thirty(
    client, round, units, django_assert_max_num_queries
):
    frozen(round)
    user, _ = person(Role.ORGANISER)
    page(client, user, round)
    with django_assert_max_num_queries(40) as few:
        page(client, user, round)
    for number in range(30):
        round.round_units.create(
            unit=make_unit(f"M{number}", parent=units["root"]), kind=units["silent"].kind, parent=units["root"]
        )
    frozen(round)
    with django_assert_max_num_queries(len(few)):
        page(client, user, round)


# --- Files ------------------------------------------------------------------------------------------


def test_totals_are_equal_in_every_file_and_in_the_dataset(round, units):
    report = frozen(round)
    user, _ = person(Role.ORGANISER)
    total = report.dataset["total"]
    assert (total["participants"], total["entries"], total["headcount"]) == (3, 3, 10)

    stored = json.loads(made(user, report, "weekly_report", "json").path.read_text(encoding="utf-8"))
    assert stored == report.dataset

    book = openpyxl.load_workbook(made(user, report, "weekly_report", "xlsx").path)
    assert book.sheetnames[0] == "Theo đơn vị"
    assert "Người đạt giải" in book.sheetnames
    columns = [column.key for column in report_document(report.dataset, Report(1, "")).tables[0].columns]
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    last = dict(zip(columns, next(row for row in rows if row[1] == "Tổng cộng"), strict=True))
    assert {name: last[name] for name in ("participants", "entries", "headcount", "zero", "perfect")} == {
        name: total[name] for name in ("participants", "entries", "headcount", "zero", "perfect")
    }

    with open(made(user, report, "weekly_report", "csv").path, encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["unit_code"] for line in lines] == ["BV", "SYT", "TT", "XA", ""]
    assert (lines[-1]["participants"], lines[-1]["rate"]) == ("3", total["rate"])

    word = python_docx.Document(made(user, report, "weekly_report", "docx").path)
    (appendix,) = [table for table in word.tables if len(table.rows) == 6 and table.cell(1, 1).text == "Bệnh viện Mắt"]
    assert [cell.text for cell in appendix.rows[-1].cells][1:7] == ["Tổng cộng", "10", "0", "3", "30,00%", "3"]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext: apt-get install poppler-utils")
def test_the_pdf_has_the_same_total_and_every_unit(round, units):
    report = frozen(round)
    export = made(person(Role.SECRETARY)[0], report, "weekly_report", "pdf")
    done = subprocess.run(["pdftotext", "-layout", str(export.path), "-"], capture_output=True, check=True, text=True)
    (line,) = [line.split() for line in done.stdout.splitlines() if "Tổng cộng" in line and "30,00%" in line][-1:]
    assert line[2:7] == ["10", "0", "3", "30,00%", "3"]
    assert "Trung tâm Lưu trữ" in done.stdout
    assert report.digest in "".join(done.stdout.split())


@pytest.mark.parametrize("names", [HOSTILE[:4], HOSTILE[4:]])
def test_hostile_names_are_plain_text_in_every_file(round, units, names):
    for name, key in zip(names, ("silent", "commune", "hospital", "department"), strict=True):
        Unit.objects.filter(pk=units[key].pk).update(name=name)
    report, user = frozen(round), person(Role.ORGANISER)[0]
    book = openpyxl.load_workbook(made(user, report, "weekly_report", "xlsx").path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert not any(cell.hyperlink for cell in cells)
    text = made(user, report, "weekly_report", "csv").path.read_bytes().decode("utf-8-sig")
    with io.StringIO(text, newline="") as file:
        written = {line["unit_name"] for line in csv.DictReader(file)}
    assert {f"'{name}" if name[0] in "=+-@\t\r" else name for name in names} <= written
    xml = python_docx.Document(made(user, report, "weekly_report", "docx").path).element.xml
    assert "w:hyperlink" not in xml
    assert "w:fld" not in xml


def test_the_right_is_asked_again_when_the_file_is_made_and_fetched(client, round):
    report = frozen(round)
    user, role = person(Role.SECRETARY)
    export = made(user, report, "weekly_report", "csv")
    waiting = services.request_report_export(actor=user, kind="weekly_report", report=report, format="json")
    role.delete()
    assert services.run_export(waiting.pk) is False
    client.force_login(user)
    assert client.get(reverse("report-export-download", args=[export.pk])).status_code == 404


def test_a_coordinator_of_some_units_gets_no_file_of_the_whole_report(round, units):
    report = frozen(round)
    with pytest.raises(ExportNotAllowed):
        require_file(person(Role.COORDINATOR, units["hospital"])[0], "weekly_report", report)


def test_a_file_with_scores_is_closed_to_who_may_no_longer_see_them(client, round):
    report = frozen(round)
    user, _ = person(Role.SECRETARY)
    export = made(user, report, "weekly_report", "csv")
    in_state(round, "ranked")
    client.force_login(user)
    assert client.get(reverse("report-export-download", args=[export.pk])).status_code == 404


def test_a_pdf_that_cannot_be_set_is_told_in_a_sentence(round, monkeypatch):
    report = frozen(round)

    def fail(*args, **kwargs):
        raise TypesettingFailed("internal error at layout.typ:12")

    monkeypatch.setattr("reports.official.pdf.typeset", fail)
    export = services.request_report_export(
        actor=person(Role.SECRETARY)[0], kind="weekly_report", report=report, format="pdf"
    )
    assert services.run_export(export.pk) is False
    export.refresh_from_db()
    assert export.state == "failed"
    assert "Word (.docx)" in export.error
    assert "layout" not in export.error


@pytest.mark.parametrize("format", ["pdf", "docx", "json"])
def test_a_file_called_off_before_it_is_set_is_never_made(round, monkeypatch, settings, format):
    user, _ = person(Role.SECRETARY)
    export = services.request_report_export(actor=user, kind="weekly_report", report=frozen(round), format=format)

    def call_off(*args):
        assert services.cancel_export(export=export, actor=user)
        return content_of(*args)

    monkeypatch.setattr(granting, "content_of", call_off)
    assert services.run_export(export.pk) is False
    export.refresh_from_db()
    assert (export.state, list(settings.EXPORT_DIR.iterdir())) == ("cancelled", [])


@pytest.mark.parametrize("kind", ["winners_decision", "closing_minutes"])
def test_documents_to_be_signed_are_no_tables(round, kind):
    with pytest.raises(ExportNotAllowed):
        services.request_report_export(actor=person(Role.SECRETARY)[0], kind=kind, report=frozen(round), format="csv")


def test_the_page_asks_for_a_file_as_a_job(client, round):
    report = frozen(round)
    user, _ = person(Role.ORGANISER)
    client.force_login(user)
    answer = client.post(
        reverse("report-file-request"), {"report": report.pk, "kind": "weekly_report", "format": "docx"}
    )
    assert (answer.status_code, answer.url) == (302, reverse("report-exports"))
    assert Export.objects.get().parameters["report"] == report.pk
    assert client.post(reverse("report-file-request"), {"report": report.pk, "kind": "x"}).status_code == 404


# --- Documents --------------------------------------------------------------------------------------


def test_prizes_are_decided_from_final_results_only(round):
    user, _ = person(Role.ORGANISER)
    with pytest.raises(NotYetSignable):
        require_file(user, "winners_decision", frozen(round))
    in_state(round, "final")
    report = frozen(round)
    paper = content_of("winners_decision", "docx", report, user)
    assert paper.authority == "Trưởng ban Tổ chức Hội thi"
    (table,) = [block for block in paper.appendices[0].blocks if isinstance(block, Figures)]
    assert len(table.rows) == len(report.dataset["winners"])
    assert {"Trần Thị Mỹ Hạnh", "Bệnh viện Mắt", "Sở Y tế"} <= {cell for row in table.rows for cell in row}
    with pytest.raises(ExportNotAllowed):
        require_file(person(Role.AUDITOR)[0], "winners_decision", report)


def test_nothing_is_signed_from_figures_of_a_result_that_has_changed(round):
    """The minutes tell the round's seals and counts of now beside frozen figures: both must be of one result."""
    user, _ = person(Role.ORGANISER)
    old = frozen(round)
    Round.objects.filter(pk=round.pk).update(version=round.version + 1)
    new = frozen(round)
    for kind in ("closing_minutes", "winners_decision"):
        with pytest.raises(NotYetSignable, match="đã cũ"):
            require_file(user, kind, RoundReport.objects.select_related("contest__unit", "round").get(pk=old.pk))
    assert require_file(user, "closing_minutes", new)
    assert require_file(user, "weekly_report", old)


def test_the_minutes_hold_times_counts_seals_and_lots(round):
    Round.objects.filter(pk=round.pk).update(result_hash="ab" * 32)
    round.refresh_from_db()
    report = frozen(round)
    paper = content_of("closing_minutes", "docx", report, person(Role.ORGANISER)[0])
    text = " ".join(block.text for block in paper.blocks if hasattr(block, "text"))
    assert round.commitment in text.replace(" ", "")
    assert round.result_hash in text.replace(" ", "")
    assert "Không có trường hợp phải bốc thăm." in text
    (table,) = [block for block in paper.blocks if isinstance(block, Figures)]
    assert ("Lượt dự thi", 3) in table.rows
    assert paper.second_signature.lines == ("Thư ký",)


def test_the_final_report_goes_over_every_round_in_page_and_files(client, round):
    in_state(round, "final")
    report = freeze_final_report(contest=round.contest, unit=round.contest.unit, actor=None)
    report = RoundReport.objects.select_related("contest__unit", "unit").get(pk=report.pk)
    user, _ = person(Role.SECRETARY)
    client.force_login(user)
    response = client.get(reverse("report-final", args=[round.contest.pk]))
    text = response.content.decode()
    assert response.status_code == 200
    for words in ("Tỷ lệ tham gia bình quân tuần", "Trung tâm Lưu trữ", "Trần Thị Mỹ Hạnh", report.digest):
        assert words in text
    book = openpyxl.load_workbook(made(user, report, "final_report", "xlsx").path)
    assert "Qua các tuần" in book.sheetnames
    word = python_docx.Document(made(user, report, "final_report", "docx").path)
    (appendix,) = [table for table in word.tables if len(table.rows) == 6 and table.cell(1, 1).text == "Bệnh viện Mắt"]
    assert [cell.text for cell in appendix.rows[-1].cells][1:3] == ["Tổng cộng", "3"]
    assert json.loads(made(user, report, "final_report", "json").path.read_text()) == report.dataset
    with pytest.raises(ExportNotAllowed):
        require_file(user, "weekly_report", report)


def test_the_final_report_shows_scores_while_the_rounds_it_is_of_are_public(client, round):
    freeze_final_report(contest=round.contest, unit=round.contest.unit, actor=None)
    later = past_round(round.contest)
    close_round(later.pk)
    client.force_login(person(Role.SECRETARY)[0])
    address = reverse("report-final", args=[round.contest.pk])
    assert client.get(address).context["scored"] is True
    in_state(round, "ranked")
    assert client.get(address).context["scored"] is False


def test_a_department_issues_its_own_report(round, units):
    report = frozen(round, units["department"])
    paper = content_of("weekly_report", "docx", report, person(Role.SECRETARY, units["department"])[0])
    assert (paper.issuer.body, paper.issuer.superior) == ("Sở Y tế", units["root"].name)


# --- Who issues -------------------------------------------------------------------------------------


def test_the_issuing_body_is_edited_by_organisers_with_a_trace(client, round):
    user, _ = person(Role.ORGANISER)
    client.force_login(user)
    address = reverse("report-issuing-body", args=[round.contest.pk])
    values = dict(client.get(address).context["form"].initial.items())
    answer = client.post(address, values | {"name": "Ban Tổ chức Hội thi CCHC", "signer_name": "Phan Quý Phương"})
    assert answer.status_code == 302
    assert IssuingBody.objects.get().name == "Ban Tổ chức Hội thi CCHC"
    assert AuditEntry.objects.get(verb="issuing_body.edit").after["signer_name"] == "Phan Quý Phương"
    client.post(address, values | {"name": "Ban Tổ chức Hội thi CCHC", "signer_name": "Phan Quý Phương"})
    assert AuditEntry.objects.filter(verb="issuing_body.edit").count() == 1
    client.force_login(person(Role.SECRETARY)[0])
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Ủy ban nhân dân tỉnh An Giang", "An Giang"),
        ("Ủy ban nhân dân thành phố Huế", "Huế"),
        ("Ủy ban nhân dân xã Phú Lộc", "Phú Lộc"),
        ("Sở Y tế", "Sở Y tế"),
    ],
)
def test_the_place_is_read_from_the_name_of_the_body(name, place):
    assert place_in(name) == place


def test_more_units_than_a_sentence_bears_are_left_to_the_appendix():
    units = [f"Xã {number}" for number in range(1, 17)]
    assert named(units[:2]) == ": Xã 1; Xã 2"
    assert named(units[:15]).endswith("; Xã 15")
    assert named(units, appendix="Phụ lục I") == " (danh sách tại Phụ lục I)"
