"""The judge's desk and sheet over HTTP: with and without JavaScript, whose they are, and what is refused."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from accounts.clock import server_now
from accounts.models import Membership, Role, RoleGrant
from tests.factories import grant, make_user
from tests.videos.world import make_clip, make_clip_contest, make_judge, make_sheet, start_scoring
from videos.models import ClipContest, CriterionScore, ScoreSheet, SheetState

pytestmark = pytest.mark.django_db


def browser_of(user) -> Client:
    tab = Client()
    tab.force_login(user)
    return tab


@pytest.fixture
def contest():
    contest = make_clip_contest()
    start_scoring(contest)
    return contest


@pytest.fixture
def judge(contest):
    return make_judge(contest)


@pytest.fixture
def sheet(contest, judge):
    return make_sheet(make_clip(contest, state="accepted"), judge)


@pytest.fixture
def tab(judge):
    return browser_of(judge)


def save(tab, sheet, position=1, **body):
    url = f"/clips/judging/{sheet.pk}/points/{position}/"
    return tab.put(url, json.dumps({"sequence": 1} | body), content_type="application/json")


def remark(tab, sheet, **body):
    url = f"/clips/judging/{sheet.pk}/comment/"
    return tab.put(url, json.dumps({"sequence": 1} | body), content_type="application/json")


def points_of(sheet) -> list:
    return list(sheet.scores.order_by("criterion__position").values_list("points", flat=True))


def state_of(sheet) -> str:
    return ScoreSheet.objects.values_list("state", flat=True).get(pk=sheet.pk)


def text_of(response) -> str:
    return response.content.decode()


# --- Saving as one goes -------------------------------------------------------------------------------


def test_a_save_is_acknowledged_with_what_is_stored(tab, sheet):
    response = save(tab, sheet, points="60.5")
    body = response.json()
    assert (response.status_code, body["value"], body["sequence"]) == (200, "60.5", 1)
    assert body["saved_at"].endswith("Z")
    assert (points_of(sheet), state_of(sheet)) == ([Decimal("60.5")], SheetState.SCORING)
    assert save(tab, sheet, points=None, sequence=2).json()["value"] is None
    assert points_of(sheet) == [None]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"points": "70.5"}, 422, "points_above_maximum"),
        ({"points": "7.25"}, 422, "points_off_step"),
        ({"points": "7,5"}, 422, "invalid_points"),
        ({"points": "７"}, 422, "invalid_points"),
        ({"points": "-1"}, 422, "invalid_points"),
        ({"points": "1e3"}, 422, "invalid_points"),
        ({"points": ""}, 422, "invalid_points"),
        ({"points": 7}, 422, "invalid_points"),
        ({"points": "7", "sequence": 0}, 400, "malformed"),
        ({"points": "7", "sequence": True}, 400, "malformed"),
        ({"points": "7", "sequence": 2**31}, 400, "malformed"),
        ({"points": "7", "judge": 1}, 400, "malformed"),
        ({}, 400, "malformed"),
    ],
)
def test_what_cannot_be_points_is_refused_by_name_and_nothing_is_stored(tab, sheet, body, status, code):
    response = save(tab, sheet, **body)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert (points_of(sheet), state_of(sheet)) == ([], SheetState.ASSIGNED)


def test_a_criterion_of_no_such_position_is_404(tab, sheet):
    assert save(tab, sheet, position=3, points="1").status_code == 404
    assert save(tab, sheet, position=10**12, points="1").status_code == 404


def test_two_tabs_saving_out_of_order_leave_the_later_points(tab, sheet):
    assert save(tab, sheet, points="60", sequence=5).status_code == 200
    late = save(tab, sheet, points="10", sequence=4)
    assert (late.status_code, late.json()["code"]) == (409, "stale_sequence")
    assert (late.json()["sequence"], late.json()["value"]) == (5, "60")
    assert save(tab, sheet, points="60", sequence=5).status_code == 200  # a repeated save
    assert save(tab, sheet, points="10", sequence=5).status_code == 409
    assert points_of(sheet) == [60]


def test_comments_have_their_own_order(tab, sheet):
    assert remark(tab, sheet, comment="Hay", sequence=2).json()["value"] == "Hay"
    late = remark(tab, sheet, comment="Dở", sequence=1)
    assert (late.status_code, late.json()["value"]) == (409, "Hay")
    assert remark(tab, sheet, comment="x" * 3001, sequence=3).status_code == 400
    assert remark(tab, sheet, comment="\ud800", sequence=3).status_code == 400
    sheet.refresh_from_db()
    assert (sheet.comment, sheet.state) == ("Hay", SheetState.ASSIGNED)


# --- Whose it is ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_nobody_else_finds_the_sheet(sheet, contest):
    strangers = [make_user(), make_judge(contest), make_user()]
    for role in (Role.ORGANISER, Role.SECRETARY, Role.AUDITOR, Role.ADMINISTRATOR):
        strangers.append(make_user())
        grant(strangers[-1], role)
    pages = ["", "submit/", "conflict/", "abstain/"]
    for stranger in strangers:
        tab = browser_of(stranger)
        found = [tab.get(f"/clips/judging/{sheet.pk}/{page}").status_code for page in pages]
        found += [tab.post(f"/clips/judging/{sheet.pk}/{page}", {"reason": "x"}).status_code for page in pages]
        found += [save(tab, sheet, points="60").status_code, remark(tab, sheet, comment="x").status_code]
        assert set(found) == {404}
    assert save(Client(), sheet, points="60").status_code == 401
    assert (points_of(sheet), state_of(sheet)) == ([], SheetState.ASSIGNED)


def test_a_judge_whose_role_is_revoked_loses_the_desk_at_once(tab, judge, sheet):
    assert tab.get("/clips/judging/").status_code == 200
    RoleGrant.objects.filter(user=judge).update(valid_to=server_now())
    assert tab.get("/clips/judging/").status_code == 404
    assert tab.get(f"/clips/judging/{sheet.pk}/").status_code == 404
    assert save(tab, sheet, points="60").status_code == 404


def test_a_judge_whose_account_is_deactivated_loses_the_desk_at_once(tab, judge, sheet):
    judge.is_active = False
    judge.save()
    assert tab.get("/clips/judging/").status_code == 302
    assert save(tab, sheet, points="60").status_code == 401


def test_a_judge_taken_off_the_panel_loses_the_sheet(tab, contest, sheet):
    contest.panel.all().delete()
    assert tab.get(f"/clips/judging/{sheet.pk}/").status_code == 404
    assert "Bạn chưa có trong Ban Giám khảo nào" in text_of(tab.get("/clips/judging/"))


# --- The plain form -------------------------------------------------------------------------------------


def test_without_javascript_the_form_saves_what_people_type(tab, sheet):
    url = f"/clips/judging/{sheet.pk}/"
    response = tab.post(url, {"p1": " 67,5 ", "s1": "0", "p2": "２０", "s2": "0", "comment": "Tốt", "action": "save"})
    assert (response.status_code, response.url) == (302, url)
    assert points_of(sheet) == [Decimal("67.5"), Decimal(20)]
    page = text_of(tab.get(url))
    assert 'value="67,5"' in page
    assert "Tốt" in page
    assert "Đã lưu phiếu. Phiếu chưa được nộp." in page


def test_a_form_left_open_elsewhere_does_not_overwrite_newer_points(tab, sheet):
    save(tab, sheet, points="60", sequence=3)
    response = tab.post(f"/clips/judging/{sheet.pk}/", {"p1": "10", "s1": "0", "p2": "20", "s2": "0"})
    assert response.status_code == 422
    assert "Đã có nội dung mới hơn từ một cửa sổ hoặc thiết bị khác." in text_of(response)
    assert points_of(sheet) == [60, 20]


def test_a_wrong_field_is_shown_as_typed_with_what_to_do_and_the_others_are_kept(tab, sheet):
    response = tab.post(f"/clips/judging/{sheet.pk}/", {"p1": "71", "s1": "0", "p2": "20", "s2": "0"})
    page = text_of(response)
    assert response.status_code == 422
    assert 'value="71"' in page
    assert "Điểm tối đa của tiêu chí này là 70." in page
    assert points_of(sheet) == [20]
    page = text_of(tab.post(f"/clips/judging/{sheet.pk}/", {"p1": "7,3", "s1": "0"}))
    assert "Điểm của tiêu chí này cho theo bước 0,5." in page
    assert "Điểm phải là một số" in text_of(tab.post(f"/clips/judging/{sheet.pk}/", {"p1": "bảy"}))


# --- Handing in -----------------------------------------------------------------------------------------


def test_handing_in_asks_first_and_goes_on_to_the_next_clip(tab, contest, judge, sheet):
    following = make_sheet(make_clip(contest, state="accepted"), judge)
    save(tab, sheet, points="60")
    save(tab, sheet, position=2, points="25.5")
    response = tab.post(f"/clips/judging/{sheet.pk}/", {"p1": "60", "s1": "1", "action": "submit"})
    assert response.url == f"/clips/judging/{sheet.pk}/submit/"
    page = text_of(tab.get(response.url))
    assert "85,5" in page
    assert state_of(sheet) == SheetState.SCORING
    assert tab.post(response.url).url == f"/clips/judging/{following.pk}/"
    assert state_of(sheet) == SheetState.SUBMITTED
    first = ScoreSheet.objects.get(pk=sheet.pk).submitted_at
    assert tab.post(f"/clips/judging/{sheet.pk}/submit/").status_code == 302
    assert ScoreSheet.objects.get(pk=sheet.pk).submitted_at == first


@pytest.mark.parametrize("now", ["member", "coordinator"])
def test_who_has_come_to_the_clips_unit_since_hands_in_no_sheet_for_it(tab, contest, judge, sheet, now):
    other = make_sheet(make_clip(contest, state="accepted"), judge, 60, 20, submitted=False)
    save(tab, sheet, points="60")
    save(tab, sheet, position=2, points="20")
    if now == "member":
        Membership.objects.create(user=judge, unit=sheet.clip.unit, starts_on=date(2020, 1, 1))
    else:
        grant(judge, Role.COORDINATOR, sheet.clip.unit)
    answer = tab.post(f"/clips/judging/{sheet.pk}/submit/", follow=True)
    assert "Video này nay là của đơn vị bạn" in text_of(answer)
    assert state_of(sheet) == SheetState.SCORING
    tab.post(f"/clips/judging/{other.pk}/submit/")
    assert state_of(other) == SheetState.SUBMITTED, "the control"
    tab.post(f"/clips/judging/{sheet.pk}/abstain/", {"reason": "Mới chuyển về đơn vị"})
    assert state_of(sheet) == SheetState.ABSTAINED


def test_a_sheet_with_a_criterion_left_out_is_not_handed_in(tab, sheet):
    save(tab, sheet, position=2, points="0")
    response = tab.post(f"/clips/judging/{sheet.pk}/submit/")
    assert response.status_code == 422
    assert "Chưa nộp được phiếu: còn thiếu điểm ở tiêu chí 1." in text_of(response)
    assert state_of(sheet) == SheetState.SCORING


@pytest.mark.slow
@pytest.mark.parametrize("state", ["submitted", "abstained", "conflict", "closed", "locked"])
def test_a_sheet_that_has_ended_takes_nothing_more_and_says_so(tab, contest, sheet, state):
    if state == "locked":
        end = {"state": SheetState.SUBMITTED, "submitted_at": server_now()}
    elif state == "submitted":
        end = {"state": state, "submitted_at": server_now()}
    else:
        end = {"state": state, "reason": "Lý do", "has_conflict": state == "conflict"}
    ScoreSheet.objects.filter(pk=sheet.pk).update(**end)
    if state == "locked":
        ClipContest.objects.filter(pk=contest.pk).update(locked_at=server_now())
    answers = [save(tab, sheet, points="60"), remark(tab, sheet, comment="x")]
    code = "panel_locked" if state == "locked" else "sheet_closed"
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, code)] * 2
    form = tab.post(f"/clips/judging/{sheet.pk}/", {"p1": "60", "s1": "0"})
    assert form.status_code == 409
    assert str(answers[0].json()["detail"]) in text_of(form)
    for page in ("conflict", "abstain"):
        assert tab.post(f"/clips/judging/{sheet.pk}/{page}/", {"reason": "x"}).status_code == 409
        assert tab.get(f"/clips/judging/{sheet.pk}/{page}/").url == f"/clips/judging/{sheet.pk}/"
    assert tab.get(f"/clips/judging/{sheet.pk}/").status_code == 200
    assert not CriterionScore.objects.exists()


# --- Conflict, abstention -------------------------------------------------------------------------------


def test_a_conflict_is_declared_before_the_first_score_and_takes_the_clip_off_the_desk(tab, sheet):
    url = f"/clips/judging/{sheet.pk}/conflict/"
    assert tab.post(url, {"reason": " "}).status_code == 422
    assert state_of(sheet) == SheetState.ASSIGNED
    assert tab.post(url, {"reason": "Em trai là tác giả"}).status_code == 302
    sheet.refresh_from_db()
    assert (sheet.state, sheet.has_conflict, sheet.reason) == ("conflict", True, "Em trai là tác giả")
    page = text_of(tab.get("/clips/judging/?show=left"))
    assert sheet.clip.title not in page
    page = text_of(tab.get(f"/clips/judging/{sheet.pk}/"))
    assert "<video" not in page
    refused = tab.post(f"/clips/judging/{sheet.pk}/submit/", follow=True)
    assert "Đã khai xung đột lợi ích với video này nên không chấm và không nộp phiếu được." in text_of(refused)


def test_after_the_first_score_a_conflict_is_too_late_and_abstaining_is_the_way(tab, sheet):
    save(tab, sheet, points="60")
    response = tab.post(f"/clips/judging/{sheet.pk}/conflict/", {"reason": "Quen tác giả"})
    assert response.status_code == 409
    assert "Xung đột lợi ích phải được khai trước khi cho điểm." in text_of(response)
    assert state_of(sheet) == SheetState.SCORING
    assert tab.post(f"/clips/judging/{sheet.pk}/abstain/", {"reason": "Quen tác giả"}).status_code == 302
    sheet.refresh_from_db()
    assert (sheet.state, sheet.reason) == ("abstained", "Quen tác giả")


# --- The desk -------------------------------------------------------------------------------------------


def test_the_desk_counts_what_is_left_and_goes_on_where_one_stopped(tab, contest, judge, sheet):
    begun = make_sheet(make_clip(contest, state="accepted"), judge, 60, submitted=False)
    make_sheet(make_clip(contest, state="accepted"), judge, 60, 20)
    page = text_of(tab.get("/clips/judging/"))
    assert "1/3" in page
    assert f'href="/clips/judging/{begun.pk}/">Chấm tiếp video số 2' in page
    assert "Còn 2 video phải chấm." in page


def test_before_the_panel_begins_the_desk_says_so():
    contest = make_clip_contest()
    page = text_of(browser_of(make_judge(contest)).get("/clips/judging/"))
    assert "Chưa bắt đầu chấm" in page


def test_another_panel_is_404(tab, sheet):
    other = make_clip_contest()
    assert tab.get(f"/clips/judging/?contest={other.pk}").status_code == 404
    assert tab.get("/clips/judging/?contest=x").status_code == 404


def queries_of(tab, url, counted) -> int:
    tab.get(url)
    with counted() as asked:
        assert tab.get(url).status_code == 200
    return len(asked)


def test_the_desk_takes_as_many_queries_for_three_clips_as_for_one(
    tab, contest, judge, sheet, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counted = lambda: CaptureQueriesContext(connection)  # noqa: E731
    one = queries_of(tab, "/clips/judging/", counted)
    for _ in range(2):
        make_sheet(make_clip(contest, state="accepted"), judge, 60, 20)
    assert queries_of(tab, "/clips/judging/?show=all", counted) == one


@pytest.mark.slow
def test_the_list_of_110_clips_and_7_judges_takes_at_most_12_queries(contest, django_assert_max_num_queries):
    judges = [make_judge(contest) for _ in range(7)]
    clips = [make_clip(contest, state="accepted") for _ in range(110)]
    ScoreSheet.objects.bulk_create(ScoreSheet(clip=clip, judge=judge) for clip in clips for judge in judges)
    tab = browser_of(judges[3])
    with django_assert_max_num_queries(12):
        page = text_of(tab.get("/clips/judging/?show=all"))
    assert page.count("/clips/judging/") >= 110
    assert all(clip.title in page for clip in clips)
