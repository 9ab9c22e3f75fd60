"""An application server whose clock is two minutes off decides nothing: the database's clock does."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from accounts.clock import ClockTimestamp, iso, server_now
from contest.closing import close_due_rounds
from contest.models import Attempt
from contest.services import attempts
from contest.services.attempts import end_overdue_attempts
from tests.factories import make_attempt, make_unit, make_user, open_round
from tests.faults.quiz import API, answer_all, browser_of, client_of, post_start, put, start, submit

pytestmark = pytest.mark.django_db
OFF = [timedelta(seconds=-120), timedelta(), timedelta(seconds=120)]
NAMES = ["behind", "right", "ahead"]


@contextmanager
def clock_off_by(offset: timedelta):
    with time_machine.travel(datetime.now(UTC) + offset, tick=True):
        yield


@pytest.fixture
def application_clock_decides(monkeypatch):
    """The control: wherever the database was asked for the time, Python's clock is written in instead."""

    def now() -> str:
        return f"timestamptz '{iso(datetime.now(UTC))}'"

    def one_row(sql, parameters):
        with connection.cursor() as cursor:
            cursor.execute(sql.replace("clock_timestamp()", now()), parameters)
            return cursor.fetchone()

    monkeypatch.setattr(attempts, "_one_row", one_row)
    monkeypatch.setattr(ClockTimestamp, "as_sql", lambda self, compiler, connection, **_: (now(), []))


def what_is_accepted(offset: timedelta) -> dict[str, object]:
    """What a portal whose clock is off by `offset` does at edges that lie a minute before or behind."""
    unit, minute = make_unit(), timedelta(minutes=1)
    now = server_now()
    opens_soon = open_round(opens_at=now + minute)
    closed_just_now = open_round(closes_at=now - minute)
    closes_soon = open_round(closes_at=now + minute)
    person, late, early = (make_user(unit=unit) for _ in range(3))
    running, run_out = (start(user, closes_soon) for user in (person, late))
    Attempt.objects.filter(pk=run_out["id"]).update(deadline=now - minute)
    answer_all(running)
    with clock_off_by(offset):
        reader = client_of(early)
        seen = {
            "states": [round["state"] for round in reader.get(f"{API}/rounds/").json()],
            "start before it opens": post_start(reader, opens_soon.pk).json().get("code"),
            "start after it closed": post_start(reader, closed_just_now.pk).json().get("code"),
            "save in time": put(running, "answers/1", {"choices": [2], "sequence": 2}).status_code,
            "save too late": put(run_out, "answers/1", {"choices": [2], "sequence": 2}).status_code,
            "prediction too late": put(run_out, "prediction", {"value": 2, "sequence": 2}).status_code,
            "submit too late": submit(run_out).status_code,
        }
        receipt = submit(running)
        seen["submit in time"] = receipt.status_code
    if receipt.status_code == 200:
        distance = datetime.fromisoformat(receipt.json()["submitted_at"]) - now
        seen["submitted at the database's time"] = abs(distance) < timedelta(seconds=30)
    return seen


RIGHT = {
    "states": ["closed", "open", "scheduled"],
    "start before it opens": "round_not_open",
    "start after it closed": "round_closed",
    "save in time": 200,
    "save too late": 409,
    "prediction too late": 409,
    "submit too late": 409,
    "submit in time": 200,
    "submitted at the database's time": True,
}


def shown(seen: dict[str, object]) -> dict[str, object]:
    """States in a stable order: rounds are listed by their opening."""
    return seen | {"states": sorted(seen["states"])}


@pytest.mark.parametrize("offset", OFF, ids=NAMES)
def test_answers_are_accepted_and_refused_by_the_databases_clock(offset):
    assert shown(what_is_accepted(offset)) == RIGHT


@pytest.mark.parametrize(
    ("offset", "wrong"),
    [
        (
            timedelta(seconds=-120),
            {"states", "start after it closed", "save too late", "prediction too late", "submit too late"}
            | {"submitted at the database's time"},
        ),
        (timedelta(seconds=120), {"states", "start before it opens", "save in time", "submit in time"}),
    ],
    ids=["behind", "ahead"],
)
def test_control_the_applications_clock_accepts_and_refuses_wrongly(application_clock_decides, offset, wrong):
    seen = shown(what_is_accepted(offset))
    assert {name for name in RIGHT if name in seen and seen[name] != RIGHT[name]} >= wrong


@pytest.mark.parametrize("offset", OFF, ids=NAMES)
def test_rounds_are_closed_by_the_databases_clock(offset):
    minute, now = timedelta(minutes=1), server_now()
    due, not_due = open_round(closes_at=now - minute), open_round(closes_at=now + minute)
    ends = make_attempt(due, state="in_progress", deadline=now - minute)
    runs = make_attempt(not_due, state="in_progress", deadline=now + minute)
    with clock_off_by(offset):
        assert end_overdue_attempts() == 1
        assert [closed.round_id for closed in close_due_rounds()] == [due.pk]
    states = dict(Attempt.objects.values_list("pk", "state"))
    assert states == {ends.pk: "cut_off", runs.pk: "in_progress"}


@pytest.mark.parametrize("offset", [timedelta(seconds=120)], ids=["ahead"])
def test_control_a_closer_with_its_own_clock_closes_a_round_people_still_answer(offset):
    not_due = open_round(closes_at=server_now() + timedelta(minutes=1))
    with clock_off_by(offset):
        assert [closed.round_id for closed in close_due_rounds(now=datetime.now(UTC))] == [not_due.pk]


@pytest.mark.parametrize("offset", OFF, ids=NAMES)
def test_pages_tell_the_databases_time(offset):
    person = make_user(unit=make_unit())
    round = open_round(closes_at=server_now() + timedelta(minutes=1))
    with clock_off_by(offset):
        browser = browser_of(person)
        assert browser.post(f"/rounds/{round.pk}/start/").status_code == 302
        attempt = Attempt.objects.get()
        assert browser.get(f"/attempts/{attempt.pk}/").templates[0].name == "contest/quiz.html"
        assert browser.get(f"/rounds/{round.pk}/start/").status_code == 200
    assert attempt.started_at < attempt.deadline == round.closes_at
    assert abs(attempt.started_at - server_now()) < timedelta(seconds=30)
