"""The judge's pages: the desk, the sheet, handing it in, conflict and abstention, and the chair's decisions."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.problems import Problem, Refused
from videos.models import OPEN_STATES, ClipContest, ScoreSheet, SheetState
from videos.panel.access import chaired_for, panels_of, require_judge, sheet_for, sheets_of
from videos.panel.services import abstain, close_sheet, declare_conflict, submit_sheet
from videos.panel.services.closing import open_sheets
from videos.panel.sheet import Sheet, is_open, neighbours_of, page_config, read_sheet, store_form

DONE_STATES = (SheetState.SUBMITTED, SheetState.CLOSED)
ASIDE_STATES = (SheetState.CONFLICT, SheetState.ABSTAINED)
SHOWN = {"left": OPEN_STATES, "done": DONE_STATES, "aside": ASIDE_STATES, "all": tuple(SheetState)}


class JudgeRequest(HttpRequest):
    """A request past `login_required`."""

    user: User


# --- The desk ---------------------------------------------------------------------------------------


@never_cache
@login_required
@require_safe
def desk(request: JudgeRequest) -> HttpResponse:
    """What is left to score, of one panel: the judge's own sheets by the clips' numbers. Nothing of other judges."""
    require_judge(request)
    panels = list(panels_of(request.user))
    clip_contest = _panel_asked_for(request, panels)
    context: dict[str, Any] = {"panels": panels, "clip_contest": clip_contest}
    if clip_contest is not None:
        context |= {"contest": clip_contest.contest} | _desk_context(request, clip_contest)
    return render(request, "videos/judging/desk.html", context)


def _panel_asked_for(request: JudgeRequest, panels: list[ClipContest]) -> ClipContest | None:
    wanted = request.GET.get("contest", "")
    if wanted:
        chosen = next((panel for panel in panels if str(panel.pk) == wanted), None)
        if chosen is None:
            raise Http404
        return chosen
    started = [panel for panel in panels if panel.scoring_started_at]
    at_work = [panel for panel in started if panel.left]  # type: ignore[attr-defined]
    return next(iter(at_work or started or panels), None)


def _desk_context(request: JudgeRequest, clip_contest: ClipContest) -> dict[str, Any]:
    """One query."""
    related = ["clip__genre", "clip__current", *([] if clip_contest.is_blind else ["clip__unit"])]
    sheets = list(
        sheets_of(request.user)
        .filter(clip__clip_contest=clip_contest)
        .select_related(*related)
        .annotate(total=Sum("scores__points"), given=Count("scores", filter=Q(scores__points__isnull=False)))
    )
    counts = Counter(SheetState(sheet.state) for sheet in sheets)
    numbers = {name: sum(counts[state] for state in states) for name, states in SHOWN.items()}
    show = request.GET.get("show", "")
    if show not in SHOWN:
        show = "left" if numbers["left"] else "all"
    shown = [sheet for sheet in sheets if sheet.state in SHOWN[show]]
    left = [sheet for sheet in sheets if sheet.state in OPEN_STATES]
    under_way = [sheet for sheet in left if sheet.state == SheetState.SCORING]
    labels = {"left": _("Còn phải chấm"), "done": _("Đã xong"), "aside": _("Không chấm"), "all": _("Tất cả")}
    return {
        "sheets": shown,
        "show": show,
        "tabs": [(name, labels[name], numbers[name]) for name in SHOWN],
        "numbers": numbers,
        "to_do": numbers["left"] + numbers["done"],
        "under_way": len(under_way),
        "go_on": next(iter(under_way or left), None),
        "is_chair": clip_contest.panel.filter(judge=request.user, is_chair=True).exists(),
    }


# --- A sheet ----------------------------------------------------------------------------------------


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sheet(request: JudgeRequest, sheet_id: int) -> HttpResponse:
    """The clip with the sheet beside it. POST is the plain form: it saves, or saves and goes on to handing in."""
    stored = sheet_for(request.user, sheet_id)
    shown, status = read_sheet(stored), 200
    if request.method == "POST":
        try:
            store_form(shown, request.POST, request.user)
        except Problem as problem:
            messages.error(request, str(problem.detail))
            stored.refresh_from_db(fields=["state"])
            status = problem.status
        else:
            status = 422 if any(line.error for line in shown.lines) or shown.comment_error else 200
            if status == 200:
                return _after_saving(request, stored)
    return render(request, "videos/judging/sheet.html", _sheet_context(request, stored, shown), status=status)


def _after_saving(request: JudgeRequest, stored: ScoreSheet) -> HttpResponse:
    if request.POST.get("action") == "submit":
        return redirect("judging-submit", stored.pk)
    messages.success(request, _("Đã lưu phiếu. Phiếu chưa được nộp."))
    return redirect("judging-sheet", stored.pk)


def _sheet_context(request: JudgeRequest, stored: ScoreSheet, shown: Sheet) -> dict[str, Any]:
    clip_contest = stored.clip.clip_contest
    return {
        "contest": clip_contest.contest,
        "clip_contest": clip_contest,
        "stored": stored,
        "clip": stored.clip,
        "sheet": shown,
        "is_open": is_open(stored),
        "is_aside": stored.state in ASIDE_STATES,
        "neighbours": neighbours_of(stored, request.user),
        "config": page_config(shown),
    }


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: JudgeRequest, sheet_id: int) -> HttpResponse:
    """What is about to be handed in, as the server holds it; POST hands it in and goes on to the next clip."""
    stored = sheet_for(request.user, sheet_id)
    status = 200
    if request.method == "POST":
        try:
            submit_sheet(sheet=stored, actor=request.user)
        except Problem as problem:
            messages.error(request, str(problem.detail))
            if problem.code != "incomplete":
                return redirect("judging-sheet", sheet_id)
            status = problem.status
        else:
            messages.success(request, _("Đã nộp phiếu chấm video số %(number)s.") % {"number": stored.clip.number})
            return _next_after(request, stored)
    elif not is_open(stored):
        return redirect("judging-sheet", sheet_id)
    shown = read_sheet(stored)
    return render(request, "videos/judging/submit.html", _sheet_context(request, stored, shown), status=status)


def _next_after(request: JudgeRequest, stored: ScoreSheet) -> HttpResponse:
    """The judge's next open sheet by number, or the desk when there is none."""
    after = neighbours_of(stored, request.user).after
    return redirect("judging-sheet", after) if after else _to_desk(stored.clip.clip_contest_id)


