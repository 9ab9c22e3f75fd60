"""What the root conftest.py promises about skipped tests."""

import os
import subprocess
import sys

import pytest

from embedded.home import ROOT

pytestmark = pytest.mark.slow

SKIPPED = """
import pytest

@pytest.mark.skip(reason="no such thing here")
def test_left_out():
    pass

def test_done():
    pass
"""
IN_A_BROWSER = """
import pytest

@pytest.mark.browser
def test_page(page):
    page.set_content("<h1>Xin chào</h1>")
    assert page.inner_text("h1") == "Xin chào"
"""


def run_suite(tmp_path, tests, **environment):
    (tmp_path / "test_it.py").write_text(tests)
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "CI"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-p", "conftest", str(tmp_path / "test_it.py")],
        cwd=ROOT,
        env=ours | environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("more", [[], ["-n2"]], ids=["one process", "two workers"])
def test_a_skipped_test_fails_in_ci_and_is_named(tmp_path, more):
    done = run_suite(tmp_path, SKIPPED, CI="true", PYTEST_ADDOPTS=" ".join(more))
    assert done.returncode == 1
    assert "1 passed, 1 skipped" in done.stdout
    assert "skipped, which fails in CI" in done.stdout
    assert "test_left_out: Skipped: no such thing here" in done.stdout


def test_a_missing_browser_is_named_with_the_command_to_install_it(tmp_path):
    done = run_suite(tmp_path, IN_A_BROWSER, PATH="/nonexistent")
    assert done.returncode == 0
    assert "apt-get install chromium fonts-liberation2" in done.stdout
