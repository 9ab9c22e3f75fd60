"""How clips are encoded for watching: every setting in one place, and the command line made of it. Values only.

H.264 and AAC in MP4 whose index comes first, so that it plays in every browser while it arrives. Short sides of 720 and
480 lines, never enlarged; upright, square pixels, BT.709, at a constant rate of at most 30 pictures a second, without
anything that the camera wrote beside the picture (place, time, device, chapters).
"""

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from videos.processing.measuring import DECODERS, MOST_PIXELS, Measured, Picture, Sound

THREADS = min(4, os.cpu_count() or 1)
PRESET, CRF = "veryfast", 23
KEYFRAME_SECONDS = 2
AUDIO_BITRATE, AUDIO_RATE = "128k", 48_000
MOST_RATE, LEAST_RATE = 30, 10
STANDARD_RATES = (Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30))
RATE_TOLERANCE = Fraction(1, 50)  # phones record 29.87
POSTER_QUALITY = 4

PQ, HLG = 16, 18  # transfer characteristics, ITU-T H.273
MATRICES = {1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
HIGH_DEFINITION = 577  # lines from which an untagged picture is taken for BT.709, as players do
# ITU-R BT.2408: white paper in a picture of high dynamic range has 203 cd/m². Up to there tones stay as they are, above
# they are rolled off; a usual peak is 1,000 cd/m². Measured against the same picture in SDR, in the tests.
WHITE, PEAK, KNEE = 203, 5, 0.7


@dataclass(frozen=True, slots=True)
class Quality:
    """A rendition: lines of its shorter side, and the most bits a second, for slow lines."""

    lines: int
    most_kbits: int


QUALITIES = (Quality(720, 3000), Quality(480, 1200))


@dataclass(frozen=True, slots=True)
class Output:
    """One file to be made. `height` names it (720 or 480); it may have fewer lines, as nothing is enlarged."""

    height: int
    width_pixels: int
    height_pixels: int
    most_kbits: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is made of a clip, from the largest."""

    outputs: tuple[Output, ...]
    rate: Fraction
    picture: Picture
    sound: Sound
    format: str


def plan_for(measured: Measured) -> Plan:
    """For a file without faults (judging.py)."""
    assert measured.picture
    assert measured.sound
    width, height = measured.picture.shown
    short = min(width, height)
    # A rendition that would be no larger than the next smaller one is left out.
    qualities = [quality for quality in QUALITIES if short > quality.lines * 2 // 3 or quality is QUALITIES[-1]]
    outputs = tuple(_output(quality, width, height) for quality in qualities)
    return Plan(outputs, rate_for(measured.picture.rate), measured.picture, measured.sound, measured.format)


def _output(quality: Quality, width: int, height: int) -> Output:
    scale = min(Fraction(1), Fraction(quality.lines, min(width, height)))
    return Output(quality.lines, _even(width * scale), _even(height * scale), quality.most_kbits)


def _even(value: Fraction) -> int:
    """The nearest even number: yuv420p halves both sides."""
    return max(2, 2 * round(value / 2))


def rate_for(rate: tuple[int, int]) -> Fraction:
    """The constant rate for a clip: its own, halved to at most 30, at a standard one when it is near."""
    pictures = Fraction(rate[0], rate[1] or 1)
    while pictures > MOST_RATE * (1 + RATE_TOLERANCE):
        pictures /= 2
    for standard in sorted(STANDARD_RATES, key=lambda standard: abs(standard - pictures)):
        if abs(standard - pictures) <= standard * RATE_TOLERANCE:
            return standard
    return max(Fraction(LEAST_RATE), pictures.limit_denominator(1001))


def encode_command(
    ffmpeg: str, plan: Plan, source: Path, targets: dict[int, Path], *, most_seconds: float, light: str = ""
) -> list[str]:
    """One run that decodes once and encodes all outputs; `targets` by height. `light`: see `light_filter`."""
    command = [
        ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-progress", "pipe:1", "-stats_period", "1",
        "-filter_complex_threads", str(THREADS),
        *input_options(plan.format), "-t", f"{most_seconds:.3f}", "-i", f"file:{source}",
        "-filter_complex", _graph(plan, light),
    ]  # fmt: skip
    for output in plan.outputs:
        command += [
            "-map", f"[v{output.height}]", "-map", f"0:{plan.sound.index}", *_output_options(plan, output),
            f"file:{targets[output.height]}",
        ]  # fmt: skip
    return command


def input_options(demuxer: str) -> list[str]:
    """Nothing but one file is opened, as nothing but a clip of the format it was found to have."""
    name = demuxer.split(",")[0]
    return [
        "-protocol_whitelist", "file", "-format_whitelist", name, "-codec_whitelist", ",".join(DECODERS),
        "-max_pixels", str(MOST_PIXELS), "-threads", str(THREADS), "-f", name,
    ]  # fmt: skip


def _graph(plan: Plan, light: str) -> str:
    """[v720] and so on. ffmpeg turns the picture upright before. Smaller ones are made of the largest."""
    largest, *smaller = plan.outputs
    matrix = MATRICES.get(plan.picture.matrix)
    if matrix is None:
        matrix = "bt709" if min(plan.picture.width, plan.picture.height) >= HIGH_DEFINITION else "smpte170m"
    size = f"scale={largest.width_pixels}:{largest.height_pixels}:flags=bicubic"
    if light:
        first = f"{size},{light}"
    else:
        first = f"{size}:in_color_matrix={matrix}:out_color_matrix=bt709:out_range=tv"
    names = [f"[v{largest.height}]", *(f"[s{output.height}]" for output in smaller)]
    graph = (
        f"[0:{plan.picture.index}]fps={plan.rate},{first},setsar=1,format=yuv420p,split={len(names)}{''.join(names)}"
    )
    for output in smaller:
        graph += (
            f";[s{output.height}]scale={output.width_pixels}:{output.height_pixels}:flags=bicubic[v{output.height}]"
        )
    return graph


def light_filter(picture: Picture, *, can_tone_map: bool, table: Path | None = None) -> str:
    """What brings high dynamic range (of phones: HLG, PQ) to what every screen shows; empty for other clips."""
    if picture.transfer not in (PQ, HLG):
        return ""
    if not can_tone_map:
        return (
            f"scale=in_color_matrix=bt2020:in_range=tv,format=gbrp10le,lut3d=file={table}:interp=tetrahedral,"
            "scale=out_color_matrix=bt709:out_range=tv"
        )
    transfer = "smpte2084" if picture.transfer == PQ else "arib-std-b67"
    return (
        f"format=yuv420p10le,zscale=tin={transfer}:min=bt2020nc:pin=bt2020:rin=tv:t=linear:npl={WHITE}:agamma=0,format=gbrpf32le,"
        f"zscale=p=bt709,tonemap=mobius:param={KNEE}:desat=0:peak={PEAK},zscale=t=bt709:m=bt709:r=tv:agamma=0"
    )


def _output_options(plan: Plan, output: Output) -> list[str]:
    keyframes = round(plan.rate * KEYFRAME_SECONDS)
    return [
        "-c:v", "libx264", "-preset", PRESET, "-crf", str(CRF), "-profile:v", "high", "-pix_fmt", "yuv420p",
        "-maxrate", f"{output.most_kbits}k", "-bufsize", f"{2 * output.most_kbits}k",
        "-g", str(keyframes), "-r", str(plan.rate), "-threads", str(THREADS),
        "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv",
        "-c:a", "aac", "-b:a", AUDIO_BITRATE, "-ar", str(AUDIO_RATE), "-ac", str(min(2, max(1, plan.sound.channels))),
        "-af", "aresample=async=1",
        "-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn", "-write_tmcd", "0",
        "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
        "-movflags", "+faststart", "-f", "mp4",
    ]  # fmt: skip


def poster_command(ffmpeg: str, rendition: Path, target: Path, *, at: float) -> list[str]:
    """A telling picture from about `at` seconds on, out of what we have encoded ourselves."""
    return [
        ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-ss", f"{at:.3f}", *input_options("mov"),
        "-i", f"file:{rendition}", "-map", "0:v:0", "-vf", "thumbnail=30,format=yuvj420p", "-frames:v", "1",
        "-q:v", str(POSTER_QUALITY), "-map_metadata", "-1", "-fflags", "+bitexact", "-update", "1", "-f", "image2",
        f"file:{target}",
    ]  # fmt: skip
