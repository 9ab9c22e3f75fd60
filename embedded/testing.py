"""The pytest plugin that gives a test session its servers; the root conftest.py loads it.

One PostgreSQL and one Valkey are started before Django's settings are read, shared by all xdist workers, and
ended with the session, also after Ctrl-C, SIGTERM or kill -9. DATABASE_URL and REDIS_URL are respected when
set.

A test that breaks a server must not break the shared one; it takes its own from a fixture:

    def test_survives_a_crash(new_postgres, new_valkey):
        server = new_postgres()                 # embedded.postgres.Postgres, durable, started
        psycopg2.connect(server.url)
        server.kill()                           # kill -9 of everything
        server.start()                          # recovers; the url stays the same
        broker = new_valkey()                   # embedded.valkey.Valkey, started
        broker.stop()
"""

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from embedded import private
from embedded.account import Account
from embedded.postgres import Postgres
from embedded.processes import end, working_in
from embedded.valkey import Valkey

HOMES = f"{private.PREFIX}test-"
REHEARSAL = "ALLOW_REHEARSAL"


class TestServers:
    """The servers of one test session, in a temporary directory whose lock shows that the session lives."""

    __test__ = False

    def __init__(self) -> None:
        remove_abandoned_homes()
        self.home = private.temporary_directory("test", Account(os.geteuid(), os.getegid()))
        # Held by this process alone until it ends, however it ends.
        self._lock = open(self.home / "lock", "w")  # noqa: SIM115
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._postgres = Postgres(self.home / "postgres", durable=False)
        self._valkey = Valkey(self.home / "valkey")

    def start(self) -> None:
        """Start what the environment does not provide, and name it there."""
        if not os.environ.get("DATABASE_URL"):
            os.environ["DATABASE_URL"] = self._postgres.start().url
        if not os.environ.get("REDIS_URL"):
            os.environ["REDIS_URL"] = self._valkey.start().url

    def stop(self) -> None:
        """End the servers and remove every trace. May be called twice."""
        self._valkey.stop()
        self._postgres.stop("immediate")
        self._lock.close()
        private.remove(self.home)


def remove_abandoned_homes() -> None:
    """Remove what test sessions that were killed have left: their lock is free."""
    for place in private.PLACES:
        for home in place.glob(f"{HOMES}*"):
            if home.is_symlink() or home.stat().st_uid != os.geteuid():
                continue
            with open(home / "lock", "a") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    continue
                _remove_home(home)


def _remove_home(home: Path) -> None:
    for cluster in home.glob("**/cluster"):
        end(working_in(cluster, "postgres"), ask=signal.SIGQUIT)
    for work in home.glob("**/work"):
        end(working_in(work, "valkey-server"))
    for directory in home.iterdir():
        private.remove(private.short_path(directory))
    private.remove(home)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the servers in the session's first process; give each xdist worker its own Redis database."""
    os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "0" * 50)
    os.environ[REHEARSAL] = "1"
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        os.environ["REDIS_URL"] = redis_database(os.environ["REDIS_URL"], 1 + int(worker.removeprefix("gw")))
        return
    # Files that tests write go to a directory of their own, never into a developer's data.
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix=f"{private.PREFIX}data-")
    config.add_cleanup(lambda: shutil.rmtree(os.environ["DATA_DIR"], ignore_errors=True))
    servers = TestServers()
    config.add_cleanup(servers.stop)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end_session)
    if not (config.option.help or config.option.version or config.option.collectonly):
        servers.start()


def _end_session(number: int, frame: object) -> None:
    """End like Ctrl-C, with all cleaning up, when someone asks the session to stop."""
    raise KeyboardInterrupt(f"received signal {number}")


def redis_database(url: str, number: int) -> str:
    """`url` with another database number."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))


@pytest.fixture
def new_postgres(tmp_path: Path) -> Iterator[Callable[..., Postgres]]:
    """A function that starts a further, durable PostgreSQL for this test; keywords as of Postgres."""
    started: list[Postgres] = []

    def start(**options: Any) -> Postgres:
        server = Postgres(tmp_path / f"postgres{len(started)}", **options)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop("immediate")


@pytest.fixture
def new_valkey(tmp_path: Path) -> Iterator[Callable[[], Valkey]]:
    """A function that starts a further Valkey for this test."""
    started: list[Valkey] = []

    def start() -> Valkey:
        server = Valkey(tmp_path / f"valkey{len(started)}")
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop()
