"""python -m bench.child CASE REPORT [--quick]: one case, in a process of its own."""

import importlib
import json
import os
import sys
from pathlib import Path

import django


def main(case: str, report: str, *flags: str) -> None:
    """Run `bench.cases.CASE` and write its rows to the file `report`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    rows = importlib.import_module(f"bench.cases.{case}").run(quick="--quick" in flags)
    Path(report).write_text(json.dumps([row.as_json() for row in rows]))


if __name__ == "__main__":
    main(*sys.argv[1:])
