"""Whose clips a judge must not score, as far as the portal can know it."""

from collections.abc import Iterable
from uuid import UUID

from accounts.models import Membership, Unit, User
from videos.models import Clip


def excluded_pairs(clips: Iterable[Clip], judges: Iterable[User]) -> set[tuple[int, UUID]]:
    """(judge's id, clip's id) of every pair with an interest that shows. Two queries.

    A judge scores no clip of the unit they belong to, none of a unit above it (their superiors'), and none that they
    prepared or handed in themselves. Clips of units below the judge's own are not excluded: the organising body is
    above everybody, and its people are most of a panel. Where such a judge has an interest all the same, they declare
    it before the first score. Membership is that of now; a judge who belongs to no unit has none to be kept from.
    """
    judges, clips = list(judges), list(clips)
    unit_of = dict(Membership.objects.current().filter(user__in=judges).values_list("user_id", "unit_id"))
    barred = _lines(set(unit_of.values()))
    return {
        (judge.pk, clip.pk)
        for judge in judges
        for clip in clips
        if clip.unit_id in barred.get(unit_of.get(judge.pk, 0), ())
        or judge.pk in (clip.created_by_id, clip.submitted_by_id)
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
