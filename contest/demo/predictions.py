"""What people predict: near the truth if they look at last week, and in numbers that people like."""

import math

from contest.demo.attempts import IN_PROGRESS, SUBMITTED, DemoAttempt
from contest.demo.dice import Dice

_LUCKY_ENDINGS = (68, 79, 86, 88, 99)
_WILD = (0, 1, 5, 10, 50, 79, 99, 100, 500, 1000, 6789)


def predict(dice: Dice, attempts: list[DemoAttempt], *, ranked: set[int], hint: int | None) -> int:
    """Fill in the predictions; `hint` is the figure of the round before, None in the first.

    `ranked` are the users who may be ranked. Returns the truth: how many of them are perfect.
    """
    truth = sum(attempt.is_perfect and attempt.user in ranked for attempt in attempts)
    for attempt in attempts:
        if attempt.state == SUBMITTED:
            attempt.prediction = _prediction(dice, truth, hint)
        elif attempt.state == IN_PROGRESS or not any(attempt.answers) or dice.chance(0.6):
            attempt.prediction = None  # the prediction is the last question, and time ran out before it
        else:
            attempt.prediction = _prediction(dice, truth, hint)
    return truth


def _prediction(dice: Dice, truth: int, hint: int | None) -> int:
    if dice.chance(0.03):
        return dice.pick(_WILD)
    centre = truth if hint is None else (hint + 2 * truth) / 3
    spread = 0.55 if hint is None else 0.3
    return _as_people_say(dice, round(max(centre, 1) * math.exp(dice.normal(0.0, spread))))


def _as_people_say(dice: Dice, number: int) -> int:
    """`number` as it is or, more often, rounded or made lucky."""
    draw = dice.fraction()
    size = 10 ** (len(str(number)) - 1)
    if draw < 0.30 or number < 10:
        return number
    if draw < 0.45:
        return round(number / size) * size or size
    if draw < 0.60:
        return round(2 * number / size) * size // 2 or size
    if draw < 0.88:
        return round(10 * number / size) * size // 10
    return number // 100 * 100 + dice.pick(_LUCKY_ENDINGS)
