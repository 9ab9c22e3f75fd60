"""A coordinator proposes two colleagues, the organiser sees what would change and accepts, and the two are there."""

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Membership, User
from proposals.models import Proposal
from tests.factories import grant, make_contest, make_root, make_unit, make_user, open_round
from tests.flows.conftest import PASSWORD, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world():
    health = make_unit("SYT", name="Sở Y tế", parent=make_root(), headcount=12)
    make_unit("TTYT", name="Trung tâm Y tế", parent=health, headcount=8)
    coordinator = make_user("dau-moi", unit=health, full_name="Lê Thị Ánh", password=PASSWORD)
    organiser = make_user("to-chuc", unit=make_root(), full_name="Nguyễn Thu Hà", password=PASSWORD)
    make_user("NV-1", unit=health, full_name="Đặng Văn Bình", password=PASSWORD)
    grant(coordinator, "coordinator", health)
    grant(organiser, "organiser")
    return open_round(make_contest(title="Hội thi cải cách hành chính"))


def person(page: Page, line: int, employee_id: str, full_name: str, unit: str) -> None:
    page.fill(f"#id_line-{line}-employee_id", employee_id)
    page.fill(f"#id_line-{line}-full_name", full_name)
    page.select_option(f"#id_line-{line}-unit_code", unit)


def test_two_colleagues_are_proposed_on_a_phone_and_accepted(world, visit):
    coordinator = visit("dau-moi", viewport=PHONE)
    coordinator.click("nav.mainnav a:has-text('Việc của đơn vị')")
    coordinator.click("text=Đề nghị thêm người")
    person(coordinator, 0, "NV-10", "Phạm Thị Cúc", "SYT")
    person(coordinator, 1, "NV-11", "Hoàng Dũng", "TTYT")
    coordinator.fill("#id_note", "Tuyển dụng mới từ tháng 6")
    coordinator.click("text=Kiểm tra và xem trước")
    expect(coordinator.locator("main")).to_contain_text("NV-10 – Phạm Thị Cúc")
    assert Proposal.objects.get().state == "draft"
    coordinator.click("text=Gửi Ban Tổ chức")
    expect(coordinator.locator("h1 + .badge")).to_have_text("Chờ Ban Tổ chức")
    assert not User.objects.filter(employee_id__in=["NV-10", "NV-11"]).exists()

    organiser = visit("to-chuc")
    organiser.goto("/manage/")
    organiser.click("text=1 đề nghị cần giải quyết")
    organiser.click("text=Nhân sự: Sở Y tế")
    for words in ("NV-10 – Phạm Thị Cúc", "NV-11 – Hoàng Dũng", "Tuyển dụng mới từ tháng 6"):
        expect(organiser.locator("main")).to_contain_text(words)
    organiser.click("text=Chấp nhận và áp dụng")
    expect(organiser.locator(".messages")).to_contain_text("Đã áp dụng đề nghị")
    units = Membership.objects.current().filter(user__employee_id__in=["NV-10", "NV-11"]).order_by("user__employee_id")
    assert list(units.values_list("user__full_name", "unit__code")) == [("Phạm Thị Cúc", "SYT"), ("Hoàng Dũng", "TTYT")]

    coordinator.goto("/notifications/")
    expect(coordinator.locator("main")).to_contain_text("Đề nghị của đơn vị đã được chấp nhận.")


@pytest.mark.parametrize("has_clipboard", [True, False])
def test_the_reminder_is_copied_in_one_tap(world, visit, has_clipboard):
    options = {"permissions": ["clipboard-read", "clipboard-write"]} if has_clipboard else {}
    page = visit("dau-moi", viewport=PHONE, has_touch=True, **options)
    if not has_clipboard:  # as on a portal without https
        page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.goto("/requests/")
    page.locator("button", has_text="Sao chép lời nhắc").tap()
    expect(page.locator("#reminder-said")).to_have_text("Đã sao chép. Hãy dán vào nhóm trò chuyện.")
    text = page.locator("#reminder").input_value()
    assert f"/rounds/{world.pk}/start/" in text
    if has_clipboard:
        assert page.evaluate("navigator.clipboard.readText()") == text
    else:
        assert page.evaluate("getSelection().toString()") in (text, "")
        page.evaluate(
            "document.querySelector('main').insertAdjacentHTML('beforeend', '<textarea id=paste></textarea>')"
        )
        page.focus("#paste")
        page.keyboard.press("Control+v")
        assert page.locator("#paste").input_value() == text


def test_without_scripts_the_reminder_can_be_selected_and_a_line_added(world, visit):
    page = visit("dau-moi", viewport=PHONE, java_script_enabled=False)
    page.goto("/requests/")
    expect(page.locator("#reminder")).to_be_visible()
    expect(page.locator("button", has_text="Sao chép lời nhắc")).to_be_hidden()
    page.goto("/requests/proposals/staff/new/")
    person(page, 0, "NV-10", "Phạm Thị Cúc", "SYT")
    page.click("text=Thêm một người")
    expect(page.locator("fieldset.person")).to_have_count(3)
    expect(page.locator("#id_line-0-full_name")).to_have_value("Phạm Thị Cúc")


def test_a_wrong_unit_goes_from_the_person_by_the_coordinator_to_the_organiser(world, visit):
    participant = visit("NV-1", viewport=PHONE)
    participant.goto(f"/rounds/{world.pk}/start/")
    participant.click("text=Chưa đúng?")
    participant.fill("#id_unit", "trung tam y te")
    participant.fill("#id_note", "Chuyển công tác")
    participant.click("text=Gửi đề nghị")
    expect(participant.locator("main")).to_contain_text("Chờ ý kiến đầu mối")

    coordinator = visit("dau-moi", viewport=PHONE)
    coordinator.goto("/requests/")
    coordinator.click("text=Đặng Văn Bình đề nghị chuyển sang Trung tâm Y tế")
    coordinator.locator("label", has_text="Đồng ý").first.click()
    coordinator.click("text=Gửi ý kiến")

    organiser = visit("to-chuc")
    organiser.goto("/manage/requests/")
    organiser.click("text=Đặng Văn Bình")
    expect(organiser.locator("main")).to_contain_text("Đầu mối đồng ý")
    organiser.click("text=Chấp nhận, chuyển đơn vị")
    assert Membership.objects.current().get(user__employee_id="NV-1").unit.code == "TTYT"
