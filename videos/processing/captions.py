"""Captions in WebVTT, as a unit sends them: checked line by line and written anew, plain. Bytes in, bytes out."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from videos.processing import problems

MOST_BYTES = 512 * 1024
MOST_CUES = 5_000
LONGEST_LINE = 1_000

TIME = r"((?:\d{2,4}:)?[0-5]\d:[0-5]\d\.\d{3})"
TIMING = re.compile(rf"{TIME}[ \t]+-->[ \t]+{TIME}((?:[ \t]+(?:vertical|line|position|size|align):[\w.%,-]+)*)[ \t]*")
# What a cue may hold besides text: voices, emphasis, languages, times within the cue. One way to read a text only: a
# dot begins a class and is in none, or a short line would be tried in more ways than there is time for.
TAG = re.compile(r"</?(?:[biu]|c|v|lang|ruby|rt)(?:\.[\w-]+)*(?:[ \t][^<>&]*)?>|<" + TIME + ">")
LEFT_OUT = ("NOTE", "STYLE", "REGION")

Block = list[tuple[int, str]]  # lines, each with its number


def read_captions(data: bytes) -> bytes:
    """The captions as they are stored: UTF-8 without a mark, LF, without comments, styles and regions.

    Raises Problem: captions_too_large, captions_not_text, captions_not_webvtt, captions_faulty, captions_empty.
    """
    if len(data) > MOST_BYTES:
        raise problems.captions_too_large(MOST_BYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise problems.captions_not_text() from None
    if "\0" in text:
        raise problems.captions_not_text()
    header, *blocks = _blocks(text.replace("\r\n", "\n").replace("\r", "\n")) or [[]]
    if not header or not re.match(r"WEBVTT(?:[ \t]|$)", header[0][1]) or header[0][0] != 1:
        raise problems.captions_not_webvtt()
    cues = [_cue(block) for block in blocks if not _is_left_out(block)]
    if not cues:
        raise problems.captions_empty()
    if len(cues) > MOST_CUES:
        raise problems.captions_too_large(MOST_BYTES)
    return ("WEBVTT\n\n" + "\n\n".join(cues) + "\n").encode()


def _blocks(text: str) -> list[Block]:
    return list(_split(text))


def _split(text: str) -> Iterator[Block]:
    block: Block = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            block.append((number, line.rstrip()))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _is_left_out(block: Block) -> bool:
    first = block[0][1]
    return any(first == word or first.startswith((word + " ", word + "\t")) for word in LEFT_OUT)


def _cue(block: Block) -> str:
    lines = block if "-->" in block[0][1] else block[1:]  # an identifier may stand first
    if not lines:
        raise problems.captions_faulty(block[0][0], _("thiếu thời gian hiển thị của dòng phụ đề."))
    number, line = lines[0]
    timing = TIMING.fullmatch(line)
    if timing is None:
        raise problems.captions_faulty(number, _("thời gian phải có dạng 00:01:02.500 --> 00:01:05.000."))
    begins, ends, settings = timing.groups()
    if _milliseconds(ends) <= _milliseconds(begins):
        raise problems.captions_faulty(number, _("thời gian kết thúc phải sau thời gian bắt đầu."))
    return "\n".join([f"{begins} --> {ends}{settings}", *(_text(number, text) for number, text in lines[1:])])


def _text(number: int, line: str) -> str:
    if len(line) > LONGEST_LINE:
        raise problems.captions_faulty(number, _("dòng quá dài."))
    if "-->" in line:
        raise problems.captions_faulty(number, _("thiếu dòng trống giữa hai dòng phụ đề."))
    if re.search(r"[<>]", TAG.sub("", line)):
        raise problems.captions_faulty(number, _("có thẻ hoặc dấu < > không được phép trong phụ đề."))
    return line


def _milliseconds(time: str) -> int:
    clock, thousandths = time.split(".")
    seconds = 0
    for part in clock.split(":"):
        seconds = 60 * seconds + int(part)
    return 1000 * seconds + int(thousandths)
