"""Take a lost second factor away from the server, where no other administrator can."""

from django.core.management.base import CommandError, CommandParser

from accounts.commands import TracedCommand
from accounts.models import User
from accounts.problems import Problem
from accounts.second_factor import reset_second_factor
from accounts.text import nfc


class Command(TracedCommand):
    help = "Takes a lost second factor away and signs the person out everywhere: for the only administrator's own."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("employee_id", metavar="EMPLOYEE_ID")
        parser.add_argument("--reason", required=True, help="goes into the trace")

    def handle(self, *args, employee_id: str, reason: str, **options) -> None:
        user = User.objects.filter(employee_id=nfc(employee_id)).first()
        if user is None:
            raise CommandError(f"nobody has the employee id {employee_id}")
        try:
            reset_second_factor(user=user, actor=None, reason=reason)
        except Problem as problem:
            raise CommandError(str(problem.detail)) from None
        self.stdout.write(f"second factor of {user.employee_id} taken away")
