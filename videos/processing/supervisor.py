"""Keeps one child within its limits: python -I -S supervisor.py OUTCOME LIMITS COMMAND…

It stands between the worker and a program that reads what strangers sent. Limits of the kernel are set in the child
before the program begins; wall-clock and number of processes are watched here. However it ends, and also when the
worker dies (its end of standard input closes), nothing that the child started survives: who leaves the session falls
to us, as we are the reaper of our descendants. Only the standard library, and no threads: it forks.

LIMITS is JSON: memory, cpu_seconds, file_bytes, tasks, seconds, processes, nice. How it ended goes to the descriptor
OUTCOME as {"cause": "exited" | "signal" | "time" | "processes" | "abandoned", "code": exit code or signal}.
"""

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from typing import Any

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38
WATCHED_EVERY = 0.25
NOT_STARTED = 127

_libc = ctypes.CDLL(None, use_errno=True)


def main(outcome: int, limits: dict[str, Any], command: list[str]) -> None:
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    os.nice(limits["nice"])
    child = os.fork()
    if child == 0:
        os.close(outcome)
        _become(command, limits)
    ended = _watch(child, limits)
    _end_descendants()
    os.write(outcome, json.dumps(ended).encode())


def _become(command: list[str], limits: dict[str, Any]) -> None:
    """Turn this process into the program, within its limits. Does not return."""
    try:
        supervisor = os.getppid()
        os.setsid()
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if os.getppid() != supervisor:
            os._exit(NOT_STARTED)
        _set(resource.RLIMIT_CORE, 0)
        _set(resource.RLIMIT_AS, limits["memory"])
        # One second between the signal that says why and the one that nobody can ignore.
        _set(resource.RLIMIT_CPU, limits["cpu_seconds"], limits["cpu_seconds"] + 1)
        _set(resource.RLIMIT_FSIZE, limits["file_bytes"])
        _set(resource.RLIMIT_NPROC, limits["tasks"])
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and a program inherits that
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execv(command[0], command)
    except BaseException as error:
        os.write(2, f"not started: {error}\n".encode())
    os._exit(NOT_STARTED)


def _set(kind: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, never above the one that holds already."""
    _, most = resource.getrlimit(kind)
    allowed = [value if most == resource.RLIM_INFINITY else min(value, most) for value in (soft, hard or soft)]
    resource.setrlimit(kind, (allowed[0], allowed[1]))


def _watch(child: int, limits: dict[str, Any]) -> dict[str, Any]:
    """How the child ended, or why it has to."""
    watched = select.poll()
    watched.register(0, select.POLLIN | select.POLLHUP)
    watched.register(os.pidfd_open(child), select.POLLIN)
    end = time.monotonic() + limits["seconds"]
    while True:
        ready = dict(watched.poll(1000 * max(0, min(WATCHED_EVERY, end - time.monotonic()))))
        status = _reap(child)
        if status is not None:
            code = os.waitstatus_to_exitcode(status)
            return {"cause": "exited", "code": code} if code >= 0 else {"cause": "signal", "code": -code}
        if 0 in ready:
            return {"cause": "abandoned", "code": 0}
        if time.monotonic() >= end:
            return {"cause": "time", "code": 0}
        if len(_descendants()) > limits["processes"]:
            return {"cause": "processes", "code": 0}


def _reap(child: int) -> int | None:
    """Take leave of whatever has ended; the child's status once it is among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            found = status


def _descendants() -> list[int]:
    """Living processes that we started, by whatever way, from /proc."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as stat:
                    state, parent = stat.read().rpartition(b")")[2].split()[:2]
            except OSError:
                continue
            if state not in (b"Z", b"X"):
                parents[int(name)] = int(parent)
    ours, found = os.getpid(), []
    for pid in parents:
        ancestor: int | None = pid
        while ancestor in parents and ancestor != ours:
            ancestor = parents[ancestor]
        if ancestor == ours and pid != ours:
            found.append(pid)
    return found


def _end_descendants() -> None:
    """Stop them first, so that they cannot fork faster than they are killed; until none is left."""
    while living := _descendants():
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in living:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
        _reap(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:])
