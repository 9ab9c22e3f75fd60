"""What the environment may say about providers and passwords, and what it is told when it is wrong."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as portal_settings
from django.core.exceptions import ImproperlyConfigured

from accounts.sso.checks import check_providers
from accounts.sso.configuration import read_local_passwords, read_providers

ONE = {
    "SSO_PROVIDERS": "tinh",
    "SSO_TINH_NAME": "Tài khoản công vụ",
    "SSO_TINH_ISSUER": "https://sso.example.vn/realms/tinh",
    "SSO_TINH_CLIENT_ID": "cchc",
    "SSO_TINH_CLIENT_SECRET": "bi-mat",
}
TWO = ONE | {
    "SSO_PROVIDERS": "tinh, so-y-te",
    "SSO_SO_Y_TE_NAME": "Sở Y tế",
    "SSO_SO_Y_TE_ISSUER": "https://is.example.vn/oauth2/token",
    "SSO_SO_Y_TE_CLIENT_ID": "cchc-2",
    "SSO_SO_Y_TE_CLIENT_SECRET": "bi-mat-2",
    "SSO_SO_Y_TE_EMPLOYEE_ID_CLAIM": "maNhanVien",
    "SSO_SO_Y_TE_SCOPES": "openid cong_vu",
    "SSO_SO_Y_TE_TOKEN_AUTH_METHOD": "client_secret_basic",
    "SSO_SO_Y_TE_LOGOUT": "0",
    "SSO_SO_Y_TE_DISCOVERY_URL": "https://is.example.vn/oauth2/oidcdiscovery/.well-known/openid-configuration",
}


def test_without_variables_there_is_no_provider():
    assert read_providers({}, secure=True) == []
    assert read_providers({"SSO_PROVIDERS": " , "}, secure=True) == []


def test_two_providers_in_their_order():
    assert read_providers(TWO, secure=True) == [
        {
            "provider_id": "tinh",
            "name": "Tài khoản công vụ",
            "client_id": "cchc",
            "secret": "bi-mat",
            "settings": {
                "issuer": "https://sso.example.vn/realms/tinh",
                "server_url": "https://sso.example.vn/realms/tinh/.well-known/openid-configuration",
                "employee_id_claim": "employee_id",
                "scope": ["openid", "profile", "email"],
                "token_auth_method": None,
                "oauth_pkce_enabled": True,
                "logout": True,
            },
        },
        {
            "provider_id": "so-y-te",
            "name": "Sở Y tế",
            "client_id": "cchc-2",
            "secret": "bi-mat-2",
            "settings": {
                "issuer": "https://is.example.vn/oauth2/token",
                "server_url": "https://is.example.vn/oauth2/oidcdiscovery/.well-known/openid-configuration",
                "employee_id_claim": "maNhanVien",
                "scope": ["openid", "cong_vu"],
                "token_auth_method": "client_secret_basic",
                "oauth_pkce_enabled": True,
                "logout": False,
            },
        },
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SSO_PROVIDERS": "Tinh"}, "SSO_PROVIDERS: 'Tinh' is no id"),
        ({"SSO_PROVIDERS": "openid_connect"}, "SSO_PROVIDERS: 'openid_connect' is no id"),
        ({"SSO_PROVIDERS": "tinh,tinh"}, "SSO_PROVIDERS: 'tinh' stands there twice"),
        ({"SSO_TINH_ISSUER": ""}, "SSO_TINH_ISSUER is missing"),
        ({"SSO_TINH_CLIENT_SECRET": " "}, "SSO_TINH_CLIENT_SECRET is missing"),
        ({"SSO_TINH_ISSUR": "x"}, "SSO_TINH_ISSUR is not known"),
        ({"SSO_TINH_ISSUER": "sso.example.vn"}, "SSO_TINH_ISSUER: an address"),
        ({"SSO_TINH_ISSUER": "https://sso.example.vn/?a=1"}, "SSO_TINH_ISSUER: an address"),
        ({"SSO_TINH_ISSUER": "http://sso.example.vn"}, "SSO_TINH_ISSUER: only https"),
        ({"SSO_TINH_DISCOVERY_URL": "http://sso.example.vn/x"}, "SSO_TINH_DISCOVERY_URL: only https"),
        ({"SSO_TINH_TOKEN_AUTH_METHOD": "none"}, "SSO_TINH_TOKEN_AUTH_METHOD: one of"),
        ({"SSO_TINH_LOGOUT": "maybe"}, "SSO_TINH_LOGOUT: 1 or 0"),
        ({"SSO_TINH_SCOPES": "profile"}, "SSO_TINH_SCOPES: 'openid'"),
    ],
)
def test_a_mistake_is_named_with_its_variable(changes, message):
    with pytest.raises(ImproperlyConfigured, match=message):
        read_providers(ONE | changes, secure=True)


def test_plain_http_is_for_a_portal_over_plain_http():
    [app] = read_providers(ONE | {"SSO_TINH_ISSUER": "http://127.0.0.1:9400"}, secure=False)
    assert app["settings"]["server_url"] == "http://127.0.0.1:9400/.well-known/openid-configuration"


def test_an_id_that_begins_like_another_keeps_its_variables_apart():
    longer = {name.replace("TINH", "TINH_HUE"): value for name, value in ONE.items() if name != "SSO_PROVIDERS"}
    apps = read_providers(ONE | longer | {"SSO_PROVIDERS": "tinh,tinh-hue"}, secure=True)
    assert [app["provider_id"] for app in apps] == ["tinh", "tinh-hue"]


@pytest.mark.parametrize(
    ("given", "secure", "chosen"),
    [
        ({}, True, "off"),
        ({}, False, "all"),
        ({"LOCAL_PASSWORDS": ""}, True, "off"),
        ({"LOCAL_PASSWORDS": "Administrators"}, True, "administrators"),
        ({"LOCAL_PASSWORDS": "all"}, True, "all"),
        ({"LOCAL_PASSWORDS": "off"}, False, "off"),
    ],
)
def test_passwords_are_off_over_https_unless_asked_for(given, secure, chosen):
    assert read_local_passwords(given, secure=secure) == chosen


def test_an_unknown_choice_of_passwords_is_refused():
    with pytest.raises(ImproperlyConfigured, match="LOCAL_PASSWORDS: one of off, administrators, all"):
        read_local_passwords({"LOCAL_PASSWORDS": "yes"}, secure=True)


def start(**environ: str) -> subprocess.CompletedProcess[str]:
    """What reading the settings says in this environment."""
    return subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"} | ONE | environ,
        cwd=portal_settings.BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_the_portal_does_not_start_over_https_with_an_issuer_over_http():
    refused = start(PUBLIC_URL="https://cchc.example.vn", SSO_TINH_ISSUER="http://sso.example.vn")
    assert refused.returncode == 1
    assert "SSO_TINH_ISSUER: only https, as PUBLIC_URL is https." in refused.stderr
    assert start(PUBLIC_URL="https://cchc.example.vn").returncode == 0


def test_the_deployment_check_names_an_issuer_over_http(settings, configure):
    settings.LOCAL_PASSWORDS = "off"
    configure({"tinh": "http://127.0.0.1:9400"})
    [error] = check_providers(None)
    assert (error.id, error.level) == ("accounts.E101", 40)
    assert "tinh" in error.msg
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": read_providers(ONE, secure=True)}}
    assert check_providers(None) == []


def test_the_deployment_check_warns_when_everybody_may_use_a_password(settings):
    settings.LOCAL_PASSWORDS = "all"
    assert [warning.id for warning in check_providers(None)] == ["accounts.W102"]
