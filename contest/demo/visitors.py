"""What a visitor finds under the two participants' logins: a prize, and a paper with mistakes to learn from."""

from datetime import timedelta

from contest.demo.attempts import SUBMITTED, DemoAttempt, Sheet
from contest.demo.plan import RoundWindow

PRIZE_PLACE = 4  # the first of the third prizes
_MISTAKES = 3


def prepare(
    attempts: list[DemoAttempt], window: RoundWindow, sheet: Sheet, *, winner: int | None, learners: list[int]
) -> None:
    """Make the winner's paper perfect and give the learners' some mistakes. All of them submit in time."""
    for attempt in attempts:
        if attempt.user != winner and attempt.user not in learners:
            continue
        mistakes = 0 if attempt.user == winner else min(_MISTAKES, len(sheet.right))
        attempt.answers = [
            wrong[0] if index < mistakes else right
            for index, (right, wrong) in enumerate(zip(sheet.right, sheet.wrong, strict=True))
        ]
        attempt.sequences = [1] * len(attempt.answers)
        attempt.is_perfect = mistakes == 0
        if attempt.state != SUBMITTED:
            attempt.started_at = window.opens_at + timedelta(hours=27, seconds=attempt.user)
            attempt.deadline = attempt.started_at + timedelta(minutes=30)
            attempt.submitted_at = attempt.started_at + timedelta(seconds=437, microseconds=218_604)
            attempt.state = SUBMITTED


def place_winner(
    attempts: list[DemoAttempt], window: RoundWindow, *, winner: int, ranked: set[int], truth: int
) -> None:
    """Let the winner come in at PRIZE_PLACE by the default rules: as near as the one before, a little later."""
    rivals = sorted(
        (abs(attempt.prediction - truth), attempt.submitted_at, attempt.prediction)
        for attempt in attempts
        if attempt.is_perfect and attempt.user in ranked and attempt.user != winner
        if attempt.prediction is not None and attempt.submitted_at is not None
    )
    mine = next(attempt for attempt in attempts if attempt.user == winner)
    if len(rivals) < PRIZE_PLACE:
        mine.prediction = truth
        return
    error, before, prediction = rivals[PRIZE_PLACE - 2]
    after_error, after, _ = rivals[PRIZE_PLACE - 1]
    gap = after - before if after_error == error else window.closes_at - before
    mine.prediction = prediction
    mine.submitted_at = before + min(gap / 2, timedelta(seconds=73, microseconds=406_000))
    mine.started_at = max(mine.submitted_at - timedelta(seconds=437), window.opens_at)
    mine.deadline = min(mine.started_at + timedelta(minutes=30), window.closes_at)
