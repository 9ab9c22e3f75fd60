"""The pages everyone may read: front page, rules, winners, the public record."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.clock import server_now
from contest.closing import close_round
from contest.models import Round
from contest.record import build_public_record
from contest.services.results import finalise_round, publish_round
from tests.factories import (
    draft_round,
    grant,
    make_attempt,
    make_block,
    make_contest,
    make_root,
    make_unit,
    make_user,
    open_round,
    past_round,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def contest():
    return make_contest(title="Hội thi tìm hiểu cải cách hành chính")


def text_of(response) -> str:
    """What a reader sees: tags out, white space single."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def publish(round: Round) -> Round:
    close_round(round.pk)
    return publish_round(round=Round.objects.get(pk=round.pk), actor=make_user())


def published_round(contest, winners: int = 1, **fields) -> Round:
    round = past_round(contest, **fields)
    unit = make_unit(name="Sở Nội vụ", parent=make_root())
    for number in range(winners):
        make_attempt(round, make_user(unit=unit, full_name=f"Trần Thị Thắng {number}"), prediction=number)
    return publish(round)


# --- Front page -------------------------------------------------------------------------------------


def test_without_a_public_contest_the_front_page_says_so(client):
    assert "Chưa có hội thi nào được công bố" in text_of(client.get("/"))


def test_the_front_page_calls_a_visitor_to_sign_in_for_the_open_round(client, contest):
    round = open_round(contest)
    page = client.get("/")
    assert "Đang mở" in text_of(page)
    assert f"/accounts/login/?next={reverse('round-start', args=[round.pk])}" in page.content.decode()


@pytest.mark.parametrize(
    ("state", "call"),
    [(None, "Vào thi"), ("in_progress", "Tiếp tục bài đang làm"), ("submitted", "Bạn đã hoàn thành tuần thi này")],
)
def test_the_front_page_calls_by_what_the_person_has_done(client, contest, state, call):
    round, person = open_round(contest), make_user(unit=make_unit())
    if state:
        make_attempt(round, person, state=state, started_at=server_now() - timedelta(minutes=1))
    client.force_login(person)
    assert call in text_of(client.get("/"))


def test_the_front_page_counts_down_to_the_next_opening(client, contest):
    round = open_round(contest, opens_at=server_now() + timedelta(hours=3))
    page = client.get("/").content.decode()
    assert "Sắp mở" in page
    assert f'data-countdown="{round.opens_at:%Y-%m-%dT}' in page or "data-countdown" in page


def test_the_front_page_shows_everyone_the_commitment_until_the_result_is_out(client, contest):
    coming = open_round(contest, opens_at=server_now() + timedelta(hours=3))
    draft, over = draft_round(contest), published_round(contest)
    page = client.get("/").content.decode()
    assert coming.commitment in page
    assert over.commitment not in page
    assert over.commitment in client.get(reverse("results", args=[over.pk])).content.decode()
    assert "ai cũng kiểm tra được rằng câu hỏi và đáp án không bị thay đổi" in page
    assert not draft.commitment


def test_the_front_page_shows_published_results_and_no_draft(client, contest):
    published_round(contest, winners=2)
    draft_round(contest, title="Tuần còn soạn thảo")
    page = text_of(client.get("/"))
    assert "Trần Thị Thắng" in page
    assert "Tuần còn soạn thảo" not in page


def test_the_front_page_takes_as_many_queries_for_three_rounds_as_for_one(client, contest, django_assert_num_queries):
    published_round(contest)
    client.get("/")
    with django_assert_num_queries(3):  # contest with the clock, rounds, first prizes
        client.get("/")
    published_round(contest)
    open_round(contest)
    with django_assert_num_queries(3):
        client.get("/")


# --- Rules ------------------------------------------------------------------------------------------


def test_the_rules_print_the_settings_in_words(client):
    contest = make_contest(
        attempts_allowed=2,
        counts="last",
        time_limit_seconds=1200,
        questions_per_round=20,
        grace_seconds=7,
        wins="once",
        prize_if_nobody_perfect=False,
        prediction_required=False,
    )
    page = text_of(client.get(reverse("rules", args=[contest.slug])))
    for words in (
        "Thông thường, tuần thi mở lúc 00:00 thứ Hai và đóng lúc 24:00 Chủ nhật (7 ngày).",
        "20 câu trắc nghiệm",
        "tối đa 2 lượt trong mỗi tuần; lượt được tính là lượt cuối cùng",
        "Mỗi lượt thi có 20 phút",
        "nhận thêm 7 giây",
        "chỉ nhận giải một lần",
        "tuần thi đó không trao giải",
        "Câu dự đoán không bắt buộc",
    ):
        assert words in page


