"""The providers of single sign-on, as the environment names them. Read by the settings: no models here."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

PROVIDERS = "SSO_PROVIDERS"
REQUIRED = ("NAME", "ISSUER", "CLIENT_ID", "CLIENT_SECRET")
OPTIONAL = {
    "EMPLOYEE_ID_CLAIM": "employee_id",
    "SCOPES": "openid profile email",
    "TOKEN_AUTH_METHOD": "",
    "LOGOUT": "1",
    "DISCOVERY_URL": "",
}
AUTH_METHODS = ("", "client_secret_basic", "client_secret_post")
SWITCH = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}
WELL_KNOWN = "/.well-known/openid-configuration"
LOCAL_PASSWORDS = ("off", "administrators", "all")

# An id stands in addresses and, in capitals, in the names of variables. No underline: "a_b" and "a-b" would share them.
_ID = re.compile(r"[a-z][a-z0-9-]{0,29}")


def read_providers(environ: Mapping[str, str], *, secure: bool) -> list[dict[str, Any]]:
    """The providers in `environ`, in the order of SSO_PROVIDERS, as django-allauth wants its APPS.

    `secure`: the portal is served over https, and so must be every issuer. Raises ImproperlyConfigured naming the
    variable.
    """
    ids = [part.strip() for part in environ.get(PROVIDERS, "").split(",") if part.strip()]
    for name in ids:
        if not _ID.fullmatch(name):
            raise ImproperlyConfigured(
                f"{PROVIDERS}: '{name}' is no id. Use lower-case letters, digits and '-', at most 30, a letter first."
            )
        if ids.count(name) > 1:
            raise ImproperlyConfigured(f"{PROVIDERS}: '{name}' stands there twice.")
    prefixes = {name: f"SSO_{name.upper().replace('-', '_')}_" for name in ids}
    return [_app(name, _values(prefix, environ, prefixes), secure=secure) for name, prefix in prefixes.items()]


def _values(prefix: str, environ: Mapping[str, str], prefixes: Mapping[str, str]) -> dict[str, str]:
    """One provider's variables without their prefix, defaults filled in. A misspelt one is an error."""
    longer = tuple(other for other in prefixes.values() if other != prefix and other.startswith(prefix))
    given = {
        variable.removeprefix(prefix): value.strip()
        for variable, value in environ.items()
        if variable.startswith(prefix) and not (longer and variable.startswith(longer))
    }
    for name in REQUIRED:
        if not given.get(name):
            raise ImproperlyConfigured(f"{prefix}{name} is missing.")
    for name in given:
        if name not in REQUIRED and name not in OPTIONAL:
            known = ", ".join([*REQUIRED, *OPTIONAL])
            raise ImproperlyConfigured(f"{prefix}{name} is not known. Known after {prefix}: {known}.")
    values = OPTIONAL | given
    return {name: values[name] for name in (*REQUIRED, *OPTIONAL)} | {"prefix": prefix}


def _app(name: str, values: Mapping[str, str], *, secure: bool) -> dict[str, Any]:
    prefix = values["prefix"]
    for variable in ("ISSUER", "DISCOVERY_URL"):
        _check_url(prefix + variable, values[variable], secure=secure)
    if values["TOKEN_AUTH_METHOD"] not in AUTH_METHODS:
        raise ImproperlyConfigured(f"{prefix}TOKEN_AUTH_METHOD: one of {', '.join(AUTH_METHODS[1:])}, or nothing.")
    if values["LOGOUT"].lower() not in SWITCH:
        raise ImproperlyConfigured(f"{prefix}LOGOUT: 1 or 0.")
    scopes = values["SCOPES"].split()
    if "openid" not in scopes:
        raise ImproperlyConfigured(f"{prefix}SCOPES: 'openid' must be among them.")
    return {
        "provider_id": name,
        "name": values["NAME"],
        "client_id": values["CLIENT_ID"],
        "secret": values["CLIENT_SECRET"],
        "settings": {
            "issuer": values["ISSUER"],
            "server_url": values["DISCOVERY_URL"] or values["ISSUER"].rstrip("/") + WELL_KNOWN,
            "employee_id_claim": values["EMPLOYEE_ID_CLAIM"],
            "scope": scopes,
            "token_auth_method": values["TOKEN_AUTH_METHOD"] or None,
            "oauth_pkce_enabled": True,
            "logout": SWITCH[values["LOGOUT"].lower()],
        },
    }


def _check_url(variable: str, url: str, *, secure: bool) -> None:
    if not url:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ImproperlyConfigured(f"{variable}: an address such as https://sso.example.vn/realms/tinh is needed.")
    if secure and parts.scheme != "https":
        raise ImproperlyConfigured(f"{variable}: only https, as PUBLIC_URL is https.")


def read_local_passwords(environ: Mapping[str, str], *, secure: bool) -> str:
    """Who may sign in with a password of the portal: "off" nobody, "administrators", or "all".

    By default all over http, which is the demonstration, and nobody over https. Raises ImproperlyConfigured.
    """
    chosen = environ.get("LOCAL_PASSWORDS", "").strip().lower() or ("off" if secure else "all")
    if chosen not in LOCAL_PASSWORDS:
        raise ImproperlyConfigured(f"LOCAL_PASSWORDS: one of {', '.join(LOCAL_PASSWORDS)}.")
    return chosen
