"""Ranking: which attempt counts, in what order, and who gets a prize.

The order is built as SQL from the round's frozen rules and runs in the database, over millions of rows.
Giving prizes touches the head of each block only and is pure. The rules are those of docs/record.md.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, groupby
from typing import Any, NamedTuple

from contest.models import Round
from contest.scoring import CREDITED, Key, key_in_force

COUNTED_ORDER = {
    "best": 'score DESC, submitted_at, entry COLLATE "C"',
    "first": "number",
    "last": "number DESC",
}
TIE_KEYS = {
    "score:desc": "score DESC",
    "prediction_error:asc": "prediction_error NULLS LAST",
    "prediction_over:asc": "prediction_over",
    "duration:asc": "(submitted_at - started_at)",
    "submitted_at:asc": "submitted_at",
}


# --- As SQL -----------------------------------------------------------------------------------------
# Everything put into the text is a number or one of the literals above, so nothing needs quoting.


def key_of(round: Round) -> Key:
    """The key in force of a scheduled round, in bank order."""
    return key_in_force([question["code"] for question in round.paper], round.key_at_opening)


def score_sql(key: Key) -> str:
    """The score of `a.answers` as an SQL expression: see `Key.score`."""
    right = [f"(a.answers[{n}] = {mask})::int" for n, mask in _asked(key)]
    return " + ".join([str(_credited(key)), *right])


def perfect_sql(key: Key) -> str:
    """Whether `a.answers` has full marks, as an SQL condition that looks no further than the first mistake."""
    return " AND ".join(["true", *(f"a.answers[{n}] = {mask}" for n, mask in _asked(key))])


def zero_sql(key: Key) -> str:
    """Whether `a.answers` scores nothing, as an SQL condition that looks no further than the first point."""
    if _credited(key):
        return "false"
    return " AND ".join(["true", *(f"a.answers[{n}] <> {mask}" for n, mask in _asked(key))])


def _asked(key: Key) -> list[tuple[int, int]]:
    """(place from 1, bit mask) of the questions that are neither credited nor void."""
    return [(n, rule) for n, rule in enumerate(key.rules, start=1) if isinstance(rule, int)]


def _credited(key: Key) -> int:
    return sum(rule == CREDITED for rule in key.rules)


def entries_sql(round: Round) -> str:
    """A SELECT of every entry of the round with its score: submitted and cut-off attempts."""
    return f"""SELECT a.id, a.user_id, a.unit_id, a.number, a.block, a.entry, a.prediction, a.started_at,
        a.submitted_at, a.eligible, a.answers, ({score_sql(key_of(round))})::smallint AS score
        FROM contest_attempt a WHERE a.round_id = {round.pk} AND a.state IN ('submitted', 'cut_off')"""


def counted_sql(round: Round) -> str:
    """A SELECT of each person's one counted entry, with the columns of `entries_sql`."""
    if round.rules["attempts"] == 1:
        return entries_sql(round)
    order = COUNTED_ORDER[round.rules["counts"]]
    return f"SELECT DISTINCT ON (user_id) * FROM ({entries_sql(round)}) entries ORDER BY user_id, {order}"


def standings_sql(round: Round, target: Decimal) -> str:
    """A SELECT of (attempt_id, position, block, rank, score, prediction_error) of the ranked attempts."""
    chain = ", ".join(TIE_KEYS[item] for item in round.rules["tie_chain"])
    # One sort serves both windows: the shorter order is the head of the longer one.
    by_block, block_first = ('PARTITION BY block COLLATE "C"', 'block COLLATE "C", ') if round.blocks else ("", "")
    if round.rules["prediction"]["asks"] == "perfect_percent":
        guess, aim = "prediction", str(target)
    else:
        guess, aim = "prediction::bigint", str(int(target))
    return f"""SELECT id, row_number() OVER (ORDER BY {block_first}{chain}, entry COLLATE "C"), block,
        rank() OVER ({by_block} ORDER BY {chain}), score, prediction_error
        FROM (SELECT id, block, entry, score, started_at, submitted_at, abs({guess} - {aim}) AS prediction_error,
                coalesce({guess} > {aim}, true)::int AS prediction_over
              FROM ({counted_sql(round)}) counted WHERE eligible) ranked"""


# --- Prizes -----------------------------------------------------------------------------------------


class Ranked(NamedTuple):
    """A row of the ranking of one block, in its order."""

    rank: int
    entry: str
    user_id: int


@dataclass(frozen=True, slots=True)
class Tie:
    """People of one rank for whom lots must be drawn, and the prizes at stake."""

    block: str
    rank: int
    entries: tuple[str, ...]
    prizes: tuple[str, ...]


def give_prizes(
    rows: Iterable[Ranked],
    *,
    block: str,
    prizes: Sequence[tuple[str, int]],
    excluded: set[int],
    draws: Sequence[Sequence[str]],
) -> tuple[dict[str, str], list[Tie]]:
    """({entry: prize code}, ties that need lots) of one block.

    `rows` are in rank order, `prizes` are (code, count) in order. Excluded people neither use a prize up
    nor make a tie. A tie that crosses the end of a prize is handed out in drawn order; not drawn, it
    keeps the places its people would take and none of it gets a prize. `rows` is read no further than
    the prizes reach.
    """
    ends = list(accumulate(count for _, count in prizes))
    drawn = _drawn_places(draws)
    given: dict[str, str] = {}
    open_ties: list[Tie] = []
    place, total = 0, ends[-1] if ends else 0
    if not total:
        return given, open_ties
    for rank, group in groupby(rows, key=lambda row: row.rank):
        tied = [row.entry for row in group if row.user_id not in excluded]
        if not tied:
            continue
        names = [prizes[bisect_right(ends, at)][0] for at in range(place, min(place + len(tied), total))]
        crosses = len(set(names)) > 1 or len(names) < len(tied)
        if crosses and not _in_one_draw(tied, drawn):
            open_ties.append(Tie(block, rank, tuple(tied), tuple(dict.fromkeys(names))))
        else:
            order = sorted(tied, key=lambda entry: drawn[entry]) if crosses else tied
            given.update(zip(order, names, strict=False))
        place += len(tied)
        if place >= total:
            break
    return given, open_ties


def _drawn_places(draws: Sequence[Sequence[str]]) -> Mapping[str, tuple[int, int]]:
    """Where lots put each entry: (number of the draw, place in it)."""
    return {entry: (number, place) for number, draw in enumerate(draws) for place, entry in enumerate(draw)}


def _in_one_draw(entries: Sequence[str], drawn: Mapping[str, tuple[int, int]]) -> bool:
    """Whether a single draw put all of `entries` in order."""
    return all(entry in drawn for entry in entries) and len({drawn[entry][0] for entry in entries}) == 1


def prize_places(prizes: Iterable[Any]) -> list[tuple[str, int]]:
    """`Prize` rows as (code, count) in order."""
    return [(prize.code, prize.count) for prize in sorted(prizes, key=lambda prize: prize.position)]
