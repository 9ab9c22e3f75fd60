"""Servers for as long as something takes: a test session, or one command.

    python -m embedded.temporary PROGRAM [ARGUMENT...]

runs the program with DATABASE_URL and REDIS_URL of servers that are gone afterwards, and exits as it does.
"""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from embedded import private
from embedded.postgres import Postgres
from embedded.processes import end, working_in
from embedded.valkey import Valkey

LABEL = "test"


class TemporaryServers:
    """A PostgreSQL (not durable) and a Valkey in a temporary directory, whose lock shows that we live."""

    def __init__(self) -> None:
        remove_abandoned()
        self.home = private.temporary_directory(LABEL)
        # Held by this process alone until it ends, however it ends.
        self._lock = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._postgres = Postgres(self.home / "postgres", durable=False)
        self._valkey = Valkey(self.home / "valkey")

    def start(self) -> Self:
        """Start what the environment does not name already, and name it there."""
        if not os.environ.get("DATABASE_URL"):
            os.environ["DATABASE_URL"] = self._postgres.start().url
        if not os.environ.get("REDIS_URL"):
            os.environ["REDIS_URL"] = self._valkey.start().url
        return self

    def stop(self) -> None:
        """End the servers and remove every trace."""
        self._valkey.stop()
        self._postgres.stop("immediate")
        private.remove(self.home)
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()


def remove_abandoned() -> None:
    """Remove what killed processes have left: directories whose lock is free."""
    for home in (home for place in private.PLACES for home in place.glob(f"{private.PREFIX}{LABEL}-*")):
        try:
            if home.is_symlink() or home.stat().st_uid != os.geteuid():
                continue
            lock = os.open(home / "lock", os.O_RDWR)
        except OSError:
            continue  # just being made, or just being removed, by another process
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(home)
        except BlockingIOError:
            pass
        finally:
            os.close(lock)


def _remove(home: Path) -> None:
    for directory in home.iterdir():
        end(working_in(directory / "cluster", "postgres"), ask=signal.SIGQUIT)
        end(working_in(directory / "work", "valkey-server"))
        private.remove(private.short_path(directory))
    private.remove(home)


def main(command: list[str]) -> int:
    """Run the command with temporary servers."""
    os.environ.setdefault("SECRET_KEY", "only-for-checks-" + "0" * 50)
    with TemporaryServers():
        return subprocess.call(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
