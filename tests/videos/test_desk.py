"""What organisers find about clips on their page of things to do, and the ways from a contest to its clips."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.clock import server_now
from accounts.models import Role
from tests.factories import grant, make_contest, make_root, make_unit, make_user, past_round
from tests.faults.quiz import browser_of
from tests.videos.world import make_clip, make_clip_contest, make_judge, make_sheet, start_scoring
from videos.models import ClipContest, ClipState
from videos.templatetags.clip_desk import clip_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def organiser():
    user = make_user()
    grant(user, Role.ORGANISER)
    return user


def to_do(user) -> list[list[str]]:
    return [[step.text for step in desk.steps] for desk in clip_desk(user)]


def let_close(clip_contest: ClipContest) -> None:
    ClipContest.objects.filter(pk=clip_contest.pk).update(closes_at=server_now() - timedelta(hours=1))


def test_an_organiser_is_led_from_one_step_to_the_next(organiser):
    clip_contest = make_clip_contest(rubric=None)
    assert to_do(organiser) == [["Chọn thang điểm"]]
    clip_contest = make_clip_contest(make_contest())
    clips = [make_clip(clip_contest, state=ClipState.SUBMITTED) for _ in range(2)]
    assert to_do(organiser)[1] == ["Rà soát 2 video đã gửi"]
    clip_contest.clips.update(state=ClipState.ACCEPTED)
    assert to_do(organiser)[1] == []
    let_close(clip_contest)
    assert ["Lập Ban Giám khảo và bắt đầu chấm"] in to_do(organiser)
    start_scoring(clip_contest)
    sheet = make_sheet(clips[0], make_judge(clip_contest))
    assert ["Theo dõi việc chấm"] in to_do(organiser)
    sheet.delete()
    assert ["Khóa chấm điểm"] in to_do(organiser)
    ClipContest.objects.filter(pk=clip_contest.pk).update(locked_at=server_now())
    assert ["Xem kết quả và công bố"] in to_do(organiser)
    ClipContest.objects.filter(pk=clip_contest.pk).update(published_at=server_now())
    assert to_do(organiser) == [["Chọn thang điểm"]]


def test_the_page_of_things_to_do_leads_to_clips_and_takes_as_many_queries_for_3_contests_as_for_1(organiser):
    browser = browser_of(organiser)

    def page() -> tuple[str, int]:
        with CaptureQueriesContext(connection) as captured:
            text = browser.get(reverse("manage-home")).text
        return text, len(captured)

    first = make_clip_contest()
    make_clip(first, state=ClipState.SUBMITTED)
    text, one = page()
    assert reverse("manage-clips", args=[first.pk]) in text
    assert "Rà soát 1 video đã gửi" in text
    contest = first.contest
    for _ in range(2):
        other = make_clip_contest(make_contest(unit=contest.unit))
        make_clip(other, state=ClipState.SUBMITTED)
    text, three = page()
    assert text.count("Rà soát 1 video đã gửi") == 3
    assert three == one


def test_a_contest_of_clips_alone_is_offered_no_round(organiser):
    browser, home = browser_of(organiser), reverse("manage-home")
    contest = make_contest()
    create = reverse("manage-round-create", args=[contest.pk])
    text = browser.get(home).text
    assert ("Tạo tuần thi đầu tiên" in text, f'href="{create}"' in text) == (True, True)
    make_clip_contest(contest)
    text = browser.get(home).text
    assert ("Hội thi này chỉ có phần thi video." in text, f'href="{create}"' in text) == (True, False)
    past_round(contest)
    text = browser.get(home).text
    assert ("Tạo tuần thi tiếp theo" in text, f'href="{create}"' in text) == (True, True)


def test_the_rules_of_a_contest_lead_to_those_of_its_clips_and_say_nothing_of_rounds_it_does_not_have(client):
    contest = make_contest()
    page, clips = reverse("rules", args=[contest.slug]), reverse("clip-rules", args=[contest.slug])
    quiz = "Câu dự đoán"

    def seen() -> tuple[bool, bool]:
        text = client.get(page).text
        return f'href="{clips}"' in text, quiz in text

    assert seen() == (False, True)
    make_clip_contest(contest)
    assert seen() == (True, False)
    past_round(contest)
    assert seen() == (True, True)


def test_others_have_nothing_to_do_for_clips():
    make_clip_contest(make_contest(unit=make_root()), rubric=None)
    elsewhere = make_unit(parent=make_root())
    for role, unit in ((Role.AUDITOR, None), (Role.SECRETARY, None), (Role.ORGANISER, elsewhere)):
        user = make_user()
        grant(user, role, unit)
        assert clip_desk(user) == [], role


def test_a_contest_leads_to_its_clips_or_to_receiving_some(organiser):
    auditor = make_user()
    grant(auditor, Role.AUDITOR)
    contest = make_contest()
    page, create = reverse("manage-contest", args=[contest.pk]), reverse("manage-clips-create", args=[contest.pk])
    assert f'href="{create}"' in browser_of(organiser).get(page).text
    assert f'href="{create}"' not in browser_of(auditor).get(page).text
    clips = reverse("manage-clips", args=[make_clip_contest(contest).pk])
    for user in (organiser, auditor):
        text = browser_of(user).get(page).text
        assert (f'href="{clips}"' in text, f'href="{create}"' in text) == (True, False)
