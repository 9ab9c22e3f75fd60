"""Writing a document to disk: the whole file or none."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from reports.exports import csv, json, xlsx
from reports.exports.table import Document, Progress

PART_PREFIX = ".part-"
WRITERS: dict[str, Callable[[Document, Path, Progress], None]] = {
    "xlsx": xlsx.write,
    "csv": csv.write,
    "json": json.write,
}
CONTENT_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


def write_file(document: Document, *, format: str, target: Path, progress: Progress = lambda rows: None) -> int:
    """Write `document` to `target`, replacing it at once when complete, and return its size in bytes.

    Whatever goes wrong, `target` is left as it was; only a killed process leaves a directory PART_PREFIX*
    beside it. Raises FileTooLarge, OSError, and what `progress` raises.
    """
    with tempfile.TemporaryDirectory(prefix=PART_PREFIX, dir=target.parent) as directory:
        part = Path(directory) / f"file.{format}"
        WRITERS[format](document, part, progress)
        with open(part, "rb+") as written:
            os.fsync(written.fileno())
        size = part.stat().st_size
        os.replace(part, target)
    return size
