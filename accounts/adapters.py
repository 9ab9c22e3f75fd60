"""How django-allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.clock import ClockTimestamp
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    """People come from the roster: nobody signs up, and the first sign-in links the account."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request, user, **kwargs):
        User.objects.filter(pk=user.pk, linked_at=None).update(linked_at=ClockTimestamp())
        return super().post_login(request, user, **kwargs)
