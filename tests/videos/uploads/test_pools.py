"""Slow uploads never delay a save: the pool `answers` behind a real nginx, with a control without it."""

import json

import pytest

from tests.factories import make_unit, make_user, open_round
from tests.faults.quiz import start
from tests.videos.uploads.proxy import needs_nginx, proxy
from tests.videos.uploads.server import (
    Piece,
    begin,
    call,
    is_busy,
    running,
    signed_in,
    wait_until_busy,
    wait_until_idle,
)
from tests.videos.uploads.tus import URL, checksum, draft, upload_at
from videos.models import ClipFile
from videos.uploads import store

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), needs_nginx]
SLOW = 8
SAVES = 20
SIZE = 200_000


@pytest.fixture(autouse=True)
def upload_dir(settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return settings.UPLOAD_DIR


@pytest.fixture
def attempt():
    return start(make_user(unit=make_unit()), open_round())


def save(port: int, attempt: dict, sequence: int, *, patience: float = 20) -> int:
    """The status of a save; 0 for no answer within `patience` seconds."""
    headers = {"Attempt-Key": attempt["attempt_key"], "Content-Type": "application/json"}
    body = json.dumps({"choices": [1], "sequence": sequence}).encode()
    return call(port, "PUT", f"/api/v1/attempts/{attempt['id']}/answers/1", headers, body, patience=patience)[0]


def slow_uploads(port: int, *, at_once: int) -> tuple[list[Piece], list[str]]:
    """SLOW uploads of which a part is sent and nothing more, once `at_once` of them hold a thread each."""
    clip, person = draft()
    headers = signed_in(person)
    urls = [begin(person, clip, SIZE) for _ in range(SLOW)]
    pieces = []
    for number, url in enumerate(urls):
        pieces.append(Piece(port, url, headers, offset=0, length=SIZE))
        pieces[-1].send(b"x" * 100_000)
        if number < at_once:
            wait_until_busy(url)
    assert sum(is_busy(url) for url in urls) == at_once
    return pieces, urls


def test_saves_go_on_beside_eight_slow_uploads_that_hold_every_thread_of_the_other_pool(attempt, tmp_path):
    """Without any limit of their own the uploads take all of `web`; `answers` does not notice."""
    with (
        running(tmp_path, UPLOADS_AT_ONCE="8") as web,
        running(tmp_path) as answers,
        proxy(tmp_path / "nginx", web=web.port, answers=answers.port) as port,
    ):
        pieces, urls = slow_uploads(port, at_once=4)
        assert [save(port, attempt, number) for number in range(1, SAVES + 1)] == [200] * SAVES
        for piece in pieces:
            piece.cut()
        wait_until_idle(*urls)
        web.kill()
        round, own = f"rounds/{attempt['round']}", f"attempts/{attempt['id']}"
        quiz = {f"/{round}/start/": 302, f"/{own}/": 302, f"/api/v1/{own}/": 401, f"/api/v1/{round}/attempts/": 401}
        others = {"/": 503, "/rounds/": 503, "/api/v1/rounds/": 503, URL: 503}
        assert {path: call(port, "GET", path, {})[0] for path in quiz | others} == quiz | others


def test_control_in_one_pool_without_a_limit_eight_slow_uploads_hold_up_every_save(attempt, tmp_path):
    with (
        running(tmp_path, UPLOADS_AT_ONCE="8") as both,
        proxy(tmp_path / "nginx", web=both.port, answers=both.port) as port,
    ):
        assert save(port, attempt, 1) == 200
        pieces, urls = slow_uploads(port, at_once=4)
        assert [save(port, attempt, number, patience=2) for number in (2, 3)] == [0, 0]
        for piece in pieces:
            piece.cut()
        wait_until_idle(*urls)
        assert save(port, attempt, 4) == 200


def test_in_one_pool_with_its_limit_saves_go_on(attempt, tmp_path):
    """As in `make run`, where there is no second pool."""
    with running(tmp_path) as both, proxy(tmp_path / "nginx", web=both.port, answers=both.port) as port:
        pieces, urls = slow_uploads(port, at_once=1)
        assert [save(port, attempt, number) for number in range(1, SAVES + 1)] == [200] * SAVES
        # The others were told to come again: by the portal or, where its answer was lost on the way, by nginx.
        refusals = [piece.answer() for piece in pieces[1:]]
        assert {status for status, _headers in refusals} <= {429, 503}
        assert all(headers["retry-after"] for _status, headers in refusals)
        pieces[0].send(b"x" * (SIZE - 100_000))
        assert pieces[0].answer()[0] == 204
        wait_until_idle(*urls)


def test_tus_through_nginx_keeps_what_arrived_of_a_cut_body(tmp_path):
    clip, person = draft()
    headers = signed_in(person)
    data = bytes(range(256)) * 1000
    url = begin(person, clip, len(data))
    with running(tmp_path) as web, proxy(tmp_path / "nginx", web=web.port, answers=web.port) as port:
        piece = Piece(port, url, headers, offset=0, length=len(data))
        piece.send(data[:150_000])
        wait_until_busy(url)
        piece.cut()
        wait_until_idle(url)
        status, answer = call(port, "HEAD", url, headers | {"Tus-Resumable": "1.0.0"})
        offset = int(answer["upload-offset"])
        assert status == 200
        assert offset == 150_000, "straight through: nothing of it waited in nginx"
        rest = Piece(
            port, url, headers, offset=offset, length=len(data) - offset, Upload_Checksum=checksum(data[offset:])
        )
        rest.send(data[offset:])
        assert rest.answer()[0] == 204
        location = call(port, "POST", URL, headers)
        assert location[0] == 412
        too_large = Piece(port, url, headers, offset=0, length=17 * 1024 * 1024 + 1)
        assert too_large.answer()[0] == 413
    assert store.path_of(upload_at(url).pk).read_bytes() == data
    assert ClipFile.objects.get().size == len(data)
