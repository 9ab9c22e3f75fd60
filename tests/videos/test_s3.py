"""Clips in a real S3 server (SeaweedFS): kept, handed out by signed addresses, and what happens when it is away."""

import http.client
import json
import socket
import subprocess
import sys
import time
from contextlib import closing
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from accounts.problems import Problem
from contest.tasks import tick
from tests.factories import grant, make_root, make_unit, make_user, open_round
from tests.faults.quiz import browser_of, put, start
from tests.processes import environment, wait_for
from tests.videos import media
from tests.videos.received import receive
from tests.videos.seaweed import ACCESS_KEY, BUCKET, SECRET_KEY, seaweed
from tests.videos.world import give_bytes, make_clip, make_clip_contest
from videos.models import Clip, ClipFile, ClipState, FileState
from videos.processing.services import process_file
from videos.storage import clip_storage, original_key, poster_key, rendition_key

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CONTENT = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with seaweed(tmp_path_factory.mktemp("s3") / "weed") as server:
        yield server


def use(settings, monkeypatch, endpoint: str) -> None:
    """The clips of this process lie at `endpoint`."""
    options = {
        "bucket_name": BUCKET, "endpoint_url": endpoint, "region_name": "us-east-1", "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
    }  # fmt: skip
    settings.STORAGES = settings.STORAGES | {"clips": {"BACKEND": "videos.s3.ClipS3Storage", "OPTIONS": options}}
    settings.CLIP_DELIVERY, settings.CLIP_S3_ENDPOINT = "s3", endpoint
    monkeypatch.setattr(Clip._meta.get_field("script"), "storage", clip_storage())


@pytest.fixture
def s3(server, settings, monkeypatch):
    use(settings, monkeypatch, server.endpoint)
    return server


@pytest.fixture
def clip(s3):
    return clip_in_storage()


def clip_in_storage() -> Clip:
    unit = make_unit(parent=make_root())
    coordinator = make_user(unit=unit)
    grant(coordinator, Role.COORDINATOR, unit)
    clip = make_clip(unit=unit, by=coordinator, state=ClipState.ACCEPTED)
    give_bytes(clip, CONTENT)
    return clip


def address(clip: Clip, name: str) -> str:
    return reverse("clip-media", args=[clip.current_id, name])


