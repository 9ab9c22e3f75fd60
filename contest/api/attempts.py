"""Reading one attempt: with its key, or as its owner."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import person_of
from accounts.problems import not_found, plain_api_view
from contest import problems
from contest.api.answering import key_for, only
from contest.api.payloads import attempt_result_payload
from contest.api.schema import describe_attempt
from contest.models import Attempt
from contest.services.attempts import end_overdue_attempts


@csrf_exempt
def attempt_detail(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """GET attempts/{id}/. A request with a key never falls back to the session."""
    view = _with_key if "Attempt-Key" in request.headers else OwnAttempt.as_view()
    return view(request, attempt_id=attempt_id)


@plain_api_view
def _with_key(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    only(request, "GET", "HEAD")
    key = key_for(request, attempt_id)
    attempt = _attempts().filter(pk=key.attempt_id).first()
    if attempt is None:
        raise not_found()
    if attempt.nonce != key.nonce:
        raise problems.invalid_attempt_key()
    if attempt.key_has_expired(attempt.server_time):
        raise problems.attempt_closed(attempt.server_time)
    return JsonResponse(attempt_result_payload(attempt, attempt.server_time), headers={"Cache-Control": "no-store"})


class OwnAttempt(APIView):
    """The caller's own attempt; a stranger's does not exist."""

    @describe_attempt
    def get(self, request: Request, attempt_id: UUID) -> Response:
        own = _attempts().of(person_of(request)).filter(pk=attempt_id)
        attempt = own.first()
        if attempt is None:
            raise not_found()
        if attempt.is_overdue(attempt.server_time):
            end_overdue_attempts(user_id=attempt.user_id, round_id=attempt.round_id)
            attempt = own.get()
        return Response(attempt_result_payload(attempt, attempt.server_time), headers={"Cache-Control": "no-store"})


def _attempts():
    return Attempt.objects.select_related("round").with_server_time()
