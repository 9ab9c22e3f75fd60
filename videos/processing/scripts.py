"""The script of a clip: a PDF or a DOCX by its bytes, whole, without programs inside. It is stored, never opened."""

import re
import zipfile
from typing import IO

from videos.processing import problems

MEGABYTE = 1024 * 1024
MOST_BYTES = 10 * MEGABYTE
MOST_UNPACKED = 200 * MEGABYTE
MOST_PARTS = 2_000
LONGEST_PART_NAME = 255  # Word's are short; the time to search a name grows with its square

PDF_END = 1024  # bytes within which a PDF says that it ends
# Programs, other programs to start, files in the file; also where letters are written as #xx.
PDF_PROGRAM = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFile|RichMedia|XFA)\b")
DOCX_PARTS = {"[Content_Types].xml", "word/document.xml"}
DOCX_PROGRAM = re.compile(r"(?:^|/)(?:vba[^/]*\.(?:bin|xml)|activeX/.*|embeddings/.*\.bin)$", re.IGNORECASE)


def kind_of_script(file: IO[bytes]) -> str:
    """ "pdf" or "docx". The file is left at its beginning.

    Raises Problem: script_too_large, script_not_a_document, script_damaged, script_has_programs.
    """
    size = file.seek(0, 2)
    if size > MOST_BYTES:
        raise problems.script_too_large(MOST_BYTES)
    file.seek(0)
    head = file.read(8)
    try:
        if head.startswith(b"%PDF-"):
            _check_pdf(file)
            return "pdf"
        if head.startswith(b"PK\x03\x04"):
            _check_docx(file)
            return "docx"
    finally:
        file.seek(0)
    raise problems.script_not_a_document()


def _check_pdf(file: IO[bytes]) -> None:
    file.seek(0)
    data = file.read()
    if b"%%EOF" not in data[-PDF_END:]:
        raise problems.script_damaged()
    plain = re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), data)
    if PDF_PROGRAM.search(plain):
        raise problems.script_has_programs()


def _check_docx(file: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise problems.script_damaged() from None
    names = {part.filename for part in parts}
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise problems.script_too_large(MOST_BYTES)
    if not names >= DOCX_PARTS or any(len(name) > LONGEST_PART_NAME for name in names):
        raise problems.script_not_a_document()
    if any(DOCX_PROGRAM.search(name) for name in names):
        raise problems.script_has_programs()
