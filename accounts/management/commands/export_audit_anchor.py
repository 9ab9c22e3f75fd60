"""Write the head of the audit chain to a file that is to be kept elsewhere."""

from pathlib import Path

from django.core.management.base import CommandError, CommandParser

from accounts.audit.anchors import NoAnchor, take_anchor, write_anchor
from accounts.commands import TracedCommand


class Command(TracedCommand):
    help = "Writes a small file that proves later that the trace up to now is still what it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", metavar="FILE", type=Path, required=True)

    def handle(self, *args, out: Path, **options) -> None:
        try:
            anchor = take_anchor(actor=None)
            write_anchor(anchor, out.absolute())
        except NoAnchor as error:
            raise CommandError(str(error), returncode=1) from None
        except OSError as error:
            raise CommandError(f"{out}: {error.strerror}", returncode=1) from None
        self.stdout.write(f"seal {anchor.seal}, {anchor.count} entries, head {anchor.digest} written to {out}")
