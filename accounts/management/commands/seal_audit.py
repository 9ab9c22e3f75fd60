"""Seal the audit trace now, without Celery."""

from django.core.management.base import BaseCommand

from accounts.audit.sealing import seal_audit


class Command(BaseCommand):
    help = "Binds what has been traced since the last time into the chain. The beat does so every minute."

    def handle(self, *args, **options) -> None:
        sealed = 0
        while part := seal_audit():
            sealed += part
        self.stdout.write(f"{sealed} entries sealed")
