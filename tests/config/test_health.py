"""Liveness and readiness: answering goes on without the broker, and the page says so."""

import pytest

from contest.tasks import tick

DEAD_REDIS = "redis://127.0.0.1:1/0"


def test_a_living_process_says_ok(client):
    response = client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_is_ok_with_database_broker_and_a_recent_tick(client):
    tick()
    body = client.get("/health/ready").json()
    assert 0 <= body.pop("last_tick_age_seconds") < 10
    assert body == {"status": "ok", "database": "ok", "broker": "ok"}


@pytest.mark.django_db
def test_without_a_tick_or_a_broker_it_is_degraded_and_stays_200(client, settings):
    response = client.get("/health/ready")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    tick()
    settings.REDIS_URL = DEAD_REDIS
    response = client.get("/health/ready")
    assert (response.status_code, response.json()["status"], response.json()["broker"]) == (200, "degraded", "down")


def test_without_its_database_it_is_down_with_503(client, monkeypatch):
    from django.db import OperationalError, connection

    def refuse(*args, **kwargs):
        raise OperationalError("the database is away")

    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/health/ready")
    assert (response.status_code, response.json()["status"]) == (503, "down")


def test_the_cache_fails_open_without_redis():
    from config.cache import FailOpenRedisCache

    cache = FailOpenRedisCache(DEAD_REDIS, {"OPTIONS": {"socket_connect_timeout": 0.2}})
    assert cache.get("key", "default") == "default"
    assert cache.get_many(["key"]) == {}
    assert cache.add("key", 1) is True
    assert cache.delete("key") is False
    cache.set("key", 1)
    assert cache.incr("key") == 1
