"""What tests with real processes and with browsers have in common."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import translation
from redis import Redis

from tests.processes import Process, processes

# Playwright keeps an event loop running in the main thread for the rest of the session; Django would take the
# queries of every later test for asynchronous ones and refuse them.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

ON_A_PHONE = pytest.mark.browser_context_args(locale="vi-VN", viewport={"width": 390, "height": 800})


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Begin every test in the portal's own language: a request leaves that of its answer behind in the thread."""
    translation.deactivate()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """A function that starts the portal's processes by name; all of them are killed after the test."""
    with processes(tmp_path) as starter:
        yield starter


@pytest.fixture
def broker() -> Iterator[Redis]:
    """This test's Redis database, emptied before and after."""
    from config.celery import app

    with Redis.from_url(app.conf.broker_url.replace("redis+socket://", "unix://")) as redis:
        redis.flushdb()
        yield redis
        redis.flushdb()
