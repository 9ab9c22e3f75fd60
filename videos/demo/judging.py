"""The demo's panels: one that has finished, with everything that can happen to a sheet, and one at work."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from accounts.models import User
from contest.demo.dice import Dice
from contest.demo.plan import Plan
from videos.demo.contests import JUDGES, begin_scoring, days_before
from videos.demo.stories import ABSTENTION, CLOSING, COMMENTS, CONFLICT, DISAGREEMENT, ContestStory
from videos.models import (
    ChairDecision,
    ChairDecisionKind,
    Clip,
    ClipContest,
    ClipState,
    Criterion,
    CriterionScore,
    ScoreSheet,
    SheetState,
)
from videos.result.gathering import gather_input
from videos.result.services import keep_result

SUBMITTED, SCORING, ASSIGNED = SheetState.SUBMITTED, SheetState.SCORING, SheetState.ASSIGNED
CONFLICTED, ABSTAINED, CLOSED = SheetState.CONFLICT, SheetState.ABSTAINED, SheetState.CLOSED
# How strict each judge is: points of 100 above or below a middling one.
_SEVERITY = {"judge1": -1.5, "judge2": 2.0, "judge3": -0.5}
_NOISE = 1.6
# In the finished panel, by the place of the story: sheets that are not simply submitted, and a low one that is flagged.
_FINISHED = {(3, "judge2"): CONFLICTED, (5, "judge3"): ABSTAINED, (7, "judge2"): CLOSED}
_LOW, _LOWER_BY = (4, "judge3"), 24.0
# In the panel at work, by judge, in the order of the clips' stories.
_AT_WORK = {
    "judge1": (SUBMITTED, SUBMITTED, SCORING, ASSIGNED, ASSIGNED, ASSIGNED),
    "judge2": (SUBMITTED, CONFLICTED, SUBMITTED, SUBMITTED, SCORING, ASSIGNED),
    "judge3": (SUBMITTED, SUBMITTED, SUBMITTED, ABSTAINED, SUBMITTED, SUBMITTED),
}
_REASONS = {CONFLICTED: CONFLICT, ABSTAINED: ABSTENTION, CLOSED: CLOSING}
_PUBLISHED_AFTER = timedelta(hours=26)


def judge(plan: Plan, clip_contest: ClipContest, story: ContestStory, clips: Sequence[Clip]) -> None:
    """Let the panel score, as far as the story says; a finished one has its result computed and published."""
    started = days_before(plan, story.scored)
    begin_scoring(clip_contest, started)
    locked = days_before(plan, story.locked, hour=16) if story.locked is not None else None
    until = (locked or plan.at) - timedelta(hours=8)
    judges = {user.employee_id: user for user in User.objects.filter(employee_id__in=JUDGES)}
    criteria = list(Criterion.objects.filter(rubric=clip_contest.rubric_id).order_by("position"))
    for place, (told, clip) in enumerate(zip(story.clips, clips, strict=True)):
        if clip.state != ClipState.ACCEPTED:
            continue
        for login in JUDGES:
            dice = plan.dice("sheet of a clip", story.slug, place, login)
            is_low = locked is not None and (place, login) == _LOW
            state = _FINISHED.get((place, login), SUBMITTED) if locked else _AT_WORK[login][place]
            at = started + dice.between(0.05, 1.0) * (until - started)
            sheet = ScoreSheet.objects.create(clip=clip, judge=judges[login], assigned_at=started)
            if state in (SUBMITTED, SCORING):
                given = criteria[: len(criteria) // 2] if state == SCORING else criteria
                quality = told.quality + _SEVERITY[login] - (_LOWER_BY if is_low else 0.0)
                CriterionScore.objects.bulk_create(_scores(dice, sheet, given, quality))
            _end(sheet, state, at, DISAGREEMENT if is_low else dice.pick(COMMENTS))
    if locked is not None:
        _finish(clip_contest, locked)


def _scores(dice: Dice, sheet: ScoreSheet, criteria: Sequence[Criterion], quality: float) -> Iterator[CriterionScore]:
    """Points for each criterion, in its steps, about `quality` percent of its most."""
    for criterion in criteria:
        share = (quality + dice.normal(0.0, _NOISE)) / 100
        steps = round(float(criterion.maximum) * share / float(criterion.step))
        points = min(criterion.maximum, max(Decimal(0), steps * criterion.step))
        yield CriterionScore(sheet=sheet, criterion=criterion, points=points, sequence=1)


def _end(sheet: ScoreSheet, state: str, at: datetime, comment: str) -> None:
    """The sheet as its judge left it, or as the chair closed it."""
    if state == ASSIGNED:
        return
    sheet.state, sheet.has_conflict, sheet.reason = state, state == CONFLICTED, _REASONS.get(SheetState(state), "")
    if state == SUBMITTED:
        sheet.submitted_at, sheet.comment, sheet.sequence = at, comment, 1
    sheet.save()
    if state == CLOSED:
        ChairDecision.objects.create(
            clip_contest=sheet.clip.clip_contest, kind=ChairDecisionKind.CLOSE_SHEET, sheet=sheet, reason=sheet.reason,
            decided_by=User.objects.get(employee_id=JUDGES[0]), decided_at=at,
        )  # fmt: skip


def _finish(clip_contest: ClipContest, locked: datetime) -> None:
    """Lock, compute and publish: what the services do, at the times of the story."""
    contests = ClipContest.objects.filter(pk=clip_contest.pk)
    contests.update(locked_at=locked)
    clip_contest.refresh_from_db()
    organiser = User.objects.get(employee_id="organiser")
    made_at = locked + timedelta(minutes=20)
    keep_result(clip_contest, gather_input(clip_contest), version=1, made_by=organiser, made_at=made_at)
    contests.update(published_at=locked + _PUBLISHED_AFTER)
