"""The least that a web application can do: the floors of the HTTP cases, as bare WSGI functions.

`constant` answers a fixed text. `save` does what saving an answer must do at least: read the JSON body, run
the same guarded UPDATE on a connection that the thread keeps, commit durably, answer JSON.
"""

import json
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import psycopg2
import psycopg2.extras

Start = Callable[[str, list[tuple[str, str]]], Any]
_kept = threading.local()
psycopg2.extras.register_uuid()


def constant(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    body = b'{"status": "ok"}'
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def save(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    """PUT /ATTEMPT/NONCE/INDEX {choices, sequence}."""
    if environ["PATH_INFO"] == "/health/live":
        return constant(environ, start_response)
    attempt, nonce, index = environ["PATH_INFO"][1:].split("/")
    values = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    guard = {"id": attempt, "nonce": int(nonce), "grace": 5, "n": int(index)}
    with _connection().cursor() as cursor:
        cursor.execute(_statement(), guard | {"mask": values["choices"][0], "sequence": values["sequence"]})
        row = cursor.fetchone()
    status = "200 OK" if row else "409 Conflict"
    saved = {"position": int(index), "sequence": values["sequence"], "saved_at": row and row[0].isoformat()}
    body = json.dumps(saved).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _connection() -> Any:
    if not hasattr(_kept, "connection"):
        _kept.connection = psycopg2.connect(os.environ["DATABASE_URL"])
        _kept.connection.autocommit = True
    return _kept.connection


def _statement() -> str:
    """The product's own statement, handed over by the case so that both do the very same."""
    return os.environ["BENCH_SAVE_SQL"]
