"""Distinct people over several rounds: by unit, kind, block and in all."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from contest.models import Round
from reports.pace import unhurried
from reports.scope import Scope

Place = tuple[str, Any]  # ("unit", id), ("kind", name), ("block", code) or ("total", None)

# A person is one row for each round and place; whoever follows a unit that is gone has its people. The kind is that of
# the latest round the unit was in itself, or else of the latest that any of those it follows was in.
_PEOPLE = f"""
WITH listed AS MATERIALIZED (
    SELECT l.round_id, l.unit_id, coalesce(h.heir_id, l.unit_id) AS heir_id, l.kind_id, r.number,
        h.heir_id IS NULL AS own
    FROM contest_roundunit l
    JOIN contest_round r ON r.id = l.round_id
    LEFT JOIN unnest(%(ended)s::bigint[], %(heirs)s::bigint[]) h (unit_id, heir_id) ON h.unit_id = l.unit_id
    WHERE l.round_id = ANY (%(rounds)s) AND (%(units)s::bigint[] IS NULL OR l.unit_id = ANY (%(units)s::bigint[]))
), kinds AS MATERIALIZED (
    SELECT DISTINCT ON (l.heir_id) l.heir_id, k.name AS kind
    FROM listed l JOIN accounts_unitkind k ON k.id = l.kind_id ORDER BY l.heir_id, l.own DESC, l.number DESC, l.unit_id
), entries AS MATERIALIZED (
    SELECT DISTINCT a.user_id, a.round_id, l.heir_id, kinds.kind, a.block
    FROM contest_attempt a
    JOIN listed l ON l.round_id = a.round_id AND l.unit_id = a.unit_id
    JOIN kinds ON kinds.heir_id = l.heir_id
    WHERE a.round_id = ANY (%(rounds)s) AND a.state IN ('submitted', 'cut_off') AND {unhurried("uuid_hash(a.id)")}
), people AS (
    SELECT user_id, heir_id, kind, block, count(DISTINCT round_id) AS rounds,
        CASE grouping(heir_id, kind, block) WHEN 3 THEN 'unit' WHEN 5 THEN 'kind' WHEN 6 THEN 'block' ELSE 'total' END
            AS level
    FROM entries
    GROUP BY GROUPING SETS ((user_id, heir_id), (user_id, kind), (user_id, block), (user_id))
)
SELECT level, heir_id, kind, block, NULL::bigint AS round_id, count(*) AS people,
    count(*) FILTER (WHERE rounds = cardinality(%(rounds)s::bigint[])) AS in_all_rounds
FROM people GROUP BY level, heir_id, kind, block
UNION ALL
SELECT CASE grouping(heir_id, kind, block) WHEN 3 THEN 'unit' WHEN 5 THEN 'kind' WHEN 6 THEN 'block' ELSE 'total' END,
    heir_id, kind, block, round_id, count(DISTINCT user_id), 0
FROM entries
GROUP BY GROUPING SETS ((round_id, heir_id), (round_id, kind), (round_id, block), (round_id))
"""


@dataclass(slots=True)
class People:
    """Distinct participants of a place: over the contest, by round id, and those of every round."""

    all: int = 0
    in_all_rounds: int = 0
    by_round: dict[int, int] = field(default_factory=dict)

    @property
    def rounds_taken_part(self) -> int:
        return sum(number > 0 for number in self.by_round.values())


def people_over(rounds: list[Round], scope: Scope, heirs: dict[int, int]) -> dict[Place, People]:
    """The participants of `rounds` inside `scope`; a place that is absent has none. One query."""
    found: dict[Place, People] = defaultdict(People)
    with connection.cursor() as cursor:
        cursor.execute(
            _PEOPLE,
            {
                "rounds": [round.pk for round in rounds],
                "units": scope.sql_units,
                "ended": list(heirs),
                "heirs": list(heirs.values()),
            },
        )
        for level, unit, kind, block, round, number, in_all_rounds in cursor:
            people = found[level, {"unit": unit, "kind": kind, "block": block, "total": None}[level]]
            if round is None:
                people.all, people.in_all_rounds = number, in_all_rounds
            else:
                people.by_round[round] = number
    return found
