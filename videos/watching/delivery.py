"""How the bytes of a file get to a browser once its right is checked: through nginx, from S3, or by the portal itself.

nginx is handed the key (X-Accel-Redirect) and serves it from an internal location; S3 is asked for by an address that
is signed and soon expires; without either, as in `make run`, the portal answers ranges itself (RFC 9110, section 14).
Captions come from the portal even with S3: a browser takes the tracks of a player from its page's own origin only.
"""

import re
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header

from videos.storage import clip_storage, storage_down

# A player that asks for "the rest" and is then paused would hold a web thread: it gets a piece, read at once and left
# to the server to send, and asks again. Only who saves a large file whole holds one.
MOST_AT_ONCE = 2 * 1024 * 1024
RELAY_SECONDS = 2
RELAY_MOST = 1024 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def deliver(request: HttpRequest, *, key: str, content_type: str, etag: str, file_name: str = "") -> HttpResponseBase:
    """The stored file as an answer to GET or HEAD. `file_name`: for saving it under. Raises Http404 when it is gone."""
    if settings.CLIP_DELIVERY == "s3" and not content_type.startswith("text/"):
        return _redirect(key, content_type, file_name)
    response: HttpResponseBase
    if settings.CLIP_DELIVERY == "s3":
        response = _relay(key)
    elif settings.CLIP_DELIVERY == "nginx":
        response = _hand_to_nginx(key)
    else:
        response = _answer_range(request, key=key, etag=f'"{etag}"')
    response["Content-Type"] = content_type
    # Kept by nobody, not even unseen by the browser itself: rights end, and offices share machines.
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if file_name:
        response["Content-Disposition"] = content_disposition_header(True, file_name) or "attachment"
    return response


def _redirect(key: str, content_type: str, file_name: str) -> HttpResponse:
    parameters = {"ResponseContentType": content_type, "ResponseCacheControl": "private, no-store"}
    if file_name:
        parameters["ResponseContentDisposition"] = content_disposition_header(True, file_name) or "attachment"
    address = clip_storage().url(key, parameters=parameters, expire=settings.CLIP_URL_SECONDS)  # type: ignore[call-arg]
    return HttpResponse(status=302, headers={"Location": address, "Cache-Control": "private, no-store"})


def _relay(key: str) -> HttpResponse:
    """A small file out of S3, or soon the news that it does not answer: a web thread is not to wait for it."""
    address = clip_storage().url(key)
    try:
        with urlopen(address, timeout=RELAY_SECONDS) as answer:
            return HttpResponse(answer.read(RELAY_MOST))
    except HTTPError as error:
        if error.code == 404:
            raise Http404 from None
        raise storage_down() from error
    except OSError as error:
        raise storage_down() from error


def _hand_to_nginx(key: str) -> HttpResponse:
    return HttpResponse(headers={"X-Accel-Redirect": f"/protected-clips/{quote(key)}"})


# --- Ranges -----------------------------------------------------------------------------------------


def _answer_range(request: HttpRequest, *, key: str, etag: str) -> HttpResponseBase:
    storage = clip_storage()
    try:
        size = storage.size(key)
    except FileNotFoundError:
        raise Http404 from None
    wanted = request.headers.get("Range", "")
    if request.headers.get("If-Range", etag) != etag:
        wanted = ""
    try:
        part = part_of(wanted, size)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
    first, last = (0, size - 1) if part is None else part
    headers = {"Accept-Ranges": "bytes", "ETag": etag, "Content-Length": str(last - first + 1)}
    if part is not None:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    status = 200 if part is None else 206
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    file = storage.open(key)
    if last - first >= MOST_AT_ONCE:
        return FileResponse(file, headers=headers)
    with file:
        file.seek(first)
        return HttpResponse(file.read(last - first + 1), status=status, headers=headers)


class Unsatisfiable(Exception):
    """A range that begins beyond the end of the file."""


def part_of(header: str, size: int) -> tuple[int, int] | None:
    """(first, last) byte of the one range asked for, at most MOST_AT_ONCE; None for the whole file.

    What is not understood, several ranges too, is no range. Raises Unsatisfiable.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    start, end = match.groups()
    if start == "":
        if int(end) == 0:
            raise Unsatisfiable
        first, last = max(size - int(end), 0), size - 1
    else:
        first, last = int(start), int(end) if end else size - 1
        if end and last < first:
            return None
    if first >= size:
        raise Unsatisfiable
    return first, min(last, size - 1, first + MOST_AT_ONCE - 1)
