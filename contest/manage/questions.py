"""Pages of questions: those of a round, the second organiser's look at the key, and the banks."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.problems import Refused
from accounts.rights import Right, has
from contest.manage.access import (
    banks_for,
    carried_out,
    page_context,
    page_of,
    require,
    round_for,
    words_of,
)
from contest.manage.forms import BankForm, QuestionForm
from contest.manage.steps import uses_of
from contest.models import Bank, Question, Round, RoundQuestion
from contest.models.round import RoundState
from contest.question_import.references import needs_fixed_order
from contest.services.bank import create_bank, delete_question, save_question
from contest.services.checklist import faults_of_question
from contest.services.content import key_digest, places_of
from contest.services.rounds import (
    add_questions,
    confirm_key,
    editors_of_key,
    move_question,
    possible_confirmers,
    remove_question,
)

PAGE_SIZE = 50


# --- The questions of a round -----------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@login_required
def of_round(request: HttpRequest, pk: int) -> HttpResponse:
    """The questions in order, with what is wrong with each; moved and removed in a draft."""
    round = round_for(request, pk)
    if request.method == "POST":
        _rearrange(request, round)
        return redirect("manage-round-questions", pk)
    places = places_of(round)
    for place in places:
        place.faults = faults_of_question(place.question, round) if round.state == RoundState.DRAFT else []
    return render(
        request,
        "manage/round_questions.html",
        page_context(round, "questions")
        | {
            "places": places,
            "is_draft": round.state == RoundState.DRAFT,
            "wanting": round.contest.questions_per_round - len(places),
        },
    )


def _rearrange(request: HttpRequest, round: Round) -> None:
    """`move` is "question:position", `remove` a question."""
    target, _colon, to = request.POST.get("move", "").partition(":")
    removed = request.POST.get("remove", "")
    if removed.isdecimal():
        carried_out(request, _("Đã bỏ câu hỏi."), remove_question, round=round, question_id=int(removed))
    elif target.isdecimal() and to.isdecimal():
        carried_out(request, _("Đã đổi thứ tự."), move_question, round=round, question_id=int(target), to=int(to))


@require_http_methods(["GET", "POST"])
@login_required
def pick(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose questions for a draft out of the banks within one's rights."""
    round = round_for(request, pk, right=Right.EDIT_CONTESTS)
    available = Question.objects.filter(bank__in=banks_for(request, Right.EDIT_CONTESTS))
    if request.method == "POST":
        ids = [int(text) for text in request.POST.getlist("question") if text.isdecimal()]
        chosen = list(available.filter(pk__in=ids).order_by("bank_id", "code"))
        if carried_out(request, _("Đã thêm câu hỏi."), add_questions, round=round, questions=chosen):
            return redirect("manage-round-questions", pk)
        return redirect(request.get_full_path())
    here = RoundQuestion.objects.filter(round=round, question=OuterRef("pk"))
    rows, filters = _filtered(request, available)
    rows = rows.exclude(Exists(here)).select_related("bank").prefetch_related("choices").order_by("bank_id", "code")
    page, query = page_of(request, rows, PAGE_SIZE)
    _describe(page.object_list, round)
    return render(
        request,
        "manage/pick.html",
        page_context(round, "questions")
        | {
            "page": page,
            "query": query,
            **filters,
            "banks": banks_for(request, Right.EDIT_CONTESTS),
            "topics": _topics(available),
            "wanting": round.contest.questions_per_round - round.round_questions.count(),
        },
    )


def _describe(questions: Any, round: Round) -> None:
    uses = uses_of(list(questions), round.contest_id)
    for question in questions:
        question.faults = faults_of_question(question, round)
        question.uses = uses.get(question.pk, [])


def _filtered(request: HttpRequest, questions: QuerySet[Question]) -> tuple[QuerySet[Question], dict[str, Any]]:
    """The questions that `bank`, `topic` and `q` of the address leave, and those values for the page."""
    bank, topic, words = (words_of(request, name) for name in ("bank", "topic", "q"))
    if bank:
        questions = questions.filter(bank__slug=bank)
    if topic:
        questions = questions.filter(topic=topic)
    for word in words.split():
        questions = questions.filter(
            Q(text__icontains=word) | Q(code__icontains=word) | Q(legal_source__icontains=word)
        )
    return questions, {"bank_slug": bank, "topic": topic, "q": words}


def _topics(questions: QuerySet[Question]) -> list[str]:
    topics = questions.exclude(topic="").order_by("topic").values_list("topic", flat=True)
    return list(topics.distinct())


