"""Unfinished files: UPLOAD_DIR holds one for each upload, named by its id. Several web machines may share it.

The offset in the upload's row is the truth. A file may be longer (a server died before its row was written) and is cut
back by whoever writes next; it is never shorter, as bytes are synchronised to disk before the row counts them.
"""

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol
from uuid import UUID

from django.conf import settings

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class DiskFull(Exception):
    """There is no room for more. What was there before is still there."""


class Lost(Exception):
    """The file is gone, or shorter than what was counted."""


class Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


def path_of(upload_id: UUID) -> Path:
    return Path(settings.UPLOAD_DIR) / str(upload_id)


def append(upload_id: UUID, *, offset: int, pieces: Iterable[bytes], digest: Digest | None = None) -> int:
    """Write `pieces` from `offset` on, durably; what lay there beyond is forgotten. Returns how many bytes it wrote.

    Raises DiskFull, with the file as it was up to `offset`, and Lost.
    """
    file = _open(upload_id, is_new=offset == 0)
    try:
        if os.fstat(file).st_size < offset:
            raise Lost
        os.ftruncate(file, offset)
        try:
            written = _write(file, offset, pieces, digest)
            os.fsync(file)
        except OSError as error:
            if error.errno not in FULL:
                raise
            os.ftruncate(file, offset)  # room for the others
            raise DiskFull from error
        return written
    finally:
        os.close(file)


def discard(upload_id: UUID) -> None:
    path_of(upload_id).unlink(missing_ok=True)


def stored_ids() -> list[UUID]:
    """The uploads of which there is a file."""
    directory = Path(settings.UPLOAD_DIR)
    names = os.listdir(directory) if directory.is_dir() else []
    return [UUID(name) for name in names if _is_id(name)]


def _open(upload_id: UUID, *, is_new: bool) -> int:
    path = path_of(upload_id)
    if not is_new:
        try:
            return os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise Lost from None
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o640)
        _synchronise(path.parent)  # the name is durable too
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull from error
        raise
    return file


def _write(file: int, offset: int, pieces: Iterable[bytes], digest: Digest | None) -> int:
    written = 0
    for piece in pieces:
        if digest is not None:
            digest.update(piece)
        rest = memoryview(piece)
        while rest:
            count = os.pwrite(file, rest, offset + written)
            written += count
            rest = rest[count:]
    return written


def _synchronise(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
