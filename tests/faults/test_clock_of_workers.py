"""A worker on a machine whose clock is two minutes off still closes rounds."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta

import pytest

from accounts.clock import server_now
from contest.models import Heartbeat, Round
from tests.factories import make_attempt, make_contest, open_round
from tests.processes import environment, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PATIENCE_SECONDS = 12
SHIFTED = """
import runpy, sys, time, time_machine
time_machine.travel(time.time() + float(sys.argv.pop(1)), tick=True).start()
runpy.run_module("celery", run_name="__main__", alter_sys=True)
"""
WORKER = ["-A", "config", "worker", "--queues=rounds", "--pool=solo", "--loglevel=INFO", "--without-mingle"]


@contextmanager
def worker_with_clock_off_by(seconds: int, log):
    """A real worker process that believes it is `seconds` later."""
    command = [sys.executable, "-c", SHIFTED, str(seconds), *WORKER, f"--hostname=off{seconds}@test"]
    with log.open("w") as output:
        worker = subprocess.Popen(
            command, env=environment(), stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield
        finally:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


@pytest.mark.parametrize("seconds", [-120, 120])
def test_a_worker_whose_clock_is_off_closes_rounds_that_are_due_and_no_others(seconds, broker, start, tmp_path):
    now, contest = server_now(), make_contest(grace_seconds=0)
    due = open_round(contest, closes_at=now + timedelta(seconds=1))
    not_due = open_round(contest, closes_at=now + timedelta(seconds=100))
    make_attempt(due), make_attempt(not_due)
    with worker_with_clock_off_by(seconds, tmp_path / "worker.log"):
        start("beat")
        wait_for(lambda: Round.objects.get(pk=due.pk).state == "ranked", "the round to be ranked", PATIENCE_SECONDS)
    assert Round.objects.get(pk=not_due.pk).state == "scheduled"
    assert Heartbeat.objects.get().at > now
