"""Taking the quiz over HTTP inside the test's process, for tests that attack it."""

import json
from datetime import timedelta
from typing import Any

from django.test import Client

from accounts.clock import server_now
from accounts.models import ApiToken

API = "/api/v1"
JSON = "application/json"


def token_of(user) -> str:
    _, text = ApiToken.objects.issue(user=user, expires_at=server_now() + timedelta(days=1))
    return text


def client_of(user, **options: Any) -> Client:
    """A client that acts as `user` with a token."""
    return Client(headers={"Authorization": f"Token {token_of(user)}"}, **options)


def browser_of(user, **options: Any) -> Client:
    """A client that is signed in as `user` with a session."""
    browser = Client(**options)
    browser.force_login(user)
    return browser


def post_start(client: Client, round_id: int, body: Any = ""):
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return client.post(f"{API}/rounds/{round_id}/attempts/", data=data, content_type=JSON)


def start(user, round) -> dict[str, Any]:
    response = post_start(client_of(user), round.pk)
    assert response.status_code in (200, 201), response.content
    return response.json()


def put(attempt: dict[str, Any], path: str, body: Any, *, key: str | None = None, **headers: str):
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    url = f"{API}/attempts/{attempt['id']}/{path}"
    return keyed(attempt, key, headers).put(url, data=data, content_type=JSON)


def submit(attempt: dict[str, Any], body: Any = "{}", *, key: str | None = None, **headers: str):
    url = f"{API}/attempts/{attempt['id']}/submit"
    return keyed(attempt, key, headers).post(url, data=body, content_type=JSON)


def keyed(attempt: dict[str, Any], key: str | None, headers: dict[str, str]) -> Client:
    key = attempt["attempt_key"] if key is None else key
    return Client(headers={"Attempt-Key": key, **headers}, raise_request_exception=False)


def answer_all(attempt: dict[str, Any]) -> None:
    for question in attempt["questions"]:
        response = put(attempt, f"answers/{question['position']}", {"choices": [1], "sequence": 1})
        assert response.status_code == 200, response.content
    assert put(attempt, "prediction", {"value": 5, "sequence": 1}).status_code == 200


def problem_of(response, *allowed: tuple[int, str]) -> dict[str, Any]:
    """The body of a refusal in the form of the interface; it must be one of `allowed` (status, code)."""
    assert response["Content-Type"] == "application/problem+json", (response.status_code, response.content)
    body = response.json()
    assert (response.status_code, body["code"]) in allowed, body
    assert (body["type"], body["status"]) == ("about:blank", response.status_code)
    assert body["request_id"] == response["X-Request-Id"]
    assert "Traceback" not in response.content.decode()
    return body
