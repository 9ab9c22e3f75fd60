"""A portal on a PostgreSQL of its own, and people who take the quiz over HTTP and journal what they are told."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedded.postgres import Postgres
from embedded.valkey import free_port
from tests.processes import Process, environment, wait_for

API = "/api/v1"
QUESTIONS = 5
BUILD_A_WORLD = """
import json, sys, django
django.setup()
from datetime import timedelta
from django.core.management import call_command
from accounts.clock import server_now
from accounts.models import ApiToken
from tests.factories import make_contest, make_unit, make_user, open_round
call_command("migrate", verbosity=0)
unit = make_unit()
round = open_round(make_contest(questions_per_round=int(sys.argv[2])))
until = server_now() + timedelta(days=1)
people = [make_user(unit=unit) for _ in range(int(sys.argv[1]))]
tokens = [ApiToken.objects.issue(user=person, expires_at=until)[1] for person in people]
print(json.dumps({"round": round.pk, "tokens": tokens}))
"""


class Portal:
    """A cluster with an open round and people with tokens, and one real web process on it."""

    def __init__(self, directory: Path, people: int):
        self.cluster = Postgres(directory / "postgres").start()
        world = subprocess.run(
            [sys.executable, "-c", BUILD_A_WORLD, str(people), str(QUESTIONS)],
            env=environment(DATABASE_URL=self.cluster.url), capture_output=True, check=True, text=True,
        )  # fmt: skip
        self.world = json.loads(world.stdout.splitlines()[-1])
        self.port = free_port()
        arguments = [*("granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port)),
                     *("--workers", "1", "--blocking-threads", "4", "--no-ws", "config.wsgi:application")]  # fmt: skip
        self.web = Process(arguments, directory / "web.log", DATABASE_URL=self.cluster.url)
        wait_for(lambda: self.get("/health/ready")[0] == 200, "the web process to answer")

    @property
    def url(self) -> str:
        return f"{API}/rounds/{self.world['round']}/attempts/"

    def take_tokens(self, number: int) -> list[str]:
        """Tokens of people who have not been used yet: each test has people of its own."""
        taken, self.world["tokens"] = self.world["tokens"][:number], self.world["tokens"][number:]
        assert len(taken) == number, "build a world with more people"
        return taken

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        return Caller(self.port).call("GET", path, None, headers)

    def end(self) -> None:
        self.web.kill()
        self.cluster.stop("immediate")


class Caller:
    """One kept connection to the portal. Status 0 stands for no answer at all."""

    def __init__(self, port: int):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, dict[str, str], str]:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        text = None if body is None else json.dumps(body)
        try:
            self._connection.request(method, path, text, headers | {"Content-Type": "application/json"})
            response = self._connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0, {}, ""


@dataclass
class Paper:
    """What one person was told, to be compared with what the portal holds afterwards."""

    token: str
    ids: set[str] = field(default_factory=set)
    news: int = 0  # how often a start was called new
    saves: list[tuple[int, int, list[int], bool]] = field(default_factory=list)  # position, sequence, …, acknowledged
    predictions: list[tuple[int, bool]] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)


class Quizzer(threading.Thread):
    """Takes the quiz for one person after the other; an answer of 0 or 503 is asked again."""

    def __init__(self, portal: Portal, tokens: list[str], ending: threading.Event):
        super().__init__(daemon=True)
        self.portal, self.tokens, self.ending = portal, tokens, ending
        self.caller = Caller(portal.port)
        self.papers: list[Paper] = []
        self.outcomes: Counter[str] = Counter()
        self.oddities: list[tuple[int, str]] = []

    def run(self) -> None:
        for token in self.tokens:
            if self.ending.is_set():
                return
            self._take(Paper(token))

    def _take(self, paper: Paper) -> None:
        self.papers.append(paper)
        status, body = self._insist("POST", self.portal.url, None, {"Authorization": f"Token {paper.token}"})
        if status not in (200, 201):
            return
        attempt = json.loads(body)
        paper.ids.add(attempt["id"])
        paper.news += status == 201
        key, path = {"Attempt-Key": attempt["attempt_key"]}, f"{API}/attempts/{attempt['id']}"
        for sequence in (1, 2, 3):
            for position in range(1, QUESTIONS + 1):
                choices = [1 + (position + sequence) % 4]
                save = {"choices": choices, "sequence": sequence}
                done, _ = self._insist("PUT", f"{path}/answers/{position}", save, key)
                paper.saves.append((position, sequence, choices, done == 200))
            done, _ = self._insist("PUT", f"{path}/prediction", {"value": sequence, "sequence": sequence}, key)
            paper.predictions.append((sequence, done == 200))
        for _ in range(2):
            done, receipt = self._insist("POST", f"{path}/submit", {}, key)
            if done == 200:
                paper.receipts.append(receipt)

    def _insist(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, str]:
        give_up = time.monotonic() + 40
        while True:
            status, answered, text = self.caller.call(method, path, body, headers)
            self._journal(status, answered, text)
            if status not in (0, 503) or time.monotonic() > give_up:
                return status, text
            time.sleep(0.05)

    def _journal(self, status: int, headers: dict[str, str], text: str) -> None:
        self.outcomes[{0: "unknown", 200: "acknowledged", 201: "acknowledged"}.get(status, "refused")] += 1
        refused_well = status == 503 and headers.get("retry-after") and '"code": "overloaded"' in text
        if status not in (0, 200, 201) and not refused_well:
            self.oddities.append((status, text[:300]))


class Crowd:
    """Eight quizzers at once, for as long as the block lasts or their people do."""

    def __init__(self, portal: Portal, tokens: list[str], threads: int = 8):
        self.portal, self._ending = portal, threading.Event()
        self.quizzers = [Quizzer(portal, tokens[number::threads], self._ending) for number in range(threads)]

    def __enter__(self) -> "Crowd":
        for quizzer in self.quizzers:
            quizzer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.set()
        for quizzer in self.quizzers:
            quizzer.join(90)
            assert not quizzer.is_alive(), "a client still waits"

    @property
    def outcomes(self) -> Counter[str]:
        return sum((quizzer.outcomes for quizzer in self.quizzers), Counter())

    @property
    def oddities(self) -> list[tuple[int, str]]:
        return [oddity for quizzer in self.quizzers for oddity in quizzer.oddities]

    @property
    def papers(self) -> list[Paper]:
        return [paper for quizzer in self.quizzers for paper in quizzer.papers]

    def wait_for_acknowledged(self, number: int) -> None:
        """Wait until so many more requests have been acknowledged."""
        goal = self.outcomes["acknowledged"] + number
        wait_for(lambda: self.outcomes["acknowledged"] >= goal, f"{number} more acknowledged requests")


def lost(portal: Portal, papers: list[Paper]) -> list[str]:
    """What was acknowledged and is not stored, one line each; what the portal holds is asked over HTTP."""
    missing = []
    for paper in papers:
        for attempt_id in paper.ids:
            status, _, text = portal.get(f"{API}/attempts/{attempt_id}/", Authorization=f"Token {paper.token}")
            missing += _missing(paper, json.loads(text)) if status == 200 else [f"attempt {attempt_id}: {status}"]
    return missing


def _missing(paper: Paper, held: dict[str, Any]) -> list[str]:
    answers = {question["position"]: question["answer"] for question in held["questions"]}
    missing = []
    for position, sequence, choices, acknowledged in paper.saves:
        stored = answers[position]
        if acknowledged and (
            stored["sequence"] < sequence or (stored["sequence"] == sequence and stored["choices"] != choices)
        ):
            missing.append(f"save {position}.{sequence} of {held['id']}: {stored}")
    for sequence, acknowledged in paper.predictions:
        if acknowledged and held["prediction"]["sequence"] < sequence:
            missing.append(f"prediction {sequence} of {held['id']}")
    for receipt in map(json.loads, paper.receipts):
        if receipt != {name: held[name] for name in ("submitted_at", "entry", "receipt")}:
            missing.append(f"submission of {held['id']}: {receipt} but {held['state']}")
    return missing
