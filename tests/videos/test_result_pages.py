"""Organisers' pages of the panel's result: nothing before the lock, every line after it; and the public rules."""

import pytest
from django.urls import reverse

from accounts.models import Role
from tests.factories import grant, make_contest, make_root, make_unit, make_user
from tests.faults.quiz import browser_of
from tests.videos.panels import organiser_of, panel, tied
from tests.videos.world import make_clip_contest, make_rubric, start_scoring
from videos.models import ChairDecision, PanelResult
from videos.result.services import compute_result, latest_result

pytestmark = pytest.mark.django_db


def page_of(clip_contest, name="manage-clip-result", *more):
    return reverse(name, args=[clip_contest.pk, *more])


def holder(role, unit):
    user = make_user()
    grant(user, role, unit)
    return browser_of(user)


# --- Who sees it, and when --------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.ORGANISER, Role.SECRETARY, Role.AUDITOR])
def test_there_is_nothing_for_anybody_before_the_panel_locks(role):
    clip_contest = make_clip_contest()
    start_scoring(clip_contest)
    browser = holder(role, clip_contest.contest.unit)
    assert browser.get(page_of(clip_contest)).status_code == 404
    for act in ("compute", "order", "publish"):
        assert browser.post(page_of(clip_contest, f"manage-clip-result-{act}")).status_code == 404
    locked, _judges, _clips = panel([(60, 20)])
    assert browser.get(page_of(locked)).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "sees", "acts"),
    [
        (Role.ORGANISER, 200, 302),
        (Role.SECRETARY, 200, 404),
        (Role.AUDITOR, 200, 404),
        (Role.COORDINATOR, 404, 404),
        (Role.JUDGE, 404, 404),
        (Role.ADMINISTRATOR, 404, 404),
    ],
)
def test_who_reads_and_who_acts(role, sees, acts):
    clip_contest, _judges, _clips = panel([(60, 20)])
    browser = holder(role, make_root())
    assert browser.get(page_of(clip_contest)).status_code == sees
    assert browser.post(page_of(clip_contest, "manage-clip-result-compute")).status_code == acts
    assert PanelResult.objects.exists() == (acts == 302)
    compute_result(clip_contest=clip_contest, actor=None)
    assert browser.get(page_of(clip_contest, "manage-clip-result-clip", 1)).status_code == sees
    assert browser.post(page_of(clip_contest, "manage-clip-result-publish"), {"version": 1}).status_code == acts
    clip_contest.refresh_from_db()
    assert (clip_contest.published_at is not None) == (acts == 302)


def test_an_organiser_of_another_department_is_a_stranger():
    own = make_contest(unit=make_unit(parent=make_root()))
    clip_contest, _judges, _clips = panel([(60, 20)], contest=own)
    compute_result(clip_contest=clip_contest, actor=None)
    browser = holder(Role.ORGANISER, make_unit(parent=make_root()))
    assert browser.get(page_of(clip_contest)).status_code == 404
    assert browser.get(page_of(clip_contest, "manage-clip-result-clip", 1)).status_code == 404
    assert browser.post(page_of(clip_contest, "manage-clip-result-publish"), {"version": 1}).status_code == 404


# --- What it shows ----------------------------------------------------------------------------------


def test_the_ranking_and_the_judges():
    clip_contest, judges, clips = panel(
        [(60, 30), (50, 30)], [None, (50, 30), (50, 20)], judges=3, combination="severity"
    )
    compute_result(clip_contest=clip_contest, actor=None)
    response = browser_of(organiser_of(clip_contest)).get(page_of(clip_contest))
    text = response.content.decode()
    shown = response.context["shown"]
    assert [(one.name, one.full_name, str(one.severity)) for one in shown.judges] == [
        ("GK1", judges[0].full_name, "10.0000"),
        ("GK2", judges[1].full_name, "0.0000"),
        ("GK3", judges[2].full_name, "-10.0000"),
    ]
    assert [row.totals for row in shown.rows] == [(90, 80, None), (None, 80, 70)]
    assert "+10,0000" in text
    assert "Trung bình cộng có hiệu chỉnh độ chặt, lỏng của giám khảo" in text
    assert all(clip.title in text and clip.unit.name in text for clip in clips)
    assert latest_result(clip_contest).result_hash in text


