from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_slug

from accounts.imports.commands import ImportCommand
from accounts.imports.tables import Table
from accounts.problems import Refused
from contest.models import Round
from contest.question_import.columns import COLUMNS
from contest.question_import.planner import QuestionsPlan, Target, bank_target, plan_questions, round_target
from contest.question_import.service import import_questions


class Command(ImportCommand):
    help = "Import questions from a CSV or XLSX file into a bank or a draft round: all rows or none."
    columns = COLUMNS

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        target = parser.add_mutually_exclusive_group(required=True)
        target.add_argument("--bank", metavar="SLUG", help="the bank, made when missing")
        target.add_argument("--round", metavar="ID", type=int, help="the draft round whose questions these become")

    def handle(self, *args: Any, **options: Any) -> None:
        target = self._target(options["bank"], options["round"])
        try:
            super().handle(*args, **options, target=target)
        except Refused as refused:
            raise CommandError("\n".join(map(str, refused.reasons)), returncode=1) from None

    def plan(self, table: Table, **options: Any) -> QuestionsPlan:
        return plan_questions(table, target=options["target"])

    def apply(self, table: Table, **options: Any) -> QuestionsPlan:
        name = Path(options["file"]).name
        return import_questions(table, target=options["target"], actor=None, file_name=name)

    def _target(self, slug: str | None, round_id: int | None) -> Target:
        if round_id is not None:
            round = Round.objects.select_related("contest__unit").filter(pk=round_id).first()
            if round is None:
                raise CommandError(f"--round {round_id}: no such round", returncode=2)
            return round_target(round)
        try:
            validate_slug(slug)
        except ValidationError:
            raise CommandError(f"--bank {slug}: letters a-z, digits, - and _ only", returncode=2) from None
        if len(slug or "") > 50:
            raise CommandError("--bank: at most 50 characters", returncode=2)
        return bank_target(slug or "")
