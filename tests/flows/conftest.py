"""What every flow needs: a portal, and browsers of somebody's own, signed in."""

from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page

from embedded.valkey import free_port
from tests.processes import wait_for

PASSWORD = "mat-khau-thu"
PHONE = {"width": 390, "height": 800}


@pytest.fixture
def origin(live_server) -> str:
    """Where the portal is; a flow with processes of its own has another one."""
    return live_server.url


@pytest.fixture
def portal(start, tmp_path):
    """A function that starts a web server and the processes that are named; returns the portal's address."""

    def start_portal(*names: str, **more: str) -> str:
        port = str(free_port())
        url = f"http://127.0.0.1:{port}"
        for name in ("web", *names):
            data = str(tmp_path / "data")
            start(name, PORT=port, PUBLIC_URL=url, STATIC_FROM_SOURCE="1", DATA_DIR=data, **more)
        wait_for(lambda: _answers(f"{url}/health/live"), "the web server")
        return url

    return start_portal


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


@pytest.fixture
def open_at(browser: Browser, origin):
    """A function that opens a browser of its own at an address."""
    contexts = []

    def open_new(address: str, **options) -> Page:
        contexts.append(browser.new_context(locale="vi-VN", base_url=origin, **options))
        page = contexts[-1].new_page()
        page.goto(address)
        return page

    yield open_new
    for context in contexts:
        context.close()


@pytest.fixture
def visit(open_at):
    """A function that opens a browser of somebody's own, signed in."""

    def open_as(name: str, **options) -> Page:
        page = open_at("/accounts/login/", **options)
        sign_in(page, name)
        page.wait_for_url(lambda url: "/accounts/login/" not in url)
        return page

    return open_as


def sign_in(page: Page, name: str) -> None:
    page.fill("#id_login", name)
    page.fill("#id_password", PASSWORD)
    page.click("main form button[type=submit]")
