"""The ffmpeg that transcodes: the system's, else the one in the wheel imageio-ffmpeg."""

import shutil
import subprocess
from functools import cache

import imageio_ffmpeg

from videos.processing.limits import ENVIRONMENT

REQUIRED_ENCODERS = ("libx264", "aac")


class NoFfmpeg(Exception):
    """There is no ffmpeg that can do the work. The text tells an administrator why."""


@cache
def ffmpeg() -> str:
    """Its path. Raises NoFfmpeg."""
    for path in _candidates():
        encoders = _listed(path, "-encoders")
        if all(f" {name} " in encoders for name in REQUIRED_ENCODERS):
            return path
    raise NoFfmpeg(
        "no ffmpeg with libx264 and aac: install the package ffmpeg, or imageio-ffmpeg from the requirements"
    )


@cache
def can_tone_map(path: str) -> bool:
    """Whether this build maps high dynamic range itself."""
    filters = _listed(path, "-filters")
    return " zscale " in filters and " tonemap " in filters


def _candidates() -> list[str]:
    found = [shutil.which("ffmpeg", path=ENVIRONMENT["PATH"])]
    try:
        found.append(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:  # the wheel has none for this machine
        pass
    return [path for path in found if path]


def _listed(path: str, what: str) -> str:
    try:
        done = subprocess.run(
            [path, "-hide_banner", what], env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""
