"""Uploads against a real web server: signed-in people, and raw connections that can be cut anywhere."""

import http.client
import socket
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.models import User
from embedded.valkey import free_port
from tests.faults.quiz import browser_of
from tests.processes import Process, wait_for
from tests.videos.uploads.tus import PIECE_TYPE, URL

CSRF = "c" * 32


class Server:
    """A web server as `make run` starts it, with one process; it can be killed and started again."""

    def __init__(self, directory: Path, application: str = "config.wsgi:application", *, threads: int = 4, **more: str):
        self.port = free_port()
        self._command = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port),
                         "--workers", "1", "--blocking-threads", str(threads), "--no-ws", application]  # fmt: skip
        self._log = directory / f"web{self.port}.log"
        # Nobody listens there: what happens does not rest on a message to a worker. A test on a busy machine may pause.
        self._more = {
            "UPLOAD_DIR": str(settings.UPLOAD_DIR), "REDIS_URL": "redis://127.0.0.1:1/0", "UPLOAD_IDLE_SECONDS": "120",
        } | more  # fmt: skip
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        self._process = Process(self._command, self._log, **self._more)
        wait_for(lambda: self.call("GET", "/health/live", {})[0] == 200, "the web server")

    def kill(self) -> None:
        self._process.kill()

    def call(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, dict[str, str]]:
        """(status, headers) of the answer; status 0 for none."""
        return call(self.port, method, path, headers, body)


@contextmanager
def running(directory: Path, application: str = "config.wsgi:application", **options: Any) -> Iterator[Server]:
    server = Server(directory, application, **options)
    try:
        yield server
    finally:
        server.kill()


def call(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes = b"", patience: float = 20
) -> tuple[int, dict[str, str]]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=patience)) as link:
        try:
            link.request(method, path, body, headers)
            response = link.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            return 0, {}
        return response.status, {name.lower(): value for name, value in response.getheaders()}


def signed_in(person: User) -> dict[str, str]:
    """The headers of a browser in which the person is signed in."""
    session = browser_of(person).cookies[settings.SESSION_COOKIE_NAME].value
    cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={CSRF}"
    return {"Cookie": cookies, "X-CSRFToken": CSRF}


def begin(person: User, clip: Any, size: int) -> str:
    """The path of a new upload of the person's."""
    from tests.videos.uploads.tus import Tus

    return Tus(person).begun(clip, size)


class Piece:
    """A PATCH on a connection of its own, of which only a part is sent."""

    def __init__(self, port: int, url: str, headers: dict[str, str], *, offset: int, length: int, **more: str):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        lines = [f"PATCH {url} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {length}", f"Content-Type: {PIECE_TYPE}",
                 "Tus-Resumable: 1.0.0", f"Upload-Offset: {offset}"]  # fmt: skip
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in (headers | more).items()]
        self.connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def answer(self) -> tuple[int, dict[str, str]]:
        """(status, headers) of the answer; status 0 for none."""
        response = http.client.HTTPResponse(self.connection)
        try:
            response.begin()
        except (OSError, http.client.HTTPException):
            return 0, {}
        return response.status, {name.lower(): value for name, value in response.getheaders()}

    def cut(self, *, abruptly: bool = False) -> None:
        """Leave: politely, or as a network that is gone."""
        if abruptly:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def is_busy(url: str) -> bool:
    """Whether a request holds the upload's row now. Looks on without a lock of its own, which would be in the way."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM videos_upload u JOIN pg_locks l"
            " ON l.locktype = 'transactionid' AND l.granted AND l.transactionid = u.xmax WHERE u.id = %s)",
            [url.removeprefix(URL).strip("/")],
        )
        return cursor.fetchone()[0]


def wait_until_busy(*urls: str) -> None:
    wait_for(lambda: all(is_busy(url) for url in urls), "the server to take the piece")


def wait_until_idle(*urls: str) -> None:
    wait_for(lambda: not any(is_busy(url) for url in urls), "the server to have done with the piece")
