"""Calls to providers: no request of the portal waits for them longer than SSO_TIMEOUT_SECONDS in all.

A provider that hangs must not take the threads that answers are saved on. So a call runs on a thread of its own and
is left there when time is up, and after a failure one call at a time tries until one succeeds.
"""

import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as OutOfTime
from contextlib import contextmanager
from functools import cache
from time import monotonic
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.http import HttpRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

MOST_THREADS = 16
MOST_BYTES = 1_000_000

_open = threading.local()


class Unavailable(requests.RequestException):
    """The provider could not be reached, did not answer in time, or answered with an error of its own."""


class Deadline:
    """What is left of one request's time for the provider."""

    def __init__(self, seconds: float):
        self._end = monotonic() + seconds

    def left(self) -> float:
        """Seconds, more than 0. Raises Unavailable when none are left."""
        left = self._end - monotonic()
        if left <= 0:
            raise Unavailable("out of time")
        return left


def deadline_of(request: HttpRequest | None) -> Deadline:
    """One deadline for all calls of a request, from the first one on."""
    if request is None:
        return Deadline(settings.SSO_TIMEOUT_SECONDS)
    if not hasattr(request, "sso_deadline"):
        request.sso_deadline = Deadline(settings.SSO_TIMEOUT_SECONDS)
    return request.sso_deadline


# --- One at a time after a failure --------------------------------------------------------------------


class Health:
    """Which hosts failed last, in this process, and how many calls are out to each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failing: set[str] = set()
        self._out: dict[str, int] = {}

    @contextmanager
    def watch(self, host: str):
        """Let a call to `host` through. Raises Unavailable while another is trying whether it is back."""
        with self._lock:
            if host in self._failing and self._out.get(host, 0):
                raise Unavailable("known to be away")
            self._out[host] = self._out.get(host, 0) + 1
        try:
            yield
        except requests.RequestException:
            with self._lock:
                self._failing.add(host)
            raise
        else:
            with self._lock:
                self._failing.discard(host)
        finally:
            with self._lock:
                self._out[host] -= 1


health = Health()


# --- A call with an end -------------------------------------------------------------------------------


class _Connection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _open.sockets.append(self.sock)


class _SecureConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _open.sockets.append(self.sock)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """Tells which sockets a call opened, so that one that only drips can be cut."""

    def init_poolmanager(self, *args, **kwargs) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


@cache
def _threads() -> ThreadPoolExecutor:
    # Made at the first call: threads do not survive the fork of a web server's workers.
    return ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="sso")


class BoundedSession(requests.Session):
    """A session of `requests` whose calls end with the deadline, name resolution and dripping bodies included.

    Redirects are not followed: they would carry secrets to addresses that nobody configured.
    """

    def __init__(self, deadline: Deadline):
        super().__init__()
        self.deadline = deadline
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())

    def request(self, method, url, **kwargs) -> requests.Response:  # type: ignore[override]
        """The whole answer. Raises Unavailable; an answer of 400 to 499 is returned."""
        sockets: list[socket.socket] = []
        with health.watch(urlsplit(url).netloc):
            left = self.deadline.left()
            work = _threads().submit(self._run, sockets, method, url, kwargs | {"timeout": left})
            try:
                response = work.result(left)
            except OutOfTime:
                _cut(work, sockets)
                raise Unavailable("out of time") from None
            except requests.RequestException as error:
                raise Unavailable(type(error).__name__) from error
            if response.status_code >= 500:
                raise Unavailable(f"status {response.status_code}")
            return response

    def _run(self, sockets: list[socket.socket], method: str, url: str, kwargs: dict) -> requests.Response:
        _open.sockets = sockets
        response = super().request(method, url, **kwargs | {"stream": True, "allow_redirects": False})
        try:
            with response:
                body = response.raw.read(MOST_BYTES + 1, decode_content=True)
        except HTTPError as error:  # of urllib3: requests wraps it only in its own way of reading
            raise requests.ConnectionError(error) from error
        if len(body) > MOST_BYTES:
            raise requests.exceptions.ContentDecodingError("too long")
        response._content = body
        return response


def _cut(work: Future, sockets: list[socket.socket]) -> None:
    """Give the thread back: a read that waits comes back with the end of the connection."""
    work.cancel()
    for opened in list(sockets):
        try:
            opened.shutdown(socket.SHUT_RDWR)
        except OSError:  # ended by itself meanwhile
            pass
