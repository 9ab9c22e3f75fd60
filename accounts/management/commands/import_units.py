from pathlib import Path
from typing import Any

from accounts.imports.commands import ImportCommand
from accounts.imports.tables import Table
from accounts.imports.units import COLUMNS, UnitsPlan, import_units, plan_units


class Command(ImportCommand):
    help = "Import units from a CSV or XLSX file: all rows or none."
    columns = COLUMNS

    def plan(self, table: Table, **options: Any) -> UnitsPlan:
        return plan_units(table)

    def apply(self, table: Table, **options: Any) -> UnitsPlan:
        return import_units(table, actor=None, file_name=Path(options["file"]).name)
