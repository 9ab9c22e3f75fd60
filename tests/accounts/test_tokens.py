"""API tokens act as one participant, until they expire or are revoked."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.clock import server_now
from accounts.models import ApiToken, AuditEntry
from accounts.problems import Refused
from accounts.tokens import MOST_TOKENS, create_token, revoke_token
from tests.factories import grant, make_root, make_unit, make_user

pytestmark = pytest.mark.django_db


def token_for(user, *arguments) -> str:
    out = StringIO()
    call_command("create_api_token", user.employee_id, *arguments, stdout=out)
    return out.getvalue().strip()


def status(text: str) -> int:
    return Client(headers={"Authorization": f"Token {text}"}).get("/api/v1/rounds/").status_code


def test_a_token_works_and_only_its_digest_is_stored():
    text = token_for(make_user("NV1"))
    assert status(text) == 200
    assert text not in str(ApiToken.objects.values())


def test_a_wrong_an_expired_and_a_revoked_token_do_not_work():
    text = token_for(make_user("NV1"))
    assert status("x" + text) == 401
    ApiToken.objects.update(expires_at=server_now() - timedelta(seconds=1))
    assert status(text) == 401
    ApiToken.objects.update(expires_at=server_now() + timedelta(days=1), revoked_at=server_now())
    assert status(text) == 401


def test_a_deactivated_persons_token_does_not_work():
    user = make_user("NV1")
    text = token_for(user)
    user.is_active = False
    user.save()
    assert status(text) == 401


def test_nobody_by_that_id_is_bad_data_and_an_absurd_time_is_usage():
    with pytest.raises(CommandError) as unknown:
        token_for(make_user("NV1").__class__(employee_id="NV2"))
    assert unknown.value.returncode == 1
    with pytest.raises(CommandError) as absurd:
        token_for(make_user("NV3"), "--days", "0")
    assert absurd.value.returncode == 2
    assert not ApiToken.objects.exists()


# --- Pages ------------------------------------------------------------------------------------------


@pytest.fixture
def person(client):
    user = make_user("NV1", unit=make_unit("YT", parent=make_root()))
    client.force_login(user)
    return user


def created_on_the_page(client, **values) -> str:
    """The text of a token that the page has just made."""
    page = client.post(reverse("api-tokens"), {"label": "Siêu ứng dụng", "days": 30} | values).content.decode()
    return page.split('id="token" value="')[1].split('"')[0]


def test_a_token_made_on_the_page_is_shown_once_works_and_ends_when_revoked(client, person):
    text = created_on_the_page(client, days=7)
    assert status(text) == 200
    token = ApiToken.objects.get()
    assert (token.user, token.label, (token.expires_at - server_now()).days) == (person, "Siêu ứng dụng", 6)
    page = client.get(reverse("api-tokens"))
    assert "Siêu ứng dụng" in page.content.decode()
    assert not {text, token.digest} & set(page.content.decode().split('"'))
    assert "no-store" in page["Cache-Control"]
    client.post(reverse("api-token-revoke", args=[token.pk]))
    assert status(text) == 401
    verbs = list(AuditEntry.objects.order_by("id").values_list("verb", "actor"))
    assert verbs == [("api_token.create", person.pk), ("api_token.revoke", person.pk)]
    assert text not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("values", [{"days": 0}, {"days": 366}, {"days": "x"}, {"label": " "}])
def test_bad_input_makes_no_token(client, person, values):
    assert client.post(reverse("api-tokens"), {"label": "A", "days": 30} | values).status_code == 200
    assert not ApiToken.objects.exists()


def test_a_person_has_so_many_usable_tokens_and_no_more(person):
    for _ in range(MOST_TOKENS):
        create_token(user=person, label="x", days=1)
    with pytest.raises(Refused):
        create_token(user=person, label="x", days=1)
    revoke_token(token=ApiToken.objects.first(), actor=person)
    create_token(user=person, label="x", days=1)


def test_nobody_sees_or_revokes_the_token_of_another(client, person):
    token, text = create_token(user=make_user(), label="BÍ MẬT", days=1)
    assert "BÍ MẬT" not in client.get(reverse("api-tokens")).content.decode()
    assert client.post(reverse("api-token-revoke", args=[token.pk])).status_code == 404
    assert client.get(reverse("manage-tokens")).status_code == 404
    assert client.post(reverse("manage-token-revoke", args=[token.pk])).status_code == 404
    assert status(text) == 200


def test_an_administrator_sees_and_revokes_tokens_of_people_in_scope_only(client):
    unit, elsewhere = make_unit("YT", parent=make_root()), make_unit("GD", parent=make_root())
    administrator = make_user(unit=unit)
    grant(administrator, "administrator", unit)
    (inside, text), (outside, other) = (
        create_token(user=make_user(name, unit=place), label="x", days=1)
        for name, place in (("TRONG", unit), ("NGOAI", elsewhere))
    )
    client.force_login(administrator)
    page = client.get(reverse("manage-tokens")).content.decode()
    assert ("TRONG" in page, "NGOAI" in page) == (True, False)
    assert client.post(reverse("manage-token-revoke", args=[outside.pk])).status_code == 404
    assert client.post(reverse("manage-token-revoke", args=[inside.pk])).status_code == 302
    assert (status(text), status(other)) == (401, 200)
    assert AuditEntry.objects.get(verb="api_token.revoke").actor == administrator


def test_a_token_opens_no_page_and_makes_no_token():
    """Of an administrator's: their session opens all of these pages."""
    administrator = make_user()
    grant(administrator, "administrator")
    _token, text = create_token(user=administrator, label="x", days=1)
    pages = [reverse(name) for name in ("api-tokens", "manage-home", "manage-roles", "manage-tokens")]
    with_token, signed_in = Client(headers={"Authorization": f"Token {text}"}), Client()
    signed_in.force_login(administrator)
    for page in pages:
        assert with_token.get(page).status_code == 302
        assert signed_in.get(page).status_code == 200
    assert with_token.post(pages[0], {"label": "x", "days": 1}).status_code == 302
    assert ApiToken.objects.count() == 1


def test_a_token_notes_its_last_day_of_use_with_one_write_a_day():
    _token, text = create_token(user=make_user(), label="x", days=1)

    def writes_of_a_call() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert status(text) == 200
        return sum(query["sql"].startswith("UPDATE") for query in queries)

    assert [writes_of_a_call() for _ in range(3)] == [1, 0, 0]
    assert ApiToken.objects.get().last_used_on == timezone.localdate()
    ApiToken.objects.update(last_used_on=timezone.localdate() - timedelta(days=1))
    assert [writes_of_a_call() for _ in range(2)] == [1, 0]


def test_the_lists_take_as_many_queries_for_3_as_for_1(client):
    administrator = make_user()
    grant(administrator, "administrator")
    client.force_login(administrator)
    counts = []
    for number in (1, 2):
        for _ in range(number):
            create_token(user=administrator, label="x", days=1)
        for page in ("api-tokens", "manage-tokens"):
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse(page))
            counts.append(len(queries))
    assert counts[:2] == counts[2:]
