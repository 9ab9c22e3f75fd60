"""A real web server and clients that keep to no rule: slow, endless, without a length, broken off."""

import json
import re
import socket
import time
from contextlib import closing

import pytest
from django.conf import settings

from contest.models import Attempt
from embedded.valkey import free_port
from tests.factories import make_unit, make_user, open_round
from tests.faults.quiz import API, start
from tests.processes import Process, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BODY = b'{"choices": [1], "sequence": 1}'
THREADS = 4


@pytest.fixture
def port(tmp_path):
    """A web server as `make run` starts it, with one process."""
    number = free_port()
    arguments = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(number), "--workers", "1",
                 "--blocking-threads", str(THREADS), "--no-ws", "config.wsgi:application"]  # fmt: skip
    process = Process(arguments, tmp_path / "web.log")
    wait_for(lambda: answers(number), "the web server")
    yield number
    process.kill()


def answers(port: int) -> bool:
    try:
        return b" 200 " in exchange(port, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    except OSError:
        return False


@pytest.fixture
def attempt():
    return start(make_user(unit=make_unit()), open_round())


def connect(port: int, patience: float = 10) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=patience)


def exchange(port: int, request: bytes, patience: float = 10) -> bytes:
    """The raw answer; what has come when the server breaks off."""
    with closing(connect(port, patience)) as connection:
        received = b""
        try:
            connection.sendall(request)
            while part := connection.recv(65_536):
                received += part
        except (ConnectionError, TimeoutError):
            pass
        return received


def head(attempt, *lines: str, path: str = "answers/1", method: str = "PUT") -> bytes:
    return "\r\n".join([
        f"{method} {API}/attempts/{attempt['id']}/{path} HTTP/1.1", "Host: localhost", "Connection: close",
        f"Attempt-Key: {attempt['attempt_key']}", "Content-Type: application/json", *lines, "", "",
    ]).encode("latin-1")  # fmt: skip


def save(attempt) -> bytes:
    return head(attempt, f"Content-Length: {len(BODY)}") + BODY


def status_of(answer: bytes) -> int:
    """0 when the server hung up without an answer."""
    return int(answer.split()[1]) if answer.startswith(b"HTTP/") else 0


def test_hostile_requests_end_in_refusals_and_the_server_goes_on(port, attempt):
    chunks = f"{len(BODY):x}\r\n".encode() + BODY + b"\r\n0\r\n\r\n"
    requests = {
        "chunked, without a length": head(attempt, "Transfer-Encoding: chunked") + chunks,
        "endless chunks": head(attempt, "Transfer-Encoding: chunked") + b"10000\r\n" + b"x" * 65_536 + b"\r\nzz\r\n",
        "length and chunks": head(attempt, "Content-Length: 5", "Transfer-Encoding: chunked") + chunks,
        "two lengths": head(attempt, "Content-Length: 5", "Content-Length: 6") + BODY,
        "a length that is none": head(attempt, "Content-Length: abc") + BODY,
        "a negative length": head(attempt, "Content-Length: -1") + BODY,
        "one byte too many": head(attempt, "Content-Length: 65537") + BODY.ljust(65_537),
        "five megabytes": head(attempt, "Content-Length: 5000000") + b" " * 5_000_000,
        "NUL in a header": head(attempt, "X-Thing: a\x00b", f"Content-Length: {len(BODY)}") + BODY,
        "no request at all": b"\x16\x03\x01\x00\xa5\x01\x00\x00" + b"\xff" * 200,
        "a line without end": b"GET /" + b"a" * 200_000,
    }
    seen = {name: exchange(port, request) for name, request in requests.items()}
    assert {name for name, answer in seen.items() if status_of(answer) >= 500 or b"Traceback" in answer} == set()
    refused = {name for name, answer in seen.items() if 400 <= status_of(answer) < 500 or status_of(answer) == 0}
    assert refused >= set(requests) - {"chunked, without a length", "length and chunks"}
    assert json.loads(seen["one byte too many"].partition(b"\r\n\r\n")[2])["code"] == "malformed"
    assert status_of(exchange(port, save(attempt))) == 200


def test_bodies_that_never_come_end_with_their_clients(port, attempt):
    """More slow clients than the server has threads, each with half of its body sent, hold it up: the fault is
    real, and is the proxy's to keep away. When they are gone it serves again."""
    slow = [connect(port) for _ in range(3 * THREADS)]
    try:
        for connection in slow:
            connection.sendall(head(attempt, f"Content-Length: {len(BODY)}") + BODY[:10])
        time.sleep(0.5)
        assert status_of(exchange(port, save(attempt), patience=2)) == 0
    finally:
        for connection in slow:
            connection.close()
    assert status_of(exchange(port, save(attempt))) == 200
    assert Attempt.objects.get().sequences.count(1) == 1


def test_the_proxy_hands_on_whole_bodies_only():
    """nginx collects a body before it asks the portal, which is its default, and gives up on slow ones."""
    proxy = (settings.BASE_DIR / "deploy" / "nginx.conf").read_text()
    assert re.search(r"client_body_timeout (\d+)s;", proxy), "a client that never sends is let go"
    for location in re.findall(r"location [^{]*\{[^}]*proxy_request_buffering off", proxy):
        assert "upload" in location.partition("{")[0], location
