"""Signing in and out at a real provider, and whose account that opens."""

from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.urls import reverse

from accounts.models import AuditEntry, User
from accounts.sso import adapters
from accounts.sso.adapters import SocialAccountAdapter
from accounts.sso.identity import Identity, link_identity, remembered
from tests.accounts.sso.conftest import Portal, leaves_for, redirect_of
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

REQUEST_PAGE = "/requests/account/"


@pytest.fixture
def an() -> User:
    return make_user("NV1", full_name="Nguyễn An", email="an@example.vn")


def test_a_person_on_the_roster_comes_in_and_is_linked(mock, portal, an):
    mock.know("sub-an", employee_id="NV1", name="Nguyễn An", email="an@elsewhere.vn", email_verified=False)

    response = portal.sign_in("sub-an")

    assert (response.status_code, response["Location"], portal.who()) == (302, "/", "NV1")
    link = SocialAccount.objects.get()
    identity = Identity(provider="tinh", issuer=mock.issuer, subject="sub-an")
    assert (link.user, link.provider, link.uid) == (an, "tinh", identity.uid)
    assert link.extra_data == {"issuer": mock.issuer}
    an.refresh_from_db()
    assert an.linked_at is not None
    assert (an.email, an.full_name) == ("an@example.vn", "Nguyễn An")
    entry = AuditEntry.objects.get(verb="sso.link")
    assert (entry.actor, entry.object_id, entry.before) == (an, str(an.pk), {})
    assert entry.after == {"provider": "tinh", "issuer": mock.issuer, "subject_hash": identity.uid}


def test_no_address_and_no_token_is_ever_stored(mock, portal, an):
    mock.know("sub-an", employee_id="NV1", email="an@example.vn", email_verified=True)
    portal.sign_in("sub-an")
    assert portal.who() == "NV1"
    assert (EmailAddress.objects.count(), SocialToken.objects.count()) == (0, 0)


def test_who_is_linked_comes_in_by_the_subject_whatever_the_employee_id_says(mock, an):
    make_user("NV2")
    mock.know("sub-an", employee_id="NV1")
    Portal().sign_in("sub-an")
    mock.know("sub-an", employee_id="NV2")
    again = Portal()
    again.sign_in("sub-an")
    assert again.who() == "NV1"
    assert SocialAccount.objects.count() == AuditEntry.objects.filter(verb="sso.link").count() == 1


def test_a_number_as_employee_id_is_read_as_text(mock, portal):
    make_user("10023")
    mock.know("sub-so", employee_id=10023)
    portal.sign_in("sub-so")
    assert portal.who() == "10023"


def test_the_name_of_the_claim_is_configured(mock, configure, portal, an):
    configure({"tinh": mock.issuer}, SSO_TINH_EMPLOYEE_ID_CLAIM="maNhanVien")
    mock.know("sub-khac", employee_id="khong-phai", maNhanVien="NV1")
    portal.sign_in("sub-khac")
    assert portal.who() == "NV1"


# --- Never by e-mail ----------------------------------------------------------------------------------


@pytest.mark.parametrize("verified", [True, False])
@pytest.mark.parametrize("employee_id", [None, "", "NV999"])
def test_an_address_opens_nothing(mock, portal, an, verified, employee_id):
    claims = {"email": an.email, "email_verified": verified, "name": "Kẻ lạ", "preferred_username": "NV1"}
    mock.know("sub-la", **claims | ({} if employee_id is None else {"employee_id": employee_id}))

    response = portal.sign_in("sub-la")

    assert (response.status_code, response["Location"], portal.who()) == (302, REQUEST_PAGE, None)
    assert SocialAccount.objects.count() == EmailAddress.objects.count() == 0


def test_control_an_adapter_that_looks_at_addresses_lets_the_stranger_in(mock, portal, an, monkeypatch):
    class ByAddress(SocialAccountAdapter):
        def _link_first_time(self, request, identity):
            found = User.objects.get(email=identity.email)
            return link_identity(user=found, identity=identity, actor=found)

    mock.know("sub-la", email=an.email, email_verified=True)
    monkeypatch.setattr(adapters, "SocialAccountAdapter", ByAddress)
    portal.sign_in("sub-la")
    assert portal.who() == "NV1"


