"""Print a new API token for a person on the roster."""

from datetime import timedelta

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.commands import TracedCommand
from accounts.models import ApiToken, User
from accounts.text import nfc


class Command(TracedCommand):
    help = "Prints a token that acts as this participant, and as nothing more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("employee_id", metavar="EMPLOYEE_ID")
        parser.add_argument("--days", type=int, default=30, help="days until it expires (default: 30)")

    def handle(self, *args, employee_id: str, days: int, **options) -> None:
        if not 1 <= days <= 3650:
            raise CommandError("--days must be from 1 to 3650", returncode=2)
        user = User.objects.filter(employee_id=nfc(employee_id), is_active=True).first()
        if user is None:
            raise CommandError(f"nobody active has the employee id {employee_id}")
        with transaction.atomic():
            expires_at = server_now() + timedelta(days=days)
            token, text = ApiToken.objects.issue(user=user, expires_at=expires_at)
            record_audit(actor=None, verb="api_token.create", object=user, after={"token": token.pk, "days": days})
        self.stdout.write(text)
