"""Close and rank due rounds without Celery or Redis."""

from datetime import UTC, datetime

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils.dateparse import parse_datetime

from accounts.clock import server_now
from accounts.commands import TracedCommand
from contest.closing import close_due_rounds


class Command(TracedCommand):
    help = "Closes and ranks rounds whose closing time and grace have passed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--at", metavar="ISO", help="instant to close at (default: the server's time)")

    def handle(self, *args, at: str | None, **options) -> None:
        for closed in close_due_rounds(now=self._instant(at)):
            self.stdout.write(
                f"round {closed.round_id} closed entries={closed.entries} cut_off={closed.cut_off}"
                f" abandoned={closed.abandoned}"
            )

    def _instant(self, at: str | None) -> datetime | None:
        if at is None:
            return None
        try:
            moment = parse_datetime(at)
        except ValueError:
            moment = None
        if moment is None:
            raise CommandError(f"--at {at}: not an ISO 8601 date and time", returncode=2)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if moment > server_now() and not settings.ALLOW_REHEARSAL:
            raise CommandError("--at later than the server's time needs ALLOW_REHEARSAL=1", returncode=2)
        return moment
