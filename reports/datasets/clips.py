"""The clips' part of the final report, once the panel's result is public: clips by kind of unit, duty, prizes.

{"version", "result_hash": the result's, "full_marks": text, "kinds": [{"kind", …}], "total": {…},
 "without": [codes of units without an accepted clip],
 "winners": [{"prize", "rank", "group", "number", "title", "unit_code", "unit_name", "score"}] in the order of prizes}

Rows of "kinds" and "total": units, units_with_clip (with an accepted one), units_without_clip, handed_in (clips that
were handed in and are not back with their unit), accepted, prizes. Units are the report's; a clip of a unit that has
become part of another counts for that one. `group` is empty unless prizes go by kind of unit.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contest.models import Contest
from reports.datasets.rows import Row
from reports.participation import UnitFigures
from videos.models import ClipPrize, ClipStanding, PanelResult
from videos.result.computing import full_marks_of


def clips_over(
    contest: Contest, units: Mapping[int, UnitFigures], heirs: Mapping[int, int], kinds: Sequence[str]
) -> Row | None:
    """None while no result of the contest's clips is public. Five queries at most."""
    published = PanelResult.objects.filter(clip_contest__contest=contest, clip_contest__published_at__isnull=False)
    result = published.select_related("clip_contest").order_by("-version").first()
    if result is None:
        return None
    rows = result.standings.select_related("clip__unit")
    standings = [(heirs.get(one.clip.unit_id, one.clip.unit_id), one) for one in rows]
    handed_in = Counter(
        heirs.get(unit, unit) for unit in result.clip_contest.clips.handed_in().values_list("unit", flat=True)
    )
    accepted = Counter(unit for unit, _one in standings)
    prizes = Counter(unit for unit, one in standings if one.prize)

    def counted(members: Iterable[int]) -> Row:
        ours = list(members)
        with_clip = sum(accepted[unit] > 0 for unit in ours)
        return {
            "units": len(ours),
            "units_with_clip": with_clip,
            "units_without_clip": len(ours) - with_clip,
            "handed_in": sum(handed_in[unit] for unit in ours),
            "accepted": sum(accepted[unit] for unit in ours),
            "prizes": sum(prizes[unit] for unit in ours),
        }

    return {
        "version": result.version,
        "result_hash": result.result_hash,
        "full_marks": str(full_marks_of(result.input)),
        "kinds": [{"kind": kind, **counted(pk for pk, unit in units.items() if unit.kind == kind)} for kind in kinds],
        "total": counted(units),
        "without": sorted(unit.unit_code for pk, unit in units.items() if not accepted[pk]),
        "winners": _winners(result, [(units[pk], one) for pk, one in standings if one.prize and pk in units]),
    }


def _winners(result: PanelResult, prized: list[tuple[UnitFigures, ClipStanding]]) -> list[dict[str, Any]]:
    titles = ClipPrize.objects.filter(clip_contest=result.clip_contest_id).order_by("position")
    order = {title: place for place, title in enumerate(titles.values_list("title", flat=True))}
    prized.sort(key=lambda pair: (pair[1].group, order[pair[1].prize], pair[1].rank, pair[1].clip.number))
    return [
        {
            "prize": one.prize,
            "rank": one.rank,
            "group": one.group,
            "number": one.clip.number,
            "title": one.clip.title,
            "unit_code": unit.unit_code,
            "unit_name": unit.unit_name,
            "score": str(one.score),
        }
        for unit, one in prized
    ]
