"""The first sign-on of a person on the roster, and of a stranger, in a real browser at a real provider."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.accounts.sso.conftest import _mock_process, configure  # noqa: F401
from tests.conftest import ON_A_PHONE
from tests.contest.test_browser_quiz import SAVED, choose, mark, ready
from tests.factories import grant, make_contest, make_root, make_unit, make_user, open_round

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True), ON_A_PHONE]

BUTTON = "Đăng nhập bằng Tài khoản tinh"


@pytest.fixture
def mock(_mock_process, configure, settings, live_server):  # noqa: F811
    """The packaged provider, known to a portal that runs at the live server's address without local passwords."""
    configure({"tinh": _mock_process.issuer})
    settings.PUBLIC_URL = live_server.url
    settings.LOCAL_PASSWORDS = "off"
    return _mock_process


@pytest.fixture
def unit():
    return make_unit("SYT", name="Sở Y tế", parent=make_root())


@pytest.fixture
def page(page: Page):
    """A browser whose complaints about the content security policy fail the test."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    yield page
    assert complaints == []


def sign_on(page: Page, origin: str, sub: str, path: str = "/accounts/login/") -> None:
    page.goto(origin + path)
    page.get_by_role("button", name=BUTTON).click()
    page.fill("input[name=sub]", sub)  # the provider's own page
    page.get_by_role("button", name="Authorize", exact=True).click()
    page.wait_for_url(f"{origin}/**")


def test_a_person_on_the_roster_signs_on_takes_the_quiz_and_signs_out_everywhere(page, live_server, mock, unit):
    make_user("NV1", unit=unit, full_name="Nguyễn An")
    round = open_round(make_contest(questions_per_round=3))
    mock.know("sub-an", employee_id="NV1", name="Nguyễn An", email="an@example.vn")

    sign_on(page, live_server.url, "sub-an", f"/rounds/{round.pk}/start/")

    expect(page).to_have_url(f"{live_server.url}/rounds/{round.pk}/start/")
    expect(page.locator(".account__name")).to_contain_text("Nguyễn An")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/attempts/**")
    ready(page)
    choose(page, 1, 2)
    expect(mark(page, 1)).to_have_text(SAVED)

    page.locator("form[data-logout] button").first.click()
    page.get_by_role("button", name="End session").click()  # the provider's own page
    expect(page).to_have_url(f"{live_server.url}/")
    expect(page.locator(".account__name")).to_have_count(0)
    assert SocialAccount.objects.get().user.employee_id == "NV1"
    assert EmailAddress.objects.count() == 0


def test_a_stranger_asks_for_an_account_and_sees_it_waiting_when_they_come_again(page, live_server, mock, unit):
    organiser = make_user("organiser", full_name="Nguyễn Thu Hà")
    grant(organiser, "organiser")
    make_user("NV2", unit=unit, full_name="Trần Văn Bình", email="binh@example.vn")
    mock.know("sub-binh", name="Trần Văn Bình", email="binh@example.vn", email_verified=True)

    sign_on(page, live_server.url, "sub-binh")

    expect(page).to_have_url(f"{live_server.url}/requests/account/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bạn chưa có trong danh sách dự thi")
    page.fill("#id_employee_id", "NV2")
    page.fill("#id_unit", "SYT")
    page.get_by_role("button", name="Gửi đề nghị").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đề nghị của bạn đang chờ giải quyết")

    page.locator("main").get_by_role("button", name="Đăng xuất").click()
    page.get_by_role("button", name="End session").click()
    expect(page).to_have_url(f"{live_server.url}/")
    sign_on(page, live_server.url, "sub-binh")
    expect(page).to_have_url(re.compile("/requests/account/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Đề nghị của bạn đang chờ giải quyết")
    assert not SocialAccount.objects.exists()
    assert not User.objects.filter(linked_at__isnull=False).exists()


def test_without_scripts_the_way_to_the_provider_is_the_same(browser, live_server, mock, unit):
    make_user("NV1", unit=unit, full_name="Nguyễn An")
    mock.know("sub-an", employee_id="NV1")
    context = browser.new_context(java_script_enabled=False, locale="vi-VN")
    page = context.new_page()
    sign_on(page, live_server.url, "sub-an")
    expect(page.locator(".account__name")).to_contain_text("Nguyễn An")
    context.close()