def test_rules_frozen_by_a_round_stay_readable_after_the_contest_changes(client, contest):
    round = open_round(contest)
    contest.time_limit_seconds = 600
    contest.save()
    url = reverse("rules", args=[contest.slug])
    now = text_of(client.get(url))
    assert "Mỗi lượt thi có 10 phút" in now
    assert round.title in now
    assert "Mỗi lượt thi có 30 phút" in text_of(client.get(f"{url}?round={round.number}"))
    assert client.get(f"{url}?round=77").status_code == 404


def test_rules_of_a_hidden_contest_do_not_exist(client):
    assert client.get(reverse("rules", args=[make_contest(is_public=False).slug])).status_code == 404


# --- Results ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["draft", "scheduled", "closed", "ranked"])
def test_results_do_not_exist_before_publication(client, contest, state):
    round = open_round(contest)
    Round.objects.filter(pk=round.pk).update(state=state, version=1)
    assert client.get(reverse("results", args=[round.pk])).status_code == 404
    assert client.get(reverse("record-file", args=[round.pk, "entries.csv"])).status_code == 404


def test_results_name_the_winners_their_unit_and_the_target(client, contest):
    round = published_round(contest, winners=3)
    page = text_of(client.get(reverse("results", args=[round.pk])))
    assert "Kết quả tạm thời" in page
    assert "Giải Nhất" in page
    assert "Sở Nội vụ" in page
    assert "Con số đúng của câu dự đoán 3" in page
    assert round.commitment in page
    finalise_round(round=round, actor=make_user())
    assert "Kết quả chính thức" in text_of(client.get(reverse("results", args=[round.pk])))


def test_winners_stand_under_their_block(client, contest):
    make_block(contest, "A")
    make_block(contest, "B")
    round = past_round(contest)
    make_attempt(round, make_user(full_name="Lê Văn A"), block="A")
    make_attempt(round, make_user(full_name="Lê Văn B"), block="B")
    page = text_of(client.get(reverse("results", args=[publish(round).pk])))
    assert page.index("Bảng A") < page.index("Lê Văn A") < page.index("Bảng B") < page.index("Lê Văn B")


def test_results_take_as_many_queries_for_three_winners_as_for_one(client, contest, django_assert_num_queries):
    one, three = published_round(contest, winners=1), published_round(contest, winners=3)
    for round in (one, three):
        with django_assert_num_queries(4):  # round, names of blocks, winners, draws
            client.get(reverse("results", args=[round.pk]))


@pytest.mark.django_db(transaction=True)
def test_the_public_record_can_be_downloaded_once_it_is_written(client, contest):
    round = published_round(contest)
    url = reverse("record-file", args=[round.pk, "standings.csv"])
    assert client.get(url).status_code == 404
    assert "đang được lập" in text_of(client.get(reverse("results", args=[round.pk])))
    build_public_record(round)
    response = client.get(url)
    assert b"".join(response.streaming_content).startswith(b"rank,entry,person,block,score,prediction_error,prize\n")
    assert response["Content-Disposition"] == 'attachment; filename="standings.csv"'
    assert client.get(reverse("record-file", args=[round.pk, "settings.py"])).status_code == 404
    assert "verify_record.py" in text_of(client.get(reverse("results", args=[round.pk])))


def test_the_verifier_is_the_stand_alone_program(client):
    response = client.get(reverse("verifier"))
    assert b"".join(response.streaming_content).startswith(b"#!/usr/bin/env python3")


# --- Navigation ---

BOTH = ["Báo cáo", "Tổ chức thi"]
STAFF = {
    "coordinator": ["Việc của đơn vị", "Video của đơn vị", "Báo cáo"],
    "organiser": BOTH,
    "secretary": BOTH,
    "auditor": BOTH,
    "administrator": ["Tổ chức thi"],
    "judge": ["Chấm video"],
}


@pytest.mark.parametrize("role", [None, *STAFF])
def test_the_navigation_shows_the_rooms_of_a_role_and_no_other(client, contest, role):
    person = make_user(unit=make_unit())
    if role:
        grant(person, role)
    client.force_login(person)
    navigation = re.search(r'<nav class="mainnav".*?</nav>', client.get("/").content.decode(), re.S)[0]
    labels = re.findall(r">([^<>]+)</a>", navigation)
    assert labels == ["Trang chủ", "Thể lệ", "Video", "Tuần thi của tôi", *STAFF.get(role, [])]


# --- Frame ------------------------------------------------------------------------------------------


def test_no_page_has_inline_style_or_script(client, contest):
    round = published_round(contest)
    for url in (
        "/",
        reverse("rules", args=[contest.slug]),
        reverse("results", args=[round.pk]),
        "/accounts/login/",
        "/x",
    ):
        page = client.get(url).content.decode()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=", page), url
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page)), url
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page), url


def test_an_unknown_address_answers_in_the_portals_frame_with_the_request_id(client):
    response = client.get("/khong-co/", headers={"X-Request-Id": "yeu-cau-0001"})
    assert response.status_code == 404
    assert "Không tìm thấy trang" in response.content.decode()
    assert "yeu-cau-0001" in response.content.decode()