def test_a_new_subject_with_a_linked_persons_address_is_a_stranger(mock, an):
    mock.know("sub-an", employee_id="NV1", email=an.email, email_verified=True)
    Portal().sign_in("sub-an")
    mock.know("sub-moi", email=an.email, email_verified=True)
    other = Portal()
    assert other.sign_in("sub-moi")["Location"] == REQUEST_PAGE
    assert other.who() is None


def test_a_new_subject_with_a_linked_persons_employee_id_is_refused_and_may_ask(mock, an):
    mock.know("sub-an", employee_id="NV1")
    Portal().sign_in("sub-an")
    mock.know("sub-moi", employee_id="NV1", name="Người mới")
    other = Portal()

    response = other.sign_in("sub-moi")

    assert (response.status_code, other.who()) == (409, None)
    assert "Mã nhân viên này đã được liên kết" in response.content.decode()
    assert f'href="{REQUEST_PAGE}"' in response.content.decode()
    assert SocialAccount.objects.count() == 1
    assert other.client.session["sso_identity"]["subject"] == "sub-moi"


def test_who_is_refused_for_a_linked_employee_id_can_sign_out_at_the_provider(mock, an):
    mock.know("sub-an", employee_id="NV1")
    Portal().sign_in("sub-an")
    mock.know("sub-moi", employee_id="NV1")
    other = Portal()
    assert 'action="/accounts/logout/"' in other.sign_in("sub-moi").content.decode()
    assert "id_token_hint" in leaves_for(other.client.post("/accounts/logout/"))


def test_who_has_an_authenticator_app_is_asked_for_a_code_after_the_provider(mock, portal, an):
    mock.know("sub-an", employee_id="NV1")
    Portal().sign_in("sub-an")
    Authenticator.objects.create(user=an, type=Authenticator.Type.TOTP, data={"secret": "x"})
    response = portal.sign_in("sub-an", next="/rounds/")
    assert (response["Location"].partition("?")[0], portal.who()) == (reverse("mfa_authenticate"), None)


def test_signing_in_gives_the_browser_a_new_session(mock, portal, an):
    mock.know("sub-an", employee_id="NV1")
    callback = redirect_of(portal.begin(), {"sub": "sub-an"})
    before = portal.client.cookies["sessionid"].value
    portal.come_back(callback)
    assert portal.who() == "NV1"
    assert portal.client.cookies["sessionid"].value != before


# --- Strangers and people who may not -----------------------------------------------------------------


def test_a_stranger_is_remembered_and_sent_to_ask_for_an_account(mock, portal, rf):
    mock.know("sub-la", name="Trần  Lạ", email="la@example.vn", employee_id="NV999")

    assert portal.sign_in("sub-la")["Location"] == REQUEST_PAGE == reverse("account-request")

    request = rf.get("/")
    request.session = portal.client.session
    assert remembered(request) == Identity(
        provider="tinh", issuer=mock.issuer, subject="sub-la",
        full_name="Trần Lạ", employee_id="NV999", email="la@example.vn",
    )  # fmt: skip
    assert not User.objects.exists()


def test_a_stranger_does_not_go_on_in_the_session_of_who_was_here_before(mock, portal, an):
    portal.client.force_login(an)
    mock.know("sub-la", name="Lạ")
    portal.sign_in("sub-la")
    assert portal.who() is None


def test_a_strangers_session_is_a_new_one(mock, portal):
    mock.know("sub-la", name="Lạ")
    address = portal.begin()
    planted = portal.client.session.session_key
    portal.come_back(redirect_of(address, {"sub": "sub-la"}))
    assert portal.client.session["sso_identity"]["subject"] == "sub-la"
    assert portal.client.session.session_key != planted
    assert not portal.client.session.exists(planted)


def test_who_is_let_in_after_asking_is_forgotten_as_a_stranger(mock, portal, an):
    mock.know("sub-an", name="An")
    portal.sign_in("sub-an")
    mock.know("sub-an", employee_id="NV1")
    portal.sign_in("sub-an")
    assert portal.who() == "NV1"
    assert "sso_identity" not in portal.client.session


