"""The ranking of units: every line of the calculation, ranks and prizes. Pure: figures and rule in, standings out.

Rounding happens once. The value of an input is an exact fraction on the scale of 0 to 100; it is rounded half up to
2 places. Points = weight × value ÷ 100 and their sum follow from it exactly, with 4 places at most, so whoever
has the printed values gets the printed sum.

participation  mean over the rounds with a headcount of min(100, 100 × participants ÷ headcount)
score          mean over the rounds with counted papers of 100 × mean score ÷ full marks; the mean score is the
               weekly report's, with its 2 places
perfect, zero  100 × the sum of such papers ÷ the sum of counted papers; zero's points are taken away
report         100 × rounds reported on time ÷ rounds that were to be reported
clip_duty      100 with an accepted clip, else 0
clip_score     100 × the best clip's score ÷ full marks, within 0 and 100; 0 without a score

Without counted papers score, perfect and zero are 0. An input for which nothing is kept (None) moves no points.
A unit is ranked when it took part, belonged to the last round, and had a headcount there of at least the rule's
minimum. Ranks are competition ranks inside a group by total, then by the values of the tie chain (of zero the
lower). A tie that crosses the end of a prize gets none and is `undecided`; it uses the places up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any

HUNDRED = 100
PLACES = Decimal("0.0001")
ZERO_INPUT = "zero"
CLIPS, BEST_CLIP = "clips", "best_clip"
# As the page prints them.
ORDER = ("participation", "score", "perfect", "report", "clip_duty", "clip_score", "zero")


@dataclass(frozen=True, slots=True)
class RoundOfUnit:
    """What a published round's report says of a unit. `on_time` is None when no report was due."""

    number: int
    title: str
    headcount: int
    participants: int
    counted: int
    perfect: int
    zero: int
    mean_score: Decimal | None
    full_marks: int
    on_time: bool | None = None


