"""The API's description for its schema: what the views' code does not tell by itself."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers

PROBLEM = inline_serializer(
    "Problem",
    {
        "type": serializers.CharField(),
        "title": serializers.CharField(),
        "status": serializers.IntegerField(),
        "code": serializers.CharField(),
        "detail": serializers.CharField(),
        "request_id": serializers.CharField(),
    },
)


def problem(*codes: str) -> OpenApiResponse:
    return OpenApiResponse(PROBLEM, description=", ".join(codes))


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema):
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Token T"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema):
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class _Choice(serializers.Serializer):
    position = serializers.IntegerField(min_value=1)
    text = serializers.CharField()


class _Answer(serializers.Serializer):
    choices = serializers.ListField(child=serializers.IntegerField(min_value=1))
    sequence = serializers.IntegerField(min_value=0)


class _Question(serializers.Serializer):
    position = serializers.IntegerField(min_value=1)
    text = serializers.CharField()
    multiple = serializers.BooleanField()
    choices = _Choice(many=True)
    answer = _Answer()


class _Prediction(serializers.Serializer):
    asks = serializers.CharField()
    decimals = serializers.IntegerField()
    required = serializers.BooleanField()  # type: ignore[assignment]  # the API's own word
    value = serializers.JSONField(allow_null=True)
    sequence = serializers.IntegerField()


class AttemptSchema(serializers.Serializer):
    id = serializers.UUIDField()
    round = serializers.IntegerField()
    number = serializers.IntegerField()
    state = serializers.CharField()
    started_at = serializers.DateTimeField()
    deadline = serializers.DateTimeField()
    grace_seconds = serializers.IntegerField()
    server_time = serializers.DateTimeField()
    questions = _Question(many=True)
    prediction = _Prediction()


class StartedAttemptSchema(AttemptSchema):
    attempt_key = serializers.CharField()


class _Correct(serializers.Serializer):
    position = serializers.IntegerField()
    choices = serializers.ListField(child=serializers.IntegerField())
    outcome = serializers.ChoiceField(["right", "wrong", "blank", "credited", "void"])


class AttemptResultSchema(AttemptSchema):
    submitted_at = serializers.DateTimeField(allow_null=True)
    entry = serializers.CharField(allow_null=True)
    receipt = serializers.CharField(allow_null=True)
    score = serializers.IntegerField(allow_null=True)
    correct = _Correct(many=True, allow_null=True)


class RoundSchema(serializers.Serializer):
    id = serializers.IntegerField()
    contest = serializers.CharField()
    number = serializers.IntegerField()
    title = serializers.CharField()
    state = serializers.ChoiceField(["scheduled", "open", "closed", "ranked", "published", "final"])
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()
    server_time = serializers.DateTimeField()
    commitment = serializers.CharField()
    attempts_allowed = serializers.IntegerField(allow_null=True)
    attempts_used = serializers.IntegerField()
    attempt_in_progress = serializers.UUIDField(allow_null=True)


class StandingSchema(serializers.Serializer):
    rank = serializers.IntegerField()
    block = serializers.CharField(allow_blank=True)
    full_name = serializers.CharField()
    unit_code = serializers.CharField(allow_null=True)
    unit_name = serializers.CharField(allow_null=True)
    score = serializers.IntegerField()
    prediction = serializers.JSONField(allow_null=True)
    prediction_error = serializers.CharField(allow_null=True)
    submitted_at = serializers.DateTimeField()
    prize = serializers.CharField(allow_null=True)


class StandingsPageSchema(serializers.Serializer):
    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    me = StandingSchema(allow_null=True)
    results = StandingSchema(many=True)


describe_rounds = extend_schema(responses={200: RoundSchema(many=True), 401: problem("not_authenticated")})
describe_start = extend_schema(
    request=None,
    responses={
        201: StartedAttemptSchema,
        200: StartedAttemptSchema,
        400: problem("malformed"),
        401: problem("not_authenticated"),
        403: problem("not_a_participant"),
        404: problem("not_found"),
        409: problem("round_not_open", "round_closed", "no_attempts_left"),
    },
)
describe_attempt = extend_schema(
    parameters=[OpenApiParameter("Attempt-Key", OpenApiTypes.STR, OpenApiParameter.HEADER)],
    responses={
        200: AttemptResultSchema,
        401: problem("not_authenticated"),
        403: problem("invalid_attempt_key"),
        404: problem("not_found"),
        409: problem("attempt_closed"),
    },
)
describe_standings = extend_schema(
    parameters=[OpenApiParameter("page", OpenApiTypes.INT)],
    responses={200: StandingsPageSchema, 401: problem("not_authenticated"), 404: problem("not_found")},
)


# --- The three hot calls are plain views: their part of the schema is written here ---------------------

_KEY = {"name": "Attempt-Key", "in": "header", "required": True, "schema": {"type": "string"}}
_ATTEMPT_ID = {
    "name": "attempt_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
_SEQUENCE = {"type": "integer", "minimum": 1, "maximum": 2147483647}
_TIME = {"type": "string", "format": "date-time"}


def _object(**properties: dict) -> dict:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _json(schema: dict) -> dict:
    return {"content": {"application/json": {"schema": schema}}}


def _refusals(**codes: str) -> dict:
    schema = {"$ref": "#/components/schemas/Problem"}
    common = {
        "400": "malformed",
        "401": "not_authenticated",
        "403": "invalid_attempt_key",
        "503": "overloaded",
    }
    merged = {**common, **{status.lstrip("s"): text for status, text in codes.items()}}
    return {
        status: {"description": text, "content": {"application/problem+json": {"schema": schema}}}
        for status, text in sorted(merged.items())
    }


def _operation(name: str, summary: str, body: dict | None, answer: dict, refusals: dict, *parameters: dict) -> dict:
    operation = {
        "operationId": name,
        "summary": summary,
        "tags": ["attempts"],
        "parameters": [_ATTEMPT_ID, *parameters, _KEY],
        "responses": {"200": {"description": "", **_json(answer)}, **refusals},
    }
    return operation | ({"requestBody": {"required": True, **_json(body)}} if body else {})


_CHOICES = {"type": "array", "uniqueItems": True, "items": {"type": "integer", "minimum": 1}}
_VALUE = {
    "oneOf": [
        {"type": "integer", "minimum": 0, "maximum": 999999999},
        {"type": "string", "pattern": r"^(100(\.0{1,5})?|\d{1,2}(\.\d{1,5})?)$"},
    ],
    "nullable": True,
}
_POSITION = {"name": "position", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}

HOT_PATHS = {
    "/api/v1/attempts/{attempt_id}/answers/{position}": {
        "put": _operation(
            "attempts_answers_update",
            "Store the answer at a shown position; [] clears it.",
            _object(choices=_CHOICES, sequence=_SEQUENCE),
            _object(position={"type": "integer"}, sequence=_SEQUENCE, saved_at=_TIME),
            _refusals(
                s400="malformed, unknown_choice",
                s404="not_found, unknown_position",
                s409="stale_sequence, attempt_closed",
                s422="too_many_choices",
            ),
            _POSITION,
        )
    },
    "/api/v1/attempts/{attempt_id}/prediction": {
        "put": _operation(
            "attempts_prediction_update",
            "Store the prediction; null clears it.",
            _object(value=_VALUE, sequence=_SEQUENCE),
            _object(value=_VALUE, sequence=_SEQUENCE, saved_at=_TIME),
            _refusals(s404="not_found", s409="stale_sequence, attempt_closed", s422="invalid_prediction"),
        )
    },
    "/api/v1/attempts/{attempt_id}/submit": {
        "post": _operation(
            "attempts_submit_create",
            "End the attempt; repeats return the same body.",
            None,
            _object(submitted_at=_TIME, entry={"type": "string"}, receipt={"type": "string"}),
            _refusals(s404="not_found", s409="attempt_closed", s422="incomplete"),
        )
    },
}


def add_hot_paths(result: dict, generator, request, public) -> dict:
    """A spectacular post-processing hook: put the hot calls into the schema."""
    result["paths"].update(HOT_PATHS)
    return result
