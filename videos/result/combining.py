"""How the sheets of a clip become its score. Pure and exact: fractions in between, rounded once at the end.

mean           the mean of the totals of the clip's sheets
trimmed_mean   the mean without one highest and one lowest total; with fewer than 3 sheets the plain mean
severity       the mean of the totals, each less its judge's severity

Severity is additive: of all a_i (a clip's score) and b_j (a judge's severity), the b_j summing to 0, those are taken
for which the sum of (x_ij - a_i - b_j)² over all sheets is least. A lenient judge has b_j above 0. Judges are
comparable only through clips that they have in common, so where the sheets fall apart into parts that share neither
judge nor clip, each part is solved for itself with its own b_j summing to 0, and there is more than one `part`.

With every judge on every clip, a_i is the mean: severity then changes no score at all.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import NamedTuple

# The one rounding of the portal's clip scores: half up (away from zero) to this many decimals.
PLACES = 2
# A trimmed mean leaves out two sheets, and must have one left.
FEWEST_TO_TRIM = 3

MEAN, TRIMMED_MEAN, SEVERITY = "mean", "trimmed_mean", "severity"


class Mark(NamedTuple):
    """What a sheet comes to: its total of points."""

    clip: str
    judge: str
    total: Decimal


@dataclass(frozen=True, slots=True)
class Severities:
    """b_j of every judge, and the parts (from 0, in the order of their first judge) in which they are comparable."""

    of_judge: Mapping[str, Fraction]
    part_of_judge: Mapping[str, int]

    @property
    def parts(self) -> int:
        return len(set(self.part_of_judge.values()))


@dataclass(frozen=True, slots=True)
class Combined:
    """A clip's figures, exact but for `deviation`, which is a root and rounded already.

    `deviation`: sample standard deviation of the totals, None with one sheet. `trimmed`: the judges left out.
    """

    score: Fraction
    raw_mean: Fraction
    deviation: Decimal | None
    highest: Decimal
    lowest: Decimal
    sheets: int
    trimmed: tuple[str, ...] = ()


def combine(marks: Sequence[Mark], combination: str) -> dict[str, Combined]:
    """Every clip that has a sheet. Raises KeyError for an unknown combination."""
    severities = severities_of(marks).of_judge if combination == SEVERITY else {}
    return {clip: _combined(own, combination, severities) for clip, own in by_clip(marks).items()}


def _combined(own: Sequence[Mark], combination: str, severities: Mapping[str, Fraction]) -> Combined:
    totals = [mark.total for mark in own]
    trimmed = trimmed_of(own) if combination == TRIMMED_MEAN else ()
    score = {
        MEAN: lambda: mean(totals),
        TRIMMED_MEAN: lambda: mean([mark.total for mark in own if mark.judge not in trimmed]),
        SEVERITY: lambda: mean([Fraction(mark.total) - severities[mark.judge] for mark in own]),
    }[combination]()
    return Combined(score, mean(totals), deviation(totals), max(totals), min(totals), len(own), trimmed)


def by_clip(marks: Iterable[Mark]) -> dict[str, list[Mark]]:
    found: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        found[mark.clip].append(mark)
    return found


def trimmed_of(own: Sequence[Mark]) -> tuple[str, ...]:
    """The judges of the lowest and the highest sheet, which a trimmed mean leaves out; nobody with fewer than 3."""
    if len(own) < FEWEST_TO_TRIM:
        return ()
    in_order = sorted(own, key=lambda mark: (mark.total, mark.judge))
    return in_order[0].judge, in_order[-1].judge


def mean(values: Sequence[Decimal] | Sequence[Fraction]) -> Fraction:
    return sum((Fraction(value) for value in values), Fraction(0)) / len(values)


# --- Severity ---------------------------------------------------------------------------------------


def severities_of(marks: Sequence[Mark]) -> Severities:
    """b_j of every judge with a sheet.

    The clips' a_i follow from the b_j as means, which leaves one equation for each judge j: over the clips i that j
    scored, the sum of x_ij - mean_i equals the sum of b_j less the mean of the b_k of clip i's judges. In a connected
    part one of them follows from the others; the sum of 0 takes its place.
    """
    severities: dict[str, Fraction] = {}
    part_of: dict[str, int] = {}
    for number, judges in enumerate(_parts(marks)):
        inside = set(judges)
        part_of.update(dict.fromkeys(judges, number))
        severities.update(_solve_part(judges, [mark for mark in marks if mark.judge in inside]))
    return Severities(severities, part_of)


def _solve_part(judges: Sequence[str], marks: Sequence[Mark]) -> dict[str, Fraction]:
    place = {judge: number for number, judge in enumerate(judges)}
    rows = [[Fraction(0)] * (len(judges) + 1) for _ in judges]
    for own in by_clip(marks).values():
        average, share = mean([mark.total for mark in own]), Fraction(1, len(own))
        for mark in own:
            row = rows[place[mark.judge]]
            row[place[mark.judge]] += 1
            row[-1] += Fraction(mark.total) - average
            for other in own:
                row[place[other.judge]] -= share
    rows[-1] = [*[Fraction(1)] * len(judges), Fraction(0)]
    return dict(zip(judges, solve(rows), strict=True))


def solve(rows: list[list[Fraction]]) -> list[Fraction]:
    """The solution of a square system with one solution; the last entry of a row is its right side."""
    size = len(rows)
    for column in range(size):
        pivot = next(place for place in range(column, size) if rows[place][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        first = rows[column][column]
        rows[column] = [value / first for value in rows[column]]
        for place in range(size):
            factor = rows[place][column]
            if place != column and factor:
                rows[place] = [value - factor * taken for value, taken in zip(rows[place], rows[column], strict=True)]
    return [row[-1] for row in rows]


def _parts(marks: Sequence[Mark]) -> list[list[str]]:
    """The judges in groups that are connected through clips, in the order in which they first appear."""
    judges_of: dict[Hashable, list[str]] = {clip: [mark.judge for mark in own] for clip, own in by_clip(marks).items()}
    clips_of: dict[str, list[str]] = defaultdict(list)
    for mark in marks:
        clips_of[mark.judge].append(mark.clip)
    seen: set[str] = set()
    parts = []
    for first in clips_of:
        if first in seen:
            continue
        part, waiting = [], [first]
        seen.add(first)
        while waiting:
            judge = waiting.pop()
            part.append(judge)
            for clip in clips_of[judge]:
                fresh = [other for other in judges_of[clip] if other not in seen]
                seen.update(fresh)
                waiting += fresh
        parts.append(sorted(part, key=list(clips_of).index))
    return parts


# --- Rounding ---------------------------------------------------------------------------------------


def rounded(value: Fraction | Decimal, places: int = PLACES) -> Decimal:
    """Half up, away from zero, to `places`; exact, as no quotient is made in decimals before."""
    scaled = abs(Fraction(value)) * 10**places
    whole = int(scaled + Fraction(1, 2))
    return Decimal(-whole if value < 0 else whole).scaleb(-places)


def deviation(totals: Sequence[Decimal], places: int = PLACES) -> Decimal | None:
    """The sample standard deviation, half up to `places`; None with fewer than 2 totals. Exact: an integer root."""
    if len(totals) < 2:
        return None
    average = mean(totals)
    variance = sum(((Fraction(total) - average) ** 2 for total in totals), Fraction(0)) / (len(totals) - 1)
    # k is the rounded root when it is the largest with (k - 1/2)² not above the value, so (2k - 1)² not above 4 × it.
    return Decimal((isqrt(int(4 * 100**places * variance)) + 1) // 2).scaleb(-places)


def is_disputed(highest: Decimal, lowest: Decimal, *, full_marks: Decimal, percent: int) -> bool:
    """Whether the highest and the lowest sheet differ by more than `percent` of full marks."""
    return (highest - lowest) * 100 > full_marks * percent
