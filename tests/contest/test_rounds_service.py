"""Preparing a round: window, questions, prizes, the second organiser, scheduling; nothing by halves."""

import threading
from datetime import datetime, time, timedelta

import pytest
from django.db import connection, transaction

from accounts.clock import server_now
from accounts.models import AuditEntry
from accounts.problems import Refused
from contest.models import Choice, Question, Round
from contest.models.round import RoundState
from contest.record_format import commitment_of
from contest.services import bank, rounds
from tests.factories import (
    draft_round,
    grant,
    make_contest,
    make_questions,
    make_root,
    make_unit,
    make_user,
    open_round,
)  # fmt: skip

pytestmark = pytest.mark.django_db


def reasons_of(refusal) -> list[str]:
    return [str(reason) for reason in refusal.value.reasons]


def ready_round(**fields) -> Round:
    """A draft that lacks nothing: a unit with a headcount, three questions, prizes, a key confirmed by another."""
    make_unit(parent=make_root())
    round = draft_round(prepared_by=make_user(), **fields)
    rounds.confirm_key(round=round, actor=make_user())
    round.refresh_from_db()
    return round


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+07:00")


# --- The window -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weekday", "at", "minutes", "now", "opens", "closes"),
    [
        (1, time(0), 7 * 1440, "2023-06-01T09:00", "2023-06-05T00:00", "2023-06-12T00:00"),
        (1, time(0), 7 * 1440, "2023-06-05T00:00", "2023-06-05T00:00", "2023-06-12T00:00"),
        (1, time(0), 7 * 1440, "2023-06-05T00:01", "2023-06-12T00:00", "2023-06-19T00:00"),
        (1, time(10), 7 * 1440 - 30, "2023-06-05T09:59", "2023-06-05T10:00", "2023-06-12T09:30"),
        (3, time(8, 30), 60, "2023-06-05T00:00", "2023-06-07T08:30", "2023-06-07T09:30"),
    ],
)
def test_the_window_proposed_follows_the_contest(weekday, at, minutes, now, opens, closes):
    contest = make_contest(opens_weekday=weekday, opens_time=at, window_minutes=minutes)
    assert rounds.propose_window(contest, now=local(now)) == (local(opens), local(closes))


def test_the_window_proposed_follows_the_round_before():
    contest = make_contest()
    draft_round(contest, opens_at=local("2023-06-05T00:00"), closes_at=local("2023-06-12T00:00"))
    assert rounds.propose_window(contest, now=local("2023-06-01T00:00")) == (
        local("2023-06-12T00:00"),
        local("2023-06-19T00:00"),
    )


# --- Creating and editing ---------------------------------------------------------------------------


def test_a_first_round_has_the_usual_prizes_and_the_next_copies_them():
    contest, actor = make_contest(), make_user()
    first = rounds.create_round(contest=contest, actor=actor)
    assert list(first.prizes.values_list("code", "count")) == [
        ("first", 1),
        ("second", 2),
        ("third", 3),
        ("consolation", 5),
    ]
    rounds.set_prizes(round=first, prizes=[("Giải Nhất", 1), ("Giải Ấn tượng", 2)], actor=actor)
    second = rounds.create_round(contest=contest, actor=actor)
    assert (first.number, first.title, second.number, second.title) == (1, "Tuần 1", 2, "Tuần 2")
    assert list(second.prizes.values_list("code", "title", "count")) == [
        ("first", "Giải Nhất", 1),
        ("an-tuong", "Giải Ấn tượng", 2),
    ]
    assert second.opens_at == first.closes_at
    assert list(AuditEntry.objects.order_by("id").values_list("verb", flat=True)) == [
        "round.create",
        "round.set_prizes",
        "round.create",
    ]


def test_the_practice_round_is_number_0_without_prizes_and_comes_once():
    contest, actor = make_contest(), make_user()
    practice = rounds.create_round(contest=contest, actor=actor, is_practice=True)
    assert (practice.number, practice.is_practice, practice.prizes.count()) == (0, True, 0)
    with pytest.raises(Refused):
        rounds.create_round(contest=contest, actor=actor, is_practice=True)
    assert rounds.create_round(contest=contest, actor=actor).number == 1
    with pytest.raises(Refused):
        rounds.set_prizes(round=practice, prizes=[("Giải Nhất", 1)], actor=actor)


def test_a_draft_is_edited_and_a_window_turned_round_is_refused():
    round, actor = draft_round(), make_user()
    opens, closes = local("2033-06-06T08:00"), local("2033-06-07T08:00")
    rounds.edit_round(round=round, actor=actor, title="Tuần  mới", opens_at=opens, closes_at=closes)
    with pytest.raises(Refused):
        rounds.edit_round(round=round, actor=actor, title="Sai", opens_at=closes, closes_at=opens)
    round.refresh_from_db()
    assert (round.title, round.opens_at, round.closes_at) == ("Tuần mới", opens, closes)
    assert AuditEntry.objects.get().after["opens_at"] == "2033-06-06T01:00:00.000000Z"


