"""The quiz in a real browser: nothing chosen is lost, and nothing is called saved that is not."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from contest.attempt_key import AttemptKey
from contest.models import Attempt
from contest.paper import mask_to_positions, paper_of
from contest.services.attempts import save_answer
from tests.conftest import ON_A_PHONE
from tests.factories import make_contest, make_unit, make_user, open_round

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True), ON_A_PHONE]

PASSWORD = "mat-khau-thu"
SAVED = re.compile(r"^Đã lưu lúc \d\d:\d\d:\d\d$")


@pytest.fixture
def person():
    return make_user("NV00001", unit=make_unit(), full_name="Nguyễn Thị Hồng Hạnh", password=PASSWORD)


@pytest.fixture
def round(person):
    return open_round(make_contest(questions_per_round=3))


@pytest.fixture
def sheet(page: Page, live_server, round) -> Page:
    """A started attempt's sheet, with the client running."""
    start(page, live_server.url, round)
    ready(page)
    return page


def start(page: Page, origin: str, round) -> None:
    page.goto(f"{origin}/accounts/login/?next=/rounds/{round.pk}/start/")
    page.fill("#id_login", "NV00001")
    page.fill("#id_password", PASSWORD)
    page.click("main form button[type=submit]")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/attempts/**")


def ready(page: Page) -> None:
    page.wait_for_selector("html.quiz-ready")


def choose(page: Page, position: int, choice: int) -> None:
    page.locator(f"#cau-{position} .choice").nth(choice - 1).click()


def mark(page: Page, slot: int | str):
    return page.locator(f'[data-mark="{slot}"]')


def stored(position: int) -> list[int]:
    """The choices the database holds at a shown position of the only attempt."""
    attempt = Attempt.objects.get()
    paper = paper_of(attempt.round_id)
    index = paper.question_order(attempt.pk)[position - 1]
    return mask_to_positions(attempt.answers[index], paper.choice_order(attempt.pk, index))


def queue(page: Page) -> list[str]:
    return page.evaluate("Object.keys(localStorage)")


def answer_everything(page: Page) -> None:
    for position in (1, 2, 3):
        choose(page, position, 1)
        expect(mark(page, position)).to_have_text(SAVED)
    page.fill("#prediction", "1.234")
    page.press("#prediction", "Tab")
    expect(mark(page, "p")).to_have_text(SAVED)


def hand_in(page: Page) -> None:
    page.locator(".bar [data-submit]").click()
    page.locator('[data-dialog="confirm"]').click()


def test_a_choice_is_ticked_only_after_the_server_has_acknowledged_it(sheet):
    held = []
    sheet.route("**/answers/1", lambda route: held.append(route))
    choose(sheet, 1, 2)
    expect(mark(sheet, 1)).to_have_text("Đang lưu…")
    sheet.wait_for_timeout(600)
    expect(mark(sheet, 1)).to_have_text("Đang lưu…")
    assert stored(1) == []
    held[0].continue_()
    expect(mark(sheet, 1)).to_have_text(SAVED)
    assert stored(1) == [2]
    expect(sheet.locator(".bar [data-saved-count]")).to_have_text("1")
    expect(sheet.locator("#quiz-live")).to_contain_text("Câu 1: Đã lưu lúc")


def test_answers_given_without_network_wait_loudly_and_go_out_when_it_is_back(sheet, context: BrowserContext):
    choose(sheet, 1, 1)
    expect(mark(sheet, 1)).to_have_text(SAVED)
    context.set_offline(True)
    choose(sheet, 2, 2)
    choose(sheet, 3, 3)
    expect(sheet.locator("#offline-banner")).to_be_visible()
    expect(mark(sheet, 2)).to_have_text("Chưa lưu - sẽ gửi lại khi có mạng")
    choose(sheet, 3, 4)
    assert (stored(2), stored(3)) == ([], [])
    context.set_offline(False)
    expect(mark(sheet, 2)).to_have_text(SAVED)
    expect(mark(sheet, 3)).to_have_text(SAVED)
    expect(sheet.locator("#offline-banner")).to_be_hidden()
    assert (stored(1), stored(2), stored(3)) == ([1], [2], [4])
    assert queue(sheet) == []


def test_unsaved_answers_survive_a_reload(sheet):
    sheet.route("**/answers/*", lambda route: route.abort())
    choose(sheet, 1, 3)
    expect(mark(sheet, 1)).to_have_text("Chưa lưu - sẽ gửi lại khi có mạng")
    sheet.once("dialog", lambda dialog: dialog.accept())  # the warning before leaving
    sheet.unroute("**/answers/*")
    sheet.reload()
    ready(sheet)
    expect(sheet.locator("#cau-1 .choice input").nth(2)).to_be_checked()
    expect(mark(sheet, 1)).to_have_text(SAVED)
    assert stored(1) == [3]


