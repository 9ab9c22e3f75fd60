"""The test database from a template: migrated once, then kept as a dump until a migration changes.

Migrating takes some twenty seconds, and every xdist worker would do it anew. Django still runs `migrate` on the copy,
so that what the dump lacks is made up for.

After a test that commits the tables are emptied. Django truncates them all, which is thousands of new files in a
fifth of a second; few of them have rows, and few rows are sooner deleted.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from embedded.engines import client_programs
from embedded.testing import HOME

KEPT_SECONDS = 7 * 86400
# Written by `migrate`, and by Django again after every flush: no test changes them.
OF_DJANGO = {"django_content_type", "auth_permission"}
# Where triggers of ours forbid to delete, TRUNCATE is let through; it must come before deletions that wait for checks.
# Checks of foreign keys, one for each row and each referring table, make deleting the slower way for many rows.
EMPTY = """
DO $$
DECLARE
    tables CONSTANT text[] := ARRAY[{tables}];
    name text;
    is_filled boolean;
    is_large boolean;
    has_triggers boolean;
    deleted text[];
BEGIN
    FOREACH name IN ARRAY tables LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %1$I), EXISTS (SELECT FROM %1$I OFFSET 500)', name)
            INTO is_filled, is_large;
        has_triggers := EXISTS (SELECT FROM pg_trigger WHERE tgrelid = name::regclass AND NOT tgisinternal);
        IF is_large THEN
            EXECUTE 'TRUNCATE ' || array_to_string(tables, ', ');
            RETURN;
        ELSIF is_filled AND has_triggers THEN
            EXECUTE format('TRUNCATE %I CASCADE', name);
        ELSIF is_filled THEN
            deleted := deleted || name;
        END IF;
    END LOOP;
    FOREACH name IN ARRAY coalesce(deleted, '{{}}') LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
END $$
"""
ROOT = Path(__file__).resolve().parent.parent


def template_database(cache: Path) -> str:
    """The name of a migrated database on the session's server, made on the first call; `cache` keeps its dump."""
    state = _state_of_migrations()
    name = f"template_{state[:16]}"
    with (Path(os.environ[HOME]) / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one xdist worker makes it, the others wait for it
        if not _run_sql("SELECT FROM pg_database WHERE datname = %s", name):
            _make(name, cache / f"{state}.sql")
    return name


def empty_quickly() -> None:
    """Let Django's `flush` look which tables have rows, instead of truncating all."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    def sql_flush(self, style, tables, *, reset_sequences=False, allow_cascade=False):
        if reset_sequences or allow_cascade:
            return truncate(self, style, tables, reset_sequences=reset_sequences, allow_cascade=allow_cascade)
        return [EMPTY.format(tables=", ".join(f"'{name}'" for name in sorted(set(tables) - OF_DJANGO)))]

    truncate, DatabaseOperations.sql_flush = DatabaseOperations.sql_flush, sql_flush


def _state_of_migrations() -> str:
    """A hash of all that decides what `migrate` makes: our migrations, and the versions of everybody else's."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _make(name: str, dump: Path) -> None:
    _run_sql(f"CREATE DATABASE {name}")
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    psql, pg_dump = client_programs() / "psql", client_programs() / "pg_dump"
    if dump.exists():
        quiet = ["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--single-transaction"]
        subprocess.run([psql, *quiet, f"--file={dump}", url], check=True, stdout=subprocess.DEVNULL)
        return
    environment = os.environ | {"DATABASE_URL": url, "PYTHONWARNINGS": "ignore"}
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(migrate, check=True, cwd=ROOT, env=environment)
    aside = dump.with_suffix(f".{os.getpid()}")
    subprocess.run([pg_dump, "--no-owner", f"--file={aside}", url], check=True)
    for other in dump.parent.glob("*.sql"):  # of other branches perhaps, or just read by another session
        if other.stat().st_mtime < time.time() - KEPT_SECONDS:
            other.unlink(missing_ok=True)
    aside.replace(dump)


def _run_sql(statement: str, *parameters: str) -> int:
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.rowcount
    connection.close()
    return max(rows, 0)
