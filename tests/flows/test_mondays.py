"""Mondays after a round: a coordinator looks, remarks and sends; a secretary chases, returns, compiles and accepts."""

import io
import shutil
import subprocess

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from accounts.clock import server_now
from contest.closing import close_round
from contest.models import Round
from notifications.models import Notification
from reports.models import Export, UnitReport
from reports.services import run_export
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, past_round
from tests.flows.conftest import PASSWORD, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world():
    """A department with a hospital and a centre; in the hospital two of three took part, one of them with 0 points."""
    health = make_unit("SYT", name="Sở Y tế", parent=make_root(), headcount=2)
    hospital = make_unit("BV", name="Bệnh viện Trung tâm", kind="Đơn vị sự nghiệp", parent=health, headcount=3)
    centre = make_unit("TTYT", name="Trung tâm Y tế", kind="Đơn vị sự nghiệp", parent=health, headcount=1)
    for name, role, unit, full_name in (
        ("dau-moi", "coordinator", hospital, "Lê Thị Ánh"),
        ("dau-moi-2", "coordinator", centre, "Phạm Văn Dũng"),
        ("thu-ky-so", "secretary", health, "Trần Thị Mai"),
        ("thu-ky", "secretary", make_root(), "Nguyễn Thu Hà"),
    ):
        grant(make_user(name, full_name=full_name, password=PASSWORD), role, unit)
    round = past_round(make_contest(title="Hội thi cải cách hành chính"))
    make_attempt(round, make_user(unit=hospital), answers="B")
    make_attempt(round, make_user("KHONG", unit=hospital, full_name="Đặng Văn Không"), answers="A")
    make_user("VANG", unit=hospital, full_name="Hoàng Văn Vắng")
    make_attempt(round, make_user(unit=centre), answers="B")
    make_attempt(round, make_user(unit=health), answers="B")
    close_round(round.pk)
    Round.objects.filter(pk=round.pk).update(state="published", published_at=server_now())
    return round


def send_report(page: Page, done: str) -> None:
    """From the coordinator's home: what is due, remarks, send."""
    page.goto("/requests/")
    page.locator("a.todo", has_text="Gửi báo cáo Tuần 1").click()
    page.fill("#id_done", done)
    page.click("text=Gửi thư ký")
    expect(page.locator(".messages")).to_contain_text("Đã gửi báo cáo.")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_coordinators_monday_on_a_phone(world, visit, javascript):
    page = visit("dau-moi", viewport=PHONE, java_script_enabled=javascript)
    page.goto("/requests/")
    expect(page.locator("#todo .count")).to_have_text("1")
    page.locator("a.todo", has_text="Gửi báo cáo Tuần 1 của Bệnh viện Trung tâm").click()
    expect(page.locator("section[aria-labelledby=figures]")).to_contain_text("66,67%")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.click("text=Ai chưa tham gia")
    expect(page.locator("main")).to_contain_text("Hoàng Văn Vắng")
    page.go_back()
    page.locator("section[aria-labelledby=figures] a", has_text="Bài 0 điểm").click()
    expect(page.locator("table")).to_contain_text("Đặng Văn Không")
    page.go_back()
    page.fill("#id_done", "Đã nhắc trong giao ban")
    page.click("text=Lưu nháp")
    expect(page.locator("main")).to_contain_text("Bản nháp")
    page.fill("#id_suggestions", "Kéo dài thời gian thi")
    page.click("text=Gửi thư ký")
    expect(page.locator(".messages")).to_contain_text("Đã gửi báo cáo.")
    expect(page.locator("main")).to_contain_text("Đúng hạn")
    report = UnitReport.objects.get()
    assert (report.state, report.done, report.suggestions) == (
        "sent",
        "Đã nhắc trong giao ban",
        "Kéo dài thời gian thi",
    )
    assert report.dataset["total"]["zero"] == 1
    page.goto("/requests/")
    expect(page.locator("a.todo")).to_have_count(0)


