"""Screening clips, and units that have handed in nothing."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse

from accounts.clock import server_now
from accounts.models import AuditEntry, Membership, Role
from accounts.problems import Refused
from notifications.models import Notification
from tests.factories import grant, make_root, make_unit, make_user
from tests.faults.quiz import browser_of
from tests.videos.world import make_clip, make_clip_contest, make_judge, make_sheet, ready_file, start_scoring
from videos.models import Clip, ClipReminder, ClipState, Decision, FileState, Screening
from videos.screening.missing import remind_units, units_of, units_without_clip
from videos.screening.services import screen_clip

pytestmark = pytest.mark.django_db


@pytest.fixture
def organiser():
    user = make_user()
    grant(user, Role.ORGANISER)
    return user


@pytest.fixture
def clip():
    unit = make_unit(parent=make_root())
    coordinator = make_user("dau-moi", unit=unit)
    grant(coordinator, Role.COORDINATOR, unit)
    return make_clip(unit=unit, by=coordinator, state=ClipState.SUBMITTED)


def soon():
    return server_now() + timedelta(days=3)


def told() -> list[str]:
    return list(Notification.objects.order_by("pk").values_list("own_subject", flat=True))


def test_an_accepted_clip_goes_to_the_panel_and_its_unit_is_told(clip, organiser):
    screen_clip(clip=clip, decision=Decision.ACCEPTED, actor=organiser)
    clip.refresh_from_db()
    assert (clip.state, clip.deadline) == (ClipState.ACCEPTED, None)
    assert told() == ["Video số 1 được đưa vào chấm"]
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.after["state"]) == ("clip.screen", "accepted")


def test_a_clip_is_sent_back_with_reason_and_deadline_and_can_then_be_edited(clip, organiser):
    assert not Clip.objects.get(pk=clip.pk).is_editable_at(clip.clip_contest.closes_at)
    deadline = clip.clip_contest.closes_at + timedelta(days=3)
    screen_clip(clip=clip, decision=Decision.SENT_BACK, reason="Thiếu phụ đề", new_deadline=deadline, actor=organiser)
    stored = Clip.objects.select_related("clip_contest").get(pk=clip.pk)
    assert (stored.state, stored.deadline) == (ClipState.SENT_BACK, deadline)
    assert stored.is_editable_at(clip.clip_contest.closes_at)
    assert not stored.is_editable_at(deadline)
    message = Notification.objects.get()
    assert message.own_subject == "Video số 1 được trả lại để chỉnh sửa"
    assert "Thiếu phụ đề" in message.own_body


@pytest.mark.parametrize(
    ("decision", "reason", "in_days"),
    [
        (Decision.REJECTED, " ", None),
        (Decision.SENT_BACK, "", 3),
        (Decision.SENT_BACK, "Thiếu phụ đề", None),
        (Decision.SENT_BACK, "Thiếu phụ đề", -1),
    ],
)
def test_without_a_reason_or_with_a_deadline_that_is_past_nothing_happens(clip, organiser, decision, reason, in_days):
    deadline = None if in_days is None else server_now() + timedelta(days=in_days)
    with pytest.raises(Refused):
        screen_clip(clip=clip, decision=decision, reason=reason, new_deadline=deadline, actor=organiser)
    clip.refresh_from_db()
    assert clip.state == ClipState.SUBMITTED
    assert (Screening.objects.count(), told()) == (0, [])


def test_what_cannot_be_watched_yet_is_not_accepted(clip, organiser):
    clip.current = ready_file(clip, state=FileState.PROCESSING, processed_at=None)
    clip.save()
    with pytest.raises(Refused):
        screen_clip(clip=clip, decision=Decision.ACCEPTED, actor=organiser)
    screen_clip(clip=clip, decision=Decision.REJECTED, reason="Sai chủ đề", actor=organiser)


@pytest.mark.parametrize("state", [ClipState.DRAFT, ClipState.SENT_BACK])
def test_what_is_with_its_unit_is_not_screened(clip, organiser, state):
    Clip.objects.filter(pk=clip.pk).update(state=state)
    with pytest.raises(Refused):
        screen_clip(clip=clip, decision=Decision.ACCEPTED, actor=organiser)


def test_a_decision_can_be_changed_until_the_panel_has_the_clip(clip, organiser):
    screen_clip(clip=clip, decision=Decision.REJECTED, reason="Sai chủ đề", actor=organiser)
    screen_clip(clip=clip, decision=Decision.ACCEPTED, actor=organiser)
    start_scoring(clip.clip_contest)
    make_sheet(clip, make_judge(clip.clip_contest))
    with pytest.raises(Refused):
        screen_clip(clip=clip, decision=Decision.REJECTED, reason="Sai chủ đề", actor=organiser)
    assert [each.decision for each in clip.screenings.order_by("pk")] == ["rejected", "accepted"]


# --- Units without a clip ---------------------------------------------------------------------------


def test_units_with_headcount_or_members_have_the_duty_and_those_without_a_clip_are_listed(clip):
    contest, root = clip.clip_contest, make_root()
    idle = make_unit("CHUA-CO", parent=root)
    make_unit("CHI-NHOM", parent=root, headcount=None)
    members_only = make_unit("CO-NGUOI", parent=root, headcount=None)
    Membership.objects.create(user=make_user(), unit=members_only, starts_on=date(2020, 1, 1))
    make_unit("DA-GIAI-THE", parent=root, valid_to=date(2020, 1, 1))
    drafting = make_clip(contest, unit=make_unit("DANG-LAM", parent=root)).unit
    assert set(units_of(contest)) == {clip.unit, idle, members_only, drafting}
    assert set(units_without_clip(contest)) == {idle, members_only, drafting}


def test_a_unit_whose_clip_was_sent_back_is_without_one(clip, organiser):
    screen_clip(clip=clip, decision=Decision.SENT_BACK, reason="Thiếu phụ đề", new_deadline=soon(), actor=organiser)
    assert clip.unit in units_without_clip(clip.clip_contest)


def test_the_nearest_coordinators_are_reminded_once_a_day(clip, organiser):
    department = make_unit("SO", parent=make_root())
    make_unit("PHONG", parent=department)
    grant(coordinator := make_user(), Role.COORDINATOR, department)
    assert remind_units(clip_contest=clip.clip_contest, actor=organiser) == 1
    assert remind_units(clip_contest=clip.clip_contest, actor=organiser) == 0
    assert list(ClipReminder.objects.values_list("user", flat=True)) == [coordinator.pk]
    assert told() == ["Nhắc nộp video dự thi"]
    ClipReminder.objects.update(day=date(2020, 1, 1))
    assert remind_units(clip_contest=clip.clip_contest, actor=organiser) == 1


def test_nobody_is_reminded_once_receiving_is_over(organiser):
    contest = make_clip_contest(closes_at=server_now() - timedelta(seconds=1))
    with pytest.raises(Refused):
        remind_units(clip_contest=contest, actor=organiser)


# --- Pages ------------------------------------------------------------------------------------------


def test_an_organiser_screens_on_the_clips_page(clip, organiser):
    browser, page = browser_of(organiser), reverse("manage-clip", args=[clip.pk])
    assert clip.title in browser.get(page).text
    refused = browser.post(page, {"decision": "sent_back", "reason": "", "new_deadline": ""})
    assert "Hãy ghi lý do" in refused.text
    browser.post(page, {"decision": "sent_back", "reason": "Thiếu phụ đề", "new_deadline": "24:00 30/12/2099"})
    assert "Thiếu phụ đề" in browser.get(page).text
    clip.refresh_from_db()
    assert clip.state == ClipState.SENT_BACK


def test_a_file_that_came_while_another_was_looked_at_is_not_accepted_unseen(clip, organiser):
    browser, page = browser_of(organiser), reverse("manage-clip", args=[clip.pk])
    seen = re.search(r'name="version" value="(\d+)"', browser.get(page).text)[1]
    clip.current = ready_file(clip)
    clip.save()
    answer = browser.post(page, {"decision": "accepted", "version": seen})
    assert "Đơn vị vừa thay tệp video" in answer.text
    assert (Screening.objects.count(), Clip.objects.get().state) == (0, ClipState.SUBMITTED)
    shown = re.search(r'name="version" value="(\d+)"', answer.text)[1]
    assert (seen, shown) == ("1", "2")
    assert browser.post(page, {"decision": "accepted", "version": shown}).status_code == 302
    assert Screening.objects.get().file == clip.current


def test_a_draft_is_its_units_own(clip, organiser):
    draft = make_clip(clip.clip_contest, title="Bản nháp kín")
    browser = browser_of(organiser)
    assert browser.get(reverse("manage-clip", args=[draft.pk])).status_code == 404
    assert "Bản nháp kín" not in browser.get(reverse("manage-clip-list", args=[clip.clip_contest_id])).text


@pytest.mark.slow
@pytest.mark.parametrize("address", ["manage-clip-list", "manage-clips-missing", "manage-clips"])
def test_lists_take_the_same_number_of_queries_for_one_and_three_rows(
    clip, organiser, address, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser, page = browser_of(organiser), reverse(address, args=[clip.clip_contest_id])
    make_unit(parent=make_root())
    browser.get(page)
    with CaptureQueriesContext(connection) as one:
        browser.get(page)
    for _number in range(2):
        make_clip(clip.clip_contest, state=ClipState.SUBMITTED)
        make_unit(parent=make_root())
    with django_assert_num_queries(len(one)):
        browser.get(page)


def test_the_list_is_filtered_by_state_and_words(clip, organiser):
    unit = make_unit("XA", name="Ủy ban nhân dân xã", parent=make_root())
    other = make_clip(clip.clip_contest, unit=unit, state=ClipState.ACCEPTED, title="Chuyển đổi số ở xã")
    browser, page = browser_of(organiser), reverse("manage-clip-list", args=[clip.clip_contest_id])
    shown = lambda query: [row.pk for row in browser.get(page + query).context["page"]]  # noqa: E731
    assert shown("") == [clip.pk, other.pk]
    assert shown("?state=accepted") == [other.pk]
    assert shown("?q=chuyển+đổi") == [other.pk]
    assert shown(f"?q={clip.number}") == [clip.pk]
    assert shown("?state=%00&q=%00") == [clip.pk, other.pk]
