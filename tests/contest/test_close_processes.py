"""Closing by real workers and beats: doubled, absent across the deadline, and with their queue wiped out."""

from contextlib import closing
from datetime import timedelta

import pytest
from django.db import connections
from redis import Redis

from accounts.clock import server_now
from accounts.models import AuditEntry
from accounts.problems import Problem
from accounts.queue import prompt
from config.celery import app
from contest.attempt_key import AttemptKey
from contest.closing import close_due_rounds
from contest.models import Heartbeat, Round, Standing
from contest.services.attempts import save_answer, start_attempt
from contest.tasks import tick
from tests.factories import make_attempt, make_contest, make_unit, make_user, open_round
from tests.processes import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def round_that_closes_in(seconds: float):
    contest = make_contest(grace_seconds=0)
    return open_round(contest, closes_at=server_now() + timedelta(seconds=seconds))


def is_ranked(round) -> bool:
    return Round.objects.get(pk=round.pk).state == "ranked"


def test_two_beats_and_two_workers_close_a_round_once(start, broker):
    for name in ("worker", "worker", "beat", "beat"):
        start(name)
    wait_for(lambda: Heartbeat.objects.exists(), "a first tick")
    rounds = [round_that_closes_in(1) for _ in range(3)]
    attempts = [make_attempt(round, prediction=number) for round in rounds for number in range(20)]
    wait_for(lambda: all(is_ranked(round) for round in rounds), "the rounds to be ranked")
    assert AuditEntry.objects.filter(verb="round.close").count() == 3
    assert Standing.objects.count() == len(attempts)
    assert {round.version for round in Round.objects.all()} == {1}


def test_no_worker_across_the_deadline_delays_the_ranks_and_nothing_else(start, broker):
    unit = make_unit()
    round = round_that_closes_in(0.4)
    attempt, _ = start_attempt(user=make_user(unit=unit), round_id=round.pk)
    key = AttemptKey(attempt.pk, round.pk, attempt.nonce)
    save_answer(key=key, position=1, choices=[1], sequence=1)
    wait_for(lambda: server_now() > round.closes_at, "the deadline")
    with pytest.raises(Problem, match="attempt_closed"):
        save_answer(key=key, position=2, choices=[1], sequence=1)
    assert not is_ranked(round), "the fault is real: nobody was there to close it"
    start("worker")
    start("beat")
    wait_for(lambda: is_ranked(round), "the round to be ranked")
    attempt.refresh_from_db()
    assert (attempt.state, attempt.submitted_at) == ("cut_off", attempt.deadline)


def test_a_flushed_queue_delays_a_close_by_no_more_than_a_tick(start, new_valkey):
    url = new_valkey().url  # a server of its own: FLUSHALL spares nobody
    broker = Redis.from_url(url)
    round = round_that_closes_in(0.2)
    make_attempt(round)
    with app.connection_for_write(url) as connection:
        tick.apply_async(connection=connection)
    assert broker.llen("rounds") == 1
    broker.flushall()
    start("worker", REDIS_URL=url)
    wait_for(lambda: b"_kombu.binding.rounds" in broker.keys(), "the worker to listen")
    assert not is_ranked(round), "the fault is real: the task is gone"
    start("beat", REDIS_URL=url)
    wait_for(lambda: is_ranked(round), "the round to be ranked")


def test_a_worker_that_an_export_holds_delays_no_close(start, broker):
    round = round_that_closes_in(0.2)
    make_attempt(round)
    with closing(connections.create_connection("default")) as held, held.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE reports_export IN ACCESS EXCLUSIVE MODE")
        prompt("reports.tasks.sweep_exports")
        worker = start("worker")
        wait_for(lambda: "sweep_exports" in worker.log.read_text(), "the worker to begin")
        start("beat")
        wait_for(lambda: broker.llen("rounds") >= 3, "ticks that nobody takes")
        assert not is_ranked(round), "the fault is real: the only worker is held"
        start("rounds")
        wait_for(lambda: is_ranked(round), "the round to be ranked")


def test_without_redis_the_command_closes(settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    round = round_that_closes_in(0.1)
    make_attempt(round)
    wait_for(lambda: server_now() > round.closes_at, "the deadline")
    assert [closed.round_id for closed in close_due_rounds()] == [round.pk]
