"""Units' pages of their clips over HTTP, without JavaScript."""

import html
import json
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.clock import server_now
from accounts.models import Role, User
from tests.factories import grant, make_contest, make_root, make_unit, make_user
from tests.faults.quiz import browser_of
from tests.videos.uploads.tus import coordinator_of
from tests.videos.world import make_clip, make_clip_contest, ready_file, start_scoring
from videos.models import Clip, ClipContest, ClipFile, ClipState, FileState, Screening, Upload

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\n%%EOF\n"


@pytest.fixture
def contest():
    return make_clip_contest(make_contest(title="Hội thi 2026"))


@pytest.fixture
def unit(contest):
    return make_unit("SYT", name="Sở Y tế", parent=contest.contest.unit)


@pytest.fixture
def tab(unit):
    person = make_user("dau-moi", unit=unit)
    grant(person, Role.COORDINATOR, unit)
    return browser_of(person)


def page_of(clip: Clip, name: str = "clip") -> str:
    return reverse(name, args=[clip.pk])


def new_page(contest: ClipContest) -> str:
    return reverse("clip-new", args=[contest.contest_id])


def said(contest: ClipContest, of, **more):
    fields = {"unit": of.pk, "title": "Một cửa", "genre": contest.genres.first().pk, "authors": "Tổ truyền thông"}
    return fields | more


# --- The list ---------------------------------------------------------------------------------------


def test_the_list_says_where_clips_are_received_and_what_is_next(contest, unit, tab):
    make_unit("PYT", name="Phòng khám", parent=unit)
    make_clip(contest, unit=unit, title="Bản nháp của ta", ready=False)
    make_clip(contest, unit=unit, title="Đã gửi", state=ClipState.SUBMITTED)
    make_clip(contest, title="Của đơn vị khác")
    text = tab.get(reverse("my-clips")).text
    assert text.count(f'href="{new_page(contest)}?unit=') == 2
    for words in (
        "Hội thi 2026",
        "Bản nháp của ta",
        "Tải tệp video lên.",
        "Đã gửi",
        "Đã gửi 1 video · 1 đang chuẩn bị",
    ):
        assert words in text
    assert "Chưa gửi video nào" in text
    assert "Của đơn vị khác" not in text


def test_the_list_follows_an_accepted_clip_to_the_published_result(contest, unit, tab):
    make_clip(contest, unit=unit, state=ClipState.ACCEPTED)
    assert "Đã qua rà soát, được đưa vào chấm." in tab.get(reverse("my-clips")).text
    start_scoring(contest)
    now = server_now()
    ClipContest.objects.filter(pk=contest.pk).update(locked_at=now, published_at=now)
    assert "Kết quả đã được công bố." in tab.get(reverse("my-clips")).text


def test_without_clips_and_without_a_contest_the_list_says_what_will_come(contest, tab):
    ClipContest.objects.update(closes_at=server_now())
    text = tab.get(reverse("my-clips")).text
    assert "Chưa có cuộc thi video nào đang nhận video" in text
    assert "Chuẩn bị video</a>" not in text


def test_whoever_has_many_units_is_shown_some_of_them_those_without_a_clip_first(contest, unit, tab):
    make_clip(contest, unit=unit, state=ClipState.SUBMITTED)
    for number in range(8):
        make_unit(f"PK{number}", name=f"Phòng khám {number}", parent=unit)
    text = tab.get(reverse("my-clips")).text
    assert text.count("?unit=") == 6
    assert "Chuẩn bị video cho 3 đơn vị khác" in text
    assert "8/9 đơn vị chưa gửi video nào" in text
    assert f"?unit={unit.pk}" not in text


def test_a_list_takes_the_same_number_of_queries_for_one_and_three_rows(contest, unit, tab):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert tab.get(reverse("my-clips")).status_code == 200
        return len(captured)

    make_clip(contest, unit=unit)
    tab.get(reverse("my-clips"))
    one = queries()
    for place in (unit, make_unit(parent=unit)):
        make_clip(contest, unit=place, state=ClipState.SENT_BACK)
        make_clip(make_clip_contest(make_contest(unit=make_root())), unit=place)
    assert queries() == one


# --- The entry --------------------------------------------------------------------------------------


def test_a_clip_is_prepared_with_a_script_and_its_page_opens(contest, unit, tab):
    script = SimpleUploadedFile("../Kịch\u202e bản.PDF", PDF)
    link = "https://example.vn/a"
    response = tab.post(new_page(contest), said(contest, unit, outside_link=link, script_file=script), follow=True)
    clip = Clip.objects.get()
    assert response.redirect_chain == [(page_of(clip), 302)]
    assert (clip.unit, clip.title, clip.script_name, clip.outside_link) == (unit, "Một cửa", "Kịch bản.PDF", link)
    assert clip.script.name.endswith(".pdf")


