"""Closing a round: once, on time, resumable anywhere, and without losing what was acknowledged."""

import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from accounts.audit import record_audit
from accounts.clock import iso, server_now
from accounts.models import AuditEntry
from accounts.problems import Problem, Refused
from contest.attempt_key import AttemptKey
from contest.closing import STEPS, close_due_rounds, close_round, freeze_attempts, rank_round
from contest.models import Attempt, Draw, Round, Standing
from contest.record import write_record
from contest.services.attempts import (
    end_overdue_attempts,
    save_answer,
    save_prediction,
    start_attempt,
    submit_attempt,
)
from contest.services.results import finalise_round, publish_round, record_draw, undrawn_ties
from tests.factories import make_attempt, make_contest, make_unit, make_user, open_round, past_round
from tests.processes import environment, wait_for


def key_of(attempt: Attempt) -> AttemptKey:
    return AttemptKey(attempt.pk, attempt.round_id, attempt.nonce)


def in_thread(work):
    """Run `work` in a thread with connections of its own; returns the thread, with `.result` when joined."""

    def run():
        try:
            thread.result = work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.result = None
    thread.start()
    return thread


# --- What a close does ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_close_sorts_attempts_out_and_counts_them():
    round = past_round()
    submitted = make_attempt(round, answers="B", prediction=1)
    cut = make_attempt(round, answers=[2, 0, 0], prediction=None, state="in_progress")
    blank = make_attempt(round, answers="", prediction=3, state="in_progress")
    closed = close_round(round.pk)
    assert (closed.entries, closed.cut_off, closed.abandoned) == (2, 1, 1)
    states = dict(Attempt.objects.values_list("pk", "state"))
    assert states == {submitted.pk: "submitted", cut.pk: "cut_off", blank.pk: "abandoned"}
    cut.refresh_from_db()
    assert cut.submitted_at == cut.deadline
    round.refresh_from_db()
    assert (round.state, round.version, round.prediction_target) == ("ranked", 1, 1)
    assert (round.entries, round.people, round.perfect_people, round.zero) == (2, 2, 1, 0)
    assert list(Standing.objects.values_list("attempt", "rank", "prize__code").order_by("rank")) == [
        (submitted.pk, 1, "first"),
        (cut.pk, 2, "second"),
    ]


@pytest.mark.django_db
def test_a_second_close_does_nothing():
    round = past_round()
    make_attempt(round)
    close_round(round.pk)
    before = list(Standing.objects.values())
    assert close_round(round.pk) is None
    assert close_due_rounds() == []
    assert list(Standing.objects.values()) == before
    assert AuditEntry.objects.filter(verb="round.close").count() == 1


@pytest.mark.django_db
def test_a_round_is_due_only_after_its_grace():
    now = server_now()
    round = past_round(closes_at=now - timedelta(seconds=2))
    assert close_due_rounds() == []
    Round.objects.filter(pk=round.pk).update(closes_at=now - timedelta(seconds=6))
    assert [closed.round_id for closed in close_due_rounds()] == [round.pk]


@pytest.mark.django_db
def test_overdue_attempts_end_while_the_round_is_open():
    round = open_round()
    late = server_now() - timedelta(seconds=6)
    within_grace = server_now() - timedelta(seconds=3)
    kept = make_attempt(round, state="in_progress", deadline=within_grace)
    cut = make_attempt(round, state="in_progress", deadline=late)
    blank = make_attempt(round, state="in_progress", answers="", deadline=late)
    assert end_overdue_attempts() == 2
    states = dict(Attempt.objects.values_list("pk", "state"))
    assert states == {kept.pk: "in_progress", cut.pk: "cut_off", blank.pk: "abandoned"}


@pytest.mark.django_db
def test_the_command_prints_a_line_for_each_round_it_closed():
    round = past_round()
    make_attempt(round)
    out = StringIO()
    call_command("close_rounds", stdout=out)
    assert out.getvalue() == f"round {round.pk} closed entries=1 cut_off=0 abandoned=0\n"
    out = StringIO()
    call_command("close_rounds", stdout=out)
    assert out.getvalue() == ""


@pytest.mark.django_db
def test_a_rehearsal_ahead_of_the_clock_needs_permission(settings):
    round = open_round()
    at = iso(round.closes_at + timedelta(seconds=5))
    settings.ALLOW_REHEARSAL = False
    with pytest.raises(CommandError, match="ALLOW_REHEARSAL") as caught:
        call_command("close_rounds", at=at)
    assert caught.value.returncode == 2
    settings.ALLOW_REHEARSAL = True
    call_command("close_rounds", at=iso(round.closes_at + timedelta(seconds=4)), stdout=StringIO())
    round.refresh_from_db()
    assert round.state == "scheduled"
    call_command("close_rounds", at=at, stdout=StringIO())
    round.refresh_from_db()
    assert round.state == "ranked"


