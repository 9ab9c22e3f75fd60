"""What organisers have to do for clips, for their page of things to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import template

from accounts.clock import server_now
from accounts.rights import Right, Visitor, units_with
from contest.models import Contest
from videos.models import ClipContest, Stage
from videos.setup.overview import Step, Waiting, steps_of, waiting_in

register = template.Library()


@register.simple_tag
def clip_parts(contests: Sequence[Contest]) -> dict[int, int]:
    """Of those contests that have a part for clips: the id of that part, by the contest's. One query."""
    ids = [contest.pk for contest in contests]
    return dict(ClipContest.objects.filter(contest__in=ids).values_list("contest_id", "pk")) if ids else {}


@register.simple_tag
def clip_part(contest: Contest) -> str:
    """ "beside" rounds or "alone", when the contest has a part for clips; else "". Two queries at most."""
    if not ClipContest.objects.filter(contest=contest).exists():
        return ""
    return "beside" if contest.rounds.exists() else "alone"


@register.filter
def at(rows: Any, place: Any) -> Any:
    """`rows[place]`."""
    return rows[place]


@dataclass(frozen=True, slots=True)
class Desk:
    clip_contest: ClipContest
    stage: Stage
    steps: list[Step]


@register.simple_tag
def clip_desk(user: Visitor) -> list[Desk]:
    """The clip contests that the person organises, until their result is published. Two queries beside the rights."""
    organised = ClipContest.objects.organised_in(units_with(user, Right.EDIT_CONTESTS)).filter(published_at=None)
    clip_contests, now = list(organised.select_related("contest").order_by("closes_at")), server_now()
    waiting = waiting_in(clip_contests) if clip_contests else {}
    desks = []
    for clip_contest in clip_contests:
        stage = clip_contest.stage = clip_contest.stage_at(now)  # type: ignore[attr-defined]
        desks.append(Desk(clip_contest, stage, steps_of(clip_contest, waiting.get(clip_contest.pk, Waiting()))))
    return desks
