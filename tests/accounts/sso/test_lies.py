"""A provider, or somebody in its place, that answers wrongly: nobody comes in, and the page says what to do."""

import time
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount

from accounts.models import AuditEntry
from accounts.sso import provider as sso_provider
from accounts.sso import tokens
from tests.accounts.sso.conftest import Portal, redirect_of
from tests.accounts.sso.providers import (
    MockProvider,
    signed,
    signed_with_the_public_key,
    signing_key,
    unsigned,
)
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PAST = int(time.time()) - 3600
# What is told instead of the truth: changed claims, or another signature.
FORGED = {
    "another portal's token": {"claims": {"aud": "khac"}},
    "another portal's token that names ours too": {"claims": {"aud": ["khac", "cchc"]}},
    "a token that another portal asked for": {"claims": {"aud": ["khac", "cchc"], "azp": "khac"}},
    "another issuer": {"claims": {"iss": "https://sso.example.vn"}},
    "no issuer": {"claims": {"iss": None}},
    "expired": {"claims": {"iat": PAST - 300, "exp": PAST}},
    "no end": {"claims": {"exp": None}},
    "from the future": {"claims": {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200}},
    "another sign-in's nonce": {"claims": {"nonce": "x" * 43}},
    "no nonce": {"claims": {"nonce": None}},
    "no subject": {"claims": {"sub": None}},
    "an empty subject": {"claims": {"sub": ""}},
    "a subject that is no text": {"claims": {"sub": 7}},
    "a subject longer than any": {"claims": {"sub": "x" * 256}},
    "signed by somebody else": {"sign": lambda claims: signed(claims, signing_key("other"), kid="honest")},
    "signed with a key nobody published": {"sign": lambda claims: signed(claims, signing_key("other"))},
    "not signed": {"sign": unsigned},
    "signed with the public key": {"sign": signed_with_the_public_key},
    "no token at all": {"sign": lambda claims: "khong.phai.token"},
}


@pytest.fixture(autouse=True)
def _an():
    make_user("NV1", full_name="Nguyễn An")


def nobody_came(portal: Portal) -> bool:
    return portal.who() is None and not SocialAccount.objects.exists() and not AuditEntry.objects.exists()


def text_of(response) -> str:
    return response.content.decode()


def main_of(response) -> str:
    """What the page says, without its frame."""
    return text_of(response).partition("<main")[2].partition("</main>")[0]


# The others take the same way through the portal; all of them together take their time.
QUICK = {"another portal's token", "another issuer", "expired", "no nonce", "signed by somebody else", "not signed"}


@pytest.mark.parametrize("lie", [lie if lie in QUICK else pytest.param(lie, marks=pytest.mark.slow) for lie in FORGED])
def test_a_forged_token_opens_nothing(liar, portal, lie):
    for name, value in FORGED[lie].items():
        setattr(liar, name, value)

    response = portal.sign_in()

    assert (response.status_code, nobody_came(portal)) == (403, True)
    assert "Không xác nhận được danh tính" in text_of(response)
    assert response["X-Request-Id"] in main_of(response)


def test_control_the_honest_provider_signs_the_person_in(liar, portal):
    portal.sign_in()
    assert portal.who() == "NV1"


# The guard switched off -> the lie it stops is believed.
GUARDS = {
    "another portal's token": ("aud", {"verify_aud": False}),
    "another issuer": ("iss", {"verify_iss": False}),
    "expired": ("exp", {"verify_exp": False}),
    "signed by somebody else": ("signature", {"verify_signature": False}),
}


@pytest.mark.slow
@pytest.mark.parametrize("lie", GUARDS)
def test_control_without_its_check_the_forged_token_signs_somebody_in(liar, portal, lie, monkeypatch):
    off = GUARDS[lie][1]
    honest_decode = tokens.jwt.decode

    def decode_without(token, **expected):
        return honest_decode(token, **expected | {"options": expected["options"] | {"require": []} | off})

    monkeypatch.setattr(tokens.jwt, "decode", decode_without)
    for name, value in FORGED[lie].items():
        setattr(liar, name, value)
    portal.sign_in()
    assert portal.who() == "NV1"


def test_control_without_the_nonce_a_token_of_another_sign_in_is_believed(liar, portal, monkeypatch):
    liar.claims = {"nonce": "x" * 43}
    monkeypatch.setattr(tokens.hmac, "compare_digest", lambda one, other: True)
    portal.sign_in()
    assert portal.who() == "NV1"


