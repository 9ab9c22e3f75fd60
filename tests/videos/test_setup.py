"""Setting up a clip contest: what organisers can change, until when, and what is refused."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.clock import server_now
from accounts.models import AuditEntry, Role
from accounts.problems import Refused
from tests.factories import grant, make_contest, make_root, make_user
from tests.faults.quiz import browser_of
from tests.videos.world import make_clip, make_clip_contest, start_scoring
from videos.models import ClipContest, Combination, Rubric
from videos.ready import GENRES, RUBRICS
from videos.setup.services import (
    copy_ready_rubric,
    create_clip_contest,
    save_clip_contest,
    save_rubric,
    set_genres,
    set_prizes,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def organiser():
    user = make_user()
    grant(user, Role.ORGANISER)
    return user


def criteria(*rows):
    return [
        {"title": title, "maximum": Decimal(maximum), "step": Decimal(step), "description": ""}
        for title, maximum, step in rows
    ]


def verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))


def test_a_new_clip_contest_has_the_usual_genres_and_prizes(organiser):
    now = server_now()
    contest = make_contest()
    made = create_clip_contest(contest=contest, actor=organiser, opens_at=now, closes_at=now + timedelta(days=14))
    assert list(made.genres.values_list("name", flat=True)) == list(GENRES)
    assert list(made.prizes.values_list("count", flat=True)) == [1, 2, 2, 3]
    assert (made.max_seconds, made.combination, made.judges_per_clip) == (300, Combination.MEAN, None)
    assert verbs() == ["clips.create"]
    with pytest.raises(Refused):
        create_clip_contest(contest=contest, actor=organiser, opens_at=now, closes_at=now + timedelta(days=1))


def test_every_fault_of_settings_is_named_at_once_and_nothing_is_stored(organiser):
    clip_contest = make_clip_contest()
    values = {
        "closes_at": clip_contest.opens_at,
        "unit_quota_bytes": 1,
        "tie_chain": ["criterion:9:desc", "highest:desc"],
    }
    with pytest.raises(Refused) as refused:
        save_clip_contest(clip_contest=clip_contest, values=values, actor=organiser)
    assert len(refused.value.reasons) == 3
    before = clip_contest.closes_at
    clip_contest.refresh_from_db()
    assert clip_contest.closes_at == before
    assert verbs() == []


def test_dates_can_be_moved_while_the_panel_scores_and_judging_rules_cannot(organiser):
    clip_contest = make_clip_contest()
    start_scoring(clip_contest)
    later = clip_contest.closes_at + timedelta(hours=1)
    save_clip_contest(clip_contest=clip_contest, values={"closes_at": later}, actor=organiser)
    clip_contest.refresh_from_db()
    assert clip_contest.closes_at == later
    with pytest.raises(Refused):
        save_clip_contest(clip_contest=clip_contest, values={"combination": Combination.SEVERITY}, actor=organiser)
    with pytest.raises(Refused):
        set_prizes(clip_contest=clip_contest, prizes=[("Giải Nhất", 1)], actor=organiser)
    assert clip_contest.prizes.count() == 4


def test_a_deadline_that_units_rely_on_is_never_moved_forward(organiser):
    now = server_now()
    clip_contest = make_clip_contest(opens_at=now + timedelta(hours=1), closes_at=now + timedelta(days=9))
    earlier = clip_contest.closes_at - timedelta(days=1)
    save_clip_contest(clip_contest=clip_contest, values={"closes_at": earlier}, actor=organiser)
    ClipContest.objects.update(opens_at=now - timedelta(hours=1))
    with pytest.raises(Refused, match="không được rút ngắn"):
        save_clip_contest(
            clip_contest=clip_contest, values={"closes_at": earlier - timedelta(minutes=1)}, actor=organiser
        )
    clip_contest.refresh_from_db()
    assert clip_contest.closes_at == earlier


def test_every_page_of_a_clip_contest_has_a_title_of_its_own(organiser):
    clip_contest = make_clip_contest()
    start_scoring(clip_contest)
    ClipContest.objects.update(locked_at=server_now())
    browser = browser_of(organiser)
    page = browser.get(reverse("manage-clips", args=[clip_contest.pk]))
    links = page.context["tabs"]
    titles = [re.search(r"<title>(.+?) – ", browser.get(one["url"]).content.decode())[1] for one in links]
    assert titles == [one["title"] for one in links]
    assert titles == [
        "Tổng quan", "Rà soát", "Chưa có video", "Thang điểm", "Ban Giám khảo", "Kết quả", "Thiết lập",
    ]  # fmt: skip


def test_genres_change_places_and_one_in_use_stays(organiser):
    clip_contest = make_clip_contest()
    make_clip(clip_contest, genre=clip_contest.genres.get(position=4))
    with pytest.raises(Refused):
        set_genres(clip_contest=clip_contest, names=["Phóng sự"], actor=organiser)
    swapped = [GENRES[1], GENRES[0], *GENRES[2:], "Phim ngắn"]
    set_genres(clip_contest=clip_contest, names=swapped, actor=organiser)
    assert list(clip_contest.genres.values_list("name", flat=True)) == swapped


def test_a_ready_rubric_is_copied_once(organiser):
    unit = make_root()
    first = copy_ready_rubric(ready=RUBRICS[1], unit=unit, actor=organiser)
    assert copy_ready_rubric(ready=RUBRICS[1], unit=unit, actor=organiser) == first
    assert (first.full_marks, first.criteria.count()) == (100, 5)


@pytest.mark.parametrize("ready", RUBRICS)
def test_ready_rubrics_have_a_hundred_points(ready):
    assert sum(maximum for _title, maximum, _text in ready.criteria) == 100


def test_a_rubric_that_a_panel_scores_by_gets_a_next_version(organiser):
    clip_contest = make_clip_contest()
    rubric = clip_contest.rubric
    rows = criteria(("Nội dung", "60", "0.5"), ("Hình thức", "40", "0.5"))
    assert save_rubric(rubric=rubric, title="Mới", criteria=rows, actor=organiser) == rubric
    start_scoring(clip_contest)
    later = save_rubric(rubric=rubric, title="Mới hơn", criteria=rows[:1], actor=organiser)
    assert (later.version, later.criteria.count()) == (2, 1)
    rubric.refresh_from_db()
    assert (rubric.title, rubric.criteria.count()) == ("Mới", 2)
    assert list(Rubric.objects.newest()) == [later]


@pytest.mark.parametrize(
    ("title", "rows"),
    [
        ("", [("A", "10", "0.5")]),
        ("Thang", []),
        ("Thang", [("A", "10", "0.5"), ("a", "5", "0.5")]),
        ("Thang", [("A", "10", "0.3")]),
    ],
)
def test_a_rubric_that_does_not_work_is_refused(organiser, title, rows):
    rubric = make_clip_contest().rubric
    with pytest.raises(Refused):
        save_rubric(rubric=rubric, title=title, criteria=criteria(*rows), actor=organiser)
    assert rubric.criteria.count() == 2


# --- Pages ------------------------------------------------------------------------------------------


def test_an_organiser_sets_up_a_clip_contest_through_the_pages(organiser):
    contest = make_contest()
    browser = browser_of(organiser)
    assert contest.title in browser.get(reverse("manage-clip-contests")).text
    dates = {"opens_at": "08:00 01/06/2030", "closes_at": "24:00 30/06/2030"}
    made = browser.post(reverse("manage-clips-create", args=[contest.pk]), dates, follow=True)
    clip_contest = contest.clip_contest
    assert made.redirect_chain[0][0] == reverse("manage-clips-settings", args=[clip_contest.pk])

    browser.post(reverse("manage-rubric-choose", args=[clip_contest.pk]), {"ready": "nam-tieu-chi"})
    settings = reverse("manage-clips-settings", args=[clip_contest.pk])
    shown = browser.get(settings).context["form"]
    values = {name: field.value() for name, field in ((bound.name, bound) for bound in shown)}
    values = {name: "" if value is None or value is False else value for name, value in values.items()}
    answer = browser.post(
        settings, values | {"part": "settings", "max_minutes": "4.5", "tie_1": "criterion:2:desc", "tie_2": "",
                            "tie_3": "", "tie_4": ""},
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["form"].errors
    clip_contest.refresh_from_db()
    assert (clip_contest.max_seconds, clip_contest.tie_chain) == (270, ["criterion:2:desc"])
    assert "Năm tiêu chí" in browser.get(reverse("manage-clips", args=[clip_contest.pk])).text


def test_points_of_a_rubric_are_edited_on_its_page(organiser):
    clip_contest = make_clip_contest()
    browser, page = browser_of(organiser), reverse("manage-rubric", args=[clip_contest.pk])
    data = {"title": "Thang điểm mới", "form-TOTAL_FORMS": "3", "form-INITIAL_FORMS": "2",
            "form-0-title": "Nội dung", "form-0-maximum": "80", "form-0-step": "1", "form-0-description": "",
            "form-1-title": "", "form-1-maximum": "", "form-1-step": "", "form-1-description": "",
            "form-2-title": "Kỹ thuật", "form-2-maximum": "20", "form-2-step": "0.25",
            "form-2-description": "Rõ"}  # fmt: skip
    browser.post(page, data)
    stored = clip_contest.rubric.criteria.values_list("position", "title", "maximum")
    assert list(stored) == [(1, "Nội dung", 80), (2, "Kỹ thuật", 20)]
    data["form-2-maximum"] = "-1"
    assert browser.post(page, data).status_code == 200
    assert clip_contest.rubric.criteria.get(position=2).maximum == 20


def test_a_rubric_without_the_criterion_that_breaks_ties_is_refused_whole(organiser):
    clip_contest = make_clip_contest(tie_chain=["criterion:2:desc"])
    browser, page = browser_of(organiser), reverse("manage-rubric", args=[clip_contest.pk])
    data = {
        "title": "Một tiêu chí", "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0",
        "form-0-title": "Nội dung", "form-0-maximum": "100", "form-0-step": "1",
    }  # fmt: skip
    assert "không có tiêu chí số 2 để xét khi bằng điểm" in browser.post(page, data).text
    assert clip_contest.rubric.criteria.count() == 2
    ClipContest.objects.update(tie_chain=["criterion:1:desc"])
    assert browser.post(page, data).status_code == 302
    assert clip_contest.rubric.criteria.count() == 1


def test_the_rubric_in_use_is_not_offered_and_one_taken_over_is_offered_once(organiser):
    unit, title = make_root(), "Nội dung 70, hình thức 30"
    clip_contest = make_clip_contest(make_contest(unit=unit), rubric=None)
    browser, page = browser_of(organiser), reverse("manage-rubric", args=[clip_contest.pk])

    def offered() -> list[str]:
        return re.findall(r'name="(?:ready|rubric)" value="([^"]+)"', browser.get(page).text)

    assert offered() == ["noi-dung-70", "nam-tieu-chi"]
    choose = reverse("manage-rubric-choose", args=[clip_contest.pk])
    browser.post(choose, {"ready": "noi-dung-70"})
    assert offered() == ["nam-tieu-chi"]
    browser.post(choose, {"ready": "nam-tieu-chi"})
    assert offered() == [str(Rubric.objects.get(title=title).pk)]
    assert browser.get(page).text.count(title) == 1


def test_a_rubric_kept_for_another_panel_says_what_saving_does(organiser):
    scored = make_clip_contest()
    start_scoring(scored)
    other = make_clip_contest(make_contest(unit=scored.contest.unit), rubric=scored.rubric)
    browser = browser_of(organiser)
    texts = [browser.get(reverse("manage-rubric", args=[one.pk])).text for one in (scored, other)]
    assert ["để dùng cho hội thi khác" in text for text in texts] == [True, False]
    assert ["phiên bản mới cho hội thi này" in text for text in texts] == [False, True]
