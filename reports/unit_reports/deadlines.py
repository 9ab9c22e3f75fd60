"""By when units report about a round."""

from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp, iso, server_now
from accounts.models import User
from accounts.problems import Refused
from contest.models import Round
from reports.models import ReportDeadline

AFTER_CLOSE = timedelta(days=3)
AFTER_PUBLICATION = timedelta(days=1)
AT = time(17, 0)


def standard_deadline(*, closes_at: datetime, published_at: datetime | None) -> datetime:
    """17:00 of the third local day after the close, and never before 17:00 of the day after publication.

    Reports rest on published figures: who publishes late must not make all units late.
    """
    days = [timezone.localtime(closes_at).date() + AFTER_CLOSE]
    if published_at is not None:
        days.append(timezone.localtime(published_at).date() + AFTER_PUBLICATION)
    return timezone.make_aware(datetime.combine(max(days), AT))


def deadline_of(round: Round) -> datetime:
    """The deadline that was set for the round, else the standard one. One query."""
    set_one = ReportDeadline.objects.filter(round=round).values_list("due_at", flat=True).first()
    return set_one or standard_deadline(closes_at=round.closes_at, published_at=round.published_at)


def deadlines_of(rounds: list[Round]) -> dict[int, datetime]:
    """Deadlines by round id. One query."""
    found = dict(ReportDeadline.objects.filter(round__in=rounds).values_list("round", "due_at"))
    return {
        round.pk: found.get(round.pk) or standard_deadline(closes_at=round.closes_at, published_at=round.published_at)
        for round in rounds
    }


def set_deadline(*, round: Round, due_at: datetime, actor: User) -> None:
    """Let units report about `round` until `due_at`. Raises Refused before the close of the round.

    Whether a report was on time is always told by the deadline that holds now: a deadline moved later excuses
    everybody alike, whoever sent when.
    """
    if due_at <= round.closes_at:
        raise Refused(_("Hạn gửi báo cáo phải sau khi tuần thi đóng."))
    if due_at > server_now() + timedelta(days=366):
        raise Refused(_("Hạn gửi báo cáo quá xa. Vui lòng kiểm tra lại năm."))
    with transaction.atomic():
        Round.objects.select_for_update(no_key=True).get(pk=round.pk)
        before = deadline_of(round)
        deadline, _created = ReportDeadline.objects.update_or_create(
            round=round, defaults={"due_at": due_at, "changed_by": actor, "changed_at": ClockTimestamp()}
        )
        record_audit(
            actor=actor,
            verb="unit_report.set_deadline",
            object=deadline,
            before={"due_at": iso(before)},
            after={"due_at": iso(due_at)},
        )