def test_what_turns_text_round_is_taken_out_of_what_everybody_reads(contest, unit, tab):
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    sent = {"title": f"Một\u202e cửa\x08 {family}", "authors": "Tổ\u2067 1\n\u202dTổ 2", "summary": "Vui\u200f"}
    tab.post(new_page(contest), said(contest, unit, **sent))
    clip = Clip.objects.get()
    assert (clip.title, clip.authors, clip.summary) == (f"Một cửa {family}", "Tổ 1\nTổ 2", "Vui")


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "\u202e\u200b"},
        {"authors": "\u2066\n\u200e"},
        {"outside_link": "javascript:alert(1)"},
        {"outside_link": "ftp://example.vn/a"},
        {"script_file": SimpleUploadedFile("a.pdf", b"MZ\x90\x00 not a document")},
        {"script_file": SimpleUploadedFile("a.pdf", b"%PDF-1.7\n" + b"x" * (10 * 1024 * 1024) + b"%%EOF")},
        {"genre": 999_999},
        {"unit": 999_999},
    ],
    ids=["no title", "unseen title", "unseen authors", "script as link", "ftp", "exe", "large", "genre", "unit"],
)
def test_wrong_input_is_explained_and_nothing_is_stored(contest, unit, tab, wrong):
    response = tab.post(new_page(contest), said(contest, unit, **wrong))
    assert response.status_code == 422
    assert "Chưa lưu được, vui lòng kiểm tra lại:" in response.text
    assert not Clip.objects.exists()


def test_nothing_is_handed_in_for_a_unit_of_others_by_its_number(contest, unit, tab):
    foreign = make_unit(parent=make_root())
    assert tab.post(new_page(contest), said(contest, foreign)).status_code == 422
    assert f'value="{foreign.pk}"' not in tab.get(f"{new_page(contest)}?unit={foreign.pk}").text
    assert not Clip.objects.exists()


def test_of_several_units_none_is_chosen_beforehand_but_the_one_asked_for(contest, unit, tab):
    below = make_unit("PK", name="Phòng khám", parent=unit)
    assert "Chọn đơn vị" in tab.get(new_page(contest)).text
    chosen = tab.get(f"{new_page(contest)}?unit={below.pk}").text
    assert re.search(rf'<option value="{below.pk}" selected', chosen)


def test_an_entry_can_be_changed_until_the_deadline(contest, unit, tab):
    clip = make_clip(contest, unit=unit)
    tab.post(page_of(clip, "clip-edit"), said(contest, unit, title="Tên mới"))
    clip.refresh_from_db()
    assert clip.title == "Tên mới"
    ClipContest.objects.update(closes_at=server_now())
    response = tab.post(page_of(clip, "clip-edit"), said(contest, unit, title="Muộn"), follow=True)
    assert "không còn sửa được" in response.text
    clip.refresh_from_db()
    assert clip.title == "Tên mới"
    assert "Sửa hồ sơ" not in tab.get(page_of(clip)).text


# --- One clip ---------------------------------------------------------------------------------------


def test_a_clip_is_handed_in_only_with_a_tick_that_nobody_has_set_before(contest, unit, tab):
    clip = make_clip(contest, unit=unit)
    box = re.search(r"<input[^>]*declares_rights[^>]*>", tab.get(page_of(clip)).text)
    assert "checked" not in box.group()
    assert "Chưa cam đoan" in tab.post(page_of(clip, "clip-submit"), follow=True).text
    text = tab.post(page_of(clip, "clip-submit"), {"declares_rights": "on"}, follow=True).text
    for words in ("Giấy xác nhận gửi video", "Số 1: ", "ab" * 32, "1.000.000 byte"):
        assert words in text
    clip.refresh_from_db()
    assert clip.state == ClipState.SUBMITTED
    assert "declares_rights" not in text


def test_why_a_clip_came_back_and_until_when_is_on_its_page(contest, unit, tab):
    until = server_now() + timedelta(days=2)
    clip = make_clip(contest, unit=unit, state=ClipState.SENT_BACK, deadline=until)
    Screening.objects.create(
        clip=clip, file=clip.current, decision="sent_back", reason="Thiếu phụ đề", new_deadline=until,
        decided_by=clip.created_by,
    )  # fmt: skip
    text = tab.get(page_of(clip)).text
    for words in ("Ban Tổ chức trả lại để chỉnh sửa", "Thiếu phụ đề", "Gửi lại video"):
        assert words in text


@pytest.mark.parametrize(
    ("fields", "words", "is_pending"),
    [
        ({"state": FileState.RECEIVED}, "đang chờ đến lượt xử lý", True),
        ({"state": FileState.PROCESSING, "progress": 43}, "43%", True),
        ({"state": FileState.REFUSED, "reason": "Video không có tiếng."}, "Video không có tiếng.", False),
        ({"state": FileState.FAILED, "reason": "Sau 3 lần thử."}, "Xử lý lại", False),
        ({"state": FileState.READY}, "<video", False),
    ],
)
def test_the_fragment_tells_how_processing_stands(contest, unit, tab, fields, words, is_pending):
    clip = make_clip(contest, unit=unit)
    ClipFile.objects.update(**fields)
    text = tab.get(page_of(clip, "clip-progress")).text
    assert words in text
    assert ("data-pending" in text) == is_pending
    assert "<html" not in text


