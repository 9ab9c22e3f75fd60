"""The demo's contests of clips alone, the clip part of its quiz contest, and the panels."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import Unit, User
from contest.demo.clock import VIETNAM
from contest.demo.plan import Plan
from contest.demo.units import ROOT_ID
from contest.models import Contest
from videos.demo.stories import FINISHED, JUDGED, ContestStory
from videos.models import ClipContest, PanelMember, Rubric
from videos.ready import RUBRICS
from videos.setup.services import copy_ready_rubric, create_clip_contest

JUDGES = ("judge1", "judge2", "judge3")  # the first is the chair
# Fewer units than that have not enough people for clips and a panel without an interest in them.
FEWEST_UNITS = 12
_OPENED, _OPEN_FOR, _TO_IMPROVE = 10, 11, 4  # days


def has_clips(plan: Plan) -> bool:
    return plan.units >= FEWEST_UNITS


def write_earlier_contests(plan: Plan) -> None:
    """The contests of clips alone. They come before the quiz contest, which stays the latest."""
    for story in (FINISHED, JUDGED) if has_clips(plan) else ():
        Contest.objects.create(
            slug=story.slug, title=story.title, introduction=story.introduction, unit_id=ROOT_ID, is_public=True
        )


def days_before(plan: Plan, days: float, *, hour: int = 8) -> datetime:
    """The full hour, local time, that many days before the demo's present."""
    local = (plan.at - timedelta(days=days)).astimezone(VIETNAM)
    return local.replace(hour=hour, minute=0, second=0, microsecond=0)


def time_to_improve(plan: Plan) -> datetime:
    """Until when a clip that was sent back may be handed in again."""
    return days_before(plan, -_TO_IMPROVE, hour=17)


def write_clip_contest(plan: Plan, story: ContestStory) -> ClipContest:
    """That of a contest of clips alone, before its panel begins."""
    contest = Contest.objects.get(slug=story.slug)
    dates = {"opens_at": days_before(plan, story.opened), "closes_at": days_before(plan, story.closed, hour=17)}
    return _write(contest, story.rubric, dates)


def write_open_clip_contest(plan: Plan, contest: Contest) -> ClipContest:
    """The clip part of the quiz contest: it has received clips for some days and goes on."""
    dates = {"opens_at": days_before(plan, _OPENED), "closes_at": days_before(plan, -_OPEN_FOR, hour=17)}
    return _write(contest, FINISHED.rubric, dates)


def _write(contest: Contest, rubric: str, dates: dict[str, Any]) -> ClipContest:
    organiser = User.objects.get(employee_id="organiser")
    clip_contest = create_clip_contest(contest=contest, actor=organiser, **dates)
    clip_contest.rubric = copy_rubric(rubric, organiser)
    clip_contest.save(update_fields=["rubric"])
    members = {judge.employee_id: judge for judge in User.objects.filter(employee_id__in=JUDGES)}
    PanelMember.objects.bulk_create(
        PanelMember(clip_contest=clip_contest, judge=members[login], is_chair=login == JUDGES[0]) for login in JUDGES
    )
    return clip_contest


def copy_rubric(code: str, actor: User) -> Rubric:
    ready = next(ready for ready in RUBRICS if ready.code == code)
    return copy_ready_rubric(ready=ready, unit=Unit.objects.get(pk=ROOT_ID), actor=actor)


def begin_scoring(clip_contest: ClipContest, at: datetime) -> None:
    """Freeze rubric and rules, as the start of the panel does."""
    assert clip_contest.rubric_id is not None
    Rubric.objects.filter(pk=clip_contest.rubric_id, frozen_at=None).update(frozen_at=at)
    ClipContest.objects.filter(pk=clip_contest.pk).update(scoring_started_at=at)
    clip_contest.refresh_from_db()
