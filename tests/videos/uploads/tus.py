"""Speaking tus to the portal inside the test's process, and the people and clips that uploads are about."""

import base64
import hashlib
from typing import Any
from uuid import UUID

from django.test import Client

from accounts.models import Role, User
from tests.factories import grant, make_user
from tests.faults.quiz import browser_of
from tests.videos.world import make_clip
from videos.models import Clip, Upload

URL = "/api/v1/uploads/"
PIECE_TYPE = "application/offset+octet-stream"
MP4 = b"\x00\x00\x00\x18ftypmp42" + b"tus" * 1000


def coordinator_of(clip: Clip) -> User:
    """A coordinator of the clip's unit."""
    person = make_user(unit=clip.unit)
    grant(person, Role.COORDINATOR, clip.unit)
    return person


def draft(**fields: Any) -> tuple[Clip, User]:
    """A clip without a file that receives one now, and a coordinator of its unit."""
    clip = make_clip(ready=False, **fields)
    return clip, coordinator_of(clip)


def metadata(clip: Clip | UUID, name: str | bytes = "Một cửa.mp4") -> str:
    text = name.encode() if isinstance(name, str) else name
    clip_id = clip.pk if isinstance(clip, Clip) else clip
    encoded = {"filename": text, "clip": str(clip_id).encode()}
    return ",".join(f"{key} {base64.b64encode(value).decode()}" for key, value in encoded.items())


def tus_headers(clip: Clip) -> dict[str, str]:
    """Enough for any request about an upload of the clip that sends two bytes."""
    return {
        "Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Metadata": metadata(clip), "Upload-Offset": "0",
        "Content-Type": PIECE_TYPE,
    }  # fmt: skip


def checksum(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


class Tus:
    """A person's browser that sends the headers of tus; `None` leaves one out."""

    def __init__(self, person: User | None):
        self.browser = browser_of(person) if person else Client()

    def call(self, method: str, url: str = URL, body: bytes = b"", /, **headers: Any):
        named = {name.replace("_", "-"): str(value) for name, value in headers.items() if value is not None}
        if "Tus_Resumable" not in headers:
            named["Tus-Resumable"] = "1.0.0"
        kind = named.pop("Content-Type", "")
        # Told also where nothing is sent, which Django's client leaves out.
        told = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body))}
        return self.browser.generic(method, url, body, content_type=kind, headers=named, **told)

    def begin(self, clip: Clip, size: int = len(MP4), name: str | bytes = "Một cửa.mp4", **headers: Any):
        return self.call("POST", URL, **{"Upload_Length": size, "Upload_Metadata": metadata(clip, name)} | headers)

    def begun(self, clip: Clip, size: int = len(MP4), **more: Any) -> str:
        """The address of a new upload."""
        response = self.begin(clip, size, **more)
        assert response.status_code == 201, response.content
        return response["Location"].removeprefix("http://testserver")

    def send(self, url: str, data: bytes, offset: int = 0, **headers: Any):
        return self.call("PATCH", url, data, **{"Content_Type": PIECE_TYPE, "Upload_Offset": offset} | headers)

    def look(self, url: str, **headers: Any):
        return self.call("HEAD", url, **headers)


def upload_at(url: str) -> Upload:
    return Upload.objects.get(pk=url.rstrip("/").rpartition("/")[2])
