"""What every test has: servers, the system's Chromium, and a CI in which nothing is left out."""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

pytest_plugins = ("embedded.testing",)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
INSTALL_CHROMIUM = "Chromium is missing. Install it with: apt-get install chromium fonts-liberation2"
# The browser is to talk to the tested server alone, and must run in containers, as root and without a GPU.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_configure() -> None:
    """Set Django up now: after the servers have been started, before a test module imports a model."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    # Pages are tested without collecting static files first.
    os.environ.setdefault("STATIC_FROM_SOURCE", "1")
    compile_english()
    django.setup()
    # Inherited by xdist's workers, it would make pytest-django read the settings there before the worker has
    # its own Redis database and data directory.
    del os.environ["DJANGO_SETTINGS_MODULE"]


def compile_english() -> None:
    """What `make translations` does, as pytest may be run without make."""
    source = Path(__file__).parent / "locale/en/LC_MESSAGES/django.po"
    compiled = source.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
        return
    aside = source.with_suffix(f".{os.getpid()}.mo")
    with source.open("rb") as catalogue, aside.open("wb") as file:
        write_mo(file, read_po(catalogue, locale="en"))
    aside.replace(compiled)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, pytestconfig: Any) -> None:
    """Let pytest-django copy the test database from a migrated one, and empty it without truncating every table."""
    from django.conf import settings

    from tests.database import empty_quickly, template_database

    empty_quickly()

    cache = pytestconfig.cache.mkdir("databases")
    settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = template_database(cache)


@pytest.fixture(autouse=True)
def forget_papers() -> None:
    """Forget compiled papers between tests: loading a demo starts the numbers of rounds anew.

    A portal meets that only when its database is replaced, and for that its processes are stopped.
    """
    from contest.paper import paper_of

    paper_of.cache_clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip browser tests, saying what to install, where there is no Chromium. Nothing is ever downloaded."""
    if CHROMIUM is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=INSTALL_CHROMIUM))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[Any]:
    """Let the garbage collector look through modules and collected tests, which stay until the end, at no time."""
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright's launch options, with the system's Chromium."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": CHROMIUM_FLAGS}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: what was not run has not been shown to work."""
    if is_ci() and skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Name what was skipped, and why it matters in CI."""
    if is_ci() and skipped(config):
        terminalreporter.section("skipped, which fails in CI", red=True)
        for report in skipped(config):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            terminalreporter.line(f"{report.nodeid}: {reason}")


def is_ci() -> bool:
    """Whether the environment says that nothing may be skipped."""
    return os.environ.get("CI", "").lower() in ("1", "true")


def skipped(config: pytest.Config) -> list[Any]:
    """The reports of skipped tests, of all xdist workers."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return list(reporter.stats.get("skipped", [])) if reporter else []
