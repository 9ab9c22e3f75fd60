"""The measuring tool itself: that it measures, not how fast anything is."""

import json
import subprocess
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from bench.bare import constant
from bench.load import drive
from bench.machine import describe
from bench.quizzers import request
from bench.results import Result, from_json, table
from embedded.home import ROOT


def test_a_ratio_is_ours_over_the_floor():
    result = Result("close", ours=3.0, unit="s", floor=2.0, goal=("<=", 2.0))
    assert (result.ratio, result.is_met) == (1.5, True)


@pytest.mark.parametrize(
    ("ours", "floor", "goal", "met"),
    [(30, 100, (">=", 0.35), False), (35, 100, (">=", 0.35), True), (5, None, ("<=", 4.0), False), (5, 2, None, None)],
)
def test_goals_bound_the_ratio_or_without_a_floor_the_figure(ours, floor, goal, met):
    assert Result("case", ours, "s", floor, goal).is_met is met


def test_rows_survive_json():
    result = Result("save", 0.5, "s", 0.25, ("<=", 2.0), "a note")
    assert from_json(json.loads(json.dumps(result.as_json()))) == result


def test_the_table_shows_every_figure():
    rows = [Result("save", 1234.5, "requests/s", 2469.0, (">=", 0.35), "a note"), Result("import", 2.5, "s")]
    assert table(rows).splitlines() == [
        "case    ours              floor             ratio  goal",
        "------  ----------------  ----------------  -----  ------------",
        "save    1,234 requests/s  2,469 requests/s  0.5    >= 0.35: met",
        "    a note",
        "import  2.5 s",
    ]


def test_the_machine_is_named_with_its_synchronising_time(tmp_path):
    machine = describe(tmp_path, syncs=5)
    assert machine["cores"] >= 1
    assert machine["fsync_ms_median"] > 0


class Quiet(WSGIRequestHandler):
    def log_message(self, format, *args):
        pass


def test_clients_count_answers_and_send_each_request_once_when_asked():
    seen = []

    def application(environ, start_response):
        seen.append((environ["PATH_INFO"], environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))))
        return constant(environ, start_response)

    server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    requests = [request("PUT", "/a", {"sequence": "@SEQUENCE@"})]
    try:
        report = drive(port=server.server_port, connections=1, warm_up=0.0, seconds=10.0, once=True, requests=requests)
    finally:
        server.shutdown()
        server.server_close()
    assert report["statuses"] == {200: 1}
    assert seen == [("/a", b'{"sequence": 1000000001}')]


@pytest.mark.slow
def test_a_quick_run_measures_and_writes_json(tmp_path):
    target = tmp_path / "report.json"
    command = [sys.executable, "-m", "bench", "--quick", "--only", "participation", "--only", "close"]
    done = subprocess.run(
        [*command, "--json", str(target), "--data", str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(target.read_text())
    assert [row["case"] for row in report["results"]] == ["participation report", "close 2,000"]
    assert all(row["ours"] > 0 and row["floor"] > 0 for row in report["results"])
    assert list(tmp_path.iterdir()) == [target]
