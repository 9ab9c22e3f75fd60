"""The one statement behind participation: counts by unit, then summed up to kinds, blocks and the total.

Counting distinct people at four levels would sort millions of rows four times. Instead every source is counted once
per unit and block, and each person carries a mark at the first row of every level: the sum of the marks is the
number of people. Where a round allows one attempt, a row is a person and needs no marks.

In the rounds before, a unit that has ended since counts for its heir, the one unit that has taken its place.
"""

from contest.models import Round
from contest.ranking import counted_sql
from reports.pace import unhurried

# A query of its own, or the clock would be read for every row.
_ROSTER_DAY = "(SELECT least((clock_timestamp() AT TIME ZONE %(zone)s)::date, %(last_day)s))"
# Membership `m` holds on the roster day. A person's memberships do not overlap: the next begins when one ends.
ON_ROSTER = f"m.starts_on <= {_ROSTER_DAY} AND (m.ends_on IS NULL OR m.ends_on > {_ROSTER_DAY})"

_ENTRY = "a.state IN ('submitted', 'cut_off')"
_ABANDONED = "a.state = 'abandoned'"
_WITHOUT_ENTRY = f"""NOT EXISTS (SELECT FROM contest_attempt e
    WHERE e.user_id = a.user_id AND e.round_id = a.round_id AND {_ENTRY.replace("a.", "e.")})"""
_BANDS = {
    "counted": "true",
    "perfect": "score = %(full_marks)s",
    "high": "score < %(full_marks)s AND 4 * score >= 3 * %(full_marks)s",
    "middle": "4 * score < 3 * %(full_marks)s AND 4 * score >= %(full_marks)s",
    "low": "score > 0 AND 4 * score < %(full_marks)s",
    "zero": "score = 0",
}
_IN_SCOPE = "(%(units)s::bigint[] IS NULL OR coalesce(h.heir_id, l.unit_id) = ANY (%(units)s::bigint[]))"
# What a person is counted once in, from the narrowest to all.
_LEVELS = ("l.heir_id", "l.kind_id", "a.block", "true")

_STATEMENT = """
WITH listed AS MATERIALIZED (
    SELECT l.round_id, l.unit_id, coalesce(h.heir_id, l.unit_id) AS heir_id, coalesce(n.kind_id, l.kind_id) AS kind_id,
        l.parent_id, l.headcount
    FROM contest_roundunit l
    LEFT JOIN unnest(%(ended)s::bigint[], %(heirs)s::bigint[]) h (unit_id, heir_id) ON h.unit_id = l.unit_id
        AND NOT EXISTS (SELECT FROM contest_roundunit c WHERE c.round_id = %(round)s AND c.unit_id = l.unit_id)
    LEFT JOIN contest_roundunit n ON n.round_id = %(round)s AND n.unit_id = h.heir_id
    WHERE l.round_id = ANY (%(rounds)s) AND {in_scope}
), cells AS MATERIALIZED (
    {cells}
), figures AS (
    SELECT level, unit_id, kind_id, block, jsonb_object_agg(fact, n) AS numbers FROM (
        SELECT v.level, v.unit_id, v.kind_id, v.block, c.fact, sum(v.n) AS n
        FROM cells c, LATERAL (VALUES
            ('unit', c.unit_id, NULL, NULL, c.at_unit), ('kind', NULL, c.kind_id, NULL, c.at_kind),
            ('block', NULL, NULL, c.block, c.at_block), ('total', NULL, NULL, NULL, c.at_all)
        ) v (level, unit_id, kind_id, block, n)
        WHERE v.level <> 'block' OR c.block IS NOT NULL
        GROUP BY v.level, v.unit_id, v.kind_id, v.block, c.fact
    ) sums GROUP BY level, unit_id, kind_id, block
), places AS (
    SELECT 'unit' AS level, unit_id, NULL::bigint AS kind_id, NULL AS block, kind_id AS shown_kind_id, parent_id,
        headcount, 1 AS units
    FROM listed WHERE round_id = %(round)s
    UNION ALL
    SELECT 'kind', NULL, kind_id, NULL, kind_id, NULL, sum(headcount), count(*)
    FROM listed WHERE round_id = %(round)s GROUP BY kind_id
    UNION ALL
    SELECT 'block', NULL, NULL, block, NULL, NULL, 0, 0 FROM figures WHERE level = 'block'
    UNION ALL
    SELECT 'total', NULL, NULL, NULL, NULL, NULL, coalesce(sum(headcount), 0), count(*)
    FROM listed WHERE round_id = %(round)s
)
SELECT clock_timestamp() AS as_of, p.level, p.unit_id, p.kind_id, p.shown_kind_id, p.block, p.headcount, p.units,
    u.code AS unit_code, u.name AS unit_name, u.sort_key, u.search_key, parent.code AS parent_code,
    parent.name AS parent_name, k.name AS kind, k.position AS kind_position, coalesce(f.numbers, '{{}}') AS numbers
FROM places p
LEFT JOIN figures f ON f.level = p.level AND coalesce(f.unit_id, 0) = coalesce(p.unit_id, 0)
    AND coalesce(f.kind_id, 0) = coalesce(p.kind_id, 0) AND coalesce(f.block, '') = coalesce(p.block, '')
LEFT JOIN accounts_unit u ON u.id = p.unit_id
LEFT JOIN accounts_unit parent ON parent.id = p.parent_id
LEFT JOIN accounts_unitkind k ON k.id = p.shown_kind_id
"""


