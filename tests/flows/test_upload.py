"""A clip goes from a coordinator's browser to the server through cuts, a reload and a file picked wrongly."""

import re
from hashlib import sha256

import pytest
from playwright.sync_api import Page, expect

from tests.factories import grant, make_root, make_unit, make_user
from tests.flows.conftest import PASSWORD, PHONE
from tests.flows.uploading import Network, noisy_clip, until_sent
from tests.videos import media
from tests.videos.uploads.server import running
from tests.videos.world import make_clip, make_clip_contest
from videos.models import Clip, ClipFile, ClipState, Upload, UploadState
from videos.processing.services import process_file

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def upload_dir(settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path / "uploads"


@pytest.fixture
def unit():
    unit = make_unit("SYT", name="Sở Y tế", parent=make_root())
    grant(make_user("dau-moi", unit=unit, full_name="Lê Thị Ánh", password=PASSWORD), "coordinator", unit)
    return unit


@pytest.fixture
def contest():
    return make_clip_contest(min_height=180)


@pytest.fixture
def server(tmp_path, contest):
    with running(tmp_path) as server:
        yield server


@pytest.fixture
def origin(server) -> str:
    return server.address


def open_clip(page: Page, clip: Clip) -> None:
    page.goto(f"/clips/mine/{clip.pk}/")
    page.wait_for_selector("html.upload-ready")


def percent_of(page: Page) -> int:
    return int((page.locator("[data-run-percent]").text_content() or "0%").rstrip("%") or 0)


def arrive(page: Page) -> None:
    """Wait until the page says that the server has the whole file."""
    page.wait_for_selector("#clip-file[data-pending]", timeout=40_000)
    assert ClipFile.objects.count() == 1


def test_an_upload_survives_a_cut_a_reload_and_a_wrong_file_and_is_handed_in_with_its_hash(
    unit, contest, visit, tmp_path
):
    path = noisy_clip()
    digest, size = sha256(path.read_bytes()).hexdigest(), path.stat().st_size
    assert size > 1_500_000
    page = visit("dau-moi", viewport=PHONE, has_touch=True)

    # The entry first.
    page.goto("/clips/mine/")
    page.click("text=Chuẩn bị video")
    page.fill("#id_title", "Một cửa thân thiện")
    page.select_option("#id_genre", index=1)
    page.fill("#id_authors", "Tổ truyền thông")
    page.click("text=Lưu và tải tệp lên")
    page.wait_for_selector("html.upload-ready")
    clip = Clip.objects.get()

    # A slow network that goes away in the middle, and comes back.
    network = Network(page)
    network.be(slow=True)
    page.set_input_files("#clip-upload", path)
    until_sent(page, 25)
    expect(page.locator("[data-run-words]")).to_contain_text("/giây")
    network.be(offline=True)
    expect(page.locator("[data-run-words]")).to_have_text(re.compile("^Mất kết nối mạng"))
    before = percent_of(page)
    network.be(slow=True)
    until_sent(page, max(45, before))

    # The page is left in the middle, not without being asked.
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    page.wait_for_selector("html.upload-ready")
    assert asked == ["beforeunload"]
    upload = Upload.objects.get()
    assert (upload.state, ClipFile.objects.count()) == (UploadState.RECEIVING, 0)
    assert 0 < upload.offset < size
    kept = page.locator("[data-part=kept]")
    expect(kept).to_contain_text(f"đã gửi được {100 * upload.offset // size}%")

    # Another file is told from the first one, and nothing is lost.
    other = tmp_path / path.name
    other.write_bytes(path.read_bytes()[::-1])
    page.set_input_files("#clip-upload", other)
    expect(page.locator("[data-part=other]")).to_contain_text("Đây là một tệp khác")
    assert Upload.objects.get().state == UploadState.RECEIVING

    # The right one, under another name and time as phones give them, goes on where it stopped.
    sent = []
    page.on("request", lambda request: sent.append(request) if request.method == "PATCH" else None)
    renamed = tmp_path / "IMG_0001.MOV"
    renamed.write_bytes(path.read_bytes())
    page.set_input_files("#clip-upload", renamed)
    arrive(page)
    assert int(sent[0].headers["upload-offset"]) == upload.offset
    assert all(request.headers["upload-checksum"].startswith("sha256 ") for request in sent)
    assert Upload.objects.get().state == UploadState.FINISHED
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('cchc:upload:'))") == []

    # Processed, seen on the page by itself; handed in.
    assert process_file(ClipFile.objects.get().pk)
    page.wait_for_selector("#clip-file video", timeout=20_000)
    expect(page.locator("[data-sha256]")).to_have_text(digest)
    page.check("[name=declares_rights]")
    page.click("[data-submit-clip]")
    expect(page.locator(".messages")).to_contain_text("Đã gửi video cho Ban Tổ chức")
    receipt = page.locator("#clip-receipt")
    for words in ("Giấy xác nhận gửi video", "Số 1: Một cửa thân thiện", digest, f"{size:,} byte".replace(",", ".")):
        expect(receipt).to_contain_text(words)
    clip.refresh_from_db()
    assert (clip.state, clip.number, clip.current.sha256) == (ClipState.SUBMITTED, 1, digest)


