"""Uploads: what a large one costs the web processes, and what slow ones cost those who take the quiz.

The large one is sent in pieces of 16 MiB, the largest there are. The slow ones hold threads of the pool `web`, eight at
a time and without the portal's own limit, while saves go to the pool `answers`, as deploy/nginx.conf sends them; the
last row has both in one pool with the limit, as `make run`.
"""

import base64
import hashlib
import http.client
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.clock import server_now
from accounts.models import Role, RoleGrant, Unit, User
from bench.load import run_clients
from bench.quizzers import open_round, renew, save_requests, start_attempts
from bench.results import Result
from bench.timing import say
from bench.web import PORTAL, Web
from contest.models import Attempt, Contest
from videos.models import Clip, ClipContest, Genre, Upload

MIB = 1024 * 1024
PIECE = 16 * MIB
SLOW = 8
SLOW_PIECE, SLOW_PAUSE = 32 * 1024, 0.25  # 128 KiB/s each: a poor mobile network
URL = "/api/v1/uploads/"


def run(*, quick: bool) -> list[Result]:
    round = open_round()
    sender = _Sender(_clip(round.contest))
    attempts = start_attempts(round, 100 if quick else 3000)
    durations = {"warm_up": 0.3, "seconds": 0.7} if quick else {"warm_up": 1.0, "seconds": 4.0}
    size = (8 if quick else 300) * MIB
    return [*large(sender, size), *beside_slow_uploads(sender, attempts, turns=1 if quick else 5, **durations)]


# --- A large upload -----------------------------------------------------------------------------------


def large(sender: "_Sender", size: int) -> list[Result]:
    with Web(PORTAL, os.environ | {"UPLOADS_AT_ONCE": "1"}) as web:
        for _ in range(12):  # connections fall to either process: each has loaded then what it will
            sender.upload(web.port, MIB)
        for pid in web.pids():
            _forget_peak(pid)
        before = {pid: _memory(pid, "VmRSS") for pid in web.pids()}
        started = time.perf_counter()
        sender.upload(web.port, size)
        seconds = time.perf_counter() - started
        more = max(_memory(pid, "VmHWM") - resident for pid, resident in before.items())
    megabytes = size // MIB
    note = f"{megabytes / seconds:.0f} MiB/s, synchronised to disk after every 16 MiB; the peak over what was resident"
    return [Result(f"memory for an upload of {megabytes} MB", more / MIB, "MiB", goal=("<=", 64), note=note)]


