"""Files of clips as browsers get them: from a real web server with ranges, and through a real nginx."""

import socket
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.models import Role
from tests.factories import grant, make_root, make_unit, make_user
from tests.videos.uploads.proxy import needs_nginx, proxy
from tests.videos.uploads.server import running, signed_in
from tests.videos.world import give_bytes, make_clip
from videos.models import Clip, ClipState
from videos.watching.delivery import MOST_AT_ONCE

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MEGABYTE = 1024 * 1024
CONTENT = bytes(range(256)) * (3 * MEGABYTE // 256)
SIZE = len(CONTENT)


@pytest.fixture
def clip():
    unit = make_unit(parent=make_root())
    coordinator = make_user(unit=unit)
    grant(coordinator, Role.COORDINATOR, unit)
    clip = make_clip(unit=unit, by=coordinator, state=ClipState.ACCEPTED)
    give_bytes(clip, CONTENT)
    return clip


def address(clip: Clip, name: str) -> str:
    return reverse("clip-media", args=[clip.current_id, name])


def ask(
    port: int, url: str, cookies: dict[str, str] | None = None, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """(status, headers by small names, body) of one request."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        sent = (cookies or {}) | {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, url, headers=sent)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


# --- By the portal itself, as in `make run` ---------------------------------------------------------


def test_a_player_gets_its_ranges_from_the_portal(clip, tmp_path):
    person, url = signed_in(clip.created_by), address(clip, "720.mp4")
    with running(tmp_path) as web:

        def get(method: str = "GET", **headers: str) -> tuple[int, Any, Any, bytes]:
            status, got, body = ask(web.port, url, person, method, **headers)
            assert got["accept-ranges"] == "bytes"
            return status, got.get("content-range"), got.get("content-length"), body

        assert get() == (200, None, str(SIZE), CONTENT)
        assert get(Range="bytes=100-299") == (206, f"bytes 100-299/{SIZE}", "200", CONTENT[100:300])
        assert get(Range="bytes=-7") == (206, f"bytes {SIZE - 7}-{SIZE - 1}/{SIZE}", "7", CONTENT[-7:])
        assert get(Range=f"bytes={SIZE}-")[:2] == (416, f"bytes */{SIZE}")
        assert get("HEAD") == (200, None, str(SIZE), b"")
        assert get("HEAD", Range="bytes=0-9") == (206, f"bytes 0-9/{SIZE}", "10", b"")
        first = get(Range="bytes=0-")
        assert first == (206, f"bytes 0-{MOST_AT_ONCE - 1}/{SIZE}", str(MOST_AT_ONCE), CONTENT[:MOST_AT_ONCE])
        rest = get(Range=f"bytes={MOST_AT_ONCE}-")
        assert first[3] + rest[3] == CONTENT
        etag = ask(web.port, url, person)[1]["etag"]
        assert get(Range="bytes=0-9", If_Range=etag)[0] == 206
        assert get(Range="bytes=0-9", If_Range='"another"') == (200, None, str(SIZE), CONTENT)
        assert ask(web.port, url, person, "POST")[0] in (403, 405)
        stranger = ask(web.port, url, signed_in(make_user(unit=clip.unit)), Range="bytes=0-9")
        assert (stranger[0], CONTENT[:10] in stranger[2]) == (404, False)


def test_players_that_stop_reading_leave_the_web_threads_to_others(clip, tmp_path):
    """Each has asked for the rest of a clip and is paused; all of them together hold a piece each, not a thread."""
    person, url = signed_in(clip.created_by), address(clip, "720.mp4")
    with running(tmp_path, threads=2) as web:
        paused = [_paused(web.port, url, person) for _ in range(6)]
        assert [web.call("GET", "/health/live", {})[0] for _ in range(5)] == [200] * 5
        assert ask(web.port, url, person, Range="bytes=0-9")[0] == 206
        for player in paused:
            player.close()


def _paused(port: int, url: str, person: dict[str, str]) -> socket.socket:
    """A connection that has asked for "the rest" and read the first bytes of it."""
    player = socket.socket()
    player.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    player.settimeout(20)
    player.connect(("127.0.0.1", port))
    player.sendall(
        f"GET {url} HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=0-\r\nCookie: {person['Cookie']}\r\n\r\n".encode()
    )
    assert player.recv(12) == b"HTTP/1.1 206"
    return player


# --- Through nginx, as in production ----------------------------------------------------------------


@needs_nginx
def test_nginx_sends_the_bytes_to_whom_the_portal_says_so_and_to_nobody_else(clip, tmp_path):
    person, stranger = signed_in(clip.created_by), signed_in(make_user(unit=clip.unit))
    with (
        running(tmp_path, CLIP_DELIVERY="nginx") as web,
        proxy(tmp_path / "nginx", web=web.port, answers=web.port) as port,
    ):
        (tmp_path / "nginx/clips").symlink_to(settings.STORAGES["clips"]["OPTIONS"]["location"])

        for name, content_type in (
            ("720.mp4", "video/mp4"), ("480.mp4", "video/mp4"), ("poster.jpg", "image/jpeg"),
            ("captions.vtt", "text/vtt; charset=utf-8"), ("original", "application/octet-stream"),
        ):  # fmt: skip
            status, headers, body = ask(port, address(clip, name), person)
            assert (status, headers["content-type"], body) == (200, content_type, CONTENT), name
            assert headers["cache-control"] == "private, no-store"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["content-security-policy"] == "default-src 'none'; sandbox"
            assert ("content-disposition" in headers) == (name == "original")
            assert "x-accel-redirect" not in headers
            assert "set-cookie" not in headers
        assert headers["content-disposition"] == 'attachment; filename="video 1.mp4"'

        url = address(clip, "720.mp4")
        status, headers, body = ask(port, url, person, Range="bytes=100-299")
        assert (status, headers["content-range"], body) == (206, f"bytes 100-299/{SIZE}", CONTENT[100:300])
        assert ask(port, url, person, Range="bytes=-7")[2] == CONTENT[-7:]
        assert ask(port, url, person, Range=f"bytes={SIZE}-")[0] == 416
        status, headers, body = ask(port, url, person, "HEAD")
        assert (status, headers["content-length"], body) == (200, str(SIZE), b"")

        for name in ("720.mp4", "480.mp4", "poster.jpg", "captions.vtt", "original"):
            for cookies in (None, stranger):
                status, headers, body = ask(port, address(clip, name), cookies)
                assert (status, CONTENT[:256] in body) == (404, False), name
            for direct in (
                f"/protected-clips/{clip.current_id}/{name}", f"//protected-clips/{clip.current_id}/{name}",
                f"/x/../protected-clips/{clip.current_id}/{name}", f"/%70rotected-clips/{clip.current_id}/{name}",
            ):  # fmt: skip
                status, headers, body = ask(port, direct, person)
                assert (status, CONTENT[:256] in body) == (404, False), direct
