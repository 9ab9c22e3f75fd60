"""Organisers' pages of a clip contest: overview, settings, genres and prizes, rubric."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.problems import Refused
from accounts.rights import Right, has, units_with
from contest.manage.access import carried_out, contest_for
from contest.manage.forms import PrizeFormSet
from contest.models import Contest
from videos.models import ClipContest, Rubric
from videos.ready import RUBRICS
from videos.setup.access import clip_contest_for, mark, page_context
from videos.setup.forms import ClipContestForm, CriterionFormSet, DatesForm, GenresForm
from videos.setup.overview import (
    Step,
    Waiting,
    counts_by_kind,
    counts_by_state,
    settings_in_words,
    steps_of,
    waiting_in,
)
from videos.setup.services import (
    copy_ready_rubric,
    create_clip_contest,
    save_clip_contest,
    save_rubric_of,
    set_genres,
    set_prizes,
)


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The clip contests in scope, and contests that could have one. Raises Http404 without any right to read them."""
    if not has(request.user, Right.READ_CLIP_CONTESTS):
        raise Http404
    units = units_with(request.user, Right.READ_CLIP_CONTESTS)
    rows = ClipContest.objects.organised_in(units).select_related("contest__unit").order_by("-closes_at")
    clip_contests = list(rows)
    for clip_contest in clip_contests:
        mark(request, clip_contest, Right.EDIT_CONTESTS)
    without = Contest.objects.organised_in(units_with(request.user, Right.EDIT_CONTESTS)).filter(clip_contest=None)
    return render(request, "videos/manage/index.html", {"clip_contests": clip_contests, "without": without})


@require_http_methods(["GET", "POST"])
@login_required
def create(request: HttpRequest, contest_pk: int) -> HttpResponse:
    """Give a contest its part for clips."""
    contest = contest_for(request, contest_pk, right=Right.EDIT_CONTESTS)
    stored = ClipContest.objects.filter(contest=contest).first()
    if stored:
        return redirect("manage-clips", stored.pk)
    form = DatesForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            stored = create_clip_contest(contest=contest, actor=request.user, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, [str(reason) for reason in refused.reasons])
        else:
            messages.success(request, _("Đã tạo phần thi video. Hãy kiểm tra yêu cầu đối với video và thang điểm."))
            return redirect("manage-clips-settings", stored.pk)
    return render(request, "videos/manage/create.html", {"contest": contest, "form": form})


