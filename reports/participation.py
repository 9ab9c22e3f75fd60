"""Participation in a round: one definition of every figure, computed by one statement.

A person is counted in the unit noted in the attempt, the one they had when starting it. Practice rounds
are outside all figures; people who may never be ranked are staff like everyone else and are counted.

headcount     declared headcount (biên chế) of the unit, as locked when the round was scheduled
roster        people with a membership of the unit on the roster day: today, or the round's last day once
              that is over (memberships are [starts_on, ends_on))
accounts      those of the roster who have signed in at least once
participants  distinct people with an entry; an entry is an attempt submitted, or cut off with answers
rate          participants / headcount, half up to 4 places; None without headcount; may exceed 1, which
              `over_headcount` tells
entries       number of entries
mean_score    mean score of the counted attempts (one per person, by the round's rule), half up to 2 places
perfect       counted attempts with every non-void question right
zero          counted attempts with score 0
counted       counted attempts: the base of the mean score and of the bands
high          counted attempts with 75% and over, short of full marks
middle        counted attempts with 25% and over, under 75%
low           counted attempts under 25%, with at least one point
abandoned     people who opened the paper, stored no answer, and have no entry in the round
points        sum of the scores of the counted attempts
change        participants - participants of the previous round; None in the contest's first round; a unit that has
              ended since and left one successor counts for that one
change_first  participants - participants of the contest's first round; None in the first round

perfect, high, middle, low and zero add up to counted. They, counted, points and mean_score are None unless the
reader's scope releases scores, and never given before the round is ranked. Totals, kinds and blocks count a
person once, also one who has entries in two units. A block is the one noted in the attempt: it has neither
roster nor headcount of its own.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from operator import itemgetter
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import Unit
from contest.models import Round
from contest.models.round import RoundState
from contest.ranking import key_of
from reports.baselines import Loss, heir_of
from reports.scope import Scope
from reports.statement import participation_sql


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a unit, of a kind of unit or of all; see the module for their definitions."""

    units: int
    units_taking_part: int
    headcount: int
    roster: int
    accounts: int
    participants: int
    entries: int
    mean_score: Decimal | None
    counted: int | None
    points: int | None
    perfect: int | None
    high: int | None
    middle: int | None
    low: int | None
    zero: int | None
    abandoned: int
    change: int | None
    change_first: int | None

    @property
    def rate(self) -> Decimal | None:
        return ratio(self.participants, self.headcount)

    @property
    def account_rate(self) -> Decimal | None:
        """Participants over the people who have an account, as the sector's duty counts it."""
        return ratio(self.participants, self.accounts)

    @property
    def over_headcount(self) -> bool:
        return self.headcount > 0 and self.participants > self.headcount


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """A unit as it stood in the round, with its figures."""

    unit_id: int
    unit_code: str
    unit_name: str
    sort_key: str
    search_key: str
    kind: str
    parent_code: str | None
    parent_name: str | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class KindFigures:
    kind: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class BlockFigures:
    """A block by its code, "" for people of none. It has no units, headcount, roster or accounts: they are 0."""

    block: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Participation:
    """A round's participation as of one instant; units and blocks by code, kinds in their own order."""

    round: Round
    as_of: datetime
    total: Figures
    kinds: list[KindFigures]
    blocks: list[BlockFigures]
    units: list[UnitFigures]
    has_scores: bool
    has_change: bool


def ratio(part: int, whole: int) -> Decimal | None:
    """part / whole, half up to 4 places; None when there is no whole."""
    return (Decimal(part) / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP) if whole else None


def earlier_rounds(round: Round) -> list[Round]:
    """The contest's rounds before `round` that were held or are planned, in order; practice does not count."""
    rounds = Round.objects.counted().filter(contest=round.contest_id, number__lt=round.number)
    return list(rounds.exclude(state=RoundState.DRAFT).only("number", "rules").order_by("number"))


def last_day(round: Round) -> date:
    """The local day of the round's last instant: closing at Monday 00:00 it is Sunday."""
    return timezone.localtime(round.closes_at - timedelta(microseconds=1)).date()


def heirs_on(day: date) -> dict[int, int]:
    """Every unit that has ended by `day` and left a single heir, which lasts. One query."""
    successors: dict[int, list[int]] = defaultdict(list)
    for unit, successor in Unit.objects.filter(valid_to__lte=day).values_list("pk", "successors"):
        successors[unit] += [successor] if successor else []
    found = {unit: heir_of(unit, ended=successors, successors=successors) for unit in successors}
    return {unit: heir for unit, heir in found.items() if not isinstance(heir, Loss)}


