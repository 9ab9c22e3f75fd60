"""Pages of a round in preparation: window, prizes, headcounts, checklist, schedule, and a later close."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.clock import server_now
from accounts.problems import Refused
from accounts.rights import Right
from accounts.text import search_key
from contest.full_record import may_have_full_record
from contest.manage.access import carried_out, contest_for, page_context, page_of, round_for, words_of
from contest.manage.forms import ExtensionForm, PrizeFormSet, RoundForm
from contest.manage.steps import Step, next_step
from contest.models import Contest, Round
from contest.models.round import RoundState
from contest.services.checklist import cautions_for_schedule
from contest.services.content import places_of, units_taking_part
from contest.services.extensions import confirm_extension, propose_extension
from contest.services.results import undrawn_ties
from contest.services.rounds import (
    create_round,
    delete_round,
    edit_round,
    missing_for_schedule,
    propose_window,
    schedule_round,
    set_prizes,
)
from contest.services.setup import set_headcounts

UNITS_PER_PAGE = 100


@require_safe
@login_required
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The round: where it stands, what is missing, and what may be done next."""
    round = round_for(request, pk)
    context = page_context(round, "overview")
    if round.state == RoundState.DRAFT:
        missing = missing_for_schedule(round)
        count = ngettext("Còn thiếu %(n)s điều", "Còn thiếu %(n)s điều", len(missing)) % {"n": len(missing)}
        context |= {"missing": missing, "missing_count": count, "cautions": cautions_for_schedule(round)}
        context["step"] = _step_of(round)
    elif round.has_result and not round.is_practice:
        context["ties"] = undrawn_ties(round) if round.state != RoundState.FINAL else []
        context["may_have_record"] = may_have_full_record(request.user, round)
    return render(request, "manage/round.html", context)


def _step_of(round: Round) -> Step | None:
    round.places, round.prize_list, round.open_extensions = places_of(round), list(round.prizes.all()), []
    step = next_step(round, round.now)
    if step is None or step.url != reverse("manage-round", args=[round.pk]):
        return step
    return Step(_("Nhập biên chế các đơn vị"), reverse("manage-round-headcounts", args=[round.pk]))


@require_http_methods(["GET", "POST"])
@login_required
def create(request: HttpRequest, pk: int) -> HttpResponse:
    """The next round, or with ?practice=1 the practice round; window and prizes are proposed."""
    contest = contest_for(request, pk, right=Right.EDIT_CONTESTS)
    is_practice = request.GET.get("practice") == "1"
    form = RoundForm(request.POST or None, initial=_proposal(contest, is_practice))
    form.fields["title"].required = False
    if form.is_valid():
        arguments = {"contest": contest, "is_practice": is_practice, **form.cleaned_data}
        if carried_out(request, _("Đã tạo tuần thi."), create_round, **arguments):
            newest = contest.rounds.filter(is_practice=is_practice).order_by("-number").first()
            return redirect("manage-round", newest.pk)
    return render(request, "manage/round_create.html", {"contest": contest, "form": form, "is_practice": is_practice})


def _proposal(contest: Contest, is_practice: bool) -> dict:
    opens_at, closes_at = propose_window(contest, now=server_now())
    number = (contest.rounds.counted().count() or 0) + 1
    title = "Thi thử" if is_practice else f"Tuần {number}"
    return {"title": title, "opens_at": opens_at, "closes_at": closes_at}


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Title and window of a draft."""
    round = round_for(request, pk, right=Right.EDIT_CONTESTS)
    if round.state != RoundState.DRAFT:
        return redirect("manage-round", pk)
    form = RoundForm(request.POST or None, instance=round)
    if form.is_valid() and carried_out(request, _("Đã lưu tuần thi."), edit_round, round=round, **form.cleaned_data):
        return redirect("manage-round", pk)
    return render(
        request,
        "manage/round_edit.html",
        page_context(round, "edit")
        | {
            "form": form,
        },
    )


@require_POST
@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a draft."""
    round = round_for(request, pk)
    if carried_out(request, _("Đã xóa bản nháp của tuần thi."), delete_round, round=round):
        return redirect("manage-contest", round.contest_id)
    return redirect("manage-round", pk)


@require_http_methods(["GET", "POST"])
@login_required
def prizes(request: HttpRequest, pk: int) -> HttpResponse:
    """The prizes, given in every block; set as long as the round is a draft."""
    round = round_for(request, pk)
    stored = list(round.prizes.values("title", "count"))
    formset = PrizeFormSet(request.POST or None, initial=stored)
    if formset.is_valid():
        rows = [(form.cleaned_data["title"], form.cleaned_data["count"]) for form in formset
                if form.cleaned_data.get("title")]  # fmt: skip
        if carried_out(request, _("Đã lưu cơ cấu giải thưởng."), set_prizes, round=round, prizes=rows):
            return redirect("manage-round-prizes", pk)
    return render(
        request,
        "manage/prizes.html",
        page_context(round, "prizes")
        | {
            "formset": formset,
            "stored": stored,
            "blocks": round.contest.blocks.count(),
        },
    )


