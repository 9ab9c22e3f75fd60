"""Without Redis, or with one that hangs, people sign in and answer, and nobody waits longer than a second."""

import socket
import threading
from contextlib import contextmanager

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import caches
from django.test import Client

from config.celery import app
from contest.models import Attempt
from tests.accounts.authenticator import code_of
from tests.factories import grant, make_attempt, make_unit, make_user, open_round
from tests.faults.quiz import answer_all, browser_of, client_of, post_start, submit

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "mot-mat-khau-dai"
LONGEST_WAIT = 1.0
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class HungRedis:
    """A listener that accepts and never answers, and counts who came: each visit costs a timeout."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open: list[socket.socket] = []
        self.visits = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"

    def _accept(self) -> None:
        while True:
            try:
                visitor, _ = self._listener.accept()
            except OSError:
                return
            self.visits += 1
            self._open.append(visitor)

    def close(self) -> None:
        self._listener.close()
        for visitor in self._open:
            visitor.close()


@contextmanager
def redis_at(url: str, settings):
    """Cache, broker and readiness look for Redis at `url`."""
    settings.REDIS_URL = url
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": url}}
    broker = app.conf.broker_url
    app.conf.broker_url = url
    try:
        yield
    finally:
        app.conf.broker_url = broker


@pytest.fixture
def hung(settings):
    server = HungRedis()
    with redis_at(server.url, settings):
        yield server
    server.close()


@pytest.fixture
def refused(settings):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with redis_at(f"redis://127.0.0.1:{port}/0", settings):
        yield


def read_timeout() -> float:
    return caches.settings["default"]["OPTIONS"]["socket_timeout"]


def sign_in(person, password: str = PASSWORD) -> tuple[Client, object]:
    browser = Client(enforce_csrf_checks=True)
    browser.get("/accounts/login/")
    token = browser.cookies["csrftoken"].value
    form = {"login": person.employee_id, "password": password, "csrfmiddlewaretoken": token}
    return browser, browser.post("/accounts/login/", form)


def everything_a_participant_does(person, round) -> dict[str, int]:
    """Each step's status, over pages and API, from signing in to the receipt."""
    browser, login = sign_in(person)
    api = client_of(person)
    started = post_start(api, round.pk)
    attempt = started.json()
    answer_all(attempt)
    return {
        "login": login.status_code,
        "front page": browser.get("/").status_code,
        "login page": Client().get("/accounts/login/").status_code,
        "api rounds": api.get("/api/v1/rounds/").status_code,
        "start": started.status_code,
        "submit": submit(attempt).status_code,
        "api attempt": api.get(f"/api/v1/attempts/{attempt['id']}/").status_code,
    }


ALL_WELL = {
    "login": 302,
    "front page": 200,
    "login page": 200,
    "api rounds": 200,
    "start": 201,
    "submit": 200,
    "api attempt": 200,
}


@pytest.fixture
def person():
    return make_user("0001", unit=make_unit(), password=PASSWORD)


@pytest.fixture
def round(person):
    return open_round()


def test_without_redis_everything_a_participant_does_goes_on(refused, person, round):
    assert everything_a_participant_does(person, round) == ALL_WELL
    assert Attempt.objects.get().state == "submitted"


def test_without_redis_a_code_signs_in_and_still_only_once(refused, person):
    TOTP.activate(person, SECRET)
    for enters in (True, False):
        browser, _ = sign_in(person)
        token = browser.cookies["csrftoken"].value
        browser.post("/accounts/2fa/authenticate/", {"code": code_of(SECRET), "csrfmiddlewaretoken": token})
        assert ("_auth_user_id" in browser.session) is enters


def test_readiness_is_degraded_and_still_200(refused):
    response = Client().get("/health/ready")
    body = response.json()
    assert (response.status_code, body["status"], body["database"], body["broker"]) == (200, "degraded", "ok", "down")


@pytest.mark.slow
def test_with_a_hung_redis_everything_goes_on_and_answering_never_meets_it(hung, person, round):
    assert everything_a_participant_does(person, round) == ALL_WELL
    before, attempt = hung.visits, post_start(client_of(make_user(unit=person.memberships.get().unit)), round.pk)
    answer_all(attempt.json())
    assert submit(attempt.json()).status_code == 200
    assert hung.visits == before, "the hot path touches no Redis"


@pytest.fixture
def limits_in_the_cache(settings):
    """As the library would keep them: signing in then calls the cache a dozen times."""
    settings.ACCOUNT_RATE_LIMITS = {"login": "3000/m/ip", "login_failed": "10/5m/key"}


PASSWORDS = pytest.mark.parametrize("password", [PASSWORD, "sai-mat-khau"], ids=["right", "wrong"])


@PASSWORDS
def test_signing_in_with_a_password_never_meets_redis(hung, person, password):
    sign_in(person, password)
    assert hung.visits == 0


def test_control_with_limits_in_the_cache_signing_in_does_meet_redis(hung, person, limits_in_the_cache):
    sign_in(person)
    assert hung.visits > 0


@pytest.mark.slow
@PASSWORDS
def test_no_sign_in_waits_more_than_a_second_for_a_hung_redis(hung, person, password, limits_in_the_cache):
    """Each visit to a Redis that never answers lasts the read timeout, so visits are what is counted."""
    Client().get("/accounts/login/")
    before = hung.visits
    sign_in(person, password)
    assert hung.visits > before, "the fault is real: signing in does meet Redis"
    assert (hung.visits - before) * read_timeout() <= LONGEST_WAIT


@pytest.mark.slow
def test_control_without_a_rest_after_a_failure_a_sign_in_waits_for_seconds(
    hung, person, monkeypatch, limits_in_the_cache
):
    monkeypatch.setattr("config.cache.REST_SECONDS", 0.0)
    sign_in(person)
    assert hung.visits * read_timeout() > 3 * LONGEST_WAIT


@pytest.mark.slow
def test_readiness_visits_a_hung_redis_once(hung):
    before = hung.visits
    assert Client().get("/health/ready").json()["status"] == "degraded"
    assert (hung.visits - before) * 0.5 <= LONGEST_WAIT


@pytest.mark.slow
def test_asking_for_a_file_waits_no_more_than_a_second_for_a_hung_broker(hung, round):
    make_attempt(round)
    organiser = make_user()
    grant(organiser, "organiser")
    browser, before = browser_of(organiser), hung.visits
    wish = {"kind": "participation", "round": round.pk, "format": "csv", "unit": ""}
    assert browser.post("/reports/exports/", wish).status_code == 302
    assert (hung.visits - before) * 1.0 <= LONGEST_WAIT


def test_what_is_cached_comes_back_once_redis_does(settings, new_valkey, monkeypatch):
    server = new_valkey()
    with redis_at(server.url, settings):
        cache = caches["default"]
        cache.set("name", "value")
        assert cache.get("name") == "value"
        server.kill()
        assert cache.get("name", "absent") == "absent"
        server.start()
        cache.set("name", "value")
        assert cache.get("name", "absent") == "absent", "Redis rests for a while"
        monkeypatch.setattr("config.cache.REST_SECONDS", 0.0)
        monkeypatch.setattr("config.cache._resting_until", {})
        cache.set("name", "value")
        assert cache.get("name", "absent") == "value"
