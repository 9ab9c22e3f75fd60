"""Django's changepassword, with a trace in the same transaction."""

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.db import transaction

from accounts.audit import record_audit
from accounts.commands import TracedCommand
from accounts.models import User


class Command(TracedCommand, changepassword.Command):
    help = "Sets a person's password, which only the demo and break-glass administrators have."

    def handle(self, *args: Any, **options: Any) -> str | None:
        with transaction.atomic():
            done = super().handle(*args, **options)
            user = User.objects.get(employee_id=options["username"] or getpass.getuser())
            record_audit(actor=None, verb="user.set_password", object=user)
        return done
