"""DATA_DIR: who uses it now, and what an earlier run has left there."""

import fcntl
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedded import private
from embedded.processes import Identity, end, identify, session_members, wait_until

ROOT = Path(__file__).resolve().parent.parent
STOPPING = "stopping"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class InUse(Exception):
    """Another run owns this DATA_DIR."""


class Home:
    """One DATA_DIR, locked by the one process that runs servers on it.

    `run.json` records that process, the servers' addresses and the started programs; it is written for the
    next run, which ends what a killed one left, and for `make manage`, which joins a living one.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.logs = self.directory / "logs"
        self.logins = self.directory / "logins.txt"
        self._record_file = self.directory / "run.json"
        self._record: dict[str, Any] = {}
        self._lock: int | None = None

    def lock(self, patience: float = 1.0) -> None:
        """Become the one user of this directory, creating it. Raises InUse if another process is.

        A run that is just stopping is waited for, as is, for `patience` seconds, one that may be about to.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise InUse(f"DATA_DIR {self.directory} cannot be used: {error.strerror}") from error
        if not wait_until(self._try_lock, patience) and not (
            self.read_record().get("phase") == STOPPING and wait_until(self._try_lock, 60.0)
        ):
            os.close(self._lock)
            self._lock = None
            raise InUse(self._describe_owner())
        self.logs.mkdir(exist_ok=True)

    def unlock(self) -> None:
        """Leave the directory to the next run."""
        self._record_file.unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def end_leftovers(self) -> bool:
        """End the programs that a killed run left behind; servers see to their own. Whether any."""
        record = self.read_record()
        if record.get("boot") != _boot():
            return False
        children = [Identity(*child) for child in record.get("children", {}).values()]
        left = [process for child in children for process in session_members(child)]
        end(left, patience=5.0)
        return bool(left)

    def record(self, **facts: Any) -> None:
        """Add facts to run.json, for the next run and for `make manage`."""
        self._record |= facts
        owner = identify(os.getpid())
        whole = {"runner": [owner.pid, owner.started] if owner else [], "boot": _boot(), **self._record}
        aside = self._record_file.with_suffix(".new")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(whole, file)
        aside.replace(self._record_file)

    def record_child(self, name: str, pid: int) -> None:
        """Remember a started program, to be recognised after we have been killed."""
        child = identify(pid)
        if child:
            self.record(children=self._children() | {name: [child.pid, child.started]})

    def forget_child(self, name: str) -> None:
        """A program has ended and been waited for."""
        self.record(children={other: child for other, child in self._children().items() if other != name})

    def _children(self) -> dict[str, list[int]]:
        return dict(self._record.get("children", {}))

    def read_record(self) -> dict[str, Any]:
        """What the present or last run has recorded; empty if nothing."""
        try:
            content = json.loads(self._record_file.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def running_environment(self, patience: float = 60.0) -> dict[str, str]:
        """DATABASE_URL and the like of the run that owns this directory. Raises InUse if it tells none."""
        end_of_patience = time.monotonic() + patience
        while time.monotonic() < end_of_patience:
            environment = self.read_record().get("environment")
            if environment:
                return dict(environment)
            time.sleep(0.1)
        raise InUse(f"{self._describe_owner()} It has not started its servers yet.")

    def _try_lock(self) -> bool:
        try:
            fcntl.flock(self._lock or 0, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _describe_owner(self) -> str:
        record = self.read_record()
        pid = (record.get("runner") or ["unknown"])[0]
        where = f" at http://127.0.0.1:{record['port']}" if "port" in record else ""
        return (
            f"DATA_DIR {self.directory} is in use by process {pid}{where}."
            " End that one first, or set another DATA_DIR and PORT."
        )


def _boot() -> str:
    """What tells this boot of the machine from others: recorded pids mean nothing after a reboot."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


def read_environment_file(path: Path = ROOT / ".env") -> None:
    """Take variables from .env that the environment does not have, as the settings do."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("'\""))


def portal_environment(home: Home, addresses: Mapping[str, str]) -> dict[str, str]:
    """The environment of the portal's own programs: the user's, completed."""
    environment = dict(os.environ)
    environment.setdefault("SECRET_KEY", private.kept_secret(home.directory / "secret_key", size=32))
    environment.setdefault("ALLOW_REHEARSAL", "1")
    environment |= addresses
    environment |= {
        "DATA_DIR": str(home.directory),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUNBUFFERED": "1",
    }
    return environment
