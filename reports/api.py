"""GET /api/v1/reports/participation/."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import acts_as_participant_only
from accounts.clock import iso
from accounts.problems import malformed, not_found
from accounts.rights import Right, has
from contest.api.schema import problem
from reports.documents import figure_values, unit_columns, unit_row
from reports.exports.json import as_object, total_object
from reports.participation import Participation, participation_of
from reports.scope import rounds_for, scope_of

LARGEST_ID = 2**63 - 1


class FiguresSchema(serializers.Serializer):
    headcount = serializers.IntegerField()
    roster = serializers.IntegerField()
    accounts = serializers.IntegerField()
    participants = serializers.IntegerField()
    rate = serializers.DecimalField(max_digits=12, decimal_places=4, allow_null=True)
    entries = serializers.IntegerField()
    mean_score = serializers.DecimalField(max_digits=8, decimal_places=2, allow_null=True)
    perfect = serializers.IntegerField(allow_null=True)
    zero = serializers.IntegerField(allow_null=True)
    change = serializers.IntegerField(allow_null=True)
    over_headcount = serializers.BooleanField(help_text="rate is over 1")


class UnitFiguresSchema(FiguresSchema):
    unit_code = serializers.CharField()
    unit_name = serializers.CharField()
    kind = serializers.CharField()
    parent_code = serializers.CharField(allow_null=True)


class ParticipationSchema(serializers.Serializer):
    round = serializers.IntegerField()
    as_of = serializers.DateTimeField()
    total = FiguresSchema()
    units = UnitFiguresSchema(many=True)


class ParticipationReport(APIView):
    """Participation of a round per unit and in total, over the units of the caller's roles."""

    @extend_schema(
        parameters=[
            OpenApiParameter("round", OpenApiTypes.INT, required=True),
            OpenApiParameter("unit", OpenApiTypes.STR, description="code: this unit and those below it only"),
        ],
        responses={
            200: ParticipationSchema,
            400: problem("malformed"),
            401: problem("not_authenticated"),
            403: problem("forbidden"),
            404: problem("not_found"),
        },
    )
    def get(self, request: Request) -> Response:
        if acts_as_participant_only(request) or not has(request.user, Right.SEE_COUNTS):
            raise PermissionDenied
        round_id, unit_code = _one_id(request, "round"), _one_text(request, "unit")
        round = rounds_for(request.user, Right.SEE_COUNTS).filter(pk=round_id).first()
        scope = scope_of(request.user, round, Right.SEE_COUNTS, unit_code=unit_code) if round else None
        if round is None or scope is None:
            raise not_found()
        body = participation_payload(participation_of(round, scope))
        return Response(body, headers={"Cache-Control": "private, no-store"})


def participation_payload(participation: Participation) -> dict[str, Any]:
    """The answer's body, of the same columns as the files."""
    columns = unit_columns()
    total = (None, None, None, None, *figure_values(participation.total))
    return {
        "round": participation.round.pk,
        "as_of": iso(participation.as_of),
        "total": total_object(columns, total),
        "units": [as_object(columns, unit_row(unit)) for unit in participation.units],
    }


def _one_text(request: Request, name: str) -> str:
    values = request.query_params.getlist(name)
    if len(values) > 1 or any("\x00" in value for value in values):
        raise malformed()
    return values[0] if values else ""


def _one_id(request: Request, name: str) -> int:
    text = _one_text(request, name)
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > LARGEST_ID:
        raise malformed()
    return int(text)
