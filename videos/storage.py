"""Where files of clips lie: the storage named "clips", and the keys in it.

A key begins with the id of the file it belongs to, never with a name that a person chose. Who may read what is decided
in `watching/`; the storage itself gives nothing to anybody.
"""

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.core.files.storage import Storage, storages
from django.utils.translation import gettext_lazy as _

from accounts.problems import Problem

if TYPE_CHECKING:
    from videos.models import Clip


def clip_storage() -> Storage:
    return storages["clips"]


def storage_down() -> Problem:
    return Problem(503, "storage_down", _("Kho lưu video đang không trả lời. Xin thử lại sau ít phút."))


def original_key(file_id: UUID) -> str:
    """The file as its unit handed it in."""
    return f"{file_id}/original"


def rendition_key(file_id: UUID, height: int) -> str:
    return f"{file_id}/{height}.mp4"


def poster_key(file_id: UUID) -> str:
    return f"{file_id}/poster.jpg"


def captions_key(file_id: UUID) -> str:
    return f"{file_id}/captions.vtt"


def script_key(clip: "Clip", filename: str) -> str:
    """A new key at every upload: a replaced script is another file."""
    suffix = "docx" if filename.lower().endswith(".docx") else "pdf"
    return f"scripts/{clip.pk}/{uuid4()}.{suffix}"
