"""Whether a measured file is what the rules of its clip contest ask for. Values in, sentences out."""

from dataclasses import dataclass

from videos.models import Aspect
from videos.processing import refusals
from videos.processing.measuring import AUDIO_CODECS, MOST_PIXELS, VIDEO_CODECS, Measured, Picture

# Of the longest allowed: encoders close a clip with a whole picture and a whole block of sound. 5:00.5 passes for
# 5:00, 5:01 does not.
TOLERANCE_SECONDS = 0.5
LEAST_SECONDS = 1.0
LEAST_SHARE = 0.9  # of the length that the file claims must be there
LONGEST_SIDE = 4096
RATES = (1, 250)  # pictures a second
# 16:9 as sensors and editors have it: 854x480, 1366x768.
WIDE, WIDE_TOLERANCE = 16 / 9, 0.02


@dataclass(frozen=True, slots=True)
class Rules:
    """Of the clip contest."""

    max_seconds: int
    min_height: int
    aspect: str
    max_bytes: int


def faults_of(measured: Measured, size: int, rules: Rules) -> list[str]:
    """All that has to be fixed, so that nobody uploads five times; none for a good file."""
    faults = [refusals.too_many_bytes(rules.max_bytes)] if size > rules.max_bytes else []
    if measured.picture is None:
        return [*faults, refusals.no_picture()]
    faults += _faults_of_picture(measured.picture, rules)
    if measured.sound is None:
        faults.append(refusals.no_sound())
    elif measured.sound.codec not in AUDIO_CODECS:
        faults.append(refusals.unknown_encoding(measured.sound.codec))
    if faults_of_time(measured.seconds, rules.max_seconds):
        return faults + faults_of_time(measured.seconds, rules.max_seconds)
    if measured.content_seconds < LEAST_SHARE * measured.seconds - 1:
        faults.append(refusals.damaged(measured.content_seconds, measured.seconds))
    return faults


def faults_of_time(seconds: float, max_seconds: int) -> list[str]:
    if seconds < LEAST_SECONDS:
        return [refusals.too_short()]
    return [refusals.too_long(seconds, max_seconds)] if seconds > max_seconds + TOLERANCE_SECONDS else []


def _faults_of_picture(picture: Picture, rules: Rules) -> list[str]:
    if picture.codec not in VIDEO_CODECS:
        return [refusals.unknown_encoding(picture.codec)]
    width, height = picture.shown
    if picture.width * picture.height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        return [refusals.picture_too_large(width, height, LONGEST_SIDE)]
    if not picture.was_decoded or min(width, height) <= 0:
        return [refusals.unreadable()]
    faults = []
    if min(width, height) < rules.min_height:
        faults.append(refusals.too_few_lines(min(width, height), rules.min_height))
    if rules.aspect == Aspect.LANDSCAPE and width < height:
        faults.append(refusals.not_landscape(width, height))
    if rules.aspect == Aspect.WIDE and abs(width / height / WIDE - 1) > WIDE_TOLERANCE:
        faults.append(refusals.not_wide(width, height))
    pictures, seconds = picture.rate
    if not (seconds and RATES[0] <= pictures / seconds <= RATES[1]):
        faults.append(refusals.odd_frame_rate())
    return faults
