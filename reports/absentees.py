"""Who has not taken part: the people of the roster without an entry."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.text import search_key
from contest.models import Round
from reports.participation import roster_parameters
from reports.scope import Scope
from reports.statement import ON_ROSTER
from reports.streaming import stream

_ABSENT = f"""
FROM accounts_membership m
JOIN contest_roundunit r ON r.round_id = %(round)s AND r.unit_id = m.unit_id
JOIN accounts_unit u ON u.id = m.unit_id
JOIN accounts_user p ON p.id = m.user_id
WHERE (%(units)s::bigint[] IS NULL OR m.unit_id = ANY (%(units)s::bigint[])) AND {ON_ROSTER}
    AND p.search_key LIKE %(search)s
    AND NOT EXISTS (SELECT FROM contest_attempt a WHERE a.round_id = %(round)s AND a.user_id = m.user_id
        AND a.state IN ('submitted', 'cut_off'))
"""
_COUNT = f"SELECT count(*), clock_timestamp() {_ABSENT}"
_ROWS = f"""SELECT p.employee_id, p.full_name, p.position, u.code, u.name, p.linked_at IS NOT NULL,
    (SELECT a.state FROM contest_attempt a WHERE a.round_id = %(round)s AND a.user_id = m.user_id
        ORDER BY a.number DESC LIMIT 1)
{_ABSENT} ORDER BY u.code, p.sort_key, p.employee_id, m.id LIMIT %(limit)s OFFSET %(offset)s"""


@dataclass(frozen=True, slots=True)
class Absentee:
    """A person without an entry. `attempt_state` is in_progress, abandoned, or None (never started)."""

    employee_id: str
    full_name: str
    position: str
    unit_code: str
    unit_name: str
    has_account: bool
    attempt_state: str | None


@dataclass(frozen=True, slots=True)
class Absentees:
    """The roster's people without an entry, by unit code and name. Counted and sliced in the database.

    The roster day is that of reports.participation. `search` finds names and employee ids without accents.
    """

    round: Round
    scope: Scope
    search: str = ""

    def counted(self) -> tuple[int, datetime]:
        """How many they are, and the database's clock at that moment. One query."""
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, self._parameters())
            return cursor.fetchone()

    def count(self) -> int:
        return self.counted()[0]

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, rows: slice) -> list[Absentee]:
        start = rows.start or 0
        limit = None if rows.stop is None else rows.stop - start
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, self._parameters() | {"limit": limit, "offset": start})
            return [Absentee(*row) for row in cursor]

    def __iter__(self) -> Iterator[Absentee]:
        for row in stream(_ROWS, self._parameters() | {"limit": None, "offset": 0}):
            yield Absentee(*row)

    def _parameters(self) -> dict[str, Any]:
        plain = search_key(self.search).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return roster_parameters(self.round, self.scope) | {"search": f"%{plain}%"}