@require_http_methods(["GET", "POST"])
@login_required
def key(request: HttpRequest, pk: int) -> HttpResponse:
    """Every question with its key, for the second organiser to confirm what they see."""
    round = round_for(request, pk)
    if request.method == "POST":
        seen = request.POST.get("seen", "")
        carried_out(request, _("Đã xác nhận đáp án."), confirm_key, round=round, seen=seen)
        return redirect("manage-round-key", pk)
    places = places_of(round)
    digest = key_digest(round, places)
    return render(
        request,
        "manage/key.html",
        page_context(round, "key")
        | {
            "places": places,
            "digest": digest,
            "is_draft": round.state == RoundState.DRAFT,
            "is_confirmed": bool(places) and round.key_confirmed_digest == digest,
            "is_editor": request.user.pk in editors_of_key(round),
            "confirmers": possible_confirmers(round),
        },
    )


# --- Banks ------------------------------------------------------------------------------------------


@require_safe
@login_required
def banks(request: HttpRequest) -> HttpResponse:
    """The banks within one's rights."""
    require(request, Right.READ_CONTESTS)
    rows = banks_for(request).select_related("unit").annotate(number=Count("questions")).order_by("title")
    return render(
        request,
        "manage/banks.html",
        {
            "banks": rows,
            "may_act": has(request.user, Right.EDIT_CONTESTS),
        },
    )


@require_http_methods(["GET", "POST"])
@login_required
def bank_create(request: HttpRequest) -> HttpResponse:
    """A new, empty bank of a unit in scope."""
    form = BankForm(request.POST or None, units=require(request, Right.EDIT_CONTESTS))
    if form.is_valid() and carried_out(request, _("Đã tạo ngân hàng câu hỏi."), create_bank, bank=form.instance):
        return redirect("manage-bank", form.instance.slug)
    return render(request, "manage/bank_form.html", {"form": form})


@require_safe
@login_required
def bank(request: HttpRequest, slug: str) -> HttpResponse:
    """The questions of a bank, with filter and search."""
    shown = get_object_or_404(banks_for(request), slug=slug)
    rows, filters = _filtered(request, shown.questions.all())
    frozen = RoundQuestion.objects.filter(question=OuterRef("pk"), round__scheduled_at__isnull=False)
    rows = rows.annotate(is_used=Exists(frozen)).order_by("code")
    page, query = page_of(request, rows, PAGE_SIZE)
    return render(
        request,
        "manage/bank.html",
        {
            "bank": shown,
            "page": page,
            "query": query,
            **filters,
            "topics": _topics(shown.questions.all()),
            "today": timezone.localdate(),
            "may_act": _may_edit(request, shown),
        },
    )


def _may_edit(request: HttpRequest, bank: Bank) -> bool:
    return banks_for(request, Right.EDIT_CONTESTS).filter(pk=bank.pk).exists()


@require_http_methods(["GET", "POST"])
@login_required
def question_create(request: HttpRequest, slug: str) -> HttpResponse:
    """A new question in a bank."""
    shown = get_object_or_404(banks_for(request, Right.EDIT_CONTESTS), slug=slug)
    return _question_page(request, Question(bank=shown), shown)


@require_http_methods(["GET", "POST"])
@login_required
def question(request: HttpRequest, pk: int) -> HttpResponse:
    """A question: a form, or read-only once a scheduled round rests on it."""
    shown = get_object_or_404(
        Question.objects.filter(bank__in=banks_for(request)).select_related("bank", "edited_by"), pk=pk
    )
    if request.method == "GET" and (shown.is_frozen() or not _may_edit(request, shown.bank)):
        rounds = Round.objects.filter(round_questions__question=shown).select_related("contest")
        return render(request, "manage/question.html", {"question": shown, "bank": shown.bank, "rounds": rounds})
    return _question_page(request, shown, shown.bank)


def _question_page(request: HttpRequest, question: Question, bank: Bank) -> HttpResponse:
    form = QuestionForm(request.POST or None, instance=question)
    if form.is_valid():
        choices = form.choices()
        if needs_fixed_order(choices) and not form.instance.fixed_order:
            form.instance.fixed_order = True
            messages.info(request, _("Có phương án nhắc đến phương án khác nên thứ tự phương án sẽ được giữ nguyên."))
        try:
            save_question(question=form.instance, choices=choices, actor=request.user)
        except Refused as refused:
            form.add_error(None, [str(reason) for reason in refused.reasons])
        else:
            messages.success(request, _("Đã lưu câu hỏi %(code)s.") % {"code": form.instance.code})
            return redirect("manage-bank", bank.slug)
    stored = question.pk is not None
    return render(
        request,
        "manage/question_form.html",
        {
            "form": form,
            "question": question,
            "bank": bank,
            "stored": stored,
            "topics": _topics(bank.questions.all()),
            "is_held": stored and question.round_questions.exists(),
        },
    )


@require_POST
@login_required
def question_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a question that no round holds."""
    shown = get_object_or_404(Question.objects.filter(bank__in=banks_for(request)).select_related("bank"), pk=pk)
    if carried_out(request, _("Đã xóa câu hỏi."), delete_question, question=shown):
        return redirect("manage-bank", shown.bank.slug)
    return redirect("manage-question", pk)
