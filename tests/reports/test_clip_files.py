"""Files about clips: the list, judges' sheets, the panel's minutes; who may have which, and when."""

import csv
import json
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import docx
import openpyxl
import pytest
from django.urls import reverse
from django.utils import translation

from accounts.models import Role, RoleGrant
from reports.clips.content import ClipWish, clip_content_of
from reports.clips.papers import _marks
from reports.models import Export, ExportKind
from reports.official import docx as word
from reports.problems import ExportNotAllowed
from reports.services import fetch_export, request_clip_export, run_export
from tests.factories import grant, make_contest, make_root, make_unit, make_user
from tests.faults.quiz import browser_of
from tests.videos.panels import lock, panel
from tests.videos.world import make_clip, make_clip_contest, start_scoring
from videos.models import ClipState, ScoreSheet, SheetState
from videos.result.services import compute_result, order_tied

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def export_dir(settings, tmp_path, monkeypatch):
    settings.EXPORT_DIR = tmp_path / "exports"
    monkeypatch.setattr("accounts.queue._send", lambda task, arguments: None)
    return settings.EXPORT_DIR


def holder(role, unit=None):
    user = make_user()
    grant(user, role, unit or make_root())
    return user


def made(user, wish, format):
    export = request_clip_export(actor=user, wish=wish, format=format)
    assert run_export(export.pk), Export.objects.get(pk=export.pk).error
    return fetch_export(export=export, actor=user)


def scored(**fields):
    """Two clips by two judges; GK2 abstained from the second."""
    clip_contest, judges, clips = panel([(60, 25), (55, 20)], [(50, 20)], locked=False, **fields)
    ScoreSheet.objects.create(clip=clips[1], judge=judges[1], state=SheetState.ABSTAINED, reason="Đi công tác")
    ScoreSheet.objects.filter(clip=clips[0], judge=judges[0]).update(comment="Bố cục tốt.")
    lock(clip_contest)
    compute_result(clip_contest=clip_contest, actor=None)
    return clip_contest, judges, clips


@pytest.mark.parametrize(("marks", "said"), [("12", "12"), ("100", "100"), ("12.5", "12,5"), ("2.25", "2,25")])
def test_most_points_of_a_criterion_are_not_rounded_in_the_minutes(marks, said):
    assert _marks(Decimal(marks)) == said


# --- The list ---------------------------------------------------------------------------------------


def test_the_list_has_states_before_the_lock_and_no_trace_of_a_score():
    clip_contest = make_clip_contest()
    clips = [make_clip(clip_contest, state=state) for state in (ClipState.ACCEPTED, ClipState.REJECTED)]
    make_clip(clip_contest, state=ClipState.DRAFT)
    start_scoring(clip_contest)
    path = made(holder(Role.SECRETARY), ClipWish(ExportKind.CLIP_LIST, clip_contest), "csv")
    rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    assert [(row["title"], row["state"]) for row in rows] == [
        (clips[0].title, "accepted"),
        (clips[1].title, "rejected"),
    ]
    assert rows[0]["seconds"] == "61.500"
    assert "score" not in rows[0]


def test_the_list_has_the_result_after_the_lock():
    clip_contest, _judges, clips = scored()
    user, wish = holder(Role.AUDITOR), ClipWish(ExportKind.CLIP_LIST, clip_contest)
    found = json.loads(made(user, wish, "json").read_text())
    assert [(row["number"], row["rank"], row["score"], row["prize"]) for row in found["clips"]] == [
        (1, 1, "80.00", "Giải Nhất"),
        (2, 2, "70.00", "Giải Nhì"),
    ]
    sheet = openpyxl.load_workbook(made(user, wish, "xlsx")).worksheets[0]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert any(clips[0].title in row and 80 in row for row in cells)


def test_a_list_with_scores_is_not_fetched_by_who_lost_the_right():
    clip_contest, _judges, _clips = scored()
    user = holder(Role.SECRETARY)
    export = request_clip_export(actor=user, wish=ClipWish(ExportKind.CLIP_LIST, clip_contest), format="csv")
    assert run_export(export.pk)
    assert fetch_export(export=export, actor=user).is_file()
    RoleGrant.objects.filter(user=user).delete()
    with pytest.raises(ExportNotAllowed):
        fetch_export(export=export, actor=user)


