"""Decisions of the screening (rà soát, sàng lọc)."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import iso, server_now
from accounts.models import User
from accounts.problems import Refused
from accounts.rights import Right, holders_over
from contest.templatetags.portal import moment
from notifications.models import Kind
from notifications.services import notify
from videos.models import Clip, ClipContest, ClipState, Decision, FileState, Screening

_FROM = (ClipState.SUBMITTED, ClipState.ACCEPTED, ClipState.REJECTED)


def screen_clip(
    *, clip: Clip, decision: str, reason: str = "", new_deadline: datetime | None = None, version: int | None = None,
    actor: User,
) -> Screening:  # fmt: skip
    """Accept the clip, send it back until `new_deadline`, or reject it; its unit's coordinators are told.

    `version`: that of the file which was looked at (by default the one that counts). A decision may be changed until
    the panel has the clip. Raises Refused: not handed in, another file by now, file not ready, without a reason where
    one is needed, a deadline that is past, a clip that the panel scores, a locked panel.
    """
    reason = reason.strip()
    with transaction.atomic():
        contest = ClipContest.objects.select_for_update().get(pk=clip.clip_contest_id)
        clip = Clip.objects.select_for_update(of=("self",)).select_related("current", "unit").get(pk=clip.pk)
        clip.clip_contest = contest
        if clip.current and version not in (None, clip.current.version):
            raise Refused(_("Đơn vị vừa thay tệp video. Vui lòng xem tệp mới rồi kết luận."))
        _refuse(clip, decision, reason, new_deadline)
        assert clip.current is not None
        screening = Screening.objects.create(
            clip=clip,
            file=clip.current,
            decision=decision,
            reason=reason,
            new_deadline=new_deadline if decision == Decision.SENT_BACK else None,
            decided_by=actor,
        )
        before = clip.state
        clip.state, clip.deadline = ClipState(decision), screening.new_deadline
        clip.save(update_fields=["state", "deadline"])
        record_audit(
            actor=actor,
            verb="clip.screen",
            object=clip,
            before={"state": before},
            after={"state": clip.state, "reason": reason, "version": clip.current.version}
            | ({"deadline": iso(new_deadline)} if clip.deadline and new_deadline else {}),
        )
        _tell(clip, screening, actor)
    return screening


def _refuse(clip: Clip, decision: str, reason: str, new_deadline: datetime | None) -> None:
    faults = []
    if clip.state not in _FROM:
        faults.append(_("Video này chưa được gửi hoặc đang ở đơn vị để chỉnh sửa."))
    elif clip.clip_contest.locked_at or clip.sheets.exists():
        faults.append(_("Video đã giao cho Ban Giám khảo nên không rà soát lại được."))
    elif decision == clip.state:
        faults.append(_("Video đã được kết luận như vậy."))
    if clip.current is None or (decision == Decision.ACCEPTED and clip.current.state != FileState.READY):
        faults.append(_("Tệp video chưa xử lý xong nên chưa thể đưa vào chấm."))
    if decision != Decision.ACCEPTED and not reason:
        faults.append(_("Hãy ghi lý do để đơn vị biết cần sửa gì."))
    if decision == Decision.SENT_BACK and (new_deadline is None or new_deadline <= server_now()):
        faults.append(_("Hạn chỉnh sửa phải ở trong tương lai."))
    if faults:
        raise Refused(*faults)


def _tell(clip: Clip, screening: Screening, actor: User) -> None:
    values = {"number": clip.number, "title": clip.title, "reason": screening.reason}
    subject = {
        Decision.ACCEPTED: _("Video số %(number)s được đưa vào chấm"),
        Decision.SENT_BACK: _("Video số %(number)s được trả lại để chỉnh sửa"),
        Decision.REJECTED: _("Video số %(number)s không được đưa vào chấm"),
    }[Decision(screening.decision)] % values
    body = _("Video: %(title)s.") % values
    if screening.reason:
        body += "\n" + _("Lý do: %(reason)s") % values
    if screening.new_deadline:
        body += "\n" + _("Hạn chỉnh sửa: %(deadline)s.") % {"deadline": moment(screening.new_deadline)}
    for user in holders_over(clip.unit_id, Right.HAND_IN_CLIPS).exclude(pk=actor.pk).order_by("pk"):
        notify(user=user, kind=Kind.CLIP, subject=subject, body=body, path=reverse("my-clips"))
