"""Whose clips a judge must not score, as far as the portal can know it."""

from collections.abc import Iterable
from uuid import UUID

from accounts.models import Membership, Unit, User
from accounts.rights import Right, grants_of_active
from videos.models import Clip, ClipFile


def excluded_pairs(clips: Iterable[Clip], judges: Iterable[User]) -> set[tuple[int, UUID]]:
    """(judge's id, clip's id) of every pair with an interest that shows. Five queries.

    A judge scores no clip of the unit they belong to, none of a unit above it (their superiors'), none of a unit for
    which they may hand in, and none that they prepared, sent a file of or handed in themselves. Other clips of units
    below the judge's own are not excluded: the organising body is above everybody, and its people are most of a panel.
    Where such a judge has an interest all the same, they declare it before the first score. Membership and roles are
    those of now; a judge who has neither has no unit to be kept from.
    """
    judges, clips = list(judges), list(clips)
    unit_of = dict(Membership.objects.current().filter(user__in=judges).values_list("user_id", "unit_id"))
    lines = _lines({*unit_of.values(), *(clip.unit_id for clip in clips)})
    coordinating = grants_of_active(Right.HAND_IN_CLIPS).filter(user__in=judges)
    coordinates = set(coordinating.values_list("user_id", "unit_id"))
    files = ClipFile.objects.filter(clip__in=clips, received_by__in=judges).order_by()
    sent = set(files.values_list("received_by_id", "clip_id"))
    return {
        (judge.pk, clip.pk)
        for judge in judges
        for clip in clips
        if clip.unit_id in lines.get(unit_of.get(judge.pk, 0), ())
        or any((judge.pk, unit_id) in coordinates for unit_id in lines[clip.unit_id])
        or judge.pk in (clip.created_by_id, clip.submitted_by_id)
        or (judge.pk, clip.pk) in sent
    }


def _lines(unit_ids: set[int]) -> dict[int, set[int]]:
    """For each of the units itself and everything above it."""
    parent_of = dict(Unit.objects.at_or_above(sorted(unit_ids)).values_list("pk", "parent_id"))
    lines = {}
    for unit_id in unit_ids:
        line: set[int] = set()
        above: int | None = unit_id
        while above is not None and above not in line:
            line.add(above)
            above = parent_of.get(above)
        lines[unit_id] = line
    return lines
