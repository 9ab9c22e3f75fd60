"""The worked example of the rules page: four invented people ranked by a contest's own settings. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from contest.scoring import prediction_target
from contest.templatetags.portal import number, span

PEOPLE, PERFECT, ENTRIES_PER_PERSON = 20058, 1234, Decimal("1.2")
LAST = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class ExamplePerson:
    name: str
    score: int
    prediction: Decimal | None
    duration: timedelta
    submitted_at: datetime
    error: Decimal | None
    over: bool

    def sort_value(self, key: str) -> Any:
        """What `key` of the tie chain compares, smaller first."""
        return {
            "score:desc": -self.score,
            "prediction_error:asc": LAST if self.error is None else self.error,
            "prediction_over:asc": self.over,
            "duration:asc": self.duration,
            "submitted_at:asc": self.submitted_at,
        }[key]


@dataclass(frozen=True, slots=True)
class ExampleRow:
    rank: int
    person: ExamplePerson
    reason: str  # why the person stands below the one before


@dataclass(frozen=True, slots=True)
class Example:
    target: Decimal
    target_sentence: str
    rows: list[ExampleRow]


def worked_example(rules: dict[str, Any], questions: int, opens_at: datetime) -> Example:
    """Rank the invented people by `rules`, in a round that opened at `opens_at` (a local time)."""
    rule = rules["prediction"]
    entries = PEOPLE if rules["attempts"] == 1 else int(PEOPLE * ENTRIES_PER_PERSON)
    target = prediction_target(rule["asks"], rule["decimals"], entries=entries, people=PEOPLE, perfect_people=PERFECT)
    people = _people(rules, questions, opens_at, target)
    chain = rules["tie_chain"]
    people.sort(key=lambda person: [person.sort_value(key) for key in chain])
    return Example(target, _target_sentence(rule, target, entries), _ranked(people, chain))


def _people(rules: dict[str, Any], questions: int, opens_at: datetime, target: Decimal) -> list[ExamplePerson]:
    percent = rules["prediction"]["asks"] == "perfect_percent"
    near, far = (Decimal(1), Decimal(3)) if percent else (Decimal(16), Decimal(250))
    people = [
        _person("An", questions, target - near, 12 * 60 + 40, opens_at + timedelta(hours=33, minutes=30), target),
        _person("Bình", questions, target + near, 9 * 60 + 15, opens_at + timedelta(hours=10, minutes=15), target),
        _person("Chi", questions, target - far, 7 * 60 + 50, opens_at + timedelta(hours=8, minutes=40), target),
        _person("Dũng", questions - 1, target, 10 * 60 + 5, opens_at + timedelta(hours=8, minutes=5), target),
    ]
    if not rules["prediction"]["required"]:
        people.append(_person("Hà", questions, None, 8 * 60 + 20, opens_at + timedelta(hours=9, minutes=20), target))
    return people


def _person(
    name: str, score: int, guess: Decimal | None, seconds: int, submitted_at: datetime, target: Decimal
) -> ExamplePerson:
    error = None if guess is None else abs(guess - target)
    over = guess is None or guess > target
    return ExamplePerson(name, score, guess, timedelta(seconds=seconds), submitted_at, error, over)


def _target_sentence(rule: dict[str, Any], target: Decimal, entries: int) -> str:
    values = {
        "people": number(PEOPLE),
        "perfect": number(PERFECT),
        "entries": number(entries),
        "target": number(target),
    }
    sentence = {
        "perfect_people": _(
            "Giả sử tuần thi có %(people)s người dự thi, trong đó %(perfect)s người đúng tất cả các câu."
            " Con số đúng là %(target)s."
        ),
        "participants": _("Giả sử tuần thi có %(people)s người dự thi. Con số đúng là %(target)s."),
        "entries": _("Giả sử tuần thi có %(entries)s lượt dự thi. Con số đúng là %(target)s."),
        "perfect_percent": _(
            "Giả sử tuần thi có %(people)s người dự thi, trong đó %(perfect)s người đúng tất cả các câu."
            " Con số đúng là 100 × %(perfect)s ÷ %(people)s = %(target)s%%."
        ),
    }[rule["asks"]]
    return sentence % values


def _ranked(people: list[ExamplePerson], chain: list[str]) -> list[ExampleRow]:
    rows: list[ExampleRow] = []
    for place, person in enumerate(people, start=1):
        if not rows:
            rows.append(ExampleRow(1, person, ""))
            continue
        above = rows[-1].person
        key = next((key for key in chain if above.sort_value(key) != person.sort_value(key)), None)
        if key is None:
            rows.append(
                ExampleRow(
                    rows[-1].rank, person, _("ngang %(name)s ở mọi tiêu chí nên đồng hạng") % {"name": above.name}
                )
            )
        else:
            rows.append(ExampleRow(place, person, _REASONS[key](above, person)))
    return rows


def _error_reason(above: ExamplePerson, below: ExamplePerson) -> str:
    if below.error is None:
        return _("không có dự đoán, còn %(name)s có") % {"name": above.name}
    return _("bằng điểm với %(name)s, nhưng dự đoán lệch %(below)s, còn %(name)s lệch %(above)s") % {
        "name": above.name,
        "below": number(below.error),
        "above": number(above.error),
    }


_REASONS: dict[str, Callable[[ExamplePerson, ExamplePerson], str]] = {
    "score:desc": lambda above, below: (
        _("được %(below)s điểm, ít hơn %(name)s, nên dự đoán không còn ý nghĩa")
        % {
            "name": above.name,
            "below": below.score,
        }
    ),
    "prediction_error:asc": _error_reason,
    "prediction_over:asc": lambda above, below: (
        _("dự đoán lệch bằng %(name)s, nhưng vượt quá con số đúng") % {"name": above.name}
    ),
    "duration:asc": lambda above, below: (
        _("ngang %(name)s ở các tiêu chí trên, nhưng làm bài lâu hơn (%(below)s so với %(above)s)")
        % {
            "name": above.name,
            "below": span(below.duration),
            "above": span(above.duration),
        }
    ),
    "submitted_at:asc": lambda above, below: (
        _("ngang %(name)s ở các tiêu chí trên, nhưng nộp bài muộn hơn") % {"name": above.name}
    ),
}
