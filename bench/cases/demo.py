"""`load_demo` at reference size, beside nothing but a COPY of as many attempts."""

import io
import subprocess
import sys

from django.db import connection

from bench.__main__ import FULL, QUICK
from bench.results import Result
from bench.timing import seconds
from embedded.home import ROOT


def run(*, quick: bool) -> list[Result]:
    options = [f"--{name}={value}" for name, value in (QUICK if quick else FULL).items()]
    command = [sys.executable, str(ROOT / "manage.py"), "load_demo", *options]
    ours = seconds(lambda: subprocess.run(command, cwd=ROOT, check=True, capture_output=True))
    with connection.cursor() as cursor:
        dump = io.StringIO()
        cursor.copy_expert("COPY contest_attempt TO STDOUT", dump)
        cursor.execute("CREATE TABLE bench_copy (LIKE contest_attempt INCLUDING INDEXES)")
        dump.seek(0)
        floor = seconds(lambda: cursor.copy_expert("COPY bench_copy FROM STDIN", dump))
        cursor.execute("SELECT count(*) FROM bench_copy")
        (count,) = cursor.fetchone()
    met = "met" if ours <= 60 else "MISSED"
    return [
        Result("load_demo", ours, "s", floor, note=f"{count} attempts, with the start of Python; at most 60 s: {met}")
    ]
