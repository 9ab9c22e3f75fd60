"""Starting, recognising and ending processes that must not outlive us."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from embedded.account import Account

POLL = 0.02
BARE_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class Failed(Exception):
    """A program ended, or did not become ready, when it should have. The text can be shown to a user."""


@dataclass(frozen=True)
class Identity:
    """A process as it can be recognised later: a pid alone may have been given to another process since."""

    pid: int
    started: int  # clock ticks since boot

    @property
    def is_alive(self) -> bool:
        return started_at(self.pid) == self.started


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on (field 3 of proc(5) is index 0); None for no process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def started_at(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None if it is gone or only waits to be reaped."""
    fields = _stat(pid)
    if fields is None or fields[0] in "ZX":
        return None
    return int(fields[19])


def identify(pid: int) -> Identity | None:
    """The identity of a living process, or None."""
    started = started_at(pid)
    return None if started is None else Identity(pid, started)


def all_pids() -> list[int]:
    """Every process that this user can see."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def session_members(leader: Identity) -> list[Identity]:
    """The living processes of the session that `leader` started, also when the leader itself is gone."""
    members = []
    for pid in all_pids():
        fields = _stat(pid)
        if fields and fields[0] not in "ZX" and int(fields[3]) == leader.pid and int(fields[19]) >= leader.started:
            members.append(Identity(pid, int(fields[19])))
    leads_another = any(member.pid == leader.pid and member.started != leader.started for member in members)
    return [] if leads_another else members


def working_in(directory: Path, program: str) -> list[Identity]:
    """The living processes named `program` whose working directory is `directory`.

    Finds all of a PostgreSQL server: its backends are not in the postmaster's session, and know their cluster
    only by their working directory.
    """
    found = []
    for pid in all_pids():
        try:
            here = os.readlink(f"/proc/{pid}/cwd") == str(directory)
            named = Path(f"/proc/{pid}/comm").read_text().strip() == program
        except OSError:
            continue
        identity = identify(pid) if here and named else None
        if identity:
            found.append(identity)
    return found


def wait_until(condition: Callable[[], bool], timeout: float) -> bool:
    """Poll `condition` for at most `timeout` seconds; whether it came true."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(POLL)
    return True


def send(processes: Iterable[Identity], number: int) -> None:
    """Send a signal to those of `processes` that still live."""
    for process in processes:
        if process.is_alive:
            try:
                os.kill(process.pid, number)
            except ProcessLookupError:
                pass


def end(processes: Iterable[Identity], *, ask: int = signal.SIGTERM, patience: float = 10.0) -> None:
    """End processes that need not be our children: ask with a signal, and kill after `patience` seconds."""
    processes = list(processes)
    send(processes, ask)
    if not wait_until(lambda: not any(process.is_alive for process in processes), patience):
        send(processes, signal.SIGKILL)
        wait_until(lambda: not any(process.is_alive for process in processes), 5.0)


def spawn(
    command: list[str],
    *,
    cwd: Path,
    log: Path,
    env: Mapping[str, str] = BARE_ENVIRONMENT,
    account: Account | None = None,
    at_our_death: signal.Signals = signal.SIGTERM,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own: Ctrl-C in the terminal reaches only us, who end it in order.

    Its output is appended to `log`. If we are killed it gets the signal `at_our_death`: a help, not a
    promise, as the kernel ties it to the starting thread; so it is left out in other threads than the main
    one, and on systems without setpriv.
    """
    if shutil.which("setpriv") and threading.current_thread() is threading.main_thread():
        command = ["setpriv", "--pdeathsig", at_our_death.name.removeprefix("SIG"), "--", *command]
    identity = account.popen_arguments() if account else {}
    with open(log, "ab") as output:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **identity,
        )


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log file, to be shown beside an error."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""