def test_a_clips_score_line_by_line():
    clip_contest, _judges, _clips = panel(
        [(60, 30), (50, 30)], [None, (50, 30), (50, 20)], judges=3, combination="severity"
    )
    compute_result(clip_contest=clip_contest, actor=None)
    response = browser_of(organiser_of(clip_contest)).get(page_of(clip_contest, "manage-clip-result-clip", 2))
    text = " ".join(response.content.decode().split())
    assert "</strong> = (80,0000 + 80,0000) ÷ 2 = 80,0000 ≈ <strong" in text
    assert [(line.judge.name, line.total, line.adjusted) for line in response.context["one"].lines] == [
        ("GK2", 80, 80),
        ("GK3", 70, 80),
    ]


def test_a_trimmed_clip_shows_which_sheets_are_left_out():
    clip_contest, _judges, _clips = panel(
        [(60, 20), (50, 20), (40, 20), (30, 20)], judges=4, combination="trimmed_mean"
    )
    compute_result(clip_contest=clip_contest, actor=None)
    response = browser_of(organiser_of(clip_contest)).get(page_of(clip_contest, "manage-clip-result-clip", 1))
    assert [(line.judge.name, line.is_trimmed) for line in response.context["one"].lines] == [
        ("GK1", True), ("GK2", False), ("GK3", False), ("GK4", True),
    ]  # fmt: skip
    assert "(70,00 + 60,00) ÷ 2 = 65,0000 ≈" in " ".join(response.content.decode().split())


@pytest.mark.slow
def test_parts_of_a_panel_that_cannot_be_compared_are_flagged():
    clip_contest, _judges, _clips = panel([(60, 20)], [None, (50, 20)], combination="severity")
    compute_result(clip_contest=clip_contest, actor=None)
    text = browser_of(organiser_of(clip_contest)).get(page_of(clip_contest)).content.decode()
    assert "Các giám khảo chia thành 2 nhóm không chấm chung video nào." in text
    other, _judges, _clips = panel([(60, 20)], [None, (50, 20)], combination="mean")
    compute_result(clip_contest=other, actor=None)
    assert "nhóm không chấm chung" not in browser_of(organiser_of(other)).get(page_of(other)).content.decode()


def test_a_clip_that_is_not_in_the_result_is_not_found():
    clip_contest, _judges, _clips = panel([(60, 20)])
    browser = browser_of(organiser_of(clip_contest))
    assert browser.get(page_of(clip_contest, "manage-clip-result-clip", 1)).status_code == 404  # no result yet
    compute_result(clip_contest=clip_contest, actor=None)
    assert browser.get(page_of(clip_contest, "manage-clip-result-clip", 2)).status_code == 404


# --- Acts -------------------------------------------------------------------------------------------


def test_computing_again_says_that_nothing_has_changed():
    clip_contest, _judges, _clips = panel([(60, 20)])
    browser = browser_of(organiser_of(clip_contest))
    address = page_of(clip_contest, "manage-clip-result-compute")
    assert "Đã tính kết quả, bản 1." in browser.post(address, follow=True).content.decode()
    assert "kết quả không đổi" in browser.post(address, follow=True).content.decode()


def test_a_tie_is_ordered_on_the_page_and_then_it_can_be_published():
    clip_contest, _judges, clips = tied()
    browser = browser_of(organiser_of(clip_contest))
    compute_result(clip_contest=clip_contest, actor=None)
    assert "Công bố kết quả</button>" not in browser.get(page_of(clip_contest)).content.decode()
    places = {"tie": str(clips[0].pk), f"place-{clips[0].pk}": "2", f"place-{clips[1].pk}": "1"}
    address = page_of(clip_contest, "manage-clip-result-order")
    assert browser.post(address, places | {"reason": "Bốc thăm ngày 12/6"}).status_code == 302
    assert ChairDecision.objects.get().order == [str(clips[1].pk), str(clips[0].pk)]
    text = browser.get(page_of(clip_contest)).content.decode()
    assert "Bốc thăm ngày 12/6" in text
    assert "Công bố kết quả</button>" in text
    said = browser.post(page_of(clip_contest, "manage-clip-result-publish"), {"version": "2"}, follow=True)
    assert "Đã công bố kết quả" in said.content.decode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [(("1", "1"), "Cần ghi thứ tự 1, 2, 3"), (("", "1"), "Cần ghi thứ tự"), (("²", "1"), "Cần ghi thứ tự")],
)
def test_an_order_that_is_none_is_refused_and_what_was_typed_stays(typed, sentence):
    clip_contest, _judges, clips = tied()
    compute_result(clip_contest=clip_contest, actor=None)
    sent = {"tie": str(clips[0].pk), "reason": "Biểu quyết 5/7"} | {
        f"place-{clip.pk}": place for clip, place in zip(clips, typed, strict=False)
    }
    browser = browser_of(organiser_of(clip_contest))
    text = browser.post(page_of(clip_contest, "manage-clip-result-order"), sent).content.decode()
    assert sentence in text
    assert "Biểu quyết 5/7" in text
    assert ChairDecision.objects.count() == 0


