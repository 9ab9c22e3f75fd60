"""Organisers' pages of the panel: its members, its start, its progress, closing and locking."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.problems import Refused
from accounts.rights import Right, holders_over
from contest.manage.access import carried_out
from videos.models import ClipContest, ScoreSheet, SheetState
from videos.panel import services
from videos.panel.pages import carried_out_closing
from videos.panel.progress import progress_of
from videos.panel.services.closing import open_sheets
from videos.panel.services.replacing import short_clips
from videos.panel.services.starting import judges_needed, names_of, unassigned
from videos.result.words import replacement_sentence
from videos.setup.access import clip_contest_for, page_context


def _panel_for(request: HttpRequest, pk: int) -> ClipContest:
    return clip_contest_for(request, pk, act=Right.RUN_PANEL)


class JudgeChoice(forms.ModelChoiceField):
    def label_from_instance(self, judge: User) -> str:
        return f"{judge.full_name} ({judge.employee_id})"


class AppointForm(forms.Form):
    """Somebody who holds the role over the contest's unit and is not on the panel yet."""

    judge = JudgeChoice(label=gettext_lazy("Giám khảo"), queryset=User.objects.none(), empty_label="")
    is_chair = forms.BooleanField(label=gettext_lazy("Là Trưởng ban"), required=False)

    def __init__(self, clip_contest: ClipContest, data: Any = None):
        super().__init__(data)
        able = holders_over(clip_contest.contest.unit_id, Right.SCORE_CLIPS)
        seated = clip_contest.panel.values("judge")
        chosen = cast(JudgeChoice, self.fields["judge"])
        chosen.queryset = able.exclude(pk__in=seated).order_by("sort_key", "pk")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def panel(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel; POST appoints a judge."""
    clip_contest = _panel_for(request, pk)
    form = AppointForm(clip_contest, request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = _("Đã cử %(judge)s.") % {"judge": form.cleaned_data["judge"].full_name}
        if carried_out(request, done, services.appoint_judge, clip_contest=clip_contest, **form.cleaned_data):
            return redirect("manage-panel", pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "videos/manage/panel.html", _context(clip_contest, form), status=status)


def _context(clip_contest: ClipContest, form: AppointForm) -> dict[str, Any]:
    lines = progress_of(clip_contest)
    context = page_context(clip_contest, "panel") | {
        "lines": lines,
        "members": sum(line.member is not None for line in lines),
        "form": form,
        "needed": judges_needed(clip_contest),
        "submitted": sum(line.submitted for line in lines),
        "left": sum(line.left for line in lines),
    }
    if clip_contest.scoring_started_at is None:
        return context | {"faults": services.faults_before_scoring(clip_contest)}
    declined = ScoreSheet.objects.filter(
        clip__clip_contest=clip_contest, state__in=[SheetState.CONFLICT, SheetState.ABSTAINED, SheetState.CLOSED]
    )
    context["changes"] = clip_contest.panel_changes.select_related("left", "joined", "decided_by")
    context["rule"] = replacement_sentence()
    context["declined"] = declined.select_related("clip", "judge").order_by("clip__number", "judge__sort_key", "pk")
    if clip_contest.locked_at is None:
        late = list(unassigned(clip_contest))
        context |= {
            "open_sheets": list(open_sheets(clip_contest)),
            "faults": services.faults_before_locking(clip_contest),
            "late": names_of(late) if late else "",
            "is_short": bool(short_clips(clip_contest)),
        }
    return context


@login_required
@require_POST
def dismiss(request: HttpRequest, pk: int, member_pk: int) -> HttpResponse:
    """Take a judge off the panel."""
    return _with_member(request, pk, member_pk, services.dismiss_judge, _("Đã đưa %(judge)s ra khỏi Ban Giám khảo."))


@login_required
@require_POST
def chair(request: HttpRequest, pk: int, member_pk: int) -> HttpResponse:
    """Make a member the chair."""
    return _with_member(request, pk, member_pk, services.make_chair, _("Đã cử %(judge)s làm Trưởng ban."))


def _with_member(request: HttpRequest, pk: int, member_pk: int, act: Callable[..., Any], done: str) -> HttpResponse:
    member = get_object_or_404(_panel_for(request, pk).panel.select_related("judge"), pk=member_pk)
    carried_out(request, done % {"judge": member.judge.full_name}, act, member=member)
    return redirect("manage-panel", pk)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """What starting means, with what is still missing; POST starts."""
    clip_contest = _panel_for(request, pk)
    if request.method == "POST":
        done = _("Ban Giám khảo đã bắt đầu chấm. Các giám khảo đã nhận được thông báo.")
        carried_out(request, done, services.start_scoring, clip_contest=clip_contest)
        return redirect("manage-panel", pk)
    if not clip_contest.may_act or clip_contest.scoring_started_at:  # type: ignore[attr-defined]
        return redirect("manage-panel", pk)
    context = page_context(clip_contest, "panel") | {
        "faults": services.faults_before_scoring(clip_contest),
        "clips": clip_contest.clips.accepted().count(),
        "judges": clip_contest.panel.count(),
    }
    return render(request, "videos/manage/panel_start.html", context)


@login_required
@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give out clips that were accepted since the start."""
    done = _("Đã giao video mới cho giám khảo.")
    carried_out(request, done, services.assign_sheets, clip_contest=_panel_for(request, pk))
    return redirect("manage-panel", pk)


@login_required
@require_POST
def remind(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind the judges who have sheets left."""
    clip_contest = _panel_for(request, pk)
    try:
        assert isinstance(request.user, User)
        reminded = services.remind_judges(clip_contest=clip_contest, actor=request.user)
    except Refused as refused:
        messages.error(request, str(refused.detail))
        return redirect("manage-panel", pk)
    if reminded.told:
        text = ngettext("Đã nhắc %(n)s giám khảo.", "Đã nhắc %(n)s giám khảo.", reminded.told)
        messages.success(request, text % {"n": reminded.told})
    if reminded.already:
        text = ngettext(
            "%(n)s giám khảo đã được nhắc trong hôm nay nên không nhắc lại.",
            "%(n)s giám khảo đã được nhắc trong hôm nay nên không nhắc lại.",
            reminded.already,
        )
        messages.info(request, text % {"n": reminded.already})
    return redirect("manage-panel", pk)


@login_required
@require_POST
def close_sheets(request: HttpRequest, pk: int) -> HttpResponse:
    """Record the chair's decision about sheets that will not be filled."""
    carried_out_closing(request, _panel_for(request, pk))  # type: ignore[arg-type]  # past login_required
    return redirect("manage-panel", pk)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def lock(request: HttpRequest, pk: int) -> HttpResponse:
    """What locking means, with what is still open; POST locks."""
    clip_contest = _panel_for(request, pk)
    if request.method == "POST":
        done = _("Đã khóa chấm điểm. Từ nay phiếu chấm không thay đổi được nữa.")
        carried_out(request, done, services.lock_panel, clip_contest=clip_contest)
        return redirect("manage-panel", pk)
    is_scoring = clip_contest.scoring_started_at and not clip_contest.locked_at
    if not clip_contest.may_act or not is_scoring:  # type: ignore[attr-defined]
        return redirect("manage-panel", pk)
    context = page_context(clip_contest, "panel") | {"faults": services.faults_before_locking(clip_contest)}
    return render(request, "videos/manage/panel_lock.html", context)