def _memory(pid: int, name: str) -> int:
    """Bytes, by a line of /proc/PID/status."""
    with open(f"/proc/{pid}/status") as status:
        line = next(line for line in status if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def _forget_peak(pid: int) -> None:
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")


# --- Slow uploads -------------------------------------------------------------------------------------


def beside_slow_uploads(
    sender: "_Sender", attempts: list[Attempt], *, turns: int, **durations: float
) -> Iterator[Result]:
    alone, pools, one = [], [], []
    for _ in range(turns):  # in turn, so that what else the machine does hits all
        with Web(PORTAL, os.environ) as answers:
            alone.append(_saves(answers, attempts, durations))
            with Web(PORTAL, os.environ | {"UPLOADS_AT_ONCE": str(SLOW)}) as web, sender.slowly(web.port):
                pools.append(_saves(answers, attempts, durations))
            with sender.slowly(answers.port):
                one.append(_saves(answers, attempts, durations))
    floor = _middle(alone)
    note = f"{SLOW} uploads of {SLOW_PIECE / SLOW_PAUSE / 1024:.0f} KiB/s; the floor is the rate without them"
    yield Result("saves beside slow uploads, two pools", _middle(pools), "requests/s", floor, (">=", 0.8), note)
    yield Result("saves beside slow uploads, make run", _middle(one), "requests/s", floor, (">=", 0.8), note)


def _saves(web: Web, attempts: list[Attempt], durations: dict[str, float]) -> float:
    renew(attempts)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM contest_attempt")
    rate = run_clients(web, save_requests(attempts), **durations)["per_second"]
    say(f"saves: {rate:.0f} requests/s")
    return rate


def _middle(rates: list[float]) -> float:
    return sorted(rates)[len(rates) // 2]


# --- Sending ------------------------------------------------------------------------------------------


class _Sender:
    """A coordinator's browser that uploads files for a clip."""

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        browser = Client()
        browser.force_login(clip.created_by)
        token = "c" * 32
        session = browser.cookies[settings.SESSION_COOKIE_NAME].value
        self.headers = {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={token}",
            "X-CSRFToken": token, "Tus-Resumable": "1.0.0",
        }  # fmt: skip

    def upload(self, port: int, size: int) -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        url, piece = self._begin(link, size), os.urandom(min(size, PIECE))
        whole, offset = hashlib.sha256(), 0
        while offset < size:
            part = piece[: size - offset]
            answer = self._call(link, "PATCH", url, part, **self._about(offset))
            whole.update(part)
            offset += len(part)
            if answer["Upload-Offset"] != str(offset):
                raise RuntimeError(f"{answer['Upload-Offset']} instead of {offset}")
        with open(os.path.join(settings.UPLOAD_DIR, url.rstrip("/").rpartition("/")[2]), "rb") as stored:
            if hashlib.file_digest(stored, "sha256").digest() != whole.digest():
                raise RuntimeError("the file is not what was sent")
        link.close()

    @contextmanager
    def slowly(self, port: int) -> Iterator[None]:
        """SLOW uploads that go on inside the block; whoever is told to come again does so after a pause."""
        end = threading.Event()
        threads = [threading.Thread(target=self._trickle, args=(port, end)) for _ in range(SLOW)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            end.set()
            for thread in threads:
                thread.join()
            Upload.objects.filter(file=None).update(state="terminated")  # a unit has only so many

    def _trickle(self, port: int, end: threading.Event) -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        url = self._begin(link, PIECE)
        while not end.is_set():
            try:
                link.putrequest("PATCH", url)
                for name, value in (self.headers | self._about(0) | {"Content-Length": str(PIECE)}).items():
                    link.putheader(name, value)
                link.endheaders()
                while not end.wait(SLOW_PAUSE):
                    link.send(bytes(SLOW_PIECE))
            except OSError:  # there is no place for this one now
                end.wait(2)
            link.close()

    def _begin(self, link: http.client.HTTPConnection, size: int) -> str:
        about = {"filename": "video.mp4", "clip": str(self.clip.pk)}
        pairs = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in about.items())
        answer = self._call(link, "POST", URL, b"", **{"Upload-Length": str(size), "Upload-Metadata": pairs})
        return "/" + answer["Location"].split("/", 3)[3]

    def _about(self, offset: int) -> dict[str, str]:
        return {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}

    def _call(self, link: http.client.HTTPConnection, method: str, url: str, body: bytes, **more: str) -> Any:
        link.request(method, url, body, self.headers | more)
        answer = link.getresponse()
        if answer.status not in (201, 204):
            raise RuntimeError(f"{method} {url}: {answer.status} {answer.read()!r}")
        answer.read()
        return answer.headers


def _clip(contest: Contest) -> Clip:
    """A clip that receives files now, with its coordinator, in a contest of its own beside the demo's."""
    now, unit = server_now(), Unit.objects.exclude(parent=None).order_by("code")[0]
    person = User.objects.create_user("bench-uploads", full_name="Đầu mối")
    RoleGrant.objects.create(user=person, role=Role.COORDINATOR, unit=unit)
    own = Contest.objects.create(slug="bench-uploads", title="Video", unit=contest.unit, is_public=True)
    clips = ClipContest.objects.create(
        contest=own, opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=1), unit_quota_bytes=2**40
    )
    genre = Genre.objects.create(clip_contest=clips, position=1, name="Phóng sự")
    return Clip.objects.create(
        clip_contest=clips, unit=unit, title="Video", genre=genre, authors="Đầu mối", created_by=person
    )
