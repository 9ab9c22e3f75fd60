"""What is made of clips: sizes, rates, light, turning, and nothing that the camera wrote beside the picture."""

import shutil
import subprocess
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path

import av
import imageio_ffmpeg
import pytest

from tests.videos import media
from tests.videos.test_hostile_files import turned
from videos.processing import encoding, transcoding
from videos.processing.encoding import HLG, PQ, plan_for, rate_for
from videos.processing.ffmpeg import REQUIRED_ENCODERS, _candidates, _listed, can_tone_map, ffmpeg
from videos.processing.light_table import to_sdr
from videos.processing.measuring import Measured, Picture, Sound, probe_file
from videos.processing.refusals import Refusal
from videos.processing.transcoding import (
    TranscodingFailed,
    begins_with_its_index,
    make_poster,
    require_sound_result,
    transcode,
)

SYSTEM = shutil.which("ffmpeg")
needs_ffmpeg = pytest.mark.skipif(not SYSTEM, reason="needs ffmpeg: apt-get install ffmpeg")
BUILDS = (pytest.param("system", marks=needs_ffmpeg), "wheel")


def build(name: str) -> str:
    return str(SYSTEM) if name == "system" else imageio_ffmpeg.get_ffmpeg_exe()


def measured(width: int, height: int, *, rotation: int = 0, rate: tuple[int, int] = (30, 1)) -> Measured:
    picture = Picture(0, "h264", width, height, (1, 1), rate, rotation, 2, 2, True)
    return Measured("mov", 2.0, 2.0, picture, Sound(1, "aac", 2))


# --- The plan ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "height", "sizes"),
    [
        (1920, 1080, [(720, 1280, 720), (480, 854, 480)]),
        (3840, 2160, [(720, 1280, 720), (480, 854, 480)]),
        (1080, 1920, [(720, 720, 1280), (480, 480, 854)]),
        (1366, 768, [(720, 1280, 720), (480, 854, 480)]),
        (720, 720, [(720, 720, 720), (480, 480, 480)]),
        (960, 540, [(720, 960, 540), (480, 854, 480)]),
        (854, 480, [(480, 854, 480)]),
        (321, 181, [(480, 320, 180)]),
        (2560, 1080, [(720, 1706, 720), (480, 1138, 480)]),
    ],
)
def test_sizes_go_by_the_shorter_side_are_even_and_never_larger(width, height, sizes):
    outputs = plan_for(measured(width, height)).outputs
    assert [(output.height, output.width_pixels, output.height_pixels) for output in outputs] == sizes


def test_a_picture_that_lies_is_planned_as_it_is_seen():
    outputs = plan_for(measured(1920, 1080, rotation=90)).outputs
    assert (outputs[0].width_pixels, outputs[0].height_pixels) == (720, 1280)


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ((30, 1), Fraction(30)), ((25, 1), Fraction(25)), ((30000, 1001), Fraction(30000, 1001)),
        ((60, 1), Fraction(30)), ((50, 1), Fraction(25)), ((240, 1), Fraction(30)),
        ((60000, 1001), Fraction(30000, 1001)), ((2987, 100), Fraction(30000, 1001)), ((3020, 100), Fraction(30)),
        ((15, 1), Fraction(15)), ((2, 1), Fraction(10)),
    ],
)  # fmt: skip
def test_rates_are_constant_and_at_most_thirty(given, made):
    assert rate_for(given) == made


# --- What comes out ---------------------------------------------------------------------------------


def encoded(source: Path, directory: Path, *, program: str | None = None, most: float = 300, monkeypatch=None) -> Path:
    """The largest rendition of `source`, by way of everything that processing does; beside it the smaller ones."""
    if program:
        monkeypatch.setattr(transcoding, "ffmpeg", lambda: program)
    found = Measured.of(probe_file(source))
    targets = transcode(
        source, plan_for(found), directory, seconds=found.seconds, max_seconds=most,
        on_progress=lambda share: None, check=lambda: None,
    )  # fmt: skip
    return targets[max(targets)]


def dump(path: Path) -> str:
    """Everything that ffmpeg says of a file."""
    done = subprocess.run([ffmpeg(), "-hide_banner", "-i", path], capture_output=True, text=True, check=False)
    return done.stderr


