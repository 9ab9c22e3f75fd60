"""python -m bench [--only CASE]… [--quick] [--json FILE] [--data DIR]

Prints a table "case, ours, floor, ratio" and writes it as JSON. Exit code 1 when a case failed to run; a goal
that is missed is shown and does not change the code.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.cluster import Cluster
from bench.machine import describe
from bench.results import Result, from_json, table, write_json
from embedded.home import ROOT

# Case -> the database it starts from.
CASES = {
    "save": "demo",
    "servers": "demo",
    "pages": "demo",
    "participation": "demo",
    "record": "demo",
    "uploads": "demo",
    "official": "empty",
    "demo": "empty",
    "staff_import": "empty",
    "close": "empty",
    "weekly_dataset": "empty",
    "transcode": "empty",
    "staff_results": "empty",
    "report_pages": "empty",
    "judging": "empty",
}
FULL = {"units": 189, "staff": 20_058, "rounds": 4, "seed": 2023}
QUICK = {"units": 12, "staff": 240, "rounds": 3, "seed": 2023}


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Measures the portal beside its floors.")
    parser.add_argument("--only", action="append", choices=CASES, metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that it works, measures nothing")
    parser.add_argument("--json", type=Path, default=Path("bench-results/latest.json"), metavar="FILE")
    parser.add_argument("--data", type=Path, default=Path("var"), metavar="DIR", help="where the database is put")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    results: list[Result] = []
    failed = []
    with Cluster(options.data, demo=QUICK if options.quick else FULL) as cluster:
        machine = describe(cluster.directory)
        print("\n".join(f"{name:16}{value}" for name, value in machine.items()), flush=True)
        for case in options.only or CASES:
            print(f"… {case}", file=sys.stderr, flush=True)
            rows = run_case(cluster, case, quick=options.quick)
            if rows is None:
                failed.append(case)
                continue
            results += rows
            print(table(rows), flush=True)
    write_json(options.json, machine | {"quick": options.quick}, results)
    print(f"\n{table(results)}\n\nwritten to {options.json}")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run_case(cluster: Cluster, case: str, *, quick: bool) -> list[Result] | None:
    """Run a case in a process and a database of its own; None if it failed."""
    name = cluster.database(CASES[case], f"case_{case}")
    with tempfile.NamedTemporaryFile(mode="r", suffix=".json", dir=cluster.directory) as report:
        command = [sys.executable, "-m", "bench.child", case, report.name, *(["--quick"] if quick else [])]
        done = subprocess.run(command, env=cluster.environment(name), cwd=ROOT)
        cluster.drop(name)
        return None if done.returncode else [from_json(row) for row in json.load(report)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
