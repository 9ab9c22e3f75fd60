"""What the public sees of a clip contest once its result is published: winners first, then all the others."""

from dataclasses import dataclass

from django.db.models import F, OuterRef, QuerySet, Subquery

from videos.models import Clip, ClipContest, ClipStanding, PanelResult


@dataclass(frozen=True, slots=True)
class Filters:
    """What a visitor chose; empty: everything. `genre` is an id, `kind` the name of a kind of unit."""

    genre: int | None = None
    kind: str = ""
    winners_only: bool = False


def published_contests() -> QuerySet[ClipContest]:
    """Those whose result is public, the newest first."""
    published = ClipContest.objects.public().filter(published_at__isnull=False)
    return published.select_related("contest__unit").order_by("-published_at")


def gallery_of(clip_contest: ClipContest, filters: Filters) -> QuerySet[Clip]:
    """The published clips with their `prize`: in the order of the prizes, within one by number.

    No order tells how clips without a prize were placed.
    """
    newest = PanelResult.objects.filter(clip_contest=clip_contest).order_by("-version").values("pk")[:1]
    standing = ClipStanding.objects.filter(clip=OuterRef("pk"), result=Subquery(newest)).exclude(prize="")
    place = clip_contest.prizes.filter(title=OuterRef("prize")).values("position")[:1]
    clips = (
        Clip.objects.published()
        .filter(clip_contest=clip_contest)
        .annotate(prize=Subquery(standing.values("prize")[:1]))
        .annotate(prize_place=Subquery(place))
        .select_related("unit__kind", "genre", "current")
    )
    if filters.genre is not None:
        clips = clips.filter(genre=filters.genre)
    if filters.kind:
        clips = clips.filter(unit__kind__name=filters.kind)
    if filters.winners_only:
        clips = clips.exclude(prize=None)
    return clips.order_by(F("prize_place").asc(nulls_last=True), "number")