@require_http_methods(["GET", "POST"])
@login_required
def headcounts(request: HttpRequest, pk: int) -> HttpResponse:
    """The units taking part with their headcounts: edited in a draft, as locked afterwards."""
    round = round_for(request, pk)
    if request.method == "POST":
        _save_headcounts(request, round)
        return redirect(request.get_full_path())
    words, only_missing = words_of(request), request.GET.get("missing") == "1"
    if round.state == RoundState.DRAFT:
        context = _headcounts_of_draft(round, words, only_missing)
    else:
        context = _locked_headcounts(round, words)
    page, query = page_of(request, context.pop("rows"), UNITS_PER_PAGE)
    context |= {"page": page, "query": query, "q": words, "only_missing": only_missing}
    return render(request, "manage/headcounts.html", page_context(round, "headcounts") | context)


def _headcounts_of_draft(round: Round, words: str, only_missing: bool) -> dict[str, Any]:
    every = units_taking_part(round).select_related("kind", "parent").order_by("code")
    rows = every.filter(search_key__contains=search_key(words)) if words else every
    without = every.filter(headcount=None)
    return {
        "is_draft": True,
        "rows": rows.filter(headcount=None) if only_missing else rows,
        "total": every.count(),
        "missing": without.count(),
    }


def _locked_headcounts(round: Round, words: str) -> dict[str, Any]:
    every = round.round_units.select_related("unit", "kind", "parent").order_by("unit__code")
    rows = every.filter(unit__search_key__contains=search_key(words)) if words else every
    return {"is_draft": False, "rows": rows, "total": every.count(), "missing": 0}


def _save_headcounts(request: HttpRequest, round: Round) -> None:
    """Store the boxes that the person changed, so that a stale page does not undo another's work."""
    changed: dict[int, int | None] = {}
    for name, value in request.POST.items():
        unit_id = name.removeprefix("unit-")
        if unit_id == name or not unit_id.isdecimal() or value.strip() == request.POST.get(f"was-{unit_id}", ""):
            continue
        text = value.strip().replace(".", "")
        if text and not (text.isascii() and text.isdecimal() and int(text) <= 1_000_000):
            carried_out(request, "", _refuse_headcount, text=value)
            return
        changed[int(unit_id)] = int(text) if text else None
    carried_out(request, _("Đã lưu biên chế."), set_headcounts, round=round, headcounts=changed)


def _refuse_headcount(*, actor, text: str) -> None:
    raise Refused(_("Biên chế phải là số nguyên từ 0 đến 1.000.000, không phải “%(text)s”.") % {"text": text[:30]})


@require_POST
@login_required
def schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the round on the calendar; the page shows the commitment afterwards."""
    round = round_for(request, pk)
    carried_out(request, _("Đã lên lịch và niêm phong đáp án."), schedule_round, round=round)
    return redirect("manage-round", pk)


@require_http_methods(["GET", "POST"])
@login_required
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """The closing time: proposals to move it later, and a form for one more."""
    round = round_for(request, pk)
    form = ExtensionForm(request.POST or None)
    if form.is_valid() and carried_out(
        request,
        _("Đã ghi đề nghị. Cần một thành viên Ban Tổ chức khác xác nhận."),
        propose_extension,
        round=round,
        **form.cleaned_data,
    ):
        return redirect("manage-round-close", pk)
    extensions = list(round.close_extensions.select_related("proposed_by", "confirmed_by"))
    may_move = round.state == RoundState.SCHEDULED and round.now <= round.accepts_until
    for extension in extensions:
        extension.is_open = may_move and extension.confirmed_at is None and extension.closes_at > round.closes_at
    return render(
        request,
        "manage/close.html",
        page_context(round, "close")
        | {
            "form": form,
            "extensions": extensions,
            "may_move": may_move,
        },
    )


@require_POST
@login_required
def extension_confirm(request: HttpRequest, pk: int, extension_pk: int) -> HttpResponse:
    """Confirm another organiser's proposal."""
    round = round_for(request, pk)
    extension = get_object_or_404(round.close_extensions, pk=extension_pk)
    carried_out(request, _("Đã lùi thời điểm đóng."), confirm_extension, extension=extension)
    return redirect("manage-round-close", pk)
