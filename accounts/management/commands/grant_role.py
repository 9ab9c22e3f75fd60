"""Grant a role from the server, where no administrator can sign in yet."""

from django.core.management.base import CommandError, CommandParser

from accounts.commands import TracedCommand
from accounts.models import Role, Unit, User
from accounts.problems import Problem
from accounts.services import grant_role
from accounts.text import nfc


class Command(TracedCommand):
    help = "Grants a role over a unit and everything below it: for the first administrator of a new portal."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("employee_id", metavar="EMPLOYEE_ID")
        parser.add_argument("role", choices=Role.values)
        parser.add_argument("--unit", metavar="CODE", help="the unit (default: the one unit without a parent)")
        parser.add_argument("--reason", default="Cấp từ máy chủ")

    def handle(self, *args, employee_id: str, role: str, unit: str | None, reason: str, **options) -> None:
        user = User.objects.filter(employee_id=nfc(employee_id), is_active=True).first()
        if user is None:
            raise CommandError(f"nobody active has the employee id {employee_id}")
        try:
            grant_role(actor=None, user=user, role=role, unit=self._unit(unit), reason=reason)
        except Problem as problem:
            raise CommandError(str(problem.detail)) from None
        self.stdout.write(f"{role} granted to {user.employee_id}")

    def _unit(self, code: str | None) -> Unit:
        units = Unit.objects.filter(parent=None) if code is None else Unit.objects.filter(code=nfc(code))
        if len(units) != 1:
            raise CommandError(f"{len(units)} units fit; name one with --unit CODE")
        return units[0]
