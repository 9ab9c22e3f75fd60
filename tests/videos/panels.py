"""Panels that have scored and locked, from a table of points."""

from datetime import timedelta

from accounts.clock import server_now
from accounts.models import Role
from tests.factories import grant, make_unit, make_user
from tests.videos.world import make_clip, make_clip_contest, make_judge, make_rubric, make_sheet, start_scoring
from videos.models import ClipContest, ClipPrize, ClipState


def lock(clip_contest):
    ClipContest.objects.filter(pk=clip_contest.pk).update(locked_at=server_now())
    clip_contest.refresh_from_db()
    return clip_contest


def panel(*sheets, judges=2, prizes=(("Giải Nhất", 1), ("Giải Nhì", 1)), kinds=(), locked=True, **fields):
    """(contest, judges, clips) of a panel that has locked. `sheets`: for each clip the points by judge, or None.

    Clips were submitted one minute after the other.
    """
    clip_contest = make_clip_contest(rubric=make_rubric(70, 30, step="0.01"), **fields)
    clip_contest.prizes.all().delete()
    ClipPrize.objects.bulk_create(
        ClipPrize(clip_contest=clip_contest, position=position, title=title, count=count)
        for position, (title, count) in enumerate(prizes, start=1)
    )
    members = [make_judge(clip_contest, is_chair=number == 0) for number in range(judges)]
    start = server_now() - timedelta(days=2)
    clips = []
    for number in range(len(sheets)):
        kind = {"kind": kinds[number]} if kinds else {}
        unit = make_unit(parent=clip_contest.contest.unit, **kind)
        at = start + timedelta(minutes=number)
        clips.append(make_clip(clip_contest, unit=unit, state=ClipState.ACCEPTED, submitted_at=at))
    start_scoring(clip_contest)
    for clip, own in zip(clips, sheets, strict=True):
        for judge, points in zip(members, own, strict=False):
            if points is not None:
                make_sheet(clip, judge, *points)
    return (lock(clip_contest) if locked else clip_contest), members, clips


def organiser_of(clip_contest):
    user = make_user()
    grant(user, Role.ORGANISER, clip_contest.contest.unit)
    return user


def tied(**fields):
    """Three clips, of which the first two are equal in everything but the time, which is not asked for."""
    return panel([(60, 20)], [(60, 20)], [(50, 20)], tie_chain=["highest:desc"], **fields)
