"""The clips' part of the final report: nothing before their result is public, then every figure as recounted."""

import pytest

from reports.datasets.final import final_dataset
from reports.handin.papers.report import report_paper
from reports.handin.reading import with_values
from reports.handin.tables import Report, notes_of, report_document
from reports.issuing import issuing_body_of
from tests.factories import make_user
from tests.reports import naive_report
from tests.reports.test_clip_files import text_of
from tests.reports.test_collective_clips import make_world, publish
from tests.videos.world import make_clip
from videos.models import ClipState
from videos.result.services import compute_result

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
REPORT = Report(1, "ab" * 32)


def make_report_world():
    """A has two accepted clips, B one, C one that was rejected."""
    contest, units, clip_contest = make_world()
    make_clip(clip_contest, unit=units[2], state=ClipState.REJECTED)
    return contest, units, clip_contest


def test_a_final_report_says_nothing_of_clips_before_their_result_is_public():
    contest, _units, clip_contest = make_report_world()
    compute_result(clip_contest=clip_contest, actor=make_user())
    dataset = final_dataset(contest, contest.unit)
    assert "clips" not in dataset
    assert "clips" not in naive_report.final(contest, contest.unit)


def test_the_figures_of_clips_by_hand_and_by_the_naive_report():
    contest, _units, clip_contest = make_report_world()
    publish(clip_contest)
    dataset = final_dataset(contest, contest.unit)
    kind = {"kind": "Sở, ban, ngành", "handed_in": 4, "accepted": 3, "prizes": 2}
    assert dataset["clips"]["kinds"][-1].items() >= kind.items()
    assert {name: dataset["clips"]["total"][name] for name in ("units_with_clip", "handed_in", "accepted")} == {
        "units_with_clip": 2, "handed_in": 4, "accepted": 3,
    }  # fmt: skip
    assert "C" in dataset["clips"]["without"]
    assert [(one["prize"], one["unit_code"], one["score"]) for one in dataset["clips"]["winners"]] == [
        ("Giải Nhất", "A", "90.00"),
        ("Giải Nhì", "A", "75.00"),
    ]
    assert dataset["clips"] == naive_report.final(contest, contest.unit)["clips"]


def test_a_departments_report_counts_its_own_clips():
    contest, units, clip_contest = make_report_world()
    publish(clip_contest)
    dataset = final_dataset(contest, units[0])
    assert dataset["clips"]["total"] == {
        "units": 1, "units_with_clip": 1, "units_without_clip": 0, "handed_in": 2, "accepted": 2, "prizes": 2,
    }  # fmt: skip
    assert dataset["clips"] == naive_report.final(contest, units[0])["clips"]


def test_page_files_and_paper_show_the_same_clips():
    contest, _units, clip_contest = make_report_world()
    publish(clip_contest)
    dataset = final_dataset(contest, contest.unit)
    tables = {table.key: table for table in report_document(dataset, REPORT).tables}
    assert [row[:1] + row[4:] for row in tables["clip_kinds"].rows][-1] == ("Sở, ban, ngành", 4, 3, 2)
    assert [row[0] for row in tables["clip_winners"].rows] == ["Giải Nhất", "Giải Nhì"]
    assert any("Đơn vị có video" in note for note in notes_of(dataset))
    assert [one["score"] for one in with_values(dataset)["clips"]["winners"]] == [90, 75]
    paper = text_of(report_paper(dataset, REPORT, issuing_body_of(contest)))
    assert "VIDEO DỰ THI" in paper
    assert "các đơn vị đã gửi 4 video, 3 video được chấm, 2 video đạt giải" in " ".join(paper.split())
