"""People at work in the demo's open round, and the requests that they send."""

import json
from datetime import timedelta
from typing import Any

from accounts.clock import server_now
from accounts.models import ApiToken, Membership, User
from bench.load import PLACE
from contest.attempt_key import AttemptKey, sign_key
from contest.models import Attempt, Round
from contest.paper import compile_paper
from contest.services.attempts import new_nonce


def open_round() -> Round:
    """The demo's open round, kept open for as long as a measurement may take."""
    now = server_now()
    round = Round.objects.counted().filter(state="scheduled", opens_at__lte=now).order_by("number")[0]
    Round.objects.filter(pk=round.pk).update(closes_at=now + timedelta(days=1))
    round.refresh_from_db()
    return round


def people_without_attempt(round: Round, count: int) -> list[User]:
    """Up to `count` people on the roster who have not started in the round."""
    busy = Attempt.objects.filter(round=round).values("user_id")
    return list(
        User.objects.filter(linked_at__isnull=False, role_grants=None).exclude(pk__in=busy).order_by("pk")[:count]
    )


def start_attempts(round: Round, count: int) -> list[Attempt]:
    """Attempts of `count` people, all in progress with the whole time limit ahead."""
    paper = compile_paper(round)
    now = server_now()
    people = people_without_attempt(round, count)
    units = dict(Membership.objects.filter(user__in=people, ends_on=None).values_list("user_id", "unit_id"))
    attempts = []
    for person in people:
        attempt = Attempt(
            round=round,
            user=person,
            number=1,
            unit_id=units[person.pk],
            nonce=new_nonce(),
            started_at=now,
            deadline=now + timedelta(minutes=30),
            answers=[0] * paper.size,
            sequences=[0] * paper.size,
        )
        attempt.entry = paper.entry_of(attempt.pk)
        attempts.append(attempt)
    return Attempt.objects.bulk_create(attempts)


def renew(attempts: list[Attempt]) -> None:
    """Give the attempts their time again, and sequences from the start."""
    zeros = [0] * len(attempts[0].sequences)
    Attempt.objects.filter(pk__in=[attempt.pk for attempt in attempts]).update(
        deadline=server_now() + timedelta(minutes=30), sequences=zeros, answers=zeros
    )


def request(method: str, path: str, body: Any = None, **headers: str) -> str:
    """An HTTP/1.1 request as text; underscores in header names become dashes."""
    content = "" if body is None else json.dumps(body).replace(f'"{PLACE.decode()}"', PLACE.decode())
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(content)}"]
    lines += ["Content-Type: application/json"] if content else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", content])


def save_requests(attempts: list[Attempt]) -> list[str]:
    """The next answer of every attempt, as the quiz page sends it."""
    return [
        request(
            "PUT",
            f"/api/v1/attempts/{attempt.pk}/answers/{1 + number % len(attempt.answers)}",
            {"choices": [1], "sequence": PLACE.decode()},
            Attempt_Key=sign_key(AttemptKey(attempt.pk, attempt.round_id, attempt.nonce)),
        )
        for number, attempt in enumerate(attempts)
    ]


def bare_save_requests(attempts: list[Attempt]) -> list[str]:
    """The same for the bare function, which is told what ours has to find out."""
    body = {"choices": [1], "sequence": PLACE.decode()}
    return [
        request("PUT", f"/{attempt.pk}/{attempt.nonce}/{1 + number % len(attempt.answers)}", body)
        for number, attempt in enumerate(attempts)
    ]


def issue_tokens(people: list[User]) -> list[str]:
    expires_at = server_now() + timedelta(days=1)
    return [ApiToken.objects.issue(user=person, expires_at=expires_at)[1] for person in people]
