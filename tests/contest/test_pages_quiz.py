"""The pages of the person who takes the quiz, and what they must not tell before their time."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.clock import server_now
from contest.attempt_key import AttemptKey, read_key
from contest.closing import close_round
from contest.models import Attempt, Round
from contest.paper import compile_paper
from contest.services.attempts import save_answer, save_prediction, start_attempt, submission_of
from contest.services.results import publish_round
from contest.views.plain_form import UnreadablePrediction, read_prediction
from tests.contest.test_pages_public import text_of
from tests.factories import grant, make_attempt, make_contest, make_unit, make_user, open_round, past_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return make_user(unit=make_unit(name="Sở Y tế"), full_name="Nguyễn Thị Hồng Hạnh")


@pytest.fixture
def round(person):
    return open_round()


@pytest.fixture
def attempt(round, person):
    return start_attempt(user=person, round_id=round.pk)[0]


@pytest.fixture
def signed_in(client, person):
    client.force_login(person)
    return client


def url_of(attempt) -> str:
    return reverse("attempt", args=[attempt.pk])


def start_url(round) -> str:
    return reverse("round-start", args=[round.pk])


def full_form(size: int = 3, **changes) -> dict:
    return {f"q{n}": "1" for n in range(1, size + 1)} | {"prediction": "12", "action": "submit"} | changes


# --- My rounds and starting -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rounds", "round-start", "attempt"])
def test_visitors_are_sent_to_sign_in(client, round, attempt, name):
    arguments = {"rounds": [], "round-start": [round.pk], "attempt": [attempt.pk]}[name]
    response = client.get(reverse(name, args=arguments))
    assert response.status_code == 302
    assert response.url.startswith("/accounts/login/?next=")


def test_my_rounds_take_as_many_queries_for_three_as_for_one(signed_in, person, django_assert_num_queries):
    contest = make_contest()
    make_attempt(open_round(contest), person)
    signed_in.get(reverse("rounds"))
    # session, person, clock, rounds, attempts; roles and unread messages for the frame
    with django_assert_num_queries(7):
        signed_in.get(reverse("rounds"))
    for _ in range(2):
        make_attempt(open_round(contest), person)
    with django_assert_num_queries(7):
        signed_in.get(reverse("rounds"))


def test_the_start_page_tells_the_deadline_before_starting(signed_in, person):
    closes = server_now() + timedelta(minutes=10)
    round = open_round(closes_at=closes)
    page = text_of(signed_in.get(start_url(round)))
    assert f"Hạn nộp là {closes + timedelta(hours=7):%H:%M:%S, %d/%m/%Y}" in page
    assert "Còn 1 trên 1 lượt" in page
    assert Attempt.objects.count() == 0


def test_starting_goes_to_the_sheet_and_twice_to_the_same_one(signed_in, round):
    first, second = (signed_in.post(start_url(round)) for _ in range(2))
    attempt = Attempt.objects.get()
    assert first.url == second.url == url_of(attempt)


def test_who_may_not_start_is_told_why(client, round):
    auditor = make_user(unit=make_unit())
    grant(auditor, "auditor")
    client.force_login(auditor)
    before = text_of(client.get(start_url(round)))
    assert "không có tên trong danh sách dự thi" in before
    assert "Bắt đầu làm bài" not in before
    response = client.post(start_url(round))
    assert response.status_code == 403
    assert "không có tên trong danh sách dự thi" in text_of(response)


def test_a_used_up_a_coming_and_a_closed_round_offer_no_start(signed_in, person):
    used, coming, over = open_round(), open_round(opens_at=server_now() + timedelta(hours=1)), past_round()
    make_attempt(used, person)
    for round, words in ((used, "đã dùng hết số lượt"), (coming, "Tuần thi chưa mở"), (over, "Tuần thi đã đóng")):
        page = text_of(signed_in.get(start_url(round)))
        assert words in page
        assert "Bắt đầu làm bài" not in page
        assert signed_in.post(start_url(round)).status_code == 409


# --- The sheet --------------------------------------------------------------------------------------


def test_a_strangers_attempt_does_not_exist(client, attempt):
    client.force_login(make_user())
    assert client.get(url_of(attempt)).status_code == 404
    assert client.post(url_of(attempt), full_form()).status_code == 404


def test_the_sheet_carries_the_key_and_may_not_be_stored(signed_in, attempt):
    response = signed_in.get(url_of(attempt))
    assert "no-store" in response["Cache-Control"]
    config = json.loads(re.search(r'id="quiz-config"[^>]*>(.*?)</script>', response.content.decode())[1])
    assert read_key(config["attempt_key"]) == AttemptKey(attempt.pk, attempt.round_id, attempt.nonce)
    assert [question["sequence"] for question in config["questions"]] == [0, 0, 0]
    assert config["prediction"]["value"] is None


def test_saving_the_plain_form_stores_what_is_chosen_and_does_not_hand_in(signed_in, attempt):
    form = full_form(action="save", prediction="１.２34")
    del form["q2"]
    response = signed_in.post(url_of(attempt), form, follow=True)
    attempt.refresh_from_db()
    assert attempt.state == "in_progress"
    assert sorted(mask > 0 for mask in attempt.answers) == [False, True, True]
    assert attempt.prediction == 1234
    assert "Đã lưu bài lúc" in text_of(response)
    assert 'value="1.234"' in response.content.decode()


def test_handing_in_the_plain_form_ends_on_the_receipt(signed_in, attempt):
    response = signed_in.post(url_of(attempt), full_form(), follow=True)
    attempt.refresh_from_db()
    assert attempt.state == "submitted"
    page = text_of(response)
    assert submission_of(attempt).receipt in page
    assert attempt.entry in page
    assert f"{attempt.submitted_at + timedelta(hours=7):%H:%M:%S,%f}" in page


def test_an_incomplete_plain_form_is_saved_and_told_what_is_missing(signed_in, attempt):
    form = full_form(prediction="")
    del form["q3"]
    page = text_of(signed_in.post(url_of(attempt), form, follow=True))
    assert "còn thiếu: câu 3, câu dự đoán" in page
    attempt.refresh_from_db()
    assert attempt.state == "in_progress"
    assert sum(mask > 0 for mask in attempt.answers) == 2


def test_an_unreadable_prediction_keeps_the_paper_from_being_handed_in(signed_in, attempt):
    page = text_of(signed_in.post(url_of(attempt), full_form(prediction="khoảng 12"), follow=True))
    assert "“khoảng 12” không phải là con số hợp lệ" in page
    attempt.refresh_from_db()
    assert attempt.state == "in_progress"


def test_an_old_form_does_not_overwrite_a_newer_answer_from_elsewhere(signed_in, attempt):
    key = AttemptKey(attempt.pk, attempt.round_id, attempt.nonce)
    save_answer(key=key, position=1, choices=[3], sequence=4)
    save_prediction(key=key, value=99, sequence=2)
    page = text_of(signed_in.post(url_of(attempt), full_form(s1="0", sp="0"), follow=True))
    assert "Câu 1 đã có câu trả lời mới hơn" in page
    assert "Câu dự đoán đã có con số mới hơn" in page
    attempt.refresh_from_db()
    assert attempt.state == "in_progress"
    assert attempt.prediction == 99


def test_an_untouched_group_in_an_old_form_clears_nothing(signed_in, attempt):
    save_answer(key=AttemptKey(attempt.pk, attempt.round_id, attempt.nonce), position=1, choices=[3], sequence=4)
    signed_in.post(url_of(attempt), {"action": "save", "q2": "1"})
    attempt.refresh_from_db()
    assert sum(mask > 0 for mask in attempt.answers) == 2


@pytest.mark.slow
@pytest.mark.parametrize("choice", ["0", "9", "a", "1' OR '1'='1", "１"])
def test_a_made_up_choice_is_refused_and_stored_nowhere(signed_in, attempt, choice):
    response = signed_in.post(url_of(attempt), full_form(q1=choice), follow=True)
    assert response.status_code == 200
    attempt.refresh_from_db()
    assert attempt.state == "in_progress"


def test_a_form_sent_after_the_deadline_is_refused_and_the_paper_collected(signed_in, attempt):
    save_answer(key=AttemptKey(attempt.pk, attempt.round_id, attempt.nonce), position=1, choices=[3], sequence=1)
    Attempt.objects.update(deadline=server_now() - timedelta(minutes=1))
    page = text_of(signed_in.post(url_of(attempt), full_form(), follow=True))
    attempt.refresh_from_db()
    assert attempt.state == "cut_off"
    assert sum(mask > 0 for mask in attempt.answers) == 1
    assert "bài được thu tự động" in page


def test_an_attempt_opened_and_never_answered_is_called_so(signed_in, attempt):
    Attempt.objects.update(deadline=server_now() - timedelta(minutes=1))
    assert "đã mở nhưng chưa trả lời" in text_of(signed_in.get(url_of(attempt)))


def test_between_close_and_collection_the_page_says_that_papers_are_collected(signed_in, attempt):
    Round.objects.update(state="closed")
    assert "Đang thu bài" in text_of(signed_in.get(url_of(attempt)))


@pytest.mark.parametrize(
    ("typed", "asks", "read"),
    [
        ("1.234", "perfect_people", 1234),
        (" １ ２３４ ", "participants", 1234),
        ("1,234,567", "entries", 1234567),
        ("007", "entries", 7),
        ("", "entries", None),
        ("22,88 %", "perfect_percent", "22.88"),
        ("100", "perfect_percent", "100"),
        ("٣", "entries", UnreadablePrediction),
        ("-1", "entries", UnreadablePrediction),
        ("1,5", "entries", UnreadablePrediction),
        ("1e9", "entries", UnreadablePrediction),
        ("9999999999", "entries", UnreadablePrediction),
        ("100,1", "perfect_percent", UnreadablePrediction),
    ],
)
def test_predictions_are_read_as_people_type_them(typed, asks, read):
    if read is UnreadablePrediction:
        with pytest.raises(UnreadablePrediction):
            read_prediction(typed, asks)
    else:
        assert read_prediction(typed, asks) == read


# --- My result, and what is told when ---------------------------------------------------------------


def closed_round(person, **contest_fields) -> tuple[Round, Attempt]:
    round = past_round(make_contest(**contest_fields))
    attempt = make_attempt(round, person, answers="B")
    close_round(round.pk)
    return Round.objects.get(pk=round.pk), attempt


def test_the_score_comes_after_the_close_and_the_answers_after_publication(signed_in, person):
    round, attempt = closed_round(person)
    ranked = text_of(signed_in.get(url_of(attempt)))
    assert "Điểm 3/3" in ranked
    assert "GIẢI THÍCH" not in ranked
    publish_round(round=round, actor=make_user())
    published = text_of(signed_in.get(url_of(attempt)))
    assert published.count("GIẢI THÍCH") == published.count("CĂN CỨ") == 3
    assert "Chúc mừng bạn đạt Giải Nhất!" in published
    assert "Con số đúng: 1 người" in published


def test_a_wrong_answer_shows_the_right_one(signed_in, person):
    round = past_round()
    attempt = make_attempt(round, person, answers="A")
    close_round(round.pk)
    publish_round(round=Round.objects.get(pk=round.pk), actor=make_user())
    page = text_of(signed_in.get(url_of(attempt)))
    assert page.count("Đáp án đúng") == 3
    assert "Điểm 0/3" in page


def test_practice_shows_everything_at_once_and_no_rank(signed_in, person):
    round = open_round(is_practice=True)
    attempt = make_attempt(round, person, started_at=server_now())
    page = text_of(signed_in.get(url_of(attempt)))
    assert page.count("GIẢI THÍCH") == 3
    assert "Hạng" not in page


def test_nothing_of_key_score_or_perfect_papers_is_told_before_release(client, person):
    """Canaries: explanations, sources, salt, and a perfect-paper count that no page may show."""
    round = open_round()
    mine = start_attempt(user=person, round_id=round.pk)[0]
    done = make_attempt(open_round(round.contest), person, started_at=server_now())
    Round.objects.update(perfect_people=98765, people=87654, entries=76543, zero=65432, prediction_target=54321)
    urls = ["/", reverse("rules", args=[round.contest.slug]), reverse("rounds"), start_url(round), url_of(mine)]
    urls += [url_of(done), reverse("results", args=[round.pk])]
    client.force_login(person)
    for url in urls:
        page = client.get(url).content.decode()
        for canary in ("GIẢI THÍCH", "CĂN CỨ", round.salt, "98765", "98.765", "87.654", "76.543", "65.432", "54.321"):
            assert canary not in page, (url, canary)
        assert not re.search(r"Điểm của|Bạn chọn, đúng|Đáp án đúng<|is-right|\d+/3</span>\s*</div>", page), url


def test_the_sheet_has_the_order_of_the_attempt(signed_in, attempt, round):
    paper = compile_paper(round)
    expected = [paper.questions[index]["text"] for index in paper.question_order(attempt.pk)]
    page = signed_in.get(url_of(attempt)).content.decode()
    assert re.findall(r'question__text">(Nội dung[^<]+)<', page) == expected
