"""The portal's own programs: web server, Celery worker and beat; started, watched, restarted, ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from embedded.home import ROOT, Home
from embedded.processes import Identity, end, identify, send, session_members, spawn, wait_until
from embedded.progress import say

LONGEST_PAUSE = 30.0  # between two attempts to restart
SETTLED = 60.0  # a program that lived this long starts with a clean slate
PATIENCE = 10.0  # for a running request or task when everything ends
LARGEST_LOG = 10_000_000


def commands(port: int, home: Home) -> dict[str, list[str]]:
    """The command line of each program, sized for two cores beside PostgreSQL."""
    python = (sys.executable, "-m")
    celery = (*python, "celery", "-A", "config")
    quiet = ("--loglevel", "INFO", "--without-gossip", "--without-mingle")
    return {
        "web": [
            *(*python, "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            # Two processes use both cores; four threads each, as a request spends most of its time in
            # PostgreSQL.
            *("--workers", "2", "--blocking-threads", "4", "--no-ws"),
            *("--respawn-failed-workers", "--workers-kill-timeout", "5", "config.wsgi:application"),
        ],
        "worker": [*celery, "worker", "--queues", "celery,rounds", "--concurrency", "2", *quiet],
        # Closes rounds and does nothing else: an export may hold the worker for minutes.
        "rounds": [*celery, *_worker_of("rounds"), *quiet],
        # Clips take minutes, so they have a worker of their own; what it starts runs with a low priority.
        "clips": [*celery, *_worker_of("clips"), *quiet],
        # A process of its own: an embedded beat survives its worker's kill -9 and doubles the schedule.
        "beat": [*celery, "beat", "--loglevel", "INFO", "--schedule", str(home.logs / "beat-schedule"), "--pidfile="],
    }


def _worker_of(queue: str) -> tuple[str, ...]:
    return ("worker", "--queues", queue, "--concurrency", "1", "--hostname", f"{queue}@%h")


class Service:
    """One program that shall always run."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], home: Home) -> None:
        self.name = name
        self.log = home.logs / f"{name}.log"
        self._command = command
        self._environment = environment
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None
        self._identity: Identity | None = None
        self._started = 0.0
        self._pause = 1.0
        self._restart_at: float | None = None

    def start(self) -> None:
        """Start the program and record it."""
        # The workers' quick end, as their warm one would wait for a broker that dies with us.
        at_our_death = signal.SIGQUIT if self.name in ("worker", "rounds", "clips") else signal.SIGTERM
        self._process = spawn(self._command, cwd=ROOT, log=self.log, env=self._environment, at_our_death=at_our_death)
        self._home.record_child(self.name, self._process.pid)
        self._identity = identify(self._process.pid)
        self._started = time.monotonic()
        self._restart_at = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def revive(self) -> None:
        """Start the program again if it has died: after a pause, which doubles as long as it keeps dying."""
        if self.is_running or self._process is None:
            return
        now = time.monotonic()
        if self._restart_at is None:
            self._clear_session()
            self._pause = 1.0 if now - self._started > SETTLED else min(2 * self._pause, LONGEST_PAUSE)
            self._restart_at = now + self._pause
            code = self._process.returncode
            say(f"{self.name} has ended with code {code}; again in {self._pause:.0f} s (log: {self.log})")
        elif now >= self._restart_at:
            self.start()

    def ask_to_end(self, number: int = signal.SIGTERM) -> None:
        """Ask the program to finish what it does and end."""
        if self.is_running and self._identity:
            send([self._identity], number)

    def _clear_session(self) -> None:
        """Kill the children that the program left: two generations of workers must not overlap."""
        if self._identity:
            end(session_members(self._identity), ask=signal.SIGKILL)

    def finish(self) -> None:
        """Kill whatever is left of the program and its children."""
        self._clear_session()
        if self._process is not None:
            self._process.wait()


def end_all(services: list[Service], *, in_a_hurry: Callable[[], bool]) -> None:
    """End the programs: all are asked at once, and killed after PATIENCE seconds or when `in_a_hurry`."""
    for service in services:
        service.ask_to_end()
    wait_until(lambda: in_a_hurry() or not any(service.is_running for service in services), PATIENCE)
    for service in services:
        service.finish()


def trim_log(path: Path) -> None:
    """Move a log aside that has grown large, before a new run appends to it."""
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        os.replace(path, path.with_suffix(".old.log"))