@pytest.mark.django_db
@pytest.mark.parametrize("at", ["yesterday", "2026-13-01T00:00:00Z", ""])
def test_an_instant_that_is_none_is_a_usage_error(at):
    with pytest.raises(CommandError) as caught:
        call_command("close_rounds", at=at)
    assert caught.value.returncode == 2


# --- Lots and publication ----------------------------------------------------------------------------


@pytest.fixture
def tied_round():
    """Three people tie for one first and two second prizes."""
    round = past_round()
    when = round.opens_at + timedelta(minutes=9)
    for _ in range(3):
        make_attempt(round, prediction=3, submitted_at=when)
    close_round(round.pk)
    round.refresh_from_db()
    return round


@pytest.mark.django_db
def test_a_tie_across_prizes_waits_for_lots(tied_round):
    (tie,) = undrawn_ties(tied_round)
    assert (len(tie.entries), tie.rank, tie.prizes) == (3, 1, ("first", "second"))
    assert not Standing.objects.with_prize().exists()
    publish_round(round=tied_round, actor=make_user())
    with pytest.raises(Refused):
        finalise_round(round=tied_round, actor=make_user())
    tied_round.refresh_from_db()
    assert tied_round.state == "published"


@pytest.mark.django_db
def test_recorded_lots_give_the_prizes_in_drawn_order(tied_round):
    drawn = sorted(undrawn_ties(tied_round)[0].entries, reverse=True)
    record_draw(round=tied_round, actor=make_user(), entries=drawn, minutes="Biên bản số 01")
    won = dict(Standing.objects.values_list("attempt__entry", "prize__code"))
    assert won == {drawn[0]: "first", drawn[1]: "second", drawn[2]: "second"}
    tied_round.refresh_from_db()
    assert tied_round.version == 2
    publish_round(round=tied_round, actor=make_user())
    assert finalise_round(round=tied_round, actor=make_user()).state == "final"


@pytest.mark.django_db
@pytest.mark.parametrize("spoil", ["missing", "foreign", "doubled", "no minutes"])
def test_lots_for_other_people_than_the_tied_are_refused(tied_round, spoil):
    entries = list(undrawn_ties(tied_round)[0].entries)
    entries = {"missing": entries[:2], "foreign": [*entries[:2], "E" + "0" * 20],
               "doubled": [*entries[:2], entries[0]], "no minutes": entries}[spoil]  # fmt: skip
    minutes = " " if spoil == "no minutes" else "Biên bản"
    with pytest.raises(Refused):
        record_draw(round=tied_round, actor=make_user(), entries=entries, minutes=minutes)
    assert not Draw.objects.exists()


@pytest.mark.django_db
def test_a_round_that_fails_keeps_no_other_one_open(monkeypatch):
    broken, whole = past_round(), past_round()

    def rank(round):
        if round.pk == broken.pk:
            raise ZeroDivisionError
        rank_round(round)

    monkeypatch.setattr("contest.closing.STEPS", (*STEPS[:-1], rank))
    with pytest.raises(ZeroDivisionError):
        close_due_rounds()
    assert dict(Round.objects.values_list("pk", "state")) == {broken.pk: "closed", whole.pk: "ranked"}


@pytest.mark.django_db
def test_winning_once_passes_over_earlier_winners():
    contest = make_contest(wins="once")
    winner, runner_up = make_user(), make_user()
    first = past_round(contest, prizes=(("first", "Giải Nhất", 1),))
    make_attempt(first, winner)
    close_round(first.pk)
    second = past_round(contest, prizes=(("first", "Giải Nhất", 1),))
    make_attempt(second, winner, submitted_at=second.opens_at + timedelta(minutes=2))
    make_attempt(second, runner_up, submitted_at=second.opens_at + timedelta(minutes=3))
    close_round(second.pk)
    (standing,) = Standing.objects.with_prize().filter(round=second)
    assert (standing.attempt.user, standing.rank) == (runner_up, 2)
    second.refresh_from_db()
    assert second.prize_excluded == [winner.pk]


