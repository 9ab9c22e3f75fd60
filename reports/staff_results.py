"""All staff with their results: who has taken part, with which score, rank and prize, and who has not."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from contest.models import Round
from contest.ranking import counted_sql
from reports.participation import roster_parameters
from reports.scope import Scope
from reports.statement import ON_ROSTER
from reports.streaming import stream

_STAFF = """
FROM (
    SELECT m.user_id, m.unit_id
    FROM accounts_membership m JOIN contest_roundunit r ON r.round_id = %(round)s AND r.unit_id = m.unit_id
    WHERE {on_roster}
) m FULL JOIN (
    SELECT c.* FROM ({counted}) c JOIN contest_roundunit r ON r.round_id = %(round)s AND r.unit_id = c.unit_id
) c ON c.user_id = m.user_id
JOIN accounts_user p ON p.id = coalesce(c.user_id, m.user_id)
JOIN accounts_unit u ON u.id = coalesce(c.unit_id, m.unit_id)
WHERE %(units)s::bigint[] IS NULL OR u.id = ANY (%(units)s::bigint[])
"""
_ROWS = """
WITH staff AS MATERIALIZED (
    SELECT c.id, p.id AS user_id, p.employee_id, p.full_name, p.position, p.sort_key, u.code, u.name, c.block, c.score,
        c.submitted_at
    {staff}
), entries AS MATERIALIZED (
    SELECT user_id, count(*) AS n FROM contest_attempt
    WHERE round_id = %(round)s AND state IN ('submitted', 'cut_off') GROUP BY user_id
), opened AS MATERIALIZED (
    SELECT DISTINCT user_id FROM contest_attempt WHERE round_id = %(round)s AND state = 'abandoned'
)
SELECT s.employee_id, s.full_name, s.position, s.code, s.name, coalesce(s.block, ''),
    CASE WHEN s.id IS NOT NULL THEN 'taken_part' WHEN o.user_id IS NOT NULL THEN 'abandoned' ELSE 'not_started' END,
    coalesce(e.n, 0), s.score, s.submitted_at, t.rank, z.code, z.title
FROM staff s
LEFT JOIN entries e ON e.user_id = s.user_id
LEFT JOIN opened o ON o.user_id = s.user_id
LEFT JOIN contest_standing t ON t.attempt_id = s.id AND t.round_id = %(round)s
LEFT JOIN contest_prize z ON z.id = t.prize_id
ORDER BY s.code, s.sort_key, s.employee_id, s.user_id
"""


class StaffResult(NamedTuple):
    """A person with the counted attempt of the round. `status`: taken_part, abandoned or not_started."""

    employee_id: str
    full_name: str
    position: str
    unit_code: str
    unit_name: str
    block: str
    status: str
    entries: int
    score: int | None
    submitted_at: datetime | None
    rank: int | None
    prize: str | None
    prize_title: str | None


class StaffResults:
    """The people of the roster, and those who have an entry but have left it since; by unit code and name.

    Who has an entry is listed in the unit noted in the counted attempt. The roster day is that of
    reports.participation. Rows come as a stream: their number does not matter. Only for a scope that shows scores.
    """

    def __init__(self, round: Round, scope: Scope):
        if not (scope.scores and round.has_result):
            raise ValueError("these scores are not released")
        self._parameters: dict[str, Any] = roster_parameters(round, scope)
        self._staff = _STAFF.format(on_roster=ON_ROSTER, counted=counted_sql(round))

    def counted(self) -> tuple[int, datetime]:
        """How many they are, and the database's clock at that moment. One query."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*), clock_timestamp() {self._staff}", self._parameters)
            return cursor.fetchone()

    def __iter__(self) -> Iterator[StaffResult]:
        return map(StaffResult._make, stream(_ROWS.format(staff=self._staff), self._parameters))
