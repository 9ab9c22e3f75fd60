"""Captions that a unit sends: plain WebVTT goes through, everything else is told by its line."""

import subprocess
import sys

import pytest

from accounts.problems import Problem
from videos.processing.captions import MOST_BYTES, read_captions

GOOD = """WEBVTT - phụ đề

NOTE ghi chú của người dựng

STYLE
::cue { background-image: url(https://evil.example/) }

mo-dau
00:01.000 --> 00:04.500 align:center line:90%
<v Cán bộ>Xin chào, <i>mời ông bà</i> lấy số.

00:01:05.000 --> 00:01:08.000
Dòng một
Dòng hai
"""


def refused(data: bytes) -> Problem:
    with pytest.raises(Problem) as found:
        read_captions(data)
    return found.value


def test_captions_are_written_anew_without_comments_and_styles():
    assert read_captions(GOOD.encode()).decode() == (
        "WEBVTT\n\n"
        "00:01.000 --> 00:04.500 align:center line:90%\n<v Cán bộ>Xin chào, <i>mời ông bà</i> lấy số.\n\n"
        "00:01:05.000 --> 00:01:08.000\nDòng một\nDòng hai\n"
    )


def test_marks_and_line_ends_of_windows_are_no_fault():
    sent = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert read_captions(sent) == read_captions(GOOD.encode())
    assert read_captions(read_captions(sent)) == read_captions(sent)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", "captions_not_webvtt"),
        (b"1\n00:00:01,000 --> 00:00:02,000\nSRT\n", "captions_not_webvtt"),
        (b"WEBVTTX\n\n00:01.000 --> 00:02.000\nx\n", "captions_not_webvtt"),
        (b"\n\nWEBVTT\n\n00:01.000 --> 00:02.000\nx\n", "captions_not_webvtt"),
        (b"#EXTM3U\nhttp://evil.example/\n", "captions_not_webvtt"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nChào".encode("utf-16"), "captions_not_text"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\nx\0y\n", "captions_not_text"),
        (b"WEBVTT\n\nNOTE nothing else\n", "captions_empty"),
        (b"WEBVTT\n\n" + b"00:01.000 --> 00:02.000\nx\n\n" * 20_000, "captions_too_large"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"x" * MOST_BYTES, "captions_too_large"),
    ],
)
def test_what_is_no_caption_file_is_refused(sent, code):
    assert refused(sent).code == code


@pytest.mark.parametrize(
    ("cue", "line"),
    [
        ("00:01,000 --> 00:02,000\nx", 3),
        ("00:03.000 --> 00:02.000\nx", 3),
        ("00:01.000 --> 00:02.000 onclick:alert(1)\nx", 3),
        ("chi-co-ten", 3),
        ("00:01.000 --> 00:02.000\nx\n<script>alert(1)</script>", 5),
        ("00:01.000 --> 00:02.000\n<img src=x onerror=alert(1)>", 4),
        ("00:01.000 --> 00:02.000\n<v Tên><svg onload=alert(1)>", 4),
        ("00:01.000 --> 00:02.000\n<scr<b>ipt>", 4),
        ("00:01.000 --> 00:02.000\nx\n00:03.000 --> 00:04.000\ny", 5),
        ("00:01.000 --> 00:02.000\n" + "x" * 1001, 4),
    ],
)
def test_a_fault_is_told_by_its_line(cue, line):
    problem = refused(f"WEBVTT\n\n{cue}\n".encode())
    assert (problem.code, problem.extra) == ("captions_faulty", {"line": line})
    assert f"dòng {line}:" in str(problem.detail)


def test_a_tag_of_many_classes_is_read_and_one_that_never_ends_costs_no_time():
    many = "<c" + ".lop" * 200 + ">Chào</c>"
    assert many in read_captions(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{many}\n".encode()).decode()
    endless = "<c" + ".a" * 499
    problem = refused(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{endless}\n".encode())
    assert (problem.code, problem.extra) == ("captions_faulty", {"line": 4})


@pytest.mark.slow
def test_control_where_a_dot_can_be_in_a_class_the_same_tag_is_never_read():
    # A process of its own: nothing else would end it.
    search = "import re; re.search(r'<c(?:\\.[\\w.-]+)*>', '<c' + '.a' * 499)"
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([sys.executable, "-I", "-c", search], timeout=1)