@pytest.mark.django_db
def test_lots_drawn_late_in_an_earlier_week_reach_the_winners_of_the_next():
    contest = make_contest(wins="once")
    lucky, other, third = make_user(), make_user(), make_user()
    prizes = (("first", "Giải Nhất", 1),)
    week1 = past_round(contest, prizes=prizes)
    when = week1.opens_at + timedelta(minutes=9)
    tied = [make_attempt(week1, user, submitted_at=when).entry for user in (lucky, other)]
    week2 = past_round(contest, prizes=prizes)
    for minute, user in enumerate((lucky, third), start=5):
        make_attempt(week2, user, submitted_at=week2.opens_at + timedelta(minutes=minute))
    for week in (week1, week2):
        close_round(week.pk)
        publish_round(round=week, actor=other)
    assert Standing.objects.get(round=week2, prize__isnull=False).attempt.user == lucky
    with pytest.raises(Refused, match="các tuần thi trước"):
        finalise_round(round=week2, actor=other)
    record_draw(round=week1, actor=other, entries=tied, minutes="Biên bản")
    finalise_round(round=week1, actor=other)
    final = finalise_round(round=week2, actor=other)
    assert Standing.objects.get(round=week2, prize__isnull=False).attempt.user == third
    assert (final.version, final.prize_excluded) == (2, [lucky.pk])


@pytest.mark.django_db
def test_a_tie_that_only_late_lots_of_an_earlier_week_bring_about_can_be_drawn():
    contest = make_contest(wins="once")
    lucky, other, third, fourth = (make_user() for _ in range(4))
    prizes = (("first", "Giải Nhất", 1),)
    week1 = past_round(contest, prizes=prizes)
    when = week1.opens_at + timedelta(minutes=9)
    tied = [make_attempt(week1, user, submitted_at=when).entry for user in (lucky, other)]
    week2 = past_round(contest, prizes=prizes)
    make_attempt(week2, lucky, submitted_at=week2.opens_at + timedelta(minutes=5))
    later = week2.opens_at + timedelta(minutes=9)
    next_tie = [make_attempt(week2, user, submitted_at=later).entry for user in (third, fourth)]
    for week in (week1, week2):
        close_round(week.pk)
        publish_round(round=week, actor=other)
    record_draw(round=week1, actor=other, entries=tied, minutes="Biên bản")
    finalise_round(round=week1, actor=other)
    with pytest.raises(Refused, match="2 người đồng hạng 2 cần bốc thăm"):
        finalise_round(round=week2, actor=other)
    assert AuditEntry.objects.filter(verb="round.award_anew", object_id=str(week2.pk)).count() == 1
    record_draw(round=week2, actor=other, entries=next_tie, minutes="Biên bản")
    final = finalise_round(round=week2, actor=other)
    assert Standing.objects.get(round=week2, prize__isnull=False).attempt.user == third
    assert (final.state, final.version) == ("final", 3)


@pytest.mark.django_db
def test_lots_among_people_of_whom_one_is_no_longer_in_the_tie_are_void():
    contest = make_contest(wins="once")
    lucky, second, third, actor = (make_user() for _ in range(4))
    prizes = (("first", "Giải Nhất", 1),)
    week1, week2 = past_round(contest, prizes=prizes), past_round(contest, prizes=prizes)
    first_week = [make_attempt(week1, user, submitted_at=week1.opens_at + timedelta(minutes=9)).entry
                  for user in (lucky, actor)]  # fmt: skip
    tied = {user: make_attempt(week2, user, submitted_at=week2.opens_at + timedelta(minutes=9)).entry
            for user in (lucky, second, third)}  # fmt: skip
    for week in (week1, week2):
        close_round(week.pk)
        publish_round(round=week, actor=actor)
    record_draw(round=week2, actor=actor, entries=list(tied.values()), minutes="Biên bản 1")
    record_draw(round=week1, actor=actor, entries=first_week, minutes="Biên bản 2")
    finalise_round(round=week1, actor=actor)
    with pytest.raises(Refused):
        finalise_round(round=week2, actor=actor)
    assert not Draw.objects.filter(round=week2).exists()
    again = [tied[third], tied[second]]
    record_draw(round=week2, actor=actor, entries=again, minutes="Biên bản 3")
    finalise_round(round=week2, actor=actor)
    assert Standing.objects.get(round=week2, prize__isnull=False).attempt.user == third


# --- Concurrency ------------------------------------------------------------------------------------


@contextmanager
def other_connection():
    """A second connection to the test database."""
    other = connections.create_connection("default")
    try:
        yield other
    finally:
        other.close()


def wait_until_blocked(by: str) -> None:
    """Come back once a statement that starts with `by` waits for a lock."""
    with other_connection() as watcher, watcher.cursor() as cursor:
        for _ in range(20_000):
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s", [f"{by}%"]
            )
            if cursor.fetchone()[0]:
                return
    raise AssertionError(f"nothing waits: {by}")


