"""A clip as its people live it: upload through a cut, processing, screening, a panel, a result, the gallery.

Browsers, web server and the worker of the clips; nothing is stood in for.
"""

import re
from datetime import timedelta
from hashlib import sha256

import pytest
from playwright.sync_api import Page, expect

from accounts.clock import server_now
from accounts.models import User
from tests.factories import grant, make_root, make_unit, make_user
from tests.flows.conftest import PASSWORD, PHONE
from tests.flows.uploading import Network, noisy_clip, until_sent
from tests.videos.world import give_bytes, make_clip, make_clip_contest, make_rubric
from videos.models import Clip, ClipContest, ClipStanding, ClipState, ScoreSheet, SheetState, Upload

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

JUDGES = ("gk1", "gk2", "gk3", "gk4")
TITLE = "Nụ cười công sở"


@pytest.fixture
def world(settings, tmp_path):
    """A clip contest that receives clips, with another unit's clip handed in; people who may take their parts."""
    clips = settings.STORAGES["clips"] | {"OPTIONS": {"location": tmp_path / "data" / "clips", "base_url": None}}
    settings.STORAGES = settings.STORAGES | {"clips": clips}
    health = make_unit("SYT", name="Sở Y tế", parent=make_root())
    grant(make_user("dau-moi", unit=health, full_name="Lê Thị Ánh", password=PASSWORD), "coordinator", health)
    grant(make_user("organiser", full_name="Nguyễn Thu Hà", password=PASSWORD), "organiser")
    for number, login in enumerate(JUDGES, start=1):
        grant(make_user(login, full_name=f"Giám khảo Thứ {number}", password=PASSWORD), "judge")
    contest = make_clip_contest(min_height=180, rubric=make_rubric(70, 30))
    other = make_clip(contest, unit=make_unit("XA01", name="Xã Bình An", parent=make_root()), state=ClipState.ACCEPTED)
    give_bytes(other)
    return contest


@pytest.fixture
def origin(world, portal) -> str:
    return portal("clips", UPLOAD_IDLE_SECONDS="120")


def prepare(page: Page) -> Clip:
    """Fill in the entry; the page to upload on is open then."""
    page.goto("/clips/mine/")
    page.click("text=Chuẩn bị video")
    page.fill("#id_title", TITLE)
    page.select_option("#id_genre", label="Tiểu phẩm")
    page.fill("#id_authors", "Tổ truyền thông")
    page.click("text=Lưu và tải tệp lên")
    page.wait_for_selector("html.upload-ready")
    return Clip.objects.get(title=TITLE)


def upload_through_a_cut(page: Page, clip: Clip) -> str:
    """Upload on a slow network that goes away in the middle; the page shows it processed. Returns the hash sent."""
    path = noisy_clip()
    network = Network(page)
    network.be(slow=True)
    page.set_input_files("#clip-upload", path)
    until_sent(page, 25)
    network.be(offline=True)
    expect(page.locator("[data-run-words]")).to_have_text(re.compile("^Mất kết nối mạng"))
    assert 0 < Upload.objects.get().offset < path.stat().st_size
    assert not clip.files.exists()
    network.be()
    page.wait_for_selector("#clip-file video", timeout=120_000)
    digest = sha256(path.read_bytes()).hexdigest()
    expect(page.locator("[data-sha256]")).to_have_text(digest)
    return digest


def hand_in(page: Page) -> None:
    page.check("[name=declares_rights]")
    page.click("[data-submit-clip]")
    expect(page.locator("#clip-receipt")).to_contain_text(TITLE)


def screen(page: Page, contest: ClipContest) -> None:
    page.goto(f"/manage/clips/{contest.pk}/list/")
    page.click(f"text={TITLE}")
    page.check("[name=decision][value=accepted]")
    page.click("#screen button.btn--primary")
    expect(page.locator(".messages")).to_contain_text("Đã ghi kết luận")


def seat_and_start(page: Page, contest: ClipContest) -> None:
    """Appoint four judges, the first as the chair, and let them begin."""
    for number, login in enumerate(JUDGES):
        page.goto(f"/manage/clips/{contest.pk}/panel/")
        page.select_option("#id_judge", str(User.objects.get(employee_id=login).pk))
        if number == 0:
            page.check("#id_is_chair")
        page.click("text=Cử vào Ban Giám khảo")
        expect(page.locator(".messages")).to_contain_text("Đã cử")
    page.click("main a:has-text('Bắt đầu chấm')")
    page.click("main form button:has-text('Bắt đầu chấm')")
    expect(page.locator("main")).to_contain_text("Điểm chấm được giữ kín")


def sheet_of(login: str, clip: Clip) -> ScoreSheet:
    return ScoreSheet.objects.get(judge__employee_id=login, clip=clip)


def score(page: Page, sheet: ScoreSheet, *points: str) -> None:
    """Give points as a judge does; each is acknowledged before the sheet is handed in."""
    page.goto("/clips/judging/")
    page.click(f"a[href='/clips/judging/{sheet.pk}/']")
    page.wait_for_selector("html.sheet-ready")
    for position, text in enumerate(points, start=1):
        page.fill(f"#p{position}", text)
        page.press(f"#p{position}", "Tab")
        expect(page.locator(f'[data-mark="{position}"]')).to_have_text(re.compile("^Đã lưu lúc"))
    page.click("[data-submit]")
    page.click("main form button:has-text('Nộp phiếu')")
    expect(page.locator(".messages")).to_contain_text("Đã nộp phiếu")


