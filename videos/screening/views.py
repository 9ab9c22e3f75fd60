"""Organisers' pages: what was handed in, one clip with its screening, units without a clip."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.problems import Refused
from contest.manage.access import page_of, words_of
from contest.manage.forms import MomentField
from videos.models import Clip, ClipState, Decision
from videos.screening.missing import remind_units, units_of, units_without_clip
from videos.screening.services import screen_clip
from videos.setup.access import clip_contest_for, handed_in_clip_for, page_context

PAGE = 50
# What organisers see of a clip begins when it is handed in.
SHOWN = [state for state in ClipState if state != ClipState.DRAFT]


@require_safe
@login_required
def clips(request: HttpRequest, pk: int) -> HttpResponse:
    """Every clip that has been handed in at some time, by number; filtered by state, unit and words."""
    clip_contest = clip_contest_for(request, pk)
    state, words = request.GET.get("state", ""), words_of(request)
    rows = clip_contest.clips.filter(number__isnull=False).select_related("unit__kind", "genre", "current")
    if state in SHOWN:
        rows = rows.filter(state=state)
    if words:
        found = Q(title__icontains=words) | Q(unit__name__icontains=words) | Q(unit__code__iexact=words)
        if words.isascii() and words.isdigit() and len(words) < 9:
            found |= Q(number=int(words))
        rows = rows.filter(found)
    page, query = page_of(request, rows.order_by("number"), PAGE)
    context = page_context(clip_contest, "clips") | {
        "page": page, "query": query, "states": SHOWN, "chosen": state, "words": words,
    }  # fmt: skip
    return render(request, "videos/manage/clips.html", context)


class ScreeningForm(forms.Form):
    """What an organiser decides about a clip; whether it can be decided is the service's."""

    decision = forms.ChoiceField(label=gettext_lazy("Kết luận"), choices=Decision.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Lý do"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Bắt buộc khi trả lại hoặc kết luận không đạt; đơn vị đọc được."),
    )  # fmt: skip
    new_deadline = MomentField(label=gettext_lazy("Hạn chỉnh sửa"), ends=True, required=False)


@require_http_methods(["GET", "POST"])
@login_required
def clip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One clip: what the unit said of it, the player, its versions, every decision so far and the form for one."""
    stored = handed_in_clip_for(request, pk)
    form = ScreeningForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            screen_clip(clip=stored, actor=request.user, version=_version_seen(request), **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, [str(reason) for reason in refused.reasons])
        else:
            messages.success(request, _("Đã ghi kết luận và báo cho đơn vị."))
            return redirect("manage-clip", pk)
    context = page_context(stored.clip_contest, "clips") | {
        "clip": stored,
        "form": form,
        "files": stored.files.select_related("received_by"),
        "screenings": stored.screenings.select_related("decided_by", "file"),
        "has_sheets": stored.sheets.exists(),
    }
    return render(request, "videos/manage/clip.html", context)


def _version_seen(request: HttpRequest) -> int | None:
    """The version of the file that was on the page; None where that is not said."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


@require_safe
@login_required
def missing(request: HttpRequest, pk: int) -> HttpResponse:
    """Units that have handed in nothing, by code."""
    clip_contest = clip_contest_for(request, pk)
    rows = units_without_clip(clip_contest).select_related("kind", "parent").order_by("code")
    page, query = page_of(request, rows, 100)
    # A draft tells that a unit is at work; what is in it is the unit's own.
    drafts = Clip.objects.filter(clip_contest=clip_contest, unit__in=[unit.pk for unit in page], state=ClipState.DRAFT)
    at_work = set(drafts.values_list("unit", flat=True))
    context = page_context(clip_contest, "missing") | {
        "page": page, "query": query, "at_work": at_work, "total": units_of(clip_contest).count(),
    }  # fmt: skip
    return render(request, "videos/manage/missing.html", context)


@require_POST
@login_required
def remind(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind the coordinators of all units without a clip."""
    clip_contest = clip_contest_for(request, pk)
    try:
        told = remind_units(clip_contest=clip_contest, actor=request.user)
    except Refused as refused:
        messages.error(request, str(refused.detail))
    else:
        if told:
            text = ngettext("Đã nhắc %(number)s đầu mối.", "Đã nhắc %(number)s đầu mối.", told)
            messages.success(request, text % {"number": told})
        else:
            messages.info(request, _("Mọi đầu mối đã được nhắc hôm nay, hoặc không còn đơn vị nào để nhắc."))
    return redirect("manage-clips-missing", pk)
