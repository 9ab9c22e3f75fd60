"""The input of a result, read from the database: everything the standings follow from, and nothing else."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Prefetch

from accounts.clock import iso
from videos.models import (
    ChairDecision,
    ChairDecisionKind,
    Clip,
    ClipContest,
    CriterionScore,
    PanelMember,
    ScoreSheet,
    SheetState,
)
from videos.result.computing import FORMAT, Json


def gather_input(clip_contest: ClipContest, *, groups: Mapping[str, str] | None = None) -> Json:
    """The input as of now: see `computing.py`. Nine queries, however many clips and judges there are.

    `groups` are those of an earlier input, by clip id: a unit that changes its kind later moves no clip to another
    group.
    """
    rubric = clip_contest.rubric
    assert rubric is not None  # a constraint holds it once scoring has begun
    sheets = _sheets(clip_contest)
    names = _names_of_judges(clip_contest, sheets)
    clips = clip_contest.clips.accepted().select_related("unit__kind").order_by("number")
    orders = ChairDecision.objects.filter(clip_contest=clip_contest, kind=ChairDecisionKind.ORDER_TIED)
    criteria = list(rubric.criteria.order_by("position"))
    return {
        "format": FORMAT,
        "clip_contest": clip_contest.pk,
        "rules": clip_contest.judging_rules(),
        "rubric": {
            "code": rubric.code,
            "version": rubric.version,
            "title": rubric.title,
            "criteria": [
                {"position": one.position, "title": one.title, "maximum": str(one.maximum), "step": str(one.step)}
                for one in criteria
            ],
        },
        "prizes": [[prize.title, prize.count] for prize in clip_contest.prizes.order_by("position")],
        "judges": _judges(clip_contest, names),
        "clips": [_clip(clip_contest, clip, groups or {}) for clip in clips],
        "sheets": [
            {"clip": str(sheet.clip_id), "judge": names[sheet.judge_id], "points": _points(sheet)}
            for sheet in sheets
            if sheet.state == SheetState.SUBMITTED
        ],
        "without_score": [
            {"clip": str(sheet.clip_id), "judge": names[sheet.judge_id], "state": sheet.state}
            for sheet in sheets
            if sheet.state != SheetState.SUBMITTED
        ],
        "orders": [decision.order for decision in orders.order_by("decided_at", "pk")],
    }


def _sheets(clip_contest: ClipContest) -> list[ScoreSheet]:
    """The sheets of clips that are scored, by clip and judge, with their points."""
    sheets = ScoreSheet.objects.filter(clip__in=clip_contest.clips.accepted())
    points = CriterionScore.objects.order_by("criterion__position")
    return list(sheets.order_by("clip__number", "judge_id").prefetch_related(Prefetch("scores", points)))


def _points(sheet: ScoreSheet) -> list[str]:
    return [str(score.points) for score in sheet.scores.all()]


def _names_of_judges(clip_contest: ClipContest, sheets: list[ScoreSheet]) -> dict[int, str]:
    """GK1, GK2, … in the order of the panel; who has a sheet and has left the panel follows."""
    members = list(PanelMember.objects.filter(clip_contest=clip_contest).order_by("-is_chair", "pk"))
    order = dict.fromkeys([member.judge_id for member in members] + sorted({sheet.judge_id for sheet in sheets}))
    return {judge: f"GK{number}" for number, judge in enumerate(order, start=1)}


def _judges(clip_contest: ClipContest, names: dict[int, str]) -> list[Json]:
    chairs = set(PanelMember.objects.filter(clip_contest=clip_contest, is_chair=True).values_list("judge", flat=True))
    return [{"name": name, "id": judge, "is_chair": judge in chairs} for judge, name in names.items()]


def _clip(clip_contest: ClipContest, clip: Clip, groups: Mapping[str, str]) -> dict[str, Any]:
    kind = clip.unit.kind.name if clip_contest.prizes_by_kind else ""
    assert clip.submitted_at is not None  # a constraint holds it
    return {
        "id": str(clip.pk),
        "number": clip.number,
        "group": groups.get(str(clip.pk), kind),
        "submitted_at": iso(clip.submitted_at),
    }
