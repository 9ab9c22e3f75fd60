"""Sessions: a new key at sign-in, ends that the server keeps, and none of them in the way of an attempt."""

import time
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts import sessions
from accounts.clock import server_now
from accounts.devices import device_name
from accounts.models import SignInFailure
from accounts.sessions import LONGEST_KEEP, STAMPS, ends_at, forget_ended_sessions
from accounts.tasks import forget_sessions
from contest.models import Attempt
from tests.factories import make_root, make_unit, make_user, open_round
from tests.faults.quiz import answer_all, submit

pytestmark = pytest.mark.django_db
PASSWORD = "mot-mat-khau-dai"
HOUR = 3600


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def person():
    return make_user("NV-1", unit=make_unit(parent=make_root()), password=PASSWORD)


@pytest.fixture
def visitor(person):
    return sign_in(person)


def sign_in(person, client: Client | None = None, agent: str = "", address: str = "10.0.0.1") -> Client:
    client = client or Client(REMOTE_ADDR=address, headers={"User-Agent": agent})
    client.post("/accounts/login/", {"login": person.employee_id, "password": PASSWORD})
    return client


def pass_time(client: Client, seconds: float, *, used_until: float | None = None) -> None:
    """Move the session's stamps into the past, its last use `used_until` seconds ago."""
    session = client.session
    stamps = session[STAMPS]
    moved = {"started": stamps["started"] - seconds, "keep": stamps["keep"] and stamps["keep"] - seconds}
    session[STAMPS] = moved | {"seen": stamps["seen"] - (seconds if used_until is None else used_until)}
    session.save()


def is_signed_in(client: Client) -> bool:
    return client.get("/rounds/").status_code == 200


# --- Signing in -------------------------------------------------------------------------------------


def test_signing_in_changes_the_session_key(person):
    client = Client()
    session = client.session
    session["before"] = 1
    session.save()
    client.cookies["sessionid"] = before = session.session_key
    sign_in(person, client)
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()
    assert Client(headers={"Cookie": f"sessionid={before}"}).get("/rounds/").status_code == 302


def test_the_cookie_goes_with_the_browser_and_no_script_reads_it(visitor):
    cookie = visitor.cookies["sessionid"]
    assert (cookie["max-age"], cookie["expires"], cookie["httponly"], cookie["samesite"]) == ("", "", True, "Lax")


# --- The ends ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "keep", "end"),
    [
        (0, 0, HOUR),  # not used again
        (3 * HOUR, 0, 4 * HOUR),  # used for a while
        (11.5 * HOUR, 0, 12 * HOUR),  # in use when the longest time is over
        (0, 1.5 * HOUR, 1.5 * HOUR),  # sitting over an attempt
        (11 * HOUR, 12.5 * HOUR, 12.5 * HOUR),  # over an attempt that runs past the longest time
        (13 * HOUR, 40 * HOUR, 14 * HOUR),  # over one without a time limit
    ],
)
def test_when_a_session_ends(seen, keep, end):
    stamps = sessions.Stamps(started=0, seen=seen, keep=keep)
    assert ends_at(stamps, idle=HOUR, longest=12 * HOUR) == end


moments = st.floats(0, 48 * HOUR)


@given(moments, moments)
def test_no_session_outlives_its_longest_time_by_more_than_an_attempt_takes(seen, keep):
    stamps = sessions.Stamps(started=0, seen=seen, keep=keep)
    assert ends_at(stamps, idle=HOUR, longest=12 * HOUR) <= 12 * HOUR + LONGEST_KEEP


def test_an_unused_session_ends_on_the_server_and_says_so(visitor, settings):
    settings.SESSION_IDLE_MINUTES = 60
    pass_time(visitor, 59 * 60)
    assert is_signed_in(visitor)
    pass_time(visitor, 61 * 60)
    response = visitor.get("/rounds/?x=1")
    assert (response.status_code, response.url) == (302, "/accounts/login/?next=/rounds/%3Fx%3D1")
    assert "Phiên làm việc đã hết hạn. Vui lòng đăng nhập lại" in visitor.get(response.url).content.decode()
    assert not UserSession.objects.exists()


