"""Load the demo's clips into a portal that has its people and its contest: rows first, their bytes last."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from django.urls import reverse
from django.utils import translation

from accounts.models import User
from contest.demo.copying import reset_sequences
from contest.demo.plan import Plan
from contest.models import Contest
from notifications.models import Kind, Notification
from videos.demo.clips import Contents, Units, Writer
from videos.demo.contests import (
    JUDGES,
    days_before,
    has_clips,
    write_clip_contest,
    write_open_clip_contest,
)
from videos.demo.judging import judge
from videos.demo.stories import FINISHED, JUDGED, RECEIVED
from videos.models import Clip, ClipContest, ClipState, ScoreSheet
from videos.processing.storing import put
from videos.storage import clip_storage


def load_clips(plan: Plan, contest: Contest) -> int:
    """Write all of it and return how many clips there are; the last step of a load, as it leaves files behind.

    `contest` is the quiz contest. Everything hangs on the plan; a very small demo has no clips.
    """
    if not has_clips(plan):
        return 0
    reset_sequences("videos")
    contents, units = Contents(), Units(plan)
    with translation.override("vi"):
        for story in (FINISHED, JUDGED):
            clip_contest = write_clip_contest(plan, story)
            clips = Writer(plan, clip_contest, units, contents).write(story.clips)
            judge(plan, clip_contest, story, clips)
        open_one = write_open_clip_contest(plan, contest)
        _tell_coordinator(plan, Writer(plan, open_one, units, contents).write(RECEIVED))
        _tell_judges(plan, ClipContest.objects.get(contest__slug=JUDGED.slug))
    store(contents.of_key)
    return Clip.objects.count()


def store(contents: Mapping[str, bytes]) -> None:
    """Put everything under its key, or nothing."""
    with TemporaryDirectory() as directory:
        path, done = Path(directory) / "content", []
        try:
            for key, data in contents.items():
                path.write_bytes(data)
                done.append(key)
                put(path, key)
        except BaseException:
            for key in done:
                clip_storage().delete(key)
            raise


# --- Messages ---------------------------------------------------------------------------------------


def _tell_coordinator(plan: Plan, clips: list[Clip]) -> None:
    """Of the clip that was sent back. In the portal only: no mail goes out to made-up people."""
    for clip in clips:
        if clip.state != ClipState.SENT_BACK:
            continue
        screening = clip.screenings.get()
        Notification.objects.create(
            user=clip.created_by, kind=Kind.CLIP, created_at=screening.decided_at, due_at=screening.decided_at,
            own_subject=f"Video số {clip.number} được trả lại để chỉnh sửa",
            own_body=f"Video: {clip.title}.\nLý do: {screening.reason}", own_path=reverse("my-clips"),
        )  # fmt: skip


def _tell_judges(plan: Plan, clip_contest: ClipContest) -> None:
    at = days_before(plan, JUDGED.scored)
    for user in User.objects.filter(employee_id__in=JUDGES).order_by("pk"):
        sheets = ScoreSheet.objects.filter(judge=user, clip__clip_contest=clip_contest).count()
        Notification.objects.create(
            user=user, kind=Kind.CLIP, created_at=at, due_at=at, own_subject=f"Bạn có {sheets} video cần chấm",
            own_body=f"Hội thi: {clip_contest.contest.title}.",
            own_path=f"{reverse('judging')}?contest={clip_contest.pk}",
        )  # fmt: skip
