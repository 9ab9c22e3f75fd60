"""Writing a document to disk: the whole file or none."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reports.exports import csv, dataset, json, xlsx
from reports.exports.table import Document, Progress
from reports.official import docx, pdf
from reports.official.document import OfficialDocument

# Tables for every table format; a dataset is JSON; what is signed is DOCX or PDF.
Content = Document | OfficialDocument | dict[str, Any]

PART_PREFIX = ".part-"


def _signed(write: Callable[[OfficialDocument, Path], None]) -> Callable[[Any, Path, Progress], None]:
    """Typesetting tells no progress: it is asked once before whether the file is still wanted."""

    def written(document: OfficialDocument, path: Path, progress: Progress) -> None:
        progress(0)
        write(document, path)

    return written


def _json(content: Any, path: Path, progress: Progress) -> None:
    (dataset.write if isinstance(content, dict) else json.write)(content, path, progress)


WRITERS: dict[str, Callable[[Any, Path, Progress], None]] = {
    "xlsx": xlsx.write,
    "csv": csv.write,
    "json": _json,
    "docx": _signed(docx.write),
    "pdf": _signed(pdf.write),
}
CONTENT_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}


def write_file(document: Content, *, format: str, target: Path, progress: Progress = lambda rows: None) -> int:
    """Write `document` to `target`, replacing it at once when complete, and return its size in bytes.

    Whatever goes wrong, `target` is left as it was; only a killed process leaves a directory PART_PREFIX*
    beside it. Raises FileTooLarge, TypesettingFailed, OSError, and what `progress` raises.
    """
    with tempfile.TemporaryDirectory(prefix=PART_PREFIX, dir=target.parent) as directory:
        part = Path(directory) / f"file.{format}"
        WRITERS[format](document, part, progress)
        with open(part, "rb+") as written:
            os.fsync(written.fileno())
        size = part.stat().st_size
        os.replace(part, target)
    return size
