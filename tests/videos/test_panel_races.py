"""Everybody at once: submissions against the lock, saves against a submission, organisers who start twice."""

import threading
from decimal import Decimal
from functools import partial

import pytest

from accounts.clock import ClockTimestamp, server_now
from accounts.models import Role
from accounts.problems import Problem, Refused
from tests import together
from tests.factories import grant, make_user
from tests.videos.test_panel_services import closed_contest
from tests.videos.world import make_clip, make_clip_contest, make_judge, make_sheet, start_scoring
from videos.models import OPEN_STATES, ClipContest, CriterionScore, ScoreSheet, SheetState
from videos.panel.services import abstain, lock_panel, replace_judge, replacing, save_points, scoring, submit_sheet
from videos.panel.services import start_scoring as start_panel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
at_once = partial(together.at_once, refused=(Problem, AssertionError))


@pytest.fixture
def contest():
    contest = make_clip_contest()
    start_scoring(contest)
    return contest


@pytest.fixture
def sheets(contest):
    """Eight sheets of eight judges with all their points, none handed in."""
    clip = make_clip(contest, state="accepted")
    return [make_sheet(clip, make_judge(contest), 60, 20, submitted=False) for _ in range(8)]


# --- Submissions against the lock -----------------------------------------------------------------------


def lock_in_a_loop(contest, lock):
    """Try until it locks; True, or False after two hundred refusals."""
    for _ in range(200):
        try:
            lock(clip_contest=contest, actor=contest.clips.first().created_by)
        except Refused:
            continue
        return True
    return False


def submits_against(contest, sheets, lock) -> list:
    acts = [lambda sheet=sheet: submit_sheet(sheet=sheet, actor=sheet.judge).submitted_at for sheet in sheets]
    return at_once(*acts, lambda: lock_in_a_loop(contest, lock))


def test_submissions_against_the_lock_are_either_stored_before_it_or_keep_it_open(contest, sheets):
    *submitted, has_locked = submits_against(contest, sheets, lock_panel)
    assert not [result for result in submitted if isinstance(result, Exception)]
    stored = dict(ScoreSheet.objects.values_list("pk", "submitted_at"))
    assert [stored[sheet.pk] for sheet in sheets] == submitted  # acknowledged − stored = 0
    contest.refresh_from_db()
    assert (contest.locked_at is not None) == has_locked
    if has_locked:
        assert all(time <= contest.locked_at for time in submitted)


def test_a_panel_that_has_locked_has_no_open_sheet_however_submitting_abstaining_and_locking_meet(contest, sheets):
    submits = [lambda sheet=sheet: submit_sheet(sheet=sheet, actor=sheet.judge) for sheet in sheets[::2]]
    abstains = [lambda sheet=sheet: abstain(sheet=sheet, reason="Ốm", actor=sheet.judge) for sheet in sheets[1::2]]
    at_once(*submits, *abstains, *[lambda: lock_in_a_loop(contest, lock_panel)] * 2)
    contest.refresh_from_db()
    if contest.locked_at:
        assert not ScoreSheet.objects.filter(state__in=OPEN_STATES).exists()


def lock_without_looking(*, clip_contest, actor):
    ClipContest.objects.filter(pk=clip_contest.pk).update(locked_at=ClockTimestamp())


def test_control_a_lock_that_does_not_look_leaves_sheets_open_for_good(contest, sheets):
    lock_without_looking(clip_contest=contest, actor=None)
    *refused, _locked = submits_against(contest, sheets, lock_panel)
    assert {problem.code for problem in refused} == {"panel_locked"}
    assert ScoreSheet.objects.filter(state__in=OPEN_STATES).count() == 8


# --- A save against a submission ------------------------------------------------------------------------


def save_while_submitting(monkeypatch, sheet) -> tuple:
    """The save has written; then the submission runs, as far as it can; then the save commits."""
    written, submitted = threading.Event(), threading.Event()

    def pause():
        written.set()
        submitted.wait(1.5)  # with the row locked the submission waits for the save, and this passes in vain
        return server_now()

    monkeypatch.setattr(scoring, "server_now", pause)

    def save():
        return save_points(sheet=sheet, position=1, points=Decimal(10), sequence=9, actor=sheet.judge)

    def submit():
        written.wait(30)
        submit_sheet(sheet=sheet, actor=sheet.judge)
        points = points_of(sheet)
        submitted.set()
        return points

    return tuple(at_once(save, submit))


@pytest.mark.slow
def test_a_save_that_found_the_sheet_open_is_in_what_is_submitted(sheets, monkeypatch):
    saved, submitted = save_while_submitting(monkeypatch, sheets[0])
    assert saved.sequence == 9
    assert submitted == points_of(sheets[0]) == [10, 20]


@pytest.mark.slow
def test_control_without_the_lock_points_change_after_the_submission(sheets, monkeypatch):
    def unlocked(sheet, actor):
        return ScoreSheet.objects.select_related("clip__clip_contest__contest__unit").get(pk=sheet.pk)

    monkeypatch.setattr(scoring, "_locked_sheet", unlocked)
    saved, submitted = save_while_submitting(monkeypatch, sheets[0])
    assert saved.sequence == 9
    assert (submitted, points_of(sheets[0])) == ([60, 20], [10, 20])


def points_of(sheet) -> list:
    return list(
        CriterionScore.objects.filter(sheet=sheet).order_by("criterion__position").values_list("points", flat=True)
    )


# --- Twice --------------------------------------------------------------------------------------------------


def test_twenty_submissions_of_one_sheet_are_one(sheets):
    sheet = sheets[0]
    times = at_once(*[lambda: submit_sheet(sheet=sheet, actor=sheet.judge).submitted_at] * 20)
    assert set(times) == {ScoreSheet.objects.get(pk=sheet.pk).submitted_at}


