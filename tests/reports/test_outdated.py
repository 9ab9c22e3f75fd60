"""A frozen report that is older than the results says so: on its page, in lists, before and in what is signed."""

import importlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role, User
from contest.models import Round
from reports.collective.freezing import freeze_collective
from reports.freezing import freeze_due_reports, freeze_final_report, freeze_round_report
from reports.handin.content import NotYetSignable, content_of
from reports.handin.proposing import require_proposal
from reports.models import Export, RoundReport
from reports.outdated import Outdated, outdated, outdated_among, ranking_outdated
from reports.problems import ReportOutdated
from reports.services import request_report_export
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, past_round
from tests.faults.quiz import browser_of
from tests.reports.test_clip_files import text_of
from tests.reports.test_collective_clips import make_world, publish
from tests.reports.test_collective_pages import finish
from tests.reports.test_freezing import ranked_round, set_state
from videos.models import ClipContest

pytestmark = pytest.mark.django_db

CLIPS = "Kết quả thi video đã được công bố."
NOTICE = "LƯU Ý TRƯỚC KHI KÝ:"


@pytest.fixture(autouse=True)
def directory(settings, tmp_path, monkeypatch):
    monkeypatch.setattr("accounts.queue._send", lambda task, arguments: None)
    settings.EXPORT_DIR = tmp_path / "exports"


def holder(role, unit=None):
    user = make_user()
    grant(user, role, unit or make_root())
    return user


def final_of(contest, unit=None) -> RoundReport:
    report = freeze_final_report(contest=contest, unit=unit or contest.unit, actor=None)
    return RoundReport.objects.select_related("contest__unit", "unit__parent", "round").get(pk=report.pk)


def weekly_of(round) -> RoundReport:
    report = freeze_round_report(round=round, unit=round.contest.unit, actor=None)
    return RoundReport.objects.select_related("contest__unit", "unit__parent", "round").get(pk=report.pk)


def page_of(user, report, **query) -> str:
    url = reverse("report-final", args=[report.contest_id])
    return browser_of(user).get(url, query).content.decode()


# --- What is outdated -------------------------------------------------------------------------------


def test_a_final_report_without_the_clips_is_outdated_once_their_result_is_public():
    contest, units, clip_contest = make_world()
    whole, part = final_of(contest), final_of(contest, units[0])
    assert (outdated(whole), outdated(part)) == (None, None)
    publish(clip_contest)
    for report in (whole, part):
        assert outdated(report) == Outdated([CLIPS], None, False)
    new = final_of(contest)
    assert (new.number, new.source, "clips" in new.dataset) == (2, f"{whole.source},clips:1", True)
    assert outdated(new) is None
    assert outdated(whole) == Outdated([CLIPS], 2, False)
    assert outdated(part) == Outdated([CLIPS], None, False)


def test_the_sweep_freezes_the_final_report_again_when_the_clips_are_public():
    contest, _units, clip_contest = make_world()
    Round.objects.filter(contest=contest).update(state="final")
    assert freeze_due_reports() == 2  # the round's and the contest's
    publish(clip_contest)
    assert (freeze_due_reports(), freeze_due_reports()) == (1, 0)
    latest = RoundReport.objects.final().get(contest=contest, number=2)
    assert outdated(latest) is None
    assert latest.dataset["clips"]["version"] == 1


@pytest.mark.parametrize(
    ("fields", "changes", "is_reranked"),
    [
        ({"state": "published"}, ["Kết quả %s đã được công bố."], False),
        ({"state": "final"}, ["Kết quả %s đã thành chính thức."], False),
        ({"version": 2}, ["%s đã được xếp hạng lại."], True),
        ({"version": 2, "state": "final"}, ["%s đã được xếp hạng lại.", "Kết quả %s đã thành chính thức."], True),
    ],
)
def test_a_round_that_moved_on_outdates_its_own_report_and_the_final_one(fields, changes, is_reranked):
    round = ranked_round()
    reports = [weekly_of(round), final_of(round.contest)]
    Round.objects.filter(pk=round.pk).update(**fields)
    expected = Outdated([change % round.title for change in changes], None, is_reranked)
    assert [outdated(report) for report in reports] == [expected, expected]


