"""A panel that changes after scoring has begun: somebody takes a judge's place, or is added where sheets are missing.

Everything that was handed in stays and counts; rubric and rules stay as they are. Each change is recorded with its
reason, for the panel's minutes. Like all that changes a panel as a whole it holds the contest's row, so that it and
the lock come one after the other; the leaving judge's sheets are locked before they are looked at, so that a sheet
handed in at the same moment either counts or has passed on to the newcomer, never both.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.models import User
from accounts.problems import Refused
from accounts.rights import Right, holders_over
from accounts.text import nfc
from notifications.models import Kind
from notifications.services import notify
from videos.models import OPEN_STATES, Clip, ClipContest, PanelChange, PanelMember, ScoreSheet, SheetState
from videos.panel.interests import excluded_pairs
from videos.panel.services.appointing import locked, require_appointable
from videos.panel.services.starting import judges_needed, names_of, tell_judge

LONGEST_REASON = 1000


# --- Who, and what for ------------------------------------------------------------------------------


def newcomers(clip_contest: ClipContest) -> QuerySet[User]:
    """Who may join now: holders of the role who neither sit on the panel nor ever had one of its sheets."""
    able = holders_over(clip_contest.contest.unit_id, Right.SCORE_CLIPS)
    seated = clip_contest.panel.values("judge")
    known = ScoreSheet.objects.filter(clip__clip_contest=clip_contest).values("judge")
    return able.exclude(pk__in=seated).exclude(pk__in=known).order_by("sort_key", "pk")


def clips_left_by(member: PanelMember) -> QuerySet[Clip]:
    """The clips that were given to the judge and for which they have not handed in a sheet, by number."""
    own = ScoreSheet.objects.filter(judge=member.judge_id).exclude(state=SheetState.SUBMITTED)
    clips = member.clip_contest.clips.accepted().filter(pk__in=own.values("clip"))
    return clips.select_related("unit").order_by("number")


@dataclass(frozen=True, slots=True)
class ShortClip:
    """A clip with fewer sheets than it should have: `there_are` handed in or still open, of `wanted`."""

    clip: Clip
    there_are: int
    wanted: int


def short_clips(clip_contest: ClipContest) -> list[ShortClip]:
    """The clips in the panel's hands that lack sheets, by number. Two queries.

    Wanted are the judges for each clip; where every judge scores every clip as many sheets as the clip with most of
    them has, and never fewer than the combination needs.
    """
    live = Count("sheets", filter=Q(sheets__state__in=[*OPEN_STATES, SheetState.SUBMITTED]))
    clips = clip_contest.clips.accepted().exclude(sheets=None).annotate(live=live)
    rows = list(clips.select_related("unit").order_by("number"))
    most = max((clip.live for clip in rows), default=0)
    wanted = clip_contest.judges_per_clip or max(most, judges_needed(clip_contest))
    return [ShortClip(clip, clip.live, wanted) for clip in rows if clip.live < wanted]


# --- The changes ------------------------------------------------------------------------------------


def replace_judge(*, member: PanelMember, judge: User, reason: str, actor: User) -> PanelChange:
    """Put `judge` in the place of a member, who leaves for good.

    The member's open sheets are closed; the newcomer gets a sheet for every clip for which the member has handed in
    none. Both are told. Raises Refused: no reason, not scoring, the member gone, in the chair, or done with all; a
    newcomer without the role, known to the panel already, or kept from one of these clips.
    """
    reason = _reason(reason)
    with transaction.atomic():
        stored = _scoring(member.clip_contest)
        leaving = stored.panel.select_related("judge", "clip_contest").filter(pk=member.pk).first()
        if leaving is None:
            raise Refused(_("Giám khảo này không còn trong Ban Giám khảo."))
        if leaving.is_chair:
            raise Refused(_("Hãy cử Trưởng ban khác trước khi thay giám khảo này."))
        closed = _close_sheets_of(leaving, reason)
        clips = list(clips_left_by(leaving))
        if not clips:
            values = {"judge": leaving.judge.full_name}
            raise Refused(_("%(judge)s đã nộp mọi phiếu được giao nên không còn gì để người khác chấm thay.") % values)
        _require_newcomer(stored, judge, clips)
        left = leaving.judge
        leaving.delete()
        change = _join(stored, judge, clips, left=left, reason=reason, decided_by=actor)
        before = {"judge": left.employee_id, "closed": closed}
        after = {"judge": judge.employee_id, "clips": change.clips, "reason": reason}
        record_audit(actor=actor, verb="panel.replace", object=stored, before=before, after=after)
        _tell_leaving(stored, left)
    return change


def add_judge(
    *, clip_contest: ClipContest, judge: User, clips: Collection[Clip], reason: str, actor: User
) -> PanelChange:
    """Add `judge` to the panel, for `clips` that lack sheets, and only these.

    Raises Refused: no reason, not scoring, no clip, one that lacks none; a newcomer as for `replace_judge`.
    """
    reason = _reason(reason)
    with transaction.atomic():
        stored = _scoring(clip_contest)
        asked = {clip.pk for clip in clips}
        chosen = [one.clip for one in short_clips(stored) if one.clip.pk in asked]
        if not chosen or len(chosen) != len(asked):
            raise Refused(_("Hãy chọn ít nhất một video, chỉ trong những video còn thiếu phiếu chấm."))
        _require_newcomer(stored, judge, chosen)
        change = _join(stored, judge, chosen, left=None, reason=reason, decided_by=actor)
        after = {"judge": judge.employee_id, "clips": change.clips, "reason": reason}
        record_audit(actor=actor, verb="panel.add", object=stored, after=after)
    return change


def _reason(text: str) -> str:
    reason = nfc(text)[:LONGEST_REASON]
    if not reason:
        raise Refused(_("Hãy ghi rõ lý do."))
    return reason


def _scoring(clip_contest: ClipContest) -> ClipContest:
    """The contest, its row locked. Raises Refused unless its panel is scoring."""
    stored = locked(clip_contest)
    if stored.scoring_started_at is None:
        raise Refused(_("Ban Giám khảo chưa bắt đầu chấm."))
    if stored.locked_at:
        raise Refused(_("Ban Giám khảo đã khóa chấm điểm."))
    return stored


def _close_sheets_of(member: PanelMember, reason: str) -> list[int]:
    """Close what the judge has not handed in by now; returns the clips' numbers."""
    # In the order in which close_sheet takes them, so that the two never wait for one another.
    sheets = ScoreSheet.objects.select_for_update(no_key=True, of=("self",)).select_related("clip")
    own = sheets.filter(clip__clip_contest=member.clip_contest_id, judge=member.judge_id).order_by("clip__number")
    still_open = [sheet for sheet in own if sheet.state in OPEN_STATES]
    ScoreSheet.objects.filter(pk__in=[sheet.pk for sheet in still_open]).update(state=SheetState.CLOSED, reason=reason)
    return [sheet.clip.number or 0 for sheet in still_open]


