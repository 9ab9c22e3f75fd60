"""Compute the result of a clip contest again, from its frozen input and from the live sheets."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from videos.models import ClipContest
from videos.result.services import latest_result
from videos.result.verifying import differences


class Command(BaseCommand):
    help = "Recompute the latest result of a clip contest. Prints OK and its hash, or every difference (exit code 1)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("clip_contest", type=int, help="number of the clip contest")
        parser.add_argument("--version-number", type=int, help="an earlier version of the result; default the latest")

    def handle(self, *args: Any, clip_contest: int, version_number: int | None, **options: Any) -> None:
        found = ClipContest.objects.select_related("contest__unit", "rubric").filter(pk=clip_contest).first()
        if found is None:
            raise CommandError(f"There is no clip contest {clip_contest}.")
        wanted = found.results.filter(version=version_number).first() if version_number else latest_result(found)
        if wanted is None:
            raise CommandError("There is no result to verify.")
        lines = differences(wanted)
        for line in lines:
            self.stderr.write(line)
        if lines:
            raise CommandError(f"The result differs in {len(lines)} places.")
        self.stdout.write(f"OK {wanted.result_hash}")
