"""Saving an answer, the hot path: over HTTP beside a bare WSGI function that does the same durable UPDATE.

Both are served by the same server with the same settings, from the same database, to the same clients. The
rows without HTTP show where the time goes: one thread, commits not waited for, so that only work counts.
"""

import io
import os
import statistics
from collections.abc import Callable
from typing import Any

from django.db import connection

from bench.load import run_clients
from bench.quizzers import bare_save_requests, open_round, renew, save_requests, start_attempts
from bench.results import Result
from bench.timing import per_call, say
from bench.web import PORTAL, Web
from config.wsgi import application
from contest.attempt_key import AttemptKey, sign_key
from contest.models import Attempt
from contest.services import attempts as service

BARE = "bench.bare:save"
ATTEMPTS = 3000


def run(*, quick: bool) -> list[Result]:
    attempts = start_attempts(open_round(), 100 if quick else ATTEMPTS)
    durations = {"warm_up": 0.3, "seconds": 0.7} if quick else {"warm_up": 2.0, "seconds": 6.0}
    ours, floor = [], []
    for _ in range(1 if quick else 3):  # in turn, so that what else the machine does hits both
        ours.append(measure(PORTAL, attempts, save_requests(attempts), **durations))
        floor.append(measure(BARE, attempts, bare_save_requests(attempts), **durations))
    return [_over_http(ours, floor), *in_process(attempts, calls=200 if quick else 4000)]


def measure(
    application: str, attempts: list[Attempt], requests: list[str], *, server: str = "granian", **durations: float
) -> dict[str, Any]:
    """One run of the clients against a fresh server."""
    renew(attempts)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM contest_attempt")
    environment = os.environ | {"BENCH_SAVE_SQL": service._SAVE}
    with Web(application, environment, server=server) as web:
        report = run_clients(web, requests, **durations)
    say(f"{server} {application}: {report['per_second']:.0f} requests/s, p95 {report['p95_ms']:.1f} ms")
    return report


def _over_http(ours: list[dict[str, Any]], floor: list[dict[str, Any]]) -> Result:
    def middle(reports: list[dict[str, Any]], name: str) -> float:
        return statistics.median(report[name] for report in reports)

    return Result(
        case="save over HTTP",
        ours=middle(ours, "per_second"),
        unit="requests/s",
        floor=middle(floor, "per_second"),
        goal=(">=", 0.35),
        note=f"p50/p95 {middle(ours, 'p50_ms'):.1f}/{middle(ours, 'p95_ms'):.1f} ms, floor"
        f" {middle(floor, 'p50_ms'):.1f}/{middle(floor, 'p95_ms'):.1f} ms; per core of the web processes"
        f" {middle(ours, 'per_core'):.0f}, floor {middle(floor, 'per_core'):.0f}; 32 connections",
    )


def in_process(attempts: list[Attempt], *, calls: int) -> list[Result]:
    """Microseconds per save without HTTP, in one thread: bare statement, service, whole application."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    steps = {"service": _by_service(attempts), "application": _by_application(attempts)}
    floor, floor_python = _microseconds(attempts, _by_statement(attempts), calls)
    rows = []
    for name, act in steps.items():
        ours, python = _microseconds(attempts, act, calls)
        note = f"one thread, not waiting for the disk; Python's part {python:.0f} µs, the floor's {floor_python:.0f} µs"
        rows.append(Result(f"save in process: {name}", ours, "µs", floor, note=note))
    return rows


def _microseconds(attempts: list[Attempt], act: Callable[[], object], calls: int) -> tuple[float, float]:
    renew(attempts)
    elapsed, own = per_call(act, calls=calls)
    return elapsed * 1e6, own * 1e6


class _Turns:
    """The attempts in turn, with rising sequences."""

    def __init__(self, attempts: list[Attempt]) -> None:
        self._attempts, self.count = attempts, 0

    def next(self) -> tuple[Attempt, int]:
        self.count += 1
        return self._attempts[self.count % len(self._attempts)], self.count


def _by_statement(attempts: list[Attempt]) -> Callable[[], object]:
    turns = _Turns(attempts)

    def act() -> None:
        attempt, sequence = turns.next()
        with connection.connection.cursor() as cursor:  # psycopg2's own: Django's costs are ours, not the floor's
            values = {"id": attempt.pk, "nonce": attempt.nonce, "grace": 5, "n": 1, "mask": 1, "sequence": sequence}
            cursor.execute(service._SAVE, values)
            cursor.fetchone()

    return act


def _by_service(attempts: list[Attempt]) -> Callable[[], object]:
    turns = _Turns(attempts)

    def act() -> None:
        attempt, sequence = turns.next()
        key = AttemptKey(attempt.pk, attempt.round_id, attempt.nonce)
        service.save_answer(key=key, position=1, choices=[1], sequence=sequence)

    return act


def _by_application(attempts: list[Attempt]) -> Callable[[], object]:
    turns = _Turns(attempts)
    keys = {attempt.pk: sign_key(AttemptKey(attempt.pk, attempt.round_id, attempt.nonce)) for attempt in attempts}

    def act() -> None:
        attempt, sequence = turns.next()
        body = b'{"choices": [1], "sequence": %d}' % sequence
        statuses: list[str] = []
        response = application(
            _environ(attempt, keys[attempt.pk], body), lambda status, headers: statuses.append(status)
        )
        b"".join(response)
        response.close()
        if statuses != ["200 OK"]:
            raise RuntimeError(statuses)

    return act


def _environ(attempt: Attempt, key: str, body: bytes) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "PUT",
        "PATH_INFO": f"/api/v1/attempts/{attempt.pk}/answers/1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_ATTEMPT_KEY": key,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
    }
