"""The player in a real browser: it plays, keeps its second in another quality, shows captions, obeys the keyboard."""

import re

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.clock import server_now
from tests.videos import media
from tests.videos.world import make_clip, make_clip_contest, start_scoring
from videos.models import Clip, ClipContest, ClipFile, ClipState, Rendition
from videos.storage import captions_key, clip_storage, poster_key, rendition_key

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CAPTIONS = "WEBVTT\n\n00:00.000 --> 00:06.000\nXin chào bà con\n"
SECONDS = 6


@pytest.fixture
def clip() -> Clip:
    """A published clip in two sizes, with poster and captions."""
    contest = make_clip_contest()
    clip = make_clip(contest, state=ClipState.ACCEPTED, title="Một cửa thân thiện")
    small = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "30", "-movflags", "+faststart")
    for height, size in ((720, "1280x720"), (480, "854x480")):
        path = media.clip(seconds=SECONDS, size=size, video=small)
        wide, high = map(int, size.split("x"))
        clip_storage().save(rendition_key(clip.current_id, height), ContentFile(path.read_bytes()))
        Rendition.objects.create(
            file=clip.current, height=height, pixels_wide=wide, pixels_high=high, size=path.stat().st_size, sha256=""
        )
    poster = media.directory() / "poster.jpg"
    media.run("-i", path, "-frames:v", "1", poster)
    clip_storage().save(poster_key(clip.current_id), ContentFile(poster.read_bytes()))
    clip_storage().save(captions_key(clip.current_id), ContentFile(CAPTIONS.encode()))
    ClipFile.objects.filter(pk=clip.current_id).update(has_poster=True, has_captions=True)
    start_scoring(contest)
    ClipContest.objects.filter(pk=contest.pk).update(locked_at=server_now())
    ClipContest.objects.filter(pk=contest.pk).update(published_at=server_now())
    return clip


@pytest.fixture
def player(page: Page, live_server, clip) -> Page:
    page.goto(live_server.url + reverse("clip-published", args=[clip.clip_contest.contest.slug, clip.number]))
    wait(page, "v.readyState >= 1")
    return page


def video(page: Page, expression: str):
    return page.evaluate(f"(() => {{ const v = document.querySelector('video'); return {expression}; }})()")


def wait(page: Page, condition: str) -> None:
    """Until it holds. Not by Playwright's own way, which the page's policy refuses."""
    for _ in range(400):
        if video(page, condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"waited in vain: {condition}")


def test_a_clip_plays_with_its_poster_and_captions(player):
    assert video(player, "Math.round(v.duration)") == SECONDS
    assert (video(player, "v.videoHeight"), video(player, "v.paused")) == (720, True)
    poster = video(player, "v.poster")
    assert player.request.get(poster).headers["content-type"] == "image/jpeg"
    video(player, "(v.muted = true, v.play(), true)")
    wait(player, "v.currentTime > 0.3")
    wait(player, "v.textTracks[0].cues && v.textTracks[0].cues.length === 1")
    assert video(player, "[v.textTracks[0].mode, v.textTracks[0].cues[0].text]") == ["showing", "Xin chào bà con"]
    expect(player.locator("[data-player-error]")).to_be_hidden()


def test_another_quality_plays_on_at_the_same_second_and_is_kept(player):
    video(player, "(v.currentTime = 3, true)")
    wait(player, "!v.seeking && v.currentTime === 3")
    player.get_by_role("button", name="480p").click()
    wait(player, "v.videoHeight === 480 && v.currentTime === 3 && v.paused")
    expect(player.get_by_role("button", name="480p")).to_have_attribute("aria-pressed", "true")
    expect(player.get_by_role("button", name="720p")).to_have_attribute("aria-pressed", "false")
    video(player, "(v.muted = true, v.play(), true)")
    wait(player, "v.currentTime > 3.2")
    player.get_by_role("button", name="720p").press(" ")
    wait(player, "v.videoHeight === 720 && v.currentTime > 3.2 && !v.paused")
    player.get_by_role("button", name="480p").press("Enter")
    wait(player, "v.videoHeight === 480")
    player.reload()
    wait(player, "v.readyState >= 1 && v.videoHeight === 480")


def test_the_keyboard_is_enough(player):
    video(player, "(v.muted = true, v.focus(), true)")
    player.keyboard.press(" ")
    wait(player, "!v.paused && v.currentTime > 0.1")
    player.keyboard.press(" ")
    wait(player, "v.paused")
    player.keyboard.press("Tab")
    for _ in range(12):
        if player.evaluate("document.activeElement.dataset.quality === '480'"):
            break
        player.keyboard.press("Tab")
    player.keyboard.press("Enter")
    wait(player, "v.videoHeight === 480")


def test_a_clip_that_cannot_be_loaded_says_so(page, live_server, clip):
    for height in (720, 480):
        clip_storage().delete(rendition_key(clip.current_id, height))
    page.goto(live_server.url + reverse("clip-published", args=[clip.clip_contest.contest.slug, clip.number]))
    expect(page.locator("[data-player-error]")).to_be_visible()
    expect(page.locator("[data-player-error]")).to_have_text(re.compile("Chưa tải được video|could not be loaded"))


def test_a_player_whose_address_has_ended_asks_for_it_again_and_goes_on(player):
    """As with S3, whose signed addresses end after minutes: the next piece is refused once."""
    wait(player, "v.readyState >= 2")
    video(player, "(v.currentTime = 3, true)")
    wait(player, "!v.seeking && v.currentTime === 3")
    broken = []

    def refuse_once(route):
        if broken:
            return route.continue_()
        broken.append(route.request.url)
        return route.fulfill(status=403, body="")

    player.route("**/480.mp4", refuse_once)
    player.get_by_role("button", name="480p").click()
    wait(player, "v.videoHeight === 480 && v.currentTime === 3 && v.paused")
    assert len(broken) == 1
    expect(player.locator("[data-player-error]")).to_be_hidden()