def test_control_with_a_longer_limit_the_same_session_lives(visitor, settings):
    settings.SESSION_IDLE_MINUTES = 90
    pass_time(visitor, 61 * 60)
    assert is_signed_in(visitor)


def test_a_stolen_cookie_ends_as_well(visitor):
    cookie = visitor.cookies["sessionid"].value
    pass_time(visitor, 61 * 60)
    assert Client(headers={"Cookie": f"sessionid={cookie}"}).get("/api/v1/rounds/").status_code == 401


@pytest.mark.parametrize(("hours", "stays"), [(11.9, True), (12.1, False)])
def test_a_session_in_use_ends_after_the_longest_time(visitor, settings, hours, stays):
    settings.SESSION_HOURS = 12
    pass_time(visitor, hours * HOUR, used_until=10)
    assert is_signed_in(visitor) is stays


def test_use_is_noted_at_most_once_a_minute(visitor, django_assert_max_num_queries):
    def writes() -> int:
        with django_assert_max_num_queries(50) as asked:
            visitor.get("/rounds/")
        return sum("UPDATE" in query["sql"] for query in asked)

    assert writes() == 0
    pass_time(visitor, 61)
    assert (writes(), writes()) == (1, 0)


def test_what_the_page_asks_by_itself_is_no_use(visitor):
    pass_time(visitor, 50 * 60)
    before = visitor.session[STAMPS]
    for address in ("/accounts/session/", "/reports/exports/", "/rounds/"):
        visitor.get(address, headers={"X-Background": "1"})
    assert visitor.session[STAMPS] == before


def test_the_browser_learns_how_long_is_left_and_asks_for_more(visitor):
    pass_time(visitor, 58 * 60)
    asked = visitor.get("/accounts/session/", headers={"X-Background": "1"}).json()
    assert asked["signed_in"] is True
    assert 100 <= asked["seconds"] <= 120
    assert visitor.post("/accounts/session/").json()["seconds"] > 3590
    pass_time(visitor, 61 * 60)
    assert visitor.get("/accounts/session/").json() == {"signed_in": False, "seconds": None}
    assert visitor.post("/accounts/session/").status_code == 401


