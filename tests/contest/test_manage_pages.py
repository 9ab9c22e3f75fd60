"""Organisers' pages at work: what they show, what they store, what they refuse; queries that do not grow."""

from datetime import timedelta

import pytest
from django.forms import BaseForm
from django.forms.utils import pretty_name
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, Unit
from contest.closing import close_round
from contest.manage import forms
from contest.models import Contest, Question, Round
from contest.models.round import RoundState
from contest.services.rounds import confirm_key
from tests.factories import (
    draft_round,
    grant,
    make_attempt,
    make_contest,
    make_questions,
    make_root,
    make_unit,
    make_user,
    open_round,
    past_round,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def organiser(client):
    user = make_user("btc-1", full_name="Trần Thị Tổ Chức")
    grant(user, "organiser")
    client.force_login(user)
    return user


def address(name, *args) -> str:
    return reverse(name, args=[getattr(arg, "pk", arg) for arg in args])


def text_of(response) -> str:
    return response.content.decode()


# --- The dashboard ----------------------------------------------------------------------------------


def test_the_dashboard_says_what_is_to_be_done(client, organiser):
    contest = make_contest(is_public=False)
    draft_round(contest, questions=make_questions(1), title="Tuần nháp")
    open_round(contest, title="Tuần mở")
    page = text_of(client.get(address("manage-home")))
    assert "Công khai hội thi" in page
    assert "Tuần nháp: Chọn câu hỏi (1/3)" in page
    assert "Tạo tuần thi tiếp theo" not in page


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({}, "Kiểm tra lần cuối và lên lịch"),
        ({"key_confirmed_digest": ""}, "Người thứ hai xác nhận đáp án"),
        ({"opens_at": timezone.now() - timedelta(days=1)}, "Sửa thời gian mở"),
        ({"state": "published"}, "Bốc thăm nếu có người đồng hạng, rồi chốt kết quả"),
    ],
)
def test_the_next_step_of_a_round_follows_its_state(client, organiser, change, step):
    contest = make_contest()
    round = draft_round(contest, prepared_by=organiser)
    confirm_key(round=round, actor=make_user())
    if "state" in change:
        round = past_round(contest)
        make_attempt(round)
        close_round(round.pk)
    Round.objects.filter(pk=round.pk).update(**change)
    assert f"{round.title}: {step}" in text_of(client.get(address("manage-home")))


def test_the_dashboard_takes_as_many_queries_for_3_contests_as_for_1(client, organiser, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address("manage-home")).status_code == 200
        return len(captured)

    def world():
        contest = make_contest()
        draft_round(contest)
        open_round(contest)

    world()
    one = queries()
    world()
    world()
    assert queries() == one


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["manage-contest", "manage-round-questions", "manage-round-pick", "manage-round-key", "manage-round-headcounts",
     "manage-round-standings", "manage-ineligible", "manage-bank", "manage-round"],
)  # fmt: skip
def test_lists_take_as_many_queries_for_3_rows_as_for_1(client, organiser, name):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    contest = make_contest(questions_per_round=50)
    draft = draft_round(contest, questions=make_questions(1))
    ranked = past_round(contest, questions=make_questions(1))
    bank = Question.objects.first().bank

    def target() -> str:
        if name in ("manage-contest", "manage-ineligible"):
            return address(name, contest)
        if name == "manage-bank":
            return address(name, bank.slug)
        return address(name, ranked if name == "manage-round-standings" else draft)

    def row():
        unit = make_unit(parent=make_root())
        draft_round(contest, questions=[])
        draft.round_questions.create(question=make_questions(1)[0], position=draft.round_questions.count() + 1)
        make_questions(1)
        contest.ineligibilities.create(user=make_user(), reason="x")
        Round.objects.filter(pk=ranked.pk).update(state=RoundState.SCHEDULED)
        make_attempt(ranked, make_user(unit=unit))
        close_round(ranked.pk)
        Round.objects.filter(pk=ranked.pk).update(state=RoundState.PUBLISHED)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(target()).status_code == 200
        return len(captured)

    row()
    one = queries()
    row()
    row()
    assert queries() == one


# --- The contest ------------------------------------------------------------------------------------


def settings_of_form(client, where) -> dict:
    """What the form would send if nothing were changed."""
    form = client.get(where).context["form"]
    values = {field.html_name: field.value() for field in form}
    return {
        name: value.strftime("%H:%M") if hasattr(value, "strftime") else value
        for name, value in values.items()
        if value is not None and value is not False
    }


