"""export_report participation|nonparticipants|staff_results|standings --round ID --format xlsx|csv|json --out FILE"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from accounts.audit import record_audit
from accounts.commands import TracedCommand
from contest.models import Round
from contest.models.round import RoundState
from reports.exports.files import write_file
from reports.exports.table import FileTooLarge
from reports.granting import DOCUMENTS
from reports.models import TABLE_FORMATS, ExportKind
from reports.scope import full_scope

BAD_DATA, NOT_ALLOWED = 1, 2
KINDS = (ExportKind.PARTICIPATION, ExportKind.NONPARTICIPANTS, ExportKind.STAFF_RESULTS, ExportKind.STANDINGS)


class Command(TracedCommand):
    help = "Write a round's report over all units to a file: the whole file or none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=[kind.value for kind in KINDS])
        parser.add_argument("--round", type=int, required=True, metavar="ID")
        parser.add_argument("--format", choices=[format.value for format in TABLE_FORMATS], required=True)
        parser.add_argument("--out", type=Path, required=True, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        round = _round(options["round"], options["kind"])
        target: Path = options["out"].absolute()
        if target.is_dir() or not target.parent.is_dir():
            raise CommandError(f"{target}: not a file in an existing directory", returncode=NOT_ALLOWED)
        document = DOCUMENTS[options["kind"]](round, full_scope(round))
        after = {"kind": options["kind"], "format": options["format"]}
        try:
            with transaction.atomic():
                record_audit(actor=None, verb="report.export", object=round, after=after)
                write_file(document, format=options["format"], target=target)
        except (FileTooLarge, OSError) as error:
            message = "too many rows or too long a text for this format" if isinstance(error, FileTooLarge) else error
            raise CommandError(f"{target}: {message}", returncode=BAD_DATA) from error
        self.stdout.write(f"{target} rows={document.row_count}")


def _round(round_id: int, kind: str) -> Round:
    round = Round.objects.select_related("contest").filter(pk=round_id).first()
    if round is None:
        raise CommandError(f"round {round_id} does not exist", returncode=BAD_DATA)
    if round.state == RoundState.DRAFT or round.is_practice:
        raise CommandError(f"round {round_id} is a draft or practice: it has no figures", returncode=NOT_ALLOWED)
    if kind in (ExportKind.STANDINGS, ExportKind.STAFF_RESULTS) and not round.is_published:
        raise CommandError(f"round {round_id} is not published", returncode=NOT_ALLOWED)
    return round
