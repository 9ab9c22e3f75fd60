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
change        participants - participants of the previous round; None in the contest's first round

mean_score, perfect and zero are None unless the reader's scope releases scores, and never given before
the round is ranked. Totals and kinds count a person once, also one who has entries in two units.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from contest.models import Round
from contest.models.round import RoundState
from contest.ranking import counted_sql, key_of
from reports.scope import Scope


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
    perfect: int | None
    zero: int | None
    change: int | None

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
    figures: Figures


@dataclass(frozen=True, slots=True)
class KindFigures:
    kind: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Participation:
    """A round's participation as of one instant; units by code, kinds in their own order."""

    round: Round
    as_of: datetime
    total: Figures
    kinds: list[KindFigures]
    units: list[UnitFigures]
    has_scores: bool
    has_change: bool


def ratio(part: int, whole: int) -> Decimal | None:
    """part / whole, half up to 4 places; None when there is no whole."""
    return (Decimal(part) / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP) if whole else None


def previous_round(round: Round) -> Round | None:
    """The contest's last round before `round` that was held or is planned; practice does not count."""
    rounds = Round.objects.counted().filter(contest=round.contest_id, number__lt=round.number)
    return rounds.exclude(state=RoundState.DRAFT).order_by("-number").first()


def last_day(round: Round) -> date:
    """The local day of the round's last instant: closing at Monday 00:00 it is Sunday."""
    return timezone.localtime(round.closes_at - timedelta(microseconds=1)).date()


def participation_of(round: Round, scope: Scope) -> Participation:
    """The participation of `round` inside `scope`. Two queries, whatever the number of units."""
    previous = previous_round(round)
    with_scores = scope.scores and round.has_result
    with connection.cursor() as cursor:
        cursor.execute(_statement(round, with_scores), _parameters(round, previous, scope))
        rows = [dict(zip([column.name for column in cursor.description], row, strict=True)) for row in cursor]
    total = next(row for row in rows if row["unit_id"] is None and row["kind_id"] is None)

    def figures(row: dict[str, Any]) -> Figures:
        return _figures(row, with_scores=with_scores, with_change=previous is not None)

    kinds = [row for row in rows if row["unit_id"] is None and row["kind_id"] is not None]
    units = [row for row in rows if row["unit_id"] is not None]
    return Participation(
        round=round,
        as_of=total["as_of"],
        total=figures(total),
        kinds=[
            KindFigures(row["kind"], figures(row))
            for row in sorted(kinds, key=lambda row: (row["kind_position"], row["kind_id"]))
        ],
        units=[
            UnitFigures(
                row["unit_id"],
                row["unit_code"],
                row["unit_name"],
                row["sort_key"],
                row["search_key"],
                row["kind"],
                row["parent_code"],
                figures(row),
            )
            for row in sorted(units, key=lambda row: row["unit_code"])
        ],
        has_scores=with_scores,
        has_change=previous is not None,
    )


def _figures(row: dict[str, Any], *, with_scores: bool, with_change: bool) -> Figures:
    mean = row["mean_score"]
    return Figures(
        units=row["units"],
        units_taking_part=row["units_taking_part"],
        headcount=row["headcount"],
        roster=row["roster"],
        accounts=row["accounts"],
        participants=row["participants"],
        entries=row["entries"],
        mean_score=mean.quantize(Decimal("0.01"), ROUND_HALF_UP) if with_scores and mean is not None else None,
        perfect=row["perfect"] if with_scores else None,
        zero=row["zero"] if with_scores else None,
        change=row["participants"] - row["before"] if with_change else None,
    )


_NO_SCORES = "SELECT NULL::bigint AS user_id, NULL::bigint AS unit_id, NULL::int AS score WHERE false"

