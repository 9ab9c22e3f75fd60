"""Which judge scores which clip: a pure function, the same for the same input."""

from collections import deque
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

C = TypeVar("C", bound=Hashable)
J = TypeVar("J", bound=Hashable)


@dataclass(frozen=True)
class Assignment(Generic[C, J]):
    """`judges_of`: for every clip its judges. `short`: clips that too few may judge, with how many may."""

    judges_of: Mapping[C, tuple[J, ...]]
    short: Mapping[C, int]


def balance(
    clips: Sequence[C],
    judges: Sequence[J],
    per_clip: int | None,
    excluded: Collection[tuple[J, C]] = (),
    *,
    loads: Mapping[J, int] | None = None,
) -> Assignment[C, J]:
    """Give every clip `per_clip` judges, none of an `excluded` (judge, clip) pair; None: every judge who may.

    Judges' loads, counted on top of the `loads` they have already, differ by at most one where that can be; where
    exclusions forbid it, by as little as can be. A clip that fewer may judge gets all of these and is in `short`.
    Judges are mixed, not kept in fixed groups: only judges who share clips can be compared with one another.
    """
    barred = set(excluded)
    may = {clip: [judge for judge in judges if (judge, clip) not in barred] for clip in clips}
    wanted = len(judges) if per_clip is None else per_clip
    short = {clip: len(may[clip]) for clip in clips if per_clip is not None and len(may[clip]) < wanted}
    load = {judge: (loads or {}).get(judge, 0) for judge in judges}
    panels = _mixed(clips, judges, may, wanted, load)
    _even_out(panels, may, load)
    return Assignment({clip: tuple(j for j in judges if j in panels[clip]) for clip in clips}, short)


def _mixed(
    clips: Sequence[C], judges: Sequence[J], may: Mapping[C, list[J]], wanted: int, load: dict[J, int]
) -> dict[C, set[J]]:
    """Judges for every clip, the least loaded first; among these who shares least with the others of the clip."""
    place = {judge: number for number, judge in enumerate(judges)}
    group = dict(place)  # judges of one number are linked by clips they share
    shared: dict[tuple[J, J], int] = {}
    panels: dict[C, set[J]] = {}
    for clip in clips:
        panel: list[J] = []
        for _ in range(min(wanted, len(may[clip]))):
            linked = {group[judge] for judge in panel}
            judge = min(
                (judge for judge in may[clip] if judge not in panel),
                key=lambda j: (load[j], group[j] in linked, sum(shared.get((j, k), 0) for k in panel), place[j]),
            )
            for other in panel:
                shared[judge, other] = shared[other, judge] = shared.get((judge, other), 0) + 1
            panel.append(judge)
            load[judge] += 1
        linked = {group[judge] for judge in panel}
        for judge in judges:
            if group[judge] in linked:
                group[judge] = min(linked)
        panels[clip] = set(panel)
    return panels


def _even_out(panels: dict[C, set[J]], may: Mapping[C, list[J]], load: dict[J, int]) -> None:
    """Hand clips on, from judge to judge, as long as somebody at the end has two fewer than who began.

    When no such chain is left, the loads are as even as any assignment's: loads are the flows of a network, and a flow
    of least sum of squares (which no cheaper chain improves) has the least maximum and the greatest minimum at once.
    """
    while any(_hand_on(judge, panels, may, load) for judge in sorted(load, key=load.__getitem__, reverse=True)):
        pass


def _hand_on(giver: J, panels: dict[C, set[J]], may: Mapping[C, list[J]], load: dict[J, int]) -> bool:
    """Find the shortest chain from `giver` to somebody with two fewer, and carry it out; False without one."""
    came_from: dict[J, tuple[J, C]] = {}
    queue = deque([giver])
    while queue:
        judge = queue.popleft()
        if load[judge] <= load[giver] - 2:
            load[judge] += 1
            load[giver] -= 1
            while judge != giver:
                before, clip = came_from[judge]
                panels[clip].remove(before)
                panels[clip].add(judge)
                judge = before
            return True
        for clip, panel in panels.items():
            if judge not in panel:
                continue
            for other in may[clip]:
                if other not in panel and other not in came_from and other != giver:
                    came_from[other] = (judge, clip)
                    queue.append(other)
    return False
