"""`make run`: everything the portal needs on one machine, until Ctrl-C.

    python -m embedded.run [--end-with-parent]

Reads PORT, DATA_DIR, DATABASE_URL, REDIS_URL, SECRET_KEY and so on from the environment or .env. Exit codes:
0 ended by a signal, 1 something failed, 2 cannot start here (the port is taken, or DATA_DIR in use): then
nothing is changed.
"""

import ctypes
import http.client
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from embedded.home import ROOT, STOPPING, Home, InUse, portal_environment, read_environment_file
from embedded.private import HostileDirectory
from embedded.processes import Failed
from embedded.progress import say
from embedded.servers import Servers
from embedded.services import Service, commands, end_all, trim_log

LOGIN_LINE = re.compile(r"^[a-z_]+[0-9]? \S+ \S+$")
PROGRESS_LINE = re.compile(r"^\[ *[0-9.]+ s\] (.*)")
WATCH_INTERVAL = 0.2
PR_SET_PDEATHSIG = 1


class Stopped(Exception):
    """The user asked for the end while things were still starting."""


class Portal:
    """One run: start in order, watch, end in the opposite order."""

    def __init__(self, home: Home, port: int) -> None:
        self._home = home
        self._port = port
        self._servers = Servers(home)
        self._services: list[Service] = []
        self._signals: list[bool] = []  # one entry for each signal that asked for the end

    def ask_to_stop(self, number: int, frame: object) -> None:
        """The signal handler. The main loop looks at it: to raise here could lose a program just started."""
        self._signals.append(True)

    def run(self) -> None:
        """Start everything and watch it until a signal comes. Whatever happens, nothing is left behind."""
        try:
            self._start()
            while not self._signals:
                self._servers.revive()
                for service in self._services:
                    service.revive()
                time.sleep(WATCH_INTERVAL)
        except Stopped:
            pass
        finally:
            self._stop()

    def _start(self) -> None:
        self._home.record(port=self._port)
        self._step(self._start_servers)
        environment = portal_environment(self._home, self._servers.addresses()) | {"PORT": str(self._port)}
        self._home.record(environment=self._servers.addresses())
        self._step(lambda: self._prepare(environment))
        if not self._home.logins.exists():
            self._step(lambda: self._load_demo(environment))
        self._step(lambda: self._start_services(environment))
        self._wait_for_page()
        self._welcome()

    def _step(self, step: Callable[[], None]) -> None:
        if self._signals:
            raise Stopped
        step()

    def _start_servers(self) -> None:
        say(f"Starting PostgreSQL and Valkey in {self._home.directory}")
        self._servers.start()
        say("PostgreSQL and Valkey are up")

    def _prepare(self, environment: Mapping[str, str]) -> None:
        """Migrations and static files, which do not need each other, at the same time."""
        say("Applying migrations and collecting static files")
        names = ("migrate", "collectstatic")
        running = {name: self._management(environment, name, "--noinput") for name in names}
        for name, process in running.items():
            output, code = self._finish(name, process)
            if code:
                raise Failed(f"manage.py {name} failed:\n{output}")

    def _load_demo(self, environment: Mapping[str, str]) -> None:
        say("Loading the demo contest, once: this takes up to a minute")
        output, code = self._finish("load_demo", self._management(environment, "load_demo"), show_progress)
        logins = [line for line in output.splitlines() if LOGIN_LINE.match(line)]
        if code:
            # Not fatal: the database may hold a contest of its own.
            reason = (output.strip() or "no reason given").splitlines()[-1]
            say(f"The demo was not loaded: {reason}")
            return
        self._home.logins.touch(mode=0o600)
        self._home.logins.write_text("\n".join(logins) + "\n")
        say("The demo contest is loaded")

    def _start_services(self, environment: Mapping[str, str]) -> None:
        for name, command in commands(self._port, self._home).items():
            service = Service(name, command, environment, self._home)
            trim_log(service.log)
            service.start()
            self._services.append(service)
        say("Web server, workers and beat are started")

    def _wait_for_page(self) -> None:
        end = time.monotonic() + 60.0
        while not is_live(self._port):
            if self._signals:
                raise Stopped
            if time.monotonic() > end:
                raise Failed(f"The web server does not answer; see {self._home.logs / 'web.log'}")
            for service in self._services:
                service.revive()
            time.sleep(WATCH_INTERVAL)

    def _welcome(self) -> None:
        address = os.environ.get("PUBLIC_URL") or f"http://127.0.0.1:{self._port}"
        say(f"Ready: {address}")
        if self._home.logins.exists():
            rows = [line.split() for line in self._home.logins.read_text().splitlines() if line.strip()]
            for row in [["role", "login", "password"], *rows]:
                print("    {:<16}{:<16}{}".format(*row), flush=True)
        print(f"Logs: {self._home.logs}. Ctrl-C ends everything; the data stay.", flush=True)

    def _management(self, environment: Mapping[str, str], name: str, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "manage.py", name, *arguments],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._home.record_child(name, process.pid)
        return process

    def _finish(
        self, name: str, process: subprocess.Popen[bytes], show: Callable[[str], None] = lambda line: None
    ) -> tuple[str, int]:
        """The output and exit code of a management command, each line shown as it comes.

        Kills it, and raises Stopped, after a signal.
        """
        output = b""
        shown = 0
        while (chunk := self._next_chunk(process)) != b"":
            output += chunk or b""
            for line in output[shown:].splitlines(keepends=True):
                if line.endswith(b"\n"):
                    shown += len(line)
                    show(line.decode(errors="replace").rstrip())
        code = process.wait()
        self._home.forget_child(name)
        return output.decode(errors="replace"), code

    def _next_chunk(self, process: subprocess.Popen[bytes]) -> bytes | None:
        """What the process has printed; None for nothing yet, b"" for nothing any more."""
        if self._signals:
            process.kill()
            process.wait()
            raise Stopped
        pipe = process.stdout.fileno() if process.stdout else -1
        ready, _, _ = select.select([pipe], [], [], WATCH_INTERVAL)
        return os.read(pipe, 65536) if ready else None

    def _stop(self) -> None:
        self._home.record(phase=STOPPING, environment=None)
        say("Ending everything (once more Ctrl-C to hurry)")
        already = len(self._signals)
        end_all(self._services, in_a_hurry=lambda: len(self._signals) > already)
        self._servers.stop()
        say("Nothing is left running")