# One fact a row, so that units, kinds and the total are grouped by one pass over the same snapshot.
_FIGURES = """
WITH listed AS MATERIALIZED (
    SELECT unit_id, kind_id, parent_id, headcount FROM contest_roundunit
    WHERE round_id = %(round)s AND (%(units)s::bigint[] IS NULL OR unit_id = ANY (%(units)s::bigint[]))
), before AS MATERIALIZED (
    SELECT unit_id, kind_id FROM contest_roundunit
    WHERE round_id = %(previous)s AND (%(units)s::bigint[] IS NULL OR unit_id = ANY (%(units)s::bigint[]))
), facts AS (
    SELECT 'roster' AS fact, m.unit_id, l.kind_id, m.user_id, u.linked_at IS NOT NULL AS linked, NULL::int AS score
    FROM accounts_membership m JOIN listed l USING (unit_id) JOIN accounts_user u ON u.id = m.user_id
    WHERE {on_roster}
    UNION ALL
    SELECT 'entry', a.unit_id, l.kind_id, a.user_id, NULL, NULL
    FROM contest_attempt a JOIN listed l USING (unit_id)
    WHERE a.round_id = %(round)s AND a.state IN ('submitted', 'cut_off')
    UNION ALL
    SELECT 'score', c.unit_id, l.kind_id, c.user_id, NULL, c.score
    FROM ({counted}) c JOIN listed l USING (unit_id)
    UNION ALL
    SELECT 'before', a.unit_id, b.kind_id, a.user_id, NULL, NULL
    FROM contest_attempt a JOIN before b USING (unit_id)
    WHERE a.round_id = %(previous)s AND a.state IN ('submitted', 'cut_off')
), figures AS (
    SELECT coalesce(unit_id, 0) AS unit, coalesce(kind_id, 0) AS kind,
        count(DISTINCT user_id) FILTER (WHERE fact = 'roster') AS roster,
        count(DISTINCT user_id) FILTER (WHERE fact = 'roster' AND linked) AS accounts,
        count(DISTINCT user_id) FILTER (WHERE fact = 'entry') AS participants,
        count(*) FILTER (WHERE fact = 'entry') AS entries,
        count(DISTINCT unit_id) FILTER (WHERE fact = 'entry') AS units_taking_part,
        avg(score) FILTER (WHERE fact = 'score') AS mean_score,
        count(*) FILTER (WHERE fact = 'score' AND score = %(full_marks)s) AS perfect,
        count(*) FILTER (WHERE fact = 'score' AND score = 0) AS zero,
        count(DISTINCT user_id) FILTER (WHERE fact = 'before') AS before
    FROM facts GROUP BY GROUPING SETS ((unit_id), (kind_id), ())
), places AS (
    SELECT unit_id, NULL::bigint AS kind_id, kind_id AS shown_kind_id, parent_id, headcount, 1 AS units FROM listed
    UNION ALL
    SELECT NULL, kind_id, kind_id, NULL, sum(headcount), count(*) FROM listed GROUP BY kind_id
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, coalesce(sum(headcount), 0), count(*) FROM listed
)
SELECT clock_timestamp() AS as_of, p.unit_id, p.kind_id, p.headcount, p.units, u.code AS unit_code,
    u.name AS unit_name, u.sort_key, u.search_key, parent.code AS parent_code, k.name AS kind,
    k.position AS kind_position,
    coalesce(f.roster, 0) AS roster, coalesce(f.accounts, 0) AS accounts,
    coalesce(f.participants, 0) AS participants, coalesce(f.entries, 0) AS entries,
    coalesce(f.units_taking_part, 0) AS units_taking_part, f.mean_score, coalesce(f.perfect, 0) AS perfect,
    coalesce(f.zero, 0) AS zero, coalesce(f.before, 0) AS before
FROM places p
LEFT JOIN figures f ON f.unit = coalesce(p.unit_id, 0) AND f.kind = coalesce(p.kind_id, 0)
LEFT JOIN accounts_unit u ON u.id = p.unit_id
LEFT JOIN accounts_unit parent ON parent.id = p.parent_id
LEFT JOIN accounts_unitkind k ON k.id = p.shown_kind_id
"""

_ROSTER_DAY = "least((clock_timestamp() AT TIME ZONE %(zone)s)::date, %(last_day)s)"
# Membership `m` holds on the roster day.
ON_ROSTER = f"m.starts_on <= {_ROSTER_DAY} AND (m.ends_on IS NULL OR m.ends_on > {_ROSTER_DAY})"


def _statement(round: Round, with_scores: bool) -> str:
    return _FIGURES.format(on_roster=ON_ROSTER, counted=counted_sql(round) if with_scores else _NO_SCORES)


def _parameters(round: Round, previous: Round | None, scope: Scope) -> dict[str, Any]:
    previous_id = previous.pk if previous else None
    return roster_parameters(round, scope) | {"previous": previous_id, "full_marks": key_of(round).full_marks}


def roster_parameters(round: Round, scope: Scope) -> dict[str, Any]:
    """The parameters of ON_ROSTER, and those every statement about a round and a scope takes."""
    return {
        "round": round.pk,
        "units": scope.sql_units,
        "last_day": last_day(round),
        "zone": timezone.get_default_timezone_name(),
    }
