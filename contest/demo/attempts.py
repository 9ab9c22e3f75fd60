"""Attempts at a round: answers by skill and difficulty, hours, and how each attempt ended."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contest.demo.clock import Rush
from contest.demo.dice import Dice
from contest.demo.people import DemoPerson
from contest.demo.plan import Plan, RoundWindow
from contest.paper import codes_to_mask

IN_PROGRESS, SUBMITTED, CUT_OFF, ABANDONED = "in_progress", "submitted", "cut_off", "abandoned"
_TYPICAL_SECONDS, _SPREAD, _FEWEST_SECONDS = 400.0, 0.55, 70.0
_FORGETS_TO_SUBMIT, _ONLY_LOOKS = 0.006, 0.004
_GAIN_PER_ROUND = 0.25  # people get used to the kind of question


@dataclass(slots=True)
class DemoAttempt:
    """One attempt. `answers` and `sequences` as in the database: bit masks, numbers of saves."""

    id: UUID
    user: int
    unit: int
    nonce: int
    state: str
    started_at: datetime
    deadline: datetime
    submitted_at: datetime | None
    answers: list[int]
    sequences: list[int]
    is_perfect: bool
    prediction: int | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The questions of a round as people meet them: right mask, wrong masks, difficulty in log odds."""

    right: tuple[int, ...]
    wrong: tuple[tuple[int, ...], ...]
    difficulty: tuple[float, ...]


def make_sheet(dice: Dice, paper: Sequence[dict], key: dict[str, list[str]]) -> Sheet:
    """The sheet of a frozen paper. Of the wrong choices the first is the tempting one."""
    right, wrong, difficulty = [], [], []
    for question in paper:
        mask = codes_to_mask(key[question["code"]])
        others = [codes_to_mask(choice["code"]) for choice in question["choices"]]
        tempting, *rest = dice.shuffled([other for other in others if other != mask])
        right.append(mask)
        wrong.append((tempting, tempting, tempting, *rest, *rest))
        difficulty.append(dice.normal(0.0, 0.7))
    return Sheet(tuple(right), tuple(wrong), tuple(difficulty))


def make_attempts(
    plan: Plan, window: RoundWindow, sheet: Sheet, people: list[DemoPerson], *, time_limit: timedelta
) -> list[DemoAttempt]:
    """An attempt of each of `people`, without predictions: those depend on how all did together."""
    dice = plan.dice("attempts", window.number)
    now = plan.at if window.stage == "open" else None
    rush = Rush(window.opens_at, window.closes_at, plan.at if now else window.closes_at - timedelta(seconds=1))
    attempts = [_make_attempt(dice, rush, window, sheet, person, time_limit, now) for person in people]
    if now:
        _keep_some_going(dice, attempts, window, now)
    return attempts


def _make_attempt(
    dice: Dice, rush: Rush, window: RoundWindow, sheet: Sheet, person: DemoPerson, time_limit: timedelta,
    now: datetime | None,
) -> DemoAttempt:  # fmt: skip
    started_at = rush.instant(dice)
    deadline = min(window.closes_at, started_at + time_limit)
    state, submitted_at = _ending(dice, started_at, deadline)
    if now is not None and (submitted_at or deadline) > now:
        state, submitted_at = IN_PROGRESS, None
    answers = _answers(dice, sheet, person.skill + _GAIN_PER_ROUND * window.number)
    is_perfect = tuple(answers) == sheet.right
    if state != SUBMITTED:
        kept = 0 if state == ABANDONED else 1 + dice.below(len(answers) - 1) if len(answers) > 1 else 1
        answers = _without_some(dice, answers, kept)
        is_perfect = False
    return DemoAttempt(
        id=dice.uuid(), user=person.id, unit=person.unit, nonce=dice.bits(63), state=state, started_at=started_at,
        deadline=deadline, submitted_at=submitted_at, answers=answers,
        sequences=[(1 if dice.fraction() < 0.85 else 2) if mask else 0 for mask in answers], is_perfect=is_perfect,
    )  # fmt: skip


def _ending(dice: Dice, started_at: datetime, deadline: datetime) -> tuple[str, datetime | None]:
    """How an attempt ends and when it counts as submitted."""
    draw = dice.fraction()
    if draw < _ONLY_LOOKS:
        return ABANDONED, None
    seconds = max(_TYPICAL_SECONDS * math.exp(dice.normal(0.0, _SPREAD)), _FEWEST_SECONDS)
    submitted_at = started_at + timedelta(microseconds=int(seconds * 1_000_000))
    if draw < _ONLY_LOOKS + _FORGETS_TO_SUBMIT or submitted_at >= deadline:
        return CUT_OFF, deadline
    return SUBMITTED, submitted_at


def _answers(dice: Dice, sheet: Sheet, skill: float) -> list[int]:
    fraction, exp = dice.fraction, math.exp
    return [
        right if fraction() < 1.0 / (1.0 + exp(difficulty - skill)) else wrong[int(fraction() * len(wrong))]
        for right, wrong, difficulty in zip(sheet.right, sheet.wrong, sheet.difficulty, strict=True)
    ]


def _without_some(dice: Dice, answers: list[int], kept: int) -> list[int]:
    """`answers` with only `kept` of them given, at places drawn."""
    places = set(dice.shuffled(range(len(answers)))[:kept])
    return [mask if index in places else 0 for index, mask in enumerate(answers)]


def _keep_some_going(dice: Dice, attempts: list[DemoAttempt], window: RoundWindow, now: datetime) -> None:
    """Let a few be at work at this moment, also in a small demo: the visitor sees them cut off."""
    wanted = min(max(2, len(attempts) // 300), len(attempts) // 2)
    going = sum(attempt.state == IN_PROGRESS for attempt in attempts)
    step = max(len(attempts) // max(wanted, 1), 1)
    for attempt in attempts[::step][: max(wanted - going, 0)]:
        attempt.started_at = now - timedelta(seconds=dice.between(20, 600))
        attempt.deadline = window.closes_at
        attempt.state, attempt.submitted_at, attempt.is_perfect = IN_PROGRESS, None, False
        attempt.answers = _without_some(dice, attempt.answers, 1 + dice.below(max(len(attempt.answers) - 1, 1)))
        attempt.sequences = [int(mask > 0) for mask in attempt.answers]
