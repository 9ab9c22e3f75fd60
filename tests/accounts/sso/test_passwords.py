"""The page of signing in, and passwords of the portal's own: for the demonstration, and for administrators."""

import pytest
from django.contrib.auth import authenticate

from accounts.models import Role
from accounts.sso import passwords
from tests.factories import grant, make_user

pytestmark = pytest.mark.django_db

PASSWORD = "mat-khau-rat-dai"
LOGIN, BREAK_GLASS, CHANGE = "/accounts/login/", "/accounts/login/administrators/", "/accounts/password/change/"


@pytest.fixture(autouse=True)
def _quick_hashes(settings):
    """Not what is tested here, and made to be slow."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def people():
    """One participant, one organiser, one administrator, one who was an administrator; all have passwords."""
    found = {
        name: make_user(name, password=PASSWORD) for name in ("participant", "organiser", "administrator", "former")
    }
    grant(found["organiser"], Role.ORGANISER)
    grant(found["administrator"], Role.ADMINISTRATOR)
    ended = grant(found["former"], Role.ADMINISTRATOR)
    ended.valid_to = ended.valid_from
    ended.save()
    return found


def sign_in(client, name, page=LOGIN):
    return client.post(page, {"login": name, "password": PASSWORD})


def came_in(client) -> bool:
    return "_auth_user_id" in client.session


# --- Who may ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("chosen", "admitted"),
    [
        ("off", set()),
        ("administrators", {"administrator"}),
        ("all", {"participant", "organiser", "administrator", "former"}),
    ],
)
def test_the_backend_knows_who_may_use_a_password(people, settings, rf, chosen, admitted):
    settings.LOCAL_PASSWORDS = chosen
    asked = {name: authenticate(rf.post("/"), username=name, password=PASSWORD) for name in people}
    assert {name for name, user in asked.items() if user} == admitted


def test_control_the_library_backend_lets_everybody_in(people, settings, rf):
    settings.LOCAL_PASSWORDS = "off"
    settings.AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
    assert authenticate(rf.post("/"), username="participant", password=PASSWORD) == people["participant"]


def test_the_demonstration_signs_in_with_a_form(people, client, settings):
    assert settings.LOCAL_PASSWORDS == "all"
    assert 'name="password"' in client.get(LOGIN).content.decode()
    assert sign_in(client, "participant")["Location"] == "/"
    assert came_in(client)
    assert client.get(BREAK_GLASS).status_code == 404


@pytest.mark.parametrize("chosen", ["off", "administrators"])
def test_otherwise_the_page_neither_shows_a_form_nor_takes_one(people, client, settings, chosen):
    settings.LOCAL_PASSWORDS = chosen
    page = client.get(LOGIN).content.decode()
    assert 'name="password"' not in page
    assert BREAK_GLASS not in page
    for name in people:
        assert sign_in(client, name).status_code == 403
        assert not came_in(client)


def test_off_leaves_no_way_round(people, client, settings):
    settings.LOCAL_PASSWORDS = "off"
    assert client.get(BREAK_GLASS).status_code == 404
    assert sign_in(client, "administrator", BREAK_GLASS).status_code == 404
    assert not came_in(client)


def test_administrators_have_a_page_of_their_own_that_nothing_leads_to(people, client, settings):
    settings.LOCAL_PASSWORDS = "administrators"
    assert 'name="password"' in client.get(BREAK_GLASS).content.decode()
    for name in ("participant", "organiser", "former"):
        response = sign_in(client, name, BREAK_GLASS)
        assert (response.status_code, came_in(client)) == (200, False)
        assert "Tên đăng nhập hoặc mật khẩu chưa đúng." in response.content.decode()
    sign_in(client, "administrator", BREAK_GLASS)
    assert came_in(client)


@pytest.mark.parametrize(
    ("chosen", "name", "status"),
    [
        ("all", "participant", 200),
        ("off", "participant", 404),
        ("administrators", "participant", 404),
        ("administrators", "administrator", 200),
        ("all", "sso", 404),
    ],
)
def test_a_password_is_changed_by_those_who_may_use_one(people, client, settings, chosen, name, status):
    settings.LOCAL_PASSWORDS = chosen
    client.force_login(people.get(name) or make_user("sso"))
    assert client.get(CHANGE).status_code == status


def test_who_may_is_asked_at_every_sign_in(people, settings):
    settings.LOCAL_PASSWORDS = "administrators"
    assert passwords.may_use_password(people["administrator"])
    people["administrator"].role_grants.update(valid_to=people["administrator"].role_grants.get().valid_from)
    assert not passwords.may_use_password(people["administrator"])


# --- The page -----------------------------------------------------------------------------------------------


def test_a_button_for_each_provider_comes_before_the_form(client, configure):
    configure({"tinh": "http://127.0.0.1:9400", "bo": "http://127.0.0.1:9401"})
    page = client.get(LOGIN + "?next=/rounds/").content.decode()
    places = [page.index(text) for text in ("Đăng nhập bằng Tài khoản tinh", "Đăng nhập bằng Tài khoản bo", "id_login")]
    assert places == sorted(places)
    assert page.count('<input type="hidden" name="next" value="/rounds/">') == 3
    assert 'action="/accounts/oidc/tinh/login/"' in page


def test_a_portal_without_any_way_in_says_so(client, settings):
    settings.LOCAL_PASSWORDS = "off"
    assert "Hiện chưa có cách đăng nhập nào được mở" in client.get(LOGIN).content.decode()


def test_the_page_calls_no_provider_and_asks_for_no_list_of_them(client, configure, django_assert_num_queries):
    configure({"tinh": "http://127.0.0.1:1"})
    client.get(LOGIN)
    with django_assert_num_queries(1):  # the frame's contest
        client.get(LOGIN)
    configure({"tinh": "http://127.0.0.1:1", "bo": "http://127.0.0.1:1", "xa": "http://127.0.0.1:1"})
    with django_assert_num_queries(1):
        client.get(LOGIN)


@pytest.mark.parametrize("next_page", ["//evil.example", "/\\evil.example"])
def test_after_a_password_people_stay_at_the_portal_too(people, client, next_page):
    response = client.post(LOGIN, {"login": "participant", "password": PASSWORD, "next": next_page})
    assert response["Location"] == "/"


@pytest.mark.parametrize(
    "path",
    ["signup/", "email/", "password/reset/", "password/set/", "social/connections/", "social/signup/", "3rdparty/"],
)
def test_pages_of_the_library_that_have_no_use_are_not_offered(client, path):
    response = client.get(f"/accounts/{path}")
    assert response.status_code == 404 or "Không mở đăng ký" in response.content.decode()
