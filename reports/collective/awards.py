"""Whom the organisers propose for awards (đề nghị khen thưởng): winners, people always perfect, units."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from contest.models import Contest, Round, Standing
from contest.ranking import key_of
from reports.collective.freezing import BATCH, Ranking
from reports.collective.inputs import published_rounds


@dataclass(frozen=True, slots=True)
class PersonProposed:
    """A person with the unit noted in their last attempt concerned. `prize` is "" for full marks."""

    full_name: str
    unit_code: str
    unit_name: str
    parent_name: str
    round_title: str
    prize: str
    perfect_rounds: int = 0


@dataclass(frozen=True, slots=True)
class Awards:
    """The list of proposals. Units are calculations as in a `Ranking`."""

    winners: list[PersonProposed]
    perfect: "PerfectPeople"
    prized_units: list[dict[str, Any]]
    full_units: list[dict[str, Any]]


def awards_of(contest: Contest, ranking: Ranking) -> Awards:
    """Proposals from the rounds published so far. A constant number of queries."""
    rounds = published_rounds(contest)
    calculations = [calculation for _unit, calculation in ranking.standings]
    return Awards(
        winners=_winners(rounds),
        perfect=PerfectPeople(rounds, ranking.rule["perfect_rounds"] or len(rounds)),
        prized_units=_by_prize(each for each in calculations if each["prize"] or each["is_undecided"]),
        full_units=[each for each in calculations if rounds and is_full(each, len(rounds))],
    )


def _by_prize(prized: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Inside their groups by rank, and tied units in the order that the committee decided."""

    def place(one: dict[str, Any]) -> tuple[str, str, int, int]:
        return one["group_name"], one["group"], one["rank"], one.get("decision", {}).get("place", 0)

    return sorted(prized, key=place)


def is_full(calculation: dict[str, Any], rounds: int) -> bool:
    """Whether everyone of the unit's headcount took part in every one of so many rounds."""
    (parts,) = (line["parts"] for line in calculation["lines"] if line["input"] == "participation")
    return len(parts) == rounds and all(int(number) >= int(base) for _of, number, base in parts)


def _winners(rounds: list[Round]) -> list[PersonProposed]:
    rows = _with_names(Standing.objects.filter(round__in=rounds).with_prize().select_related("prize", "round"))
    rows = rows.order_by("round__number", "block", "prize__position", "position")
    return [_proposed(row, prize=row.prize.title if row.prize else "") for row in rows]


class PerfectPeople:
    """People ranked with full marks in at least `needed` rounds, by name. Counted and sliced in the database."""

    def __init__(self, rounds: list[Round], needed: int):
        full = Q(pk__in=[])
        for round in rounds:
            full |= Q(round=round, score=key_of(round).full_marks)
        self._standings = Standing.objects.filter(full)
        counted = self._standings.values_list("attempt__user").annotate(n=Count("pk")).filter(n__gte=needed)
        self._people = counted.order_by("attempt__user__sort_key", "attempt__user")

    def count(self) -> int:
        return self._people.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, places: slice) -> list[PersonProposed]:
        """Two queries, however many people."""
        counts = dict(self._people[places])
        rows = _with_names(self._standings.filter(attempt__user__in=list(counts)).select_related("round"))
        latest = {row.attempt.user_id: row for row in rows.order_by("round__number")}
        return [_proposed(latest[user], perfect_rounds=number) for user, number in counts.items()]

    def __iter__(self) -> Iterator[PersonProposed]:
        for start in range(0, self.count(), BATCH):
            yield from self[start : start + BATCH]


def _with_names(rows: Any) -> Any:
    return rows.select_related("attempt__user", "attempt__unit__parent")


def _proposed(row: Standing, *, prize: str = "", perfect_rounds: int = 0) -> PersonProposed:
    unit = row.attempt.unit
    return PersonProposed(
        full_name=row.attempt.user.full_name,
        unit_code=unit.code if unit else "",
        unit_name=unit.name if unit else "",
        parent_name=unit.parent.name if unit and unit.parent else "",
        round_title=row.round.title,
        prize=prize,
        perfect_rounds=perfect_rounds,
    )


def prizes_by_unit(winners: Iterable[PersonProposed]) -> dict[str, int]:
    """How many prizes of rounds people of each unit won, by the unit's code."""
    found: dict[str, int] = {}
    for person in winners:
        found[person.unit_code] = found.get(person.unit_code, 0) + 1
    return found
