"""What a coordinator sees before any single clip: where clips are received now, and which units have sent none."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.models import Unit
from accounts.rights import Right, Visitor, units_with
from videos.handing_in.access import clips_of
from videos.models import Clip, ClipContest, ClipState

# Of one clip contest; who has more units chooses among them on the form.
MOST_UNITS = 6
MOST_DUE = 20


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit, and how many of its clips are with the organisers and with the unit itself."""

    unit: Unit
    handed_in: int
    with_unit: int


@dataclass(frozen=True, slots=True)
class Receiving:
    """A clip contest that receives now, and the units for which the person hands in, those without a clip first."""

    clip_contest: ClipContest
    units: list[UnitLine]

    @property
    def shown(self) -> list[UnitLine]:
        return self.units[:MOST_UNITS]

    @property
    def more(self) -> int:
        return max(0, len(self.units) - MOST_UNITS)

    @property
    def missing(self) -> list[UnitLine]:
        return [line for line in self.units if not line.handed_in]


def receiving_for(user: Visitor, now: datetime) -> list[Receiving]:
    """The clip contests that receive clips of the person's units at `now` (server time), the next close first.

    The same few queries whatever there is.
    """
    open_now = ClipContest.objects.public().filter(opens_at__lte=now, closes_at__gt=now)
    contests = list(open_now.select_related("contest__unit").order_by("closes_at", "pk"))
    if not contests:
        return []
    mine = units_with(user, Right.HAND_IN_CLIPS)
    units = list(Unit.objects.in_force_on(timezone.localdate()).filter(pk__in=mine.values("pk")).order_by("sort_key"))
    ids = [unit.pk for unit in units]
    parents = dict(Unit.objects.at_or_above(ids).values_list("pk", "parent"))
    states = Clip.objects.filter(clip_contest__in=contests, unit__in=ids)
    handed_in: Counter[tuple[int, int]] = Counter()
    with_unit: Counter[tuple[int, int]] = Counter()
    for contest_id, unit_id, state in states.values_list("clip_contest", "unit", "state"):
        at_home = state in (ClipState.DRAFT, ClipState.SENT_BACK)
        (with_unit if at_home else handed_in)[contest_id, unit_id] += 1
    found = []
    for contest in contests:
        lines = [
            UnitLine(unit, handed_in[contest.pk, unit.pk], with_unit[contest.pk, unit.pk])
            for unit in units
            if _is_below(unit.pk, contest.contest.unit_id, parents)
        ]
        if lines:
            found.append(Receiving(contest, sorted(lines, key=lambda line: line.handed_in > 0)))
    return found


@dataclass(frozen=True, slots=True)
class DueClip:
    """Something for the person's desk: a clip that waits for its unit, or (`clip` None) a unit without any."""

    clip_contest: ClipContest
    unit: Unit
    clip: Clip | None
    until: datetime

    @property
    def is_back(self) -> bool:
        return self.clip is not None and self.clip.state == ClipState.SENT_BACK


def clips_due(user: Visitor, now: datetime) -> list[DueClip]:
    """What is to be done about clips until when, the next deadline first.

    Clips that were sent back, drafts that can still be handed in, and contests to which none of the person's units has
    sent or begun anything (named by the first of them).
    """
    receiving = receiving_for(user, now)
    at_home = clips_of(user).filter(state__in=[ClipState.DRAFT, ClipState.SENT_BACK])
    clips = [
        clip
        for clip in at_home.select_related("clip_contest__contest", "unit").order_by("created_at")[:MOST_DUE]
        if clip.is_editable_at(now)
    ]
    due = [DueClip(clip.clip_contest, clip.unit, clip, clip.deadline_in(clip.clip_contest)) for clip in clips]
    for one in receiving:
        if not any(line.handed_in or line.with_unit for line in one.units):
            due.append(DueClip(one.clip_contest, one.units[0].unit, None, one.clip_contest.closes_at))
    return sorted(due, key=lambda each: each.until)


def _is_below(unit_id: int, top_id: int, parents: dict[int, int | None]) -> bool:
    """At or below `top_id`."""
    at: int | None = unit_id
    while at is not None and at != top_id:
        at = parents.get(at)
    return at == top_id
