"""The portal's own processes, run for real against the test database: worker, beat, web server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

PATIENCE_SECONDS = 60


def environment(**more: str) -> dict[str, str]:
    """The environment of a process that is to work on this test's database. The beat ticks every second."""
    url = urlsplit(os.environ["DATABASE_URL"])
    database_url = urlunsplit(url._replace(path="/" + connection.settings_dict["NAME"]))
    return os.environ | {
        "DATABASE_URL": database_url, "TICK_SECONDS": "1", "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONWARNINGS": "ignore",
    } | more  # fmt: skip


class Process:
    """One process of the portal in a group of its own, with its output in a file."""

    def __init__(self, arguments: list[str], log: Path, **more: str):
        self.log = log
        self._output = log.open("w")
        self._popen = subprocess.Popen(
            [sys.executable, "-m", *arguments], env=environment(**more), stdout=self._output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._popen.pid

    def kill(self) -> None:
        """kill -9 of the process and everything it started."""
        try:
            os.killpg(self._popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._popen.wait()
        self._output.close()


@contextmanager
def processes(directory: Path) -> Iterator[Callable[..., Process]]:
    """A function that starts processes by name; all of them are killed at the end."""
    started: list[Process] = []

    def start(name: str, **more: str) -> Process:
        number = len(started)
        arguments = {
            "worker": ["celery", "-A", "config", "worker", "--queues=celery,rounds", "--concurrency=1",
                       f"--hostname=w{number}@test", "--loglevel=INFO"],
            "rounds": ["celery", "-A", "config", "worker", "--queues=rounds", "--concurrency=1",
                       f"--hostname=r{number}@test", "--loglevel=INFO"],
            "clips": ["celery", "-A", "config", "worker", "--queues=clips", "--concurrency=1",
                      f"--hostname=c{number}@test", "--loglevel=INFO"],
            "beat": ["celery", "-A", "config", "beat", "--schedule", str(directory / f"beat{number}"),
                     "--pidfile=", "--loglevel=INFO"],
            "web": ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", more.pop("PORT", "0"),
                    "--workers", "1", "config.wsgi:application"],
        }[name]  # fmt: skip
        process = Process(arguments, directory / f"{name}{number}.log", **more)
        started.append(process)
        return process

    try:
        yield start
    finally:
        for process in started:
            process.kill()


def wait_for(condition: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Come back once `condition` holds; fail loudly when it does not within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.05)
