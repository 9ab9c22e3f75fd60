"""How many messages wait for the reader of a page."""

from typing import Any

from django import template

from notifications.models import Notification

register = template.Library()

MOST = 99


@register.simple_tag
def unread_messages(user: Any) -> str:
    """The number of `user`'s unread messages, "99+" beyond that, empty for none. One query; none for visitors."""
    if not getattr(user, "is_authenticated", False):
        return ""
    number = Notification.objects.of(user).unread().order_by()[: MOST + 1].count()
    return f"{MOST}+" if number > MOST else str(number or "")
