"""The dataset of a weekly report: its seconds and memory, and what it costs those who answer in another round."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.db import connection

from bench.cases.save import measure as measure_saves
from bench.crowd import empty, make_open_round, make_round
from bench.quizzers import save_requests, start_attempts
from bench.results import Result
from bench.timing import say
from bench.web import PORTAL
from contest import closing
from contest.models import Round

# (units, attempts): the most seconds for the dataset
SIZES = {(189, 20_058): 1.0, (11_000, 2_000_000): 30.0}
QUICK = {(12, 240): 1.0, (50, 2_000): 30.0}
MOST_MEMORY_MIB = 300
ATTEMPTS = 3000
PAIRS = 6
SLOWEST_SAVES = 0.8
UNTIL_STOPPED = 1_000_000


def run(*, quick: bool) -> list[Result]:
    rows = []
    for (units, size), limit in (QUICK if quick else SIZES).items():
        say(f"{units:,} units, {size:,} attempts: making and closing them")
        empty()
        round = make_round(size, units=units)
        closing.close_round(round.pk)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        rows += _dataset(round, units, size, limit)
    return [*rows, _saves_beside(round, quick=quick)]


def _dataset(round: Round, units: int, size: int, limit: float) -> list[Result]:
    report = json.loads(_reporter(round, 3, stdout=subprocess.PIPE).communicate()[0])
    name = f"weekly dataset {units:,} units {size:,}"
    note = "computed " + ", ".join(f"{took:.3g} s" for took in report["seconds"])
    return [
        Result(name, statistics.median(report["seconds"]), "s", goal=("<=", limit), note=note),
        Result(f"{name}: process", report["peak_mib"], "MiB", goal=("<=", MOST_MEMORY_MIB)),
    ]


def _saves_beside(round: Round, *, quick: bool) -> Result:
    """Saves per second in an open round while the dataset of the closed one is computed over and over.

    In pairs, and each pair the other way round than the one before, so that what else the machine does hits both.
    """
    attempts = start_attempts(make_open_round(round.contest), 100 if quick else ATTEMPTS)
    durations: dict[str, Any] = {"warm_up": 0.3, "seconds": 0.7} if quick else {"warm_up": 1.0, "seconds": 5.0}
    quiet: list[dict[str, Any]] = []
    beside: list[dict[str, Any]] = []
    for pair in range(1 if quick else PAIRS):
        for reports in (quiet, beside) if pair % 2 == 0 else (beside, quiet):
            with _computing(round) if reports is beside else nullcontext():
                reports.append(measure_saves(PORTAL, attempts, save_requests(attempts), **durations))
    return Result(
        "saves beside a dataset",
        _mean(beside),
        "requests/s",
        _mean(quiet),
        goal=(">=", SLOWEST_SAVES),
        note=f"p95 {_middle(beside, 'p95_ms'):.1f} ms, without {_middle(quiet, 'p95_ms'):.1f} ms; 32 connections",
    )


@contextmanager
def _computing(round: Round) -> Iterator[None]:
    """Something computes the round's dataset the whole time."""
    reporter = _reporter(round, UNTIL_STOPPED)
    try:
        yield
        if reporter.poll() is not None:
            raise RuntimeError("the dataset was not computed all the time")
    finally:
        reporter.kill()
        reporter.wait()


def _mean(reports: list[dict[str, Any]]) -> float:
    return statistics.mean(report["per_second"] for report in reports)


def _middle(reports: list[dict[str, Any]], name: str) -> float:
    return statistics.median(report[name] for report in reports)


def _reporter(round: Round, repeats: int, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.reporter", str(round.pk), str(repeats)]
    return subprocess.Popen(command, text=True, **options)
