"""Passwords of the portal's own: for the demonstration, and for administrators when no provider answers."""

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings

from accounts.models import User
from accounts.rights import Right, has


def may_use_password(user: User) -> bool:
    """Whether LOCAL_PASSWORDS lets `user` sign in with a password. Administrators are asked for a grant in force."""
    if settings.LOCAL_PASSWORDS == "administrators":
        return has(user, Right.BREAK_GLASS)
    return settings.LOCAL_PASSWORDS == "all"


class PasswordBackend(AuthenticationBackend):
    """django-allauth's backend for those who may use a password; for others the right password is a wrong one."""

    def authenticate(self, request, **credentials):
        if settings.LOCAL_PASSWORDS == "off":
            return None
        user = super().authenticate(request, **credentials)
        return user if user is None or may_use_password(user) else None