def fetched(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, content) of what a browser gets that follows a signed address."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)) as connection:
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def changed(url: str, **parameters: str | None) -> str:
    """The address with other parameters; None takes one away."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | {
        name.replace("_", "-"): value for name, value in parameters.items()
    }
    return urlunsplit(parts._replace(query=urlencode({name: value for name, value in query.items() if value})))


# --- Signed addresses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content_type"), [("720.mp4", "video/mp4"), ("480.mp4", "video/mp4"), ("poster.jpg", "image/jpeg")]
)
def test_who_may_watch_is_sent_to_an_address_that_plays(clip, name, content_type):
    answer = browser_of(clip.created_by).get(address(clip, name))
    assert (answer.status_code, answer["Cache-Control"]) == (302, "private, no-store")
    assert parse_qs(urlsplit(answer["Location"]).query)["X-Amz-Expires"] == ["300"]
    status, headers, content = fetched(answer["Location"])
    assert (status, content, headers["content-type"]) == (200, CONTENT, content_type)
    assert headers["cache-control"] == "private, no-store"
    assert "content-disposition" not in headers
    status, headers, content = fetched(answer["Location"], Range="bytes=256-511")
    assert (status, content) == (206, CONTENT[256:512])
    assert headers["content-range"] == f"bytes 256-511/{len(CONTENT)}"


def test_originals_and_scripts_are_only_saved(clip):
    browser = browser_of(clip.created_by)
    for url, name in (
        (address(clip, "original"), 'attachment; filename="video 1.mp4"'),
        (reverse("clip-script", args=[clip.pk]), "attachment; filename*=utf-8''K%E1%BB%8Bch%20b%E1%BA%A3n.pdf"),
    ):
        status, headers, content = fetched(browser.get(url)["Location"])
        assert (status, content) == (200, CONTENT)
        assert (headers["content-type"], headers["content-disposition"]) == ("application/octet-stream", name)


def test_captions_come_from_the_portal_as_a_player_takes_no_tracks_from_elsewhere(clip):
    answer = browser_of(clip.created_by).get(address(clip, "captions.vtt"))
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer["Content-Type"] == "text/vtt; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-store"


def test_a_stranger_is_sent_nowhere(clip):
    stranger = browser_of(make_user(unit=clip.unit))
    for browser in (Client(), stranger):
        for name in ("720.mp4", "480.mp4", "poster.jpg", "captions.vtt", "original"):
            answer = browser.get(address(clip, name))
            assert (answer.status_code, "Location" in answer) == (404, False)
        assert browser.get(reverse("clip-script", args=[clip.pk])).status_code == 404


def test_the_bucket_is_not_public_and_a_signature_is_for_one_file_and_a_short_time(clip):
    signed = browser_of(clip.created_by).get(address(clip, "720.mp4"))["Location"]
    parts = urlsplit(signed)
    assert fetched(signed)[0] == 200, "the control"
    refused = {
        "unsigned": urlunsplit(parts._replace(query="")),
        "the list of the bucket": urlunsplit(parts._replace(path=f"/{BUCKET}", query="")),
        "without its signature": changed(signed, X_Amz_Signature=None),
        "another signature": changed(signed, X_Amz_Signature="0" * 64),
        "made to last": changed(signed, X_Amz_Expires="604800"),
        "signed last year": changed(signed, X_Amz_Date="20250101T000000Z"),
        "another file": signed.replace("/720.mp4", "/original"),
        "saved as something else": changed(signed, response_content_type="text/html"),
    }
    for what, url in refused.items():
        status, _headers, content = fetched(url)
        assert (status in (400, 403), CONTENT[:20] in content) == (True, False), what


def test_a_signed_address_ends_when_its_time_is_over(clip, settings):
    settings.CLIP_URL_SECONDS = 1
    signed = browser_of(clip.created_by).get(address(clip, "720.mp4"))["Location"]
    assert fetched(signed)[0] == 200
    wait_for(lambda: fetched(signed)[0] == 403, "the end of the address", seconds=10)


# --- Settings ---------------------------------------------------------------------------------------

SHOWN = """
import json
from django.conf import settings
from videos.storage import clip_storage
print(json.dumps([settings.CLIP_DELIVERY, type(clip_storage()).__name__, settings.CONTENT_SECURITY_POLICY]))
"""


def portal_with(**more: str) -> subprocess.CompletedProcess:
    program = f"import django; django.setup(){SHOWN}"
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_pages_may_show_clips_from_the_endpoint_and_from_nowhere_else(server):
    delivery, storage, policy = json.loads(portal_with(**server.environment).stdout)
    assert (delivery, storage) == ("s3", "ClipS3Storage")
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["media-src"] == f"'self' {server.endpoint}"
    assert directives["img-src"] == f"'self' {server.endpoint} data:"
    assert server.endpoint not in directives["connect-src"] + directives["script-src"] + directives["default-src"]
    of_amazon = portal_with(**server.environment | {"CLIP_S3_ENDPOINT": "", "CLIP_S3_REGION": "ap-southeast-1"})
    assert "media-src 'self' https://s3.ap-southeast-1.amazonaws.com;" in json.loads(of_amazon.stdout)[2]
    without = json.loads(portal_with(CLIP_S3_BUCKET="").stdout)
    assert without[:2] == ["portal", "FileSystemStorage"]
    assert "media-src 'self';" in without[2]


def test_a_delivery_that_there_is_not_is_refused_at_the_start():
    for more in ({"CLIP_DELIVERY": "s3"}, {"CLIP_DELIVERY": "ngnix"}):
        refused = portal_with(**more)
        assert refused.returncode != 0
        assert "CLIP_DELIVERY must be portal or nginx" in refused.stderr


# --- Processing -------------------------------------------------------------------------------------


def test_a_received_file_is_processed_into_the_bucket_and_played_from_it(s3, settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path / "uploads"
    file = receive(media.clip(), clip_contest=make_clip_contest(min_height=180))
    assert process_file(file.pk)
    file.refresh_from_db()
    assert (file.state, file.has_poster) == (FileState.READY, True)
    data = media.clip().read_bytes()
    assert file.sha256 == sha256(data).hexdigest()
    stored = {found["Key"]: found["Size"] for found in s3.client().list_objects_v2(Bucket=BUCKET)["Contents"]}
    rendition = file.renditions.get()
    assert stored[original_key(file.pk)] == len(data)
    assert stored[rendition_key(file.pk, rendition.height)] == rendition.size
    assert stored[poster_key(file.pk)] > 0
    grant(file.clip.created_by, Role.COORDINATOR, file.clip.unit)
    browser = browser_of(file.clip.created_by)
    _status, headers, content = fetched(browser.get(address(file.clip, f"{rendition.height}.mp4"))["Location"])
    assert (headers["content-type"], sha256(content).hexdigest()) == ("video/mp4", rendition.sha256)
    assert fetched(browser.get(address(file.clip, "original"))["Location"])[2] == data


# --- Down or slow -----------------------------------------------------------------------------------


@pytest.fixture(params=["nobody listens", "no answer"])
def faulty_endpoint(request):
    """An endpoint at which nobody listens, or one that takes connections and says nothing."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "no answer":
            listener.listen(50)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def timed(call) -> tuple[Any, float]:
    began = time.monotonic()
    return call(), time.monotonic() - began


