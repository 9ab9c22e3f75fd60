"""The forms that take a code: tries are limited by person, and no code counts twice."""

from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from cryptography.fernet import InvalidToken
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.second_factor import step_of, use_code_once


class _CodeForm:
    """What the two forms share that take a code of the app or a recovery code."""

    fields: dict[str, Any]
    user: User
    authenticator: Authenticator

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        describe_code(self.fields["code"], _("Mã xác thực"))
        self.fields["code"].help_text = _("6 chữ số trên ứng dụng xác thực, hoặc một mã dự phòng chưa dùng.")

    def clean_code(self) -> str:
        tried = get_account_adapter().begin_try(context.request, f"code:{self.user.pk}")
        try:
            code: str = super().clean_code()  # type: ignore[misc]
            if self.authenticator.type == Authenticator.Type.TOTP and not use_code_once(self.authenticator, code):
                raise get_adapter().validation_error("incorrect_code")
        except ValidationError:
            get_account_adapter().code_failed(self.user)
            raise
        except InvalidToken:  # written under a secret key that the portal no longer has
            raise get_adapter().validation_error("unreadable_secret") from None
        tried.delete()
        return code


class CodeForm(_CodeForm, AuthenticateForm):
    """At sign-in."""


class CodeAgainForm(_CodeForm, ReauthenticateForm):
    """Inside a session, before something sensitive."""


class EnrolForm(ActivateTOTPForm):
    """The first code of a new app shows that it was set up right."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        describe_code(self.fields["code"], _("Mã gồm 6 chữ số trên ứng dụng"))

    def clean_code(self) -> str:
        tried = get_account_adapter().begin_try(context.request, f"code:{self.user.pk}")
        code = super().clean_code()
        self.step = step_of(self.secret, code)
        tried.delete()
        return code


def describe_code(field, label) -> None:
    """One field for codes everywhere: a number pad on phones, and the phone's offer to fill it in."""
    field.label = label
    field.widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
