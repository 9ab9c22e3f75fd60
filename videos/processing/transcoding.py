"""Running ffmpeg within limits, and looking at what it made."""

import logging
from collections.abc import Callable
from pathlib import Path

from videos.processing import light_table, refusals
from videos.processing.encoding import HLG, PQ, Plan, encode_command, light_filter, poster_command
from videos.processing.ffmpeg import can_tone_map, ffmpeg
from videos.processing.judging import LEAST_SHARE, faults_of_time
from videos.processing.limits import MEGABYTE, Cause, Ended, Limits, run_limited
from videos.processing.measuring import Measured, probe_file
from videos.processing.refusals import Refusal

logger = logging.getLogger(__name__)

MEMORY = 4096 * MEGABYTE
# A second of 4K in high dynamic range takes two slow cores about ten.
CPU_SECONDS = (300, 80)  # to begin with, and for each second of the clip
WALL_SECONDS = (600, 80)
LONGEST_RUN_SECONDS = 4 * 3600
BYTES_A_SECOND = MEGABYTE
# More of a clip is not encoded than would be refused anyway.
BEYOND_SECONDS = 3.0
PROGRESS = "out_time_us="


class TranscodingFailed(Exception):
    """It did not work, and the file need not be to blame."""


def limits_for(seconds: float) -> Limits:
    return Limits(
        memory=MEMORY,
        cpu_seconds=int(CPU_SECONDS[0] + CPU_SECONDS[1] * seconds),
        file_bytes=int(64 * MEGABYTE + BYTES_A_SECOND * seconds),
        seconds=min(LONGEST_RUN_SECONDS, WALL_SECONDS[0] + WALL_SECONDS[1] * seconds),
        output_bytes=16 * MEGABYTE,
    )


def transcode(
    source: Path,
    plan: Plan,
    directory: Path,
    *,
    seconds: float,
    max_seconds: float,
    on_progress: Callable[[float], None],
    check: Callable[[], None],
) -> dict[int, Path]:
    """Encode all outputs into `directory`; their paths by height. `on_progress` gets shares of the whole, 0 to 1.

    Raises TranscodingFailed, and what `on_progress` or `check` raise.
    """
    program = ffmpeg()
    light = light_filter(plan.picture, can_tone_map=can_tone_map(program), table=directory / light_table.NAME)
    if plan.picture.transfer in (PQ, HLG) and not can_tone_map(program):
        light_table.write(directory / light_table.NAME, is_pq=plan.picture.transfer == PQ)
    targets = {output.height: directory / f"{output.height}.mp4" for output in plan.outputs}
    command = encode_command(program, plan, source, targets, most_seconds=max_seconds + BEYOND_SECONDS, light=light)

    def read_progress(line: str) -> None:
        if line.startswith(PROGRESS) and line.removeprefix(PROGRESS).isdigit():
            on_progress(min(1.0, int(line.removeprefix(PROGRESS)) / 1_000_000 / max(seconds, 0.1)))

    ended = run_limited(command, limits_for(seconds), cwd=directory, check=check, on_line=read_progress)
    _require(ended, "transcoding")
    return targets


def make_poster(rendition: Path, directory: Path, *, seconds: float, check: Callable[[], None]) -> Path:
    """A JPEG from the first third of a clip. Raises TranscodingFailed."""
    target = directory / "poster.jpg"
    command = poster_command(ffmpeg(), rendition, target, at=min(seconds / 4, 15.0))
    _require(run_limited(command, limits_for(10), cwd=directory, check=check), "poster")
    if not target.exists():
        raise TranscodingFailed("no poster")
    return target


def _require(ended: Ended, what: str) -> None:
    if ended.is_well:
        return
    # The words of a decoder may quote the file; they help whoever looks for the fault, and name nobody.
    logger.warning("%s ended by %s %s: %s", what, ended.cause, ended.code, ended.errors[-1000:])
    if ended.cause in (Cause.CPU, Cause.TIME, Cause.PROCESSES):
        raise TranscodingFailed(f"{what}: over its limits")
    raise TranscodingFailed(f"{what}: {ended.cause} {ended.code}")


def require_sound_result(path: Path, *, promised: float, max_seconds: int) -> Measured:
    """What ffmpeg made, measured like what it was made of.

    Raises Refusal when the clip proves longer, or much shorter, than its file said; TranscodingFailed when the result
    is not what was asked for.
    """
    result = Measured.of(probe_file(path))
    picture, sound = result.picture, result.sound
    if picture is None or sound is None or (picture.codec, sound.codec) != ("h264", "aac"):
        raise TranscodingFailed("the result is not H.264 and AAC")
    if not begins_with_its_index(path):
        raise TranscodingFailed("the result does not begin with its index")
    faults = faults_of_time(result.seconds, max_seconds)
    if faults:
        raise Refusal(*faults)
    if result.seconds < LEAST_SHARE * promised - 1:
        raise Refusal(refusals.damaged(result.seconds, promised))
    return result


def begins_with_its_index(path: Path) -> bool:
    """Whether an MP4's `moov` stands before its `mdat`, so that it plays while it arrives."""
    with path.open("rb") as file:
        while len(header := file.read(8)) == 8:
            length, kind = int.from_bytes(header[:4], "big"), header[4:]
            if kind in (b"moov", b"mdat"):
                return kind == b"moov"
            if length < 8:
                return False
            file.seek(length - 8, 1)
    return False
