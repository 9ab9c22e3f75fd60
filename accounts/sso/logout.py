"""Ending the provider's session as well, where it offers that (OpenID Connect RP-Initiated Logout 1.0)."""

from dataclasses import dataclass
from urllib.parse import urlencode

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from requests import RequestException

from accounts.sso import documents

SESSION_KEY = "sso_session"
# Longer ones would not fit into an address everywhere; the provider then asks whether to sign out.
LONGEST_HINT = 4000


@dataclass(frozen=True)
class SignOn:
    """At which provider a browser session was signed in, and with which token. Kept in that session only."""

    provider_name: str
    app: SocialApp
    id_token: str


def keep_sign_on(request: HttpRequest, provider: str, id_token: str) -> None:
    request.session[SESSION_KEY] = {"provider": provider, "id_token": id_token}


def sign_on_of(request: HttpRequest) -> SignOn | None:
    """How this session was signed in; None for a password, or a provider that is configured no more."""
    kept = request.session.get(SESSION_KEY)
    if not isinstance(kept, dict):
        return None
    try:
        app = get_adapter(request).get_app(request, provider=kept["provider"])
    except SocialApp.DoesNotExist:
        return None
    return SignOn(provider_name=app.name, app=app, id_token=kept["id_token"])


def end_session_url(request: HttpRequest, sign_on: SignOn) -> str | None:
    """Where the browser ends the provider's session and comes back; None where that cannot be done now."""
    if not sign_on.app.settings["logout"]:
        return None
    try:
        with get_adapter(request).get_requests_session() as session:
            address = documents.discovery(sign_on.app, session).get("end_session_endpoint")
    except (RequestException, OAuth2Error):
        return None
    if not address:
        return None
    query = {"client_id": sign_on.app.client_id, "post_logout_redirect_uri": settings.PUBLIC_URL + reverse("home")}
    if len(sign_on.id_token) <= LONGEST_HINT:
        query["id_token_hint"] = sign_on.id_token
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
