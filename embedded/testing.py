"""The pytest plugin that gives a test session its servers; the root conftest.py loads it.

One PostgreSQL and one Valkey are started before Django's settings are read, shared by all xdist workers, and
ended with the session, also after Ctrl-C, SIGTERM or kill -9. DATABASE_URL and REDIS_URL are respected.

A test that breaks a server must not break the shared one; it takes its own from a fixture:

    def test_survives_a_crash(new_postgres, new_valkey):
        server = new_postgres()                 # embedded.postgres.Postgres, durable, started
        psycopg2.connect(server.url)
        server.kill()                           # kill -9 of everything
        server.start()                          # recovers; the url stays the same
        broker = new_valkey()                   # embedded.valkey.Valkey, started
        broker.stop()
"""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from embedded.postgres import Postgres
from embedded.temporary import TemporaryServers
from embedded.valkey import Valkey

HOME = "CCHC_TEST_HOME"  # the environment variable that tells xdist workers of the session's directory


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the servers in the session's first process; give each worker a Redis database and files of its own."""
    os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "0" * 50)
    os.environ["ALLOW_REHEARSAL"] = "1"
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        number = 1 + int(worker.removeprefix("gw"))
        os.environ["REDIS_URL"] = redis_database(os.environ["REDIS_URL"], number)
        os.environ["DATA_DIR"] += f"-{worker}"
        Path(os.environ["DATA_DIR"], "static").mkdir(parents=True, exist_ok=True)
        return
    servers = TemporaryServers()
    config.add_cleanup(servers.stop)
    # Files that tests write go to a directory of their own, never into a developer's data.
    data = servers.home / "data"
    (data / "static").mkdir(parents=True)
    os.environ["DATA_DIR"] = str(data)
    os.environ[HOME] = str(servers.home)
    for asked_to_end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(asked_to_end, _end_session)
    if not (config.option.help or config.option.version or config.option.collectonly):
        servers.start()


def _end_session(number: int, frame: object) -> None:
    """End like Ctrl-C, with all cleaning up, when someone asks the session to stop."""
    raise KeyboardInterrupt(f"received signal {number}")


def redis_database(url: str, number: int) -> str:
    """`url` with another database number."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))


def _new_directory(label: str) -> Path:
    """A directory inside the session's, so that it is cleared away with it if the session is killed."""
    return Path(tempfile.mkdtemp(prefix=f"{label}-", dir=os.environ[HOME]))


@pytest.fixture
def new_postgres() -> Iterator[Callable[..., Postgres]]:
    """A function that starts a further, durable PostgreSQL for this test; keywords as of Postgres."""
    started: list[Postgres] = []

    def start(**options: Any) -> Postgres:
        server = Postgres(_new_directory("postgres"), **options)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop("immediate")


@pytest.fixture
def new_valkey() -> Iterator[Callable[[], Valkey]]:
    """A function that starts a further Valkey for this test."""
    started: list[Valkey] = []

    def start() -> Valkey:
        server = Valkey(_new_directory("valkey"))
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop()