@pytest.mark.parametrize("seconds", [-100, 100])
def test_clocks_may_differ_a_little(liar, portal, seconds):
    now = int(time.time())
    liar.claims = {"iat": now + seconds, "exp": now + seconds + 60}
    portal.sign_in()
    assert portal.who() == "NV1"


def test_a_token_for_several_is_taken_when_this_portal_asked_for_it(liar, portal):
    liar.claims = {"aud": ["cchc", "khac"], "azp": "cchc"}
    portal.sign_in()
    assert portal.who() == "NV1"


# --- The provider's documents ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://sso.example.vn"},
        {"issuer": None},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_document_that_is_not_the_issuers_own_is_not_believed(liar, client, changes):
    liar.document = changes
    response = client.post("/accounts/oidc/tinh/login/")
    assert response.status_code == 502
    assert "Hệ thống đăng nhập trả lời không đúng" in text_of(response)


def test_a_kept_document_is_checked_against_the_configuration_of_now(liar, configure, client):
    client.post("/accounts/oidc/tinh/login/")
    address = f"{liar.issuer}/.well-known/openid-configuration"
    configure({"tinh": "https://sso.example.vn"}, SSO_TINH_DISCOVERY_URL=address)
    assert client.post("/accounts/oidc/tinh/login/").status_code == 502


def test_plain_http_endpoints_of_an_https_issuer_are_not_believed(liar, configure, client):
    liar.document = {"issuer": "https://sso.example.vn"}
    configure(
        {"tinh": "https://sso.example.vn"}, SSO_TINH_DISCOVERY_URL=f"{liar.issuer}/.well-known/openid-configuration"
    )
    assert client.post("/accounts/oidc/tinh/login/").status_code == 502


@pytest.mark.slow
@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"null", b"\xff\xfe", b'{"access_token": 7}'])
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks"])
def test_nonsense_is_a_page_and_no_error(liar, portal, path, body):
    liar.answers[path] = lambda handler: handler.send(body)
    if path.startswith("/.well"):
        response = portal.client.post("/accounts/oidc/tinh/login/")
    else:
        response = portal.sign_in()
    assert response.status_code in (400, 403, 502)
    assert nobody_came(portal)


def test_an_answer_without_end_is_not_read_to_the_end(liar, client):
    liar.answers["/.well-known/openid-configuration"] = lambda handler: handler.send(b"[" + b"0," * 1_000_000 + b"0]")
    assert client.post("/accounts/oidc/tinh/login/").status_code in (502, 503)


def test_redirects_are_not_followed(liar, client):
    def elsewhere(handler):
        handler.send_response(302)
        handler.send_header("Location", f"{liar.issuer}/secret")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    liar.answers["/.well-known/openid-configuration"] = elsewhere
    assert client.post("/accounts/oidc/tinh/login/").status_code == 502
    assert "/secret" not in liar.calls


def test_new_keys_of_the_provider_are_fetched_when_a_token_names_one(liar, an_earlier_visit):
    liar.keys = [signing_key("other")]
    liar.sign = lambda claims: signed(claims, signing_key("other"))
    browser = Portal()
    browser.sign_in()
    assert browser.who() == "NV1"
    assert liar.calls.count("/jwks") == 2


@pytest.fixture
def an_earlier_visit(liar):
    Portal().sign_in()


def test_documents_and_keys_are_fetched_once_for_many(liar):
    for _ in range(3):
        Portal().sign_in()
    assert {path: liar.calls.count(path) for path in set(liar.calls)} == {
        "/.well-known/openid-configuration": 1, "/jwks": 1, "/authorize": 3, "/token": 3,
    }  # fmt: skip


# --- Claims from userinfo -------------------------------------------------------------------------------


def test_a_claim_that_only_userinfo_has_is_found_there(liar, portal):
    liar.claims = {"employee_id": None}
    liar.userinfo = {"employee_id": "NV1"}
    portal.sign_in()
    assert portal.who() == "NV1"


def test_userinfo_about_somebody_else_is_not_believed(liar, portal):
    liar.claims = {"employee_id": None}
    liar.userinfo = {"sub": "binh", "employee_id": "NV1"}
    assert portal.sign_in().status_code == 502
    assert nobody_came(portal)


def test_userinfo_cannot_change_what_the_token_says(liar, portal):
    liar.claims = {"name": None, "employee_id": "NV999"}
    liar.userinfo = {"employee_id": "NV1", "name": "An"}
    portal.sign_in()
    assert nobody_came(portal)