@pytest.mark.django_db(transaction=True)
def test_a_save_that_commits_while_the_freeze_waits_is_scored():
    round = past_round()
    attempt = make_attempt(round, answers=[2, 2, 0], state="in_progress")
    Round.objects.update(state="closed")
    with other_connection() as saver:
        saver.set_autocommit(False)
        with saver.cursor() as cursor:
            cursor.execute("UPDATE contest_attempt SET answers[3] = 2 WHERE id = %s", [attempt.pk])
        freezing = in_thread(lambda: freeze_attempts(Round.objects.get(pk=round.pk)))
        wait_until_blocked("UPDATE contest_attempt SET state")
        saver.commit()
    freezing.join()
    close_round(round.pk)
    assert Standing.objects.get().score == 3


@pytest.mark.django_db(transaction=True)
def test_control_a_freeze_that_reads_answers_scores_without_that_save():
    round = past_round()
    attempt = make_attempt(round, answers=[2, 2, 0], state="in_progress")
    freeze_and_read = (
        "UPDATE contest_attempt a SET state = 'cut_off', submitted_at = a.deadline"
        " FROM (SELECT id, answers FROM contest_attempt) seen WHERE seen.id = a.id RETURNING seen.answers, a.answers"
    )

    def freeze():
        with connection.cursor() as cursor:
            cursor.execute(freeze_and_read)
            return cursor.fetchone()

    with other_connection() as saver:
        saver.set_autocommit(False)
        with saver.cursor() as cursor:
            cursor.execute("UPDATE contest_attempt SET answers[3] = 2 WHERE id = %s", [attempt.pk])
        freezing = in_thread(freeze)
        wait_until_blocked("UPDATE contest_attempt a SET state")
        saver.commit()
    freezing.join()
    assert freezing.result == ([2, 2, 0], [2, 2, 2])


@pytest.mark.django_db(transaction=True)
def test_a_start_under_way_makes_the_close_wait_and_is_not_forgotten():
    make_unit()
    round = past_round()
    with other_connection() as starter:
        starter.set_autocommit(False)
        with starter.cursor() as cursor:
            cursor.execute("SELECT 1 FROM contest_round WHERE id = %s FOR SHARE", [round.pk])
        assert close_round(round.pk) is None, "the closer steps aside instead of closing over a start"
        starter.rollback()
    assert close_round(round.pk) is not None


SUBMITTERS, CLOSERS = 16, 4


def storm(submit, close) -> tuple[dict, int]:
    """16 people answering until they are refused, with late starts, while 4 closers wait for the round.

    Returns {attempt id: acknowledged answers, or None when the submission itself was acknowledged}, and
    how often `close` reported that it had finished the round.
    """
    unit = make_unit()
    people = [make_user(unit=unit) for _ in range(SUBMITTERS)]
    contest = make_contest(attempts_allowed=None, prediction_required=False, grace_seconds=0)
    round = open_round(contest, closes_at=server_now() + timedelta(seconds=1.5))
    journal: dict = {}
    barrier = threading.Barrier(SUBMITTERS + CLOSERS)

    def answer(person):
        barrier.wait()
        while submit(person, round, journal):
            pass

    def watch():
        barrier.wait()
        finished = 0
        while Round.objects.get(pk=round.pk).state != "ranked":
            finished += close(round)
        return finished

    threads = [in_thread(lambda person=person: answer(person)) for person in people]
    closers = [in_thread(watch) for _ in range(CLOSERS)]
    for thread in [*threads, *closers]:
        thread.join()
    return journal, sum(thread.result for thread in closers)


def guarded_submit(person, round, journal) -> bool:
    """One whole attempt through the product; False once the round takes no more."""
    try:
        attempt, _ = start_attempt(user=person, round_id=round.pk)
        for position in (1, 2, 3):
            save_answer(key=key_of(attempt), position=position, choices=[1], sequence=1)
            journal[attempt.pk] = ("saved", position)
        save_prediction(key=key_of(attempt), value=1, sequence=1)
        submit_attempt(key=key_of(attempt))
        journal[attempt.pk] = ("submitted", 3)
    except Problem as problem:
        return problem.code not in ("round_closed", "attempt_closed")
    return True


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_sixteen_submitters_with_late_starts_against_four_closers_lose_nothing():
    journal, finished = storm(guarded_submit, lambda round: len(close_due_rounds()))
    assert finished == 1
    assert AuditEntry.objects.filter(verb="round.close").count() == 1
    assert not Attempt.objects.filter(state="in_progress").exists()
    stored = {attempt.pk: attempt for attempt in Attempt.objects.all()}
    assert journal, "people did answer before the close"
    for attempt_id, (what, answered) in journal.items():
        assert sum(mask > 0 for mask in stored[attempt_id].answers) >= answered
        assert stored[attempt_id].state == "submitted" or what == "saved"
    round = Round.objects.get()
    entries = [attempt for attempt in stored.values() if attempt.is_entry]
    assert all(attempt.submitted_at <= round.closes_at for attempt in entries)
    people = {attempt.user_id for attempt in entries}
    assert (round.entries, Standing.objects.count()) == (len(entries), len(people))


