"""What would otherwise fail only once the first mail is to go out."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils import timezone

from notifications.quiet import parse_quiet_hours


@register()
def check_quiet_hours(**_arguments: Any) -> list[CheckMessage]:
    """QUIET_HOURS can be read."""
    try:
        parse_quiet_hours(settings.QUIET_HOURS, timezone.get_default_timezone())
    except ValueError as error:
        return [Error(f"QUIET_HOURS: {error}", id="notifications.E001")]
    return []
