"""The three hot calls as plain Django views: save an answer, save the prediction, submit.

They know one credential, the `Attempt-Key` header: no session, so no CSRF, and an expired session blocks
no submission. They are described for the schema by hand in `contest/api/schema.py`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.clock import iso
from accounts.problems import (
    Problem,
    malformed,
    method_not_allowed,
    not_authenticated,
    not_found,
    plain_api_view,
    read_body,
    read_json_object,
)
from contest import problems
from contest.attempt_key import AttemptKey, read_key
from contest.services.attempts import Submission, check_key, save_answer, save_prediction, submit_attempt

MAX_SEQUENCE = 2**31 - 1


def key_for(request: HttpRequest, attempt_id: UUID) -> AttemptKey:
    """The attempt key of the request. Raises Problem: not_authenticated, invalid_attempt_key, not_found."""
    text = request.headers.get("Attempt-Key")
    if not text:
        raise not_authenticated()
    key = read_key(text)
    if key is None:
        raise problems.invalid_attempt_key()
    if key.attempt_id != attempt_id:
        raise not_found()
    return key


@csrf_exempt
@plain_api_view
def save(request: HttpRequest, attempt_id: UUID, position: int) -> HttpResponse:
    """PUT {choices, sequence}: store the answer at a shown position."""
    only(request, "PUT")
    key = key_for(request, attempt_id)
    _trust_connection()
    with _credentials_first(key):
        body = _body(request)
        saved = save_answer(key=key, position=position, choices=_choices(body), sequence=_sequence(body))
    return _answer({"position": position, "sequence": saved.sequence, "saved_at": iso(saved.saved_at)})


@csrf_exempt
@plain_api_view
def predict(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """PUT {value, sequence}: store the prediction, or clear it with null."""
    only(request, "PUT")
    key = key_for(request, attempt_id)
    _trust_connection()
    with _credentials_first(key):
        body = _body(request)
        if "value" not in body or isinstance(body["value"], (bool, list, dict)):
            raise malformed()
        value, saved = save_prediction(key=key, value=body["value"], sequence=_sequence(body))
    return _answer({"value": value, "sequence": saved.sequence, "saved_at": iso(saved.saved_at)})


@csrf_exempt
@plain_api_view
def submit(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """POST: end the attempt; repeats return the same body."""
    only(request, "POST")
    key = key_for(request, attempt_id)
    _trust_connection()
    with _credentials_first(key):
        if read_body(request).strip():
            _body(request)
        submission = submit_attempt(key=key)
    return _answer(submission_payload(submission))


def submission_payload(submission: Submission) -> dict[str, str]:
    return {
        "submitted_at": iso(submission.submitted_at),
        "entry": submission.entry,
        "receipt": submission.receipt,
    }


def only(request: HttpRequest, *methods: str) -> None:
    """Raise Problem 405 method_not_allowed unless the request has one of `methods`."""
    if request.method not in methods:
        raise method_not_allowed(methods)


@contextmanager
def _credentials_first(key: AttemptKey) -> Iterator[None]:
    """Let a revoked key be the answer whatever else is wrong with the call. One query, for refused calls only."""
    try:
        yield
    except Problem as problem:
        if problem.status in (400, 404, 422):
            check_key(key)
        raise


def _trust_connection() -> None:
    """Skip the query that asks whether the kept connection still lives: the view is repeated on a dead one."""
    connection.health_check_done = True


def _body(request: HttpRequest) -> dict[str, Any]:
    return read_json_object(read_body(request))


def _choices(body: dict[str, Any]) -> list[int]:
    choices = body.get("choices")
    if not isinstance(choices, list) or not all(type(choice) is int for choice in choices):
        raise malformed()
    if len(set(choices)) != len(choices):
        raise malformed()
    return choices


def _sequence(body: dict[str, Any]) -> int:
    sequence = body.get("sequence")
    if type(sequence) is not int or not 1 <= sequence <= MAX_SEQUENCE:
        raise malformed()
    return sequence


def _answer(body: dict[str, Any]) -> JsonResponse:
    response = JsonResponse(body)
    response["Cache-Control"] = "no-store"
    return response
