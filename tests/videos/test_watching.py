"""Every byte of a clip behind its right; ranges; the gallery after publication."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.clock import server_now
from accounts.models import Role, RoleGrant
from tests.factories import grant, make_root, make_unit, make_user
from tests.faults.quiz import browser_of
from tests.videos.world import (
    give_bytes,
    make_clip,
    make_clip_contest,
    make_judge,
    make_sheet,
    ready_file,
    start_scoring,
)
from videos.models import Clip, ClipContest, ClipStanding, ClipState, PanelResult, ScoreSheet, SheetState
from videos.watching import delivery
from videos.watching.delivery import Unsatisfiable, part_of

pytestmark = pytest.mark.django_db

SHOWN = ["720.mp4", "480.mp4", "poster.jpg", "captions.vtt"]
NAMES = [*SHOWN, "original"]
CONTENT = bytes(range(256)) * 4


@pytest.fixture
def clip():
    unit = make_unit("XA-1", name="Ủy ban nhân dân xã Một", parent=make_root())
    coordinator = make_user("dau-moi", unit=unit)
    grant(coordinator, Role.COORDINATOR, unit)
    clip = make_clip(unit=unit, by=coordinator, state=ClipState.ACCEPTED)
    give_bytes(clip, CONTENT)
    return clip


def urls(clip: Clip, names=NAMES) -> list[str]:
    return [reverse("clip-media", args=[clip.current_id, name]) for name in names]


def statuses(browser: Client, clip: Clip, names=NAMES) -> list[int]:
    return [browser.get(url).status_code for url in urls(clip, names)]


def holder(role: Role, unit=None):
    user = make_user()
    grant(user, role, unit)
    return browser_of(user)


def publish(clip_contest: ClipContest) -> None:
    start_scoring(clip_contest)
    now = server_now()
    ClipContest.objects.filter(pk=clip_contest.pk).update(locked_at=now)
    ClipContest.objects.filter(pk=clip_contest.pk).update(published_at=now)


# --- Who --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_stranger_gets_nothing_from_any_address_of_a_file(clip):
    elsewhere = make_unit(parent=make_root())
    strangers = {
        "nobody signed in": Client(),
        "participant": browser_of(make_user(unit=clip.unit)),
        "coordinator of another unit": holder(Role.COORDINATOR, elsewhere),
        "organiser of another unit": holder(Role.ORGANISER, elsewhere),
        "judge of nothing": holder(Role.JUDGE),
        "administrator": holder(Role.ADMINISTRATOR),
    }
    for who, browser in strangers.items():
        assert statuses(browser, clip) == [404] * 5, who
        assert browser.get(reverse("clip-script", args=[clip.pk])).status_code == 404, who
    assert Client().get(reverse("clip-media", args=[uuid4(), "720.mp4"])).status_code == 404


@pytest.mark.slow
def test_control_the_same_addresses_answer_those_who_may_watch(clip):
    for role in (Role.ORGANISER, Role.SECRETARY, Role.AUDITOR):
        assert statuses(holder(role), clip) == [200] * 5, role
    own = browser_of(clip.created_by)
    assert statuses(own, clip) == [200] * 5
    script = own.get(reverse("clip-script", args=[clip.pk]))
    assert script.getvalue() == CONTENT
    assert "filename*=utf-8''K%E1%BB%8Bch%20b%E1%BA%A3n.pdf" in script["Content-Disposition"]


def test_a_draft_is_watched_by_its_unit_only(clip):
    Clip.objects.filter(pk=clip.pk).update(state=ClipState.DRAFT, number=None)
    assert statuses(browser_of(clip.created_by), clip) == [200] * 5
    assert statuses(holder(Role.ORGANISER), clip) == [404] * 5


@pytest.mark.slow
def test_a_judge_watches_what_is_assigned_and_never_the_file_as_handed_in(clip):
    judge = make_judge(clip.clip_contest)
    browser = browser_of(judge)
    assert statuses(browser, clip) == [404] * 5
    sheet = make_sheet(clip, judge)
    assert statuses(browser, clip) == [200, 200, 200, 200, 404]
    ScoreSheet.objects.filter(pk=sheet.pk).update(has_conflict=True, state=SheetState.CONFLICT, reason="Cùng đơn vị")
    assert statuses(browser, clip) == [404] * 5


def test_a_judge_whose_role_has_ended_watches_nothing(clip):
    judge = make_judge(clip.clip_contest)
    make_sheet(clip, judge)
    browser = browser_of(judge)
    assert statuses(browser, clip, SHOWN) == [200] * 4
    RoleGrant.objects.filter(user=judge).update(valid_to=server_now())
    assert statuses(browser, clip, SHOWN) == [404] * 4


def test_an_earlier_version_is_for_its_unit_and_the_organisers(clip):
    judge = make_judge(clip.clip_contest)
    make_sheet(clip, judge)
    old = [reverse("clip-media", args=[clip.current_id, name]) for name in SHOWN]
    Clip.objects.filter(pk=clip.pk).update(current=ready_file(clip))
    assert [browser_of(judge).get(url).status_code for url in old] == [404] * 4
    assert [browser_of(clip.created_by).get(url).status_code for url in old] == [200] * 4


def test_after_publication_everybody_watches_and_nobody_gets_the_file_as_handed_in(clip):
    publish(clip.clip_contest)
    assert statuses(Client(), clip) == [200, 200, 200, 200, 404]
    assert Client().get(reverse("clip-script", args=[clip.pk])).status_code == 404


def test_what_processing_has_not_made_is_not_found(clip):
    clip.current.renditions.filter(height=720).delete()
    assert statuses(browser_of(clip.created_by), clip) == [404, 200, 200, 200, 200]
    assert browser_of(clip.created_by).get(urls(clip, ["1080.mp4"])[0]).status_code == 404


def test_nobody_keeps_what_they_were_sent_and_an_original_is_only_saved(clip):
    browser = browser_of(clip.created_by)
    for url in urls(clip):
        answer = browser.get(url)
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")


# --- Ranges -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-", (0, 999)),
        ("bytes=10-19", (10, 19)),
        ("bytes=990-5000", (990, 999)),
        ("bytes=-10", (990, 999)),
        ("bytes=-5000", (0, 999)),
        ("", None),
        ("bytes=-", None),
        ("bytes=9-3", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("bytes=٣-", None),
    ],
)
def test_a_range_names_the_first_and_last_byte(header, part):
    assert part_of(header, 1000) == part


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_beyond_the_end_cannot_be_satisfied(header):
    with pytest.raises(Unsatisfiable):
        part_of(header, 1000)


def test_a_range_is_answered_with_its_bytes_and_nothing_more(clip):
    browser, (url,) = browser_of(clip.created_by), urls(clip, ["720.mp4"])
    answer = browser.get(url, headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, CONTENT[10:20])
    assert (answer["Content-Range"], answer["Content-Length"]) == (f"bytes 10-19/{len(CONTENT)}", "10")
    beyond = browser.get(url, headers={"Range": "bytes=9999-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")


def test_a_player_that_asks_for_the_rest_gets_a_piece_and_can_go_on(clip, monkeypatch):
    monkeypatch.setattr(delivery, "MOST_AT_ONCE", 300)
    browser, (url,) = browser_of(clip.created_by), urls(clip, ["720.mp4"])
    got = b""
    while len(got) < len(CONTENT):
        answer = browser.get(url, headers={"Range": f"bytes={len(got)}-"})
        piece = answer.content
        assert 0 < len(piece) <= 300
        got += piece
    assert got == CONTENT


def test_a_range_of_another_file_is_not_mixed_in(clip):
    browser, (url,) = browser_of(clip.created_by), urls(clip, ["720.mp4"])
    etag = browser.get(url)["ETag"]
    same = browser.get(url, headers={"Range": "bytes=0-9", "If-Range": etag})
    changed = browser.get(url, headers={"Range": "bytes=0-9", "If-Range": '"else"'})
    assert (same.status_code, changed.status_code) == (206, 200)


def test_head_tells_the_size_and_sends_nothing(clip):
    answer = browser_of(clip.created_by).head(urls(clip, ["720.mp4"])[0])
    assert (answer.status_code, answer["Content-Length"], answer.content) == (200, str(len(CONTENT)), b"")


def test_behind_nginx_the_key_is_handed_over_once_the_right_is_checked(clip, settings):
    settings.CLIP_DELIVERY = "nginx"
    (url,) = urls(clip, ["720.mp4"])
    answer = browser_of(clip.created_by).get(url)
    assert answer["X-Accel-Redirect"] == f"/protected-clips/{clip.current_id}/720.mp4"
    assert (answer["Content-Type"], answer.content) == ("video/mp4", b"")
    refused = Client().get(url)
    assert (refused.status_code, "X-Accel-Redirect" in refused) == (404, False)


# --- Gallery ----------------------------------------------------------------------------------------


@pytest.fixture
def gallery():
    """Three clips of two kinds of unit; the last has the first prize, the first a consolation prize."""
    contest = make_clip_contest()
    genres = list(contest.genres.all())
    units = [make_unit(parent=make_root(), kind=kind) for kind in ("Xã, phường", "Sở, ban, ngành", "Xã, phường")]
    clips = [
        make_clip(contest, unit=unit, state=ClipState.ACCEPTED, genre=genre, title=f"Video {unit.code}")
        for unit, genre in zip(units, (genres[0], genres[1], genres[1]), strict=True)
    ]
    make_clip(contest, state=ClipState.REJECTED, title="Không đạt")
    result = PanelResult.objects.create(clip_contest=contest, version=1, input={}, input_hash="", result_hash="")
    for clip, rank, prize in zip(clips, (3, 2, 1), ("Giải Khuyến khích", "", "Giải Nhất"), strict=True):
        ClipStanding.objects.create(result=result, clip=clip, rank=rank, sheets=3, prize=prize)
    contest.result_clips = clips
    return contest


def shown(contest: ClipContest, query: str = "") -> list[int]:
    page = Client().get(reverse("clip-gallery", args=[contest.contest.slug]) + query)
    return [clip.pk for clip in page.context["page"]]


def test_before_publication_there_is_no_gallery(gallery):
    assert Client().get(reverse("clip-gallery", args=[gallery.contest.slug])).status_code == 404
    assert Client().get(reverse("clip-published", args=[gallery.contest.slug, 1])).status_code == 404
    assert Client().get(reverse("clip-galleries")).context["clip_contests"] == []


def test_winners_come_first_and_the_others_by_number_whatever_their_rank(gallery):
    publish(gallery)
    first, second, third = (clip.pk for clip in gallery.result_clips)
    assert shown(gallery) == [third, first, second]
    assert shown(gallery, "?winners=1") == [third, first]
    assert shown(gallery, "?kind=S%E1%BB%9F,+ban,+ng%C3%A0nh") == [second]
    assert shown(gallery, f"?genre={gallery.result_clips[0].genre_id}") == [first]
    assert shown(gallery, "?genre=x&kind=%00") == [third, first, second]


def test_a_published_clip_has_a_page_with_player_and_prize(gallery):
    publish(gallery)
    clip = gallery.result_clips[2]
    page = Client().get(reverse("clip-published", args=[gallery.contest.slug, clip.number]))
    assert page.status_code == 200
    assert all(text in page.text for text in (clip.title, clip.authors, "Giải Nhất", "<video"))
    rejected = Clip.objects.get(state=ClipState.REJECTED)
    missing = Client().get(reverse("clip-published", args=[gallery.contest.slug, rejected.number]))
    assert missing.status_code == 404


def test_the_only_gallery_is_opened_at_once(gallery):
    publish(gallery)
    answer = Client().get(reverse("clip-galleries"))
    assert answer.url == reverse("clip-gallery", args=[gallery.contest.slug])


def test_a_hidden_contest_has_no_gallery(gallery):
    publish(gallery)
    gallery.contest.is_public = False
    gallery.contest.save()
    assert Client().get(reverse("clip-gallery", args=[gallery.contest.slug])).status_code == 404


def test_a_gallery_takes_the_same_number_of_queries_for_three_clips_and_six(gallery):
    start = server_now() - timedelta(days=1)
    publish(gallery)
    url = reverse("clip-gallery", args=[gallery.contest.slug])
    Client().get(url)
    with CaptureQueriesContext(connection) as three:
        Client().get(url)
    for _number in range(3):
        make_clip(gallery, state=ClipState.ACCEPTED, submitted_at=start)
    with CaptureQueriesContext(connection) as six:
        assert len(Client().get(url).context["page"]) == 6
    assert len(six) == len(three)
