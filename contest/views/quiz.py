"""Pages of the person who takes the quiz: my rounds, start, the sheet, the receipt and my result."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication import person_of
from accounts.clock import iso, server_now
from accounts.models import Membership, Unit
from accounts.problems import Problem
from accounts.sessions import keep_until
from contest.attempt_key import AttemptKey
from contest.models import Attempt, Round, Standing
from contest.models.attempt import AttemptState
from contest.models.round import RoundState
from contest.paper import Paper, paper_of
from contest.ranking import key_of
from contest.record import target_text
from contest.services.attempts import (
    end_overdue_attempts,
    refusal_of,
    start_attempt,
    submission_of,
    submit_attempt,
)
from contest.views.my_round import UNSHOWN, my_rounds
from contest.views.plain_form import Stored, store_form
from contest.views.sheet import (
    graded_questions,
    page_config,
    prediction_question,
    prediction_text,
    prediction_unit,
    shown_questions,
)


@login_required
@never_cache
@require_safe
def rounds(request: HttpRequest) -> HttpResponse:
    """All rounds of public contests with what this person has done in each. Two queries besides the clock."""
    listed = Round.objects.public().select_related("contest__unit").defer(*UNSHOWN).order_by("-contest_id", "number")
    mine = my_rounds(listed, request.user, server_now())
    return render(
        request,
        "contest/rounds.html",
        {
            "contest": mine[0].round.contest if mine else None,
            "rounds": [each for each in mine if not each.round.is_practice],
            "practice": [each for each in mine if each.round.is_practice],
        },
    )


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def round_start(request: HttpRequest, pk: int) -> HttpResponse:
    """What starting means, with the deadline it would have; POST starts and goes to the sheet."""
    refusal = None
    if request.method == "POST":
        try:
            attempt, _new = start_attempt(user=person_of(request), round_id=pk)
            keep_until(request, attempt.deadline)
            return redirect("attempt", pk=attempt.pk)
        except Problem as problem:
            if problem.status == 404:
                raise Http404 from problem
            refusal = problem
    round = get_object_or_404(Round.objects.public().select_related("contest__unit").defer(*UNSHOWN), pk=pk)
    mine = my_rounds([round], request.user, server_now())[0]
    stranger = refusal_of(person_of(request), round) if mine.may_start else None
    return render(
        request,
        "contest/round_start.html",
        {
            "contest": round.contest,
            "round": round,
            "mine": mine,
            "refusal": refusal or stranger,
            "stranger": stranger,
            "questions": paper_of(round.pk).size,
            "unit": _unit_of(request) if mine.may_start and not stranger else None,
        },
        status=refusal.status if refusal else 200,
    )


def _unit_of(request: HttpRequest) -> Unit | None:
    """The unit that an attempt started now would count for: people are to see it before they start."""
    membership = Membership.objects.current().filter(user=person_of(request)).select_related("unit").first()
    return membership.unit if membership else None


@login_required
@never_cache  # no-store: the sheet holds the attempt key
@require_http_methods(["GET", "HEAD", "POST"])
def attempt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One's own attempt: the sheet while it runs, afterwards the receipt and, once released, the result."""
    mine = _own_attempt(request, pk)
    if mine.is_overdue(mine.server_time) and mine.round.state == RoundState.SCHEDULED:
        end_overdue_attempts(user_id=request.user.pk, round_id=mine.round_id)
        mine = _own_attempt(request, pk)
    if mine.state != AttemptState.IN_PROGRESS or mine.round.state != RoundState.SCHEDULED:
        return render(request, "contest/attempt.html", _ended_context(mine))
    keep_until(request, mine.deadline)
    paper = paper_of(mine.round_id)
    if request.method == "POST":
        return _take_form(request, mine, paper)
    return render(request, "contest/quiz.html", _quiz_context(mine, paper))


def _own_attempt(request: HttpRequest, pk: UUID) -> Any:
    attempts = Attempt.objects.of(person_of(request)).select_related("round__contest__unit", "unit").with_server_time()
    return get_object_or_404(attempts, pk=pk)


