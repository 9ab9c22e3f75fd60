"""What waits for a secretary, for the home page of organisers, which stands below the reports."""

from django import template

from accounts.clock import server_now
from accounts.models import User
from reports.unit_reports.secretary import RoundToChase, to_chase

register = template.Library()


@register.simple_tag
def reports_to_chase(user: User) -> list[RoundToChase]:
    """Empty for everybody who receives no units' reports."""
    return to_chase(user, server_now())