def test_only_the_last_draft_is_deleted():
    contest, actor = make_contest(), make_user()
    first, second = (rounds.create_round(contest=contest, actor=actor) for _ in range(2))
    with pytest.raises(Refused):
        rounds.delete_round(round=first, actor=actor)
    rounds.delete_round(round=second, actor=actor)
    assert list(contest.rounds.all()) == [first]
    with pytest.raises(Refused):
        rounds.delete_round(round=open_round(contest), actor=actor)


# --- Questions and prizes ---------------------------------------------------------------------------


def codes_of(round) -> list[str]:
    return list(round.round_questions.order_by("position").values_list("question__code", flat=True))


def test_questions_are_added_moved_and_removed_in_order():
    actor, (one, two, three) = make_user(), make_questions(3)
    round = draft_round(questions=[])
    assert rounds.add_questions(round=round, questions=[one, two], actor=actor) == 2
    assert rounds.add_questions(round=round, questions=[two, three], actor=actor) == 1
    rounds.move_question(round=round, question_id=three.pk, to=1, actor=actor)
    assert codes_of(round) == [three.code, one.code, two.code]
    rounds.remove_question(round=round, question_id=one.pk, actor=actor)
    assert list(round.round_questions.values_list("position", "question")) == [(1, three.pk), (2, two.pk)]
    assert Round.objects.get(pk=round.pk).prepared_by == actor


def test_more_questions_than_the_rules_ask_for_are_refused():
    round = draft_round(questions=make_questions(2))
    with pytest.raises(Refused) as refusal:
        rounds.add_questions(round=round, questions=make_questions(2), actor=make_user())
    assert reasons_of(refusal) == ["Tuần thi chỉ có 3 câu hỏi: đã có 2 câu, không thể thêm 2 câu."]
    assert round.round_questions.count() == 2


def test_a_scheduled_round_takes_no_question_and_no_prize():
    round, actor = open_round(), make_user()
    before = codes_of(round)
    for act in (
        lambda: rounds.add_questions(round=round, questions=make_questions(1), actor=actor),
        lambda: rounds.remove_question(round=round, question_id=round.round_questions.first().question_id, actor=actor),
        lambda: rounds.set_prizes(round=round, prizes=[("Giải Nhất", 9)], actor=actor),
        lambda: rounds.edit_round(
            round=round, actor=actor, title="x", opens_at=round.opens_at, closes_at=round.closes_at
        ),
    ):
        with pytest.raises(Refused):
            act()
    assert codes_of(round) == before
    assert AuditEntry.objects.count() == 0


def test_all_faults_of_prizes_are_named_together():
    round = draft_round()
    with pytest.raises(Refused) as refusal:
        rounds.set_prizes(round=round, prizes=[("Giải Nhất", 0), ("giải nhất", 1), ("", 1)], actor=make_user())
    assert reasons_of(refusal) == [
        "Mỗi giải phải có tên.",
        "Hai giải không được trùng tên.",
        "Số giải phải từ 1 đến 1.000.",
    ]
    assert round.prizes.count() == 3


# --- Confirming the key -----------------------------------------------------------------------------


def test_a_key_is_confirmed_by_another_than_its_editors():
    editor, preparer, other = make_user(), make_user(), make_user()
    questions = make_questions(3)
    questions[0].edited_by = editor
    questions[0].save()
    round = draft_round(questions=questions, prepared_by=preparer)
    for insider in (editor, preparer):
        with pytest.raises(Refused):
            rounds.confirm_key(round=round, actor=insider)
    assert Round.objects.get(pk=round.pk).key_confirmed_by is None
    rounds.confirm_key(round=round, actor=other)
    round.refresh_from_db()
    assert (round.key_confirmed_by, round.key_confirmed_digest) == (other, rounds.key_digest(round))


def test_a_colleagues_later_touch_does_not_let_an_author_confirm_the_own_key():
    author, placer, colleague, other = (make_user() for _ in range(4))
    round = draft_round()
    question = round.round_questions.last().question
    texts = [choice.text for choice in question.choices.all()]
    for actor, correct in ((author, ["C"]), (colleague, ["D"])):
        question.correct = correct
        bank.save_question(question=question, choices=texts, actor=actor)
    for actor in (placer, colleague):
        rounds.remove_question(round=round, question_id=question.pk, actor=actor)
        rounds.add_questions(round=round, questions=[question], actor=actor)
    assert rounds.editors_of_key(round) == {author.pk, placer.pk, colleague.pk}
    for insider in (author, placer, colleague):
        with pytest.raises(Refused):
            rounds.confirm_key(round=round, actor=insider)
    rounds.confirm_key(round=round, actor=other)
    assert Round.objects.get(pk=round.pk).key_confirmed_by == other


