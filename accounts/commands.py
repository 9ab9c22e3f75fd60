"""The base of the portal's own commands: what they do is traced as done from the server's command line."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.audit import from_command


class TracedCommand(BaseCommand):
    """A command whose audit entries name it."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        with from_command(type(self).__module__.rpartition(".")[2]):
            return super().execute(*args, **options)
