"""A Valkey server of our own, for Celery and the cache."""

import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from embedded import engines, private
from embedded.account import server_account
from embedded.processes import Failed, end, last_lines, spawn, wait_until, working_in

ATTEMPTS = 5  # at finding a port that is still free when Valkey binds it
DATABASES = 64
NO_RETRY = Retry(NoBackoff(), 0)


class Valkey:
    """One Valkey server that keeps everything in memory, on a loopback port, with a password.

        with Valkey(tmp_path / "valkey") as server:
            redis.Redis.from_url(server.url)

    `directory` is created with mode 0700 and holds `password`, `port` and `server.log`. Nothing is persisted:
    the portal can lose its queue, as every task is found again in the database. A port, not a Unix socket,
    because Celery and redis-py spell socket addresses differently and one REDIS_URL must do for both.
    """

    def __init__(self, directory: Path | str) -> None:
        self.directory = Path(directory).resolve()
        self.log = self.directory / "server.log"
        self._work = self.directory / "work"
        self._port_file = self.directory / "port"
        self._place = private.short_path(self.directory)
        self._account = server_account()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Database 0, for REDIS_URL; `url_of(N)` gives another. Known once the server has been started."""
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        """The address of one of the 64 databases."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/{database}"

    @property
    def port(self) -> int:
        """The port of the running server, or of the last one. Raises Failed if there has never been one."""
        try:
            return int(self._port_file.read_text())
        except OSError:
            raise Failed(f"Valkey has not been started in {self.directory}") from None

    @property
    def pid(self) -> int:
        """The server's pid. Raises Failed when this object has not started it."""
        if self._process is None:
            raise Failed("Valkey is not running")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, timeout: float = 20.0) -> Self:
        """Start the server and wait until it answers. Started again by the same object it keeps its url.

        A server left by a killed predecessor is ended first. Raises Failed with the end of the log.
        """
        if self.is_running:
            return self
        keep_port = self._process is not None and self._port_file.exists()
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._work.mkdir(mode=0o700, exist_ok=True)
        self._account.give(self._work)
        self.end_orphans()
        if not self._account.is_ours:
            private.own_place(self.directory, self._account)
        program = engines.valkey_program(self._account, self._place / "engines")
        for _ in range(ATTEMPTS):
            if not keep_port:
                self._port_file.write_text(f"{free_port()}\n")
            if self._comes_up(program, timeout):
                return self
        raise Failed(f"Valkey did not start. The end of {self.log}:\n{last_lines(self.log)}")

    def stop(self, timeout: float = 10.0) -> None:
        """Stop the server; nothing happens if it does not run."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
        self.end_orphans()
        if not self._account.is_ours:
            private.remove(self._place)

    def kill(self) -> None:
        """kill -9 the server; what it held is lost. `start` brings up an empty one at the same url."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def end_orphans(self) -> None:
        """End every server process in this directory that a killed predecessor left behind."""
        end(working_in(self._work, "valkey-server"), patience=5.0)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def _password(self) -> str:
        return private.kept_secret(self.directory / "password")

    def _comes_up(self, program: Path, timeout: float) -> bool:
        """Start the program once; False if it ends (its port was taken meanwhile) or never answers."""
        self._process = spawn(
            [str(program), "-"], cwd=self._work, log=self.log, account=self._account, stdin=subprocess.PIPE
        )
        # Through standard input, as a command line can be read by every user of the machine.
        if self._process.stdin:
            self._process.stdin.write(self._configuration().encode())
            self._process.stdin.close()
        wait_until(lambda: not self.is_running or self._answers(), timeout)
        if self.is_running and self._answers():
            return True
        self.kill()
        return False

    def _configuration(self) -> str:
        lines = [
            *("bind 127.0.0.1", f"port {self.port}", f"requirepass {self._password}"),
            *('save ""', "appendonly no", f"databases {DATABASES}", "maxmemory-policy noeviction"),
        ]
        return "\n".join(lines) + "\n"

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=1, retry=NO_RETRY) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def free_port() -> int:
    """A loopback port that nobody used a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
