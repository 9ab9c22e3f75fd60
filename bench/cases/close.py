"""The close until ranks and prizes are ready, beside one raw ranking statement over the same rows.

The floor reads scores and prediction errors from plain columns and writes rank and error into a table that
has a primary key and nothing else. Both sort with the same memory.
"""

import json
import statistics
import subprocess
import sys
from typing import Any

from bench.crowd import administrator, empty, make_round, reopen
from bench.results import Result
from bench.timing import say, seconds
from contest.closing import RANKING_WORK_MEM
from contest.models import Round
from contest.ranking import key_of, score_sql

SIZES = {20_000: 5, 200_000: 3, 2_000_000: 1}  # attempts: repeats
MOST_MEMORY_MIB = 300

_SOURCE = """CREATE TABLE bench_source AS
    SELECT a.id, ({score})::smallint AS score, abs(a.prediction::bigint - {target}) AS prediction_error, a.submitted_at
    FROM contest_attempt a WHERE a.round_id = {round} AND a.state IN ('submitted', 'cut_off')"""
_FLOOR = """INSERT INTO bench_floor (attempt_id, rank, score, prediction_error)
    SELECT id, rank() OVER (ORDER BY score DESC, prediction_error, submitted_at), score, prediction_error
    FROM bench_source"""


def run(*, quick: bool) -> list[Result]:
    sizes = {2000: 1} if quick else SIZES
    return [row for size, repeats in sizes.items() for row in measure(size, repeats)]


def measure(size: int, repeats: int) -> list[Result]:
    say(f"{size:,} attempts: making them")
    empty()
    round = make_round(size)
    ours, floor = [], []
    for number in range(repeats):
        if number:
            reopen(round)
        ours.append(_close(round))
        say(f"{size:,} attempts: {ours[-1]}")
        if not number:
            _make_source(round)
        floor.append(_raw())
        say(f"{size:,} attempts: raw {floor[-1]:.3f} s")
    return [_result(size, ours, floor)]


def _close(round: Round) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.closer", str(round.pk)], stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def _make_source(round: Round) -> None:
    """The floor's rows, once a close has told the target."""
    round.refresh_from_db()
    with administrator() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_source, bench_floor")
        target = int(round.prediction_target or 0)
        cursor.execute(_SOURCE.format(score=score_sql(key_of(round)), target=target, round=round.pk))
        cursor.execute(
            "CREATE TABLE bench_floor (attempt_id uuid PRIMARY KEY, rank int, score smallint, prediction_error bigint)"
        )
        cursor.execute("VACUUM (ANALYZE) bench_source")


def _raw() -> float:
    with administrator() as cursor:
        cursor.execute("TRUNCATE bench_floor")
        cursor.execute("CHECKPOINT")
        cursor.execute(f"SET work_mem = '{RANKING_WORK_MEM}'")
        return seconds(lambda: cursor.execute(_FLOOR))


def _result(size: int, ours: list[dict[str, Any]], floor: list[float]) -> Result:
    steps = {name: statistics.median(run["steps"][name] for run in ours) for name in ours[0]["steps"]}
    peak = max(run["peak_mib"] for run in ours)
    note = ", ".join(f"{name} {took:.3g} s" for name, took in steps.items())
    limit = "" if peak < MOST_MEMORY_MIB else f", above {MOST_MEMORY_MIB}: MISSED"
    return Result(
        case=f"close {size:,}",
        ours=statistics.median(run["seconds"] for run in ours),
        unit="s",
        floor=statistics.median(floor),
        goal=("<=", 2.0),
        note=f"{note}; peak memory {peak:.0f} MiB{limit}",
    )
