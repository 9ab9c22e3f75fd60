"""django-allauth's OpenID Connect provider, made strict: what is asked of it, and what of its answer is believed."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Client
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.sso import documents
from accounts.sso.documents import ProviderFault
from accounts.sso.identity import Identity
from accounts.sso.tokens import TokenRefused, UnknownKey, verify_id_token
from accounts.text import nfc

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
LONGEST = {"employee_id": 64, "full_name": 255, "email": 254}


class TokenClient(OAuth2Client):
    """Asks for tokens. Whatever else than tokens comes back is the provider's fault, never an error of the portal."""

    def get_access_token(self, *args, **kwargs) -> dict[str, Any]:
        try:
            answer = super().get_access_token(*args, **kwargs)
        except (KeyError, TypeError, AttributeError) as error:
            raise ProviderFault("token answer") from error
        if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
            raise ProviderFault("token answer")
        return answer


class StrictAdapter(OpenIDConnectOAuth2Adapter):
    """One sign-in at one provider. `nonce` is what the sign-in was begun with; `id_token` is what proved it."""

    client_class = TokenClient
    nonce = ""
    id_token = ""

    @property
    def session(self):
        return get_adapter(self.request).get_requests_session()

    @property
    def openid_config(self) -> dict[str, Any]:
        if not hasattr(self, "_openid_config"):
            with self.session as session:
                self._openid_config = documents.discovery(self.get_provider().app, session)
        return self._openid_config

    def get_callback_url(self, request: HttpRequest, app) -> str:
        """The address registered at the provider, whatever name the browser came by."""
        return settings.PUBLIC_URL + reverse("openid_connect_callback", kwargs={"provider_id": self.provider_id})

    def parse_token(self, data: Mapping[str, Any]) -> SocialToken:
        return SocialToken(token=data["access_token"])  # used for userinfo at most, never stored

    def complete_login(self, request: HttpRequest, app, token: SocialToken, **kwargs) -> SocialLogin:
        """The identity that the id token proves. Raises TokenRefused, ProviderFault, calls.Unavailable."""
        id_token = kwargs["response"].get("id_token")
        if not isinstance(id_token, str):
            raise TokenRefused("no id token")
        claims = self._verify(app, id_token)
        self.id_token = id_token
        identity = self._identity(app, claims, token.token)
        account = SocialAccount(provider=identity.provider, uid=identity.uid, extra_data={"issuer": identity.issuer})
        login = SocialLogin(account=account, provider=self.get_provider())
        login.identity = identity
        return login

    def _verify(self, app, id_token: str) -> dict[str, Any]:
        expected = {"issuer": app.settings["issuer"], "client_id": app.client_id, "nonce": self.nonce}
        with self.session as session:
            try:
                return verify_id_token(id_token, keys=documents.keys(self.openid_config, session), **expected)
            except UnknownKey:
                fresh = documents.keys(self.openid_config, session, fresh=True)
                return verify_id_token(id_token, keys=fresh, **expected)

    def _identity(self, app, claims: dict[str, Any], access_token: str) -> Identity:
        claim = app.settings["employee_id_claim"]
        wanted = [name for name in (claim, "name") if name]
        if "userinfo_endpoint" in self.openid_config and not all(name in claims for name in wanted):
            claims = self._userinfo(claims, access_token) | claims
        return Identity(
            provider=self.provider_id,
            issuer=app.settings["issuer"],
            subject=claims["sub"],
            full_name=_text(claims.get("name"), "full_name"),
            employee_id=_text(claims.get(claim), "employee_id") if claim else "",
            email=_text(claims.get("email"), "email"),
        )

    def _userinfo(self, claims: Mapping[str, Any], access_token: str) -> dict[str, Any]:
        """More claims about the same subject: of somebody else's they must not be believed."""
        with self.session as session:
            answer = session.get(self.profile_url, headers={"Authorization": f"Bearer {access_token}"})
        if answer.status_code != 200:
            raise ProviderFault(f"userinfo status {answer.status_code}")
        more = answer.json()
        if not isinstance(more, dict) or more.get("sub") != claims["sub"]:
            raise ProviderFault("userinfo of another subject")
        return more


class PortalProvider(OpenIDConnectProvider):
    """Signing in only, with PKCE, state and nonce, and nothing that the address of the request could change."""

    oauth2_adapter_class = StrictAdapter

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        # django-allauth would take the process (connect!), scopes and any parameter from the query.
        asked = super().get_redirect_from_request_kwargs(request)
        nonce = secrets.token_urlsafe(32)
        return {
            "process": "login",
            "next_url": asked.get("next_url"),
            "scope": self.get_scope(),
            "auth_params": {"nonce": nonce},
            "nonce": nonce,
        }


def _text(value: Any, field: str) -> str:
    """A claim as text; "" for what is neither text nor a whole number, is too long, or cannot be stored."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or "\0" in value or _LONE_SURROGATE.search(value):
        return ""
    text = nfc(value)
    return text if len(text) <= LONGEST[field] else ""