def test_an_edit_between_looking_and_confirming_is_not_confirmed_blindly():
    round = draft_round(prepared_by=make_user())
    seen = rounds.key_digest(round)
    question = round.round_questions.first().question
    question.correct = ["C"]
    bank.save_question(question=question, choices=["1", "2", "3", "4"], actor=make_user())
    with pytest.raises(Refused):
        rounds.confirm_key(round=round, actor=make_user(), seen=seen)
    rounds.confirm_key(round=round, actor=make_user(), seen=rounds.key_digest(round))


@pytest.mark.parametrize("edit", ["key", "choice", "text", "order"])
def test_any_edit_of_what_was_confirmed_voids_the_confirmation(edit):
    round = ready_round()
    assert rounds.missing_for_schedule(round) == []
    place = round.round_questions.first()
    question = place.question
    choices = list(question.choices.values_list("text", flat=True))
    if edit == "order":
        rounds.move_question(round=round, question_id=question.pk, to=3, actor=make_user())
        round.refresh_from_db()
    else:
        question.correct = ["A"] if edit == "key" else question.correct
        question.text += " (sửa)" if edit == "text" else ""
        bank.save_question(
            question=question, choices=["Mới", *choices[1:]] if edit == "choice" else choices, actor=make_user()
        )
    assert rounds.missing_for_schedule(round) == ["Đáp án chưa được một thành viên Ban Tổ chức thứ hai xác nhận."]


def test_who_may_confirm_are_the_contests_other_organisers():
    department = make_unit(parent=make_root())
    contest = make_contest(unit=department)
    preparer, here, above = (make_user() for _ in range(3))
    grant(preparer, "organiser", department)
    grant(here, "organiser", department)
    grant(above, "organiser", make_root())
    grant(make_user(), "organiser", make_unit(parent=make_root()))
    grant(make_user(), "auditor", department)
    round = draft_round(contest, prepared_by=preparer)
    assert {user.pk for user in rounds.possible_confirmers(round)} == {here.pk, above.pk}


# --- Scheduling -------------------------------------------------------------------------------------


def test_a_complete_round_is_scheduled_with_frozen_content_and_a_commitment():
    contest = make_contest(time_limit_seconds=600)
    round = ready_round(contest=contest)
    actor = make_user()
    scheduled = rounds.schedule_round(round=round, actor=actor)
    round.refresh_from_db()
    assert round.state == RoundState.SCHEDULED
    assert round.rules["time_limit_seconds"] == 600
    assert round.key_at_opening == {"Q01": ["B"], "Q02": ["B"], "Q03": ["B"]}
    assert round.commitment == scheduled.commitment == commitment_of(round.key_at_opening, round.paper, round.salt)
    assert len(bytes(round.secret)) == 32
    assert list(round.round_units.values_list("headcount", flat=True)) == [10]
    entry = AuditEntry.objects.get(verb="round.schedule")
    assert entry.actor == actor
    assert entry.after["commitment"] == round.commitment
    text = f"{entry.before}{entry.after}"
    assert round.salt not in text
    assert "['B']" not in text
    with pytest.raises(Refused):
        rounds.schedule_round(round=round, actor=actor)


def test_rules_edited_later_do_not_reach_a_scheduled_round():
    contest = make_contest(attempts_allowed=2)
    round = rounds.schedule_round(round=ready_round(contest=contest), actor=make_user())
    contest.attempts_allowed = 1
    contest.save()
    round.refresh_from_db()
    assert round.rules["attempts"] == 2


def test_everything_missing_is_said_at_once_and_nothing_is_written():
    contest = make_contest(questions_per_round=5, max_correct=1)
    make_unit(parent=make_root(), name="Xã Thiếu", headcount=None)
    make_user(unit=make_root().children.get())
    expired, twin, other, wide = make_questions(3) + make_questions(1, correct="AC")
    expired.effective_until = server_now().date()
    expired.save()
    other.text = f"  {twin.text.upper()} "
    other.save()
    now = server_now()
    round = draft_round(
        contest,
        questions=[expired, twin, other, wide],
        prizes=(),
        opens_at=now - timedelta(minutes=1),
        closes_at=now + timedelta(days=3),
    )
    with pytest.raises(Refused) as refusal:
        rounds.schedule_round(round=round, actor=make_user())
    assert reasons_of(refusal) == [
        "Cần đúng 5 câu hỏi, hiện có 4 câu.",
        "Các câu Q02, Q03 có nội dung giống nhau.",
        f"Câu Q01 ({expired.code}): hết hiệu lực ngày {expired.effective_until:%d/%m/%Y}, trước khi tuần thi kết thúc.",
        f"Câu Q04 ({wide.code}): có 2 đáp án đúng, thể lệ chỉ cho phép 1.",
        "Đáp án chưa được một thành viên Ban Tổ chức thứ hai xác nhận.",
        "Chưa có cơ cấu giải thưởng.",
        "Thời điểm mở phải ở sau thời điểm hiện tại.",
        "1 đơn vị chưa có biên chế: Xã Thiếu.",
    ]
    round.refresh_from_db()
    assert (round.state, round.commitment, round.round_units.count()) == (RoundState.DRAFT, "", 0)
    assert AuditEntry.objects.count() == 0


