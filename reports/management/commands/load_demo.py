"""Load the demo contest into an empty portal."""

import time
from datetime import UTC, datetime

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils.dateparse import parse_datetime

from accounts.clock import server_now
from accounts.commands import TracedCommand
from accounts.problems import Refused
from contest.demo.plan import LOGINS, Plan
from reports.demo import load_with_reports


class Command(TracedCommand):
    help = "Fills an empty portal with a contest of made-up people: published, open and coming rounds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--units", type=int, default=189)
        parser.add_argument("--staff", type=int, default=20_058)
        parser.add_argument("--rounds", type=int, default=4)
        parser.add_argument("--seed", type=int, default=2023)
        parser.add_argument("--at", metavar="ISO", help="the demo's present (default: the server's time)")

    def handle(self, *args, units: int, staff: int, rounds: int, seed: int, at: str | None, **options) -> None:
        plan = Plan(units, staff, rounds, seed, self._instant(at))
        if units < 1 or rounds < 1 or staff < len(LOGINS):
            raise CommandError(
                f"At least 1 unit, 1 round and {len(LOGINS)} staff are needed: the logins are among them.",
                returncode=2,
            )
        started = time.monotonic()

        def say(text: str) -> None:
            self.stderr.write(f"[{time.monotonic() - started:5.1f} s] {text}", style_func=str)
            self.stderr.flush()

        try:
            load_with_reports(plan, say)
        except Refused as refused:
            raise CommandError(refused.detail, returncode=1) from None
        for login, role in LOGINS:
            self.stdout.write(f"{role} {login} {settings.DEMO_PASSWORD}")

    def _instant(self, at: str | None) -> datetime:
        if at is None:
            return server_now()
        try:
            moment = parse_datetime(at)
        except ValueError:
            moment = None
        if moment is None:
            raise CommandError(f"--at {at}: not an ISO 8601 date and time", returncode=2)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
