"""From a frozen input to the standings. Pure: JSON in, JSON out, so that a result can be computed again at any time.

The input, which `gathering.py` reads from the database:

{"format": 1, "clip_contest": id, "rules": {"combination", "tie_chain", "judges_per_clip",
 "prizes_by_kind", "disagreement_percent"},
 "rubric": {"code", "version", "title", "criteria": [{"position", "title", "maximum", "step"}, …]},
 "prizes": [[title, count], …] from the highest,
 "judges": [{"name": "GK1", "id": user id, "is_chair": bool}, …]: the panel in its order; names stand for them below,
 "clips": [{"id", "number", "group", "submitted_at"}, …] by number; group is "" unless prizes go by kind of unit,
 "sheets": [{"clip": id, "judge": "GK1", "points": ["35.00", …]}, …]: the submitted ones; points by criterion, in order,
 "without_score": [{"clip": id, "judge": "GK2", "state": "abstained"}, …]: the others, which count for nothing,
 "orders": [[clip id, …], …]: the chair's orders of tied clips, in the order of their recording}

A standing: {"clip", "number", "group", "rank", "score", "raw_mean", "deviation", "sheets", "is_disputed", "needs_draw",
"prize"}; sorted by group, rank, number, those without a rank last. Numbers with decimals are texts with 2 places.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from videos.result.combining import Combined, Mark, combine, is_disputed, mean, rounded
from videos.result.ranking import Placed, Tie, rank_clips

FORMAT = 1
Json = dict[str, Any]


def standings_of(input: Mapping[str, Any]) -> list[Json]:
    """The standing of every clip of the input. Ties that wait for the chair show in `needs_draw`."""
    combined = combine(marks_of(input), input["rules"]["combination"])
    places, _ties = _places(input, combined)
    rows = []
    for clip in input["clips"]:
        place, figures = places[clip["id"]], combined.get(clip["id"])
        rows.append(
            {
                "clip": clip["id"],
                "number": clip["number"],
                "group": clip["group"],
                "rank": place.rank,
                **_figures(input, figures),
                "needs_draw": place.needs_draw,
                "prize": place.prize,
            }
        )
    return sorted(rows, key=lambda row: (row["group"], row["rank"] is None, row["rank"] or 0, row["number"]))


def ties_of(input: Mapping[str, Any]) -> list[Tie]:
    """The ties across the end of a prize for which no order is recorded."""
    return _places(input, combine(marks_of(input), input["rules"]["combination"]))[1]


def marks_of(input: Mapping[str, Any]) -> list[Mark]:
    return [Mark(sheet["clip"], sheet["judge"], total_of(sheet)) for sheet in input["sheets"]]


def total_of(sheet: Mapping[str, Any]) -> Decimal:
    """The sum of a sheet's points."""
    return sum(map(Decimal, sheet["points"]), Decimal(0))


def full_marks_of(input: Mapping[str, Any]) -> Decimal:
    return sum((Decimal(one["maximum"]) for one in input["rubric"]["criteria"]), Decimal(0))


def criterion_means(input: Mapping[str, Any]) -> dict[str, list[Decimal]]:
    """Of every clip with a sheet the mean points for each criterion, rounded as they are printed and compared."""
    points: dict[str, list[Sequence[str]]] = {}
    for sheet in input["sheets"]:
        points.setdefault(sheet["clip"], []).append(sheet["points"])
    return {
        clip: [rounded(mean([Decimal(value) for value in column])) for column in zip(*own, strict=True)]
        for clip, own in points.items()
    }


def _places(input: Mapping[str, Any], combined: Mapping[str, Combined]) -> Any:
    means = criterion_means(input)
    return rank_clips(
        [_placed(clip, combined.get(clip["id"]), means.get(clip["id"], [])) for clip in input["clips"]],
        chain=input["rules"]["tie_chain"],
        prizes=[(title, count) for title, count in input["prizes"]],
        orders=input["orders"],
    )


def _placed(clip: Mapping[str, Any], figures: Combined | None, means: Sequence[Decimal]) -> Placed:
    if figures is None:
        return Placed(clip["id"], clip["group"], None, {})
    keys = {f"criterion:{position}": value for position, value in enumerate(means, start=1)} | {
        "highest": figures.highest,
        "lowest": figures.lowest,
        "deviation": figures.deviation,
        "raw_mean": rounded(figures.raw_mean),
        "submitted_at": clip["submitted_at"],
    }
    return Placed(clip["id"], clip["group"], rounded(figures.score), keys)


def _figures(input: Mapping[str, Any], figures: Combined | None) -> Json:
    if figures is None:
        return {"score": None, "raw_mean": None, "deviation": None, "sheets": 0, "is_disputed": False}
    return {
        "score": str(rounded(figures.score)),
        "raw_mean": str(rounded(figures.raw_mean)),
        "deviation": None if figures.deviation is None else str(figures.deviation),
        "sheets": figures.sheets,
        "is_disputed": is_disputed(
            figures.highest,
            figures.lowest,
            full_marks=full_marks_of(input),
            percent=input["rules"]["disagreement_percent"],
        ),
    }