def _require_newcomer(clip_contest: ClipContest, judge: User, clips: Sequence[Clip]) -> None:
    require_appointable(clip_contest, judge)
    values: dict[str, Any] = {"judge": judge.full_name}
    if ScoreSheet.objects.filter(clip__clip_contest=clip_contest, judge=judge).exists():
        raise Refused(_("%(judge)s đã rời Ban Giám khảo này nên không vào lại được.") % values)
    barred = excluded_pairs(clips, [judge])
    kept = [clip for clip in clips if (judge.pk, clip.pk) in barred]
    if kept:
        values["clips"] = names_of(kept)
        raise Refused(
            _(
                "%(judge)s không được chấm %(clips)s: video của chính đơn vị mình, của đơn vị cấp trên, của đơn vị mà"
                " mình là đầu mối hoặc do mình gửi. Hãy chọn người khác."
            )
            % values
        )


def _join(clip_contest: ClipContest, judge: User, clips: Sequence[Clip], **fields: Any) -> PanelChange:
    PanelMember.objects.create(clip_contest=clip_contest, judge=judge)
    ScoreSheet.objects.bulk_create(ScoreSheet(clip=clip, judge=judge) for clip in clips)
    tell_judge(clip_contest, judge, len(clips))
    numbers = [clip.number for clip in clips]
    return PanelChange.objects.create(clip_contest=clip_contest, joined=judge, clips=numbers, **fields)


def _tell_leaving(clip_contest: ClipContest, judge: User) -> None:
    notify(
        user=judge,
        kind=Kind.CLIP,
        subject=_("Bạn không còn trong Ban Giám khảo video"),
        body=_(
            "Hội thi: %(contest)s. Ban Tổ chức đã cử người khác chấm thay các video bạn chưa nộp phiếu. Phiếu bạn đã"
            " nộp vẫn được tính."
        )
        % {"contest": clip_contest.contest.title},
    )