def test_a_contest_is_created_with_the_usual_rules(client, organiser):
    where = address("manage-contest-create")
    values = settings_of_form(client, where) | {"title": "Hội thi", "slug": "hoi-thi", "unit": make_root().pk}
    assert client.post(where, values).status_code == 302
    contest, plain = Contest.objects.get(slug="hoi-thi"), Contest()
    assert contest.rules() == plain.rules()
    assert (contest.opens_weekday, str(contest.opens_time)[:5], contest.window_minutes) == (1, "00:00", 10080)
    assert not contest.is_public


def test_every_setting_is_edited(client, organiser):
    contest = make_contest()
    where = address("manage-contest-edit", contest)
    values = settings_of_form(client, where) | {
        "window_preset": "custom", "opens_weekday": 3, "opens_time": "08:15", "window_days": 2, "window_hours": 1,
        "window_rest": 30, "attempts_allowed": "", "counts": "last", "time_limit_minutes": 20, "grace_seconds": 7,
        "questions_per_round": 10, "max_correct": 4, "prediction_asks": "perfect_percent", "prediction_decimals": 2,
        "tie_1": "score:desc", "tie_2": "prediction_error:asc", "tie_3": "prediction_over:asc", "tie_4": "duration:asc",
        "tie_5": "submitted_at:asc", "wins": "once", "score_release": "at_once", "answers_release": "after_close",
    }  # fmt: skip
    for name in ("shuffle_questions", "shuffle_choices", "prediction_required", "prize_if_nobody_perfect"):
        values.pop(name)
    assert client.post(where, values).status_code == 302
    contest.refresh_from_db()
    assert contest.rules() == {
        "attempts": None,
        "questions": 10,
        "max_correct": 4,
        "counts": "last",
        "time_limit_seconds": 1200,
        "prediction": {"asks": "perfect_percent", "decimals": 2, "required": False},
        "tie_chain": [
            "score:desc", "prediction_error:asc", "prediction_over:asc", "duration:asc", "submitted_at:asc",
        ],
        "prize_if_nobody_perfect": False,
        "wins": "once",
        "shuffle_questions": False,
        "shuffle_choices": False,
        "score_release": "at_once",
        "answers_release": "after_close",
    }  # fmt: skip
    assert (contest.opens_weekday, str(contest.opens_time), contest.window_minutes) == (3, "08:15:00", 2970)
    assert (contest.grace_seconds, contest.questions_per_round, contest.max_correct) == (7, 10, 4)


def test_a_preset_sets_the_window_and_changed_boxes_win_over_an_untouched_preset(client, organiser):
    contest = make_contest()
    where = address("manage-contest-edit", contest)
    client.post(where, settings_of_form(client, where) | {"window_preset": "from-10"})
    contest.refresh_from_db()
    assert (str(contest.opens_time), contest.window_minutes) == ("10:00:00", 10050)
    client.post(where, settings_of_form(client, where) | {"opens_time": "11:00"})
    contest.refresh_from_db()
    assert (str(contest.opens_time), contest.window_minutes) == ("11:00:00", 10050)


def test_settings_that_do_not_fit_are_named_at_their_fields_and_nothing_is_stored(client, organiser):
    contest = make_contest()
    where = address("manage-contest-edit", contest)
    values = settings_of_form(client, where) | {"prediction_decimals": 3, "tie_2": "score:desc", "grace_seconds": 99}
    answer = client.post(where, values)
    faulty = {"grace_seconds", "prediction_decimals", "prediction_required", "tie_1"}
    assert set(answer.context["form"].errors) == faulty
    contest.refresh_from_db()
    assert (contest.prediction_decimals, contest.grace_seconds) == (0, 5)
    assert AuditEntry.objects.count() == 0


def test_seconds_set_elsewhere_survive_an_edit_of_something_else(client, organiser):
    contest = make_contest(time_limit_seconds=90)
    where = address("manage-contest-edit", contest)
    client.post(where, settings_of_form(client, where) | {"title": "Tên khác"})
    contest.refresh_from_db()
    assert (contest.title, contest.time_limit_seconds) == ("Tên khác", 90)


def test_the_settings_page_names_rounds_that_keep_their_rules(client, organiser):
    contest = make_contest()
    draft_round(contest, title="Tuần nháp")
    open_round(contest, title="Tuần đã niêm phong")
    page = text_of(client.get(address("manage-contest-edit", contest)))
    assert "Tuần đã niêm phong" in page
    assert "Tuần nháp" not in page