def test_a_secretarys_monday(world, visit):
    send_report(visit("dau-moi"), "Đã nhắc trong giao ban")

    department = visit("thu-ky-so")
    department.goto("/reports/unit-reports/")
    department.click("text=Nhắc tất cả")
    expect(department.locator(".messages")).to_contain_text("Đã nhắc 1 đầu mối.")
    assert Notification.objects.get(user__employee_id="dau-moi-2").own_subject == "Nhắc gửi báo cáo Tuần 1"
    department.get_by_role("link", name="Bệnh viện Trung tâm", exact=True).click()
    department.fill("#id_comment", "Nêu rõ một người chưa tham gia")
    department.click("main >> text='Trả lại'")
    expect(department.locator(".messages")).to_contain_text("Đã trả lại báo cáo kèm ý kiến.")

    hospital = visit("dau-moi", viewport=PHONE)
    hospital.goto("/requests/")
    hospital.click("text=thư ký đã trả lại")
    expect(hospital.locator("main")).to_contain_text("Nêu rõ một người chưa tham gia")
    expect(hospital.locator("#id_done")).to_have_value("Đã nhắc trong giao ban")
    hospital.fill("#id_done", "Một người nghỉ thai sản")
    hospital.click("text=Gửi thư ký")
    send_report(visit("dau-moi-2"), "Cả đơn vị đã thi")

    for unit in ("Bệnh viện Trung tâm", "Trung tâm Y tế"):
        department.goto("/reports/unit-reports/?show=waiting")
        department.get_by_role("link", name=f"{unit}", exact=True).click()
        department.click("main >> text='Tiếp nhận'")
        expect(department.locator(".messages")).to_contain_text("Đã tiếp nhận báo cáo.")
    department.goto("/manage/")
    department.click("text=Tổng hợp và gửi báo cáo Tuần 1 của Sở Y tế")
    below = department.locator("section[aria-labelledby=below]")
    expect(below).to_contain_text("Một người nghỉ thai sản")
    expect(below).to_contain_text("Cả đơn vị đã thi")
    department.fill("#id_done", "Tổng hợp toàn ngành")
    department.click("text=Gửi thư ký")

    contest = visit("thu-ky")
    contest.goto("/manage/")
    contest.click("text=1 báo cáo Tuần 1 chờ xem")
    contest.get_by_role("link", name="Sở Y tế", exact=True).click()
    contest.click("main >> text='Tiếp nhận'")
    states = UnitReport.objects.order_by("unit__code", "version").values_list("unit__code", "version", "state")
    assert list(states) == [
        ("BV", 1, "returned"),
        ("BV", 2, "accepted"),
        ("SYT", 1, "accepted"),
        ("TTYT", 1, "accepted"),
    ]
    total = UnitReport.objects.get(unit__code="SYT").dataset["total"]
    assert (total["participants"], total["headcount"], total["units"], total["zero"]) == (4, 6, 3, 1)


def make_waiting(page: Page) -> bytes:
    """The file asked for last: it waits, is made as by a worker, and its bytes are downloaded."""
    page.wait_for_url("**/reports/exports/")
    newest = page.locator("#exports tbody tr").first
    expect(newest).to_contain_text("Đang chờ")
    assert run_export(Export.objects.latest_first().first().pk)
    expect(newest).to_contain_text("Đã xong", timeout=10_000)  # the list asks again by itself
    with page.expect_download() as download:
        newest.get_by_role("link", name="Tải về").click()
    return download.value.path().read_bytes()


def tile(page: Page, label: str) -> str:
    """A figure as the page shows it under `label`."""
    return page.locator(".stat", has_text=label).first.locator(".stat__value").inner_text()


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext: apt-get install poppler-utils")
def test_a_secretarys_monday_ends_with_a_table_and_a_paper_to_sign(world, visit, settings, tmp_path):
    settings.EXPORT_DIR = tmp_path
    page = visit("thu-ky")
    page.click("nav.mainnav >> text=Báo cáo")
    page.locator("nav.tabs").get_by_role("link", name="Báo cáo của đơn vị", exact=True).click()
    page.click("text=Nhắc tất cả")
    expect(page.locator(".messages")).to_contain_text("Đã nhắc")

    page.locator("nav.tabs").get_by_role("link", name="Tệp báo cáo", exact=True).click()
    page.select_option("#id_kind", "participation")
    page.select_option("#id_format", "xlsx")
    page.click("main >> text='Lập tệp'")
    sheet = load_workbook(io.BytesIO(make_waiting(page))).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    (head,) = (row for row in rows if row[0] == "Mã đơn vị")
    found = {row[0]: row[head.index("Số người tham gia")] for row in rows if row[0] in ("BV", "TTYT", "SYT")}
    assert found == {"BV": 2, "TTYT": 1, "SYT": 1}

    page.locator("nav.tabs").get_by_role("link", name="Báo cáo của đơn vị", exact=True).click()
    page.locator("nav.tabs").get_by_role("link", name="Báo cáo tuần", exact=True).click()
    page.click("text=Chốt số liệu mới nhất")
    expect(page.locator(".messages")).to_contain_text("bản số 1")
    people, units, zero = (
        tile(page, label) for label in ("Số người tham gia", "Đơn vị có người tham gia", "Số bài 0 điểm")
    )
    assert (people, units, zero) == ("4", "3", "1")
    page.get_by_role("button", name="Lập tệp Báo cáo tuần").click()
    paper = make_waiting(page)
    assert paper.startswith(b"%PDF-")
    printed = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=paper, capture_output=True, check=True
    ).stdout.decode()
    text = " ".join(printed.split())
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "BÁO CÁO Kết quả tuần 1 Hội thi cải cách hành chính",
        f"{people} người dự thi với 4 lượt dự thi",
        f"có {zero} bài (25,00%) 0 điểm",
    ):
        assert words in text
    totals = [line.split()[2:] for line in printed.splitlines() if line.split()[:2] == ["Tổng", "cộng"]]
    assert len(totals) == 3, "by kind, by score, by unit"
    assert all(people in total for total in totals)
