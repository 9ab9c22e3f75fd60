"""The unlisted admin: nobody but administrators over everything sees that it is there; it shows no secret."""

import os
import subprocess
import sys

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.urls import get_resolver, reverse

from accounts.models import AuditEntry, Role, Unit, UnitKind
from config.admin import site
from contest.services.content import key_digest
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, open_round
from tests.faults.addresses import _walk

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.urls_with_admin")]

HOME = "/khong-ai-doan-duoc/"
# Never on any page of it, whatever model is registered.
NEVER = {
    "password", "digest", "secret", "salt", "key_at_opening", "key_confirmed_digest", "paper", "answers", "nonce",
    "correct", "explanation", "session_key", "session_data", "data", "token", "token_secret", "client_secret",
    "perfect_people", "prediction_target", "score", "extra_data", "email",
}  # fmt: skip


@pytest.fixture
def administrator(client):
    user = make_user("quan-tri", full_name="Quản Trị")
    grant(user, "administrator")
    client.force_login(user)
    return user


def every_page(unit: Unit) -> list[str]:
    """Each address under the admin's, with the unit's id in the places of ids."""
    routes = [address.route for address in _walk(get_resolver("tests.config.urls_with_admin").url_patterns, "")]
    routes = [route for route in routes if route.startswith(HOME[1:])]
    return ["/" + route.replace("<path:object_id>", str(unit.pk)).replace("<path:content_type_id>", "1")
            .replace("%(app_label)s", "accounts").replace("%(url)s", "x") for route in routes]  # fmt: skip


@pytest.mark.slow
def test_to_everybody_else_there_is_nothing(client):
    unit = make_unit(parent=make_root())
    people = {"anonymous": None, "participant": make_user(unit=unit)}
    for role in Role.values:
        people[role] = make_user()
        grant(people[role], role, unit if role == "administrator" else None)
    pages = every_page(unit)
    assert len(pages) > 30
    for who, person in people.items():
        client.logout()
        if person:
            client.force_login(person)
        assert {client.get(page).status_code for page in pages} == {404}, who
        assert {client.post(page).status_code for page in pages} == {404}, who


def test_control_an_administrator_over_everything_gets_in(client, administrator):
    assert client.get(HOME).status_code == 200
    for model in site._registry:
        assert (
            client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")).status_code == 200
        )


def test_on_another_host_there_is_nothing_for_administrators_either(client, administrator, settings):
    settings.ADMIN_HOST, settings.ALLOWED_HOSTS = "quan-tri.example", ["quan-tri.example", "cong.example"]
    assert client.get(HOME, headers={"host": "cong.example"}).status_code == 404
    assert client.get(HOME, headers={"host": "quan-tri.example"}).status_code == 200


@pytest.mark.parametrize(
    "page", ["login/", "logout/", "password_change/", "autocomplete/", "r/1/1/", "accounts/user/add/"]
)
def test_pages_that_sign_in_search_or_make_people_are_left_out(client, administrator, page):
    assert client.get(HOME + page).status_code in (403, 404)


@pytest.mark.slow
def test_no_registered_table_shows_a_secret_or_can_be_asked_about_one(client, administrator):
    assert not {model._meta.label for model in site._registry} & {
        "account.EmailAddress", "contest.Attempt", "contest.Standing", "contest.Question", "accounts.ApiToken",
        "mfa.Authenticator", "sessions.Session", "usersessions.UserSession", "socialaccount.SocialToken",
    }  # fmt: skip
    for model, admin in site._registry.items():
        assert not NEVER & set(admin.shown), model
        listing = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for field in model._meta.local_fields:
            assert client.get(f"{listing}?{field.name}__startswith=1").status_code in (302, 400), (model, field)
    password = client.get(reverse("admin:accounts_user_changelist") + "?password__startswith=pbkdf2")
    assert password.status_code == 400


def test_a_round_is_shown_without_what_decides_it(client, administrator):
    round = open_round(make_contest())
    round.key_confirmed_digest = key_digest(round)
    round.save()
    make_attempt(round, make_user(), answers="B")
    text = "".join(
        client.get(page).content.decode()
        for page in (
            reverse("admin:contest_round_changelist"), reverse("admin:contest_round_change", args=[round.pk]),
        )
    )  # fmt: skip
    assert round.title in text
    for secret in (round.salt, bytes(round.secret).hex(), round.key_confirmed_digest, round.commitment):
        assert secret not in text


@pytest.mark.slow
def test_a_person_can_be_looked_at_and_not_changed(client, administrator):
    person = make_user("NV-7", full_name="Lê Thị Ánh", password="mat-khau-thu")
    page = reverse("admin:accounts_user_change", args=[person.pk])
    text = client.get(page).content.decode()
    assert "Lê Thị Ánh" in text
    assert person.password not in text
    assert client.post(page, {"full_name": "Khác"}).status_code == 403
    assert client.get(reverse("admin:accounts_user_changelist") + "?q=NV-7").content.decode().count("NV-7") >= 1
    person.refresh_from_db()
    assert person.full_name == "Lê Thị Ánh"


def test_a_change_leaves_the_portals_trace_and_cannot_reach_what_reports_rest_on(client, administrator):
    unit = make_unit("YT", name="Sở Y tế", parent=make_root(), headcount=10)
    other = UnitKind.objects.create(name="Trường")
    page = reverse("admin:accounts_unit_change", args=[unit.pk])
    sent = client.post(page, {"name": "Sở Y tế mới", "kind": other.pk, "headcount": 99, "parent": "", "code": "X"})
    assert sent.status_code == 302
    unit.refresh_from_db()
    assert (unit.name, unit.kind, unit.headcount, unit.code) == ("Sở Y tế mới", other, 10, "YT")
    assert unit.parent == make_root()
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.object_id) == ("admin.change", administrator, str(unit.pk))
    assert entry.before["name"] == "Sở Y tế"
    assert entry.after == {"name": "Sở Y tế mới", "kind": str(other.pk)}
    assert LogEntry.objects.count() == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "starts"), [("admin", False), ("quan-tri/admin-bi-mat-lam", False), ("x" * 16, True)]
)
def test_a_path_that_can_be_guessed_is_refused_at_start(given, starts):
    run = subprocess.run(
        [sys.executable, "-c", "import config.settings as s; print(s.ADMIN_PATH)"],
        env=os.environ | {"ADMIN_PATH": given}, capture_output=True, text=True,
    )  # fmt: skip
    assert (run.returncode == 0) == starts


def test_without_a_path_there_is_none():
    assert apps.is_installed("django.contrib.admin")
    routes = [address.route for address in _walk(get_resolver("config.urls").url_patterns, "")]
    assert not any("changelist" in route or route.startswith("admin") for route in routes)