@pytest.mark.slow
@pytest.mark.parametrize("claim", [True, ["NV1"], {"id": "NV1"}, "NV1\0", "\ud800", "x" * 65, 1.5])
def test_a_claim_that_is_no_employee_id_finds_nobody(liar, portal, claim):
    liar.claims = {"employee_id": None, "name": None}
    liar.userinfo = {"employee_id": claim, "name": claim, "email": claim}
    assert portal.sign_in()["Location"] == "/requests/account/"
    assert nobody_came(portal)


# --- The way back ---------------------------------------------------------------------------------------


def test_a_code_is_taken_once(mock):
    mock.know("sub-an", employee_id="NV999")
    browser = Portal()
    callback = redirect_of(browser.begin(), {"sub": "sub-an"})
    browser.come_back(callback)

    code = parse_qs(urlsplit(callback).query)["code"][0]
    state = parse_qs(urlsplit(browser.begin()).query)["state"][0]
    response = browser.come_back(f"/accounts/oidc/tinh/login/callback/?{urlencode({'code': code, 'state': state})}")

    assert (response.status_code, browser.who()) == (400, None)
    assert "Lần đăng nhập này đã hết hạn" in text_of(response)


def test_somebody_elses_callback_signs_nobody_in(mock):
    make_user("NV2")
    mock.know("sub-ac", employee_id="NV2")
    attacker, victim = Portal(), Portal()
    callback = redirect_of(attacker.begin(), {"sub": "sub-ac"})
    response = victim.come_back(callback)
    assert (response.status_code, victim.who()) == (400, None)


def test_a_callback_is_taken_once(mock, portal):
    mock.know("sub-an", employee_id="NV1")
    callback = redirect_of(portal.begin(), {"sub": "sub-an"})
    portal.come_back(callback)
    portal.client.post("/accounts/logout/")
    assert portal.come_back(callback).status_code == 400
    assert portal.who() is None


def test_who_declines_at_the_provider_gets_a_page(mock, portal):
    address = portal.begin()
    state = parse_qs(urlsplit(address).query)["state"][0]
    # The packaged provider forgets to send the state back.
    response = portal.come_back(f"{redirect_of(address, {'action': 'deny'})}&state={state}")
    assert (response.status_code, portal.who()) == (200, None)
    assert "Bạn đã hủy hoặc từ chối" in main_of(response)
    assert 'href="/accounts/login/"' in main_of(response)


@pytest.mark.parametrize(
    ("query", "status", "title"),
    [
        ("error=access_denied", 200, "Bạn chưa đăng nhập"),
        ("error=server_error&error_description=Traceback", 502, "Hệ thống đăng nhập trả lời không đúng"),
        ("code=khong-co", 400, "Lần đăng nhập này đã hết hạn"),
        ("code=x&iss=https%3A%2F%2Fevil.example", 403, "Không xác nhận được danh tính"),
        ("", 502, "Hệ thống đăng nhập trả lời không đúng"),
    ],
)
def test_what_comes_back_instead_of_a_code_is_a_page(liar, portal, query, status, title):
    state = parse_qs(urlsplit(portal.begin()).query)["state"][0]
    response = portal.come_back(f"/accounts/oidc/tinh/login/callback/?state={state}&{query}")
    assert (response.status_code, portal.who()) == (status, None)
    assert title in text_of(response)
    assert "Traceback" not in main_of(response)


@pytest.mark.parametrize("query", ["", "state=x&code=y", "state=%00&code=%00", "error=access_denied&state=x"])
def test_a_callback_that_nobody_began_is_a_page(liar, client, query):
    response = client.get(f"/accounts/oidc/tinh/login/callback/?{query}")
    assert response.status_code == 400
    assert "Lần đăng nhập này đã hết hạn" in text_of(response)


@pytest.mark.slow
def test_the_packaged_providers_expired_token_is_refused(configure):
    provider = MockProvider("--token-max-age", "-300")
    try:
        configure({"tinh": provider.issuer})
        provider.know("sub-an", employee_id="NV1")
        browser = Portal()
        assert (browser.sign_in("sub-an").status_code, browser.who()) == (403, None)
    finally:
        provider.kill()


def test_a_page_of_failure_says_nothing_of_the_token(liar, portal, caplog):
    liar.claims = {"aud": "khac", "email": "an@example.vn"}
    response = portal.sign_in()
    for secret in ("an@example.vn", "NV1", "khac", "eyJ"):
        assert secret not in text_of(response)
        assert secret not in caplog.text
    assert "sign-in at tinh: refused InvalidAudienceError" in caplog.text


def test_the_strict_adapter_is_the_one_in_use():
    assert sso_provider.PortalProvider.oauth2_adapter_class is sso_provider.StrictAdapter