def test_a_cut_answer_to_a_save_is_sent_again_and_stored_once(sheet):
    """The server has stored it, the acknowledgement was lost on the way."""
    cut = []

    def lose_the_answer(route):
        if cut:
            route.continue_()
            return
        cut.append(route.fetch().status)
        route.abort()

    sheet.route("**/answers/1", lose_the_answer)
    choose(sheet, 1, 2)
    expect(mark(sheet, 1)).to_have_text(SAVED, timeout=10_000)
    assert cut == [200]
    assert stored(1) == [2]
    assert sum(Attempt.objects.get().sequences) == 1


def test_two_tabs_show_one_another_what_is_saved(sheet, context: BrowserContext):
    other = context.new_page()
    other.goto(sheet.url)
    ready(other)
    choose(other, 1, 2)
    expect(mark(other, 1)).to_have_text(SAVED)
    expect(mark(sheet, 1)).to_have_text(SAVED)
    expect(sheet.locator("#cau-1 .choice input").nth(1)).to_be_checked()
    choose(sheet, 1, 4)
    expect(other.locator("#cau-1 .choice input").nth(3)).to_be_checked()
    expect(mark(other, 1)).to_have_text(SAVED)
    assert stored(1) == [4]


def test_without_web_locks_two_tabs_still_lose_nothing(sheet, context: BrowserContext):
    context.add_init_script("delete Navigator.prototype.locks;")
    other = context.new_page()
    for tab in (sheet, other):
        tab.goto(sheet.url)
        ready(tab)
    choose(sheet, 1, 1)
    choose(other, 2, 2)
    choose(sheet, 3, 3)
    for tab in (sheet, other):
        expect(mark(tab, 3)).to_have_text(re.compile("^Đã lưu"), timeout=10_000)
    assert (stored(1), stored(2), stored(3)) == ([1], [2], [3])


def test_another_devices_newer_answer_wins_over_one_that_waited(sheet, context: BrowserContext):
    sheet.route("**/answers/*", lambda route: route.abort())
    choose(sheet, 1, 1)
    expect(mark(sheet, 1)).to_have_text("Chưa lưu - sẽ gửi lại khi có mạng")
    attempt = Attempt.objects.get()
    key = AttemptKey(attempt.pk, attempt.round_id, attempt.nonce)
    save_answer(key=key, position=1, choices=[4], sequence=9)
    sheet.wait_for_timeout(5200)  # so that the choice here is no longer fresh
    sheet.unroute("**/answers/*")
    expect(sheet.locator("#cau-1 .choice input").nth(3)).to_be_checked(timeout=20_000)
    expect(sheet.locator("#quiz-live")).to_contain_text("Câu 1")
    assert stored(1) == [4]
    choose(sheet, 1, 2)
    expect(mark(sheet, 1)).to_have_text(SAVED)
    assert stored(1) == [2]


def test_a_fresh_choice_wins_over_what_another_device_had_stored(sheet):
    attempt = Attempt.objects.get()
    save_answer(key=AttemptKey(attempt.pk, attempt.round_id, attempt.nonce), position=1, choices=[4], sequence=9)
    choose(sheet, 1, 2)
    expect(mark(sheet, 1)).to_have_text(SAVED)
    assert stored(1) == [2]


def test_the_prediction_is_read_as_people_type_it(sheet):
    sheet.fill("#prediction", "２.３４5 ")
    sheet.press("#prediction", "Enter")
    expect(mark(sheet, "p")).to_have_text(SAVED)
    expect(sheet.locator("#prediction-echo")).to_have_text("Dự đoán của bạn: 2.345 người")
    assert Attempt.objects.get().prediction == 2345
    sheet.fill("#prediction", "khoảng 12")
    expect(sheet.locator("#prediction-error")).to_be_visible()
    expect(mark(sheet, "p")).to_have_attribute("data-state", "rejected")
    assert Attempt.objects.get().state == "in_progress"


def test_handing_in_names_what_is_missing_and_leads_there(sheet):
    choose(sheet, 2, 1)
    sheet.locator(".bar [data-submit]").click()
    missing = sheet.locator("[data-missing] a")
    expect(missing).to_have_text(["Câu 1", "Câu 3", "Câu dự đoán"])
    missing.nth(1).click()
    expect(sheet.locator("#quiz-dialog")).to_be_hidden()
    assert sheet.evaluate("document.activeElement.name") == "q3"
    assert Attempt.objects.get().state == "in_progress"


def test_handing_in_ends_on_the_receipt_and_leaves_nothing_in_the_browser(sheet):
    answer_everything(sheet)
    hand_in(sheet)
    expect(sheet.get_by_role("heading", name="Biên nhận bài thi")).to_be_visible()
    attempt = Attempt.objects.get()
    assert attempt.state == "submitted"
    expect(sheet.get_by_text(attempt.entry)).to_be_visible()
    assert queue(sheet) == []
    sheet.reload()
    sheet.go_back()
    assert Attempt.objects.count() == 1


def test_handing_in_goes_on_when_the_network_returns(sheet, context: BrowserContext):
    answer_everything(sheet)
    sheet.locator(".bar [data-submit]").click()
    expect(sheet.locator('[data-dialog="confirm"]')).to_be_visible()
    context.set_offline(True)
    sheet.locator('[data-dialog="confirm"]').click()
    expect(sheet.get_by_text("Chưa nhận được trả lời của máy chủ")).to_be_visible()
    assert Attempt.objects.get().state == "in_progress"
    context.set_offline(False)
    expect(sheet.get_by_role("heading", name="Biên nhận bài thi")).to_be_visible(timeout=20_000)