def declare_a_conflict(page: Page, sheet: ScoreSheet) -> None:
    page.goto(f"/clips/judging/{sheet.pk}/")
    page.click("text=Khai xung đột lợi ích")
    page.fill("#reason", "Em tôi trong nhóm tác giả.")
    page.click("main form button.btn--danger")
    expect(page.locator(".messages")).to_contain_text("Đã ghi nhận xung đột lợi ích")


def insist(page: Page, sheet: ScoreSheet) -> list[int]:
    """Send points and the sheet all the same, without the pages; the statuses of the answers."""
    page.goto("/clips/judging/")
    return page.evaluate(
        """async (sheet) => {
            const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
            const send = (path, method, body, type) => fetch(`/clips/judging/${sheet}/${path}`, {
                method, body, headers: {"X-CSRFToken": token, "Content-Type": type}, redirect: "manual",
            });
            const points = JSON.stringify({points: "70", sequence: 1});
            const first = await send("points/1/", "PUT", points, "application/json");
            const second = await send("submit/", "POST", "", "application/x-www-form-urlencoded");
            return [first.status, second.status];
        }""",
        sheet.pk,
    )


def conclude(page: Page, contest: ClipContest) -> None:
    """Lock, compute, publish."""
    page.goto(f"/manage/clips/{contest.pk}/panel/")
    page.click("main a:has-text('Khóa chấm điểm')")
    page.click("main form button:has-text('Khóa chấm điểm')")
    expect(page.locator("main")).to_contain_text("Ban Giám khảo đã khóa chấm điểm")
    page.goto(f"/manage/clips/{contest.pk}/result/")
    page.click("main form button:has-text('Tính kết quả')")
    expect(page.locator("main")).to_contain_text("Giải Nhất")
    page.click("main form button:has-text('Công bố kết quả')")
    expect(page.locator("main")).to_contain_text("Đã công bố")


def play(page: Page) -> dict:
    """Play the clip on the page, without its sound; what the player tells once it has moved on."""
    page.wait_for_selector("video")
    page.evaluate("() => { const v = document.querySelector('video'); v.muted = true; v.play().catch(() => {}); }")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.4", timeout=30_000)
    return page.evaluate(
        """() => {
            const v = document.querySelector("video");
            return {ready: v.readyState, size: [v.videoWidth, v.videoHeight], seconds: v.duration, error: v.error};
        }"""
    )


def test_a_clip_from_its_upload_to_its_place_in_the_gallery(world, visit, open_at):
    contest = world
    coordinator = visit("dau-moi", viewport=PHONE)
    clip = prepare(coordinator)
    digest = upload_through_a_cut(coordinator, clip)
    hand_in(coordinator)
    clip.refresh_from_db()
    assert (clip.state, clip.current.sha256, clip.number) == (ClipState.SUBMITTED, digest, 2)

    organiser = visit("organiser")
    screen(organiser, contest)
    now = server_now()
    ClipContest.objects.filter(pk=contest.pk).update(closes_at=now - timedelta(minutes=1))
    seat_and_start(organiser, contest)

    judges = {login: visit(login) for login in JUDGES}
    declare_a_conflict(judges["gk4"], sheet_of("gk4", clip))
    assert insist(judges["gk4"], sheet_of("gk4", clip)) == [409, 0]
    refused = sheet_of("gk4", clip)
    assert (refused.state, refused.has_conflict, refused.scores.count()) == (SheetState.CONFLICT, True, 0)
    other = Clip.objects.exclude(pk=clip.pk).get()
    for login, points in {"gk1": ("65,5", "28"), "gk2": ("66", "27,5"), "gk3": ("64", "30")}.items():
        score(judges[login], sheet_of(login, clip), *points)
        score(judges[login], sheet_of(login, other), "50", "20")
    score(judges["gk4"], sheet_of("gk4", other), "52", "21")

    # Until the result is public nobody else gets a byte of it, and the judge with the conflict no more.
    anonymous = open_at("/")
    medium, piece = f"/clips/files/{clip.current_id}/480.mp4", {"Range": "bytes=0-99"}
    assert [page.request.get(medium, headers=piece).status for page in (anonymous, judges["gk4"], judges["gk1"])] == [
        404, 404, 206,
    ]  # fmt: skip
    conclude(organiser, contest)
    standings = ClipStanding.objects.filter(result__clip_contest=contest).order_by("rank")
    assert [(standing.clip_id, str(standing.score), standing.sheets, standing.prize) for standing in standings] == [
        (clip.pk, "93.67", 3, "Giải Nhất"), (other.pk, "70.75", 4, "Giải Nhì"),
    ]  # fmt: skip

    anonymous.goto("/clips/")
    items = anonymous.locator(".gallery__item")
    expect(items).to_have_count(2)
    expect(items.first).to_contain_text("Giải Nhất")
    items.first.click()
    expect(anonymous.locator("h1")).to_have_text(TITLE)
    shown = play(anonymous)
    assert shown["ready"] >= 2
    assert shown["error"] is None
    assert shown["size"] == [480, 270]
    assert shown["seconds"] == pytest.approx(2, abs=0.2)
    assert anonymous.request.get(medium, headers=piece).status == 206