def test_a_contest_is_shown_and_hidden(client, organiser):
    contest = make_contest(is_public=False)
    client.post(address("manage-contest-visibility", contest), {"visible": "1"})
    assert Contest.objects.get().is_public
    client.post(address("manage-contest-visibility", contest), {"visible": "0"})
    assert not Contest.objects.get().is_public


def test_blocks_and_people_outside_the_ranking_are_kept_on_their_pages(client, organiser):
    contest = make_contest()
    unit = make_unit(parent=make_root())
    make_user("NV-5", unit=unit)
    client.post(address("manage-blocks", contest), {"code": "A", "name": "Bảng A", "kinds": [unit.kind_id]})
    block = contest.blocks.get()
    client.post(address("manage-block", contest, block), {"code": "A", "name": "Khối A"})
    block.refresh_from_db()
    assert (block.name, block.kinds.count()) == ("Khối A", 0)
    client.post(address("manage-block-delete", contest, block))
    assert not contest.blocks.exists()
    where = address("manage-ineligible", contest)
    assert "NV-404" in text_of(client.post(where, {"employee_ids": "NV-5\nNV-404", "reason": "Tổ ra đề"}))
    assert not contest.ineligibilities.exists()
    client.post(where, {"employee_ids": "NV-5\n", "reason": "Tổ ra đề"})
    client.post(address("manage-readmit", contest, contest.ineligibilities.get()))
    assert not contest.ineligibilities.exists()


# --- From a draft to a scheduled round --------------------------------------------------------------


@pytest.mark.slow
def test_a_round_goes_from_nothing_to_scheduled_on_pages_alone(client, organiser, django_user_model):
    contest = make_contest()
    make_unit("DV", parent=make_root(), headcount=None)
    make_user(unit=Unit.objects.get(code="DV"))
    questions = make_questions(4)
    where = address("manage-round-create", contest)
    initial = client.get(where).context["form"].initial
    times = {name: timezone.localtime(initial[name]).strftime("%H:%M %d/%m/%Y") for name in ("opens_at", "closes_at")}
    client.post(where, {"title": "Tuần 1", **times})
    round = contest.rounds.get()
    assert (round.opens_at, round.prizes.count()) == (initial["opens_at"], 4)

    client.post(address("manage-round-pick", round), {"question": [question.pk for question in questions[:3]]})
    client.post(address("manage-round-questions", round), {"remove": questions[0].pk})
    client.post(address("manage-round-pick", round), {"question": [questions[3].pk]})
    client.post(address("manage-round-questions", round), {"move": f"{questions[3].pk}:1"})
    assert [place.question for place in round.round_questions.all()] == [questions[3], *questions[1:3]]

    rows = {"form-TOTAL_FORMS": 3, "form-INITIAL_FORMS": 2, "form-0-title": "Giải Nhất", "form-0-count": 1,
            "form-1-title": "", "form-1-count": "", "form-2-title": "Giải Nhì", "form-2-count": 3}  # fmt: skip
    client.post(address("manage-round-prizes", round), rows)
    assert list(round.prizes.values_list("code", "count")) == [("first", 1), ("second", 3)]

    page = text_of(client.get(address("manage-round", round)))
    assert "Đáp án chưa được một thành viên Ban Tổ chức thứ hai xác nhận." in page
    assert "1 đơn vị chưa có biên chế" in page
    client.post(address("manage-round-schedule", round))
    assert Round.objects.get().state == RoundState.DRAFT

    unit = Unit.objects.get(code="DV")
    client.post(address("manage-round-headcounts", round), {f"unit-{unit.pk}": "1.250", f"was-{unit.pk}": ""})
    assert Unit.objects.get(code="DV").headcount == 1250

    second = make_user(full_name="Người Thứ Hai")
    grant(second, "organiser")
    page = text_of(client.get(address("manage-round-key", round)))
    assert "Người Thứ Hai" in page
    assert "Xác nhận đáp án</button>" not in page
    client.force_login(second)
    seen = client.get(address("manage-round-key", round)).context["digest"]
    client.post(address("manage-round-key", round), {"seen": seen})
    client.post(address("manage-round-schedule", round))
    round.refresh_from_db()
    assert round.state == RoundState.SCHEDULED
    assert round.commitment in text_of(client.get(address("manage-round", round)))


