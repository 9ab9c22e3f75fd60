"""Whether an id token is genuine, meant for this portal and this sign-in, and in time.

https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation. The specification lets the signature go
unchecked where the token came straight from the provider; here it is always checked, as a proxy on the way or a
wrong address in the discovery document must not be able to sign people in.
"""

import hmac
from collections.abc import Mapping
from typing import Any

import jwt
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

# Only what a provider signs with a key of its own. Neither "none" nor HS256: that takes a public key for a password.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
# Clocks of portal and provider may differ by this many seconds.
LEEWAY_SECONDS = 120
LONGEST_SUBJECT = 255


class TokenRefused(OAuth2Error):
    """The token proves nothing here. The message is a word for the log and holds nothing of the token."""


class UnknownKey(TokenRefused):
    """Signed with a key that is not among those at hand: the provider may have a new one."""


def verify_id_token(token: str, *, keys: Mapping[str, Any], issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """The claims of `token`. `keys` is the provider's JWKS. Raises TokenRefused, UnknownKey."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise TokenRefused("algorithm")
        claims = jwt.decode(
            token,
            key=_key(header, keys),
            algorithms=[header["alg"]],
            issuer=issuer,
            audience=client_id,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "sub", "aud", "exp", "iat"], "strict_aud": False},
        )
    except jwt.PyJWTError as error:
        raise TokenRefused(type(error).__name__) from error
    _check_addressee(claims, client_id)
    subject = claims["sub"]
    if not isinstance(subject, str) or not subject.isascii() or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise TokenRefused("subject")
    if not nonce or not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise TokenRefused("nonce")
    return claims


def _key(header: Mapping[str, Any], keys: Mapping[str, Any]) -> jwt.PyJWK:
    """The key that the header names, or the only one there is. Raises UnknownKey, TokenRefused."""
    listed = keys.get("keys")
    candidates = [
        key
        for key in (listed if isinstance(listed, list) else [])
        if isinstance(key, dict) and key.get("use", "sig") == "sig" and ("kid" not in header or _names(key, header))
    ]
    if len(candidates) != 1:
        raise UnknownKey("key")
    return jwt.PyJWK(candidates[0], algorithm=header["alg"])


def _names(key: Mapping[str, Any], header: Mapping[str, Any]) -> bool:
    return key.get("kid") == header["kid"]


def _check_addressee(claims: Mapping[str, Any], client_id: str) -> None:
    """A token for several must say that this portal asked for it."""
    audience = claims["aud"]
    asked_by = claims.get("azp")
    if asked_by is None and isinstance(audience, list) and len(audience) > 1:
        raise TokenRefused("azp missing")
    if asked_by is not None and asked_by != client_id:
        raise TokenRefused("azp")
