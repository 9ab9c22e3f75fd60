"""Who sits on the panel until scoring starts, and who is in the chair until it locks. See also `replacing.py`."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.models import User
from accounts.problems import Refused
from accounts.rights import Right, holders_over
from videos.models import ClipContest, PanelMember


def appoint_judge(*, clip_contest: ClipContest, judge: User, is_chair: bool = False, actor: User) -> PanelMember:
    """Make `judge` a member of the panel. Raises Refused: without the role, a member already, scoring has started."""
    with transaction.atomic():
        stored = locked(clip_contest)
        if stored.scoring_started_at:
            raise Refused(
                _(
                    "Ban Giám khảo đã bắt đầu chấm. Chỉ thay giám khảo hoặc thêm giám khảo cho video thiếu phiếu, có"
                    " ghi lý do."
                )
            )
        require_appointable(stored, judge)
        if is_chair:
            stored.panel.filter(is_chair=True).update(is_chair=False)
        member = PanelMember.objects.create(clip_contest=stored, judge=judge, is_chair=is_chair)
        after = {"judge": judge.employee_id, "is_chair": is_chair}
        record_audit(actor=actor, verb="panel.appoint", object=stored, after=after)
    return member


def dismiss_judge(*, member: PanelMember, actor: User) -> None:
    """Take a judge off the panel. Raises Refused once scoring has started."""
    with transaction.atomic():
        stored = locked(member.clip_contest)
        if stored.scoring_started_at:
            raise Refused(
                _("Ban Giám khảo đã bắt đầu chấm. Phiếu không chấm được thì khép lại theo quyết định của Trưởng ban.")
            )
        before = {"judge": member.judge.employee_id, "is_chair": member.is_chair}
        record_audit(actor=actor, verb="panel.dismiss", object=stored, before=before)
        member.delete()


def make_chair(*, member: PanelMember, actor: User) -> None:
    """Make a member the panel's chair, in the place of who was. Raises Refused once the panel has locked."""
    with transaction.atomic():
        stored = locked(member.clip_contest)
        if stored.locked_at:
            raise Refused(_("Ban Giám khảo đã khóa chấm điểm."))
        chair = stored.panel.select_related("judge").filter(is_chair=True).first()
        if chair and chair.pk == member.pk:
            return
        stored.panel.filter(is_chair=True).update(is_chair=False)
        stored.panel.filter(pk=member.pk).update(is_chair=True)
        record_audit(
            actor=actor,
            verb="panel.make_chair",
            object=stored,
            before={"chair": chair.judge.employee_id if chair else ""},
            after={"chair": member.judge.employee_id},
        )


def require_appointable(clip_contest: ClipContest, judge: User) -> None:
    """Raises Refused unless `judge` holds the role over the contest's unit and is not on the panel."""
    if not holders_over(clip_contest.contest.unit_id, Right.SCORE_CLIPS).filter(pk=judge.pk).exists():
        raise Refused(_("%(judge)s chưa được cấp vai trò Giám khảo của hội thi này.") % {"judge": judge.full_name})
    if clip_contest.panel.filter(judge=judge).exists():
        raise Refused(_("%(judge)s đã có trong Ban Giám khảo.") % {"judge": judge.full_name})


def locked(clip_contest: ClipContest) -> ClipContest:
    """The clip contest, its row locked: all that changes a panel as a whole goes one after the other."""
    contests = ClipContest.objects.select_for_update(of=("self",)).select_related("contest__unit", "rubric")
    return contests.get(pk=clip_contest.pk)
