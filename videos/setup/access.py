"""What organisers' pages of clips are fetched through: a clip contest or clip within one's rights, or 404.

Reading needs the page's right, whatever is not reading the right to act. A grant counts when its scope holds the
unit that organises the contest.
"""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.clock import server_now
from accounts.models import Unit
from accounts.rights import Right, has_over, units_with
from videos.models import Clip, ClipContest


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
    """What the frame of every page of a clip contest needs."""
    return {"clip_contest": clip_contest, "contest": clip_contest.contest, "tab": tab}


def _units_for(request: HttpRequest, read: Right, act: Right) -> QuerySet[Unit]:
    return units_with(request.user, read if request.method in ("GET", "HEAD") else act)
