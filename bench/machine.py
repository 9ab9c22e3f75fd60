"""What the figures were measured on."""

import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any


def describe(data: Path, *, syncs: int = 200) -> dict[str, Any]:
    """CPU, cores, memory, system, and how long a synchronised write takes where the database will be."""
    times = sync_times(data, syncs)
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "fsync_ms_median": round(statistics.median(times) * 1000, 3),
        "fsync_ms_p95": round(sorted(times)[int(len(times) * 0.95)] * 1000, 3),
    }


def sync_times(directory: Path, count: int) -> list[float]:
    """Seconds of `count` writes of 8 KiB, each followed by fdatasync, as PostgreSQL's log does it."""
    block = os.urandom(8192)
    times = []
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        os.pwrite(file.fileno(), bytes(16 * len(block)), 0)
        os.fsync(file.fileno())
        for number in range(count):
            started = time.perf_counter()
            os.pwrite(file.fileno(), block, (number % 16) * len(block))
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - started)
    return times


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
