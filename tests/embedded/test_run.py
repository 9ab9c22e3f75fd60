"""`make run` from outside: start, side by side, Ctrl-C, kill -9, takeover, refusals."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time

import psycopg2
import pytest

from embedded.home import ROOT
from embedded.private import short_path
from embedded.processes import wait_until
from embedded.run import is_free, is_live
from embedded.valkey import free_port

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("run")]

# Without setpriv on the path the kernel is not asked to end children with us: a killed run leaves all of them.
WITHOUT_SETPRIV = {"PATH": "/nonexistent"}


def query(portal, statement):
    connection = psycopg2.connect(portal.record["environment"]["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else None
    connection.close()
    return rows


def manage(portal, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return subprocess.run(
        [sys.executable, "-m", "embedded.manage", *arguments],
        cwd=ROOT,
        env=environment | {"DATA_DIR": str(portal.data)},
        capture_output=True,
        text=True,
    )


def test_ctrl_c_leaves_nothing_behind(run_portal):
    portal = run_portal().wait_ready()
    programs = portal.programs()
    assert set(programs) == {"web", "worker", "rounds", "clips", "beat", "postgres", "valkey"}
    assert all(programs.values())
    assert "participant     100001          demo-cchc" in portal.text
    everyone = [process for members in programs.values() for process in members]

    assert portal.end(signal.SIGINT) == 0

    assert [process for process in everyone if process.is_alive] == []
    assert not short_path(portal.data / "postgres").exists()
    assert not short_path(portal.data / "valkey").exists()
    assert not (portal.data / "run.json").exists()
    assert is_free(portal.port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_it_while_it_starts(run_portal, number):
    portal = run_portal()
    wait_until(lambda: "PostgreSQL and Valkey are up" in portal.text, 30)
    assert portal.end(number) == 0
    assert not any(portal.programs().values())


@pytest.mark.parametrize("environment", [{}, WITHOUT_SETPRIV], ids=["children die too", "children live on"])
def test_the_next_run_takes_over_after_kill_9(run_portal, environment):
    killed = run_portal(**environment).wait_ready()
    query(killed, "CREATE TABLE kept AS SELECT 42 AS number")
    everyone = [process for members in killed.programs().values() for process in members]
    killed.process.kill()
    killed.process.wait()
    if environment:  # the fault is real
        assert all(process.is_alive for process in everyone)

    portal = run_portal(port=killed.port).wait_ready()

    assert "an earlier run had left behind" in portal.text or not environment
    assert [process for process in everyone if process.is_alive] == []
    assert query(portal, "SELECT number FROM kept") == [(42,)]
    assert len(portal.programs()["beat"]) == 1


def test_killing_make_ends_the_portal(run_portal):
    portal = run_portal(command=["make", "run", f"PYTHON={sys.executable}"]).wait_ready()
    everyone = [process for members in portal.programs().values() for process in members]
    portal.process.kill()
    assert wait_until(lambda: not any(process.is_alive for process in everyone), 30)


def test_two_runs_side_by_side(run_portal):
    first, second = run_portal("first"), run_portal("second")
    first.wait_ready()
    second.wait_ready()
    query(first, "CREATE TABLE only_here (number int)")
    assert query(second, "SELECT count(*) FROM pg_class WHERE relname = 'only_here'") == [(0,)]
    assert first.end() == 0
    assert is_live(second.port)


def test_a_second_run_on_the_same_data_is_refused(run_portal):
    first = run_portal().wait_ready()
    second = run_portal()
    assert second.process.wait(30) == 2
    assert f"in use by process {first.process.pid} at http://127.0.0.1:{first.port}" in second.text
    assert is_live(first.port)


def test_a_taken_port_is_refused_before_anything_is_changed(run_portal):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        portal = run_portal(port=port, without_demo=False)
        assert portal.process.wait(30) == 2
    assert f"Port {port} on 127.0.0.1 is taken by another program" in portal.text
    assert not portal.data.exists()


def test_what_dies_is_started_again(run_portal):
    portal = run_portal().wait_ready()
    address = portal.record["environment"]
    for name in ("web", "worker", "rounds", "clips", "beat", "postgres", "valkey"):
        programs = portal.programs()[name]
        for process in programs:
            os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda programs=programs: not any(process.is_alive for process in programs), 5)
    assert wait_until(lambda: all(portal.programs().values()), 30)
    assert wait_until(lambda: is_live(portal.port), 30)
    assert portal.record["environment"] == address
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=10)
    assert wait_until(lambda: is_ready(connection), 30)
    assert portal.end() == 0


def is_ready(connection):
    connection.request("GET", "/health/ready")
    response = connection.getresponse()
    response.read()
    return response.status == 200


def test_manage_joins_a_running_portal(run_portal):
    portal = run_portal().wait_ready()
    query(portal, "CREATE TABLE joined AS SELECT 7 AS number")
    shown = manage(
        portal,
        "shell",
        "-v",
        "0",
        "-c",
        "from django.db import connection as c; k = c.cursor();"
        " k.execute('SELECT number FROM joined'); print(k.fetchone())",
    )
    assert (shown.returncode, shown.stdout) == (0, "(7,)\n"), shown.stderr
    assert is_live(portal.port)


def test_manage_brings_its_own_servers_and_ends_them(run_portal):
    portal = run_portal(port=free_port())
    portal.process.kill()
    portal.process.wait()
    done = manage(portal, "migrate", "--noinput", "-v", "0")
    assert done.returncode == 0, done.stderr
    assert manage(portal, "migrate", "--check").returncode == 0
    assert manage(portal, "no_such_command").returncode == 1
    assert not any(portal.programs().values())


def test_the_start_is_quick(run_portal):
    started = time.monotonic()
    run_portal().wait_ready()
    assert time.monotonic() - started < 60