def participation_sql(round: Round, *, previous: Round | None, first: Round | None, with_scores: bool) -> str:
    """A SELECT of one row for every unit, kind, block and the total, with `numbers`: {fact: count}.

    Parameters: round, rounds (the ids of all three), units (None: all), zone, last_day, full_marks, and ended and
    heirs: units and, in the same order, who has taken their place.
    Facts: roster, accounts, participants, entries, abandoned, before (participants of `previous`), at_first; with
    scores also score (their sum), counted, perfect, high, middle, low, zero. A fact that is absent is 0.
    """
    cells = [
        _roster_cells(),
        *([] if with_scores and _is_once(round) else [_entry_cells(round)]),
        _people_cells(round, _gone(round), people="abandoned"),
        *([_score_cells(round)] if with_scores else []),
        *([_people_cells(previous, _ENTRY, people="before")] if previous else []),
        *([_people_cells(first, _ENTRY, people="at_first")] if first else []),
    ]
    return _STATEMENT.format(cells="\n    UNION ALL\n    ".join(cells), in_scope=_IN_SCOPE)


def _roster_cells() -> str:
    return _cells(
        f"""SELECT m.unit_id, l.kind_id, NULL AS block, count(*) AS people,
            count(*) FILTER (WHERE u.linked_at IS NOT NULL) AS linked
        FROM accounts_membership m JOIN listed l ON l.unit_id = m.unit_id AND l.round_id = %(round)s
        JOIN accounts_user u ON u.id = m.user_id
        WHERE {ON_ROSTER} AND {unhurried("m.id")} GROUP BY m.unit_id, l.kind_id""",
        {"roster": ["people"] * 4, "accounts": ["linked"] * 4},
    )


def _entry_cells(round: Round) -> str:
    return _people_cells(round, _ENTRY, people="participants", rows="entries")


def _people_cells(round: Round, condition: str, *, people: str, rows: str = "") -> str:
    """Attempts of `round` that meet `condition`: the distinct people behind them, and under `rows` their number."""
    marks = ", ".join(f"{_mark(round, level)} AS mark{n}" for n, level in enumerate(_LEVELS))
    sums = ", ".join(f"sum(mark{n}) AS people{n}" for n in range(len(_LEVELS)))
    facts = {people: [f"people{n}" for n in range(len(_LEVELS))]} | ({rows: ["entries"] * 4} if rows else {})
    return _cells(
        f"""SELECT unit_id, kind_id, block, count(*) AS entries, {sums} FROM (
            SELECT l.heir_id AS unit_id, l.kind_id, a.block, {marks}
            FROM contest_attempt a JOIN listed l ON l.unit_id = a.unit_id AND l.round_id = a.round_id
            WHERE a.round_id = {round.pk} AND {condition} AND {unhurried("uuid_hash(a.id)")}
        ) people GROUP BY unit_id, kind_id, block""",
        facts,
    )


def _gone(round: Round) -> str:
    # Where there is one attempt the check is not only needless: the planner would then expect one row, and loop.
    return _ABANDONED if _is_once(round) else f"{_ABANDONED} AND {_WITHOUT_ENTRY}"


def _is_once(round: Round) -> bool:
    """Whether everybody has one attempt, so that an entry is a participant, and counts."""
    return round.rules["attempts"] == 1


def _mark(round: Round, level: str) -> str:
    """1 at the first of a person's rows within `level`, else 0."""
    if _is_once(round):
        return "1"
    return f"(row_number() OVER (PARTITION BY a.user_id, {level}) = 1)::int"


def _score_cells(round: Round) -> str:
    """The sum of scores and the bands; where everybody has one attempt the participants and entries too: all count."""
    # People are counted by score first: each band is then a sum over a few numbers instead of a look at everybody.
    # OFFSET 0 keeps the planner from computing the score more than once.
    bands = ", ".join(f"coalesce(sum(n) FILTER (WHERE {condition}), 0) AS {band}" for band, condition in _BANDS.items())
    facts = {fact: [fact] * 4 for fact in ("score", *_BANDS)}
    if _is_once(round):
        facts |= {"participants": ["counted"] * 4, "entries": ["counted"] * 4}
    return _cells(
        f"""SELECT unit_id, kind_id, block, sum(by_score.score * n) AS score, {bands} FROM (
            SELECT c.unit_id, l.kind_id, c.block, c.score, count(*) AS n
            FROM ({counted_sql(round)} OFFSET 0) c JOIN listed l ON l.unit_id = c.unit_id AND l.round_id = %(round)s
            WHERE {unhurried("uuid_hash(c.id)")}
            GROUP BY c.unit_id, l.kind_id, c.block, c.score
        ) by_score GROUP BY unit_id, kind_id, block""",
        facts,
    )


def _cells(grouped: str, facts: dict[str, list[str]]) -> str:
    """One row for each fact of each unit and block; a fact's columns are its counts at the four levels."""
    values = ", ".join(f"('{fact}', {', '.join(columns)})" for fact, columns in facts.items())
    return f"""SELECT g.unit_id, g.kind_id, g.block, v.* FROM ({grouped}) g,
        LATERAL (VALUES {values}) v (fact, at_unit, at_kind, at_block, at_all)"""
