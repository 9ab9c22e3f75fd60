"""What comes with a clip besides its file: the script, and captions of one version. In and out of the storage.

The storage knows no transaction: what is new is written last before the commit, what is old goes after it.
"""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from django.core.files import File
from django.db import transaction

from videos.models import Clip, ClipFile, Upload
from videos.processing.storing import put
from videos.storage import captions_key, clip_storage, original_key, poster_key, rendition_key
from videos.uploads.store import discard


@dataclass(frozen=True, slots=True)
class Script:
    """A script that was checked: "pdf" or "docx", the name that its owner gave it, and its bytes."""

    kind: str
    name: str
    file: IO[bytes]


def keep_script(clip: Clip, script: Script) -> None:
    """Give the clip its script, in the place of any other. The clip is not saved."""
    drop_script(clip)
    clip.script.save(f"kich-ban.{script.kind}", File(script.file), save=False)
    clip.script_name = script.name


def drop_script(clip: Clip) -> None:
    """Take the script away, from the storage once this is committed. The clip is not saved."""
    delete_afterwards(_script_keys(clip))
    clip.script, clip.script_name = "", ""


def put_captions(file: ClipFile, captions: bytes) -> None:
    """Store captions of a version whole, in the place of any others."""
    with tempfile.NamedTemporaryFile(prefix="captions-", delete=False) as written:
        written.write(captions)
    path = Path(written.name)
    try:
        put(path, captions_key(file.pk))
    finally:
        path.unlink(missing_ok=True)


def discard_all(clip: Clip) -> None:
    """Delete everything that is stored of the clip, once its end is committed."""
    keys = _script_keys(clip)
    for file in clip.files.prefetch_related("renditions"):
        keys += [original_key(file.pk), poster_key(file.pk), captions_key(file.pk)]
        keys += [rendition_key(file.pk, rendition.height) for rendition in file.renditions.all()]
    delete_afterwards(keys)
    for upload_id in Upload.objects.filter(clip=clip).values_list("pk", flat=True):
        transaction.on_commit(partial(discard, upload_id), robust=True)


def _script_keys(clip: Clip) -> list[str]:
    return [clip.script.name] if clip.script.name else []


def delete_afterwards(keys: Iterable[str]) -> None:
    for key in keys:
        transaction.on_commit(partial(clip_storage().delete, key), robust=True)
