"""How django-allauth treats people who come from a provider."""

from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import redirect

from accounts.models import User
from accounts.problems import Refused
from accounts.sso import failures
from accounts.sso.calls import BoundedSession, deadline_of
from accounts.sso.identity import Identity, forget, link_identity, remember


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Accounts are opened by issuer and subject. The first time the employee id, which the issuer gives, finds whose.

    E-mail addresses open nothing, and none is stored. Nobody signs up: strangers may ask to be let in.
    """

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Point the sign-in to an account of the roster, or answer with the page that says why there is none."""
        identity = sociallogin.identity
        if not sociallogin.is_existing:
            account = known_account(identity) or self._link_first_time(request, identity)
            sociallogin.account, sociallogin.user = account, account.user
        forget(request)

    def _link_first_time(self, request: HttpRequest, identity: Identity) -> SocialAccount:
        user = person_with(identity.employee_id)
        if user is None:
            self._remember_stranger(request, identity)
            raise ImmediateHttpResponse(redirect("account-request"))
        if not user.is_active:
            raise ImmediateHttpResponse(get_account_adapter(request).respond_user_inactive(request, user))
        try:
            with transaction.atomic():
                return link_identity(user=user, identity=identity, actor=user)
        except IntegrityError:  # two windows at once: the other has just linked the same identity
            return SocialAccount.objects.select_related("user").get(uid=identity.uid)
        except Refused as refused:
            self._remember_stranger(request, identity)
            provider = self.get_provider(request, identity.provider)
            raise ImmediateHttpResponse(failures.page(request, failures.TAKEN, provider)) from refused

    def _remember_stranger(self, request: HttpRequest, identity: Identity) -> None:
        """What the stranger does next must not happen in the session of whoever was signed in here before."""
        if request.user.is_authenticated:
            get_account_adapter(request).logout(request)
        request.session.cycle_key()  # whoever knew the session before must not read in it who this is
        remember(request, identity)

    def on_authentication_error(self, request, provider, error=None, exception=None, extra_context=None) -> None:
        failure, reason = failures.failure_of(error, exception, state_known="state" in (extra_context or {}))
        raise ImmediateHttpResponse(failures.page(request, failure, provider, reason=reason))

    def authenticate_by_email(self, sociallogin: SocialLogin) -> None:
        """Nobody, ever."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def list_apps(self, request, provider=None, client_id=None) -> list[SocialApp]:
        """The providers of the settings. Rows of the database are none: they would escape the checks at the start."""
        apps = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for listed in apps.values() for app in listed]

    def get_requests_session(self) -> Any:
        return BoundedSession(deadline_of(self.request or context.request))


def known_account(identity: Identity) -> SocialAccount | None:
    """The link of this issuer and subject, also where the provider's name in the configuration has changed since."""
    account = SocialAccount.objects.select_related("user").filter(uid=identity.uid).first()
    if account is not None and account.provider != identity.provider:
        account.provider = identity.provider
        account.save(update_fields=["provider"])
    return account


def person_with(employee_id: str) -> User | None:
    """The person on the roster who has this id; nobody has an empty one."""
    return User.objects.filter(employee_id=employee_id).first() if employee_id else None