@cache
def phone_clip() -> Path:
    """As a phone writes it: with place, time, maker, chapters and a text track of data."""
    source = media.clip(size="1280x720", seconds=2, audio=("-c:a", "aac", "-ac", "2"))
    chapter = b";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=Nha rieng\n"
    place = "+16.4637+107.5909/"
    target = media.directory() / "phone.mov"
    media.run(
        "-i", source, "-i", media.written("chapters.txt", chapter), "-map_metadata", "1", "-map", "0", "-c", "copy",
        "-movflags", "use_metadata_tags",
        "-metadata", f"location={place}", "-metadata", f"com.apple.quicktime.location.ISO6709={place}",
        "-metadata", "make=Apple", "-metadata", "creation_time=2026-06-15T08:00:00Z",
        "-metadata:s:v", "handler_name=Le Thi Hoa",
        target,
    )  # fmt: skip
    return target


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILDS)
def test_renditions_play_everywhere_and_tell_nothing_of_the_camera(name, tmp_path, monkeypatch):
    secrets = ("16.4637", "107.5909", "Apple", "2026-06-15", "Le Thi Hoa", "Nha rieng")
    original = dump(phone_clip()) + phone_clip().read_bytes().decode("latin-1")
    assert [secret in original for secret in secrets] == [True] * 6, "the control"
    rendition = encoded(phone_clip(), tmp_path, program=build(name), monkeypatch=monkeypatch)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["480.mp4", "720.mp4"]
    for path in (tmp_path / "720.mp4", tmp_path / "480.mp4"):
        told = dump(path) + path.read_bytes().decode("latin-1")
        assert [secret for secret in secrets if secret in told] == []
    with av.open(str(rendition)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert (picture.codec_context.name, picture.codec_context.pix_fmt, picture.profile) == (
            "h264",
            "yuv420p",
            "High",
        )
        assert (picture.width, picture.height, picture.average_rate) == (1280, 720, 30)
        assert (sound.codec_context.name, sound.sample_rate, sound.channels) == ("aac", 48_000, 2)
        keyframes = [float(packet.pts * packet.time_base) for packet in container.demux(video=0) if packet.is_keyframe]
        assert keyframes == [0.0]
    assert begins_with_its_index(rendition)
    assert not begins_with_its_index(media.clip()), "the control"
    assert require_sound_result(rendition, promised=2.0, max_seconds=2).seconds == pytest.approx(2.0, abs=0.05)


def corners(path: Path) -> list[tuple[int, int, int]]:
    """The colours of the first picture near its corners: top left, top right, bottom right, bottom left."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        width, height = frame.width, frame.height
        x, y = width // 8, height // 8
        return [pixel(frame, *at) for at in ((x, y), (width - x, y), (width - x, height - y), (x, height - y))]


def pixel(frame, x: int, y: int) -> tuple[int, int, int]:
    plane = frame.reformat(format="rgb24", src_colorspace="ITU709", dst_colorspace="ITU709").planes[0]
    at = y * plane.line_size + 3 * x
    return tuple(bytes(plane)[at : at + 3])


def name_of(colour: tuple[int, int, int]) -> str:
    red, green, blue = (part > 110 for part in colour)
    return {(1, 0, 0): "red", (0, 1, 0): "green", (0, 0, 1): "blue", (1, 1, 0): "yellow"}[(red, green, blue)]


@cache
def four_colours() -> Path:
    """Red, green, blue and yellow quarters, clockwise from the top left."""
    quarters = (
        "color=red:s=640x360:d=1:r=30,drawbox=x=320:y=0:w=320:h=180:c=0x00ff00:t=fill,"
        "drawbox=x=320:y=180:w=320:h=180:c=blue:t=fill,drawbox=x=0:y=180:w=320:h=180:c=yellow:t=fill"
    )
    target = media.directory() / "quarters.mp4"
    media.run(
        "-f", "lavfi", "-i", quarters, "-f", "lavfi", "-i", "sine=440:duration=1",
        "-vf", "scale=out_color_matrix=bt709", "-c:v", "libx264", "-pix_fmt", "yuv420p", *media.SDR_TAGS,
        "-c:a", "aac", target,
    )  # fmt: skip
    return target


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILDS)
@pytest.mark.parametrize(
    ("degrees", "size", "seen"),
    [
        (0, (640, 360), ["red", "green", "blue", "yellow"]),
        (90, (360, 640), ["green", "blue", "yellow", "red"]),
        (180, (640, 360), ["blue", "yellow", "red", "green"]),
        (270, (360, 640), ["yellow", "red", "green", "blue"]),
    ],
)
def test_clips_of_phones_are_turned_upright_once(degrees, size, seen, name, tmp_path, monkeypatch):
    source = turned(four_colours(), degrees) if degrees else four_colours()
    assert [name_of(colour) for colour in corners(source)] == ["red", "green", "blue", "yellow"], "stored as it lies"
    rendition = encoded(source, tmp_path, program=build(name), monkeypatch=monkeypatch)
    picture = Measured.of(probe_file(rendition)).picture
    assert (picture.width, picture.height, picture.rotation) == (*size, 0)
    assert [name_of(colour) for colour in corners(rendition)] == seen


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_sound_is_mono_or_stereo(channels, tmp_path):
    source = media.clip(audio=("-c:a", "aac", "-ac", str(channels)))
    with av.open(str(encoded(source, tmp_path))) as container:
        assert container.streams.audio[0].channels == min(2, channels)


@pytest.mark.slow
def test_uneven_rates_become_even(tmp_path):
    """A phone records what it can: here every third picture of the second half is missing."""
    source = media.directory() / "uneven.mp4"
    media.run(
        "-i", media.clip(seconds=4), "-vf", "select='lt(t,2)+mod(n,3)',settb=1/90000", "-vsync", "vfr",
        "-c:v", "libx264",
        "-c:a", "copy", source,
    )  # fmt: skip
    with av.open(str(source)) as container:
        gaps = gaps_of(container)
        assert len(gaps) > 1, "the control"
    with av.open(str(encoded(source, tmp_path))) as container:
        assert len(gaps_of(container)) == 1


def gaps_of(container) -> set[float]:
    times = sorted(
        float(packet.pts * packet.time_base) for packet in container.demux(video=0) if packet.pts is not None
    )
    return {round(later - earlier, 4) for earlier, later in pairwise(times)}


# --- Light ------------------------------------------------------------------------------------------

TRANSFERS = {PQ: "smpte2084", HLG: "arib-std-b67"}


@cache
def bars() -> Path:
    """Colour bars and greys in ordinary range."""
    target = media.directory() / "bars.mp4"
    media.run(
        "-f", "lavfi", "-i", "smptehdbars=s=640x360:r=10:d=1", "-f", "lavfi", "-i", "sine=440:duration=1", "-pix_fmt",
        "yuv420p", *media.SDR_TAGS, "-c:v", "libx264", "-qp", "0", "-c:a", "aac", target,
    )  # fmt: skip
    return target


@cache
def in_high_range(transfer: int) -> Path:
    """The same as a phone would record it, its white at 203 cd/m²: H.265 with ten bits, BT.2020."""
    name, target = TRANSFERS[transfer], media.directory() / f"hdr-{transfer}.mp4"
    light = (
        "zscale=tin=bt709:min=bt709:pin=bt709:rin=tv:t=linear:npl=203:agamma=0,format=gbrpf32le,zscale=p=bt2020,"
        f"zscale=t={name}:m=bt2020nc:r=tv:npl=203:agamma=0,format=yuv420p10le"
    )
    media.run(
        "-i", bars(), "-vf", light, "-color_primaries", "bt2020", "-color_trc", name, "-colorspace", "bt2020nc",
        "-c:v", "libx265", "-x265-params", "log-level=none:lossless=1", "-c:a", "copy", target,
    )  # fmt: skip
    return target


SPOTS = [
    (30, 100),
    (110, 100),
    (180, 100),
    (250, 100),
    (320, 100),
    (390, 100),
    (460, 100),
    (530, 100),
    (320, 250),
    (100, 340),
]


def colours(path: Path) -> list[tuple[int, int, int]]:
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        return [pixel(frame, *spot) for spot in SPOTS]


def furthest(these, those) -> float:
    """The largest difference of any part of a colour, as light: 1 is that between black and white."""
    pairs = [(a, b) for one, other in zip(these, those, strict=True) for a, b in zip(one, other, strict=True)]
    return max(abs((a / 255) ** 2.2 - (b / 255) ** 2.2) for a, b in pairs)


@pytest.mark.slow
@pytest.mark.parametrize("way", [*BUILDS, "table"])
@pytest.mark.parametrize("transfer", TRANSFERS, ids=["PQ", "HLG"])
def test_high_dynamic_range_looks_as_ordinary_range(transfer, way, tmp_path, monkeypatch):
    source, wanted = in_high_range(transfer), colours(bars())
    assert Measured.of(probe_file(source)).picture.transfer == transfer
    assert furthest(colours(source), wanted) > 0.2, "the control: without mapping it is dull"
    if way == "table":
        monkeypatch.setattr(transcoding, "can_tone_map", lambda program: False)
    program = ffmpeg() if way == "table" else build(way)
    rendition = encoded(source, tmp_path, program=program, monkeypatch=monkeypatch)
    assert furthest(colours(rendition), wanted) < 0.03
    picture = Measured.of(probe_file(rendition)).picture
    assert (picture.transfer, picture.matrix) == (1, 1), "BT.709"


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILDS)
def test_both_builds_can_do_the_work(name):
    assert all(f" {encoder} " in _listed(build(name), "-encoders") for encoder in REQUIRED_ENCODERS)
    assert can_tone_map(build(name))


@needs_ffmpeg
def test_the_systems_ffmpeg_comes_first_and_the_wheel_stands_in(monkeypatch):
    assert _candidates() == [build("system"), build("wheel")]
    monkeypatch.setattr("videos.processing.ffmpeg.shutil.which", lambda name, path: None)
    ffmpeg.cache_clear()
    try:
        assert ffmpeg() == build("wheel")
    finally:
        ffmpeg.cache_clear()


def test_the_table_keeps_what_is_dark_rolls_off_what_is_bright_and_never_turns_back():
    greys = [to_sdr((step / 20,) * 3, is_pq=True)[1] for step in range(21)]
    assert greys == sorted(greys)
    assert (greys[0], greys[-1]) == (0.0, 1.0)
    assert to_sdr((0.5807,) * 3, is_pq=True)[1] == pytest.approx(0.93, abs=0.02), "white, 203 cd/m²"
    assert to_sdr((0.75,) * 3, is_pq=False)[1] == pytest.approx(0.93, abs=0.02), "the same in HLG"


@pytest.mark.slow
def test_colours_of_untagged_small_and_large_clips_are_kept(tmp_path):
    """Untagged clips are BT.601 when small and BT.709 when large, as players take them."""
    for lines, matrix in ((360, "smpte170m"), (720, "bt709")):
        source = media.directory() / f"untagged-{lines}.mp4"
        media.run(
            "-f", "lavfi", "-i", f"color=0xc02020:s={lines * 16 // 9}x{lines}:d=1:r=30", "-f", "lavfi", "-i",
            "sine=440:duration=1", "-vf", f"scale=out_color_matrix={matrix}", "-c:v", "libx264", "-pix_fmt", "yuv420p",
            "-c:a", "aac", source,
        )  # fmt: skip
        directory = tmp_path / str(lines)
        directory.mkdir()
        assert furthest(corners(encoded(source, directory)), [(0xC0, 0x20, 0x20)] * 4) < 0.03


# --- The result is measured again -------------------------------------------------------------------


@pytest.mark.slow
def test_a_clip_that_proves_longer_than_it_said_is_refused(tmp_path):
    """Whatever made us believe the length: the result decides."""
    rendition = encoded(media.clip(seconds=8), tmp_path, most=300)
    with pytest.raises(Refusal, match="vượt quá thời lượng cho phép là 2 giây"):
        require_sound_result(rendition, promised=2.0, max_seconds=2)


@pytest.mark.slow
def test_no_more_than_what_would_be_refused_is_encoded(tmp_path):
    rendition = encoded(media.clip(seconds=8), tmp_path, most=2)
    assert Measured.of(probe_file(rendition)).seconds == pytest.approx(2 + transcoding.BEYOND_SECONDS, abs=0.1)


@pytest.mark.slow
def test_a_clip_of_which_half_cannot_be_decoded_is_refused(tmp_path):
    rendition = encoded(media.clip(seconds=2), tmp_path)
    with pytest.raises(Refusal, match="phần còn lại bị hỏng"):
        require_sound_result(rendition, promised=8.0, max_seconds=300)


@pytest.mark.slow
def test_what_is_not_what_was_asked_for_is_not_shown(tmp_path):
    with pytest.raises(TranscodingFailed, match="does not begin with its index"):
        require_sound_result(media.clip(), promised=2.0, max_seconds=300)
    with pytest.raises(TranscodingFailed, match=r"not H\.264 and AAC"):
        require_sound_result(media.clip(audio=None), promised=2.0, max_seconds=300)


@pytest.mark.slow
def test_a_poster_is_a_picture_of_the_clip(tmp_path):
    poster = make_poster(four_colours(), tmp_path, seconds=1.0, check=lambda: None)
    assert [name_of(colour) for colour in corners(poster)] == ["red", "green", "blue", "yellow"]


def test_settings_are_in_one_place():
    command = encoding.encode_command(
        "ffmpeg", plan_for(measured(1920, 1080)), Path("/a"), {720: Path("b"), 480: Path("c")}, most_seconds=303
    )
    assert command[command.index("-i") + 1] == "file:/a"
    assert command.count("libx264") == command.count("aac") == command.count("+faststart") == 2
    assert command[command.index("-protocol_whitelist") + 1] == "file"
