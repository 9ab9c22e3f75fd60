"""Writing and verifying the record of a published round; the floor reads the same rows, or bytes, once."""

import subprocess
import sys
import tempfile
from pathlib import Path

from django.db import connection

from bench.results import Result
from bench.timing import median_seconds
from contest import verify_record
from contest.models import Round
from contest.record import write_record


def run(*, quick: bool) -> list[Result]:
    round = Round.objects.filter(state="published").order_by("number").last()
    assert round
    repeats = 1 if quick else 3
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        written = median_seconds(lambda: write_record(round, directory), repeats=repeats)
        read = median_seconds(lambda: _read(round), repeats=repeats)
        verified = median_seconds(lambda: _verify(directory), repeats=repeats)
        hashed = median_seconds(lambda: _hash(directory), repeats=repeats)
    note = f"{round.entries} entries"
    return [
        Result("export_record", written, "s", read, note=f"{note}; the floor reads the attempts into Python"),
        Result("verify_record", verified, "s", hashed, note=f"{note}; the floor starts Python and hashes the files"),
    ]


def _read(round: Round) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM contest_attempt WHERE round_id = %s", [round.pk])
        cursor.fetchall()


def _verify(directory: Path) -> None:
    """As a stranger would, with nothing but Python."""
    subprocess.run([sys.executable, "-I", verify_record.__file__, str(directory)], check=True, capture_output=True)


def _hash(directory: Path) -> None:
    code = "import hashlib,sys\nfor n in sys.argv[1:]: hashlib.sha256(open(n,'rb').read()).hexdigest()"
    files = [str(path) for path in directory.iterdir()]
    subprocess.run([sys.executable, "-I", "-c", code, *files], check=True, capture_output=True)