@dataclass(frozen=True, slots=True)
class RankedUnit:
    """A unit with the rounds that it belonged to, in order. `group` is where it is ranked.

    `predecessors` names the units that became part of it during the contest, whose figures are in its rounds. `clips`:
    how many of its clips were accepted, None while no result of clips is public; the best has `clip_score` of
    `clip_marks`.
    """

    unit_id: int
    code: str
    name: str
    kind: str
    group: str
    group_name: str
    rounds: tuple[RoundOfUnit, ...]
    in_last_round: bool = True
    clips: int | None = None
    clip_score: Decimal | None = None
    clip_marks: Decimal = Decimal(HUNDRED)
    predecessors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A quotient that went into a value: `of` what (a round's title, CLIPS or BEST_CLIP), `number` ÷ `base`.

    Without a `base` ("") it is a mere number.
    """

    of: str
    number: str
    base: str


@dataclass(frozen=True, slots=True)
class Line:
    """One input of a unit: `value` on 0 to 100 or None, `points` = ± `weight` × value ÷ 100."""

    input: str
    value: Decimal | None
    weight: int
    points: Decimal
    parts: tuple[Part, ...] = ()


@dataclass(slots=True)
class Standing:
    """A unit's place. `unranked` says why it has no rank: no_participants, left or small; else it is ""."""

    unit: RankedUnit
    lines: tuple[Line, ...]
    total: Decimal
    unranked: str
    rank: int | None = None
    is_tied: bool = False
    prize: str = ""
    is_undecided: bool = False
    sums: dict[str, int] = field(default_factory=dict)

    def value(self, input: str) -> Decimal | None:
        return next(line.value for line in self.lines if line.input == input)


def rank_units(rule: Mapping[str, Any], units: Iterable[RankedUnit]) -> list[Standing]:
    """Standings by group, rank and code; those without a rank last in their group."""
    standings = [_judged(rule, unit) for unit in units]
    standings.sort(key=lambda one: (one.unit.group_name, one.unit.group))
    ordered: list[Standing] = []
    for _group, members in groupby(standings, key=lambda one: (one.unit.group_name, one.unit.group)):
        ordered += _ranked(rule, list(members))
    return ordered


# --- The calculation of a unit ----------------------------------------------------------------------


def _judged(rule: Mapping[str, Any], unit: RankedUnit) -> Standing:
    weights = rule["weights"]
    lines = tuple(_line(each, weights[each], unit) for each in ORDER)
    sums = {
        name: sum(getattr(one, name) for one in unit.rounds) for name in ("participants", "counted", "perfect", "zero")
    }
    total = sum((line.points for line in lines), Decimal(0).quantize(PLACES))
    return Standing(unit, lines, total, _why_unranked(rule, unit, sums["participants"]), sums=sums)


def _why_unranked(rule: Mapping[str, Any], unit: RankedUnit, participants: int) -> str:
    if not participants:
        return "no_participants"
    if not unit.in_last_round:
        return "left"
    return "small" if unit.rounds[-1].headcount < rule["minimum_headcount"] else ""


def _line(input: str, weight: int, unit: RankedUnit) -> Line:
    value, parts = _VALUES[input](unit)
    rounded = None if value is None else round_once(value)
    points = Decimal(0) if rounded is None else rounded * weight / HUNDRED
    points = points.quantize(PLACES)  # exact: two places times two
    return Line(input, rounded, weight, -points if input == ZERO_INPUT else points, parts)


def round_once(value: Fraction) -> Decimal:
    """Half up to 2 places, of a value that is not negative; exact, as no binary or decimal quotient is made before."""
    return Decimal(int(value * HUNDRED + Fraction(1, 2))).scaleb(-2).quantize(Decimal("0.01"), ROUND_HALF_UP)


_Value = tuple[Fraction | None, tuple[Part, ...]]


def _participation(unit: RankedUnit) -> _Value:
    rounds = [one for one in unit.rounds if one.headcount]
    shares = [min(Fraction(HUNDRED), Fraction(HUNDRED * one.participants, one.headcount)) for one in rounds]
    parts = tuple(Part(one.title, str(one.participants), str(one.headcount)) for one in rounds)
    return (_mean(shares) if shares else None), parts


def _score(unit: RankedUnit) -> _Value:
    rounds = [one for one in unit.rounds if one.mean_score is not None and one.full_marks]
    shares = [HUNDRED * Fraction(one.mean_score or 0) / one.full_marks for one in rounds]
    parts = tuple(Part(one.title, str(one.mean_score), str(one.full_marks)) for one in rounds)
    return (_mean(shares) if shares else Fraction(0)), parts


def _papers(name: str, unit: RankedUnit) -> _Value:
    counted = sum(one.counted for one in unit.rounds)
    found = sum(getattr(one, name) for one in unit.rounds)
    parts = tuple(Part(one.title, str(getattr(one, name)), str(one.counted)) for one in unit.rounds if one.counted)
    return (Fraction(HUNDRED * found, counted) if counted else Fraction(0)), parts


def _report(unit: RankedUnit) -> _Value:
    due = [one for one in unit.rounds if one.on_time is not None]
    parts = tuple(Part(one.title, str(int(bool(one.on_time))), "1") for one in due)
    return (Fraction(HUNDRED * sum(bool(one.on_time) for one in due), len(due)) if due else None), parts


def _clip_duty(unit: RankedUnit) -> _Value:
    if unit.clips is None:
        return None, ()
    return Fraction(HUNDRED * (unit.clips > 0)), (Part(CLIPS, str(unit.clips), ""),)


def _clip_score(unit: RankedUnit) -> _Value:
    if unit.clips is None:
        return None, ()
    if unit.clip_score is None:
        return Fraction(0), ()
    within = min(max(unit.clip_score, Decimal(0)), unit.clip_marks)
    parts = (Part(BEST_CLIP, str(unit.clip_score), str(unit.clip_marks)),)
    return HUNDRED * Fraction(within) / Fraction(unit.clip_marks), parts


def _mean(shares: Sequence[Fraction]) -> Fraction:
    return sum(shares, Fraction(0)) / len(shares)


_VALUES = {
    "participation": _participation,
    "score": _score,
    "perfect": lambda unit: _papers("perfect", unit),
    "zero": lambda unit: _papers("zero", unit),
    "report": _report,
    "clip_duty": _clip_duty,
    "clip_score": _clip_score,
}


# --- Ranks and prizes -------------------------------------------------------------------------------


def _ranked(rule: Mapping[str, Any], members: list[Standing]) -> list[Standing]:
    """A group in order, with ranks and prizes."""

    def key(one: Standing) -> tuple[Decimal, ...]:
        chain = (one.value(input) or Decimal(0) for input in rule["tie_chain"])
        signed = (
            value if input == ZERO_INPUT else -value for input, value in zip(rule["tie_chain"], chain, strict=True)
        )
        return (-one.total, *signed)

    in_order = sorted((one for one in members if not one.unranked), key=lambda one: (key(one), one.unit.code))
    slots = [title for title, count in rule["prizes"] for _each in range(count)]
    place = 0
    for _key, group in groupby(in_order, key=key):
        equals = list(group)
        offered = slots[place : place + len(equals)]
        shared = offered[0] if len(offered) == len(equals) and len(set(offered)) == 1 else ""
        for one in equals:
            one.rank, one.is_tied, one.prize = place + 1, len(equals) > 1, shared
            one.is_undecided = bool(offered) and not shared
        place += len(equals)
    return in_order + sorted((one for one in members if one.unranked), key=lambda one: one.unit.code)
