"""Small worlds of clips: a clip contest, clips with a file that is ready, judges and their sheets.

Times of the clip contest are moved, never the clock. `ready_file` writes no bytes into the storage,
`give_bytes` does.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

from django.core.files.base import ContentFile
from django.db.models import Max

from accounts.clock import server_now
from accounts.models import Role, Unit, User
from contest.models import Contest
from tests.factories import grant, make_contest, make_root, make_unit, make_user
from videos.models import (
    Clip,
    ClipContest,
    ClipFile,
    ClipPrize,
    ClipState,
    Criterion,
    CriterionScore,
    FileState,
    Genre,
    PanelMember,
    Rendition,
    Rubric,
    ScoreSheet,
    SheetState,
)
from videos.ready import GENRES, PRIZES
from videos.storage import captions_key, clip_storage, original_key, poster_key, rendition_key

_numbers = count(1)


def make_rubric(*maxima: int, unit: Unit | None = None, step: str = "0.5") -> Rubric:
    """A rubric with a criterion for each of `maxima` (70 and 30 by default)."""
    number = next(_numbers)
    rubric = Rubric.objects.create(unit=unit or make_root(), code=f"thang-{number}", title=f"Thang điểm {number}")
    Criterion.objects.bulk_create(
        Criterion(rubric=rubric, position=position, title=f"Tiêu chí {position}", maximum=maximum, step=Decimal(step))
        for position, maximum in enumerate(maxima or (70, 30), start=1)
    )
    return rubric


def make_clip_contest(contest: Contest | None = None, **fields) -> ClipContest:
    """A clip contest that opened a week ago and receives clips for another week; four genres, eight prizes."""
    contest, now = contest or make_contest(), server_now()
    defaults = {"opens_at": now - timedelta(days=7), "closes_at": now + timedelta(days=7)}
    if "rubric" not in fields:
        defaults["rubric"] = make_rubric(unit=contest.unit)
    clip_contest = ClipContest.objects.create(contest=contest, **defaults | fields)
    Genre.objects.bulk_create(
        Genre(clip_contest=clip_contest, position=position, name=name) for position, name in enumerate(GENRES, start=1)
    )
    if not clip_contest.scoring_started_at:
        ClipPrize.objects.bulk_create(
            ClipPrize(clip_contest=clip_contest, position=position, title=title, count=number)
            for position, (title, number) in enumerate(PRIZES, start=1)
        )
    return clip_contest


def make_clip(
    clip_contest: ClipContest | None = None,
    *,
    unit: Unit | None = None,
    state: str = ClipState.DRAFT,
    by: User | None = None,
    ready: bool = True,
    submitted_at: datetime | None = None,
    **fields,
) -> Clip:
    """A clip; one that is handed in has number, declaration and time. `ready`: with a file whose processing is done."""
    clip_contest = clip_contest or make_clip_contest()
    unit = unit or make_unit(parent=clip_contest.contest.unit)
    by = by or make_user(unit=unit)
    number = next(_numbers)
    handed_in = {}
    if state != ClipState.DRAFT:
        at = submitted_at or server_now()
        handed_in = {
            "number": (clip_contest.clips.aggregate(n=Max("number"))["n"] or 0) + 1,
            "submitted_at": at, "submitted_by": by, "rights_declared_at": at, "rights_declared_by": by,
        }  # fmt: skip
    clip = Clip.objects.create(
        **{
            "clip_contest": clip_contest, "unit": unit, "title": f"Một cửa thân thiện {number}",
            "genre": clip_contest.genres.first(), "authors": f"Nhóm tác giả {number}", "created_by": by, "state": state,
        } | handed_in | fields
    )  # fmt: skip
    if ready:
        clip.current = ready_file(clip, by=by)
        clip.save(update_fields=["current"])
    return clip


def ready_file(clip: Clip, *, by: User | None = None, **fields) -> ClipFile:
    """The clip's next version, processed; nothing of it is in the storage."""
    version = clip.files.count() + 1
    return ClipFile.objects.create(
        **{
            "clip": clip, "version": version, "name": f"video {version}.mp4", "size": 1_000_000, "sha256": "ab" * 32,
            "received_by": by or clip.created_by, "state": FileState.READY, "progress": 100,
            "processed_at": server_now(), "seconds": Decimal("61.500"),
        } | fields
    )  # fmt: skip


def make_judge(clip_contest: ClipContest, *, is_chair: bool = False, **fields) -> User:
    """A member of the panel, holding the role over the contest's unit."""
    judge = make_user(**fields)
    grant(judge, Role.JUDGE, clip_contest.contest.unit)
    PanelMember.objects.create(clip_contest=clip_contest, judge=judge, is_chair=is_chair)
    return judge


def start_scoring(clip_contest: ClipContest) -> None:
    """Make its time for receiving clips past, and freeze rubric and rules, as starting the panel does."""
    now = server_now()
    if clip_contest.rubric and clip_contest.rubric.frozen_at is None:
        clip_contest.rubric.frozen_at = now
        clip_contest.rubric.save(update_fields=["frozen_at"])
    ClipContest.objects.filter(pk=clip_contest.pk).update(
        closes_at=now - timedelta(days=1), scoring_started_at=now - timedelta(hours=1)
    )
    clip_contest.refresh_from_db()


def make_sheet(clip: Clip, judge: User, *points, submitted: bool | None = None) -> ScoreSheet:
    """A sheet; with points for every criterion it is submitted, unless told otherwise."""
    sheet = ScoreSheet.objects.create(clip=clip, judge=judge)
    if not points:
        return sheet
    criteria = clip.clip_contest.rubric.criteria.order_by("position")
    ScoreSheet.objects.filter(pk=sheet.pk).update(state=SheetState.SCORING)
    CriterionScore.objects.bulk_create(
        CriterionScore(sheet=sheet, criterion=criterion, points=value, sequence=1)
        for criterion, value in zip(criteria, points, strict=False)
    )
    if submitted is not False:
        ScoreSheet.objects.filter(pk=sheet.pk).update(state=SheetState.SUBMITTED, submitted_at=server_now())
    sheet.refresh_from_db()
    return sheet


def give_bytes(clip: Clip, content: bytes = b"0123456789" * 20) -> None:
    """Put something in the place of every file of the clip's current version, its script too."""
    file = clip.current
    keys = [original_key(file.pk), poster_key(file.pk), captions_key(file.pk)]
    for height in (720, 480):
        keys.append(rendition_key(file.pk, height))
        Rendition.objects.get_or_create(
            file=file, height=height, defaults={
                "pixels_wide": height * 16 // 9, "pixels_high": height, "size": len(content), "sha256": "cd" * 32,
            },
        )  # fmt: skip
    for key in keys:
        clip_storage().delete(key)
        clip_storage().save(key, ContentFile(content))
    ClipFile.objects.filter(pk=file.pk).update(has_poster=True, has_captions=True)
    file.refresh_from_db()
    clip.script.save("kich-ban.pdf", ContentFile(content))
    Clip.objects.filter(pk=clip.pk).update(script_name="Kịch bản.pdf")
    clip.refresh_from_db()
