"""Messages to people: rows written in the caller's transaction, shown in the portal and sent by mail."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Thông báo")

    def ready(self) -> None:
        from notifications import checks  # noqa: F401
