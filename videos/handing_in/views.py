"""Units' pages: their clips, one clip with its file, its entry, handing it in."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.authentication import person_of
from accounts.clock import server_now
from accounts.problems import Problem, Refused
from accounts.rights import Right
from contest.manage.access import page_of, require
from videos.handing_in.access import clip_contest_for, clip_for, clips_of, units_handing_in
from videos.handing_in.forms import CaptionsForm, ClipForm
from videos.handing_in.overview import receiving_for
from videos.handing_in.services import (
    delete_draft,
    draft_clip,
    edit_clip,
    remove_captions,
    save_captions,
    submit_clip,
)
from videos.handing_in.steps import checklist, next_step
from videos.models import Clip, ClipState, Upload, UploadState
from videos.processing.services import may_retry, retry_processing

PAGE = 20
AT_HOME = (ClipState.DRAFT, ClipState.SENT_BACK)


@never_cache
@login_required
@require_safe
def my_clips(request: HttpRequest) -> HttpResponse:
    """Where clips are received now, and the clips of the person's units by clip contest, the newest contest first."""
    require(request, Right.HAND_IN_CLIPS)
    now = server_now()
    clips = clips_of(request.user).select_related("clip_contest__contest", "unit", "genre", "current")
    ordered = clips.order_by("-clip_contest__opens_at", "clip_contest", "unit__sort_key", "created_at", "pk")
    page, query = page_of(request, ordered, PAGE)
    for clip in page:
        clip.step = next_step(clip, now)
        clip.is_editable = clip.is_editable_at(now)
        clip.until = clip.deadline_in(clip.clip_contest)
    context = {"page": page, "query": query, "now": now, "receiving": receiving_for(request.user, now)}
    return render(request, "videos/handing_in/list.html", context)


