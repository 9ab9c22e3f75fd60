"""Servers without one of the guards, for controls."""

import os
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from config.wsgi import application
from videos.uploads import store

__all__ = ["application"]


def append_to_whatever_is_there(upload_id: UUID, *, offset: int, pieces: Iterable[bytes], digest: Any = None) -> int:
    """Write at the end of the file, wherever that is."""
    store.path_of(upload_id).parent.mkdir(parents=True, exist_ok=True)
    with open(store.path_of(upload_id), "ab", buffering=0) as file:
        written = 0
        for piece in pieces:
            written += file.write(piece)
        os.fsync(file.fileno())
        return written


store.append = append_to_whatever_is_there
