"""What the three import commands share: reading the file, telling errors, exit codes."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from accounts.commands import TracedCommand
from accounts.imports.columns import Column
from accounts.imports.errors import FileRefused, ImportRefused, RowNote
from accounts.imports.plan import Plan
from accounts.imports.tables import Table, read_table

MAX_NOTES = 1000


class ImportCommand(TracedCommand):
    """Reads FILE and prints what was done as the last line; 1 with errors on stderr if anything is bad."""

    columns: Sequence[Column]
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="CSV (UTF-8) or XLSX, with a header row")
        parser.add_argument("--dry-run", action="store_true", help="check everything and write nothing")

    def plan(self, table: Table, **options: Any) -> Plan:
        raise NotImplementedError

    def apply(self, table: Table, **options: Any) -> Plan:
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        table = self._read(Path(options["file"]))
        try:
            plan = self.plan(table, **options) if options["dry_run"] else self.apply(table, **options)
        except ImportRefused as refused:
            self._fail(refused.errors)
        if plan.errors:
            self._fail(plan.errors)
        self._tell(plan.warnings)
        self.stdout.write(plan.summary())

    def _read(self, path: Path) -> Table:
        try:
            with path.open("rb") as file:
                table = read_table(file, path.name, self.columns)
        except FileRefused as refused:
            self.stderr.write(f"{path.name}: {refused.message}")
            sys.exit(1)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}", returncode=2) from None
        if table.errors and not table.rows:  # a wrong header says nothing about the rows
            self._fail(table.errors)
        return table

    def _fail(self, errors: list[RowNote]) -> None:
        self._tell(errors)
        sys.exit(1)

    def _tell(self, notes: list[RowNote]) -> None:
        for note in notes[:MAX_NOTES]:
            self.stderr.write(str(note))
        if len(notes) > MAX_NOTES:
            self.stderr.write(f"… {len(notes) - MAX_NOTES}")