def test_two_tabs_saving_at_once_leave_the_points_of_the_higher_sequence(sheets):
    sheet = sheets[0]

    def save(sequence):
        return save_points(sheet=sheet, position=1, points=Decimal(sequence), sequence=sequence, actor=sheet.judge)

    results = at_once(*[lambda n=n: save(n) for n in range(2, 22)])
    assert points_of(sheet)[0] == 21
    assert {type(result).__name__ for result in results} <= {"Saved", "Problem"}
    refused = {result.code for result in results if isinstance(result, Problem)}
    assert refused <= {"stale_sequence"}


def test_two_organisers_who_start_at_once_give_out_the_clips_once():
    contest = closed_contest()
    judge = make_judge(contest, is_chair=True)
    clip = make_clip(contest, state="accepted")
    results = at_once(*[lambda: start_panel(clip_contest=ClipContest.objects.get(pk=contest.pk), actor=judge)] * 4)
    assert sorted(result if isinstance(result, int) else 0 for result in results) == [0, 0, 0, 1]
    assert clip.sheets.count() == 1


def test_a_conflict_and_a_first_score_at_once_never_both_stand(contest):
    sheet = make_sheet(make_clip(contest, state="accepted"), make_judge(contest))
    saved, declared = at_once(
        lambda: save_points(sheet=sheet, position=1, points=Decimal(10), sequence=1, actor=sheet.judge),
        lambda: scoring.declare_conflict(sheet=sheet, reason="Người nhà", actor=sheet.judge),
    )
    sheet.refresh_from_db()
    if sheet.has_conflict:
        assert (saved.code, sheet.scores.count()) == ("sheet_closed", 0)
    else:
        assert (declared.code, sheet.state) == ("conflict_too_late", SheetState.SCORING)


# --- A judge is replaced --------------------------------------------------------------------------------


def newcomer(contest):
    judge = make_user()
    grant(judge, Role.JUDGE, contest.contest.unit)
    return judge


def replace_against(contest, sheet, act, replace) -> list:
    """A judge with one sheet is replaced while `act` does something to the panel or the sheet."""
    member, judge = contest.panel.get(judge=sheet.judge), newcomer(contest)
    return at_once(lambda: replace(member=member, judge=judge, reason="Ốm", actor=judge), act)


@pytest.mark.parametrize("_time", range(4))
def test_a_sheet_handed_in_while_its_judge_is_replaced_counts_or_passes_on_never_both(contest, sheets, _time):
    sheet = sheets[0]
    replace_against(contest, sheet, lambda: submit_sheet(sheet=sheet, actor=sheet.judge), replace_judge)
    sheet.refresh_from_db()
    of_newcomer = ScoreSheet.objects.exclude(pk__in=[one.pk for one in sheets])
    assert (sheet.state, of_newcomer.count()) in [(SheetState.SUBMITTED, 0), (SheetState.CLOSED, 1)]


def replace_while_submitting(monkeypatch, sheet, contest) -> None:
    """The replacement knows which clips pass on; then the judge hands one in, as far as they can; then it goes on."""
    looked, submitted = threading.Event(), threading.Event()
    require = replacing._require_newcomer

    def pause(*args):
        looked.set()
        submitted.wait(1.5)  # with the rows locked the submission waits for the replacement, and this passes in vain
        require(*args)

    monkeypatch.setattr(replacing, "_require_newcomer", pause)

    def submit():
        looked.wait(30)
        submit_sheet(sheet=sheet, actor=sheet.judge)
        submitted.set()

    replace_against(contest, sheet, submit, replace_judge)
    sheet.refresh_from_db()


def test_what_passes_on_to_the_newcomer_is_no_longer_handed_in(contest, sheets, monkeypatch):
    replace_while_submitting(monkeypatch, sheets[0], contest)
    assert sheets[0].state == SheetState.CLOSED
    assert ScoreSheet.objects.count() == len(sheets) + 1


def test_control_a_replacement_that_only_looks_gives_one_seat_two_sheets(contest, sheets, monkeypatch):
    monkeypatch.setattr(replacing, "_close_sheets_of", lambda member, reason: [])
    replace_while_submitting(monkeypatch, sheets[0], contest)
    assert sheets[0].state == SheetState.SUBMITTED
    assert ScoreSheet.objects.count() == len(sheets) + 1


def test_a_panel_never_locks_over_the_open_sheets_of_a_newcomer(contest, sheets):
    for sheet in sheets[1:]:
        submit_sheet(sheet=sheet, actor=sheet.judge)
    ScoreSheet.objects.filter(pk=sheets[0].pk).update(state=SheetState.CLOSED, reason="Ốm")  # so that it could lock
    _change, has_locked = replace_against(
        contest, sheets[0], lambda: lock_in_a_loop(contest, lock_panel), replace_judge
    )
    is_open = ScoreSheet.objects.filter(state__in=OPEN_STATES).exists()
    assert (has_locked, is_open) in [(True, False), (False, True)]


def test_two_who_take_one_judges_place_at_once_are_one(contest, sheets):
    member, judges = contest.panel.get(judge=sheets[0].judge), [newcomer(contest) for _ in range(3)]
    acts = [lambda j=j: replace_judge(member=member, judge=j, reason="Ốm", actor=j) for j in judges]
    results = at_once(*acts)
    assert sorted(isinstance(result, Refused) for result in results) == [False, True, True]
    assert contest.panel.filter(judge__in=judges).count() == 1
    assert ScoreSheet.objects.filter(judge__in=judges).count() == 1
