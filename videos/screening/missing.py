"""Units that have not handed in a clip, and reminding their coordinators."""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.models import Membership, Unit, UnitQuerySet, User
from accounts.problems import Refused
from accounts.rights import Right, nearest_holders
from contest.templatetags.portal import closing
from videos.models import Clip, ClipContest, ClipReminderKind, Stage
from videos.reminding import remind


def units_of(clip_contest: ClipContest) -> UnitQuerySet:
    """The units with the duty to hand in: those of the contest in force at its close with a headcount or members."""
    day = timezone.localdate(clip_contest.closes_at)
    members = Membership.objects.current().filter(unit=OuterRef("pk"))
    below = Unit.objects.at_or_below([clip_contest.contest.unit_id]).in_force_on(day)
    return below.filter(Q(Exists(members)) | Q(headcount__isnull=False))


def units_without_clip(clip_contest: ClipContest) -> UnitQuerySet:
    """Of those, the units that have handed in nothing, or only what was sent back and not handed in again."""
    clips = Clip.objects.handed_in().filter(clip_contest=clip_contest, unit=OuterRef("pk"))
    return units_of(clip_contest).filter(~Exists(clips))


def remind_units(*, clip_contest: ClipContest, actor: User) -> int:
    """Remind the nearest coordinators of the units without a clip, each at most once a day; returns how many people.

    Raises Refused unless clips are being received.
    """
    if clip_contest.stage_at(server_now()) != Stage.OPEN:
        raise Refused(_("Chỉ nhắc được khi đang nhận video."))
    units = list(units_without_clip(clip_contest).values_list("pk", flat=True))
    people = nearest_holders(units, Right.HAND_IN_CLIPS).keys() - {actor.pk}
    if units and not people:
        raise Refused(_("Các đơn vị này chưa có đầu mối để nhắc."))
    with transaction.atomic():
        told = remind(
            clip_contest=clip_contest,
            kind=ClipReminderKind.HAND_IN,
            users=people,
            subject=_("Nhắc nộp video dự thi"),
            body=_("%(contest)s nhận video đến %(closes)s. Đơn vị của anh/chị chưa gửi video nào.")
            % {"contest": clip_contest.contest.title, "closes": closing(clip_contest.closes_at)},
            path=reverse("my-clips"),
            actor=actor,
        )
        if told:
            record_audit(
                actor=actor, verb="clips.remind_units", object=clip_contest, after={"units": len(units), "people": told}
            )
    return told
