"""Files between a preview and its application: kept on disk for an hour, for the person who sent them."""

import re
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from django.conf import settings

MAX_BYTES = 10 * 1024 * 1024
MAX_AGE_SECONDS = 3600
_NAME = re.compile(r"[0-9a-f]{32}")


def keep_upload(chunks: Iterable[bytes]) -> str:
    """Store a file and return its name. Files of former previews that have had their hour are deleted."""
    directory = _directory()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _delete_old(directory)
    name = secrets.token_hex(16)
    path = _path(name)
    path.touch(mode=0o600, exist_ok=False)
    with path.open("wb") as file:
        file.writelines(chunks)
    return name


def open_upload(name: str) -> IO[bytes]:
    """The stored file. Raises FileNotFoundError when it has been deleted."""
    return _path(name).open("rb")


def delete_upload(name: str) -> None:
    """Forget the file, if it is still there."""
    _path(name).unlink(missing_ok=True)


def _directory() -> Path:
    return Path(settings.DATA_DIR) / "imports"


def _path(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise FileNotFoundError(name)
    return _directory() / f"{name}.bin"


def _delete_old(directory: Path) -> None:
    for path in directory.glob("*.bin"):
        try:
            if path.stat().st_mtime < time.time() - MAX_AGE_SECONDS:
                path.unlink()
        except FileNotFoundError:  # another upload was faster
            continue
