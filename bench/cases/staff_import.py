"""Importing the staff of the reference contest, anew and unchanged, beside a bare COPY of the same rows."""

import csv
import io
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from bench.__main__ import FULL, QUICK
from bench.results import Result
from bench.timing import seconds
from contest.demo.people import make_people
from contest.demo.plan import Plan
from contest.demo.roster import write_units
from contest.demo.units import make_units

LONGEST = 10.0
HEADER = ("employee_id", "full_name", "unit_code", "email", "position")


def run(*, quick: bool) -> list[Result]:
    rows = _rows(QUICK if quick else FULL)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "staff.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEADER, *rows])
        first = seconds(lambda: call_command("import_staff", str(path), stdout=io.StringIO()))
        again = seconds(lambda: call_command("import_staff", str(path), stdout=io.StringIO()))
        floor = seconds(lambda: _copy(path))
    met = "met" if first <= LONGEST else "MISSED"
    return [
        Result("staff import", first, "s", floor, note=f"{len(rows)} people; at most {LONGEST:.0f} s: {met}"),
        Result("staff import again", again, "s", floor, note="the same file: everything unchanged"),
    ]


def _rows(size: dict[str, int]) -> list[tuple[str, ...]]:
    plan = Plan(**size, at=datetime(2026, 1, 1, tzinfo=UTC))
    units = make_units(plan)
    write_units(units)
    codes = {unit.id: unit.code for unit in units}
    return [
        (person.employee_id, person.full_name, codes[person.unit], person.email, person.position)
        for person in make_people(plan, units)
    ]


def _copy(path: Path) -> None:
    with connection.cursor() as cursor, path.open(encoding="utf-8") as file:
        cursor.execute(
            "CREATE TABLE bench_staff (id text PRIMARY KEY, name text, unit text, email text, position text)"
        )
        cursor.copy_expert("COPY bench_staff FROM STDIN WITH (FORMAT csv, HEADER)", file)
