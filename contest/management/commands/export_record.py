"""Write the record of a ranked, published or final round."""

from pathlib import Path

from django.core.management.base import CommandError, CommandParser

from accounts.audit import record_audit
from accounts.commands import TracedCommand
from contest.models import Round
from contest.record import NoRecord, write_record


class Command(TracedCommand):
    help = "Writes record.json, entries.csv and standings.csv of a round into a directory."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("round_id", metavar="ROUND_ID", type=int)
        parser.add_argument("--out", metavar="DIR", type=Path, required=True)
        parser.add_argument("--full", action="store_true", help="with unit codes, for organisers and auditors")

    def handle(self, *args, round_id: int, out: Path, full: bool, **options) -> None:
        try:
            round = Round.objects.counted().get(pk=round_id)
            if not round.has_result:
                raise NoRecord
            # Before the files, as those are read in a transaction of their own: none leaves without a trace.
            after = {"edition": "full" if full else "public"}
            record_audit(actor=None, verb="record.export", object=round, after=after)
            result_hash = write_record(round, out, full=full)
        except Round.DoesNotExist:
            raise CommandError(f"round {round_id} does not exist") from None
        except NoRecord:
            raise CommandError(f"round {round_id} is not ranked yet") from None
        except OSError as error:
            raise CommandError(f"{out}: {error.strerror}") from None
        self.stdout.write(f"record of round {round_id} written to {out}, result {result_hash}")
