"""Uploads in the API's schema: tus speaks in headers, which the views' code does not tell by itself."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from contest.api.schema import problem


def _header(
    name: str, description: str, type: OpenApiTypes = OpenApiTypes.STR, *, required: bool = True
) -> OpenApiParameter:
    return OpenApiParameter(name, type, OpenApiParameter.HEADER, required=required, description=description)


_VERSION = _header("Tus-Resumable", "1.0.0")
_OFFSET = _header("Upload-Offset", "Bytes that have arrived.", OpenApiTypes.INT)
_REFUSALS = {
    401: problem("not_authenticated"),
    403: problem("forbidden"),
    404: problem("not_found"),
    410: problem("upload_gone"),
    412: problem("wrong_tus_version"),
    423: problem("upload_locked"),
}

describe_options = extend_schema(exclude=True)
describe_create = extend_schema(
    summary="Begin an upload (tus 1.0, creation).",
    request=None,
    parameters=[
        _VERSION,
        _header("Upload-Length", "The file's size in bytes.", OpenApiTypes.INT),
        _header("Upload-Metadata", "filename and clip (the clip's UUID), each in Base64."),
    ],
    responses={
        201: OpenApiResponse(description="Location, Upload-Offset, Upload-Expires"),
        400: problem("malformed", "malformed_metadata", "unusable_name", "empty_file"),
        409: problem("clip_not_editable", "too_many_unfinished"),
        413: problem("file_too_large", "quota_exceeded"),
        **{status: text for status, text in _REFUSALS.items() if status not in (410, 423)},
    },
)
describe_look = extend_schema(
    summary="How far an upload is.",
    parameters=[_VERSION],
    responses={
        200: OpenApiResponse(description="Upload-Offset, Upload-Length, Upload-Metadata, Upload-Expires"),
        **_REFUSALS,
    },
)
describe_receive = extend_schema(
    summary="Send the next bytes, at most 16 MiB.",
    request={"application/offset+octet-stream": OpenApiTypes.BINARY},
    parameters=[_VERSION, _OFFSET, _header("Upload-Checksum", "sha1 or sha256, and Base64.", required=False)],
    responses={
        204: OpenApiResponse(description="Upload-Offset, Upload-Expires"),
        400: problem("malformed", "unknown_checksum"),
        408: problem("stalled"),
        409: problem("wrong_offset", "clip_not_editable"),
        411: problem("length_required"),
        413: problem("piece_too_large", "over_size"),
        415: problem("wrong_content_type"),
        429: problem("too_many_uploads"),
        460: problem("wrong_checksum"),
        507: problem("disk_full"),
        **_REFUSALS,
    },
)
describe_terminate = extend_schema(
    summary="Give an upload up.",
    parameters=[_VERSION],
    responses={204: None, 409: problem("upload_finished"), **_REFUSALS},
)
