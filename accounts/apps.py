from django import forms
from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Người dùng và đơn vị")

    def ready(self) -> None:
        from accounts.sessions import start_stamps
        from accounts.sso import checks  # noqa: F401  registers them

        user_logged_in.connect(start_stamps)
        # Django's own Vietnamese for this reads like a machine's.
        forms.Field.default_error_messages["required"] = _("Không được để trống mục này.")
