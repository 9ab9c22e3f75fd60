"""The end of a session in a browser: a warning, and nothing typed is lost."""

import time

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from accounts.sessions import STAMPS
from tests.factories import grant, make_contest, make_user
from tests.flows.conftest import PASSWORD, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

REASON = "#id_reason"


@pytest.fixture
def page(open_at) -> Page:
    for name in ("quantri", "khac"):
        grant(make_user(name, password=PASSWORD), "administrator")
    make_contest()
    page = open_at("/manage/roles/grant/")
    sign_in(page, "quantri")
    page.wait_for_url("**/roles/grant/")
    return page


def leave_seconds(page: Page, seconds: float) -> None:
    """Make the session one that ends in `seconds` if it is not used."""
    key = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "sessionid")
    store = SessionStore(key)
    store[STAMPS] |= {"seen": time.time() - 3600 + seconds}
    store.save()


def open_quietly(page: Page) -> None:
    """Load the page without that counting as use."""
    page.context.set_extra_http_headers({"X-Background": "1"})
    page.reload()
    page.context.set_extra_http_headers({})


def test_before_the_end_the_page_warns_and_one_press_stays(page):
    dialog = page.locator("[data-session]")
    page.reload()
    expect(dialog).to_be_hidden()
    leave_seconds(page, 170)
    open_quietly(page)
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Phiên làm việc sắp hết hạn")
    expect(dialog.locator("[data-left]")).to_have_text("3")
    dialog.get_by_role("button", name="Tiếp tục làm việc").click()
    expect(dialog).to_be_hidden()
    assert page.request.get("/accounts/session/").json()["seconds"] > 3590


def test_after_the_end_what_was_typed_waits_for_its_owner(page):
    leave_seconds(page, 8)
    open_quietly(page)
    dialog = page.locator("[data-session]")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.fill(REASON, "Quyết định số 12")
    expect(dialog.get_by_role("heading", name="Phiên làm việc đã hết hạn")).to_be_visible(timeout=20_000)
    dialog.get_by_role("link", name="Đăng nhập lại").click()
    page.wait_for_url("**/accounts/login/**")
    sign_in(page, "quantri")
    page.wait_for_url("**/roles/grant/")
    expect(page.locator(REASON)).to_have_value("Quyết định số 12")
    expect(page.locator("[data-draft-note]")).to_be_visible()
    page.reload()
    expect(page.locator(REASON)).to_have_value("")


def test_a_form_sent_after_the_end_comes_back_filled_in(page):
    page.fill("#id_employee_id", "NV-1")
    page.fill("#id_unit_code", "X")
    page.fill(REASON, "Quyết định số 12")
    Session.objects.all().delete()
    page.click("main form button:has-text('Cấp vai trò')")
    page.wait_for_url("**/accounts/login/**")
    sign_in(page, "quantri")
    expect(page.locator(REASON)).to_have_value("Quyết định số 12")
    expect(page.locator("#id_employee_id")).to_have_value("NV-1")


def test_somebody_else_on_the_same_machine_sees_nothing_of_it(page):
    """The control is the test before: to its owner it comes back."""
    page.fill("#id_employee_id", "NV-1")
    page.fill("#id_unit_code", "X")
    page.fill(REASON, "Quyết định số 12")
    Session.objects.all().delete()
    page.click("main form button:has-text('Cấp vai trò')")
    page.wait_for_url("**/accounts/login/**")
    assert page.evaluate("Object.values(sessionStorage).join()").count("Quyết định số 12") == 1
    sign_in(page, "khac")
    expect(page.locator(REASON)).to_have_value("")
    assert "Quyết định" not in page.evaluate("Object.values(sessionStorage).join()")


def test_neither_passwords_nor_codes_are_kept(page):
    page.goto("/accounts/2fa/totp/activate/")
    page.fill("#id_code", "123456")
    page.press("#id_code", "Enter")
    page.wait_for_load_state()
    assert page.evaluate("Object.keys(sessionStorage).length") == 0
