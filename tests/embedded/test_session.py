"""What the test session itself stands on."""

import os

import psycopg2
import pytest
import redis
from django.db import connection


@pytest.mark.django_db
def test_django_uses_the_session_s_server():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000, current_setting('fsync')")
        assert cursor.fetchone() == (18, "off")


def test_redis_answers():
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        assert client.ping()


@pytest.mark.slow
def test_another_server_survives_kill_9(new_postgres):
    server = new_postgres()
    with psycopg2.connect(server.url) as link, link.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 1 AS number")
    address = server.url
    server.kill()
    server.start()
    assert server.url == address
    with psycopg2.connect(server.url) as link, link.cursor() as cursor:
        cursor.execute("SELECT number FROM kept")
        assert cursor.fetchone() == (1,)
