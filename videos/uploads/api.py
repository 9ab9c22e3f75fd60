"""The tus 1.0 server under /api/v1/uploads/, with creation, expiration, checksum and termination.

The session counts, with CSRF; a token acts as a participant, and participants have no uploads. Views read headers and
the body's pieces; what happens is decided in services.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import http_date
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import acts_as_participant_only, person_of
from accounts.models import User
from accounts.problems import not_found
from videos.models import ClipContest, Upload
from videos.models.setup import MEGABYTE
from videos.uploads import problems, protocol, services
from videos.uploads.body import Body
from videos.uploads.schema import describe_create, describe_look, describe_options, describe_receive, describe_terminate

LARGEST_PIECE = 16 * MEGABYTE
# A body occupies a thread for as long as its client takes. Some threads must remain for everybody else.
_slots = BoundedSemaphore(settings.UPLOADS_AT_ONCE)


class TusView(APIView):
    """What every answer carries, and how a request may say its method."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        override = request.headers.get("X-HTTP-Method-Override", "").upper()
        if request.method == "POST" and override in ("PATCH", "DELETE", "HEAD"):  # for clients that know no others
            request.method = override
        return super().dispatch(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Tus-Resumable"] = protocol.VERSION
        response["Cache-Control"] = "no-store"
        return response

    def get_permissions(self) -> Any:
        """What the server can is nobody's secret."""
        return [AllowAny()] if self.request.method == "OPTIONS" else super().get_permissions()

    @describe_options
    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        headers = {
            "Tus-Version": protocol.VERSION,
            "Tus-Extension": protocol.EXTENSIONS,
            "Tus-Checksum-Algorithm": ",".join(protocol.ALGORITHMS),
        }
        largest = ClipContest.objects.public().aggregate(largest=Max("max_bytes"))["largest"]
        if largest:
            headers["Tus-Max-Size"] = str(largest)
        return Response(status=204, headers=headers)

    def owner_of(self, request: Request) -> User:
        """Whose uploads are meant. Raises Problem: the wrong version of tus, or nobody who can have any."""
        if request.headers.get("Tus-Resumable") != protocol.VERSION:
            raise problems.wrong_version(protocol.VERSION)
        if acts_as_participant_only(request):
            raise not_found()
        return person_of(request)


class UploadList(TusView):
    @describe_create
    def post(self, request: Request) -> Response:
        owner = self.owner_of(request)
        size = protocol.read_whole_number(request.headers.get("Upload-Length"))
        if size is None:
            raise problems.length_not_given()
        metadata = protocol.read_metadata(request.headers.get("Upload-Metadata"))
        upload = services.create_upload(
            owner=owner, clip_id=_clip_id(metadata), name=protocol.clean_name(metadata.get("filename", "")), size=size
        )
        location = request.build_absolute_uri(reverse("api-upload", args=[upload.pk]))
        return Response(status=201, headers={"Location": location, "Upload-Offset": "0"} | _expires(upload))


class UploadDetail(TusView):
    @describe_look
    def head(self, request: Request, upload_id: UUID) -> Response:
        upload = services.look_up(upload_id=upload_id, owner=self.owner_of(request))
        metadata = {"filename": upload.name, "clip": str(upload.clip_id)}
        sizes = {"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.size)}
        return Response(
            status=200, headers={"Upload-Metadata": protocol.write_metadata(metadata)} | sizes | _expires(upload)
        )

    @describe_receive
    def patch(self, request: Request, upload_id: UUID) -> Response:
        owner = self.owner_of(request)
        if request.content_type != protocol.PATCH_TYPE:
            raise problems.wrong_content_type(protocol.PATCH_TYPE)
        length = protocol.read_whole_number(request.META.get("CONTENT_LENGTH"))
        if length is None:
            raise problems.length_required()
        if length > LARGEST_PIECE:
            raise problems.piece_too_large(LARGEST_PIECE)
        offset = protocol.read_whole_number(request.headers.get("Upload-Offset"))
        if offset is None:
            raise problems.offset_required()
        checksum = protocol.read_checksum(request.headers.get("Upload-Checksum"))
        body = Body(request._request.read, length, patience=settings.UPLOAD_IDLE_SECONDS)
        with _slot():
            try:
                upload = services.receive(upload_id=upload_id, owner=owner, offset=offset, body=body, checksum=checksum)
            finally:
                body.leave()  # the row is free again; the thread is only with the client
        if body.has_stalled:
            raise problems.stalled(upload.offset)
        return Response(status=204, headers={"Upload-Offset": str(upload.offset)} | _expires(upload))

    @describe_terminate
    def delete(self, request: Request, upload_id: UUID) -> Response:
        services.terminate_upload(upload_id=upload_id, owner=self.owner_of(request))
        return Response(status=204)


@contextmanager
def _slot() -> Iterator[None]:
    """One of the places for bodies in this process. Raises Problem too_many_uploads at once: waiting takes a thread."""
    if not _slots.acquire(blocking=False):
        raise problems.too_many_uploads()
    try:
        yield
    finally:
        _slots.release()


def _clip_id(metadata: dict[str, str]) -> UUID:
    try:
        return UUID(metadata["clip"])
    except (KeyError, ValueError):
        raise problems.malformed_metadata() from None


def _expires(upload: Upload) -> dict[str, str]:
    return {} if upload.file_id else {"Upload-Expires": http_date(upload.expires_at.timestamp())}
