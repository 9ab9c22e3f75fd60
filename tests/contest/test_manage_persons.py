"""The pages of people: administrators only, within their scope; shutting out takes effect at once and everywhere."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.clock import server_now
from accounts.models import ApiToken, AuditEntry, User
from accounts.problems import Problem, Refused
from accounts.sso.identity import Identity, has_identity, link_identity
from contest.models import Attempt
from contest.services import attempts
from contest.services.attempts import start_attempt
from contest.services.people import deactivate_user, reactivate_user
from tests.factories import grant, make_root, make_unit, make_user, open_round
from tests.faults.quiz import browser_of

pytestmark = pytest.mark.django_db
PASSWORD = "mot-mat-khau-dai"


@pytest.fixture
def unit():
    return make_unit("YT", name="Sở Y tế", parent=make_root())


@pytest.fixture
def administrator(unit):
    user = make_user("quan-tri", full_name="Quản Trị", unit=unit)
    grant(user, "administrator")
    return user


@pytest.fixture
def person(unit, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return make_user("NV-1", full_name="Lê Thị Ánh", unit=unit, password=PASSWORD)


def sign_in(person) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": person.employee_id, "password": PASSWORD})
    return client


def act_on(person, act: str, by, reason: str = "Đơn ngày 1/6"):
    return browser_of(by).post(reverse(f"manage-person-{act}", args=[person.pk]), {"reason": reason}, follow=True)


# --- Finding ----------------------------------------------------------------------------------------


def test_people_are_found_without_diacritics_by_name_or_number(administrator, person):
    client = browser_of(administrator)
    for words in ("le thi anh", "NV-1"):
        page = client.get(reverse("manage-people"), {"q": words}).content.decode()
        assert "Lê Thị Ánh" in page
        assert "Quản Trị</a>" not in page
    assert "Lê Thị Ánh" not in client.get(reverse("manage-people"), {"state": "inactive"}).content.decode()
    assert "Lê Thị Ánh" not in client.get(reverse("manage-people"), {"state": "roles"}).content.decode()


def test_an_administrator_reaches_people_of_their_scope_who_hold_no_role_beyond_it(unit, person):
    local = make_user(unit=unit)
    grant(local, "administrator", unit)
    above = make_user(full_name="Người Trên", unit=unit)
    grant(above, "organiser", make_root())
    elsewhere, homeless = make_user(unit=make_unit(parent=make_root())), make_user()
    client = browser_of(local)
    statuses = {
        user.pk: client.get(reverse("manage-person", args=[user.pk])).status_code
        for user in (person, above, elsewhere, homeless)
    }
    assert list(statuses.values()) == [200, 404, 404, 404]
    assert act_on(above, "deactivate", local).status_code == 404
    above.refresh_from_db()
    assert above.is_active
    everywhere = make_user()
    grant(everywhere, "administrator")
    assert browser_of(everywhere).get(reverse("manage-person", args=[homeless.pk])).status_code == 200


def test_the_list_takes_as_many_queries_for_3_as_for_1(administrator, unit, django_assert_max_num_queries):
    client = browser_of(administrator)

    def queries() -> int:
        with django_assert_max_num_queries(30) as asked:
            client.get(reverse("manage-people"))
        return len(asked)

    before = queries()
    for _ in range(2):
        make_user(unit=unit)
    assert queries() == before


def test_the_page_tells_how_somebody_signs_in(administrator, person):
    sign_in(person)
    grant(person, "judge")
    page = browser_of(administrator).get(reverse("manage-person", args=[person.pk])).content.decode()
    for text in ("Sở Y tế", "Giám khảo", "Chưa liên kết", "Chưa bật", '<dd class="num">1</dd>'):
        assert text in page


# --- Shutting out -----------------------------------------------------------------------------------


def test_a_person_shut_out_is_signed_out_everywhere_at_once(administrator, person):
    browsers = [sign_in(person), sign_in(person)]
    _, token = ApiToken.objects.issue(user=person, expires_at="2100-01-01T00:00Z")
    assert [each.get("/rounds/").status_code for each in browsers] == [200, 200]
    assert "Đã khóa tài khoản" in act_on(person, "deactivate", administrator).content.decode()
    assert [each.get("/rounds/").status_code for each in browsers] == [302, 302]
    assert Client().get("/api/v1/rounds/", headers={"Authorization": f"Token {token}"}).status_code == 401
    entry = AuditEntry.objects.get(verb="user.deactivate")
    assert (entry.actor, entry.after) == (administrator, {"reason": "Đơn ngày 1/6", "keys": 0, "sessions": 2})
    again = sign_in(person)
    assert "_auth_user_id" not in again.session


def test_a_person_let_in_again_signs_in_anew_and_old_sessions_stay_ended(administrator, person):
    old = sign_in(person)
    act_on(person, "deactivate", administrator)
    act_on(person, "reactivate", administrator, reason="Trở lại công tác")
    assert old.get("/rounds/").status_code == 302
    assert sign_in(person).get("/rounds/").status_code == 200
    assert AuditEntry.objects.get(verb="user.reactivate").after == {"reason": "Trở lại công tác"}


def test_an_open_attempt_of_a_person_shut_out_takes_nothing_more(administrator, person):
    round, client = open_round(), sign_in(person)
    started = client.post(f"/api/v1/rounds/{round.pk}/attempts/", content_type="application/json").json()

    def save(sequence: int):
        return Client().put(
            f"/api/v1/attempts/{started['id']}/answers/1",
            {"choices": [1], "sequence": sequence},
            content_type="application/json",
            headers={"Attempt-Key": started["attempt_key"]},
        )

    assert save(1).status_code == 200
    act_on(person, "deactivate", administrator)
    refused = save(2)
    assert (refused.status_code, refused.json()["code"]) == (403, "invalid_attempt_key")
    act_on(person, "reactivate", administrator)
    assert save(3).status_code == 403


def test_ending_all_sessions_ends_no_attempt(administrator, person):
    browser = sign_in(person)
    _token, text = ApiToken.objects.issue(user=person, expires_at=server_now() + timedelta(days=1))
    program = {"Authorization": f"Token {text}"}
    assert Client().get("/api/v1/rounds/", headers=program).status_code == 200
    page = act_on(person, "end-sessions", administrator).content.decode()
    assert "Đã đăng xuất người này khỏi mọi thiết bị." in page
    assert browser.get("/rounds/").status_code == 302
    assert sign_in(person).get("/rounds/").status_code == 200
    assert Client().get("/api/v1/rounds/", headers=program).status_code == 401
    after = AuditEntry.objects.get(verb="user.end_sessions").after
    assert after == {"reason": "Đơn ngày 1/6", "sessions": 1, "tokens": 1}


def test_a_link_made_by_mistake_is_taken_away_with_the_sessions_that_it_opened(administrator, person):
    browser = sign_in(person)
    identity = Identity(provider="tinh", issuer="https://sso.example", subject="somebody else")
    link_identity(user=person, identity=identity, actor=administrator)
    assert "Gỡ liên kết" in browser_of(administrator).get(f"/manage/people/{person.pk}/").content.decode()
    act_on(person, "unlink", administrator)
    assert not has_identity(person)
    assert browser.get("/rounds/").status_code == 302
    assert "Gỡ liên kết" not in browser_of(administrator).get(f"/manage/people/{person.pk}/").content.decode()


@pytest.mark.parametrize("act", ["deactivate", "end-sessions", "unlink", "reset-second-factor"])
def test_every_act_needs_a_reason(administrator, person, act):
    assert "Cần ghi lý do." in act_on(person, act, administrator, reason="  ").content.decode()
    assert not AuditEntry.objects.filter(verb__startswith="user.").exists()
    person.refresh_from_db()
    assert person.is_active


def test_nobody_shuts_themselves_out_nor_the_last_administrator(administrator):
    """The control: with another administrator the first goes, and then the other is the last."""
    second = make_user()
    with pytest.raises(Refused, match="chính mình"):
        deactivate_user(user=administrator, actor=administrator, reason="x")
    with pytest.raises(Refused, match="cuối cùng"):
        deactivate_user(user=administrator, actor=second, reason="x")
    grant(second, "administrator")
    deactivate_user(user=administrator, actor=second, reason="x")
    with pytest.raises(Refused, match="cuối cùng"):
        deactivate_user(user=second, actor=make_user(), reason="x")
    assert list(User.objects.filter(is_active=False)) == [administrator]
    with pytest.raises(Refused, match="đã bị khóa"):
        deactivate_user(user=administrator, actor=second, reason="x")
    reactivate_user(user=administrator, actor=second, reason="x")
    with pytest.raises(Refused, match="đang hoạt động"):
        reactivate_user(user=administrator, actor=second, reason="x")


# --- A start under way ------------------------------------------------------------------------------


def start_while_being_shut_out(person, round) -> list[str]:
    """A start that has already looked at the account, and then waits for the one who is shutting it."""
    looked, outcome = Event(), []

    def start() -> None:
        try:
            start_attempt(user=person, round_id=round.pk)
            outcome.append("started")
        except Problem as problem:
            outcome.append(problem.code)
        finally:
            connection.close()

    insert = attempts._insert_attempt

    def insert_later(*args, **kwargs):
        looked.set()
        return insert(*args, **kwargs)

    attempts._insert_attempt = insert_later
    try:
        with transaction.atomic():
            thread = Thread(target=start)
            deactivate_user(user=person, actor=None, reason="x")
            thread.start()
            assert looked.wait(20)
            thread.join(0.3)  # it waits for this transaction, or is done already
        thread.join()
    finally:
        attempts._insert_attempt = insert
    return outcome


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_start_under_way_leaves_no_key_that_nobody_revoked(unit, person):
    assert start_while_being_shut_out(person, open_round()) == ["not_a_participant"]
    assert not Attempt.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_control_a_start_that_only_looked_before_leaves_one(unit, person, monkeypatch):
    naive = attempts._START.replace("AND u.is_active", "").replace("FOR SHARE OF r, u", "FOR SHARE OF r")
    monkeypatch.setattr(attempts, "_START", naive)
    assert start_while_being_shut_out(person, open_round()) == ["started"]
    assert Attempt.objects.get().user.is_active is False
