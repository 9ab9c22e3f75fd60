"""Shut a person out at once."""

from django.core.management.base import CommandError, CommandParser

from accounts.commands import TracedCommand
from accounts.models import User
from accounts.text import nfc
from contest.services.people import deactivate_user


class Command(TracedCommand):
    help = "Deactivates a person: no sign-in, no token, no further answer to an attempt in progress."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("employee_id", metavar="EMPLOYEE_ID")
        parser.add_argument("--reason", required=True)

    def handle(self, *args, employee_id: str, reason: str, **options) -> None:
        user = User.objects.filter(employee_id=nfc(employee_id), is_active=True).first()
        if user is None:
            raise CommandError(f"nobody active has the employee id {employee_id}")
        revoked = deactivate_user(user=user, actor=None, reason=reason)
        self.stdout.write(f"{user.employee_id} deactivated, {revoked} attempt keys revoked")