@pytest.mark.parametrize("linked", [True, False])
def test_who_is_shut_out_stays_out(mock, portal, an, linked):
    mock.know("sub-an", employee_id="NV1")
    if linked:
        Portal().sign_in("sub-an")
    User.objects.filter(pk=an.pk).update(is_active=False)

    assert portal.sign_in("sub-an")["Location"] == "/accounts/inactive/"

    assert portal.who() is None
    assert SocialAccount.objects.count() == int(linked)


def test_a_second_provider_opens_no_linked_account_by_itself(mock, liar, configure, portal, an):
    configure({"tinh": mock.issuer, "bo": liar.issuer})
    mock.know("sub-an", employee_id="NV1")
    Portal().sign_in("sub-an", "tinh")
    assert portal.sign_in("", "bo").status_code == 409
    assert portal.who() is None
    assert list(SocialAccount.objects.values_list("user__employee_id", "provider")) == [("NV1", "tinh")]


def test_one_account_may_have_identities_of_two_issuers_where_somebody_joined_them(mock, liar, configure, portal, an):
    configure({"tinh": mock.issuer, "bo": liar.issuer})
    mock.know("sub-an", employee_id="NV1")
    Portal().sign_in("sub-an", "tinh")
    other = Identity(provider="bo", issuer=liar.issuer, subject=liar.claims.get("sub", "an-at-bo"))
    liar.claims = {"sub": other.subject}
    link_identity(user=an, identity=other, actor=make_user("to-chuc"))
    portal.sign_in("", "bo")
    assert portal.who() == "NV1"


# --- The configuration changes -------------------------------------------------------------------------


def test_who_was_linked_at_a_provider_that_is_gone_is_linked_at_its_successor(mock, liar, configure, portal, an):
    configure({"tinh": mock.issuer})
    mock.know("sub-an", employee_id="NV1")
    Portal().sign_in("sub-an")
    configure({"tinh": liar.issuer})
    portal.sign_in()
    assert portal.who() == "NV1"
    assert SocialAccount.objects.filter(user=an).count() == 2


def test_another_issuer_under_the_same_name_does_not_inherit_the_links(mock, liar, configure, portal, an):
    configure({"tinh": mock.issuer})
    mock.know("an", employee_id="NV1")
    Portal().sign_in("an")
    configure({"tinh": liar.issuer})
    liar.claims = {"sub": "an", "employee_id": None}

    assert portal.sign_in()["Location"] == REQUEST_PAGE
    assert portal.who() is None


def test_control_a_link_by_provider_and_subject_would_be_inherited(mock, liar, configure, portal, an, monkeypatch):
    monkeypatch.setattr(Identity, "uid", property(lambda identity: identity.subject))
    configure({"tinh": mock.issuer})
    mock.know("an", employee_id="NV1")
    Portal().sign_in("an")
    configure({"tinh": liar.issuer})
    liar.claims = {"sub": "an", "employee_id": None}
    portal.sign_in()
    assert portal.who() == "NV1"


def test_another_name_for_the_same_issuer_keeps_the_links(mock, configure, portal, an):
    mock.know("sub-an", employee_id="NV1")
    Portal().sign_in("sub-an")
    mock.know("sub-an")  # the claim is gone: only the link can tell
    configure({"cong-vu": mock.issuer})
    portal.sign_in("sub-an", "cong-vu")
    assert portal.who() == "NV1"
    assert SocialAccount.objects.get().provider == "cong-vu"


# --- Where to go afterwards -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "reached"),
    [("/rounds/?page=2", "/rounds/?page=2"), ("//evil.example", "/"), ("/\\evil.example", "/")],
)
def test_after_signing_in_people_stay_at_the_portal(mock, portal, an, asked, reached):
    mock.know("sub-an", employee_id="NV1")
    response = portal.sign_in("sub-an", next=asked)
    assert (response["Location"], portal.who()) == (reached, "NV1")


@pytest.mark.parametrize(
    ("asked", "safe"),
    [
        ("/rounds/", True),
        ("http://testserver/rounds/", True),
        ("\\\\evil.example", False),
        ("https://evil.example/", False),
        ("https:///evil.example", False),
        ("http://testserver@evil.example/", False),
        ("http://localhost/", False),  # an allowed host, but not the one that was asked
        ("javascript:alert(1)", False),
        ("//[", False),
        ("/accounts/oidc/tinh/login/callback/?code=1", False),
    ],
)
def test_only_the_portals_own_pages_are_gone_back_to(rf, asked, safe):
    request = rf.get("/")
    with request_context(request):
        assert get_adapter(request).is_safe_url(asked) is safe


