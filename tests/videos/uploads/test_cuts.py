"""Uploads survive disconnects: real clients, cut connections and a killed server against a real web process."""

import asyncio
import hashlib
import io
import random
import resource
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import aiotus
import pytest
from tusclient.client import TusClient

from tests.processes import wait_for
from tests.videos.uploads.server import (
    Piece,
    Server,
    begin,
    is_busy,
    running,
    signed_in,
    wait_until_busy,
    wait_until_idle,
)
from tests.videos.uploads.tus import URL, checksum, draft, upload_at
from videos.models import ClipFile, UploadState
from videos.uploads import store

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PIECE = 65_536
SEED = 2023


@pytest.fixture(autouse=True)
def upload_dir(settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return settings.UPLOAD_DIR


@pytest.fixture
def server(upload_dir, tmp_path):
    with running(tmp_path) as server:
        yield server


def some_bytes(size: int) -> bytes:
    return random.Random(SEED).randbytes(size)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def stored(url: str) -> bytes:
    return store.path_of(upload_at(url).pk).read_bytes()


def tuspy(server: Server, headers: dict[str, str], data: bytes, **options):
    return TusClient(server.address + URL, headers=headers).uploader(file_stream=io.BytesIO(data), **options)


# --- Clients that exist -------------------------------------------------------------------------------


def test_tuspy_uploads_with_checksums_and_goes_on_where_it_stopped(server):
    clip, person = draft()
    data, headers = some_bytes(3_000_000), signed_in(person)
    about = {"filename": "Phóng sự.mp4", "clip": str(clip.pk)}
    first = tuspy(server, headers, data, chunk_size=300_000, metadata=about, upload_checksum=True)
    first.upload(stop_at=1_000_000)
    assert first.offset == 1_000_000
    second = tuspy(server, headers, data, chunk_size=700_000, url=first.url)
    assert second.offset == 1_000_000
    second.upload()
    file = ClipFile.objects.get()
    assert (file.name, file.size, file.clip_id) == ("Phóng sự.mp4", 3_000_000, clip.pk)
    assert sha256(stored(first.url)) == sha256(data)


def test_aiotus_uploads_and_reads_what_the_server_can(server):
    clip, person = draft()
    data, headers = some_bytes(3_000_000), signed_in(person)
    about = {"filename": "Tiểu phẩm.mp4".encode(), "clip": str(clip.pk).encode()}

    async def upload():
        address = server.address + URL
        quickly = aiotus.RetryConfiguration(retry_attempts=3, max_retry_period_seconds=0.1)
        location = await aiotus.upload(
            address, io.BytesIO(data), about, config=quickly, headers=headers, chunksize=1_000_000
        )
        found = await aiotus.metadata(location, headers=headers, config=quickly)
        return location, found

    with ThreadPoolExecutor(1) as elsewhere:  # a test in a browser may have left this thread a running loop
        location, found = elsewhere.submit(asyncio.run, upload()).result()
    assert found == about
    assert ClipFile.objects.get().name == "Tiểu phẩm.mp4"
    assert sha256(stored(str(location))) == sha256(data)


# --- Cuts ---------------------------------------------------------------------------------------------


def send_with_cuts(server: Server, url: str, headers: dict[str, str], data: bytes, ways: list[str]) -> list[int]:
    """Send pieces of which each breaks off in one of `ways`; what the server says it has after each."""
    chance, offsets = random.Random(SEED), [0]
    for number, way in enumerate(ways):
        offset, left = offsets[-1], len(ways) - number
        length = len(data) - offset
        # At least a piece that reaches the disk, and something for the cuts to come.
        sent = chance.randrange(PIECE + 1, max(PIECE + 2, 2 * length // (left + 1)))
        piece = Piece(server.port, url, headers, offset=offset, length=length)
        piece.send(data[offset : offset + sent])
        wait_for(lambda: reaches_disk(url, offset + PIECE), "bytes on the disk")  # noqa: B023
        if way == "kill -9":
            server.kill()
            piece.cut()
            server.start()
        else:
            piece.cut(abruptly=way == "reset")
        wait_until_idle(url)
        status, answer = server.call("HEAD", url, headers | {"Tus-Resumable": "1.0.0"})
        assert status == 200
        offsets.append(int(answer["upload-offset"]))
    return offsets


def reaches_disk(url: str, size: int) -> bool:
    path = store.path_of(upload_at(url).pk)
    return path.exists() and path.stat().st_size >= size and is_busy(url)


def test_twenty_cuts_and_killed_servers_do_not_change_a_byte(server):
    clip, person = draft()
    data, headers = some_bytes(6_000_000), signed_in(person)
    url = begin(person, clip, len(data))
    ways = ["close", "reset", "kill -9", "close", "close"] * 4
    random.Random(SEED).shuffle(ways)
    offsets = send_with_cuts(server, url, headers, data, ways)
    for way, before, after in zip(ways, offsets, offsets[1:], strict=False):
        # What arrived is kept; of a server that died in between nothing counts.
        assert (after == before) if way == "kill -9" else (after >= before + PIECE), (way, before, after)
    assert len(offsets) == 21
    rest = tuspy(server, headers, data, chunk_size=1_000_000, url=server.address + url)
    assert rest.offset == offsets[-1] < len(data)
    rest.upload()
    assert upload_at(url).state == UploadState.FINISHED
    assert ClipFile.objects.count() == 1
    assert sha256(stored(url)) == sha256(data)


def test_control_a_server_that_appends_to_whatever_is_there_spoils_the_file(upload_dir, tmp_path):
    clip, person = draft()
    data, headers = some_bytes(1_000_000), signed_in(person)
    url = begin(person, clip, len(data))
    with running(tmp_path, "tests.videos.uploads.naive:application") as server:
        send_with_cuts(server, url, headers, data, ["close", "kill -9"])
        tuspy(server, headers, data, chunk_size=1_000_000, url=server.address + url).upload()
    assert upload_at(url).state == UploadState.FINISHED
    assert sha256(stored(url)) != sha256(data)


def test_a_client_that_trusts_itself_after_a_kill_is_told_where_to_go_on(server):
    clip, person = draft()
    data, headers = some_bytes(500_000), signed_in(person)
    url = begin(person, clip, len(data))
    piece = Piece(server.port, url, headers, offset=0, length=len(data))
    piece.send(data[:300_000])
    wait_for(lambda: reaches_disk(url, 4 * PIECE), "bytes on the disk")
    server.kill()
    assert len(stored(url)) >= 4 * PIECE, "the fault is real: bytes lie there that nobody counted"
    server.start()
    wait_until_idle(url)
    trusting = Piece(server.port, url, headers, offset=300_000, length=200_000)
    status, answer = trusting.answer()
    assert (status, answer["upload-offset"]) == (409, "0")


def test_a_piece_under_a_checksum_that_breaks_off_counts_for_nothing(server):
    clip, person = draft()
    data, headers = some_bytes(500_000), signed_in(person)
    url = begin(person, clip, len(data))
    named = {"Upload_Checksum": checksum(data)}
    piece = Piece(server.port, url, headers, offset=0, length=len(data), **named)
    piece.send(data[:300_000])
    wait_for(lambda: reaches_disk(url, 4 * PIECE), "bytes on the disk")
    piece.cut()
    wait_until_idle(url)
    assert upload_at(url).offset == 0
    whole = Piece(server.port, url, headers, offset=0, length=len(data), **named)
    whole.send(data)
    assert whole.answer()[0] == 204
    assert sha256(stored(url)) == sha256(data)


# --- Two at once --------------------------------------------------------------------------------------


def test_two_pieces_of_one_upload_at_once_and_one_is_told_to_wait(upload_dir, tmp_path):
    clip, person = draft()
    data, headers = some_bytes(200_000), signed_in(person)
    url = begin(person, clip, len(data))
    tus = headers | {"Tus-Resumable": "1.0.0"}
    with running(tmp_path, UPLOADS_AT_ONCE="3") as server:
        first = Piece(server.port, url, headers, offset=0, length=len(data))
        first.send(data[:-1])
        wait_until_busy(url)
        second = Piece(server.port, url, headers, offset=0, length=len(data))
        second.send(data)
        assert second.answer()[0] == 423
        for method in ("HEAD", "DELETE"):
            status, answer = server.call(method, url, tus)
            assert (status, answer["retry-after"]) == (423, "2")
        first.send(data[-1:])
        assert first.answer()[0] == 204
        assert server.call("HEAD", url, tus)[1]["upload-offset"] == str(len(data))
    assert ClipFile.objects.count() == 1
    assert sha256(stored(url)) == sha256(data)


def test_many_bodies_at_once_leave_threads_for_everybody_else(server):
    """Of eight slow uploads one has a place in the process, as the setting says; the others are to come again."""
    clip, person = draft()
    headers = signed_in(person)
    urls = [begin(person, clip, 100_000) for _ in range(8)]
    pieces = [Piece(server.port, url, headers, offset=0, length=100_000) for url in urls[:1]]
    pieces[0].send(b"x" * 1000)
    wait_until_busy(urls[0])
    for url in urls[1:]:
        pieces.append(Piece(server.port, url, headers, offset=0, length=100_000))
        status, answer = pieces[-1].answer()
        assert (status, answer["retry-after"]) == (429, "2")
    assert [server.call("GET", "/health/ready", {})[0] for _ in range(8)] == [200] * 8
    pieces[0].send(b"x" * 99_000)
    assert pieces[0].answer()[0] == 204
    for piece in pieces:
        piece.cut()


def test_a_client_that_falls_silent_keeps_its_upload_from_nobody_and_what_came_is_kept(upload_dir, tmp_path):
    clip, person = draft()
    data, headers = some_bytes(300_000), signed_in(person)
    url = begin(person, clip, len(data))
    with running(tmp_path, UPLOAD_IDLE_SECONDS="5", UPLOADS_AT_ONCE="2") as server:
        silent = Piece(server.port, url, headers, offset=0, length=len(data))
        silent.send(data[: 3 * PIECE + 10])
        wait_until_busy(url)
        wait_until_idle(url)
        # Goes on elsewhere, although the first connection is still there.
        rest = tuspy(server, headers, data, chunk_size=300_000, url=server.address + url)
        assert rest.offset == 3 * PIECE
        rest.upload()
        silent.send(b"x" * PIECE)
        status, answer = silent.answer()
        assert (status, answer["upload-offset"], answer["connection"]) == (408, str(3 * PIECE), "close")
        assert [server.call("GET", "/health/ready", {})[0] for _ in range(8)] == [200] * 8
    assert ClipFile.objects.count() == 1
    assert sha256(stored(url)) == sha256(data)


# --- A full disk --------------------------------------------------------------------------------------


@contextmanager
def little_room(directory: Path):
    """A directory that holds less than a megabyte: a small file system or, where none may be mounted, a limit."""
    directory.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=768k", "tmpfs", directory], capture_output=True)
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", directory], check=True)


def test_a_full_disk_is_said_and_the_offset_is_kept(upload_dir, tmp_path):
    clip, person = draft()
    data, headers = some_bytes(900_000), signed_in(person)
    url = begin(person, clip, len(data))
    with little_room(upload_dir) as is_small, running(tmp_path) as server:
        if not is_small:
            for process in worker_processes(server):
                resource.prlimit(process, resource.RLIMIT_FSIZE, (768 * 1024, 768 * 1024))
        first = Piece(server.port, url, headers, offset=0, length=400_000)
        first.send(data[:400_000])
        assert first.answer()[0] == 204
        second = Piece(server.port, url, headers, offset=400_000, length=500_000)
        second.send(data[400_000:])
        assert second.answer()[0] == 507
        status, answer = server.call("HEAD", url, headers | {"Tus-Resumable": "1.0.0"})
        assert (status, answer["upload-offset"]) == (200, "400000")
        assert stored(url) == data[:400_000], "what did not fit has made room again"
        # With room the upload goes on where it was.
        if is_small:
            subprocess.run(["mount", "-o", "remount,size=2m", upload_dir], check=True)
        else:
            for process in worker_processes(server):
                resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        tuspy(server, headers, data, chunk_size=500_000, url=server.address + url).upload()
        assert sha256(stored(url)) == sha256(data)


def worker_processes(server: Server) -> list[int]:
    found = subprocess.run(["pgrep", "-g", str(server.pid)], capture_output=True, text=True, check=True)
    return [int(pid) for pid in found.stdout.split()]
