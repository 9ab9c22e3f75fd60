"""An organiser sets up a second factor in a browser, and is asked for it from then on."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.accounts.authenticator import code_of
from tests.factories import grant, make_contest, make_user
from tests.flows.conftest import PASSWORD, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def organiser(settings) -> User:
    settings.REQUIRE_SECOND_FACTOR = True
    user = make_user("organiser", full_name="Nguyễn Thu Hà", password=PASSWORD)
    grant(user, "organiser")
    make_contest(title="Hội thi cải cách hành chính")
    return user


def enter(page: Page, code: str) -> None:
    page.fill("#id_code", code)
    page.press("#id_code", "Enter")


def enrol(page: Page) -> str:
    """Set the app up on the page that is shown; returns the secret."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Thiết lập xác thực hai lớp")
    box = page.locator("img.qr").bounding_box()
    assert box["width"] > 150
    assert page.locator("img.qr").evaluate("image => image.naturalWidth") > 0, "the policy lets the picture in"
    secret = page.locator("#secret").inner_text()
    enter(page, code_of(secret))
    return secret


def test_an_organiser_sets_up_a_second_factor_and_gives_it_at_the_next_sign_in(open_at, organiser):
    page = open_at("/manage/")
    sign_in(page, "organiser")
    secret = enrol(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Mã dự phòng")
    codes = page.locator(".codes code").all_inner_texts()
    assert len(set(codes)) == 10
    with page.expect_download() as download:
        page.get_by_role("link", name="Tải về").click()
    assert all(code in download.value.path().read_text() for code in codes)
    page.click("text=Tôi đã cất mã, tiếp tục")
    expect(page).to_have_url(re.compile("/manage/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Tổ chức thi")

    again = open_at("/manage/")
    sign_in(again, "organiser")
    expect(again.get_by_role("heading", level=1)).to_have_text("Nhập mã xác thực")
    enter(again, "000000")
    expect(again.get_by_role("alert")).to_contain_text("Mã chưa đúng")
    again.goto("/manage/")
    expect(again).not_to_have_url(re.compile("/manage/$"))
    again.goto("/accounts/2fa/authenticate/")
    enter(again, code_of(secret, 1))  # the code of this half minute was used up in setting the app up
    again.wait_for_url("**/manage/")
    expect(again.get_by_role("heading", level=1)).to_have_text("Tổ chức thi")


def test_without_javascript_it_goes_as_well(open_at, organiser):
    page = open_at("/manage/", java_script_enabled=False)
    sign_in(page, "organiser")
    enter(page, code_of(page.locator("#secret").inner_text()))
    page.click("text=Tôi đã cất mã, tiếp tục")
    expect(page).to_have_url(re.compile("/manage/$"))
