"""The organisers' page of the panel: who may act, what it says, and that it counts sheets and nothing else."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.clock import server_now
from accounts.models import AuditEntry, Role
from notifications.models import Notification
from tests.factories import grant, make_user
from tests.faults.quiz import browser_of
from tests.videos.test_panel_services import closed_contest
from tests.videos.world import make_clip, make_judge
from videos.models import Clip, ScoreSheet, SheetState

pytestmark = pytest.mark.django_db


@pytest.fixture
def contest():
    contest = closed_contest()
    for number in range(2):
        make_judge(contest, is_chair=number == 0, full_name=f"Giám khảo {number}")
        make_clip(contest, state="accepted")
    return contest


@pytest.fixture
def tab():
    organiser = make_user("to-chuc")
    grant(organiser, Role.ORGANISER)
    return browser_of(organiser)


def page_of(contest, path: str = "") -> str:
    return f"/manage/clips/{contest.pk}/panel/{path}"


def text_of(response) -> str:
    return response.content.decode()


@pytest.mark.slow
def test_a_panel_is_appointed_started_reminded_closed_and_locked(contest, tab):
    newcomer = make_user(full_name="Lê Mới")
    grant(newcomer, Role.JUDGE)
    assert "Lê Mới" in text_of(tab.get(page_of(contest)))
    assert tab.post(page_of(contest), {"judge": newcomer.pk}).status_code == 302
    member = contest.panel.get(judge=newcomer)
    assert tab.post(page_of(contest, f"members/{member.pk}/chair/")).status_code == 302
    member.refresh_from_db()
    assert member.is_chair
    assert "Bắt đầu chấm" in text_of(tab.get(page_of(contest, "start/")))
    assert tab.post(page_of(contest, "start/")).status_code == 302
    assert ScoreSheet.objects.count() == 6
    assert "chưa nộp phiếu" in text_of(tab.get(page_of(contest, "lock/")))
    Notification.objects.all().delete()
    assert "Đã nhắc 3 giám khảo." in text_of(tab.post(page_of(contest, "remind/"), follow=True))
    again = text_of(tab.post(page_of(contest, "remind/"), follow=True))
    assert "3 giám khảo đã được nhắc trong hôm nay nên không nhắc lại." in again
    sheets = list(ScoreSheet.objects.values_list("pk", flat=True))
    closed = tab.post(page_of(contest, "close-sheets/"), {"sheets": sheets, "reason": "Mưa bão"}, follow=True)
    assert "Đã khép 6 phiếu." in text_of(closed)
    assert set(ScoreSheet.objects.values_list("state", flat=True)) == {SheetState.CLOSED}
    assert tab.post(page_of(contest, "lock/")).status_code == 302
    contest.refresh_from_db()
    assert contest.locked_at is not None
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {
        "panel.appoint", "panel.make_chair", "panel.start", "panel.remind", "panel.close_sheet", "panel.lock",
    } <= verbs  # fmt: skip


def test_what_is_missing_is_listed_and_the_start_refused(contest, tab):
    make_clip(contest, state="submitted")
    page = text_of(tab.get(page_of(contest)))
    assert "Chưa rà soát xong: video số 3." in page
    assert "Chưa rà soát xong: video số 3." in text_of(tab.post(page_of(contest, "start/"), follow=True))
    assert not ScoreSheet.objects.exists()


@pytest.mark.slow
def test_sheets_of_another_contest_or_a_missing_reason_close_nothing(contest, tab):
    tab.post(page_of(contest, "start/"))
    other = closed_contest()
    make_judge(other, is_chair=True)
    make_clip(other, state="accepted")
    tab.post(page_of(other, "start/"))
    foreign = ScoreSheet.objects.filter(clip__clip_contest=other).get()
    own = ScoreSheet.objects.filter(clip__clip_contest=contest).first()
    for data in ({"sheets": foreign.pk, "reason": "x"}, {"sheets": "x", "reason": "x"}, {"sheets": own.pk}):
        tab.post(page_of(contest, "close-sheets/"), data)
    assert not ScoreSheet.objects.filter(state=SheetState.CLOSED).exists()


@pytest.mark.slow
def test_a_clip_accepted_later_is_given_out_on_the_page(contest, tab):
    back = make_clip(contest, state="sent_back", deadline=server_now() + timedelta(days=1))
    tab.post(page_of(contest, "start/"))
    Clip.objects.filter(pk=back.pk).update(state="accepted")
    assert f"Chưa giao cho giám khảo: video số {back.number}." in text_of(tab.get(page_of(contest)))
    assert tab.post(page_of(contest, "assign/")).status_code == 302
    assert back.sheets.count() == 2


@pytest.mark.parametrize("role", [Role.SECRETARY, Role.AUDITOR])
def test_who_only_reads_sees_the_panel_and_no_button(contest, role):
    reader = make_user()
    grant(reader, role)
    page = text_of(browser_of(reader).get(page_of(contest)))
    assert "Giám khảo 1" in page
    assert "/panel/members/" not in page
    assert "Cử giám khảo" not in page


def test_conflicts_are_listed_with_their_reason(contest, tab):
    tab.post(page_of(contest, "start/"))
    sheet = ScoreSheet.objects.first()
    ScoreSheet.objects.filter(pk=sheet.pk).update(state="conflict", has_conflict=True, reason="Anh em họ")
    assert "Anh em họ" in text_of(tab.get(page_of(contest)))


@pytest.mark.slow
def test_the_page_takes_as_many_queries_for_three_judges_as_for_two(contest, tab):
    tab.post(page_of(contest, "start/"))

    def queries() -> int:
        tab.get(page_of(contest))
        with CaptureQueriesContext(connection) as asked:
            tab.get(page_of(contest))
            return len(asked)

    before = queries()
    third = make_judge(contest)
    ScoreSheet.objects.bulk_create(ScoreSheet(clip=clip, judge=third) for clip in contest.clips.all())
    assert queries() == before
