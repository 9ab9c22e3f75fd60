"""Roles that matter work with a second factor only, however their holder signed in, and no code counts twice."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts import sign_in_limits
from accounts.models import AuditEntry
from accounts.problems import Refused
from accounts.second_factor import reset_second_factor
from tests.accounts.authenticator import code_of
from tests.factories import draft_round, grant, make_root, make_unit, make_user, open_round

pytestmark = pytest.mark.django_db
PASSWORD = "mot-mat-khau-dai"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ENROL, CODE, CODE_AGAIN = "/accounts/2fa/totp/activate/", "/accounts/2fa/authenticate/", "/accounts/2fa/reauthenticate/"
ASKED = ("organiser", "secretary", "auditor", "administrator")


@pytest.fixture(autouse=True)
def required(settings):
    settings.REQUIRE_SECOND_FACTOR = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def person_with(role: str | None = None, *, app: bool = False):
    user = make_user(unit=make_unit(parent=make_root()), password=PASSWORD)
    if role:
        grant(user, role)
    if app:
        with_app(user)
    return user


def with_app(user) -> Authenticator:
    return TOTP.activate(user, SECRET).instance


def sign_in(user, client: Client | None = None, **query):
    client = client or Client()
    form = {"login": user.employee_id, "password": PASSWORD} | query
    return client, client.post("/accounts/login/", form)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


# --- Who is asked -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("role", ASKED)
def test_who_holds_such_a_role_is_led_to_set_up_a_second_factor_and_back(role):
    client, response = sign_in(person_with(role))
    assert response.status_code == 302
    page = client.get("/manage/?q=1")
    assert (page.status_code, page.url) == (302, f"{ENROL}?next=%2Fmanage%2F%3Fq%3D1")
    secret = re.search(r'id="secret"[^>]*>(\w+)<', client.get(page.url).content.decode())[1]
    enrolled = client.post(page.url, {"code": code_of(secret)})
    assert (enrolled.status_code, enrolled.url) == (302, reverse("mfa_view_recovery_codes"))
    codes = client.get(enrolled.url).content.decode()
    assert len(re.findall(r"<code>\d{8}</code>", codes)) == 10
    assert 'href="/manage/?q=1"' in codes
    assert client.get("/manage/").status_code == 200


@pytest.mark.parametrize("role", ASKED)
def test_control_where_it_is_not_required_nobody_is_asked(role, settings):
    settings.REQUIRE_SECOND_FACTOR = False
    client, _ = sign_in(person_with(role))
    assert client.get("/manage/").status_code == 200


@pytest.mark.parametrize("role", [None, "coordinator", "judge"])
def test_nobody_else_is_asked(role):
    client, _ = sign_in(person_with(role))
    assert client.get("/rounds/").status_code == 200


def test_it_is_required_in_production_and_not_in_the_demo():
    assert django_settings.SECURE is False
    text = (django_settings.BASE_DIR / "config" / "settings.py").read_text()
    assert 'REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=SECURE)' in text


def test_a_role_granted_in_a_live_session_is_asked_for_at_the_next_request():
    user = person_with()
    client, _ = sign_in(user)
    assert client.get("/rounds/").status_code == 200
    grant(user, "organiser")
    assert client.get("/rounds/").status_code == 302


def test_until_then_nothing_is_done_and_calls_of_the_api_are_refused():
    client, _ = sign_in(person_with("organiser"))
    contest = draft_round().contest
    address = reverse("manage-contest-visibility", args=[contest.pk])
    response = client.post(address, headers={"Referer": "http://testserver/manage/contests/1/"})
    assert (response.status_code, response.url) == (
        302,
        f"{ENROL}?next=http%3A%2F%2Ftestserver%2Fmanage%2Fcontests%2F1%2F",
    )
    contest.refresh_from_db()
    assert contest.is_public
    call = client.get("/api/v1/rounds/")
    assert (call.status_code, call["Content-Type"]) == (403, "application/problem+json")
    assert call.json()["code"] == "second_factor_required"


def test_a_form_sent_from_elsewhere_does_not_choose_where_to_come_back():
    client, _ = sign_in(person_with("organiser"))
    response = client.post("/manage/contests/1/visibility/", headers={"Referer": "https://evil.example/"})
    assert response.url == f"{ENROL}?next=%2F"


def test_what_everybody_sees_and_the_way_out_stay_open():
    client, _ = sign_in(person_with("organiser"))
    open_pages = ("/", "/verify_record.py", "/accounts/security/", ENROL, "/health/live", "/accounts/logout/")
    assert {page: client.get(page).status_code for page in open_pages} == dict.fromkeys(open_pages, 200)
    assert client.post("/i18n/setlang/", {"language": "en"}).status_code == 302
    client.post("/accounts/logout/")
    assert not is_signed_in(client)


def test_on_open_pages_the_role_does_not_count_yet():
    client, _ = sign_in(person_with("organiser"))
    assert 'href="/manage/"' not in client.get("/").content.decode()
    with_app(user := person_with("organiser"))
    client, _ = sign_in(user)
    client.post(CODE, {"code": code_of(SECRET)})
    assert 'href="/manage/"' in client.get("/").content.decode()


def test_answering_by_attempt_key_goes_on_and_costs_no_more(settings, django_assert_num_queries):
    user = person_with()
    round = open_round()
    client, _ = sign_in(user)
    attempt = client.post(f"/api/v1/rounds/{round.pk}/attempts/", content_type="application/json").json()
    grant(user, "secretary")
    headers = {"Attempt-Key": attempt["attempt_key"]}
    for settings.REQUIRE_SECOND_FACTOR in (False, True):
        with django_assert_num_queries(1):
            saved = client.put(
                f"/api/v1/attempts/{attempt['id']}/answers/1",
                {"choices": [1], "sequence": 1}, content_type="application/json", headers=headers,
            )  # fmt: skip
        assert saved.status_code == 200
    assert client.get("/rounds/").status_code == 302


# --- At sign-in -------------------------------------------------------------------------------------


def test_with_an_app_nobody_is_signed_in_by_the_password_alone():
    client, response = sign_in(person_with("organiser", app=True), next="/manage/")
    assert (response.url, is_signed_in(client)) == (CODE, False)
    entered = client.post(CODE, {"code": code_of(SECRET)})
    assert (entered.url, is_signed_in(client)) == ("/manage/", True)
    assert client.get("/manage/").status_code == 200


def test_participants_who_chose_a_second_factor_are_asked_as_well():
    client, response = sign_in(person_with(app=True))
    assert (response.url, is_signed_in(client)) == (CODE, False)


def test_a_wrong_code_is_refused_and_a_recovery_code_works_once():
    user = person_with("organiser", app=True)
    spare = RecoveryCodes.activate(user).generate_codes()[0]
    client, _ = sign_in(user)
    wrong = client.post(CODE, {"code": "000000" if code_of(SECRET) != "000000" else "000001"})
    assert "Mã chưa đúng hoặc đã được dùng." in wrong.content.decode()
    assert client.post(CODE, {"code": spare}).status_code == 302
    again, _ = sign_in(user)
    assert again.post(CODE, {"code": spare}).status_code == 200
    assert (is_signed_in(client), is_signed_in(again)) == (True, False)


def test_a_session_from_before_the_app_was_set_up_elsewhere_is_asked_for_the_code():
    user = person_with("organiser")
    client, _ = sign_in(user)
    with_app(user)
    page = client.get("/manage/")
    assert page.url == f"{CODE_AGAIN}?next=%2Fmanage%2F"
    assert client.get(page.url).status_code == 200
    assert client.post(page.url, {"code": code_of(SECRET), "next": "/manage/"}).url == "/manage/"
    assert client.get("/manage/").status_code == 200


def test_such_a_session_gets_at_no_recovery_codes_with_the_password():
    user = person_with("organiser")
    client, _ = sign_in(user)
    with_app(user)
    for address in (reverse("mfa_view_recovery_codes"), reverse("mfa_deactivate_totp"), "/accounts/reauthenticate/"):
        assert client.get(address).url.startswith(CODE_AGAIN)
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).url.startswith(CODE_AGAIN)


def test_an_app_taken_away_counts_for_nothing_whatever_the_session_says():
    user = person_with("organiser", app=True)
    client, _ = sign_in(user)
    client.post(CODE, {"code": code_of(SECRET)})
    Authenticator.objects.all().delete()
    assert client.get("/manage/").url.startswith(ENROL)


def test_setting_up_needs_a_fresh_sign_in():
    client, _ = sign_in(person_with("organiser"))
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] = time.time() - 3600
    session.save()
    page = client.get(ENROL)
    assert page.status_code == 403
    assert "Vui lòng đăng nhập lại" in page.content.decode()
    assert client.post(ENROL, {"code": "123456"}).status_code == 403
    assert not Authenticator.objects.exists()


def test_pages_of_other_second_factors_are_not_offered():
    client, _ = sign_in(person_with())
    for page in ("webauthn/", "webauthn/add/", "webauthn/login/", "trust/"):
        assert client.get(f"/accounts/2fa/{page}").status_code == 404


# --- Codes ------------------------------------------------------------------------------------------


def code_steps_away(steps: int) -> bool:
    client, _ = sign_in(person_with(app=True))
    client.post(CODE, {"code": code_of(SECRET, steps)})
    return is_signed_in(client)


def test_a_clock_half_a_minute_off_is_tolerated_and_two_minutes_are_not():
    assert [code_steps_away(steps) for steps in (-1, 0, 1)] == [True] * 3
    assert [code_steps_away(steps) for steps in (-4, 4)] == [False] * 2


def replay(user) -> list[bool]:
    """Whether the same code lets in twice, the cache having forgotten in between."""
    code, entered = code_of(SECRET, 1), []
    for _ in range(2):
        cache.clear()
        client, _ = sign_in(user)
        client.post(CODE, {"code": code})
        entered.append(is_signed_in(client))
    return entered


def test_no_code_lets_in_twice_nor_one_that_is_older_than_the_last():
    user = person_with(app=True)
    assert replay(user) == [True, False]
    client, _ = sign_in(user)
    client.post(CODE, {"code": code_of(SECRET)})
    assert not is_signed_in(client)


def test_control_the_librarys_own_memory_of_codes_goes_with_the_cache(monkeypatch):
    monkeypatch.setattr("accounts.second_factor_forms.use_code_once", lambda authenticator, code: True)
    assert replay(person_with(app=True)) == [True, True]


def test_the_code_that_set_the_app_up_does_not_sign_in():
    user = person_with()
    client, _ = sign_in(user)
    secret = re.search(r'id="secret"[^>]*>(\w+)<', client.get(ENROL).content.decode())[1]
    code = code_of(secret)
    client.post(ENROL, {"code": code})
    other, _ = sign_in(user)
    other.post(CODE, {"code": code})
    assert not is_signed_in(other)
    other.post(CODE, {"code": code_of(secret, 1)})
    assert is_signed_in(other)


def test_the_11th_code_is_refused_even_if_right_and_from_a_new_session(monkeypatch):
    user = person_with(app=True)
    client, _ = sign_in(user)
    statuses = [client.post(CODE, {"code": "12"}).status_code for _ in range(sign_in_limits.PER_ACCOUNT)]
    assert statuses == [200] * 10
    again, _ = sign_in(user)
    refused = again.post(CODE, {"code": code_of(SECRET)})
    assert (refused.status_code, is_signed_in(again)) == (429, False)
    monkeypatch.setattr(sign_in_limits, "PER_ACCOUNT", 10**6)
    again.post(CODE, {"code": code_of(SECRET)})
    assert is_signed_in(again)


def test_wrong_codes_of_those_with_a_role_leave_a_trace_and_right_ones_none():
    power, participant = person_with("organiser", app=True), person_with(app=True)
    for user in (power, participant):
        client, _ = sign_in(user)
        client.post(CODE, {"code": "000000"})
        code = code_of(SECRET)
        client.post(CODE, {"code": code})
        assert is_signed_in(client)
        client.post(CODE_AGAIN, {"code": code})  # used already
    told = AuditEntry.objects.filter(verb="session.code_refused").values_list("actor", "object_id", "after")
    assert list(told) == [(None, str(power.pk), {})] * 2


def test_secrets_are_unreadable_in_the_database():
    user = person_with()
    client, _ = sign_in(user)
    secret = re.search(r'id="secret"[^>]*>(\w+)<', client.get(ENROL).content.decode())[1]
    client.post(ENROL, {"code": code_of(secret)})
    stored = {each.type: each.data for each in Authenticator.objects.all()}
    assert secret not in str(stored)
    assert stored["totp"]["secret"].startswith("gAAAA")
    assert stored["recovery_codes"]["seed"].startswith("gAAAA")
    assert secret not in str(dict(client.session))


def test_a_changed_secret_key_keeps_second_factors_while_the_old_one_is_a_fallback(settings):
    user, old = person_with(app=True), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another-key" * 6, [old]
    client, _ = sign_in(user)
    client.post(CODE, {"code": code_of(SECRET)})
    assert is_signed_in(client)
    settings.SECRET_KEY_FALLBACKS = []
    client, _ = sign_in(user)
    page = client.post(CODE, {"code": code_of(SECRET, 1)})
    assert "Không đọc được mã bí mật đã lưu." in page.content.decode()
    assert not is_signed_in(client)


# --- Turning it off, losing it ----------------------------------------------------------------------


def test_who_needs_it_cannot_turn_it_off_and_who_chose_it_can():
    for role, remaining in (("organiser", 1), (None, 0)):
        user = person_with(role, app=True)
        client, _ = sign_in(user)
        client.post(CODE, {"code": code_of(SECRET)})
        client.post(reverse("mfa_deactivate_totp"))
        assert Authenticator.objects.filter(user=user, type="totp").count() == remaining


def test_an_administrator_takes_a_lost_second_factor_away_with_a_trace():
    administrator, user = person_with("administrator", app=True), person_with("organiser", app=True)
    lost, _ = sign_in(user)
    lost.post(CODE, {"code": code_of(SECRET)})
    client, _ = sign_in(administrator)
    client.post(CODE, {"code": code_of(SECRET)})
    address = reverse("manage-person-reset-second-factor", args=[user.pk])
    client.post(address, {"reason": " "})
    assert Authenticator.objects.filter(user=user).exists()
    client.post(address, {"reason": "Mất điện thoại, gặp trực tiếp"})
    assert not Authenticator.objects.filter(user=user).exists()
    assert lost.get("/accounts/security/").status_code == 302
    entry = AuditEntry.objects.get(verb="user.reset_second_factor")
    assert (entry.actor, entry.object_id) == (administrator, str(user.pk))
    assert entry.after == {"reason": "Mất điện thoại, gặp trực tiếp", "sessions": 1}
    again, _ = sign_in(user)
    assert again.get("/manage/").url.startswith(ENROL)


def test_an_administrator_without_a_second_factor_takes_nobody_elses_away():
    administrator, user = person_with("administrator"), person_with("organiser", app=True)
    client, _ = sign_in(administrator)
    response = client.post(reverse("manage-person-reset-second-factor", args=[user.pk]), {"reason": "x"})
    assert response.url.startswith(ENROL)
    assert Authenticator.objects.filter(user=user).exists()


def test_nobody_takes_their_own_away_without_a_code():
    administrator = person_with("administrator", app=True)
    with pytest.raises(Refused):
        reset_second_factor(user=administrator, actor=administrator, reason="x")
    assert Authenticator.objects.filter(user=administrator).exists()


def test_the_server_takes_the_only_administrators_own_away_with_a_trace(capsys):
    administrator = person_with("administrator", app=True)
    client, _ = sign_in(administrator)
    client.post(CODE, {"code": code_of(SECRET)})
    for refused in (["KHONG-CO", "--reason", "x"], [administrator.employee_id, "--reason", " "]):
        with pytest.raises(CommandError):
            call_command("reset_second_factor", *refused)
    assert Authenticator.objects.filter(user=administrator).exists()
    call_command("reset_second_factor", administrator.employee_id, "--reason", "Mất điện thoại")
    entry = AuditEntry.objects.get(verb="user.reset_second_factor")
    assert (entry.actor, entry.origin, entry.object_id) == (None, "command:reset_second_factor", str(administrator.pk))
    assert entry.after == {"reason": "Mất điện thoại", "sessions": 1}
    assert client.get("/manage/").status_code == 302
    with pytest.raises(CommandError, match="chưa thiết lập"):
        call_command("reset_second_factor", administrator.employee_id, "--reason", "x")


# --- Cost -------------------------------------------------------------------------------------------


def queries_of(client: Client, address: str, django_assert_max_num_queries) -> int:
    with django_assert_max_num_queries(100) as asked:
        client.get(address)
    return len(asked)


@pytest.mark.parametrize("role", [None, "organiser"])
def test_it_costs_a_page_one_query_and_visitors_none(role, settings, django_assert_max_num_queries):
    user = person_with(role, app=True)
    client, _ = sign_in(user)
    client.post(CODE, {"code": code_of(SECRET)})
    client.get("/rounds/")
    counts = {}
    for settings.REQUIRE_SECOND_FACTOR in (False, True):
        counts[settings.REQUIRE_SECOND_FACTOR] = [
            queries_of(each, page, django_assert_max_num_queries)
            for each, page in ((client, "/rounds/"), (Client(), "/"))
        ]
    (page, visitor), (page_asked, visitor_asked) = counts[False], counts[True]
    assert (page_asked - page, visitor_asked - visitor) == (1, 0)
