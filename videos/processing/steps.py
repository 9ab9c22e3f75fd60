"""The steps from a received file to one that can be watched. Each can be cut off anywhere and run again.

What a step has done is in the file's row or in the storage, so that whoever comes next goes on there.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accounts.clock import ClockTimestamp
from videos.models import ClipFile, FileState, Rendition, Upload
from videos.processing import refusals, storing
from videos.processing.encoding import plan_for
from videos.processing.judging import Rules, faults_of
from videos.processing.lease import Heart, Lease
from videos.processing.measuring import Measured, probe_file
from videos.processing.refusals import Refusal
from videos.processing.transcoding import make_poster, require_sound_result, transcode
from videos.storage import original_key, poster_key, rendition_key
from videos.uploads.store import path_of

logger = logging.getLogger(__name__)

PROBED, ENCODED, DONE = 5, 97, 100  # of 100, for the page


class ContentLost(Exception):
    """What was received is neither where uploads wait nor in the storage, or is not whole."""


@dataclass
class Work:
    """One run: the file as it was when the run began, its lease, and a directory of its own."""

    file: ClipFile
    lease: Lease
    heart: Heart
    directory: Path
    _original: Path | None = field(default=None, repr=False)

    @property
    def rules(self) -> Rules:
        contest = self.file.clip.clip_contest
        return Rules(contest.max_seconds, contest.min_height, contest.aspect, contest.max_bytes)

    def original(self) -> Path:
        if self._original is None:
            self._original = storing.path_to_read(original_key(self.file.pk), self.directory)
        return self._original

    def measured(self) -> Measured:
        return Measured.of(self.file.probe)

    def write(self, **fields: Any) -> None:
        """Into the row and into the copy at hand. Raises LeaseLost."""
        self.heart.check()
        self.lease.write(**fields)
        for name, value in fields.items():
            setattr(self.file, name, value)


def take_over(work: Work) -> None:
    """The received bytes go to the storage; their hash is the receipt. Raises ContentLost."""
    if work.file.sha256:
        return
    key, size = original_key(work.file.pk), work.file.size
    if size == 0:
        raise Refusal(refusals.empty())
    upload = Upload.objects.filter(file=work.file).first()
    waiting = path_of(upload.pk) if upload else None
    if waiting and waiting.is_file() and waiting.stat().st_size >= size:
        with waiting.open("r+b") as received:
            received.truncate(size)  # bytes that were never acknowledged
        digest = storing.hash_of(waiting, work.heart.check)
        work.lease.renew()
        storing.put(waiting, key)
    elif storing.is_stored(key, size):  # a run was cut off between the two
        digest = storing.hash_of(work.original(), work.heart.check)
    else:
        raise ContentLost
    work.write(sha256=digest)


def probe(work: Work) -> None:
    if not work.file.probe:
        work.write(probe=probe_file(work.original()), progress=PROBED)


def judge(work: Work) -> None:
    """By the rules as they are now. Raises Refusal with all that has to be fixed."""
    faults = faults_of(work.measured(), work.file.size, work.rules)
    if faults:
        raise Refusal(*faults)


def encode(work: Work) -> None:
    """Both renditions in one go, measured before anybody sees them."""
    measured, rules = work.measured(), work.rules
    plan = plan_for(measured)
    if has_renditions(work.file, [output.height for output in plan.outputs]):
        return
    made = transcode(
        work.original(), plan, work.directory,
        seconds=measured.seconds, max_seconds=rules.max_seconds,
        on_progress=progress_writer(work), check=work.heart.check,
    )  # fmt: skip
    for output in plan.outputs:
        path = made[output.height]
        require_sound_result(path, promised=measured.seconds, max_seconds=rules.max_seconds)
        row = {
            "pixels_wide": output.width_pixels, "pixels_high": output.height_pixels,
            "size": path.stat().st_size, "sha256": storing.hash_of(path, work.heart.check),
        }  # fmt: skip
        work.lease.renew()
        storing.put(path, rendition_key(work.file.pk, output.height))
        with work.lease.locked():
            Rendition.objects.update_or_create(file=work.file, height=output.height, defaults=row)
    work.write(progress=ENCODED)


def has_renditions(file: ClipFile, heights: list[int]) -> bool:
    rows = {rendition.height: rendition for rendition in file.renditions.all()}
    return set(rows) >= set(heights) and all(
        storing.is_stored(rendition_key(file.pk, height), rows[height].size) for height in heights
    )


def progress_writer(work: Work) -> Callable[[float], None]:
    """Writes a share of the encoding as the file's progress, when it has grown. A lost lease shows here at once."""
    shown = PROBED

    def write(share: float) -> None:
        nonlocal shown
        progress = PROBED + int(share * (ENCODED - 1 - PROBED))
        if progress > shown:
            shown = progress
            work.write(progress=progress)

    return write


def portray(work: Work) -> None:
    """The poster, from the largest rendition."""
    key = poster_key(work.file.pk)
    if work.file.has_poster and storing.is_stored(key):
        return
    height = plan_for(work.measured()).outputs[0].height
    rendition = storing.path_to_read(rendition_key(work.file.pk, height), work.directory)
    poster = make_poster(rendition, work.directory, seconds=work.measured().seconds, check=work.heart.check)
    work.lease.renew()
    storing.put(poster, key)
    work.write(has_poster=True)


def finish(work: Work) -> None:
    """The last write: from here on the file can be watched."""
    work.write(
        state=FileState.READY, progress=DONE, reason="", seconds=f"{work.measured().seconds:.3f}",
        processed_at=ClockTimestamp(), run=None, lease_until=None,
    )  # fmt: skip


def stop_if_superseded(work: Work) -> None:
    """A newer version of the clip makes this one pointless; what was received is kept. Raises Refusal."""
    if not ClipFile.objects.filter(pk=work.file.pk, clip__current=work.file.pk).exists():
        raise Refusal(refusals.superseded())


# Taking over comes first, for superseded versions too: their receipt is owed.
STEPS: tuple[Callable[[Work], None], ...] = (
    take_over, stop_if_superseded, probe, judge, stop_if_superseded, encode, stop_if_superseded, portray, finish,
)  # fmt: skip
