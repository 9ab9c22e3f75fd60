"""The form that asks for the password once more."""

from typing import Any

from allauth.account.forms import ReauthenticateForm


class PasswordAgainForm(ReauthenticateForm):
    """Without allauth's link to a new password by mail, which the portal does not offer."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs.pop("placeholder", None)
