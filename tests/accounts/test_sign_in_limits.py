"""Guessing is slowed down by account first and address second, with and without Redis; nobody else is held up."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from accounts import sign_in_limits
from accounts.clock import server_now
from accounts.models import SignInFailure, User
from accounts.sign_in_limits import PER_ACCOUNT, TooManyFailures, begin_try, forget_old_failures
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PASSWORD = "mot-mat-khau-dai"
at_the_same_time = Barrier(16)


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def person():
    return make_user("NV-1", password=PASSWORD)


def sign_in(login: str, password: str, *, address: str = "10.0.0.1", **headers):
    return Client(REMOTE_ADDR=address).post("/accounts/login/", {"login": login, "password": password}, **headers)


def guess(login: str = "NV-1", times: int = PER_ACCOUNT, **more) -> list[int]:
    return [sign_in(login, "sai", **more).status_code for _ in range(times)]


def test_the_11th_try_is_refused_even_with_the_right_password_and_from_elsewhere(person):
    statuses = [sign_in("NV-1", "sai", address=f"10.0.0.{number}").status_code for number in range(PER_ACCOUNT)]
    assert statuses == [200] * 10
    refused = sign_in("NV-1", PASSWORD, address="192.0.2.7")
    assert refused.status_code == 429
    assert 290 <= int(refused["Retry-After"]) <= 300
    assert "Đã thử sai quá nhiều lần. Vui lòng thử lại sau 5 phút." in refused.content.decode()
    assert "_auth_user_id" not in refused.client.session


def test_control_without_the_limit_the_11th_try_with_the_right_password_gets_in(person, monkeypatch):
    monkeypatch.setattr(sign_in_limits, "PER_ACCOUNT", 10**6)
    guess()
    assert sign_in("NV-1", PASSWORD).status_code == 302


def test_after_the_period_the_right_password_gets_in_again(person):
    guess()
    SignInFailure.objects.update(at=server_now() - sign_in_limits.PERIOD)
    assert sign_in("NV-1", PASSWORD).status_code == 302


def test_waiting_helps_even_while_somebody_goes_on_trying(person):
    guess()
    assert guess(times=3) == [429] * 3
    assert SignInFailure.objects.count() == PER_ACCOUNT
    SignInFailure.objects.update(at=server_now() - sign_in_limits.PERIOD + timedelta(seconds=61))
    assert "sau 2 phút" in sign_in("NV-1", PASSWORD).content.decode()


@pytest.mark.parametrize("spelling", ["nv-1", " NV-1 ", "Nv-1"])
def test_no_spelling_of_the_name_starts_a_new_count(person, spelling):
    guess()
    assert sign_in(spelling, "sai").status_code == 429


def test_an_account_that_does_not_exist_gets_the_same_answers(person):
    def answers(login: str) -> list[tuple[int, str]]:
        given = [sign_in(login, "sai") for _ in range(PER_ACCOUNT + 1)]
        pages = [re.sub(r'csrfmiddlewaretoken" value="\w+"|[0-9a-f]{32}', "", page.content.decode()) for page in given]
        return [(page.status_code, text.replace(login, "")) for page, text in zip(given, pages, strict=True)]

    assert answers("NV-1") == answers("KHONG-CO")


def test_an_account_that_does_not_exist_costs_the_same_work(person, monkeypatch):
    hashed = []
    encode = "django.contrib.auth.hashers.MD5PasswordHasher.encode"
    monkeypatch.setattr(encode, lambda self, password, salt, *rest: hashed.append(password) or "md5$x$y")
    sign_in("NV-1", "sai")
    known = len(hashed)
    sign_in("KHONG-CO", "sai")
    assert (known, len(hashed)) == (1, 2)


def test_right_passwords_leave_no_trace_in_the_count_and_do_not_wipe_it(person):
    guess(times=9)
    assert sign_in("NV-1", PASSWORD).status_code == 302
    assert SignInFailure.objects.count() == 9
    guess(times=1)
    assert sign_in("NV-1", PASSWORD).status_code == 429


def test_rows_tell_neither_who_nor_from_where(person):
    guess(times=1, address="192.0.2.7")
    row = SignInFailure.objects.get()
    assert re.fullmatch("[0-9a-f]{64}", row.account)
    assert re.fullmatch("[0-9a-f]{64}", row.address)
    assert row.account != row.address


def test_many_accounts_tried_from_one_address_are_refused_and_other_addresses_are_not(person, monkeypatch):
    monkeypatch.setattr(sign_in_limits, "PER_ADDRESS", 20)
    assert [sign_in(f"NV-{number}", "sai").status_code for number in range(100, 121)] == [200] * 20 + [429]
    assert sign_in("NV-1", PASSWORD).status_code == 429
    assert sign_in("NV-1", PASSWORD, address="10.0.0.2").status_code == 302


# --- Behind proxies ---------------------------------------------------------------------------------


def forwarded(claim: str, *, real: str = "203.0.113.9") -> dict[str, str]:
    """What our one proxy sends on when a visitor at `real` claims to be `claim`."""
    return {"HTTP_X_FORWARDED_FOR": f"{claim}, {real}" if claim else real}


def guesses_under_claims(**more) -> list[int]:
    return [
        sign_in(f"NV-{n}", "sai", address="127.0.0.1", **more, **forwarded(f"198.51.100.{n}")).status_code
        for n in range(100, 103)
    ]


def test_a_forged_address_neither_dodges_the_limit_nor_locks_its_owner_out(person, monkeypatch, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    monkeypatch.setattr(sign_in_limits, "PER_ADDRESS", 2)
    assert guesses_under_claims() == [200, 200, 429]
    owner = sign_in("NV-1", PASSWORD, address="127.0.0.1", **forwarded("", real="198.51.100.100"))
    assert owner.status_code == 302


def test_control_trusting_one_proxy_too_many_a_forged_address_dodges_the_limit(person, monkeypatch, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    monkeypatch.setattr(sign_in_limits, "PER_ADDRESS", 2)
    assert guesses_under_claims() == [200, 200, 200]


def test_without_proxies_the_header_means_nothing(person, monkeypatch, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    monkeypatch.setattr(sign_in_limits, "PER_ADDRESS", 2)
    assert guesses_under_claims() == [200, 200, 429]


@pytest.mark.parametrize("header", [{}, {"HTTP_X_FORWARDED_FOR": "192.0.2.1"}, {"HTTP_X_FORWARDED_FOR": "x, y"}])
def test_a_visit_that_came_round_the_proxies_still_signs_in(person, settings, header):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    assert sign_in("NV-1", PASSWORD, **header).status_code == 302


# --- Together ---------------------------------------------------------------------------------------


def at_once(work, items, threads: int) -> list:
    def run(item):
        try:
            return work(item)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, items))


def sign_all_in(number: int) -> list[int]:
    for each in range(number):
        make_user(f"BV-{each}", password=PASSWORD)
    return at_once(lambda each: sign_in(f"BV-{each}", PASSWORD).status_code, range(number), 8)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_hundred_people_behind_one_address_sign_in_at_once():
    began = server_now()
    assert sign_all_in(100) == [302] * 100
    assert User.objects.filter(last_login__gte=began).count() == 100


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_control_with_the_librarys_limit_by_address_they_do_not(settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "30/m/ip"}
    assert sign_all_in(40).count(429) == 10


def begin(number: int) -> bool:
    try:
        begin_try(account="NV-1", address=f"10.0.0.{number}")
    except TooManyFailures:
        return False
    return True


def look_first(number: int) -> bool:
    """The naive way: look, check, and write down only what was wrong."""
    seen = SignInFailure.objects.filter(account="x").count()
    if seen >= PER_ACCOUNT:
        return False
    at_the_same_time.wait()
    SignInFailure.objects.create(account="x", address="y")
    return True


@pytest.mark.django_db(transaction=True)
def test_of_many_guesses_at_once_no_more_than_the_limit_are_checked():
    assert sum(at_once(begin, range(16), 16)) <= PER_ACCOUNT


@pytest.mark.django_db(transaction=True)
def test_control_looking_first_and_writing_later_lets_all_guesses_through():
    assert sum(at_once(look_first, range(16), 16)) == 16


def test_old_failures_are_forgotten(person):
    guess(times=2)
    SignInFailure.objects.filter(pk=SignInFailure.objects.order_by("pk")[0].pk).update(
        at=server_now() - sign_in_limits.PERIOD
    )
    assert forget_old_failures() == 1
    assert SignInFailure.objects.count() == 1
