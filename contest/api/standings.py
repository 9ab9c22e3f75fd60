"""The published standings of a round."""

from typing import Any

from django.core.paginator import EmptyPage, Paginator
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import acts_as_participant_only, person_of
from accounts.clock import iso
from accounts.problems import malformed, not_found
from accounts.rights import Right, has_over
from contest.api.schema import describe_standings
from contest.models import Round, Standing
from contest.paper import Paper, compile_paper
from contest.scoring import number_text
from contest.services.attempts import shown_prediction

PAGE_SIZE = 100
MOST_DIGITS = 9  # of a page number; Python itself refuses to read thousands


class StandingList(APIView):
    """Participants see the rows with a prize; organiser, secretary and auditor in scope see all."""

    @describe_standings
    def get(self, request: Request, round_id: int) -> Response:
        round = Round.objects.public().counted().select_related("contest").filter(pk=round_id).first()
        if round is None or not round.is_published:
            raise not_found()
        standings = Standing.objects.filter(round=round).in_stored_order()
        standings = standings.select_related("attempt__user", "attempt__unit", "prize")
        visible = standings if sees_all_standings(request, round) else standings.with_prize()
        page = _page(visible, request.query_params.get("page", "1"))
        paper = compile_paper(round)
        me = standings.filter(attempt__user=person_of(request)).first()
        return Response(
            {
                "count": page.paginator.count,
                "next": _link(request, page.next_page_number()) if page.has_next() else None,
                "previous": _link(request, page.previous_page_number()) if page.has_previous() else None,
                "me": standing_payload(me, paper) if me else None,
                "results": [standing_payload(standing, paper) for standing in page],
            }
        )


def sees_all_standings(request: Request, round: Round) -> bool:
    if acts_as_participant_only(request):
        return False
    return has_over(request.user, Right.READ_RESULTS, round.contest.unit_id)


def standing_payload(standing: Standing, paper: Paper) -> dict[str, Any]:
    attempt = standing.attempt
    assert attempt.submitted_at is not None  # only entries are ranked
    decimals = paper.rules["prediction"]["decimals"]
    error = number_text(standing.prediction_error, decimals)
    return {
        "rank": standing.rank,
        "block": standing.block,
        "full_name": attempt.user.full_name,
        "unit_code": attempt.unit.code if attempt.unit else None,
        "unit_name": attempt.unit.name if attempt.unit else None,
        "score": standing.score,
        "prediction": shown_prediction(attempt.prediction, paper),
        "prediction_error": error or None,
        "submitted_at": iso(attempt.submitted_at),
        "prize": standing.prize.code if standing.prize else None,
    }


def _page(standings, number: str):
    if not number.isascii() or not number.isdigit():
        raise malformed()
    if len(number) > MOST_DIGITS:
        raise not_found()
    try:
        return Paginator(standings, PAGE_SIZE).page(int(number))
    except EmptyPage:
        raise not_found() from None


def _link(request: Request, page: int) -> str:
    return request.build_absolute_uri(f"{request.path}?page={page}")