# --- What is asked of the provider ----------------------------------------------------------------------


def test_the_request_carries_proof_key_state_and_nonce_and_the_registered_address(mock, portal, settings):
    asked = {name: values[0] for name, values in parse_qs(urlsplit(portal.begin()).query).items()}
    assert asked["redirect_uri"] == f"{settings.PUBLIC_URL}/accounts/oidc/tinh/login/callback/"
    assert (asked["response_type"], asked["client_id"]) == ("code", "cchc")
    assert asked["code_challenge_method"] == "S256"
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert len(asked["code_challenge"]) == 43
    assert len(asked["nonce"]) >= 43
    assert len(asked["state"]) >= 16


def test_nothing_in_the_address_changes_what_is_asked(mock, portal, an, client):
    client.force_login(an)
    query = "?process=connect&scope=admin&auth_params=redirect_uri%3Dhttps%253A%252F%252Fevil.example%26prompt%3Dnone"
    response = client.post("/accounts/oidc/tinh/login/" + query)
    asked = parse_qs(urlsplit(leaves_for(response)).query)
    assert "evil" not in asked["redirect_uri"][0]
    assert "prompt" not in asked
    assert "admin" not in asked["scope"][0]
    [(state, *_)] = client.session["socialaccount_states"].values()
    assert state["process"] == "login"


def test_a_link_alone_begins_nothing(mock, client):
    response = client.get("/accounts/oidc/tinh/login/?next=/rounds/")
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=%2Frounds%2F")
    assert client.get("/accounts/oidc/tinh/login/?next=//evil")["Location"] == "/accounts/login/"
    assert "socialaccount_states" not in client.session


def test_unknown_providers_are_not_found(mock, client):
    for name in ("xa", "openid_connect", "saml"):
        assert client.post(f"/accounts/oidc/{name}/login/").status_code == 404
        assert client.get(f"/accounts/oidc/{name}/login/callback/").status_code == 404


# --- Signing out ----------------------------------------------------------------------------------------


def test_signing_out_ends_both_sessions(mock, portal, an, settings):
    mock.know("sub-an", employee_id="NV1")
    portal.sign_in("sub-an")

    address = leaves_for(portal.client.post("/accounts/logout/"))

    assert portal.who() is None
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{mock.issuer}/oauth2/end_session?")
    assert asked["post_logout_redirect_uri"] == f"{settings.PUBLIC_URL}/"
    assert asked["client_id"] == "cchc"
    assert asked["id_token_hint"].count(".") == 2
    confirm = {"redirect_uri": asked["post_logout_redirect_uri"]}
    assert redirect_of(f"{mock.issuer}/oauth2/end_session/confirm", confirm) == f"{settings.PUBLIC_URL}/"


def test_a_stranger_can_sign_out_at_the_provider_to_use_another_account(mock, portal):
    mock.know("sub-la")
    portal.sign_in("sub-la")
    assert "id_token_hint" in leaves_for(portal.client.post("/accounts/logout/"))
    assert "sso_identity" not in portal.client.session


@pytest.mark.parametrize("off", ["by configuration", "not offered"])
def test_where_the_provider_cannot_the_portal_signs_out_and_says_so(liar, configure, portal, an, off):
    if off == "by configuration":
        configure({"tinh": liar.issuer}, SSO_TINH_LOGOUT="0")
    else:
        liar.document = {"end_session_endpoint": None}
    portal.sign_in()
    assert portal.who() == "NV1"

    response = portal.client.post("/accounts/logout/", follow=True)

    assert (response.redirect_chain, portal.who()) == ([("/", 302)], None)
    assert "Phiên đăng nhập ở Tài khoản tinh có thể vẫn còn" in response.content.decode()


def test_who_came_by_password_signs_out_here_only(mock, client, an):
    client.force_login(an)
    assert client.post("/accounts/logout/")["Location"] == "/"


def test_the_adapter_signs_nobody_up():
    assert SocialAccountAdapter().is_open_for_signup(None, None) is False
