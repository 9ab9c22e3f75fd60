"""Files that strangers send: what they really are is found out, and each refusal says what to fix."""

import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import av
import pytest

from tests.videos import media
from videos.models import Aspect
from videos.processing import measuring, probe
from videos.processing.ffmpeg import ffmpeg
from videos.processing.judging import Rules, faults_of
from videos.processing.measuring import DECODERS, LIMITS, MOST_PIXELS, Measured, probe_file
from videos.processing.refusals import Refusal

pytestmark = pytest.mark.slow

RULES = Rules(max_seconds=300, min_height=180, aspect=Aspect.ANY, max_bytes=10_000_000)


def measured(path: Path) -> Measured:
    return Measured.of(probe_file(path))


def refusal(path: Path) -> str:
    """Why the file is refused before anything is measured."""
    with pytest.raises(Refusal) as found:
        probe_file(path)
    return found.value.text


def faults(path: Path, **rules) -> str:
    return " ".join(faults_of(measured(path), path.stat().st_size, replace(RULES, **rules)))


def seconds_by_header(path: Path) -> float:
    """What a tool says that believes the header."""
    with av.open(str(path)) as container:
        return container.duration / av.time_base


# --- What is no clip --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("setup.mp4", b"MZ\x90\x00\x03\x00\x00\x00" + b"\0" * 60 + b"PE\0\0" + b"\x90" * 5000),
        ("trang.mp4", b"<!DOCTYPE html><html><script>alert(1)</script></html>"),
        ("nhac.mp4", b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" * 500),
        ("anh.mp4", b"\x89PNG\r\n\x1a\n" + b"\0" * 5000),
        ("phu-de.mp4", b"1\n00:00:01,000 --> 00:00:02,000\nphu de\n"),
        ("goi.mp4", b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"),
        ("danh-sach.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n"),
        ("noi.mp4", b"ffconcat version 1.0\nfile /etc/passwd\n"),
        ("mpd.mp4", b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'></MPD>"),
        ("mot-byte.mp4", b"\0"),
    ],
)
def test_what_is_no_clip_is_known_by_its_first_bytes(name, data):
    assert "không phải là video ở định dạng được nhận" in refusal(media.written(name, data))


def test_an_empty_file_is_told_apart():
    assert refusal(media.written("rong.mp4", b"")).startswith("Tệp trống (0 byte).")


@pytest.mark.parametrize("kind", ["ffconcat", "hls"])
def test_a_playlist_cannot_name_another_file_even_past_the_first_bytes(kind):
    """The child itself reads nothing but the format it was told, so a gap in the list of signatures opens no file."""
    target = media.clip(suffix="ts", more=("-f", "mpegts"))
    text = {
        "ffconcat": f"ffconcat version 1.0\nfile {target.name}\n",
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{target.name}\n#EXT-X-ENDLIST\n",
    }[kind]
    playlist = media.written("danh-sach.mp4", text.encode())
    for container in measuring.FORMATS:
        done = child(playlist, container)
        assert done.returncode != 0, container
        assert done.stdout == b""


@pytest.mark.parametrize(
    ("name", "options"),
    # libavformat takes HLS for what it is by its name as well; uploaded names decide nothing here.
    [("noi.mp4", {}), ("danh-sach.m3u8", {"allowed_extensions": "ALL", "extension_picky": "0"})],
    ids=["ffconcat", "hls"],
)
def test_control_without_pinning_the_playlist_is_read(name, options):
    target = media.clip(suffix="ts", more=("-f", "mpegts"))
    text = (
        f"ffconcat version 1.0\nfile {target.name}\n"
        if name == "noi.mp4"
        else f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{target.name}\n#EXT-X-ENDLIST\n"
    )
    playlist = media.directory() / name
    playlist.write_text(text)
    with av.open(str(playlist), options=options) as container:
        assert container.streams.video[0].codec_context.width == 320
        assert sum(1 for _ in container.decode(video=0)) == 60


def child(path: Path, container: str) -> subprocess.CompletedProcess:
    """The probe alone, without the look at the first bytes that comes before it."""
    command = [sys.executable, "-I", measuring.PROBE, path, container, ",".join(DECODERS), str(MOST_PIXELS)]
    return subprocess.run(command, capture_output=True, check=False)


def test_the_encoder_does_not_read_a_playlist_either():
    from videos.processing.encoding import input_options

    target = media.clip(suffix="ts", more=("-f", "mpegts"))
    playlist = media.written("danh-sach.mp4", f"ffconcat version 1.0\nfile {target.name}\n".encode())
    read = [ffmpeg(), "-v", "error"]
    assert subprocess.run([*read, "-i", playlist, "-f", "null", "-"], check=False, capture_output=True).returncode == 0
    for container in measuring.FORMATS:
        pinned = [*read, *input_options(container), "-i", f"file:{playlist}", "-f", "null", "-"]
        assert subprocess.run(pinned, check=False, capture_output=True).returncode != 0, container


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi", "ts", "m2ts", "webm"])
def test_formats_of_phones_cameras_and_editors_are_read(suffix):
    codecs = {"video": ("-c:v", "libvpx", "-b:v", "500k", "-deadline", "realtime"), "audio": ("-c:a", "libopus")}
    path = media.clip(suffix=suffix, **(codecs if suffix == "webm" else {}))
    found = measured(path)
    assert found.seconds == pytest.approx(2.0, abs=0.1)
    assert (found.picture.shown, found.picture.was_decoded) == ((320, 180), True)
    assert faults(path) == ""


# --- More than a clip -------------------------------------------------------------------------------


def test_a_clip_that_is_an_archive_too_is_refused(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(media.clip().read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("virus.exe", b"MZ")
    assert zipfile.is_zipfile(path), "the control: it is an archive"
    assert measured_by_demuxer(path) == 2.0, "the control: it plays"
    assert "có kèm nội dung khác ngoài video" in refusal(path)


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_clip_that_is_a_web_page_too_is_refused(place):
    page, clip = b"<html><script>alert(document.domain)</script></html>", media.clip().read_bytes()
    if place == "after":
        assert "có kèm nội dung khác" in refusal(media.written("x.mp4", clip + page))
    else:
        free = (8 + len(page)).to_bytes(4, "big") + b"free" + page
        assert measured_by_demuxer(media.written("x.mp4", free + clip)) == 2.0, "the control: it plays"
        assert "có kèm nội dung khác" in refusal(media.written("x.mp4", free + clip))
        assert "không phải là video" in refusal(media.written("x.mp4", page + clip))


def measured_by_demuxer(path: Path) -> float:
    return round(seconds_by_header(path), 1)


# --- Time -------------------------------------------------------------------------------------------


def test_a_forged_header_does_not_hide_the_length():
    forged = media.with_forged_duration(media.clip(seconds=8), 2)
    assert seconds_by_header(forged) == pytest.approx(2.0), "the control: the header says 2 s"
    assert measured(forged).seconds == pytest.approx(8.0, abs=0.1)
    assert "Video dài 8 giây, vượt quá thời lượng cho phép là 5 giây." in faults(forged, max_seconds=5)


def test_a_file_cut_off_on_its_way_is_refused():
    whole = media.clip(seconds=8).read_bytes()  # its index is at the end
    assert "bị hỏng, chưa được lưu trọn vẹn" in refusal(media.written("x.mp4", whole[: len(whole) // 2]))
    first = media.changed(media.clip(seconds=8), "-movflags", "+faststart").read_bytes()
    assert "phần còn lại bị hỏng" in faults(media.written("x.mp4", first[: len(first) // 2]))


def test_five_minutes_pass_and_a_second_more_does_not():
    slow = {"rate": "2", "size": "128x72"}
    assert faults(media.clip(seconds=300, **slow), min_height=72) == ""
    assert faults(media.clip(seconds=300.5, **slow), min_height=72) == ""
    assert faults(media.clip(seconds=301, **slow), min_height=72) == (
        "Video dài 5 phút 01 giây, vượt quá thời lượng cho phép là 5 phút 00 giây. Hãy cắt ngắn video rồi tải lên lại."
    )


def test_a_moment_is_no_clip():
    assert "Video ngắn hơn một giây." in faults(media.clip(seconds=0.5))


# --- Picture and sound ------------------------------------------------------------------------------


def test_a_huge_picture_is_refused_before_it_is_decoded():
    path = media.clip(seconds=1, size="8192x4608", rate="1", more=("-frames:v", "1"))
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).width == 8192, "the control: it can be decoded"
    found = measured(path)
    assert (found.picture.shown, found.picture.was_decoded) == ((8192, 4608), False)
    assert "Khung hình 8192×4608 điểm ảnh là quá lớn." in faults(path)


def test_a_header_of_20000_by_20000_is_refused():
    source = media.clip(suffix="mov", video=("-c:v", "mjpeg", "-pix_fmt", "yuvj420p"))
    assert faults(source) == "", "the control"
    width, height, side = (number.to_bytes(2, "big") for number in (320, 180, 20_000))
    # The description of the picture in the MOV has the width first, each JPEG the height.
    forged = source.read_bytes().replace(width + height, side * 2).replace(height + width, side * 2)
    assert forged.count(side * 2) > 60
    assert "Không đọc được tệp video" in faults(media.written("huge.mov", forged))


def test_sound_alone_is_no_clip():
    path = media.changed(media.clip(), "-vn", suffix="mp4")
    assert "Tệp chỉ có âm thanh, không có hình." in faults(path)


def test_a_cover_is_no_picture(tmp_path):
    cover = tmp_path / "cover.jpg"
    media.run("-i", media.clip(), "-frames:v", "1", cover)
    path = tmp_path / "song.m4a"
    media.run(
        "-i",
        media.clip(),
        "-i",
        cover,
        "-map",
        "0:a",
        "-map",
        "1",
        "-c",
        "copy",
        "-disposition:v",
        "attached_pic",
        path,
    )
    assert "Tệp chỉ có âm thanh" in faults(path)


def test_a_clip_without_sound_is_refused():
    assert faults(media.clip(audio=None)) == "Video không có tiếng. Hãy xuất lại video kèm âm thanh rồi tải lên lại."


def test_resolution_is_that_of_the_shorter_side():
    assert "cạnh ngắn của khung hình là 180 điểm ảnh, yêu cầu ít nhất 720" in faults(media.clip(), min_height=720)
    assert "cạnh ngắn của khung hình là 180" in faults(media.clip(size="180x320"), min_height=181)
    assert faults(media.clip(size="180x320")) == ""


def test_the_picture_is_judged_as_it_is_seen():
    portrait = turned(media.clip(), 90)
    assert measured(portrait).picture.shown == (180, 320)
    assert "Thể lệ yêu cầu khung hình ngang; video này có khung hình 180×320." in faults(
        portrait, aspect=Aspect.LANDSCAPE
    )
    assert faults(turned(media.clip(size="180x320"), 90), aspect=Aspect.LANDSCAPE) == ""
    wide_pixels = media.clip(size="240x180", more=("-vf", "setsar=4/3"))
    assert measured(wide_pixels).picture.shown == (320, 180)
    assert faults(wide_pixels, aspect=Aspect.WIDE) == ""
    assert "tỷ lệ 16:9" in faults(media.clip(size="240x180"), aspect=Aspect.WIDE)
    assert faults(media.clip(size="240x180"), aspect=Aspect.LANDSCAPE) == ""


def turned(source: Path, degrees: int) -> Path:
    """As a phone writes it: the picture lies, and a matrix in the header turns it."""
    target = media.directory() / f"turned-{degrees}-{source.name}"
    with av.open(str(source)) as given, av.open(str(target), "w") as made:
        streams = {stream.index: made.add_stream_from_template(stream) for stream in given.streams}
        made.streams.video[0].set_display_rotation(degrees)
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                made.mux(packet)
    return target


def test_a_strange_frame_rate_is_refused():
    assert "Tốc độ khung hình của video bất thường." in faults(media.clip(seconds=4, rate="1/2"))
    assert faults(media.clip(rate="60")) == ""


def test_an_encoding_that_is_not_read_is_named():
    path = media.clip(suffix="avi", video=("-c:v", "ffv1"))
    assert "Video dùng kiểu mã hóa chưa được hỗ trợ (ffv1)." in faults(path)


def test_all_that_is_wrong_is_told_at_once():
    path = media.clip(seconds=8, audio=None)
    text = faults(path, max_seconds=5, min_height=720, max_bytes=10)
    assert [word in text for word in ("dung lượng", "Độ phân giải", "không có tiếng", "thời lượng")] == [True] * 4


# --- Limits -----------------------------------------------------------------------------------------


def test_a_file_that_takes_too_long_to_read_is_refused_in_time():
    with pytest.raises(Refusal, match="cấu trúc bất thường"):
        probe_file(media.clip(), limits=replace(LIMITS, seconds=0))


def test_names_are_no_commands():
    path = media.directory() / "-i concat:a|b; rm -rf $(x) 'y'.mp4"
    path.write_bytes(media.clip().read_bytes())
    assert measured(path).seconds == pytest.approx(2.0, abs=0.1)


def test_a_million_empty_packets_do_not_hold_the_probe(monkeypatch):
    times = probe.Times()
    with av.open(str(media.clip())) as container:
        packets = list(container.demux())
    monkeypatch.setattr(probe, "MOST_PACKETS", len(packets))
    for packet in packets:
        times.add(packet)
    with pytest.raises(ValueError, match="too many packets"):
        times.add(packets[0])