def _heir_parameters(heirs: dict[int, int]) -> dict[str, list[int]]:
    return {"ended": list(heirs), "heirs": list(heirs.values())}


def participation_of(round: Round, scope: Scope) -> Participation:
    """The participation of `round` inside `scope`. Three queries at most, whatever the number of units."""
    earlier = earlier_rounds(round)
    with_scores = scope.scores and round.has_result
    first, previous = (earlier[0], earlier[-1]) if earlier else (None, None)
    parameters = roster_parameters(round, scope) | {
        "rounds": [round.pk, *{one.pk for one in (first, previous) if one}],
        "full_marks": key_of(round).full_marks,
        **_heir_parameters(heirs_on(last_day(round)) if earlier else {}),
    }
    with connection.cursor() as cursor:
        cursor.execute(participation_sql(round, previous=previous, first=first, with_scores=with_scores), parameters)
        rows = [dict(zip([column.name for column in cursor.description], row, strict=True)) for row in cursor]
    for row in rows:
        row["numbers"] = json.loads(row["numbers"])
    active = Counter(
        row["shown_kind_id"] for row in rows if row["level"] == "unit" and row["numbers"].get("participants")
    )

    def figures(row: dict[str, Any]) -> Figures:
        taking_part = {
            "unit": int("participants" in row["numbers"]),
            "kind": active[row["kind_id"]],
            "block": 0,
            "total": active.total(),
        }[row["level"]]
        return _figures(row, units_taking_part=taking_part, with_scores=with_scores, with_change=bool(earlier))

    levels: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        levels[row["level"]].append(row)
    (total,) = levels["total"]
    kinds = sorted(levels["kind"], key=itemgetter("kind_position", "kind_id"))
    return Participation(
        round=round,
        as_of=total["as_of"],
        total=figures(total),
        kinds=[KindFigures(row["kind"], figures(row)) for row in kinds],
        blocks=[BlockFigures(row["block"], figures(row)) for row in sorted(levels["block"], key=itemgetter("block"))],
        units=[_unit(row, figures(row)) for row in sorted(levels["unit"], key=itemgetter("unit_code"))],
        has_scores=with_scores,
        has_change=bool(earlier),
    )


LOWEST = 5


def full_units(units: list[UnitFigures]) -> list[UnitFigures]:
    """The units in which as many took part as the headcount says, or more; in the order given."""
    return [unit for unit in units if unit.figures.rate is not None and unit.figures.rate >= 1]


def lowest_units(units: list[UnitFigures]) -> list[UnitFigures]:
    """The units with the lowest participation rate below 1, the lowest first; at most LOWEST."""
    rated = [(unit.figures.rate, unit.unit_code, unit) for unit in units if unit.figures.rate is not None]
    return [unit for rate, _, unit in sorted(rated, key=itemgetter(0, 1))[:LOWEST] if rate < 1]


_UNIT_NAMES = ("unit_id", "unit_code", "unit_name", "sort_key", "search_key", "kind", "parent_code", "parent_name")


def _unit(row: dict[str, Any], figures: Figures) -> UnitFigures:
    return UnitFigures(**{name: row[name] for name in _UNIT_NAMES}, figures=figures)


COUNTS = ("roster", "accounts", "participants", "entries", "abandoned")
SCORE_COUNTS = ("counted", "perfect", "high", "middle", "low", "zero")


def _figures(row: dict[str, Any], *, units_taking_part: int, with_scores: bool, with_change: bool) -> Figures:
    numbers = defaultdict(int, row["numbers"])
    scores: dict[str, Any] = {name: numbers[name] if with_scores else None for name in SCORE_COUNTS}
    return Figures(
        units=row["units"],
        units_taking_part=units_taking_part,
        headcount=row["headcount"],
        **{name: numbers[name] for name in COUNTS},
        **scores,
        points=numbers["score"] if with_scores else None,
        mean_score=mean(numbers["score"], numbers["counted"]) if with_scores else None,
        change=numbers["participants"] - numbers["before"] if with_change else None,
        change_first=numbers["participants"] - numbers["at_first"] if with_change else None,
    )


def mean(total: int, number: int) -> Decimal | None:
    """total / number, half up to 2 places; None of nothing."""
    return (Decimal(total) / number).quantize(Decimal("0.01"), ROUND_HALF_UP) if number else None


def roster_parameters(round: Round, scope: Scope) -> dict[str, Any]:
    """The parameters of ON_ROSTER, and those every statement about a round and a scope takes."""
    return {
        "round": round.pk,
        "units": scope.sql_units,
        "last_day": last_day(round),
        "zone": timezone.get_default_timezone_name(),
    }
