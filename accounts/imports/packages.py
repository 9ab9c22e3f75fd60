"""Look into an XLSX file before anything parses it: what it really unpacks to, and what it must not contain.

Sizes are counted from the bytes that really come out, because declared sizes can lie; every XML part is
walked once so that a document type, an entity or an absurd number of elements is refused before a slower,
more trusting reader sees it.
"""

import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import IO
from xml.parsers import expat  # the walk below refuses every document type, so no entity can be declared

from django.utils.translation import gettext as _

from accounts.imports.errors import FileRefused

MAX_UNPACKED = 64 * 1024 * 1024
MAX_PART = 8 * 1024 * 1024  # of parts that hold no rows: styles, workbook, relations
MAX_PARTS = 500
MAX_ROWS = 100_000
MAX_STRINGS = 700_000
MAX_OTHER_ELEMENTS = 200_000
_CHUNK = 256 * 1024
_CELL_TAGS = frozenset({"row", "c", "v", "f", "t", "is", "si", "r", "rPr"})
_LOCAL_HEADER = struct.Struct("<4s22xHH")


def check_package(file: IO[bytes]) -> None:
    """Raise FileRefused: 413 too large once unpacked, 415 with macros, 422 damaged or unsafe."""
    try:
        with zipfile.ZipFile(file) as package:
            entries = [entry for entry in package.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise damaged() from None
    names = {entry.filename for entry in entries}
    if len(entries) > MAX_PARTS:
        raise too_large()
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FileRefused(415, _("Tệp có macro (.xlsm). Hãy lưu lại dạng “Excel Workbook (.xlsx)” hoặc CSV UTF-8."))
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise FileRefused(415, _("Tệp không phải là bảng tính .xlsx. Hãy chọn tệp .xlsx hoặc CSV UTF-8."))
    _check_parts(file, entries)


def damaged() -> FileRefused:
    return FileRefused(422, _("Tệp bị hỏng, không đọc được. Hãy mở bằng phần mềm bảng tính và lưu lại dạng .xlsx."))


def too_large() -> FileRefused:
    return FileRefused(
        413,
        _(
            "Tệp quá lớn sau khi giải nén. Hãy chỉ giữ trang tính cần nhập, xóa hình ảnh và định dạng thừa, "
            "hoặc lưu dạng CSV UTF-8."
        ),
    )


def too_many_rows() -> FileRefused:
    return FileRefused(
        413,
        _("Tệp có quá %(limit)s dòng, kể cả dòng trống. Hãy xóa các dòng trống dưới bảng hoặc chia thành nhiều tệp.")
        % {"limit": f"{MAX_ROWS:,}".replace(",", ".")},
    )


def _check_parts(file: IO[bytes], entries: list[zipfile.ZipInfo]) -> None:
    left, strings, others = MAX_UNPACKED, 0, 0
    for entry in entries:
        is_xml = entry.filename.lower().endswith((".xml", ".rels", ".vml"))
        holds_rows = "worksheets/" in entry.filename or "sharedStrings" in entry.filename
        limit = min(left, MAX_PART) if is_xml and not holds_rows else left
        walker = _Walker() if is_xml else None
        size = 0
        for chunk in _unpacked(file, entry):
            size += len(chunk)
            if size > limit:
                raise too_large()
            if walker:
                walker.feed(chunk)
        if walker:
            strings, others = strings + walker.strings, others + walker.finish()
            if strings > MAX_STRINGS or others > MAX_OTHER_ELEMENTS:
                raise too_large()
        left -= size
        if size != entry.file_size:
            raise damaged()


def _unpacked(file: IO[bytes], entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes that an entry really unpacks to, whatever its declared size."""
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise damaged()
    file.seek(entry.header_offset)
    header = file.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
        raise damaged()
    _magic, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    file.seek(name_length + extra_length, 1)
    yield from (_stored(file, entry.compress_size) if entry.compress_type == zipfile.ZIP_STORED else _inflated(file))


def _stored(file: IO[bytes], size: int) -> Iterator[bytes]:
    while size > 0 and (chunk := file.read(min(size, _CHUNK))):
        size -= len(chunk)
        yield chunk


def _inflated(file: IO[bytes]) -> Iterator[bytes]:
    inflater, packed = zlib.decompressobj(-15), b""
    try:
        while not inflater.eof:
            packed = packed or file.read(_CHUNK)
            chunk = inflater.decompress(packed, _CHUNK)
            if not packed and not chunk:
                raise damaged()
            packed = inflater.unconsumed_tail
            yield chunk
    except zlib.error:
        raise damaged() from None


class _Walker:
    """Counts the elements of one XML part and refuses a document type."""

    def __init__(self) -> None:
        self.rows = self.strings = 0
        self._others: Counter[str] = Counter()
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = self._count

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.Parse(chunk, False)
        except expat.ExpatError:
            raise damaged() from None

    def finish(self) -> int:
        """End the part. Returns how many elements it had besides rows and cells."""
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError:
            raise damaged() from None
        return self._others.total()

    def _refuse_doctype(self, *_args: object) -> None:
        raise FileRefused(
            422,
            _(
                "Tệp chứa khai báo kiểu tài liệu (DTD) hoặc thực thể nên bị từ chối. "
                "Hãy lưu lại bằng phần mềm bảng tính."
            ),
        )

    def _count(self, tag: str, _attributes: object) -> None:
        name = tag.rpartition(" ")[2]
        if name in ("si", "is"):
            self.strings += 1
        elif name == "row":
            self.rows += 1
            if self.rows > MAX_ROWS:
                raise too_many_rows()
        elif name not in _CELL_TAGS:
            self._others[name] += 1