def _to_desk(clip_contest_id: int) -> HttpResponse:
    response = redirect("judging")
    response["Location"] += f"?contest={clip_contest_id}"
    return response


# --- Conflict, abstention ---------------------------------------------------------------------------


def conflict(request: JudgeRequest, sheet_id: int) -> HttpResponse:
    """Declare a conflict of interest, with a reason, before the first score."""
    done = _("Đã ghi nhận xung đột lợi ích. Video không còn trong phần việc của bạn.")
    return _decline(request, sheet_id, act=declare_conflict, kind="conflict", done=done)


def abstention(request: JudgeRequest, sheet_id: int) -> HttpResponse:
    """Not score this clip, with a reason."""
    done = _("Đã ghi nhận: bạn không chấm video này.")
    return _decline(request, sheet_id, act=abstain, kind="abstain", done=done)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def _decline(request: JudgeRequest, sheet_id: int, *, act: Callable[..., None], kind: str, done: str) -> HttpResponse:
    stored = sheet_for(request.user, sheet_id)
    fault, status = "", 200
    reason = request.POST.get("reason", "").replace("\0", "")[:1000]
    if request.method == "POST":
        try:
            act(sheet=stored, reason=reason, actor=request.user)
        except Problem as problem:
            fault, status = str(problem.detail), problem.status
        else:
            messages.success(request, done)
            return _next_after(request, stored)
    elif not is_open(stored):
        return redirect("judging-sheet", sheet_id)
    context = {
        "contest": stored.clip.clip_contest.contest,
        "clip_contest": stored.clip.clip_contest,
        "stored": stored,
        "clip": stored.clip,
        "kind": kind,
        "reason": reason,
        "fault": fault,
        "is_too_late": kind == "conflict" and stored.state != SheetState.ASSIGNED,
    }
    return render(request, "videos/judging/decline.html", context, status=status)


# --- The chair --------------------------------------------------------------------------------------


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def missing(request: JudgeRequest, pk: int) -> HttpResponse:
    """The chair closes sheets that will not be filled. Who has not finished is shown once the chair's own are done."""
    clip_contest = chaired_for(request.user, pk)
    own_left = sheets_of(request.user).filter(clip__clip_contest=clip_contest, state__in=OPEN_STATES).count()
    status = 200
    if request.method == "POST" and not clip_contest.locked_at:
        if own_left:
            messages.error(request, _("Hãy hoàn thành các phiếu của mình trước."))
            status = 409
        elif carried_out_closing(request, clip_contest):
            return redirect("judging-missing", pk)
        else:
            status = 422
    context = {
        "contest": clip_contest.contest,
        "clip_contest": clip_contest,
        "own_left": own_left,
        "open_sheets": [] if own_left or clip_contest.locked_at else list(open_sheets(clip_contest)),
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "videos/judging/missing.html", context, status=status)


def carried_out_closing(request: JudgeRequest, clip_contest: ClipContest) -> bool:
    """Close the sheets that were ticked, all or none, for one reason; says what came of it."""
    wanted = [text for text in request.POST.getlist("sheets") if text.isascii() and text.isdecimal() and len(text) < 19]
    sheets = list(open_sheets(clip_contest).filter(pk__in=wanted))
    if not sheets:
        messages.error(request, _("Hãy chọn ít nhất một phiếu còn để ngỏ."))
        return False
    try:
        with transaction.atomic():
            for one in sheets:
                close_sheet(sheet=one, reason=request.POST.get("reason", "").replace("\0", ""), actor=request.user)
    except Refused as refused:
        messages.error(request, str(refused.detail))
        return False
    text = ngettext("Đã khép %(n)s phiếu.", "Đã khép %(n)s phiếu.", len(sheets)) % {"n": len(sheets)}
    messages.success(request, text)
    return True