def test_the_first_organiser_does_not_confirm_their_own_key(client, organiser):
    round = draft_round(prepared_by=organiser)
    where = address("manage-round-key", round)
    client.post(where, {"seen": client.get(where).context["digest"]})
    assert Round.objects.get().key_confirmed_by is None


def test_the_key_is_not_confirmed_without_what_was_seen(client, organiser):
    round = draft_round(prepared_by=make_user())
    client.post(address("manage-round-key", round))
    assert Round.objects.get().key_confirmed_by is None
    client.post(
        address("manage-round-key", round), {"seen": client.get(address("manage-round-key", round)).context["digest"]}
    )
    assert Round.objects.get().key_confirmed_by == organiser


def test_a_practice_round_is_created_once(client, organiser):
    contest = make_contest()
    where = address("manage-round-create", contest) + "?practice=1"
    values = {"title": "", "opens_at": "00:00 01/01/2033", "closes_at": "24:00 31/01/2033"}
    client.post(where, values)
    client.post(where, values)
    assert list(contest.rounds.values_list("number", "title", "is_practice")) == [(0, "Thi thử", True)]
    practice = contest.rounds.get()
    assert practice.closes_at.isoformat() == "2033-01-31T17:00:00+00:00"
    assert 'value="24:00 31/01/2033"' in text_of(client.get(address("manage-round-edit", practice)))


def test_a_stale_page_of_headcounts_does_not_undo_anothers_work(client, organiser):
    mine, theirs = make_unit(parent=make_root()), make_unit(parent=make_root())
    round = draft_round()
    Unit.objects.filter(pk=theirs.pk).update(headcount=99)  # saved by somebody after my page was loaded
    client.post(
        address("manage-round-headcounts", round),
        {f"unit-{mine.pk}": "11", f"was-{mine.pk}": "10", f"unit-{theirs.pk}": "10", f"was-{theirs.pk}": "10"},
    )
    assert dict(Unit.objects.filter(pk__in=[mine.pk, theirs.pk]).values_list("pk", "headcount")) == {
        mine.pk: 11,
        theirs.pk: 99,
    }


@pytest.mark.slow
@pytest.mark.parametrize("value", ["-1", "x", "1e3", "２", "99999999"])
def test_a_headcount_that_is_no_number_is_refused(client, organiser, value):
    unit, round = make_unit(parent=make_root()), draft_round()
    where = address("manage-round-headcounts", round)
    page = text_of(client.post(where, {f"unit-{unit.pk}": value, f"was-{unit.pk}": "10"}, follow=True))
    assert "Biên chế phải là số nguyên" in page
    assert Unit.objects.get(pk=unit.pk).headcount == 10


def test_the_close_is_moved_on_its_page_by_two_people(client, organiser):
    round = open_round()
    later = timezone.localtime(round.closes_at + timedelta(hours=2)).replace(second=0, microsecond=0)
    where = address("manage-round-close", round)
    client.post(where, {"closes_at": later.strftime("%H:%M, %d/%m/%Y"), "reason": "Mất điện"})
    extension = round.close_extensions.get()
    client.post(address("manage-extension-confirm", round, extension))
    assert Round.objects.get().closes_at == round.closes_at
    other = make_user()
    grant(other, "organiser")
    client.force_login(other)
    assert "Xác nhận gia hạn" in text_of(client.get(address("manage-home")))
    client.post(address("manage-extension-confirm", round, extension))
    assert Round.objects.get().closes_at == later


# --- Questions --------------------------------------------------------------------------------------


def question_values(**changes) -> dict:
    return {"text": "Câu mới?", "correct": ["B"], "choice_A": "Một", "choice_B": "Hai", "code": ""} | changes


def test_a_question_is_written_and_edited(client, organiser):
    bank = make_questions(1)[0].bank
    client.post(address("manage-question-create", bank.slug), question_values(choice_C="Cả A và B"))
    question = Question.objects.get(text="Câu mới?")
    assert (question.correct, question.fixed_order, question.edited_by) == (["B"], True, organiser)
    client.post(address("manage-question", question), question_values(code=question.code, correct=["A"]))
    question.refresh_from_db()
    assert (question.correct, question.choices.count()) == (["A"], 2)
    answer = client.post(address("manage-question", question), question_values(correct=["A", "C"], choice_D="Bốn"))
    assert len(answer.context["form"].non_field_errors()) == 2
    client.post(address("manage-question-delete", question))
    assert not Question.objects.filter(text="Câu mới?").exists()


