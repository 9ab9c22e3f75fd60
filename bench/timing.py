"""Seconds, medians, and what a process used."""

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def median_seconds(act: Callable[[], object], *, repeats: int, warm_up: int = 1) -> float:
    """The median duration of `act`, after `warm_up` calls that do not count."""
    for _ in range(warm_up):
        act()
    return statistics.median(seconds(act) for _ in range(repeats))


def per_call(act: Callable[[], object], *, calls: int, warm_up: int = 200) -> tuple[float, float]:
    """Mean (elapsed, this process's own processor) seconds per call over `calls` calls in a row."""
    for _ in range(warm_up):
        act()
    own = time.process_time()
    elapsed = seconds(lambda: [act() for _ in range(calls)])
    return elapsed / calls, (time.process_time() - own) / calls


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of the processes so far, and of their children that have ended."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += sum(int(field) for field in fields[11:15])
    return total / TICKS


def say(text: str) -> None:
    print(f"    {text}", file=sys.stderr, flush=True)