# --- The entry --------------------------------------------------------------------------------------


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, contest_pk: int) -> HttpResponse:
    """Begin a clip for one of the person's units; ?unit= chooses one beforehand."""
    clip_contest = clip_contest_for(request, contest_pk)
    units = units_handing_in(request.user, clip_contest)
    asked = request.GET.get("unit", "")
    form = ClipForm(
        request.POST or None, request.FILES or None, clip_contest=clip_contest, units=units,
        initial={"unit": asked if asked.isascii() and asked.isdigit() and len(asked) < 10 else ""},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            clip = draft_clip(
                clip_contest=clip_contest, unit=form.cleaned_data["unit"], entry=form.entry,
                script=form.cleaned_data["script_file"], actor=person_of(request),
            )  # fmt: skip
        except Problem as problem:
            _refuse_on(form, problem)
        else:
            messages.success(request, _("Đã lưu hồ sơ video. Bây giờ hãy tải tệp video lên."))
            return redirect("clip", clip.pk)
    context = _form_context(form, clip_contest)
    return render(request, "videos/handing_in/entry.html", context, status=422 if form.errors else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The entry of a clip that is still its unit's to change."""
    clip = clip_for(request, pk)
    if not clip.is_editable_at(server_now()):
        messages.error(request, _("Video này không còn sửa được."))
        return redirect("clip", pk)
    form = ClipForm(request.POST or None, request.FILES or None, instance=clip, clip_contest=clip.clip_contest)
    if request.method == "POST" and form.is_valid():
        try:
            edit_clip(
                clip=clip, entry=form.entry, script=form.cleaned_data["script_file"],
                removes_script=form.cleaned_data.get("removes_script", False), actor=person_of(request),
            )  # fmt: skip
        except Problem as problem:
            _refuse_on(form, problem)
        else:
            messages.success(request, _("Đã lưu hồ sơ video."))
            return redirect("clip", pk)
    context = _form_context(form, clip.clip_contest) | {"clip": clip}
    return render(request, "videos/handing_in/entry.html", context, status=422 if form.errors else 200)


def _form_context(form: ClipForm, clip_contest: Any) -> dict[str, Any]:
    return {"form": form, "clip_contest": clip_contest, "contest": clip_contest.contest}


def _refuse_on(form: Any, problem: Problem) -> None:
    """Say on the form why it was refused. Raises Http404 for what is not the person's."""
    if problem.status == 404:
        raise Http404
    form.add_error(None, _sentences(problem))


def _sentences(problem: Problem) -> list[str]:
    return [str(reason) for reason in problem.reasons] if isinstance(problem, Refused) else [str(problem.detail)]


# --- One clip ---------------------------------------------------------------------------------------


@never_cache
@login_required
@require_safe
def clip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One clip: what is to be done, its file with upload and processing, its entry, its receipt, every decision."""
    stored = clip_for(request, pk)
    context = _live_context(request, stored) | {
        "screenings": stored.screenings.select_related("file"),
        "captions_form": CaptionsForm(),
        "upload": _upload_config(request, stored),
    }
    return render(request, "videos/handing_in/clip.html", context)


@never_cache
@login_required
@require_safe
def progress(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The parts of that page which change by themselves while a file is received and processed."""
    return render(request, "videos/handing_in/_live.html", _live_context(request, clip_for(request, pk)))


def _live_context(request: HttpRequest, stored: Clip) -> dict[str, Any]:
    now = server_now()
    file, is_editable = stored.current, stored.is_editable_at(now)
    return {
        "clip": stored,
        "clip_contest": stored.clip_contest,
        "contest": stored.clip_contest.contest,
        "file": file,
        "files": list(stored.files.select_related("received_by")),
        "now": now,
        "until": stored.deadline_in(stored.clip_contest),
        "is_editable": is_editable,
        "may_submit": is_editable and stored.state in AT_HOME,
        "may_retry": file is not None and may_retry(file=file, actor=person_of(request)),
        "step": next_step(stored, now),
        "checklist": checklist(stored),
    }


def _upload_config(request: HttpRequest, stored: Clip) -> dict[str, Any]:
    """What static/js/clips/upload.js is told: where to send, how much, and what of the person's is unfinished."""
    mine = Upload.objects.filter(
        owner=person_of(request), clip=stored, state=UploadState.RECEIVING, expires_at__gt=server_now()
    )
    return {
        "owner": person_of(request).pk,
        "clip": str(stored.pk),
        "endpoint": reverse("api-uploads"),
        "progress": reverse("clip-progress", args=[stored.pk]),
        "max_bytes": stored.clip_contest.max_bytes,
        "hours": settings.UPLOAD_HOURS,
        "unfinished": [
            {"url": reverse("api-upload", args=[each.pk]), "name": each.name, "size": each.size, "offset": each.offset}
            for each in mine
        ],
    }


# --- Acts on it -------------------------------------------------------------------------------------


@login_required
@require_POST
def captions(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give the version that counts captions, or take them away (`action`: remove)."""
    stored = clip_for(request, pk)
    if request.POST.get("action") == "remove":
        _carried_out(request, _("Đã bỏ phụ đề."), remove_captions, clip=stored)
        return redirect("clip", pk)
    form = CaptionsForm(request.POST, request.FILES)
    if form.is_valid():
        data = form.cleaned_data["captions"]
        _carried_out(request, _("Đã lưu phụ đề."), save_captions, clip=stored, data=data)
    else:
        for error in form.errors["captions"]:
            messages.error(request, error)
    return redirect("clip", pk)


@login_required
@require_POST
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Process the file anew, after a fault of ours."""
    stored = clip_for(request, pk)
    if stored.current is None:
        raise Http404
    _carried_out(request, _("Đã yêu cầu xử lý lại tệp."), retry_processing, file=stored.current)
    return redirect("clip", pk)


@login_required
@require_POST
def submit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hand the clip in."""
    declares = request.POST.get("declares_rights") == "on"
    done = _("Đã gửi video cho Ban Tổ chức. Giấy xác nhận ở bên dưới.")
    _carried_out(request, done, submit_clip, clip=clip_for(request, pk), declares_rights=declares)
    return redirect("clip", pk)


@login_required
@require_POST
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete a draft that was never handed in."""
    deleted = _carried_out(request, _("Đã xóa bản nháp."), delete_draft, clip=clip_for(request, pk))
    return redirect("my-clips") if deleted else redirect("clip", pk)


def _carried_out(request: HttpRequest, done: str, act: Callable[..., Any], **arguments: Any) -> bool:
    """Do `act` as the person and say `done`, or say every reason why not. Raises Http404."""
    try:
        act(actor=person_of(request), **arguments)
    except Problem as problem:
        if problem.status == 404:
            raise Http404 from None
        for sentence in _sentences(problem):
            messages.error(request, sentence)
        return False
    messages.success(request, done)
    return True
