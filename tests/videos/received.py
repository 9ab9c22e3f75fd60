"""A clip whose file has just been received, as uploads leave it: the row, and the bytes in UPLOAD_DIR."""

from pathlib import Path

from accounts.clock import server_now
from tests.videos.world import make_clip
from videos.models import Clip, ClipContest, ClipFile, Upload, UploadState
from videos.uploads.store import path_of


def receive(source: Path | bytes, *, clip: Clip | None = None, clip_contest: ClipContest | None = None) -> ClipFile:
    """The clip's next version, received."""
    data = source if isinstance(source, bytes) else source.read_bytes()
    clip = clip or make_clip(clip_contest, ready=False)
    file = ClipFile.objects.create(
        clip=clip, version=clip.files.count() + 1, name="video.mp4", size=len(data), received_by=clip.created_by
    )
    upload = Upload.objects.create(
        owner=clip.created_by, clip=clip, file=file, name=file.name, size=len(data), offset=len(data),
        state=UploadState.FINISHED, expires_at=server_now(),
    )  # fmt: skip
    path_of(upload.pk).parent.mkdir(parents=True, exist_ok=True)
    path_of(upload.pk).write_bytes(data)
    clip.current = file
    clip.save(update_fields=["current"])
    return file
