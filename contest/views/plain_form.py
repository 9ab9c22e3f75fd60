"""The quiz without JavaScript: reading the form and storing what it says.

Each question carries the sequence it was shown with, so a form left open elsewhere never overwrites newer answers.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from accounts.problems import Problem
from contest.attempt_key import AttemptKey
from contest.models import Attempt
from contest.paper import Paper
from contest.services.attempts import save_answer, save_prediction, shown_prediction
from contest.views.sheet import ShownQuestion


class UnreadablePrediction(Exception):
    """The text is no number of the kind asked for; the argument is the text."""


def read_prediction(text: str, asks: str) -> int | str | None:
    """What a person typed as the API takes it: full-width digits, spaces and thousands dots are understood.

    None for an empty field. Raises UnreadablePrediction.
    """
    plain = re.sub(r"[\s\u200b\u2060\ufeff_]", "", unicodedata.normalize("NFKC", text))
    if plain == "":
        return None
    if asks == "perfect_percent":
        share = re.sub(r"^0+(?=[0-9])", "", plain.removesuffix("%").replace(",", "."))
        if re.fullmatch(r"100(\.0{1,5})?|[0-9]{1,2}(\.[0-9]{1,5})?", share):
            return share
        raise UnreadablePrediction(text)
    if re.fullmatch(r"[0-9]{1,3}([.,][0-9]{3})+", plain):
        plain = re.sub(r"[.,]", "", plain)
    digits = plain.lstrip("0") or "0"
    if re.fullmatch(r"[0-9]+", plain) and len(digits) <= 9:
        return int(digits)
    raise UnreadablePrediction(text)


@dataclass
class Stored:
    """What became of a form: positions that a newer answer elsewhere kept from being stored, a bad prediction."""

    overtaken: list[int] = field(default_factory=list)
    unreadable_prediction: str | None = None
    prediction_overtaken: bool = False

    @property
    def everything(self) -> bool:
        return not (self.overtaken or self.prediction_overtaken or self.unreadable_prediction is not None)


def store_form(
    *, attempt: Attempt, key: AttemptKey, paper: Paper, questions: list[ShownQuestion], data: QueryDict
) -> Stored:
    """Save every answer of the form that differs from what is stored.

    Raises Problem when the attempt takes nothing any more, or the form names a choice that does not exist.
    """
    stored = Stored()
    for question in questions:
        if not _store_answer(key, question, data):
            stored.overtaken.append(question.position)
    try:
        stored.prediction_overtaken = not _store_prediction(attempt, key, paper, data)
    except UnreadablePrediction as unreadable:
        stored.unreadable_prediction = str(unreadable)
    return stored


def _store_answer(key: AttemptKey, question: ShownQuestion, data: QueryDict) -> bool:
    """False if a newer answer from elsewhere stands and differs."""
    chosen = sorted({_whole(text) for text in data.getlist(f"q{question.position}")})
    if chosen == question.chosen or (not chosen and not question.multiple):
        return True  # nothing new; an untouched radio group says nothing
    shown = _whole(data.get(f"s{question.position}", ""))
    return _newest(save_answer, key=key, position=question.position, choices=chosen, sequence=shown + 1)


def _store_prediction(attempt: Attempt, key: AttemptKey, paper: Paper, data: QueryDict) -> bool:
    value = read_prediction(data.get("prediction", ""), paper.rules["prediction"]["asks"])
    if _same(value, shown_prediction(attempt.prediction, paper)):
        return True
    try:
        return _newest(save_prediction, key=key, value=value, sequence=_whole(data.get("sp", "")) + 1)
    except Problem as problem:
        if problem.code == "invalid_prediction":
            raise UnreadablePrediction(data["prediction"]) from None
        raise


def _newest(save: Any, **arguments: Any) -> bool:
    try:
        save(**arguments)
    except Problem as problem:
        if problem.code == "stale_sequence":
            return False
        raise
    return True


def _same(value: int | str | None, held: int | str | None) -> bool:
    if value is None or held is None:
        return value is held
    return float(value) == float(held)


def _whole(text: str) -> int:
    """A whole number from the form; 0 for anything else, which no question or choice has."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else 0
