from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from accounts.imports.commands import ImportCommand
from accounts.imports.staff import COLUMNS, StaffPlan, import_staff, plan_staff
from accounts.imports.tables import Table


class Command(ImportCommand):
    help = "Import staff from a CSV or XLSX file: all rows or none."
    columns = COLUMNS

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--full", action="store_true", help="whoever is absent from the file leaves their unit")

    def plan(self, table: Table, **options: Any) -> StaffPlan:
        return plan_staff(table, full=options["full"])

    def apply(self, table: Table, **options: Any) -> StaffPlan:
        return import_staff(table, actor=None, file_name=Path(options["file"]).name, full=options["full"])