def test_a_failed_file_is_processed_again_on_request(contest, unit, tab):
    clip = make_clip(contest, unit=unit)
    ClipFile.objects.update(state=FileState.FAILED, reason="Sau 3 lần thử.", tries=3)
    tab.post(page_of(clip, "clip-retry"))
    assert ClipFile.objects.values_list("state", "tries").get() == (FileState.RECEIVED, 0)
    assert "không cần hoặc không thể" in tab.post(page_of(clip, "clip-retry"), follow=True).text


def test_captions_are_checked_and_kept(contest, unit, tab):
    clip = make_clip(contest, unit=unit)
    wrong = SimpleUploadedFile("a.vtt", b"1\n00:00:01,000 --> 00:00:02,000\nSRT")
    assert (
        "không phải là phụ đề WebVTT" in tab.post(page_of(clip, "clip-captions"), {"captions": wrong}, follow=True).text
    )
    right = SimpleUploadedFile("a.vtt", b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nXin\n")
    assert "Đã lưu phụ đề." in tab.post(page_of(clip, "clip-captions"), {"captions": right}, follow=True).text
    assert ClipFile.objects.get().has_captions
    tab.post(page_of(clip, "clip-captions"), {"action": "remove"})
    assert not ClipFile.objects.get().has_captions


def test_a_page_knows_the_persons_own_unfinished_uploads_and_nobody_elses(contest, unit, tab):
    clip = make_clip(contest, unit=unit)
    person, until = coordinator_of(clip), server_now() + timedelta(hours=1)
    for owner, name in ((person, "của người khác.mp4"), (the_coordinator(), "của ta.mp4")):
        Upload.objects.create(owner=owner, clip=clip, name=name, size=10, offset=4, expires_at=until)
    text = tab.get(page_of(clip)).text
    config = json.loads(re.search(r'id="upload-config"[^>]*>(.*?)</script>', text)[1])
    assert [(each["name"], each["offset"]) for each in config["unfinished"]] == [("của ta.mp4", 4)]


def the_coordinator():
    return User.objects.get(employee_id="dau-moi")


def test_all_versions_are_kept_and_the_one_that_counts_is_named(contest, unit, tab):
    clip = make_clip(contest, unit=unit)
    clip.current = ready_file(clip)
    clip.save()
    text = tab.get(page_of(clip)).text
    assert text.index("Phiên bản 2") < text.index("đang dùng") < text.index("Phiên bản 1")


def test_a_draft_is_deleted_and_what_was_handed_in_is_not(contest, unit, tab):
    drafted, sent = make_clip(contest, unit=unit), make_clip(contest, unit=unit, state=ClipState.SUBMITTED)
    for clip in (drafted, sent):
        tab.post(page_of(clip, "clip-delete"))
    assert list(Clip.objects.all()) == [sent]


def test_pages_of_clips_of_others_are_not_found(contest, unit, tab):
    clip = make_clip(contest)
    for name in ("clip", "clip-edit", "clip-progress"):
        assert tab.get(page_of(clip, name)).status_code == 404
    for name in ("clip-submit", "clip-delete", "clip-retry", "clip-captions", "clip-edit"):
        assert tab.post(page_of(clip, name)).status_code == 404


# --- The coordinator's desk -------------------------------------------------------------------------


def to_do(tab) -> list[str]:
    """The desk's entries about clips, without their deadlines."""
    found = re.findall(r'<a class="todo[^"]*" href="/clips/[^"]*">(.*?), hạn', tab.get(reverse("requests")).text)
    return [html.unescape(text) for text in found]


def test_the_desk_says_what_waits_about_clips_and_until_when(contest, unit, tab):
    assert to_do(tab) == ["Gửi video dự thi Hội thi 2026"]
    make_clip(contest, unit=unit, title="Nháp")
    assert to_do(tab) == ["Hoàn thành và gửi video “Nháp”"]
    sooner = server_now() + timedelta(days=1)
    make_clip(contest, unit=unit, title="Trả lại", state=ClipState.SENT_BACK, deadline=sooner)
    make_clip(contest, unit=unit, title="Xong", state=ClipState.SUBMITTED)
    assert to_do(tab) == ["Sửa và gửi lại video “Trả lại”", "Hoàn thành và gửi video “Nháp”"]
    ClipContest.objects.update(closes_at=server_now())
    assert to_do(tab) == ["Sửa và gửi lại video “Trả lại”"]


def test_the_desk_takes_the_same_number_of_queries_for_one_and_three_clips(contest, unit, tab):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert tab.get(reverse("requests")).status_code == 200
        return len(captured)

    make_clip(contest, unit=unit)
    tab.get(reverse("requests"))
    one = queries()
    for _ in range(2):
        make_clip(contest, unit=unit)
    assert queries() == one
