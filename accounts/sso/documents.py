"""What a provider publishes about itself: the discovery document and its keys, kept in the cache for some minutes.

A whole hospital signs in at eight; each sign-in then costs one call, for the token. Without the cache it is three.
"""

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.core.cache import cache

from accounts.sso.calls import BoundedSession

KEEP_SECONDS = 600
# Keys are asked for again at most this often when a token names an unknown one.
KEEP_FRESH_SECONDS = 30
REQUIRED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL = ("userinfo_endpoint", "end_session_endpoint")


class ProviderFault(OAuth2Error):
    """The provider's documents or answers are not what they must be. The message is for the log."""


def discovery(app: SocialApp, session: BoundedSession | None) -> dict[str, Any]:
    """The provider's discovery document, checked. Raises ProviderFault, calls.Unavailable.

    Without a session only the cache is asked, and {} stands for "not there".
    """
    address = app.settings["server_url"]
    document = cache.get(_cache_key("discovery", address))
    if document is None:
        if session is None:
            return {}
        document = _fetch(session, address)
        _check(document, app)
        cache.set(_cache_key("discovery", address), document, KEEP_SECONDS)
    _check(document, app)  # the configuration may have changed since it was kept
    return document


def keys(document: Mapping[str, Any], session: BoundedSession, *, fresh: bool = False) -> dict[str, Any]:
    """The provider's JWKS; `fresh` when a token was signed with a key not among those kept."""
    address = document["jwks_uri"]
    kept = None if fresh and cache.add(_cache_key("fresh", address), 1, KEEP_FRESH_SECONDS) else _kept(address)
    if kept is None:
        kept = _fetch(session, address)
        cache.set(_cache_key("keys", address), kept, KEEP_SECONDS)
    return kept


def _kept(address: str) -> dict[str, Any] | None:
    return cache.get(_cache_key("keys", address))


def _cache_key(what: str, address: str) -> str:
    return f"sso:{what}:{hashlib.sha256(address.encode()).hexdigest()}"


def _fetch(session: BoundedSession, address: str) -> dict[str, Any]:
    answer = session.get(address, headers={"Accept": "application/json"})
    if answer.status_code != 200:
        raise ProviderFault(f"status {answer.status_code}")
    document = answer.json()
    if not isinstance(document, dict):
        raise ProviderFault("not an object")
    return document


def _check(document: Mapping[str, Any], app: SocialApp) -> None:
    """The document must be the configured issuer's own, or its keys would vouch for somebody else's people."""
    issuer = app.settings["issuer"]
    if document.get("issuer") != issuer:
        raise ProviderFault("issuer of the discovery document")
    for name in (*REQUIRED, *OPTIONAL):
        address = document.get(name)
        if address is None and name in OPTIONAL:
            continue
        if not isinstance(address, str) or urlsplit(address).scheme not in ("https", urlsplit(issuer).scheme):
            raise ProviderFault(name)
