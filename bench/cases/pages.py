"""Pages and API reads: requests per second of one core of the web processes, beside a function that answers a text.

A rate per core, not per second, because clients and PostgreSQL share the machine with the web server.
"""

import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from bench.load import run_clients
from bench.quizzers import issue_tokens, open_round, people_without_attempt, request
from bench.results import Result
from bench.timing import say
from bench.web import PORTAL, Web
from contest.models import Round

BARE = "bench.bare:constant"
STARTS = 4000


def run(*, quick: bool) -> list[Result]:
    durations = {"warm_up": 0.3, "seconds": 0.7} if quick else {"warm_up": 1.0, "seconds": 4.0}
    round = open_round()
    starts = _starts(round, 100 if quick else STARTS)
    with Web(BARE, os.environ) as web:
        floor = run_clients(web, [request("GET", "/")] * 32, **durations)
    with Web(PORTAL, os.environ) as web:
        reports = {name: run_clients(web, [text] * 32, **durations) for name, text in _reads()}
        reports["API: start an attempt"] = run_clients(web, starts, warm_up=0.0, seconds=60.0, once=True, connections=8)
    return [_result(name, report, floor) for name, report in reports.items()]


def _reads() -> Iterator[tuple[str, str]]:
    person = User.objects.get(employee_id="participant")
    visitor = Client()
    visitor.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    cookie = f"{settings.SESSION_COOKIE_NAME}={visitor.cookies[settings.SESSION_COOKIE_NAME].value}"
    (token,) = issue_tokens([person])
    published = Round.objects.filter(state="published").order_by("number").last()
    yield "start page, anyone", request("GET", reverse("home"))
    yield "start page, signed in", request("GET", reverse("home"), Cookie=cookie)
    yield "my rounds", request("GET", reverse("rounds"), Cookie=cookie)
    if published:
        yield "results page", request("GET", reverse("results", args=[published.pk]))
    yield "API: rounds", request("GET", reverse("api-rounds"), Authorization=f"Token {token}")


def _starts(round: Round, count: int) -> list[str]:
    """First attempts of people who have none yet, each of them once."""
    path = reverse("api-attempt-start", args=[round.pk])
    tokens = issue_tokens(people_without_attempt(round, count))
    return [request("POST", path, {}, Authorization=f"Token {token}") for token in tokens]


def _result(name: str, report: dict[str, Any], floor: dict[str, Any]) -> Result:
    say(f"{name}: {report['per_core']:.0f} per core, {report['per_second']:.0f}/s")
    note = f"{report['per_second']:.0f} requests/s on this machine, p95 {report['p95_ms']:.1f} ms"
    return Result(name, report["per_core"], "requests/core-s", floor["per_core"], note=note)
