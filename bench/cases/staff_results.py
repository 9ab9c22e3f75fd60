"""All staff with their results as XLSX, from the database, beside plain XlsxWriter that is handed the same cells."""

import json
import statistics
import subprocess
import sys

from django.db import connection

from bench.crowd import empty, make_round
from bench.results import Result
from bench.timing import say
from contest import closing
from contest.models import Round
from contest.models.round import RoundState

# (units, people)
SIZES = ((189, 20_058), (11_000, 200_000))
QUICK = ((12, 240), (50, 2_000))
MOST = 1.5
SAME_MEMORY = 1.15  # of the process that writes few rows


def run(*, quick: bool) -> list[Result]:
    rows, peaks = [], []
    for units, people in QUICK if quick else SIZES:
        say(f"{units:,} units, {people:,} people: making and closing them")
        empty()
        round = make_round(people, units=units)
        closing.close_round(round.pk)
        Round.objects.filter(pk=round.pk).update(state=RoundState.PUBLISHED)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        pairs = [(_written("ours", round), _written("floor", round)) for _ in range(3 if people < 100_000 else 1)]
        peaks.append(pairs[0][0]["peak_mib"])
        rows.append(_result(people, [ours["seconds"] for ours, _ in pairs], [floor["seconds"] for _, floor in pairs]))
    note = f"the process, {peaks[0]:.0f} MiB with the fewer rows"
    return [*rows, Result("staff results XLSX: memory", peaks[1], "MiB", peaks[0], goal=("<=", SAME_MEMORY), note=note)]


def _result(people: int, ours: list[float], floor: list[float]) -> Result:
    return Result(
        f"staff results XLSX {people:,}",
        statistics.median(ours),
        "s",
        statistics.median(floor),
        goal=("<=", MOST),
        note="12 columns; ours with reading the database",
    )


def _written(what: str, round: Round) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.workbook", what, str(round.pk)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