def test_with_the_storage_away_pages_answer_media_say_so_soon_and_the_quiz_goes_on(
    server, settings, monkeypatch, faulty_endpoint
):
    use(settings, monkeypatch, server.endpoint)
    clip = clip_in_storage()
    attempt = start(make_user(unit=make_unit()), open_round())
    use(settings, monkeypatch, faulty_endpoint)
    browser = browser_of(clip.created_by, raise_request_exception=False)
    page, seconds = timed(lambda: browser.get(reverse("my-clips")))
    assert (page.status_code, seconds < 3) == (200, True)
    # An address is signed without asking anybody: it is the browser that finds nobody there.
    video, seconds = timed(lambda: browser.get(address(clip, "720.mp4")))
    assert (video.status_code, seconds < 3) == (302, True)
    captions, seconds = timed(lambda: browser.get(address(clip, "captions.vtt")))
    assert (captions.status_code, captions["Retry-After"], seconds < 4) == (503, "2", True)
    with pytest.raises(Problem) as caught:
        timed(lambda: clip_storage().save("a/b", ContentFile(b"x")))
    assert (caught.value.status, caught.value.code) == (503, "storage_down")
    assert put(attempt, "answers/1", {"choices": [1], "sequence": 1}).status_code == 200


def test_readiness_is_degraded_without_the_storage_and_stays_200(server, settings, monkeypatch, faulty_endpoint):
    tick()
    use(settings, monkeypatch, server.endpoint)
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()["status"], answer.json()["storage"]) == (200, "ok", "ok")
    use(settings, monkeypatch, faulty_endpoint)
    answer, seconds = timed(lambda: Client().get("/health/ready"))
    assert (answer.status_code, answer.json()["status"], answer.json()["storage"]) == (200, "degraded", "down")
    assert seconds < 3


def test_nothing_waits_longer_for_a_storage_that_does_not_answer_than_it_should(settings, monkeypatch):
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        use(settings, monkeypatch, f"http://127.0.0.1:{listener.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(Problem):
            clip_storage().exists("a/b")
    assert time.monotonic() - began < 12


def test_a_file_is_processed_once_the_storage_is_back(server, settings, monkeypatch, tmp_path, faulty_endpoint):
    settings.UPLOAD_DIR = tmp_path / "uploads"
    use(settings, monkeypatch, faulty_endpoint)
    file = receive(media.clip(), clip_contest=make_clip_contest(min_height=180))
    process_file(file.pk)
    file.refresh_from_db()
    assert (file.state, file.reason) == (FileState.RECEIVED, "")
    use(settings, monkeypatch, server.endpoint)
    ClipFile.objects.filter(pk=file.pk).update(lease_until=None)
    process_file(file.pk)
    file.refresh_from_db()
    assert file.state == FileState.READY