def test_a_frozen_question_is_shown_and_not_edited(client, organiser):
    question = make_questions(1)[0]
    open_round(questions=[question])
    page = text_of(client.get(address("manage-question", question)))
    assert '<form class="form' not in page
    client.post(address("manage-question", question), question_values(code=question.code))
    question.refresh_from_db()
    assert question.text != "Câu mới?"


def test_questions_are_filtered_by_words_and_topic(client, organiser):
    one, two, three = make_questions(3)
    Question.objects.filter(pk=one.pk).update(topic="Thể chế", text="Nghị quyết nào?")
    Question.objects.filter(pk=two.pk).update(topic="Thể chế")
    where = address("manage-bank", one.bank.slug)

    def found(**query) -> set:
        return {question.pk for question in client.get(where, query).context["page"]}

    assert found() == {one.pk, two.pk, three.pk}
    assert found(topic="Thể chế") == {one.pk, two.pk}
    assert found(q="nghị QUYẾT") == {one.pk}
    assert found(q="Nghị quyết".encode().decode()) == {one.pk}
    assert found(q="\0") == {one.pk, two.pk, three.pk}


def test_a_bank_is_created_in_ones_scope(client, organiser):
    client.post(address("manage-bank-create"), {"title": "Mới", "slug": "moi", "unit": make_root().pk})
    assert client.get(address("manage-bank", "moi")).status_code == 200


# --- Results ----------------------------------------------------------------------------------------


def ranked_tie():
    """A ranked round in which two people are equal in everything and one first prize is at stake."""
    contest = make_contest()
    round = past_round(contest, prizes=[("first", "Giải Nhất", 1)])
    started = round.opens_at + timedelta(hours=1)
    people = [make_user(full_name=name) for name in ("An", "Bình")]
    attempts = [make_attempt(round, user, started_at=started, prediction=2) for user in people]
    close_round(round.pk)
    round.refresh_from_db()
    return round, [attempt.entry for attempt in attempts]


def test_a_result_is_published_drawn_and_made_final(client, organiser):
    round, (one, two) = ranked_tie()
    client.post(address("manage-round-publish", round))
    assert "2 người bằng nhau" in text_of(client.get(address("manage-round", round)))
    client.post(address("manage-round-finalise", round))
    assert Round.objects.get().state == RoundState.PUBLISHED
    where = address("manage-draws", round)
    first = client.get(where).context["ties"][0][0].entries[0]
    for places in ({one: "1", two: "1"}, {one: "", two: "1"}, {one: "x", two: "1"}):
        typed = {f"place-{entry}": place for entry, place in places.items()}
        assert "Cần ghi thứ tự" in text_of(client.post(where, {"tie": first, "minutes": "Biên bản", **typed}))
    assert not round.draws.exists()
    client.post(where, {"tie": first, "minutes": "Biên bản", f"place-{one}": "2", f"place-{two}": "1"})
    assert round.draws.get().entries == [two, one]
    page = text_of(client.get(where))
    assert page.index("Bình") < page.index("An <span")
    client.post(address("manage-round-finalise", round))
    assert Round.objects.get().state == RoundState.FINAL


@pytest.mark.slow
def test_standings_are_paged_by_100_in_stored_order_and_searched(client, organiser):
    contest = make_contest()
    round = past_round(contest)
    for number in range(101):
        make_attempt(
            round, make_user(f"NV-{number:03}", full_name=f"Người {number:03}"),
            submitted_at=round.opens_at + timedelta(minutes=10 + number),
        )  # fmt: skip
    close_round(round.pk)
    Round.objects.filter(pk=round.pk).update(state=RoundState.PUBLISHED)
    where = address("manage-round-standings", round)
    first, second = (client.get(where, {"page": page}).context["page"].object_list for page in (1, 2))
    assert ([row.position for row in first], [row.position for row in second]) == (list(range(1, 101)), [101])
    found = client.get(where, {"q": "người 100"}).context["page"].object_list
    assert [row.attempt.user.employee_id for row in found] == ["NV-100"]


@pytest.mark.parametrize(
    "form", [form for form in vars(forms).values() if isinstance(form, type) and issubclass(form, BaseForm)]
)
def test_no_field_is_labelled_by_its_name_in_code(form):
    named = {name: str(field.label or "") for name, field in form.base_fields.items() if not field.widget.is_hidden}
    assert [name for name, label in named.items() if label == pretty_name(name)] == []
