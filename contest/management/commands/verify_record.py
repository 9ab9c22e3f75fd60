"""Recompute a record: the stand-alone verifier as a command."""

import sys
from typing import TextIO, cast

from django.core.management.base import BaseCommand, CommandParser

from contest import verify_record


class Command(BaseCommand):
    help = "Recomputes the result of a round from its record (the same program visitors can download)."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", metavar="DIR")
        parser.add_argument("--receipt", metavar="HEX", help="also print the row that has this receipt")

    def handle(self, *args, directory: str, receipt: str | None, **options) -> None:
        receipt_option = ["--receipt", receipt] if receipt else []
        streams = (cast(TextIO, stream._out) for stream in (self.stdout, self.stderr))
        sys.exit(verify_record.main([directory, *receipt_option], *streams))