def test_a_paused_upload_goes_on_and_a_cancelled_one_is_gone(unit, contest, visit):
    clip = make_clip(contest, unit=unit, ready=False)
    page = visit("dau-moi")
    open_clip(page, clip)
    network = Network(page)
    network.be(slow=True)
    page.set_input_files("#clip-upload", noisy_clip())
    until_sent(page, 25)
    page.click("[data-run-pause]")
    expect(page.locator("[data-run-words]")).to_contain_text("Đã tạm dừng")
    expect(page.locator("[data-run-resume]")).to_be_focused()
    page.click("[data-run-resume]")
    until_sent(page, 40)
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("[data-run-cancel]")
    expect(page.locator("[data-part=pick]")).to_be_visible()
    assert Upload.objects.get().state == UploadState.TERMINATED
    assert page.evaluate("localStorage.length") == 0


def test_control_without_what_the_browser_keeps_an_upload_begins_anew(unit, contest, visit):
    clip = make_clip(contest, unit=unit, ready=False)
    page = visit("dau-moi")
    open_clip(page, clip)
    path = noisy_clip()
    Network(page).be(slow=True)
    page.set_input_files("#clip-upload", path)
    until_sent(page, 40)
    page.evaluate("localStorage.clear()")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.wait_for_selector("html.upload-ready")
    expect(page.locator("[data-part=kept]")).to_contain_text("từ một máy hoặc trình duyệt khác")
    sent = []
    page.on("request", lambda request: sent.append(request) if request.method == "PATCH" else None)
    page.set_input_files("#clip-upload", path)
    arrive(page)
    assert int(sent[0].headers["upload-offset"]) == 0
    assert Upload.objects.count() == 2


def test_a_killed_server_is_waited_for(unit, contest, visit, server):
    clip = make_clip(contest, unit=unit, ready=False)
    page = visit("dau-moi")
    open_clip(page, clip)
    path = noisy_clip()
    Network(page).be(slow=True)
    page.set_input_files("#clip-upload", path)
    until_sent(page, 30)
    server.kill()
    expect(page.locator("[data-run-words]")).to_have_text(re.compile("^Chưa gửi được, sẽ thử lại sau"))
    server.start()
    arrive(page)
    assert process_file(ClipFile.objects.get().pk)
    assert ClipFile.objects.get().sha256 == sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (429, {"Retry-After": "1"}, '{"code": "too_many_uploads", "detail": ""}', "Máy chủ đang bận nhận tệp"),
        (507, {}, '{"code": "disk_full", "detail": ""}', "Máy chủ tạm hết chỗ lưu"),
        (460, {}, '{"code": "wrong_checksum", "detail": ""}', "Chưa gửi được, sẽ thử lại"),
    ],
)
def test_what_passes_is_waited_out(unit, contest, visit, status, headers, body, said):
    clip = make_clip(contest, unit=unit, ready=False)
    page = visit("dau-moi")
    open_clip(page, clip)
    refused = []

    def refuse_once(route):
        if route.request.method != "PATCH" or refused:
            return route.continue_()
        refused.append(route.request.url)
        return route.fulfill(status=status, headers=headers | {"Content-Type": "application/problem+json"}, body=body)

    page.route("**/api/v1/uploads/**", refuse_once)
    page.set_input_files("#clip-upload", media.clip())
    expect(page.locator("[data-run-words]")).to_contain_text(said)
    arrive(page)
    assert len(refused) == 1


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (413, '{"code": "quota_exceeded", "detail": "Đơn vị đã dùng hết chỗ."}', "Đơn vị đã dùng hết chỗ."),
        (409, '{"code": "clip_not_editable", "detail": "Video này không còn nhận tệp."}', "không còn nhận tệp"),
        (415, "", "Máy chủ không nhận tệp này (mã 415)"),
        (401, "{}", "Phiên đăng nhập đã hết"),
        (410, "{}", "không còn trên máy chủ"),
    ],
)
def test_what_does_not_pass_is_explained_and_the_page_goes_on_working(unit, contest, visit, status, body, said):
    clip = make_clip(contest, unit=unit, ready=False)
    page = visit("dau-moi")
    open_clip(page, clip)
    answer = {"status": status, "content_type": "application/problem+json", "body": body}
    page.route("**/api/v1/uploads/*/", lambda route: route.fulfill(**answer))
    page.set_input_files("#clip-upload", media.clip())
    expect(page.locator("[data-part=problem]")).to_contain_text(said)
    page.unroute("**/api/v1/uploads/*/")
    if status == 401:
        page.click("[data-run-resume]")
    else:
        page.set_input_files("#clip-upload", media.clip())
    arrive(page)
    expect(page.locator("[data-part=problem]")).to_be_hidden()


def test_without_scripts_everything_but_the_upload_works(unit, contest, visit):
    clip = make_clip(contest, unit=unit)
    page = visit("dau-moi", java_script_enabled=False)
    page.goto(f"/clips/mine/{clip.pk}/")
    expect(page.locator("main")).to_contain_text("cần trình duyệt có bật JavaScript")
    expect(page.locator("#uploader")).to_be_hidden()
    page.check("[name=declares_rights]")
    page.click("text=Gửi video")
    expect(page.locator("#clip-receipt")).to_contain_text("Giấy xác nhận gửi video")