def test_questions_with_bad_choices_are_named():
    round = ready_round()
    question = round.round_questions.first().question
    question.choices.filter(position__gt=1).delete()
    Choice.objects.filter(question=round.round_questions.last().question, position=4).update(
        text=round.round_questions.last().question.choices.first().text
    )
    assert rounds.missing_for_schedule(round)[:3] == [
        f"Câu Q01 ({question.code}): phải có ít nhất hai phương án.",
        f"Câu Q01 ({question.code}): đáp án không nằm trong các phương án.",
        f"Câu Q03 ({round.round_questions.last().question.code}): có hai phương án giống nhau.",
    ]


@pytest.mark.parametrize(("last_day", "is_missing"), [("2033-06-11", True), ("2033-06-12", False)])
def test_a_question_must_hold_to_the_rounds_last_day_in_vietnam(last_day, is_missing):
    """A round that closes on Sunday at 24:00 ends on Sunday, not on Monday, and not by UTC's calendar."""
    round = ready_round(opens_at=local("2033-06-06T00:00"), closes_at=local("2033-06-13T00:00"))
    question = round.round_questions.first().question
    question.effective_until = last_day
    question.save()
    assert bool(rounds.missing_for_schedule(round)) is is_missing


def test_a_practice_round_needs_neither_prizes_nor_headcounts():
    contest, actor = make_contest(), make_user()
    practice = rounds.create_round(contest=contest, actor=actor, is_practice=True)
    rounds.add_questions(round=practice, questions=make_questions(3), actor=actor)
    rounds.confirm_key(round=practice, actor=make_user())
    assert rounds.schedule_round(round=practice, actor=actor).state == RoundState.SCHEDULED


def test_practice_never_gives_away_the_key_of_a_week_that_is_not_published():
    contest, actor = make_contest(), make_user()
    week = open_round(contest)
    shared = list(Question.objects.filter(round_questions__round=week).order_by("code"))
    practice = rounds.create_round(contest=contest, actor=actor, is_practice=True)
    rounds.add_questions(round=practice, questions=shared, actor=actor)
    rounds.confirm_key(round=practice, actor=make_user())
    with pytest.raises(Refused) as refusal:
        rounds.schedule_round(round=practice, actor=actor)
    assert reasons_of(refusal) == [
        f"Câu {one.code} còn phải giữ kín cho {week.title}: thi thử sẽ làm lộ đáp án." for one in shared
    ]
    Round.objects.filter(pk=week.pk).update(state=RoundState.PUBLISHED, version=1)
    assert rounds.schedule_round(round=practice, actor=actor).state == RoundState.SCHEDULED


def test_a_week_takes_no_question_whose_key_practice_has_shown():
    known, *rest = make_questions(3)
    open_round(questions=[known], prizes=(), number=0, is_practice=True, title="Thi thử")
    round = ready_round(questions=[known, *rest])
    assert rounds.missing_for_schedule(round) == [f"Câu {known.code} đã dùng ở Thi thử nên đáp án không còn kín."]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_edit_under_way_while_a_round_is_scheduled_is_waited_for():
    """The key confirmed is the key frozen. Without the lock on questions the edit would slip in between."""
    round = ready_round()
    question = round.round_questions.first().question
    refusals, actor = [], make_user()

    def schedule():
        try:
            rounds.schedule_round(round=round, actor=actor)
        except Refused as refused:
            refusals.append(refused)
        finally:
            connection.close()

    other = threading.Thread(target=schedule)
    with transaction.atomic():
        question.correct = ["A"]
        bank.save_question(
            question=question, choices=list(question.choices.values_list("text", flat=True)), actor=actor
        )
        other.start()
        other.join(0.5)
        assert other.is_alive()  # waits for the edit
    other.join(10)
    assert [str(reason) for reason in refusals[0].reasons] == [
        "Đáp án chưa được một thành viên Ban Tổ chức thứ hai xác nhận."
    ]
    assert Round.objects.get(pk=round.pk).state == RoundState.DRAFT