def test_health_is_told_without_looking_at_the_session(visitor, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert visitor.get("/health/live").status_code == 200


# --- Attempts ---------------------------------------------------------------------------------------


@pytest.fixture
def round(person):
    return open_round()


def start(visitor, round) -> dict:
    return visitor.post(f"/api/v1/rounds/{round.pk}/attempts/", content_type="application/json").json()


@pytest.mark.parametrize("ended", ["expired", "deleted"])
def test_answers_prediction_and_submission_go_on_without_the_session(visitor, round, ended):
    attempt = start(visitor, round)
    if ended == "expired":
        pass_time(visitor, 30 * HOUR)
    else:
        Session.objects.all().delete()
    answer_all(attempt)
    assert submit(attempt).status_code == 200
    assert not is_signed_in(visitor)
    assert Attempt.objects.get().state == "submitted"


def test_reloading_the_sheet_leads_through_sign_in_back_to_the_same_attempt(visitor, person, round):
    attempt = start(visitor, round)
    Session.objects.all().delete()
    page = f"/attempts/{attempt['id']}/"
    response = visitor.get(page)
    assert response.url == f"/accounts/login/?next={page}"
    form = {"login": person.employee_id, "password": PASSWORD, "next": page}
    assert visitor.post("/accounts/login/", form).url == page
    sheet = visitor.get(page)
    assert sheet.status_code == 200
    assert attempt["attempt_key"].split(":")[0] in sheet.content.decode()


@pytest.mark.parametrize("way", ["api", "start page", "sheet"])
def test_sitting_still_ends_no_session_while_an_attempt_runs(visitor, round, settings, way):
    settings.SESSION_IDLE_MINUTES = 10
    if way == "api":
        start(visitor, round)
    elif way == "start page":
        visitor.post(f"/rounds/{round.pk}/start/")
    else:
        attempt = start(visitor, round)
        session = visitor.session
        session[STAMPS] |= {"keep": 0.0}
        session.save()
        visitor.get(f"/attempts/{attempt['id']}/")
    left = Attempt.objects.get().deadline - server_now()
    assert left > timedelta(minutes=25)
    session = visitor.session
    session[STAMPS] |= {"seen": time.time() - 20 * 60}
    session.save()
    assert is_signed_in(visitor)
    Attempt.objects.update(deadline=server_now())
    session = visitor.session
    session[STAMPS] |= {"seen": time.time() - 20 * 60, "keep": time.time() - 1}
    session.save()
    assert not is_signed_in(visitor)


# --- Where one is signed in -------------------------------------------------------------------------

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"


def test_devices_are_named():
    edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
    assert [device_name(agent) for agent in (FIREFOX, PHONE, edge, "curl")] == [
        "Firefox, Linux", "Chrome, Android", "Edge, Windows", "",
    ]  # fmt: skip


def test_the_security_page_lists_my_browsers_and_ends_one_or_all_others(person):
    here, phone, office = (sign_in(person, agent=agent) for agent in (FIREFOX, PHONE, FIREFOX))
    stranger = sign_in(make_user("NV-2", unit=make_unit(parent=make_root()), password=PASSWORD))
    page = here.get("/accounts/security/").content.decode()
    assert (page.count("Firefox, Linux</th>"), page.count("Chrome, Android</th>")) == (1, 1)
    assert page.count("Thiết bị này") == 1
    row = UserSession.objects.get(user_agent=PHONE)
    assert stranger.post(f"/accounts/security/sessions/{row.pk}/end/").status_code == 404
    here.post(f"/accounts/security/sessions/{row.pk}/end/")
    assert [is_signed_in(each) for each in (here, phone, office, stranger)] == [True, False, True, True]
    here.post("/accounts/security/sessions/end/")
    assert [is_signed_in(each) for each in (here, office, stranger)] == [True, False, True]
    here.post("/accounts/security/sessions/end/", {"here": "1"})
    assert [is_signed_in(each) for each in (here, stranger)] == [False, True]
    assert UserSession.objects.count() == 1


@pytest.mark.parametrize("others", [0, 2])
def test_the_list_takes_as_many_queries_for_3_as_for_1(person, visitor, others, django_assert_num_queries):
    for _ in range(others):
        sign_in(person)
    visitor.get("/accounts/security/")
    with django_assert_num_queries(8):
        visitor.get("/accounts/security/")


def test_addresses_and_devices_vanish_with_the_session(person):
    out, ended, alive = sign_in(person), sign_in(person), sign_in(person)
    out.post("/accounts/logout/")
    Session.objects.filter(session_key=ended.session.session_key).update(expire_date=server_now())
    assert forget_ended_sessions() == 2
    assert list(UserSession.objects.values_list("session_key", flat=True)) == [alive.session.session_key]
    assert is_signed_in(alive)


def test_the_beat_forgets_sessions_and_failures(person, settings):
    assert settings.CELERY_BEAT_SCHEDULE["accounts.tasks.forget_sessions"]["schedule"] == 3600
    sign_in(person)
    Session.objects.all().delete()
    SignInFailure.objects.create(account="a", address="b", at=server_now() - timedelta(hours=1))
    forget_sessions()
    assert (UserSession.objects.count(), SignInFailure.objects.count()) == (0, 0)


def test_the_account_page_leads_to_what_is_mine(visitor):
    page = visitor.get("/accounts/").content.decode()
    for address in ("/accounts/security/", "/notifications/", "/privacy/my-data/"):
        assert f'href="{address}"' in page
    assert 'href="/accounts/"' in visitor.get("/").content.decode()
