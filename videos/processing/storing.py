"""Files into the storage, whole or not at all; and out of it, for a program that needs a path."""

import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import FileSystemStorage

from videos.storage import clip_storage

CHUNK = 1024 * 1024
UNFINISHED = ".part"


def put(path: Path, key: str) -> None:
    """Make the file at `path` the one under `key`, in place of any other; `path` is gone afterwards."""
    storage = clip_storage()
    if isinstance(storage, FileSystemStorage):
        _move(path, Path(storage.path(key)), storage.file_permissions_mode or 0o644)
        return
    # An object storage shows an object when all of it has arrived, in place of the one before.
    with path.open("rb") as file:
        if storage.exists(key):
            storage.delete(key)
        name = storage.save(key, File(file))
    if name != key:
        storage.delete(name)
        raise FileExistsError(key)
    path.unlink()


def _move(path: Path, target: Path, permissions: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.chmod(path, permissions)
        os.replace(path, target)
        return
    except OSError as error:
        if not path.exists():
            raise FileNotFoundError(path) from error
    # Another file system: first beside its place, under a name that nobody asks for.
    beside = target.with_name(f".{uuid4()}{UNFINISHED}")
    try:
        with path.open("rb") as source, beside.open("xb") as copy:
            shutil.copyfileobj(source, copy, CHUNK)
            copy.flush()
            os.fsync(copy.fileno())
        os.chmod(beside, permissions)
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)
    path.unlink()


def is_stored(key: str, size: int | None = None) -> bool:
    """Whether there is a file under `key`, of that size."""
    storage = clip_storage()
    return storage.exists(key) and (size is None or storage.size(key) == size)


def path_to_read(key: str, directory: Path) -> Path:
    """A path at which the file can be read: its own, or that of a copy in `directory`."""
    storage = clip_storage()
    if isinstance(storage, FileSystemStorage):
        return Path(storage.path(key))
    copy = directory / "original"
    with storage.open(key, "rb") as source, copy.open("wb") as target:
        shutil.copyfileobj(source, target, CHUNK)
    return copy


def hash_of(path: Path, check: Callable[[], None] = lambda: None) -> str:
    """SHA-256 in hex, read in pieces. What `check` raises is passed on."""
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
            check()
    return digest.hexdigest()
