"""Organisers' pages of a panel's result, once it has locked; and the rules that everybody may read from the start."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.problems import Refused
from accounts.rights import Right
from contest.manage.access import carried_out
from videos.models import ChairDecision, ChairDecisionKind, ClipContest, PanelResult
from videos.result.ranking import Tie
from videos.result.services import compute_result, latest_result, order_tied, publish_result
from videos.result.showing import Row, ShownResult
from videos.result.words import words_of_rules
from videos.setup.access import clip_contest_for, page_context


def _locked(request: HttpRequest, pk: int) -> ClipContest:
    """The clip contest once its panel has locked; before, there is nothing to see for anybody. Raises Http404."""
    clip_contest = clip_contest_for(request, pk, read=Right.READ_SCORE_SHEETS, act=Right.RUN_PANEL)
    if clip_contest.locked_at is None:
        raise Http404
    return clip_contest


# --- Pages ------------------------------------------------------------------------------------------


@never_cache
@require_safe
@login_required
def result(request: HttpRequest, pk: int) -> HttpResponse:
    """Ranking, judges, ties to be ordered, and what is still to be done."""
    return _page(request, _locked(request, pk))


def _page(request: HttpRequest, clip_contest: ClipContest) -> HttpResponse:
    """With what was typed into the form of a tie, when that was refused."""
    latest = latest_result(clip_contest)
    context = page_context(clip_contest, "result") | {"result": latest}
    if latest is not None:
        context |= _shown(request, clip_contest, latest)
    return render(request, "videos/manage/result.html", context)


def _shown(request: HttpRequest, clip_contest: ClipContest, latest: PanelResult) -> dict[str, Any]:
    shown = ShownResult(latest)
    decisions = ChairDecision.objects.filter(clip_contest=clip_contest, kind=ChairDecisionKind.ORDER_TIED)
    of_clip = {str(row.standing.clip_id): row for row in shown.rows}
    return {
        "shown": shown,
        "words": words_of_rules(shown.rules, shown.titles),
        "ties": [(tie, _tied_rows(tie, of_clip, request)) for tie in shown.ties],
        "sent": request.POST.get("tie", ""),
        "reason": request.POST.get("reason", ""),
        "decided": [
            (one, [of_clip[clip].standing.clip for clip in one.order if clip in of_clip])
            for one in decisions.select_related("decided_by")
        ],
        "disputed": [row.standing for row in shown.rows if row.standing.is_disputed],
    }


def _tied_rows(tie: Tie, of_clip: dict[str, Row], request: HttpRequest) -> list[tuple[Row, str]]:
    """(row, the place typed for it) of every clip in a tie."""
    return [(of_clip[clip], request.POST.get(f"place-{clip}", "")) for clip in tie.clips]


@never_cache
@require_safe
@login_required
def calculation(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """How one clip came to its score, sheet by sheet."""
    clip_contest = _locked(request, pk)
    latest = latest_result(clip_contest)
    if latest is None:
        raise Http404
    standings = latest.standings.select_related("clip__unit__kind", "clip__genre")
    standing = get_object_or_404(standings, clip__number=number)
    shown = ShownResult(latest)
    one = shown.calculation(standing)
    context = page_context(clip_contest, "result") | {
        "result": latest,
        "shown": shown,
        "one": one,
        "clip": standing.clip,
        "comments": [line for line in one.lines if line.comment],
        "words": words_of_rules(shown.rules, shown.titles),
    }
    return render(request, "videos/manage/result_clip.html", context)


# --- Acts -------------------------------------------------------------------------------------------


@require_POST
@login_required
def compute(request: HttpRequest, pk: int) -> HttpResponse:
    """Compute the result, or make sure that it still comes out the same."""
    clip_contest = _locked(request, pk)
    before = latest_result(clip_contest)
    try:
        computed = compute_result(clip_contest=clip_contest, actor=request.user)
    except Refused as refused:
        for reason in refused.reasons:
            messages.error(request, str(reason))
    else:
        if computed == before:
            messages.info(request, _("Đã tính lại: kết quả không đổi, mã băm trùng với bản đã có."))
        else:
            messages.success(request, _("Đã tính kết quả, bản %(version)s.") % {"version": computed.version})
    return redirect("manage-clip-result", pk)


@require_POST
@login_required
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """Record in which order the chair puts the clips of a tie."""
    clip_contest = _locked(request, pk)
    latest = latest_result(clip_contest)
    done = carried_out(
        request,
        _("Đã ghi quyết định của Trưởng ban và tính lại kết quả."),
        _record_order,
        clip_contest=clip_contest,
        typed=_typed_order(request, latest) if latest else [],
        reason=request.POST.get("reason", ""),
    )
    return redirect("manage-clip-result", pk) if done else _page(request, clip_contest)


def _typed_order(request: HttpRequest, latest: PanelResult) -> list[str] | None:
    """The clips of the tie that was sent, in the order typed; None when the numbers are no order."""
    ties = ShownResult(latest).ties
    tie = next((tie for tie in ties if tie.clips[0] == request.POST.get("tie")), None)
    if tie is None:
        return []
    places = {clip: request.POST.get(f"place-{clip}", "").strip() for clip in tie.clips}
    if sorted(places.values()) != sorted(str(place) for place in range(1, len(places) + 1)):
        return None
    return sorted(places, key=lambda clip: int(places[clip]))


def _record_order(*, actor: Any, clip_contest: ClipContest, typed: list[str] | None, reason: str) -> None:
    if typed is None:
        raise Refused(_("Cần ghi thứ tự 1, 2, 3… cho từng video, không trùng và không bỏ trống."))
    order_tied(clip_contest=clip_contest, clips=typed, reason=reason.replace("\0", ""), actor=actor)


@require_POST
@login_required
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the version that was looked at public."""
    clip_contest = _locked(request, pk)
    typed = request.POST.get("version", "")
    version = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0
    carried_out(
        request,
        _("Đã công bố kết quả và thông báo cho các đơn vị có video."),
        publish_result,
        clip_contest=clip_contest,
        version=version,
    )
    return redirect("manage-clip-result", pk)


# --- For everybody ----------------------------------------------------------------------------------


@require_safe
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    """The rules of a public contest's clips: window, limits, rubric, how sheets become scores, ranks and prizes."""
    contests = ClipContest.objects.public().select_related("contest__unit", "rubric")
    clip_contest = get_object_or_404(contests, contest__slug=slug)
    criteria = list(clip_contest.rubric.criteria.order_by("position")) if clip_contest.rubric else []
    context = {
        "contest": clip_contest.contest,
        "clip_contest": clip_contest,
        "criteria": criteria,
        "full_marks": sum(one.maximum for one in criteria),
        "genres": list(clip_contest.genres.all()),
        "prizes": list(clip_contest.prizes.all()),
        "words": words_of_rules(clip_contest.judging_rules(), [one.title for one in criteria]),
    }
    return render(request, "videos/rules.html", context)
