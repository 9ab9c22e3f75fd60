"""The two calls that save a sheet as it is filled. Each is acknowledged by what is stored, with its sequence number."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from accounts.authentication import person_of
from accounts.clock import iso
from accounts.problems import (
    malformed,
    method_not_allowed,
    not_authenticated,
    not_found,
    plain_api_view,
    read_body,
    read_json_object,
)
from videos.models import ScoreSheet
from videos.panel.access import sheet_for
from videos.panel.points import read_exact
from videos.panel.services import save_comment, save_points
from videos.panel.sheet import LONGEST_COMMENT

LAST_SEQUENCE = 2_147_483_647


@plain_api_view
def points(request: HttpRequest, sheet_id: int, position: int) -> HttpResponse:
    """PUT {points: "7.5" or null, sequence} → {value, sequence, saved_at}."""
    sheet, body, sequence = _read(request, sheet_id, "points")
    given = None if body["points"] is None else read_exact(body["points"])
    saved = save_points(sheet=sheet, position=position, points=given, sequence=sequence, actor=person_of(request))
    return _acknowledged(body["points"], saved.sequence, iso(saved.saved_at))


@plain_api_view
def comment(request: HttpRequest, sheet_id: int) -> HttpResponse:
    """PUT {comment, sequence} → {value, sequence, saved_at}."""
    sheet, body, sequence = _read(request, sheet_id, "comment")
    text = body["comment"]
    if not isinstance(text, str) or len(text) > LONGEST_COMMENT:
        raise malformed()
    saved = save_comment(sheet=sheet, comment=text, sequence=sequence, actor=person_of(request))
    return _acknowledged(text, saved.sequence, iso(saved.saved_at))


def _read(request: HttpRequest, sheet_id: int, member: str) -> tuple[ScoreSheet, dict[str, Any], int]:
    """The sheet, and the body with exactly `member` and a sequence number."""
    if not request.user.is_authenticated:
        raise not_authenticated()
    if request.method != "PUT":
        raise method_not_allowed(["PUT"])
    try:
        sheet = sheet_for(person_of(request), sheet_id)
    except Http404:
        raise not_found() from None
    body = read_json_object(read_body(request))
    sequence = body.get("sequence")
    if body.keys() != {member, "sequence"} or type(sequence) is not int or not 1 <= sequence <= LAST_SEQUENCE:
        raise malformed()
    return sheet, body, sequence


def _acknowledged(value: Any, sequence: int, saved_at: str) -> HttpResponse:
    answer = {"value": value, "sequence": sequence, "saved_at": saved_at}
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})
