"""python -m bench.workbook ours|floor ROUND_ID: writes the workbook of all staff with their results.

`floor` has the final cells of the same table in memory and hands them to XlsxWriter, cell by cell with the format of
the column. Prints JSON: {seconds, peak_mib}.
"""

import json
import os
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

import django
import xlsxwriter

from bench.timing import seconds

WRITING = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


def main(what: str, round_id: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from contest.models import Round
    from reports.documents import staff_results_document
    from reports.exports.files import write_file
    from reports.scope import Scope

    round = Round.objects.select_related("contest").get(pk=round_id)
    scope = Scope(None, True)
    cells = _cells(staff_results_document(round, scope)) if what == "floor" else []
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "x.xlsx"
        if what == "floor":
            took = seconds(lambda: _write_plainly(cells, path))
        else:
            took = seconds(lambda: write_file(staff_results_document(round, scope), format="xlsx", target=path))
    print(json.dumps({"seconds": took, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def _cells(document: Any) -> list[list[Any]]:
    """The values that stand in the sheet."""
    from django.utils import timezone

    from reports.exports.table import Kind

    def final(kind: Kind, value: Any) -> Any:
        if value is None:
            return None
        if kind is Kind.TIME:
            return timezone.localtime(value, timezone.get_default_timezone()).replace(tzinfo=None)
        return value.text if kind is Kind.CODED else value

    table = document.tables[0]
    kinds = [column.kind for column in table.columns]
    return [[final(kind, value) for kind, value in zip(kinds, row, strict=True)] for row in table.rows]


def _write_plainly(rows: list[list[Any]], path: Path) -> None:
    with xlsxwriter.Workbook(str(path), WRITING) as book:
        sheet = book.add_worksheet()
        time_format = book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss.000", "border": 1})
        plain = book.add_format({"border": 1})
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                sheet.write(number, place, value, time_format if place == 9 else plain)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
