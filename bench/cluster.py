"""A PostgreSQL of our own for a run, durable as in production, with a database for every case."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import psycopg2

from embedded.home import ROOT
from embedded.postgres import OWNER, SUPERUSER, Postgres

EMPTY, DEMO = "bench_empty", "bench_demo"


class Cluster:
    """Databases made from templates: `empty` (migrated) and `demo` (with the demo loaded)."""

    def __init__(self, data: Path, *, demo: dict[str, int]) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.directory = Path(tempfile.mkdtemp(prefix="bench-", dir=data))
        self.demo_seconds: float | None = None
        self._demo = demo
        self._server = Postgres(self.directory / "postgres")
        self._ready: set[str] = set()

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.stop("immediate")
        shutil.rmtree(self.directory, ignore_errors=True)

    def environment(self, database: str) -> dict[str, str]:
        """The environment of a process of the portal that works on `database`."""
        return {
            **os.environ,
            "DATABASE_URL": self._server.url_of(OWNER, database),
            "BENCH_ADMIN_URL": self._server.url_of(SUPERUSER, database),
            "REDIS_URL": "redis://127.0.0.1:1/0",  # nobody there: answering needs no Redis
            "SECRET_KEY": "only-for-measurements-" + "0" * 50,
            "DATA_DIR": str(self.directory / "data"),
            "ALLOW_REHEARSAL": "1",
            "DEBUG": "0",
            "LOG_LEVEL": "WARNING",
        }

    def database(self, world: str, name: str) -> str:
        """A new database named `name` in the state `world`: "none" (no table), "empty" or "demo"."""
        template = {"none": "template1", "empty": EMPTY, "demo": DEMO}[world]
        self._prepare(template)
        self._create(name, template)
        return name

    def drop(self, name: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _prepare(self, template: str) -> None:
        if template in self._ready or template == "template1":
            return
        if template == EMPTY:
            self._create(EMPTY, "template1")
            self._manage(EMPTY, "migrate", "--verbosity", "0")
            self._manage(EMPTY, "collectstatic", "--noinput", "--verbosity", "0")
        else:
            self._prepare(EMPTY)
            self._create(DEMO, EMPTY)
            started = time.perf_counter()
            options = [f"--{name}={value}" for name, value in self._demo.items()]
            self._manage(DEMO, "load_demo", *options)
            self.demo_seconds = time.perf_counter() - started
        self._ready.add(template)

    def _manage(self, database: str, *arguments: str) -> None:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(command, env=self.environment(database), cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"manage.py {arguments[0]} failed:\n{done.stderr}")

    def _create(self, name: str, template: str) -> None:
        self._execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template} STRATEGY file_copy")

    def _execute(self, statement: str) -> None:
        connection: Any = psycopg2.connect(self._server.url_of(SUPERUSER, "postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()
