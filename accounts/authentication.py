"""How the API knows who calls: a token that acts as one participant, or the portal's session."""

from django.utils import timezone
from rest_framework import authentication, exceptions

from accounts.models import ApiToken, User


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Token T`. The caller acts as a participant only, whatever roles the person holds."""

    def authenticate(self, request):
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "token":
            return None
        token = (
            ApiToken.objects.usable()
            .select_related("user")
            .filter(digest=ApiToken.digest_of(text.strip()), user__is_active=True)
            .first()
        )
        if token is None:
            raise exceptions.AuthenticationFailed
        today = timezone.localdate()
        if token.last_used_on != today:  # a write on the first call of the day only
            ApiToken.objects.filter(pk=token.pk).update(last_used_on=today)
        return token.user, token

    def authenticate_header(self, request) -> str:
        return "Token"


class SessionAuthentication(authentication.SessionAuthentication):
    """The portal's own pages, with CSRF. A 401, not DRF's usual 403, when nobody is signed in."""

    def authenticate_header(self, request) -> str:
        return "Token"


def person_of(request) -> User:
    """Who calls, in a view that only signed-in people reach."""
    assert isinstance(request.user, User)
    return request.user


def acts_as_participant_only(request) -> bool:
    """Whether the request came with a token, so that its person's roles do not count."""
    return isinstance(getattr(request, "auth", None), ApiToken)