def show_progress(line: str) -> None:
    """Pass on a line of load_demo that tells its progress, which is marked by a time of its own."""
    progress = PROGRESS_LINE.match(line)
    if progress:
        say(f"  {progress[1]}")


def is_live(port: int) -> bool:
    """Whether the portal's own health check answers. No proxy is asked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def end_with_parent() -> None:
    """Have the kernel send us SIGTERM when our parent dies: a killed make leaves no portal running."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("make has ended")


def take_over(home: Home, port: int) -> None:
    """Lock the home, end what a killed run left there, and make sure of the port. Raises InUse.

    In this order: the port may still be held by a web server that a killed run left behind.
    """
    known = home.read_record()
    if not is_free(port) and not known:
        raise InUse(taken(port))
    home.lock()
    if home.end_leftovers():
        say("Ended programs that an earlier run had left behind")
    if not is_free(port):
        home.unlock()
        raise InUse(taken(port))


def taken(port: int) -> str:
    """What to tell a user whose port is taken."""
    return f"Port {port} on 127.0.0.1 is taken by another program. End it, or choose another: make run PORT={port + 1}"


def main(arguments: list[str]) -> int:
    """Run the portal; see the module's docstring for the exit codes."""
    if "--end-with-parent" in arguments:
        end_with_parent()
    read_environment_file()
    port = int(os.environ.get("PORT") or 8000)
    home = Home(Path(os.environ.get("DATA_DIR") or "var"))
    portal = Portal(home, port)
    signal.signal(signal.SIGINT, portal.ask_to_stop)
    signal.signal(signal.SIGTERM, portal.ask_to_stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asked for it to be ignored
        signal.signal(signal.SIGHUP, portal.ask_to_stop)
    try:
        take_over(home, port)
    except InUse as error:
        print(error, file=sys.stderr)
        return 2
    try:
        portal.run()
    except (Failed, HostileDirectory) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        home.unlock()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
