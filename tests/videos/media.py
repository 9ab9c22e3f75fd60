"""Clips made by code, tiny and short, each made once for a test session; and files that only pretend to be clips."""

import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from embedded.testing import HOME
from videos.processing.ffmpeg import ffmpeg

SDR_TAGS = ("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709")


@cache
def directory() -> Path:
    return Path(tempfile.mkdtemp(prefix="media-", dir=os.environ.get(HOME)))


def run(*arguments: str | Path, program: str | None = None) -> None:
    """ffmpeg, without any of our limits."""
    command = [program or ffmpeg(), "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@cache
def clip(
    *,
    seconds: float = 2,
    size: str = "320x180",
    rate: str = "30",
    suffix: str = "mp4",
    video: tuple[str, ...] = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
    audio: tuple[str, ...] | None = ("-c:a", "aac", "-ac", "1"),
    more: tuple[str, ...] = (),
) -> Path:
    """A moving test picture with a tone."""
    target = directory() / f"clip-{len(list(directory().iterdir()))}.{suffix}"
    sound = ["-f", "lavfi", "-i", f"sine=440:duration={seconds}"] if audio else []
    run(
        "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}", *sound,
        *video, *(audio or ()), *more, target,
    )  # fmt: skip
    return target


def changed(source: Path, *options: str, before: tuple[str, ...] = (), suffix: str = "mp4") -> Path:
    """`source` written again with options; streams are copied."""
    target = directory() / f"changed-{len(list(directory().iterdir()))}.{suffix}"
    run(*before, "-i", source, "-c", "copy", *options, target)
    return target


def written(name: str, data: bytes) -> Path:
    """A file of these bytes, whatever its name says."""
    target = directory() / f"{len(list(directory().iterdir()))}-{name}"
    target.write_bytes(data)
    return target


def with_forged_duration(source: Path, seconds: float) -> Path:
    """An MP4 whose headers say `seconds`, in every place where a duration is written; its packets stay."""
    data = bytearray(source.read_bytes())
    scales = {}
    for box, at_scale, at_duration in ((b"mvhd", 16, 20), (b"mdhd", 16, 20)):
        at = data.find(box)
        while at >= 0:
            assert data[at + 4] == 0, "version 0"
            scale = int.from_bytes(data[at + at_scale : at + at_scale + 4], "big")
            scales.setdefault(box, scale)
            data[at + at_duration : at + at_duration + 4] = int(seconds * scale).to_bytes(4, "big")
            at = data.find(box, at + 4)
    at = data.find(b"tkhd")
    while at >= 0:
        data[at + 24 : at + 28] = int(seconds * scales[b"mvhd"]).to_bytes(4, "big")
        at = data.find(b"tkhd", at + 4)
    return written("forged.mp4", bytes(data).replace(b"edts", b"free"))