def test_a_further_round_outdates_the_final_report_and_no_other_rounds():
    first = ranked_round()
    weekly, final = weekly_of(first), final_of(first.contest)
    second = past_round(first.contest)
    assert outdated(final) is None  # closed, and nothing known of it yet
    set_state(second, "ranked")
    practice = past_round(first.contest, is_practice=True)
    set_state(practice, "ranked")
    assert outdated(weekly) is None
    assert outdated(final) == Outdated([f"{second.title} đã có kết quả."], None, False)


def test_an_earlier_version_is_outdated_even_if_only_other_figures_have_changed():
    round = ranked_round()
    old = weekly_of(round)
    make_attempt(round, make_user(unit=make_unit(parent=round.contest.unit)))
    User.objects.filter(attempts__round=round).update(linked_at=round.opens_at)
    new = weekly_of(round)
    assert (outdated(old), outdated(new)) == (Outdated([], new.number, False), None)


def test_many_are_told_in_as_many_queries_as_one():
    reports = [weekly_of(ranked_round()) for _ in range(3)]
    for some in (reports[:1], reports):
        with CaptureQueriesContext(connection) as asked:
            outdated_among(some)
        assert len(asked) == 3
    Round.objects.filter(pk=reports[1].round_id).update(version=2)
    assert outdated_among(reports).keys() == {reports[1].pk}


def test_reports_from_before_clips_were_a_source_are_marked_and_not_taken_for_outdated():
    contest, _units, clip_contest = make_world()
    without = final_of(contest)
    publish(clip_contest)
    report = final_of(contest)
    named = report.source
    RoundReport.objects.filter(pk=report.pk).update(source=without.source)
    mark = importlib.import_module("reports.migrations.0012_source_names_clips").MARK
    with connection.cursor() as cursor:
        for _twice in range(2):
            cursor.execute(mark)
    assert list(RoundReport.objects.order_by("number").values_list("source", flat=True)) == [without.source, named]


# --- Where it is said -------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_page_says_what_has_changed_with_the_button_that_freezes_a_new_version():
    contest, _units, clip_contest = make_world()
    old, secretary = final_of(contest), holder(Role.SECRETARY)
    assert 'id="outdated"' not in page_of(secretary, old)
    publish(clip_contest)
    page = page_of(secretary, old)
    assert "Bản số 1 cũ hơn kết quả hiện nay." in page
    assert page.count(CLIPS) == 1
    notice = page.split('id="outdated"')[1].split("</form>")[0]
    freeze = reverse("report-final-freeze", args=[contest.pk])
    assert freeze in notice
    assert page.count("Đã cũ") == 1
    browser_of(secretary).post(freeze, {"unit": contest.unit.code})
    assert 'id="outdated"' not in page_of(secretary, old)
    earlier = page_of(secretary, old, unit=contest.unit.code, number=1)
    assert "Đã có bản số 2 mới hơn." in earlier
    assert earlier.count("Đã cũ") == 1


def test_who_may_not_freeze_is_told_and_given_no_button():
    contest, _units, clip_contest = make_world()
    old = final_of(contest)
    publish(clip_contest)
    page = page_of(holder(Role.AUDITOR), old)
    assert CLIPS in page
    assert reverse("report-final-freeze", args=[contest.pk]) not in page


