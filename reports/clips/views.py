"""The page where files about clips are asked for: the list, each judge's sheets, the minutes of the panel."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.problems import Problem
from accounts.rights import Right, has_over, units_with
from reports.chosen import SignedInRequest
from reports.clips.content import SIGNED_KINDS, ClipWish, clip_contest_of, formats_of
from reports.models import ExportFormat, ExportKind
from reports.problems import ExportNotAllowed, TooManyExports
from reports.services import request_clip_export
from videos.models import ClipContest
from videos.result.services import latest_result
from videos.result.showing import ShownResult

KINDS = (ExportKind.CLIP_LIST, *SIGNED_KINDS)


class ClipFileForm(forms.Form):
    """A wish for a file about clips. Whether the person may have it is decided by the service."""

    kind = forms.ChoiceField(choices=[(kind.value, kind.label) for kind in KINDS])
    format = forms.ChoiceField(choices=ExportFormat.choices)
    judge = forms.RegexField(r"^GK[0-9]{1,4}\Z", required=False)
    clip = forms.IntegerField(min_value=1, max_value=1_000_000, required=False)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def clip_files(request: SignedInRequest, pk: int) -> HttpResponse:
    """The files on offer; a POST asks for one, which is made as a job like every other file."""
    clip_contest = _clip_contest(request, pk)
    if request.method == "POST":
        return _request_file(request, clip_contest)
    return render(request, "reports/clips.html", _context(request, clip_contest))


def _clip_contest(request: SignedInRequest, pk: int) -> ClipContest:
    clip_contest = clip_contest_of(pk)
    if clip_contest is None or not has_over(request.user, Right.READ_CLIP_CONTESTS, clip_contest.contest.unit_id):
        raise Http404
    return clip_contest


def _request_file(request: SignedInRequest, clip_contest: ClipContest) -> HttpResponse:
    form = ClipFileForm(request.POST)
    if not form.is_valid():
        raise Http404
    wish = form.cleaned_data
    asked = ClipWish(wish["kind"], clip_contest, wish["judge"], wish["clip"])
    try:
        request_clip_export(actor=request.user, wish=asked, format=wish["format"])
    except ExportNotAllowed:
        raise Http404 from None
    except Problem as problem:
        messages.error(request, str(problem.detail))
        if not isinstance(problem, TooManyExports):
            return redirect("report-clips", clip_contest.pk)
    else:
        messages.success(request, _("Đã nhận yêu cầu. Tệp sẽ sẵn sàng tải về sau ít phút."))
    return redirect("report-exports")


def _context(request: SignedInRequest, clip_contest: ClipContest) -> dict[str, Any]:
    unit_id = clip_contest.contest.unit_id
    signs = (
        clip_contest.locked_at is not None
        and has_over(request.user, Right.READ_SCORE_SHEETS, unit_id)
        and has_over(request.user, Right.FREEZE_REPORTS, unit_id)
    )
    result = latest_result(clip_contest) if signs else None
    return {
        "clip_contest": clip_contest,
        "contest": clip_contest.contest,
        "list_formats": formats_of(ExportKind.CLIP_LIST),
        "signed_formats": formats_of(ExportKind.CLIP_MINUTES),
        "judges": [judge for judge in ShownResult(result).judges if judge.sheets] if result else [],
        "result": result,
        "signs": signs,
        "edits_issuer": units_with(request.user, Right.EDIT_CONTESTS).filter(pk=unit_id).exists(),
    }