# --- Who may ----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        (Role.ORGANISER, {"clip_list", "clip_sheets", "clip_minutes"}),
        (Role.SECRETARY, {"clip_list", "clip_sheets", "clip_minutes"}),
        (Role.AUDITOR, {"clip_list"}),
        (Role.JUDGE, set()),
        (Role.COORDINATOR, set()),
    ],
)
def test_who_may_have_which_file(role, kinds):
    clip_contest, _judges, _clips = scored()
    user = holder(role)
    for kind in ("clip_list", "clip_sheets", "clip_minutes"):
        wish = ClipWish(kind, clip_contest, "GK1" if kind == "clip_sheets" else "")
        if kind in kinds:
            assert request_clip_export(actor=user, wish=wish, format="csv" if kind == "clip_list" else "docx")
        else:
            with pytest.raises(ExportNotAllowed):
                request_clip_export(actor=user, wish=wish, format="csv" if kind == "clip_list" else "docx")


def test_nobody_has_sheets_or_minutes_before_the_lock_or_of_another_department():
    running = make_clip_contest()
    start_scoring(running)
    clip_contest, _judges, _clips = scored(contest=make_contest(unit=make_unit(parent=make_root())))
    stranger = holder(Role.ORGANISER, make_unit(parent=make_root()))
    for kind in ("clip_sheets", "clip_minutes"):
        for user, contest in ((holder(Role.ORGANISER), running), (stranger, clip_contest)):
            with pytest.raises(ExportNotAllowed):
                request_clip_export(actor=user, wish=ClipWish(kind, contest, "GK1"), format="docx")


@pytest.mark.parametrize("wish", [("GK9", None), ("", None), ("GK2", 2), ("GK1", 9)])
def test_sheets_that_do_not_exist_are_not_made(wish):
    clip_contest, _judges, _clips = scored()
    with pytest.raises(ExportNotAllowed):
        request_clip_export(
            actor=holder(Role.SECRETARY), wish=ClipWish("clip_sheets", clip_contest, *wish), format="pdf"
        )


def test_minutes_wait_for_the_order_of_tied_clips():
    clip_contest, _judges, clips = panel([(60, 20)], [(60, 20)], tie_chain=[])
    compute_result(clip_contest=clip_contest, actor=None)
    secretary = holder(Role.SECRETARY)
    page = reverse("report-clips", args=[clip_contest.pk])
    browser = browser_of(secretary)
    said = browser.post(page, {"kind": "clip_minutes", "format": "pdf"}, follow=True).content.decode()
    assert "chưa được Trưởng ban Giám khảo xếp thứ tự" in said
    assert Export.objects.count() == 0
    ids = [str(clips[1].pk), str(clips[0].pk)]
    order_tied(clip_contest=clip_contest, clips=ids, reason="Biểu quyết 3/3", actor=secretary)
    said = browser.post(page, {"kind": "clip_minutes", "format": "docx"}, follow=True).content.decode()
    assert "Đã nhận yêu cầu" in said
    assert "số 2, 1. Lý do: Biểu quyết 3/3" in text_of(
        clip_content_of(ClipWish("clip_minutes", clip_contest), scores=True)
    )


# --- What is signed ---------------------------------------------------------------------------------


