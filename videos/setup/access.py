"""What organisers' pages of clips are fetched through: a clip contest or clip within one's rights, or 404.

Reading needs the page's right, whatever is not reading the right to act. A grant counts when its scope holds the
unit that organises the contest.
"""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.clock import server_now
from accounts.models import Unit
from accounts.rights import Right, has_over, units_with
from videos.models import Clip, ClipContest

# The pages of a clip contest: what each is called here, its address's name, and its title.
TABS = (
    ("overview", "manage-clips", gettext_lazy("Tổng quan")),
    ("clips", "manage-clip-list", gettext_lazy("Rà soát")),
    ("missing", "manage-clips-missing", gettext_lazy("Chưa có video")),
    ("rubric", "manage-rubric", gettext_lazy("Thang điểm")),
    ("panel", "manage-panel", gettext_lazy("Ban Giám khảo")),
    ("result", "manage-clip-result", gettext_lazy("Kết quả")),
    ("settings", "manage-clips-settings", gettext_lazy("Thiết lập")),
)


def clip_contest_for(
    request: HttpRequest, pk: int, *, read: Right = Right.READ_CLIP_CONTESTS, act: Right = Right.EDIT_CONTESTS
) -> ClipContest:
    """The clip contest with `may_act`, `reads_scores` and its `stage` at the server's `now` set. Raises Http404."""
    units = _units_for(request, read, act)
    clip_contests = ClipContest.objects.organised_in(units).select_related("contest__unit", "rubric")
    clip_contest = get_object_or_404(clip_contests, pk=pk)
    mark(request, clip_contest, act)
    return clip_contest


def handed_in_clip_for(request: HttpRequest, pk: UUID, *, act: Right = Right.SCREEN_CLIPS) -> Clip:
    """A clip that has been handed in at some time, within the person's rights; its contest marked. Raises Http404."""
    units = _units_for(request, Right.READ_CLIP_CONTESTS, act)
    clips = Clip.objects.filter(clip_contest__contest__unit__in=units, number__isnull=False)
    clip = get_object_or_404(
        clips.select_related("clip_contest__contest__unit", "unit__kind", "genre", "current", "submitted_by"), pk=pk
    )
    mark(request, clip.clip_contest, act)
    return clip


def mark(request: HttpRequest, clip_contest: ClipContest, act: Right) -> None:
    """What every page of a clip contest needs to know of the person and the time."""
    unit_id = clip_contest.contest.unit_id
    clip_contest.may_act = has_over(request.user, act, unit_id)  # type: ignore[attr-defined]
    clip_contest.now = server_now()  # type: ignore[attr-defined]
    clip_contest.stage = clip_contest.stage_at(clip_contest.now)  # type: ignore[attr-defined]


def page_context(clip_contest: ClipContest, tab: str) -> dict[str, Any]:
    """What the frame of every page of a clip contest needs; `tab` is the page's name in `TABS`."""
    hidden = set() if clip_contest.locked_at else {"result"}
    if not clip_contest.may_act:  # type: ignore[attr-defined]
        hidden.add("settings")
    tabs = [
        {"title": title, "url": reverse(name, args=[clip_contest.pk]), "is_current": tab == page}
        for page, name, title in TABS
        if page not in hidden
    ]
    title = next(title for page, _name, title in TABS if page == tab)
    return {"clip_contest": clip_contest, "contest": clip_contest.contest, "tabs": tabs, "page_title": title}


def _units_for(request: HttpRequest, read: Right, act: Right) -> QuerySet[Unit]:
    return units_with(request.user, read if request.method in ("GET", "HEAD") else act)
