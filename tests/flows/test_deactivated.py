"""An administrator shuts a person out while their quiz is open in a browser."""

import pytest
from playwright.sync_api import Page, expect

from contest.models import Attempt
from tests.contest.test_browser_quiz import SAVED, ready
from tests.factories import grant, make_contest, make_root, make_unit, make_user, open_round
from tests.flows.conftest import PASSWORD, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def person():
    unit = make_unit("SYT", name="Sở Y tế", parent=make_root())
    grant(make_user("quantri", full_name="Trần Quản Trị", unit=unit, password=PASSWORD), "administrator")
    return make_user("anh", full_name="Lê Thị Ánh", unit=unit, password=PASSWORD)


@pytest.fixture
def round(person):
    return open_round(make_contest(questions_per_round=3))


def answer(page: Page, position: int) -> None:
    page.locator(f"#cau-{position} .choice").nth(1).click()


def mark(page: Page, position: int):
    return page.locator(f'[data-mark="{position}"]')


def shut_out(page: Page, name: str) -> None:
    """As an administrator does it: find the person, give a reason."""
    page.goto("/manage/people/")
    page.fill("#q", name)
    page.press("#q", "Enter")
    page.click(f"table a:has-text('{name}')")
    page.click("summary:has-text('Khóa tài khoản')")
    page.fill("#reason-off", "Quyết định nghỉ việc số 12")
    page.click("button:has-text('Khóa tài khoản')")
    expect(page.locator("main")).to_contain_text("Đã khóa tài khoản và kết thúc mọi phiên làm việc.")


def test_the_next_answer_of_a_person_shut_out_is_refused_and_the_page_says_so(visit, person, round):
    quiz = visit("anh")
    quiz.goto(f"/rounds/{round.pk}/start/")
    quiz.click("main form button[type=submit]")
    quiz.wait_for_url("**/attempts/**")
    ready(quiz)
    answer(quiz, 1)
    expect(mark(quiz, 1)).to_have_text(SAVED)

    shut_out(visit("quantri"), "Lê Thị Ánh")
    answer(quiz, 2)
    expect(quiz.locator("#refused-banner")).to_be_visible()
    expect(quiz.locator("#refused-banner")).to_contain_text("Trang này không còn lưu được nữa.")
    expect(mark(quiz, 2)).not_to_have_text(SAVED)
    assert sum(mask > 0 for mask in Attempt.objects.get().answers) == 1

    quiz.reload()
    sign_in(quiz, "anh")
    expect(quiz.get_by_role("heading", level=1)).to_have_text("Tài khoản đang bị khóa")