def text_of(document):
    """Every word of the document as Word has it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.docx"
        word.write(document, path)
        opened = docx.Document(str(path))
    texts = [element.text or "" for element in opened.element.body.iter() if element.tag.endswith("}t")]
    return " ".join(" ".join(texts).split())


def test_one_sheet_holds_points_comment_and_judge():
    clip_contest, judges, clips = scored()
    text = text_of(clip_content_of(ClipWish("clip_sheets", clip_contest, "GK1", 1), scores=True))
    for words in (
        "PHIẾU CHẤM", "Video số 1 dự thi", judges[0].full_name, clips[0].title, clips[0].unit.name,
        "Tiêu chí 1 70,00 60,00", "Tiêu chí 2 30,00 25,00", "Tổng cộng 100,00 85,00", "Nhận xét: Bố cục tốt.",
        "BAN GIÁM KHẢO",
    ):  # fmt: skip
        assert words in text
    assert clips[1].title not in text
    assert judges[1].full_name not in text


def test_all_sheets_of_a_judge_come_with_a_list_to_be_signed():
    clip_contest, judges, clips = scored()
    document = clip_content_of(ClipWish("clip_sheets", clip_contest, "GK1"), scores=True)
    assert [appendix.title for appendix in document.appendices] == [clip.title for clip in clips]
    text = text_of(document)
    assert f"Giám khảo {judges[0].full_name} đã chấm và nộp 02 phiếu chấm" in text
    assert "85,00" in text
    assert "70,00" in text


def test_the_minutes_state_members_method_result_and_what_has_no_score():
    clip_contest, judges, clips = scored(combination="severity")
    document = clip_content_of(ClipWish("clip_minutes", clip_contest), scores=True)
    text = text_of(document)
    result = clip_contest.results.get()
    for words in (
        "BIÊN BẢN", "Họp Ban Giám khảo về kết quả chấm video dự thi", f"GK1 {judges[0].full_name} Trưởng ban 2",
        "Tiêu chí 1 (70 điểm); Tiêu chí 2 (30 điểm)", "mức lệch của giám khảo đó", "Không chấm Đi công tác",
        "Không có trường hợp phải quyết định.", "TRƯỞNG BAN GIÁM KHẢO", clips[0].title, "THƯ KÝ",
    ):  # fmt: skip
        assert words in text
    assert result.result_hash in text.replace(" ", "")
    assert document.second_signature is not None


def test_documents_are_vietnamese_whatever_the_language():
    clip_contest, _judges, _clips = scored()
    with translation.override("en"):
        english = text_of(clip_content_of(ClipWish("clip_minutes", clip_contest), scores=True))
    assert "Phép tính giữ nguyên số lẻ" in english


def test_a_title_with_markup_stays_text():
    clip_contest, _judges, clips = scored()
    clips[0].title = '=HYPERLINK("http://x")</w:t>#{1+1}'
    clips[0].save(update_fields=["title"])
    assert clips[0].title in text_of(clip_content_of(ClipWish("clip_sheets", clip_contest, "GK1", 1), scores=True))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "judge"), [("clip_sheets", "GK1"), ("clip_minutes", "")])
@pytest.mark.parametrize("format", ["pdf", "docx"])
def test_the_files_are_made_and_can_be_read(kind, judge, format):
    clip_contest, _judges, _clips = scored()
    path = made(holder(Role.SECRETARY), ClipWish(kind, clip_contest, judge), format)
    if format == "pdf":
        assert path.read_bytes().startswith(b"%PDF")
        if shutil.which("pdftotext"):
            said = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True).stdout.decode()
            assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in " ".join(said.split())
    else:
        assert docx.Document(str(path)).paragraphs


# --- The page ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "status", "sees"),
    [(Role.ORGANISER, 200, True), (Role.SECRETARY, 200, True), (Role.AUDITOR, 200, False), (Role.JUDGE, 404, False)],
)
def test_the_page_offers_what_its_reader_may_have(role, status, sees):
    clip_contest, _judges, _clips = scored()
    response = browser_of(holder(role)).get(reverse("report-clips", args=[clip_contest.pk]))
    assert response.status_code == status
    assert ("Biên bản họp Ban Giám khảo" in response.content.decode()) == sees


@pytest.mark.slow
@pytest.mark.parametrize(
    "sent",
    [
        {}, {"kind": "clip_list"}, {"kind": "clip_list", "format": "pdf"}, {"kind": "participation", "format": "csv"},
        {"kind": "clip_sheets", "format": "pdf", "judge": "GK1\0"},
        {"kind": "clip_sheets", "format": "pdf", "judge": "1"},
        {"kind": "clip_sheets", "format": "pdf", "judge": "GK1", "clip": "9" * 30},
        {"kind": "clip_sheets", "format": "pdf", "judge": "GK1", "clip": "²"},
    ],
)  # fmt: skip
def test_a_wish_that_makes_no_sense_is_not_found(sent):
    clip_contest, _judges, _clips = scored()
    browser = browser_of(holder(Role.SECRETARY))
    assert browser.post(reverse("report-clips", args=[clip_contest.pk]), sent).status_code == 404
    assert Export.objects.count() == 0


def test_totals_on_sheets_and_in_the_list_are_the_same():
    clip_contest, _judges, _clips = scored()
    document = clip_content_of(ClipWish("clip_list", clip_contest), scores=True)
    keys = [column.key for column in document.tables[0].columns]
    rows = [dict(zip(keys, row, strict=True)) for row in document.tables[0].rows]
    assert [(row["number"], row["score"], row["sheets"]) for row in rows] == [
        (1, Decimal("80.00"), 2),
        (2, Decimal("70.00"), 1),
    ]
