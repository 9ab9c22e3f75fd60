"""Running a program that reads what strangers sent: in a session of its own, within limits, with bounded output.

A thin supervisor (supervisor.py) stands between: it ends the child with everything that it started at the end of its
time, and when we die, by whatever way.
"""

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from signal import SIGKILL, SIGXCPU
from typing import Any

SUPERVISOR = Path(__file__).with_name("supervisor.py")
# Nothing of ours: no secret key, no address of a database, no proxy.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "MALLOC_ARENA_MAX": "2"}
CHECKED_EVERY = 0.25
PATIENCE = 10.0
CHUNK = 65_536

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use. `memory`: bytes of address space. `file_bytes`: of any one file that it writes.

    `seconds`: by the clock on the wall. `processes`: of its own at a time (a fork bomb is ended within half a second);
    `tasks`: processes and threads of this user in all, by the kernel, which does not bind root. `output_bytes`: of
    standard output; of standard error the last are kept. `nice`: answers come first.
    """

    memory: int
    cpu_seconds: int
    file_bytes: int
    seconds: float
    processes: int = 1
    tasks: int = 4096
    output_bytes: int = MEGABYTE
    nice: int = 15


class Cause(StrEnum):
    """Why a child ended."""

    EXITED = "exited"
    SIGNAL = "signal"
    CPU = "cpu"
    TIME = "time"
    PROCESSES = "processes"
    OUTPUT = "output"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Ended:
    """`code`: the exit code, or the signal's number. `errors`: the end of standard error."""

    cause: Cause
    code: int
    output: bytes
    errors: str

    @property
    def is_well(self) -> bool:
        return self.cause is Cause.EXITED and self.code == 0


def run_limited(
    command: Sequence[str | Path],
    limits: Limits,
    *,
    cwd: Path,
    check: Callable[[], None] = lambda: None,
    on_line: Callable[[str], None] | None = None,
) -> Ended:
    """Run `command` to its end, which nothing that it started survives.

    `on_line` gets each line of standard output as it comes, and then `output` is empty. `check` is called a few times
    a second; what either raises ends the child and is passed on.
    """
    outcome, told = os.pipe()
    supervisor = [sys.executable, "-I", "-S", str(SUPERVISOR), str(told), json.dumps(asdict(limits))]
    try:
        process = subprocess.Popen(
            [*supervisor, *map(str, command)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=cwd, env=ENVIRONMENT, start_new_session=True, pass_fds=(told,),
        )  # fmt: skip
    finally:
        os.close(told)
    with open(outcome, "rb") as report, process:
        reading = _Reading(process, limits.output_bytes, on_line)
        try:
            flooded = reading.follow(check)
        finally:
            _end(process)
        return _ended(report.read(), flooded, reading)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Have the supervisor end what it started, unless it has; it needs no more than the end of its input."""
    assert process.stdin
    process.stdin.close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, SIGKILL)


def _ended(report: bytes, flooded: bool, reading: "_Reading") -> Ended:
    told: dict[str, Any] = json.loads(report) if report else {"cause": Cause.ABANDONED, "code": 0}
    cause, code = Cause(told["cause"]), int(told["code"])
    if flooded:
        cause = Cause.OUTPUT
    elif cause is Cause.SIGNAL and code == SIGXCPU:
        cause = Cause.CPU
    return Ended(cause, code, bytes(reading.output), reading.errors.decode(errors="replace"))


class _Reading:
    """What the child says, as it says it."""

    def __init__(self, process: subprocess.Popen[bytes], most: int, on_line: Callable[[str], None] | None) -> None:
        self._process, self._most, self._on_line = process, most, on_line
        self.output, self.errors = bytearray(), bytearray()
        self._seen = 0

    def follow(self, check: Callable[[], None]) -> bool:
        """Read until both streams end. True when the child said more than it may."""
        assert self._process.stdout
        assert self._process.stderr
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ, self._take_output)
            selector.register(self._process.stderr, selectors.EVENT_READ, self._take_errors)
            while selector.get_map():
                ready = selector.select(CHECKED_EVERY)
                if not ready and self._process.poll() is not None:
                    break  # the supervisor was killed, and somebody else holds its streams
                for key, _ in ready:
                    chunk = os.read(key.fd, CHUNK)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif not key.data(chunk):
                        return True
                check()
        return False

    def _take_output(self, chunk: bytes) -> bool:
        self._seen += len(chunk)
        self.output += chunk
        if self._seen > self._most:
            del self.output[self._most :]
            return False
        if self._on_line is not None:
            *lines, rest = self.output.split(b"\n")
            self.output = bytearray(rest)
            for line in lines:
                self._on_line(line.decode(errors="replace"))
        return True

    def _take_errors(self, chunk: bytes) -> bool:
        self.errors += chunk
        del self.errors[:-CHUNK]
        return True
