"""The sheet in a real browser: no points are called saved that are not, and none are lost."""

from decimal import Decimal

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.conftest import ON_A_PHONE
from tests.contest.test_browser_quiz import SAVED
from tests.videos.world import make_clip, make_clip_contest, make_judge, make_rubric, make_sheet, start_scoring
from videos.models import ClipContest, CriterionScore, ScoreSheet, SheetState
from videos.panel.services import save_points

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True), ON_A_PHONE]

PASSWORD = "mat-khau-thu"


@pytest.fixture
def contest():
    contest = make_clip_contest(rubric=make_rubric(70, 20, 10))
    start_scoring(contest)
    return contest


@pytest.fixture
def judge(contest):
    return make_judge(contest, employee_id="GK00001", password=PASSWORD)


@pytest.fixture
def sheets(contest, judge):
    return [make_sheet(make_clip(contest, state="accepted"), judge) for _ in range(2)]


@pytest.fixture
def desk(page: Page, live_server, sheets) -> Page:
    """The first sheet, with the script running."""
    page.goto(f"{live_server.url}/accounts/login/?next=/clips/judging/{sheets[0].pk}/")
    page.fill("#id_login", "GK00001")
    page.fill("#id_password", PASSWORD)
    page.click("main form button[type=submit]")
    ready(page)
    return page


def ready(page: Page) -> None:
    page.wait_for_selector("html.sheet-ready")


def give(page: Page, position: int, text: str) -> None:
    page.fill(f"#p{position}", text)
    page.press(f"#p{position}", "Tab")


def mark(page: Page, slot: int | str):
    return page.locator(f'[data-mark="{slot}"]')


def stored(sheet: ScoreSheet) -> dict[int, float | None]:
    scores = CriterionScore.objects.filter(sheet=sheet)
    return {score.criterion.position: score.points and float(score.points) for score in scores}


def queue(page: Page) -> list[str]:
    return page.evaluate("Object.keys(localStorage)")


def test_points_are_ticked_only_after_the_server_has_acknowledged_them(desk, sheets):
    held = []
    desk.route("**/points/1/", lambda route: held.append(route))
    give(desk, 1, "６５，5")
    expect(mark(desk, 1)).to_have_text("Đang lưu…")
    expect(desk.locator("[data-total]")).to_have_text("65,5")
    desk.wait_for_timeout(600)
    expect(mark(desk, 1)).to_have_text("Đang lưu…")
    assert stored(sheets[0]) == {}
    held[0].continue_()
    expect(mark(desk, 1)).to_have_text(SAVED)
    assert stored(sheets[0]) == {1: 65.5}


def test_what_cannot_be_points_is_said_at_once_and_never_sent(desk, sheets):
    sent = []
    desk.on("request", lambda request: sent.append(request.url) if request.method == "PUT" else None)
    for text, sentence in (
        ("71", "Điểm tối đa của tiêu chí này là 70."),
        ("7,3", "Điểm của tiêu chí này cho theo bước 0,5."),
        ("bảy", "Điểm phải là một số, ví dụ 7 hoặc 7,5."),
    ):
        give(desk, 1, text)
        expect(mark(desk, 1)).to_have_text(sentence)
    desk.wait_for_timeout(500)
    assert sent == []
    desk.click("[data-submit]")
    expect(desk.locator("#p1")).to_be_focused()


def test_the_sheet_is_filled_and_handed_in_by_keyboard_alone(desk, sheets):
    desk.focus("#p1")
    desk.keyboard.type("60")
    desk.keyboard.press("ArrowUp")
    expect(desk.locator("#p1")).to_have_value("60,5")
    desk.keyboard.press("Enter")
    expect(desk.locator("#p2")).to_be_focused()
    desk.keyboard.press("PageUp")
    expect(desk.locator("#p2")).to_have_value("0")
    desk.keyboard.press("PageUp")
    expect(desk.locator("#p2")).to_have_value("2")
    desk.keyboard.press("PageDown")
    desk.keyboard.press("ArrowDown")
    expect(desk.locator("#p2")).to_have_value("0")
    desk.keyboard.press("Enter")
    desk.keyboard.press("ArrowDown")
    expect(desk.locator("#p3")).to_have_value("10")
    desk.keyboard.press("Shift+Enter")
    expect(desk.locator("#p2")).to_be_focused()
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url(f"**/{sheets[0].pk}/submit/")
    assert stored(sheets[0]) == {1: 60.5, 2: 0, 3: 10}
    expect(desk.locator("tfoot")).to_contain_text("70,5")
    desk.keyboard.press("Enter")  # the button has the focus
    desk.wait_for_url(f"**/judging/{sheets[1].pk}/")
    assert ScoreSheet.objects.get(pk=sheets[0].pk).state == SheetState.SUBMITTED