@pytest.mark.parametrize("version", ["", "0", "2", "x", "9" * 20])
def test_a_version_that_was_not_looked_at_is_not_published(version):
    clip_contest, _judges, _clips = panel([(60, 20)])
    compute_result(clip_contest=clip_contest, actor=None)
    browser = browser_of(organiser_of(clip_contest))
    browser.post(page_of(clip_contest, "manage-clip-result-publish"), {"version": version})
    clip_contest.refresh_from_db()
    assert clip_contest.published_at is None


# --- Cost -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_pages_ask_as_often_for_one_clip_as_for_three(django_assert_num_queries):
    one, _judges, _clips = panel([(60, 20), (50, 20)], contest=make_contest())
    three, _judges, _clips = panel(*[[(60 - number, 20), (50, 20)] for number in range(3)], contest=make_contest())
    for clip_contest in (one, three):
        compute_result(clip_contest=clip_contest, actor=None)
    browser = browser_of(organiser_of(one))
    for name, more in (("manage-clip-result", ()), ("manage-clip-result-clip", (1,))):
        browser.get(page_of(one, name, *more))
        with django_assert_num_queries(MOST[name]):
            browser.get(page_of(one, name, *more))
        with django_assert_num_queries(MOST[name]):
            browser.get(page_of(three, name, *more))


MOST = {"manage-clip-result": 13, "manage-clip-result-clip": 13}


# --- The rules --------------------------------------------------------------------------------------


def test_everybody_reads_the_rules_before_anything_is_scored(client):
    contest = make_contest(title="Hội thi 2026", slug="hoi-thi-2026")
    make_clip_contest(
        contest, rubric=make_rubric(70, 30, unit=contest.unit), combination="severity", judges_per_clip=3,
        max_seconds=300, disagreement_percent=25, tie_chain=["criterion:2:desc", "submitted_at:asc"],
    )  # fmt: skip
    text = client.get(reverse("clip-rules", args=["hoi-thi-2026"])).content.decode()
    for sentence in (
        "không quá 5 phút",
        "Mỗi video do 3 giám khảo chấm",
        "Điểm của video = trung bình cộng của (điểm của giám khảo − mức lệch của giám khảo đó)",
        "chỉ làm tròn một lần ở kết quả, đến 2 chữ số thập phân, từ 5 trở lên thì làm tròn lên",
        "chênh nhau quá 25% điểm tối đa",
        "Bằng điểm thì xét lần lượt: điểm trung bình của tiêu chí “Tiêu chí 2” cao hơn; gửi video sớm hơn.",
        "Giải Khuyến khích",
        "Hướng dẫn thực hiện dịch vụ công trực tuyến",
    ):
        assert sentence in text


@pytest.mark.parametrize(
    ("combination", "sentence"),
    [
        ("mean", "Điểm của video = tổng điểm của các phiếu chấm ÷ số phiếu chấm"),
        ("trimmed_mean", "Video có ít hơn 3 phiếu chấm thì lấy trung bình cộng của tất cả các phiếu."),
        ("severity", "hiệu chỉnh riêng trong từng nhóm"),
    ],
)
def test_every_combination_says_how_it_computes(client, combination, sentence):
    clip_contest = make_clip_contest(combination=combination)
    assert sentence in client.get(reverse("clip-rules", args=[clip_contest.contest.slug])).content.decode()


def test_a_hidden_contest_has_no_rules_to_show(client):
    clip_contest = make_clip_contest(make_contest(is_public=False))
    assert client.get(reverse("clip-rules", args=[clip_contest.contest.slug])).status_code == 404


def test_rules_without_a_rubric_say_that_it_will_follow(client):
    clip_contest = make_clip_contest(rubric=None)
    text = client.get(reverse("clip-rules", args=[clip_contest.contest.slug])).content.decode()
    assert "Ban Tổ chức sẽ công bố thang điểm" in text