# --- The sheet --------------------------------------------------------------------------------------


def _quiz_context(attempt: Any, paper: Paper) -> dict[str, Any]:
    questions = shown_questions(attempt, paper)
    url = reverse("attempt", args=[attempt.pk])
    return {
        "contest": attempt.round.contest,
        "round": attempt.round,
        "attempt_url": url,
        "deadline": attempt.deadline,
        "questions": questions,
        "saved_count": sum(question.answered for question in questions),
        "config": page_config(attempt, paper, questions, url),
        "prediction_question": prediction_question(paper),
        "prediction_unit": prediction_unit(paper.rules),
        "prediction_text": prediction_text(attempt, paper),
    }


def _take_form(request: HttpRequest, attempt: Any, paper: Paper) -> HttpResponseRedirect:
    """Store the plain form, and hand in if asked. Always answers with a redirect: a reload sends nothing again."""
    key = AttemptKey(attempt.pk, attempt.round_id, attempt.nonce)
    questions = shown_questions(attempt, paper)
    try:
        stored = store_form(attempt=attempt, key=key, paper=paper, questions=questions, data=request.POST)
        _tell_stored(request, stored)
        if request.POST.get("action") == "submit" and stored.everything:
            submit_attempt(key=key)
    except Problem as problem:
        _tell_problem(request, problem)
    return redirect("attempt", pk=attempt.pk)


def _tell_stored(request: HttpRequest, stored: Stored) -> None:
    if stored.overtaken:
        messages.warning(
            request,
            _(
                "Câu %(positions)s đã có câu trả lời mới hơn ở cửa sổ hoặc thiết bị khác nên không bị ghi đè."
                " Trang này đang hiển thị câu trả lời mới nhất."
            )
            % {"positions": ", ".join(map(str, stored.overtaken))},
        )
    if stored.prediction_overtaken:
        messages.warning(request, _("Câu dự đoán đã có con số mới hơn ở cửa sổ hoặc thiết bị khác."))
    if stored.unreadable_prediction is not None:
        messages.error(
            request,
            _("Chưa lưu câu dự đoán: “%(text)s” không phải là con số hợp lệ.")
            % {"text": stored.unreadable_prediction[:40]},
        )
    if stored.everything and request.POST.get("action") != "submit":
        saved_at = timezone.localtime(server_now())
        messages.success(request, _("Đã lưu bài lúc %(time)s.") % {"time": f"{saved_at:%H:%M:%S}"})


def _tell_problem(request: HttpRequest, problem: Problem) -> None:
    if problem.code != "incomplete":
        messages.error(request, str(problem.detail))
        return
    missing = [_("câu %(position)s") % {"position": position} for position in problem.extra["unanswered"]]
    if problem.extra["prediction_missing"]:
        missing.append(_("câu dự đoán"))
    messages.error(
        request,
        _("Các câu đã chọn đã được lưu, nhưng chưa nộp được bài vì còn thiếu: %(missing)s.")
        % {"missing": ", ".join(missing)},
    )


# --- Receipt and result -----------------------------------------------------------------------------


def _ended_context(attempt: Any) -> dict[str, Any]:
    round, paper = attempt.round, paper_of(attempt.round_id)
    context: dict[str, Any] = {
        "contest": round.contest,
        "round": round,
        "attempt": attempt,
        "submission": submission_of(attempt),
        "prediction": prediction_text(attempt, paper),
        "unit": prediction_unit(paper.rules),
        "size": paper.size,
    }
    if not attempt.is_entry:
        return context
    context["submitted_iso"] = iso(attempt.submitted_at)
    if attempt.shows_score():
        context["score"] = key_of(round).score(attempt.answers)
    if attempt.shows_answers():
        context["graded"] = graded_questions(attempt, paper, round)
    else:
        context["questions"] = shown_questions(attempt, paper)
    if round.is_published and not round.is_practice:
        context["standing"] = Standing.objects.filter(attempt=attempt).select_related("prize").first()
        context["target"] = target_text(round)
    return context
