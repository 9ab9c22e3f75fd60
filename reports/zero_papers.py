"""Whose counted paper scored nothing, by name: for coordinators and the secretary, after publication."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.text import search_key
from contest.models import Round
from contest.ranking import counted_sql
from reports.scope import Scope

_ZERO = """
FROM ({counted} OFFSET 0) c JOIN contest_roundunit r ON r.round_id = %(round)s AND r.unit_id = c.unit_id
JOIN accounts_unit u ON u.id = c.unit_id JOIN accounts_user p ON p.id = c.user_id
WHERE c.score = 0 AND (%(units)s::bigint[] IS NULL OR c.unit_id = ANY (%(units)s::bigint[]))
    AND p.search_key LIKE %(search)s
"""


@dataclass(frozen=True, slots=True)
class ZeroPaper:
    """A person with a counted paper of score 0, in the unit noted in the attempt."""

    employee_id: str
    full_name: str
    position: str
    unit_code: str
    unit_name: str
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class ZeroPapers:
    """The zero papers of reports.participation by name, by unit code and name. Empty unless `scope` shows scores.

    Counted and sliced in the database: all that a paginator asks of a list.
    """

    round: Round
    scope: Scope
    search: str = ""

    def count(self) -> int:
        return self._fetched("SELECT count(*)", "")[0][0] if self._is_shown else 0

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, rows: slice) -> list[ZeroPaper]:
        start = rows.start or 0
        limit = None if rows.stop is None else rows.stop - start
        return list(self._rows(limit, start))

    def __iter__(self) -> Iterator[ZeroPaper]:
        return self._rows(None, 0)

    @property
    def _is_shown(self) -> bool:
        return self.scope.scores and self.round.has_result

    def _rows(self, limit: int | None, offset: int) -> Iterator[ZeroPaper]:
        if not self._is_shown:
            return
        head = "SELECT p.employee_id, p.full_name, p.position, u.code, u.name, c.submitted_at"
        tail = "ORDER BY u.code, p.sort_key, p.employee_id LIMIT %(limit)s OFFSET %(offset)s"
        for row in self._fetched(head, tail, limit=limit, offset=offset):
            yield ZeroPaper(*row)

    def _fetched(self, head: str, tail: str, **parameters: Any) -> list[Any]:
        plain = search_key(self.search).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        with connection.cursor() as cursor:
            cursor.execute(
                f"{head} {_ZERO.format(counted=counted_sql(self.round))} {tail}",
                {"round": self.round.pk, "units": self.scope.sql_units, "search": f"%{plain}%"} | parameters,
            )
            return cursor.fetchall()