@pytest.mark.django_db(transaction=True)
def test_control_closers_that_only_look_close_a_round_twice():
    round = past_round()
    both_looked = threading.Barrier(2)

    def look_then_close():
        due = Round.objects.get(pk=round.pk).state == "scheduled"
        both_looked.wait()
        if due:
            Round.objects.filter(pk=round.pk).update(state="closed")
            record_audit(actor=None, verb="round.close", object=round)

    for thread in [in_thread(look_then_close) for _ in range(2)]:
        thread.join()
    assert AuditEntry.objects.filter(verb="round.close").count() == 2


@pytest.mark.django_db(transaction=True)
def test_control_looking_first_and_writing_later_accepts_after_the_close():
    round = past_round()
    looked = threading.Event()
    may_write = threading.Event()

    def late_submission():
        still_open = Round.objects.get(pk=round.pk).state == "scheduled"
        looked.set()
        may_write.wait()
        return make_attempt(round).pk if still_open else None

    late = in_thread(late_submission)
    looked.wait()
    close_round(round.pk)
    may_write.set()
    late.join()
    assert Attempt.objects.get(pk=late.result).is_entry, "acknowledged …"
    assert not Standing.objects.filter(attempt=late.result).exists(), "… and never ranked"


@pytest.mark.django_db(transaction=True)
def test_the_same_lateness_through_the_product_is_refused():
    unit = make_unit()
    round = open_round()
    attempt, _ = start_attempt(user=make_user(unit=unit), round_id=round.pk)
    Round.objects.update(closes_at=server_now() - timedelta(seconds=6), opens_at=server_now() - timedelta(days=1))
    close_round(round.pk)
    with pytest.raises(Problem, match="attempt_closed"):
        save_answer(key=key_of(attempt), position=1, choices=[1], sequence=1)


KILL_BEFORE_STEP = """
import os, signal, sys
import django
django.setup()
from contest import closing
number, inside = int(sys.argv[1]), sys.argv[2] == "inside"
def dies(round):
    if inside:
        closing_step(round)
    os.kill(os.getpid(), signal.SIGKILL)
steps = list(closing.STEPS)
closing_step = steps[number]
steps[number] = dies
closing.STEPS = tuple(steps)
closing.close_due_rounds()
"""


def closer_that_dies(step: int, where: str) -> int:
    """Run a closer in a process of its own that is killed before a step, or inside it before its commit."""
    arguments = [sys.executable, "-c", KILL_BEFORE_STEP, str(step), where]
    return subprocess.run(arguments, env=environment(), capture_output=True).returncode


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["before", "inside"])
@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_a_closer_killed_between_or_inside_steps_leaves_work_that_the_next_one_finishes(step, where, tmp_path):
    round = past_round()
    for number in range(5):
        make_attempt(round, answers="AB"[number % 2], prediction=number)
    make_attempt(round, answers=[2, 0, 0], state="in_progress")
    make_attempt(round, answers="", state="in_progress")
    assert closer_that_dies(step, where) == -signal.SIGKILL
    halfway = Round.objects.get()
    assert halfway.state == ("scheduled" if step == 0 else "closed"), "the fault is real: nobody has finished"
    assert not Standing.objects.exists()
    finished = []  # the dead closer's lock lasts until the database notices its death
    wait_for(lambda: finished.extend(close_due_rounds()) or finished, "the next closer to finish")
    (closed,) = finished
    assert (closed.entries, closed.cut_off, closed.abandoned) == (6, 1, 1)
    killed = write_record(round, tmp_path / "killed")
    Standing.objects.all().delete()
    Round.objects.update(state="closed", version=0)  # the same round again, in one go
    close_round(round.pk)
    assert write_record(round, tmp_path / "whole") == killed
    assert AuditEntry.objects.filter(verb="round.close").count() == 1
