"""A PostgreSQL server of our own: created, started, stopped, killed, recovered."""

import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import psycopg2

from embedded import engines, private
from embedded.account import server_account
from embedded.processes import (
    BARE_ENVIRONMENT,
    Failed,
    end,
    identify,
    last_lines,
    spawn,
    wait_until,
    working_in,
)

OWNER = "portal"  # the role and the database of the portal: no superuser, may create databases for tests
SUPERUSER = "postgres"
# A server's own working directory, whatever its path. The directories above DATA_DIR may be closed to the
# servers' account (a checkout below /root, say): we enter the directory before the account is changed, and
# PostgreSQL, told this name, never walks the path.
HERE = "/proc/self/cwd"
STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
# Several times faster; survives kill -9 of the server, but not a crash of the machine: for tests that only
# need SQL.
FLEETING = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB"}


class Postgres:
    """One PostgreSQL 18 cluster in `directory`, reachable through a Unix socket only, with a password.

        with Postgres(tmp_path / "pg") as server:      # creates it if need be, starts it, ends it
            psycopg2.connect(server.url)

    `directory` is created with mode 0700 and holds `cluster/` (the data), `password` and `server.log`; its
    path may be of any length and below directories closed to others. The data stay when the server stops.
    With `durable=False` nothing is synchronised to disk (fsync off): for tests that do not measure time.
    `settings` are further PostgreSQL settings by name. The socket is in a short private directory that belongs to
    `directory` and is removed on stop.
    """

    def __init__(
        self,
        directory: Path | str,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = Path(directory).resolve()
        self._place = private.short_path(self.directory)
        self.sockets = self._place / "sockets"
        self.log = self.directory / "server.log"
        self._cluster = self.directory / "cluster"
        self._account = server_account()
        self._settings = SETTINGS | (DURABLE if durable else FLEETING) | dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None

    # What callers connect with

    @property
    def url(self) -> str:
        """The portal's database as its owner, a plain role: for DATABASE_URL and psycopg2.connect alike."""
        return self.url_of(OWNER)

    @property
    def admin_url(self) -> str:
        """The same database as the superuser, for tests that must break something."""
        return self.url_of(SUPERUSER)

    def url_of(self, role: str, database: str = OWNER) -> str:
        """The address of `database` as `role`, which is OWNER or SUPERUSER."""
        return f"postgres://{role}:{self._password}@/{database}?host={self.sockets}"

    @property
    def pid(self) -> int:
        """The postmaster's pid. Raises Failed when this object has not started it."""
        if self._process is None:
            raise Failed("PostgreSQL is not running")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    # What callers do

    def start(self, timeout: float = 120.0) -> Self:
        """Start the server and wait until it answers; create or recover the cluster as needed.

        A server left on the same cluster by a killed predecessor is ended first. Raises Failed with the end
        of the log when it does not come up. `timeout` is long because recovery after a crash takes its time.
        """
        if self.is_running:
            return self
        self.end_orphans()
        self._prepare_directories()
        programs = engines.postgres_programs(self._account, self._place / "engines")
        if not self._cluster.exists():
            self._create_cluster(programs)
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        self._process = spawn(
            [str(programs / "postgres"), "-D", HERE, f"--unix_socket_directories={self.sockets}", *options],
            cwd=self._cluster,
            log=self.log,
            account=self._account,
            at_our_death=signal.SIGINT,
        )
        self._wait_until_ready(timeout)
        self._create_owner()
        return self

    def stop(self, mode: str = "fast", timeout: float = 30.0) -> None:
        """Stop the server, in a mode of pg_ctl: smart (waits for clients), fast (rolls back), immediate
        (crashes).

        Nothing happens if it does not run. After `timeout` seconds it is killed.
        """
        if self._process is not None:
            identity = identify(self._process.pid)
            self._process.send_signal(STOP_SIGNALS[mode])
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                end([identity] if identity else [], ask=signal.SIGQUIT)
                self._process.wait()
            self._process = None
        self.end_orphans()
        private.remove(self._place)

    def kill(self) -> None:
        """kill -9 the postmaster and every backend at one blow; the data stay as they are.

        Returns when all of them are gone. `start` recovers.
        """
        everyone = working_in(self._cluster, "postgres")
        end(everyone, ask=signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None
        end(working_in(self._cluster, "postgres"), ask=signal.SIGKILL)

    def restart(self, mode: str = "fast") -> None:
        """Stop and start, like `pg_ctl restart -m MODE`. The url stays the same."""
        self.stop(mode)
        self.start()

    def end_orphans(self) -> None:
        """End every server process on this cluster that a killed predecessor left behind."""
        orphans = working_in(self._cluster, "postgres")
        if orphans:
            end(orphans, ask=signal.SIGINT)
            end(working_in(self._cluster, "postgres"), ask=signal.SIGQUIT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    # Inner steps

    @property
    def _password(self) -> str:
        return private.kept_secret(self.directory / "password")

    def _prepare_directories(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        private.own_place(self.directory, self._account)
        private.remove(self.sockets)  # a killed server's socket and lock; whoever held them is gone
        private.private_directory(self.sockets, self._account)
        if self._cluster.exists() and self._cluster.stat().st_uid != self._account.uid:
            raise Failed(
                f"{self._cluster} belongs to uid {self._cluster.stat().st_uid}, but the server runs as uid"
                f" {self._account.uid}: use another DATA_DIR, or the account that created this one"
            )

    def _create_cluster(self, programs: Path) -> None:
        """Create the cluster aside and move it into place when whole: a killed attempt is no trap."""
        unfinished = self.directory / "cluster.new"
        private.remove(unfinished)
        unfinished.mkdir(mode=0o700)
        self._account.give(unfinished)
        password_file = self._place / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        self._account.give(password_file)
        command = [
            *(str(programs / "initdb"), "-D", HERE, "-U", SUPERUSER, f"--pwfile={password_file}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"),
            # The same order of text on every machine and after every upgrade of the system's C library.
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ]
        if self._settings["fsync"] == "off":
            command.append("--no-sync")
        try:
            done = subprocess.run(
                command,
                cwd=unfinished,
                env=BARE_ENVIRONMENT,
                capture_output=True,
                **self._account.popen_arguments(),
            )
        finally:
            password_file.unlink()
        if done.returncode:
            raise Failed(f"PostgreSQL could not create its files:\n{(done.stdout + done.stderr).decode()}")
        unfinished.rename(self._cluster)

    def _wait_until_ready(self, timeout: float) -> None:
        def answers_or_ended() -> bool:
            return not self.is_running or self._answers()

        if wait_until(answers_or_ended, timeout) and self.is_running:
            return
        reason = "did not answer in time" if self.is_running else "ended at once"
        self.stop("immediate")
        raise Failed(f"PostgreSQL {reason}. The end of {self.log}:\n{last_lines(self.log)}")

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url_of(SUPERUSER, "postgres"), connect_timeout=5).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _create_owner(self) -> None:
        """Create the portal's role and database where they are missing."""
        connection = psycopg2.connect(self.url_of(SUPERUSER, "postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                if not _exists(cursor, "SELECT 1 FROM pg_roles WHERE rolname = %s"):
                    cursor.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD %s", [self._password])
                if not _exists(cursor, "SELECT 1 FROM pg_database WHERE datname = %s"):
                    cursor.execute(f"CREATE DATABASE {OWNER} OWNER {OWNER}")
        finally:
            connection.close()


def _exists(cursor: Any, query: str) -> bool:
    cursor.execute(query, [OWNER])
    return cursor.fetchone() is not None
