"""A received clip made fit to be watched, beside plain ffmpeg with the same settings and priority.

Ours is all of it: hash, storing, measuring, encoding within limits, measuring the results, poster, rows. The floor only
encodes.
"""

import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from bench.results import Result
from bench.timing import seconds
from tests.videos.received import receive
from tests.videos.world import make_clip_contest
from videos.models import ClipContest, ClipFile, FileState
from videos.processing.encoding import encode_command, plan_for
from videos.processing.ffmpeg import ffmpeg
from videos.processing.limits import MEGABYTE, Limits
from videos.processing.measuring import Measured, probe_file
from videos.processing.services import process_file

HIGHEST = 1.15


def run(*, quick: bool) -> list[Result]:
    length, repeats = (2, 1) if quick else (60, 3)
    with tempfile.TemporaryDirectory(prefix="transcode-") as name:
        directory = Path(name)
        source = _film(directory / "film.mp4", length)
        contest = make_clip_contest()
        # Each in turn, so that whatever else the machine does falls on both.
        pairs = [(_ours(source, contest), _floor(source, directory)) for _ in range(repeats)]
        size = source.stat().st_size // MEGABYTE
    ours, floor = (statistics.median(side) for side in zip(*pairs, strict=True))
    note = f"{length} s of 1920x1080 ({size} MB) to 720p and 480p; floor: the same ffmpeg command alone"
    return [Result("transcoding", ours, "s", floor, goal=("<=", HIGHEST), note=note)]


def _film(target: Path, length: int) -> Path:
    """Moving, with the noise of a camera, so that there is something to encode."""
    picture = f"testsrc2=size=1920x1080:rate=30:duration={length},noise=alls=12:allf=t"
    subprocess.run(
        [ffmpeg(), "-nostdin", "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi",
         "-i", f"sine=440:duration={length}", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "24",
         "-pix_fmt", "yuv420p", "-c:a", "aac", target],
        check=True,
    )  # fmt: skip
    return target


def _ours(source: Path, contest: ClipContest) -> float:
    file = receive(source, clip_contest=contest)
    took = seconds(lambda: process_file(file.pk))
    assert ClipFile.objects.get(pk=file.pk).state == FileState.READY
    return took


def _floor(source: Path, directory: Path) -> float:
    plan = plan_for(Measured.of(probe_file(source)))
    targets = {output.height: directory / f"{output.height}.mp4" for output in plan.outputs}
    command = encode_command(ffmpeg(), plan, source, targets, most_seconds=300)
    nice = Limits(0, 0, 0, 0).nice

    def encode() -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, preexec_fn=lambda: os.nice(nice))

    return seconds(encode)
