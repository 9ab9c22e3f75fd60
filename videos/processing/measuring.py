"""Measuring a file in a limited child, and what was found: numbers in, no judgement."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videos.processing import refusals, signatures
from videos.processing.limits import MEGABYTE, Cause, Limits, run_limited
from videos.processing.refusals import Refusal

PROBE = Path(__file__).with_name("probe.py")
CANNOT_READ = 3
# MP4 and MOV, Matroska and WebM, AVI, and the MPEG-TS of camcorders. None of them follows a link to another file.
FORMATS = ("mov", "matroska", "avi", "mpegts")
VIDEO_CODECS = (
    "h264", "hevc", "av1", "vp8", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "h263", "mjpeg", "prores", "dnxhd",
)  # fmt: skip
AUDIO_CODECS = (
    "aac", "mp3", "mp2", "ac3", "eac3", "opus", "vorbis", "flac", "alac", "amr_nb", "amr_wb",
    "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le", "pcm_u8", "pcm_alaw", "pcm_mulaw",
)  # fmt: skip
# The same by the names of their decoders, which differ between builds.
DECODERS = (
    *VIDEO_CODECS, *AUDIO_CODECS,
    "libdav1d", "libaom-av1", "libvpx", "libvpx-vp9", "mp3float", "mp2float", "libopus", "amrnb", "amrwb",
)  # fmt: skip
MOST_PIXELS = 4096 * 2304

LIMITS = Limits(memory=2048 * MEGABYTE, cpu_seconds=120, file_bytes=0, seconds=300, tasks=4096)


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of a clip. `width` and `height` as stored; `shown` as it is seen."""

    index: int
    codec: str
    width: int
    height: int
    sample_aspect: tuple[int, int]
    rate: tuple[int, int]
    rotation: int
    transfer: int
    matrix: int
    was_decoded: bool

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height in square pixels, turned as the camera says."""
        across, down = self.sample_aspect
        width = round(self.width * across / down) if across > 0 and down > 0 else self.width
        return (self.height, width) if self.rotation in (90, 270) else (width, self.height)


@dataclass(frozen=True, slots=True)
class Sound:
    index: int
    codec: str
    channels: int


@dataclass(frozen=True, slots=True)
class Measured:
    """`seconds`: the largest of what container, streams and packets say; `content_seconds`: what packets alone say.

    None: there is no such stream.
    """

    format: str
    seconds: float
    content_seconds: float
    picture: Picture | None
    sound: Sound | None

    @classmethod
    def of(cls, probe: dict[str, Any]) -> "Measured":
        streams = [stream for stream in probe["streams"] if stream["type"] in ("video", "audio")]
        pictures = [stream for stream in streams if stream["type"] == "video" and not stream.get("is_cover", True)]
        sounds = [stream for stream in streams if stream["type"] == "audio" and stream["packets"]]
        moving = [stream for stream in streams if stream in pictures or stream in sounds]
        times = [time for stream in moving for time in (stream["header_seconds"], stream["packet_seconds"])]
        # Of several, the one with most pictures; of sounds the first that can be read, as players do.
        picture = max(pictures, key=lambda stream: stream["packets"], default=None)
        readable = [stream for stream in sounds if stream["codec"] in AUDIO_CODECS]
        sound = next(iter(readable or sounds), None)
        return cls(
            format=probe["format"],
            seconds=max([probe["header_seconds"], *times]),
            content_seconds=max((stream["packet_seconds"] for stream in moving), default=0.0),
            picture=_picture(picture) if picture else None,
            sound=Sound(sound["index"], sound["codec"], sound.get("channels", 0)) if sound else None,
        )


def _picture(stream: dict[str, Any]) -> Picture:
    return Picture(
        index=stream["index"], codec=stream["codec"], width=stream["width"], height=stream["height"],
        sample_aspect=(stream["sample_aspect"][0], stream["sample_aspect"][1]),
        rate=(stream["rate"][0], stream["rate"][1]),
        rotation=stream["rotation"], transfer=stream["transfer"], matrix=stream["matrix"],
        was_decoded=stream.get("was_decoded", False),
    )  # fmt: skip


def probe_file(path: Path, *, limits: Limits = LIMITS) -> dict[str, Any]:
    """What the child found, as JSON can hold it (for Measured.of).

    Raises Refusal; RuntimeError when the fault is the child's, not the file's.
    """
    container = read_signature(path)
    command = [sys.executable, "-I", str(PROBE), str(path), container, ",".join(DECODERS), str(MOST_PIXELS)]
    ended = run_limited(command, limits, cwd=path.parent)
    if ended.is_well:
        found: dict[str, Any] = json.loads(ended.output)
        return found
    if ended.cause is Cause.EXITED and ended.code == CANNOT_READ:
        raise Refusal(refusals.unreadable())
    if ended.cause in (Cause.EXITED, Cause.ABANDONED) and "MemoryError" not in ended.errors:
        raise RuntimeError(f"the probe ended with {ended.code}: {ended.errors[-500:]}")
    raise Refusal(refusals.too_hard_to_read())


def read_signature(path: Path) -> str:
    """The container by the file's own bytes. Raises Refusal."""
    size = path.stat().st_size
    if size == 0:
        raise Refusal(refusals.empty())
    with path.open("rb") as file:
        head = file.read(signatures.HEAD)
        file.seek(max(0, size - signatures.TAIL))
        tail = file.read(signatures.TAIL)
    container = signatures.container_of(head)
    if container is None:
        raise Refusal(refusals.not_a_clip())
    if signatures.is_something_else_too(head, tail):
        raise Refusal(refusals.has_foreign_content())
    return container
