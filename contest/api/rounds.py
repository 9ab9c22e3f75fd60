"""The list of rounds, and starting an attempt."""

from collections import defaultdict

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import person_of
from accounts.clock import server_now
from accounts.sessions import keep_until
from contest.api.payloads import round_payload, started_payload
from contest.api.schema import describe_rounds, describe_start
from contest.models import Attempt, Round
from contest.services.attempts import start_attempt


class RoundList(APIView):
    """Rounds of public contests, oldest first. Drafts and practice are never listed."""

    @describe_rounds
    def get(self, request: Request) -> Response:
        listed = Round.objects.public().counted().select_related("contest").defer("paper", "key_at_opening")
        rounds = list(listed.with_server_time().order_by("opens_at", "pk"))
        by_id, mine = {round.pk: round for round in rounds}, defaultdict(list)
        for attempt in Attempt.objects.of(person_of(request)).filter(round__in=rounds).defer("answers", "sequences"):
            attempt.round = by_id[attempt.round_id]  # which has no paper: a person may have many attempts
            mine[attempt.round_id].append(attempt)
        now = rounds[0].server_time if rounds else server_now()
        return Response([round_payload(round, mine[round.pk], now) for round in rounds])


class AttemptStart(APIView):
    """Start an attempt (201), or get the one in progress (200)."""

    @describe_start
    def post(self, request: Request, round_id: int) -> Response:
        request.data  # noqa: B018 - a body that is not JSON is refused before anything is written
        attempt, is_new = start_attempt(user=person_of(request), round_id=round_id)
        keep_until(request._request, attempt.deadline)
        return Response(
            started_payload(attempt, attempt.server_time),
            status=201 if is_new else 200,
            headers={"Cache-Control": "no-store"},
        )
