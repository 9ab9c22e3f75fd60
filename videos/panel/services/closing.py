"""The end of scoring: sheets that nobody fills are closed by the chair's recorded decision, then the panel locks."""

from dataclasses import dataclass

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp, server_now
from accounts.models import User
from accounts.problems import Refused
from accounts.rights import Right, holders_over
from accounts.text import nfc
from contest.templatetags.portal import moment
from videos.models import (
    OPEN_STATES,
    ChairDecision,
    ChairDecisionKind,
    ClipContest,
    ClipReminderKind,
    ClipState,
    ScoreSheet,
    SheetState,
)
from videos.panel.services.appointing import locked
from videos.panel.services.starting import names_of, unassigned
from videos.reminding import remind


def close_sheet(*, sheet: ScoreSheet, reason: str, actor: User) -> ChairDecision:
    """Record the chair's decision that a sheet ends without a score. Raises Refused: no reason, no longer open."""
    reason = nfc(reason)
    if not reason:
        raise Refused(_("Hãy ghi rõ lý do của quyết định."))
    with transaction.atomic():
        sheets = ScoreSheet.objects.select_for_update(no_key=True, of=("self",)).select_related(
            "clip__clip_contest__contest__unit", "judge"
        )
        stored = sheets.get(pk=sheet.pk)
        values = {"number": stored.clip.number, "judge": stored.judge.full_name}
        if stored.state not in OPEN_STATES:
            raise Refused(_("Phiếu của %(judge)s cho video số %(number)s không còn để ngỏ.") % values)
        clip_contest = stored.clip.clip_contest
        ScoreSheet.objects.filter(pk=stored.pk).update(state=SheetState.CLOSED, reason=reason)
        decision = ChairDecision.objects.create(
            clip_contest=clip_contest,
            kind=ChairDecisionKind.CLOSE_SHEET,
            sheet=stored,
            reason=reason,
            decided_by=actor,
        )
        record_audit(
            actor=actor,
            verb="panel.close_sheet",
            object=clip_contest,
            before={"state": stored.state},
            after={"judge": stored.judge.employee_id, "clip": stored.clip.number, "reason": reason},
        )
    return decision


def open_sheets(clip_contest: ClipContest):
    """The sheets still to be handed in, by judge and clip."""
    sheets = ScoreSheet.objects.filter(clip__clip_contest=clip_contest, state__in=OPEN_STATES)
    return sheets.select_related("judge", "clip").order_by("judge__sort_key", "judge_id", "clip__number")


def faults_before_locking(clip_contest: ClipContest) -> list[str]:
    """What still keeps the panel from locking, in sentences; empty when nothing does."""
    faults = []
    of_judge: dict[str, list] = {}
    for sheet in open_sheets(clip_contest):
        of_judge.setdefault(sheet.judge.full_name, []).append(sheet.clip)
    faults += [
        _("%(judge)s chưa nộp phiếu: %(clips)s.") % {"judge": judge, "clips": names_of(clips)}
        for judge, clips in of_judge.items()
    ]
    waiting = list(clip_contest.clips.filter(state=ClipState.SUBMITTED).order_by("number"))
    if waiting:
        faults.append(_("Chưa rà soát xong: %(clips)s.") % {"clips": names_of(waiting)})
    back = clip_contest.clips.filter(state=ClipState.SENT_BACK, deadline__gt=server_now()).order_by("number")
    faults += [
        _("Video số %(number)s còn hạn chỉnh sửa đến %(deadline)s.")
        % {"number": clip.number, "deadline": moment(clip.deadline)}
        for clip in back
    ]
    left = list(unassigned(clip_contest))
    if left:
        faults.append(_("Chưa giao cho giám khảo: %(clips)s.") % {"clips": names_of(left)})
    return faults


def lock_panel(*, clip_contest: ClipContest, actor: User) -> None:
    """End the scoring for good: from now on the database refuses every change to a sheet.

    Raises Refused before it has started, when it is locked already, and with everything that is still open.
    """
    with transaction.atomic():
        stored = locked(clip_contest)
        if stored.scoring_started_at is None:
            raise Refused(_("Ban Giám khảo chưa bắt đầu chấm."))
        if stored.locked_at:
            raise Refused(_("Ban Giám khảo đã khóa chấm điểm."))
        faults = faults_before_locking(stored)
        if faults:
            raise Refused(*faults)
        ClipContest.objects.filter(pk=stored.pk).update(locked_at=ClockTimestamp())
        sheets = ScoreSheet.objects.filter(clip__clip_contest=stored, state=SheetState.SUBMITTED).count()
        record_audit(actor=actor, verb="panel.lock", object=stored, after={"sheets": sheets})
    clip_contest.refresh_from_db()


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many judges were told now, and how many had been told today already."""

    told: int
    already: int


def remind_judges(*, clip_contest: ClipContest, actor: User) -> Reminded:
    """Remind the judges who have sheets left, each at most once a day. Raises Refused when nobody has any."""
    able = holders_over(clip_contest.contest.unit_id, Right.SCORE_CLIPS).values("pk")
    judges = set(open_sheets(clip_contest).filter(judge__in=able).values_list("judge_id", flat=True))
    if clip_contest.locked_at or not judges:
        raise Refused(_("Không còn giám khảo nào để nhắc."))
    with transaction.atomic():
        told = remind(
            clip_contest=clip_contest,
            kind=ClipReminderKind.SCORE,
            users=judges,
            subject=_("Còn video bạn chưa chấm xong"),
            body=_("Ban Tổ chức đề nghị bạn hoàn thành các phiếu chấm video của %(contest)s.")
            % {"contest": clip_contest.contest.title},
            path=f"{reverse('judging')}?contest={clip_contest.pk}",
            actor=actor,
        )
        if told:
            record_audit(actor=actor, verb="panel.remind", object=clip_contest, after={"judges": told})
    return Reminded(told, len(judges) - told)