def test_points_given_without_network_wait_loudly_and_go_out_when_it_is_back(desk, sheets, context: BrowserContext):
    context.set_offline(True)
    give(desk, 1, "60")
    desk.fill("#comment", "Hình ảnh đẹp")
    desk.press("#comment", "Tab")
    expect(mark(desk, 1)).to_have_text("Chưa lưu - sẽ gửi lại khi có mạng")
    expect(desk.locator("#offline-banner")).to_be_visible()
    assert stored(sheets[0]) == {}
    context.set_offline(False)
    expect(mark(desk, 1)).to_have_text(SAVED)
    expect(mark(desk, "c")).to_have_text(SAVED)
    expect(desk.locator("#offline-banner")).to_be_hidden()
    assert stored(sheets[0]) == {1: 60}
    assert ScoreSheet.objects.get(pk=sheets[0].pk).comment == "Hình ảnh đẹp"
    assert [key for key in queue(desk) if ":q:" in key] == []


def test_what_is_not_saved_survives_a_reload(desk, sheets):
    desk.route("**/points/*/", lambda route: route.abort())
    give(desk, 2, "17,5")
    expect(mark(desk, 2)).to_have_text("Chưa lưu - sẽ gửi lại khi có mạng")
    desk.once("dialog", lambda dialog: dialog.accept())
    desk.reload()
    ready(desk)
    expect(desk.locator("#p2")).to_have_value("17,5")
    assert stored(sheets[0]) == {}
    desk.unroute("**/points/*/")
    expect(mark(desk, 2)).to_have_text(SAVED, timeout=15_000)
    assert stored(sheets[0]) == {2: 17.5}


def test_a_lost_answer_is_asked_for_again_and_nothing_is_stored_twice(desk, sheets):
    lost = []

    def lose_the_answer(route):
        if not lost:
            lost.append(route.fetch().status)
            return route.abort()
        return route.continue_()

    desk.route("**/points/1/", lose_the_answer)
    give(desk, 1, "60")
    expect(mark(desk, 1)).to_have_text(SAVED, timeout=15_000)
    assert lost == [200]
    score = CriterionScore.objects.get(sheet=sheets[0])
    assert (float(score.points), score.sequence) == (60, 1)


def test_newer_points_from_another_device_are_shown_not_overwritten(desk, sheets, judge):
    save_points(sheet=sheets[0], position=1, points=Decimal(50), sequence=9, actor=judge)
    entry = "{value: '10', sequence: 1, at: Date.now()}"
    desk.evaluate(f"localStorage.setItem('cchc:quiz:sheet-{sheets[0].pk}:q:1', JSON.stringify({entry}))")
    desk.evaluate("window.dispatchEvent(new Event('online'))")
    expect(desk.locator("#p1")).to_have_value("50")
    assert stored(sheets[0]) == {1: 50}


def test_when_the_panel_locks_the_open_page_says_so_and_takes_nothing_more(desk, contest, sheets):
    ScoreSheet.objects.filter(pk=sheets[0].pk).update(state=SheetState.CLOSED)
    ClipContest.objects.filter(pk=contest.pk).update(locked_at=contest.scoring_started_at)
    give(desk, 1, "60")
    expect(desk.locator("#closed-banner")).to_be_visible()
    expect(desk.locator("#p1")).to_be_disabled()
    assert stored(sheets[0]) == {}
