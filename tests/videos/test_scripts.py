"""The script of a clip is a document by its bytes, whatever its name."""

import io
import zipfile

import pytest
from docx import Document

from accounts.problems import Problem
from videos.processing.scripts import MOST_BYTES, kind_of_script

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def docx(**parts: bytes) -> bytes:
    """A document as Word has it, with more parts."""
    file = io.BytesIO()
    document = Document()
    document.add_paragraph("Cảnh 1. Bộ phận Một cửa.")
    document.save(file)
    with zipfile.ZipFile(file, "a") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def archive_of(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"), [(PDF, "pdf"), (docx(), "docx"), (docx(**{"word/media/anh.bmp": b"BM"}), "docx")]
)
def test_documents_are_known_by_their_bytes(data, kind):
    file = io.BytesIO(data)
    assert kind_of_script(file) == kind
    assert file.tell() == 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "script_not_a_document"),
        (b"MZ\x90\x00 an exe called kich-ban.pdf", "script_not_a_document"),
        (b"<html>%PDF-1.7 %%EOF", "script_not_a_document"),
        (b"\xd0\xcf\x11\xe0 an old .doc", "script_not_a_document"),
        (archive_of({"a.txt": b"x"}), "script_not_a_document"),
        (PDF[:-30], "script_damaged"),
        (docx()[:-40], "script_damaged"),
        (PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /JavaScript /JS (app.alert) >>"), "script_has_programs"),
        (PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /Java#53cript >>"), "script_has_programs"),
        (PDF.replace(b"/Catalog", b"/Catalog /A << /S /Launch /F (cmd.exe) >>"), "script_has_programs"),
        (docx(**{"word/vbaProject.bin": b"macro"}), "script_has_programs"),
        (docx(**{"word/embeddings/oleObject1.bin": b"exe"}), "script_has_programs"),
        (PDF + b"\0" * MOST_BYTES, "script_too_large"),
        (docx(**{"embeddings/" * 5_000: b""}), "script_not_a_document"),
    ],
)
def test_everything_else_is_refused(data, code):
    with pytest.raises(Problem) as refused:
        kind_of_script(io.BytesIO(data))
    assert refused.value.code == code


@pytest.mark.slow
def test_a_document_that_would_unpack_to_gigabytes_is_refused():
    bomb = archive_of({"[Content_Types].xml": b"", "word/document.xml": b"", "word/media/1": b"\0" * 210_000_000})
    assert len(bomb) < 1_000_000
    with pytest.raises(Problem) as refused:
        kind_of_script(io.BytesIO(bomb))
    assert refused.value.code == "script_too_large"
