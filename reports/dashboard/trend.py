"""Participation over the rounds of a contest: totals of every round, and rates unit by unit.

The figures are those of `reports.participation`, by leaner statements that take all rounds at once; tests hold them
equal. Mean scores are those of published rounds only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from contest.models import Round
from contest.models.round import RoundState
from contest.ranking import counted_sql
from reports.participation import mean, ratio
from reports.scope import Scope

_LISTED = """SELECT round_id, unit_id, headcount FROM contest_roundunit
    WHERE round_id = ANY (%(rounds)s) AND (%(units)s::bigint[] IS NULL OR unit_id = ANY (%(units)s::bigint[]))"""
_TOTALS = """
WITH listed AS MATERIALIZED ({listed}), people AS (
    SELECT a.round_id, count(DISTINCT a.user_id) AS participants, count(*) AS entries
    FROM contest_attempt a JOIN listed l ON l.round_id = a.round_id AND l.unit_id = a.unit_id
    WHERE a.round_id = ANY (%(rounds)s) AND a.state IN ('submitted', 'cut_off') GROUP BY a.round_id
), scores (round_id, score, counted) AS ({scores})
SELECT h.round_id, h.headcount, coalesce(p.participants, 0), coalesce(p.entries, 0), coalesce(s.score, 0),
    coalesce(s.counted, 0)
FROM (SELECT round_id, sum(headcount) AS headcount FROM listed GROUP BY round_id) h
LEFT JOIN people p ON p.round_id = h.round_id LEFT JOIN scores s ON s.round_id = h.round_id
"""
_SCORES = """SELECT {round}::bigint, sum(c.score), count(*)
    FROM ({counted}) c JOIN listed l ON l.round_id = {round} AND l.unit_id = c.unit_id"""
_NO_SCORES = "SELECT NULL::bigint, NULL::bigint, NULL::bigint WHERE false"
_RATES = """
SELECT l.unit_id, l.round_id, l.headcount, coalesce(p.participants, 0)
FROM contest_roundunit l LEFT JOIN (
    SELECT round_id, unit_id, count(DISTINCT user_id) AS participants FROM contest_attempt
    WHERE round_id = ANY (%(rounds)s) AND unit_id = ANY (%(units)s) AND state IN ('submitted', 'cut_off')
    GROUP BY round_id, unit_id
) p ON p.round_id = l.round_id AND p.unit_id = l.unit_id
WHERE l.round_id = ANY (%(rounds)s) AND l.unit_id = ANY (%(units)s)
"""
_BY_SCORE = """SELECT c.score, count(*) FROM ({counted}) c
    JOIN contest_roundunit l ON l.round_id = %(round)s AND l.unit_id = c.unit_id
    WHERE %(units)s::bigint[] IS NULL OR c.unit_id = ANY (%(units)s::bigint[]) GROUP BY c.score"""


@dataclass(frozen=True, slots=True)
class RoundTotals:
    """A round in a scope; `mean_score` is None before the result is published."""

    round_id: int
    title: str
    headcount: int
    participants: int
    entries: int
    mean_score: Decimal | None

    @property
    def rate(self) -> Decimal | None:
        return ratio(self.participants, self.headcount)


def opened_rounds(round: Round, rounds: Sequence[Round]) -> list[Round]:
    """Those of `rounds` that belong to the contest of `round` and opened with it or before, in order."""
    own = [one for one in rounds if one.contest_id == round.contest_id and one.opens_at <= round.opens_at]
    return sorted((one for one in own if one.state != RoundState.DRAFT), key=lambda one: one.number)


def totals_of(rounds: Sequence[Round], scope: Scope) -> list[RoundTotals]:
    """The totals of every round in which a unit of the scope takes part. One query, however many rounds."""
    published = [round for round in rounds if round.is_published]
    scores = [_SCORES.format(round=round.pk, counted=counted_sql(round)) for round in published]
    statement = _TOTALS.format(listed=_LISTED, scores=" UNION ALL ".join(scores) or _NO_SCORES)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"rounds": [round.pk for round in rounds], "units": scope.sql_units})
        rows = {row[0]: row[1:] for row in cursor}
    made = []
    for round in rounds:
        if round.pk in rows:
            headcount, participants, entries, score, counted = rows[round.pk]
            average = mean(score, counted) if round.is_published else None
            made.append(RoundTotals(round.pk, round.title, headcount, participants, entries, average))
    return made


def rates_of(rounds: Sequence[Round], unit_ids: Sequence[int]) -> dict[tuple[int, int], Decimal | None]:
    """Participation rates by (unit, round); pairs that did not meet are absent. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_RATES, {"rounds": [round.pk for round in rounds], "units": list(unit_ids)})
        return {(unit, round): ratio(participants, headcount) for unit, round, headcount, participants in cursor}


def people_by_score(round: Round, scope: Scope) -> dict[int, int]:
    """How many counted attempts have which score. {} unless the scope releases scores and there is a result."""
    if not (scope.scores and round.has_result):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_BY_SCORE.format(counted=counted_sql(round)), {"round": round.pk, "units": scope.sql_units})
        return dict(cursor.fetchall())