def test_an_expired_session_blocks_neither_saving_nor_handing_in(sheet, context: BrowserContext):
    context.clear_cookies()
    answer_everything(sheet)
    hand_in(sheet)
    sheet.wait_for_url("**/accounts/login/**")
    assert Attempt.objects.get().state == "submitted"


def test_the_keyboard_alone_is_enough(sheet):
    for position in (1, 2, 3):
        first = sheet.locator(f"#cau-{position} input[type=radio]").first
        first.focus()
        sheet.keyboard.press("Space")
        sheet.keyboard.press("ArrowDown")
        expect(mark(sheet, position)).to_have_text(SAVED)
        assert stored(position) == [2]
    sheet.keyboard.press("Tab")
    assert sheet.evaluate("document.activeElement.id") == "prediction"
    sheet.keyboard.type("12")
    sheet.keyboard.press("Enter")
    expect(mark(sheet, "p")).to_have_text(SAVED)
    assert Attempt.objects.get().state == "in_progress"
    sheet.keyboard.press("Tab")  # to the saved count
    sheet.keyboard.press("Tab")  # to handing in
    sheet.keyboard.press("Enter")
    expect(sheet.locator('[data-dialog="confirm"]')).to_be_focused()
    sheet.keyboard.press("Escape")
    expect(sheet.locator("#quiz-dialog")).to_be_hidden()
    assert Attempt.objects.get().state == "in_progress"
    sheet.keyboard.press("Enter")
    expect(sheet.locator('[data-dialog="confirm"]')).to_be_focused()
    sheet.keyboard.press("Enter")
    expect(sheet.get_by_role("heading", name="Biên nhận bài thi")).to_be_visible()


def test_logging_out_with_unsaved_answers_asks_and_then_leaves_nothing(sheet):
    sheet.route("**/answers/*", lambda route: route.abort())
    choose(sheet, 1, 3)
    expect(mark(sheet, 1)).to_have_text("Chưa lưu - sẽ gửi lại khi có mạng")
    asked = []
    sheet.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    sheet.get_by_role("button", name="Đăng xuất").click()
    assert "chưa gửi được" in asked[0]
    assert len(queue(sheet)) == 1
    sheet.once("dialog", lambda dialog: dialog.accept())
    sheet.get_by_role("button", name="Đăng xuất").click()
    expect(sheet.get_by_role("link", name="Đăng nhập", exact=True)).to_be_visible()
    assert queue(sheet) == []


def test_a_revoked_key_stops_saving_and_keeps_what_is_unsaved(sheet):
    Attempt.objects.update(nonce=1)
    choose(sheet, 1, 2)
    expect(sheet.locator("#refused-banner")).to_be_visible()
    expect(mark(sheet, 1)).not_to_have_text(SAVED)
    assert len(queue(sheet)) == 1


def test_the_deadline_is_counted_by_the_servers_clock(sheet, live_server):
    """A wrong clock of the device changes nothing: the page has never asked it."""
    sheet.add_init_script("const real = Date.now; Date.now = () => real() + 3600e3;")
    sheet.reload()
    ready(sheet)
    assert re.fullmatch(r"(30:00|29:\d\d)", sheet.locator(".bar__value[data-time-left]").inner_text())


def test_the_plain_form_works_without_javascript(browser, live_server, round):
    context = browser.new_context(java_script_enabled=False, locale="vi-VN", viewport={"width": 390, "height": 800})
    page = context.new_page()
    start(page, live_server.url, round)
    for position in (1, 2):
        page.locator(f"#cau-{position} input[type=radio]").first.check(force=True)
    page.fill("#prediction", "1.234")
    page.press("#prediction", "Enter")  # saves, never hands in
    expect(page.get_by_text("Đã lưu bài lúc")).to_be_visible()
    expect(mark(page, 1)).to_have_text("Đã lưu")
    page.reload()
    assert Attempt.objects.get().state == "in_progress"
    page.locator(".bar button[value=submit]").click()
    expect(page.get_by_text("còn thiếu: câu 3")).to_be_visible()
    page.locator("#cau-3 input[type=radio]").first.check(force=True)
    page.locator(".bar button[value=submit]").click()
    expect(page.get_by_role("heading", name="Biên nhận bài thi")).to_be_visible()
    attempt = Attempt.objects.get()
    assert (attempt.state, attempt.prediction) == ("submitted", 1234)
    context.close()


def test_pages_keep_to_the_content_security_policy_and_fit_a_small_phone(page: Page, live_server, round):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_viewport_size({"width": 360, "height": 740})
    start(page, live_server.url, round)
    ready(page)
    for path in (
        page.url,
        f"{live_server.url}/",
        f"{live_server.url}/rounds/",
        f"{live_server.url}/contests/{round.contest.slug}/rules/",
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    assert complaints == []
