"""A web server of its own processes, run as the product runs it, with any WSGI application."""

import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from bench.timing import cpu_seconds
from embedded.home import ROOT, Home
from embedded.processes import end, identify, session_members
from embedded.services import commands
from embedded.valkey import free_port

PORTAL = "config.wsgi:application"
_UNUSED = Path("unused")


class Web:
    """`application` ("module:name") served by granian, with the product's own settings, or by gunicorn."""

    def __init__(self, application: str, environment: Mapping[str, str], *, server: str = "granian") -> None:
        self.port = free_port()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        self._process = subprocess.Popen(
            self._command(server, application),
            cwd=ROOT,
            env=dict(environment),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._identity = identify(self._process.pid)

    def _command(self, server: str, application: str) -> list[str]:
        if server == "granian":
            *command, _portal = commands(self.port, Home(_UNUSED))["web"]
            return [*command, application]
        return [
            *(sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}"),
            *("--workers", "2", "--threads", "4", "--worker-class", "gthread"),
            *("--keep-alive", "75", "--log-level", "warning", application),
        ]

    def __enter__(self) -> Self:
        deadline = time.monotonic() + 60
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.__exit__()
                raise RuntimeError(f"the web server does not answer:\n{self._tail()}")
            time.sleep(0.05)
        return self

    def __exit__(self, *error: object) -> None:
        if self._identity:
            end(session_members(self._identity), patience=5.0)
        self._process.wait()
        self._log.close()

    def pids(self) -> list[int]:
        """The server's processes."""
        return [member.pid for member in session_members(self._identity)] if self._identity else []

    def cpu_seconds(self) -> float:
        """Processor time that the server's processes have used so far."""
        return cpu_seconds(self.pids())

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/live", timeout=5).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def _tail(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-3000:]
