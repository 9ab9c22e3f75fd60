"""Units tied where a prize ends, and what the committee decided about them.

The calculation of a frozen ranking is never touched: a decision lies over it when it is read. It holds for the tie it
was taken on (group, rank, prizes offered, units), in every version in which that very tie stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from reports.models import CollectiveDecision, CollectiveResult

Rows = Iterable[tuple[int, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Tie:
    """Equal units that share more or other places than one prize has: `prizes` are those of the first places."""

    group: str
    group_name: str
    rank: int
    prizes: list[str]
    rows: list[tuple[int, dict[str, Any]]]

    @property
    def units(self) -> list[int]:
        return [unit_id for unit_id, _one in self.rows]

    def is_about(self, decision: CollectiveDecision) -> bool:
        named = (decision.group, decision.rank, decision.prizes, sorted(decision.units))
        return named == (self.group, self.rank, self.prizes, sorted(self.units))


# --- Pure -------------------------------------------------------------------------------------------


def ties_in(rule: Mapping[str, Any], undecided: Rows) -> list[Tie]:
    """The ties among the undecided rows of a ranking, in its order."""
    slots = [title for title, count in rule["prizes"] for _each in range(count)]
    ties = []
    for (group, rank), members in groupby(undecided, key=lambda row: (row[1]["group"], row[1]["rank"])):
        rows = list(members)
        ties.append(Tie(group, rows[0][1]["group_name"], rank, slots[rank - 1 : rank - 1 + len(rows)], rows))
    return ties


def prizes_decided(tie: Tie, decision: CollectiveDecision) -> dict[int, dict[str, Any]]:
    """By unit id, what the decision changes of its calculation; `decision` in it tells how it came about."""
    return {
        unit_id: {
            "prize": tie.prizes[place] if place < len(tie.prizes) else "",
            "is_undecided": False,
            "decision": {
                "method": decision.method,
                "place": place + 1,
                "of": len(decision.units),
                "reason": decision.reason,
                "at": decision.decided_at,
            },
        }
        for place, unit_id in enumerate(decision.units)
    }


# --- Reading ----------------------------------------------------------------------------------------


def ties_of(result: CollectiveResult) -> list[tuple[Tie, CollectiveDecision | None]]:
    """Every tie of a frozen ranking that the calculation leaves open, with what was decided. Two queries."""
    rows = result.standings.filter(calculation__is_undecided=True).order_by("position")
    ties = ties_in(result.rule, rows.values_list("unit", "calculation"))
    decisions = list(CollectiveDecision.objects.filter(result__contest=result.contest_id).select_related("decided_by"))
    return [(tie, next((each for each in decisions if tie.is_about(each)), None)) for tie in ties]


def decided_in(result: CollectiveResult) -> dict[int, dict[str, Any]]:
    """`prizes_decided` of all ties of a frozen ranking. One query, three where anything was decided."""
    found: dict[int, dict[str, Any]] = {}
    if not CollectiveDecision.objects.filter(result__contest=result.contest_id).exists():
        return found
    for tie, decision in ties_of(result):
        if decision is not None:
            found |= prizes_decided(tie, decision)
    return found