def test_nothing_is_made_for_signature_from_outdated_figures_unless_knowingly():
    contest, _units, clip_contest = make_world()
    report, secretary = final_of(contest), holder(Role.SECRETARY)
    publish(clip_contest)
    wish = {"actor": secretary, "kind": "final_report", "report": report}
    for format in ("pdf", "docx"):
        with pytest.raises(ReportOutdated):
            request_report_export(**wish, format=format)
    assert request_report_export(**wish, format="xlsx")
    sent = {"report": report.pk, "kind": "final_report", "format": "pdf"}
    tab, url = browser_of(secretary), reverse("report-file-request")
    said = tab.post(url, sent, follow=True).content.decode()
    assert "Bản số liệu này cũ hơn kết quả hiện nay. Hãy chốt số liệu mới" in said
    assert 'name="knows_outdated"' in said
    assert Export.objects.filter(format="pdf").count() == 0
    tab.post(url, {**sent, "knows_outdated": "1"})
    assert Export.objects.filter(format="pdf").count() == 1


def test_what_is_made_knowingly_tells_who_is_to_sign_it():
    contest, _units, clip_contest = make_world()
    old, secretary = final_of(contest), holder(Role.SECRETARY)
    assert NOTICE not in text_of(content_of("final_report", "docx", old, secretary))
    publish(clip_contest)
    said = text_of(content_of("final_report", "docx", old, secretary))
    assert f"{NOTICE} số liệu của văn bản này (bản số 1, chốt lúc" in said
    assert f"đã cũ. {CLIPS}" in said
    assert NOTICE not in text_of(content_of("final_report", "docx", final_of(contest), secretary))


@pytest.mark.slow
def test_files_made_before_a_result_changed_are_marked_in_the_list():
    contest, _units, clip_contest = make_world()
    secretary = holder(Role.SECRETARY)
    for format in ("pdf", "docx"):
        request_report_export(actor=secretary, kind="final_report", report=final_of(contest), format=format)
    tab, words = browser_of(secretary), "Số liệu đã cũ"
    assert words not in tab.get(reverse("report-exports")).content.decode()
    publish(clip_contest)
    assert tab.get(reverse("report-exports")).content.decode().count(words) == 2
    request_report_export(actor=secretary, kind="final_report", report=final_of(contest), format="pdf")
    assert tab.get(reverse("report-exports")).content.decode().count(words) == 2


# --- The ranking of units ---------------------------------------------------------------------------


@pytest.mark.slow
def test_awards_are_not_proposed_from_a_ranking_that_a_later_round_has_outdated():
    contest, units, clip_contest = make_world()
    publish(clip_contest)
    organiser = holder(Role.ORGANISER)
    result = freeze_collective(contest=contest, actor=organiser)
    assert not ranking_outdated(result)
    require_proposal(organiser, contest)
    pages = [reverse(name, args=[contest.pk]) for name in ("report-collective", "report-awards")]
    tab, words = browser_of(organiser), "Bản xếp hạng đã chốt cũ hơn kết quả hiện nay"
    assert [words in tab.get(page).content.decode() for page in pages] == [False, False]
    round = past_round(contest)
    make_attempt(round, make_user(unit=units[0]), answers="B")
    finish(round)
    assert ranking_outdated(result)
    assert [words in tab.get(page).content.decode() for page in pages] == [True, True]
    with pytest.raises(NotYetSignable, match="cũ hơn kết quả hiện nay"):
        require_proposal(organiser, contest)
    assert not ranking_outdated(freeze_collective(contest=contest, actor=organiser))
    require_proposal(organiser, contest)


@pytest.mark.parametrize(("weight", "is_outdated"), [(0, False), (60, True)])
def test_clips_made_public_later_outdate_a_ranking_that_counts_them_and_no_other(weight, is_outdated):
    contest, _units, clip_contest = make_world(clip_duty=0, clip_score=weight, participation=100 - weight)
    ClipContest.objects.filter(pk=clip_contest.pk).update(contest=make_contest())  # none yet, so nothing waits
    result = freeze_collective(contest=contest, actor=make_user())
    ClipContest.objects.filter(pk=clip_contest.pk).update(contest=contest)
    publish(clip_contest)
    assert ranking_outdated(result) is is_outdated
