"""Organisers' pages of a panel that changes while it scores: a judge is replaced, or added where sheets are missing."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.rights import Right
from contest.manage.access import carried_out
from videos.models import ClipContest
from videos.panel import services
from videos.panel.manage import JudgeChoice
from videos.panel.services.replacing import LONGEST_REASON, ShortClip, clips_left_by, newcomers, short_clips
from videos.panel.services.starting import names_of
from videos.result.words import replacement_sentence
from videos.setup.access import clip_contest_for, page_context


class ReplaceForm(forms.Form):
    """Who comes, and why. `judge` offers holders of the role whom the panel does not know yet."""

    judge = JudgeChoice(label=gettext_lazy("Giám khảo mới"), queryset=User.objects.none(), empty_label="")
    reason = forms.CharField(
        label=gettext_lazy("Lý do"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("Ghi vào biên bản của Ban Giám khảo."),
    )

    def __init__(self, clip_contest: ClipContest, data: Any = None):
        super().__init__(data)
        cast(JudgeChoice, self.fields["judge"]).queryset = newcomers(clip_contest)


class AddForm(ReplaceForm):
    clips = forms.MultipleChoiceField(
        label=gettext_lazy("Video cần thêm phiếu chấm"), widget=forms.CheckboxSelectMultiple
    )
    field_order = ("clips", "judge", "reason")

    def __init__(self, clip_contest: ClipContest, short: Sequence[ShortClip], data: Any = None):
        super().__init__(clip_contest, data)
        cast(forms.MultipleChoiceField, self.fields["clips"]).choices = [
            (
                str(one.clip.pk),
                _("Video số %(number)s: có %(there_are)s/%(wanted)s phiếu")
                % {"number": one.clip.number, "there_are": one.there_are, "wanted": one.wanted},
            )
            for one in short
        ]


def _panel_for(request: HttpRequest, pk: int) -> ClipContest:
    return clip_contest_for(request, pk, act=Right.RUN_PANEL)


def _may_change(clip_contest: ClipContest) -> bool:
    is_scoring = clip_contest.scoring_started_at and not clip_contest.locked_at
    return bool(is_scoring and clip_contest.may_act)  # type: ignore[attr-defined]


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def replace(request: HttpRequest, pk: int, member_pk: int) -> HttpResponse:
    """Whom the judge's clips pass on to, and why; POST replaces them."""
    clip_contest = _panel_for(request, pk)
    member = get_object_or_404(clip_contest.panel.select_related("judge", "clip_contest"), pk=member_pk)
    if not _may_change(clip_contest):
        return redirect("manage-panel", pk)
    form = ReplaceForm(clip_contest, request.POST or None)
    if form.is_valid():
        chosen = form.cleaned_data
        done = _("%(joined)s vào thay %(left)s. Cả hai đã được báo.") % {
            "joined": chosen["judge"].full_name,
            "left": member.judge.full_name,
        }
        if carried_out(request, done, services.replace_judge, member=member, **chosen):
            return redirect("manage-panel", pk)
    clips = list(clips_left_by(member))
    more = {"member": member, "clips": names_of(clips) if clips else "", "count": len(clips)}
    return _page(request, clip_contest, form, more)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """The clips that lack sheets, with who could score them; POST adds a judge for some."""
    clip_contest = _panel_for(request, pk)
    if not _may_change(clip_contest):
        return redirect("manage-panel", pk)
    short = short_clips(clip_contest)
    form = AddForm(clip_contest, short, request.POST or None)
    if form.is_valid():
        chosen = form.cleaned_data
        done = _("Đã thêm %(judge)s vào Ban Giám khảo.") % {"judge": chosen["judge"].full_name}
        clips = [one.clip for one in short if str(one.clip.pk) in chosen.pop("clips")]
        if carried_out(request, done, services.add_judge, clip_contest=clip_contest, clips=clips, **chosen):
            return redirect("manage-panel", pk)
    return _page(request, clip_contest, form, {"count": len(short)})


def _page(request: HttpRequest, clip_contest: ClipContest, form: forms.Form, more: dict[str, Any]) -> HttpResponse:
    context = page_context(clip_contest, "panel") | {"form": form, "rule": replacement_sentence(), **more}
    status = 422 if request.method == "POST" else 200
    return render(request, "videos/manage/panel_change.html", context, status=status)
