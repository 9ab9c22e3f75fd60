"""What every flow needs: browsers of somebody's own, signed in."""

import pytest
from playwright.sync_api import Browser, Page

PASSWORD = "mat-khau-thu"


@pytest.fixture
def origin(live_server) -> str:
    """Where the portal is; a flow with processes of its own has another one."""
    return live_server.url


@pytest.fixture
def visit(browser: Browser, origin):
    """A function that opens a browser of somebody's own, signed in."""
    contexts = []

    def open_as(name: str, **options) -> Page:
        contexts.append(browser.new_context(locale="vi-VN", base_url=origin, **options))
        page = contexts[-1].new_page()
        page.goto("/accounts/login/")
        page.fill("#id_login", name)
        page.fill("#id_password", PASSWORD)
        page.click("main form button[type=submit]")
        page.wait_for_url(lambda url: "/accounts/login/" not in url)
        return page

    yield open_as
    for context in contexts:
        context.close()
