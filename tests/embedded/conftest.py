"""A whole portal as a process of its own, for tests of `make run`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded.home import ROOT
from embedded.processes import Identity, session_members, working_in
from embedded.valkey import free_port

PATIENCE = 90.0


class RunningPortal:
    """`python -m embedded.run` on a DATA_DIR, its output, and what it has recorded."""

    def __init__(self, data: Path, port: int, command: list[str] | None = None, **environment: str) -> None:
        self.data = data
        self.port = port
        self.output = data.parent / f"{data.name}-{time.monotonic_ns()}.out"
        taken = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CCHC_STARTED", "STATIC_FROM_SOURCE")
        clean = {name: value for name, value in os.environ.items() if name not in taken}
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                command or [sys.executable, "-m", "embedded.run"],
                cwd=ROOT,
                env=clean | {"DATA_DIR": str(data), "PORT": str(port)} | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def text(self) -> str:
        return self.output.read_text()

    def wait_ready(self) -> "RunningPortal":
        end = time.monotonic() + PATIENCE
        while "Ready: " not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < end, self.text
            time.sleep(0.05)
        return self

    @property
    def record(self) -> dict[str, Any]:
        return json.loads((self.data / "run.json").read_text())

    def programs(self) -> dict[str, list[Identity]]:
        """Every living process of this portal, by the name of the program."""
        children = self.record["children"] if (self.data / "run.json").exists() else {}
        found = {name: session_members(Identity(*child)) for name, child in children.items()}
        found["postgres"] = working_in(self.data / "postgres" / "cluster", "postgres")
        found["valkey"] = working_in(self.data / "valkey" / "work", "valkey-server")
        return found

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def run_portal(tmp_path: Path) -> Iterator[Callable[..., RunningPortal]]:
    """A function that starts a portal without demo; each `name` has its own DATA_DIR. Ended after the test."""
    started: list[RunningPortal] = []

    def run(name: str = "data", port: int | None = None, **options: Any) -> RunningPortal:
        data = tmp_path / name
        if options.pop("without_demo", True):
            data.mkdir(exist_ok=True)
            (data / "logins.txt").write_text("participant 100001 demo-cchc\n")
        portal = RunningPortal(data, port or free_port(), **options)
        started.append(portal)
        return portal

    yield run
    for portal in started:
        if portal.process.poll() is None:
            portal.end()