@require_safe
@login_required
def overview(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the clip contest stands, what is to be done next, and its settings in words."""
    clip_contest = clip_contest_for(request, pk)
    context = page_context(clip_contest, "overview") | {
        "states": counts_by_state(clip_contest),
        "kinds": counts_by_kind(clip_contest),
        "steps": _steps(clip_contest),
        "settings": settings_in_words(clip_contest),
        "prizes": clip_contest.prizes.all(),
        "genres": clip_contest.genres.all(),
    }
    return render(request, "videos/manage/overview.html", context)


def _steps(clip_contest: ClipContest) -> list[Step]:
    waiting = waiting_in([clip_contest]).get(clip_contest.pk, Waiting())
    return steps_of(clip_contest, waiting) if clip_contest.may_act else []


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Settings, genres and prizes, each with a form of its own (`part` says which was sent)."""
    clip_contest = clip_contest_for(request, pk, read=Right.EDIT_CONTESTS)
    part = request.POST.get("part", "")
    # The forms work on a copy: what is refused must not show in the frame of the page.
    form = ClipContestForm(
        request.POST if part == "settings" else None,
        instance=ClipContest.objects.select_related("contest", "rubric").get(pk=pk),
    )
    genres = GenresForm(
        request.POST if part == "genres" else None,
        initial={"names": "\n".join(clip_contest.genres.values_list("name", flat=True))},
    )
    prizes = PrizeFormSet(
        request.POST if part == "prizes" else None, initial=list(clip_contest.prizes.values("title", "count"))
    )
    if _saved(request, clip_contest, part, form, genres, prizes):
        return redirect("manage-clips-settings", pk)
    context = page_context(clip_contest, "settings") | {"form": form, "genres": genres, "formset": prizes}
    return render(request, "videos/manage/settings.html", context)


def _saved(
    request: HttpRequest, clip_contest: ClipContest, part: str, form: ClipContestForm, genres: GenresForm, prizes: Any
) -> bool:
    done, of = _("Đã lưu."), {"clip_contest": clip_contest}
    if part == "settings" and form.is_valid():
        try:
            save_clip_contest(values=form.values(), actor=request.user, **of)
        except Refused as refused:
            form.add_error(None, [str(reason) for reason in refused.reasons])
            return False
        messages.success(request, done)
        return True
    if part == "genres" and genres.is_valid():
        return carried_out(request, done, set_genres, names=genres.lines(), **of)
    if part == "prizes" and prizes.is_valid():
        rows = [
            (row.cleaned_data["title"], row.cleaned_data["count"]) for row in prizes if row.cleaned_data.get("title")
        ]
        return carried_out(request, done, set_prizes, prizes=rows, **of)
    return False


@require_http_methods(["GET", "POST"])
@login_required
def rubric(request: HttpRequest, pk: int) -> HttpResponse:
    """The rubric in use, as a form for organisers. Once a panel scores by it, saving makes the next version."""
    clip_contest = clip_contest_for(request, pk)
    stored = clip_contest.rubric
    rows = list(stored.criteria.order_by("position")) if stored else []
    formset = CriterionFormSet(
        request.POST or None,
        initial=[
            {
                "title": row.title,
                "maximum": f"{row.maximum.normalize():f}",
                "step": f"{row.step.normalize():f}",
                "description": row.description,
            }
            for row in rows
        ],
    )
    if request.method == "POST" and stored and formset.is_valid():
        criteria = [row.cleaned_data for row in formset if row.cleaned_data.get("title")]
        try:
            saved = save_rubric_of(
                clip_contest=clip_contest, title=request.POST.get("title", "")[:255], criteria=criteria,
                actor=request.user,
            )  # fmt: skip
        except Refused as refused:
            for reason in refused.reasons:
                messages.error(request, str(reason))
        else:
            messages.success(request, _("Đã lưu thang điểm, phiên bản %(version)s.") % {"version": saved.version})
            return redirect("manage-rubric", pk)
    own = list(Rubric.objects.newest().filter(unit=clip_contest.contest.unit_id).prefetch_related("criteria"))
    context = page_context(clip_contest, "rubric") | {
        "rubric": stored,
        "criteria": rows,
        "formset": formset,
        # What a unit has taken over is its own: offered once, and not while it is in use.
        "ready": [each for each in RUBRICS if each.code not in {rubric.code for rubric in own}],
        "own": [rubric for rubric in own if rubric != stored],
    }
    return render(request, "videos/manage/rubric.html", context)


@require_POST
@login_required
def rubric_choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Use a rubric of the unit (`rubric`: its id), or the unit's copy of a ready one (`ready`: its code)."""
    clip_contest = clip_contest_for(request, pk)
    ready = next((each for each in RUBRICS if each.code == request.POST.get("ready")), None)
    if ready:
        chosen = copy_ready_rubric(ready=ready, unit=clip_contest.contest.unit, actor=request.user)
    else:
        number = request.POST.get("rubric", "")
        if not (number.isascii() and number.isdigit() and len(number) < 18):
            raise Http404
        chosen = get_object_or_404(Rubric, unit=clip_contest.contest.unit_id, pk=int(number))
    carried_out(
        request, _("Đã chọn thang điểm."), save_clip_contest, clip_contest=clip_contest, values={"rubric": chosen}
    )
    return redirect("manage-rubric", pk)
