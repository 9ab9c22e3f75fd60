"""What the bytes of a file say it is, whatever its name and whatever a demuxer would make of it. Pure."""

import re

HEAD = 1024
# A ZIP archive ends with its directory's end, 22 bytes and a comment of at most 65,535.
TAIL = 65_557

MOV_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
TS_SYNC, TS_PACKET, M2TS_PACKET = 0x47, 188, 192
WEB_PAGE = re.compile(rb"<(!doctype\s+html|html|script|body|svg|iframe)\b", re.IGNORECASE)
ZIP_END = b"PK\x05\x06"
ZIP_END_LENGTH = 22


def container_of(head: bytes) -> str | None:
    """The demuxer for a file that begins like this, or None: mov, matroska, avi or mpegts."""
    if head[4:8] in MOV_BOXES:
        return "mov"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "matroska"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    for packet, offset in ((TS_PACKET, 0), (M2TS_PACKET, 4)):
        syncs = head[offset : offset + 3 * packet : packet]
        if len(syncs) == 3 and set(syncs) == {TS_SYNC}:
            return "mpegts"
    return None


def is_something_else_too(head: bytes, tail: bytes) -> bool:
    """Whether the file can also be opened as an archive or a web page.

    What processing makes of a clip is encoded anew, but the original is kept and can be fetched.
    """
    return WEB_PAGE.search(head) is not None or WEB_PAGE.search(tail) is not None or _ends_as_zip(tail)


def _ends_as_zip(tail: bytes) -> bool:
    at = tail.find(ZIP_END)
    while at >= 0:
        comment = int.from_bytes(tail[at + 20 : at + 22], "little")
        if at + ZIP_END_LENGTH + comment <= len(tail):  # tools accept bytes after it as well
            return True
        at = tail.find(ZIP_END, at + 1)
    return False
