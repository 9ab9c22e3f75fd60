"""What units' pages are fetched through: clips of the units for which somebody hands in, or 404."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.models import Unit, UnitQuerySet
from accounts.rights import Right, Visitor, units_with
from videos.models import Clip, ClipContest


def clips_of(user: Visitor) -> QuerySet[Clip]:
    """The clips of the units for which `user` hands in now."""
    return Clip.objects.filter(unit__in=units_with(user, Right.HAND_IN_CLIPS))


def clip_for(request: HttpRequest, pk: UUID) -> Clip:
    """One of them, with what its pages show. Raises Http404."""
    clips = clips_of(request.user).select_related(
        "clip_contest__contest__unit", "unit", "genre", "current__received_by", "submitted_by", "rights_declared_by"
    )
    return get_object_or_404(clips, pk=pk)


def units_handing_in(user: Visitor, clip_contest: ClipContest) -> UnitQuerySet:
    """The units of today for which `user` hands in clips of this contest."""
    of_contest = Unit.objects.at_or_below([clip_contest.contest.unit_id])
    mine = units_with(user, Right.HAND_IN_CLIPS)
    return of_contest.in_force_on(timezone.localdate()).filter(pk__in=mine.values("pk")).order_by("sort_key")


def clip_contest_for(request: HttpRequest, contest_pk: int) -> ClipContest:
    """The clip part of a public contest in which the person hands in for some unit. Raises Http404."""
    clip_contests = ClipContest.objects.public().select_related("contest__unit")
    clip_contest = get_object_or_404(clip_contests, contest_id=contest_pk)
    if not units_handing_in(request.user, clip_contest).exists():
        raise Http404
    return clip_contest
