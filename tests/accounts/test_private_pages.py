"""Whatever a signed-in person is shown stays in no cache; what is the same for all may."""

import pytest

from accounts.models import Role
from tests.factories import draft_round, grant, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def organiser(client):
    person = make_user()
    grant(person, Role.ORGANISER)
    client.force_login(person)


def test_the_key_of_a_coming_round_is_kept_by_no_browser(client, organiser):
    response = client.get(f"/manage/rounds/{draft_round().pk}/key/")
    assert (response.status_code, response["Cache-Control"]) == (200, "private, no-store")


@pytest.mark.parametrize("address", ["/", "/manage/", "/manage/banks/", "/api/v1/rounds/", "/manage/rounds/0/"])
def test_no_page_of_a_signed_in_person_is_kept(client, organiser, address):
    assert "no-store" in client.get(address)["Cache-Control"]


@pytest.mark.parametrize("address", ["/", "/verify_record.py", "/health/live"])
def test_what_visitors_see_may_be_kept(client, address):
    assert "Cache-Control" not in client.get(address)


def test_what_rests_on_no_session_may_be_kept_by_people_who_have_one(client, organiser):
    assert "Cache-Control" not in client.get("/verify_record.py")
