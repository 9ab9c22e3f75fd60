"""Check that nobody has edited the audit trace."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit.anchors import Anchor, NoAnchor, read_anchor
from accounts.audit.checking import verify_audit


class Command(BaseCommand):
    help = "Recomputes the chain of the audit trace; names the first entry that was edited, deleted or rewritten."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor",
            metavar="FILE",
            type=Path,
            action="append",
            default=[],
            help="a file of export_audit_anchor that the chain must still hold; may be given several times",
        )

    def handle(self, *args, anchor: list[Path], **options) -> None:
        verdict = verify_audit([self._anchor(path) for path in anchor])
        if verdict.fault is not None:
            raise CommandError(str(verdict.fault), returncode=1)
        if verdict.unsealed:
            self.stderr.write(f"{verdict.unsealed} entries are not sealed yet", style_func=str)
        self.stdout.write(f"OK {verdict.entries} entries, {verdict.seals} seals, head {verdict.head}")

    def _anchor(self, path: Path) -> Anchor:
        try:
            return read_anchor(path.read_text())
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}", returncode=2) from None
        except (NoAnchor, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: {error}", returncode=2) from None
