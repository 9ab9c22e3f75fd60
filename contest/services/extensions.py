"""Moving a round's close later: proposed with a reason by one organiser, confirmed by another."""

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import iso, server_now
from accounts.models import User
from accounts.problems import Refused
from contest.models import CloseExtension, Round
from contest.models.round import RoundState

# The state, the clock and the direction decide in one statement: a close that comes first wins, and a
# start under way, which holds the round FOR SHARE, is waited for.
_MOVE_CLOSE = """UPDATE contest_round SET closes_at = %(to)s
    WHERE id = %(round)s AND state = 'scheduled' AND closes_at < %(to)s AND clock_timestamp() < %(to)s
    AND clock_timestamp() <= closes_at + make_interval(secs => grace_seconds)"""

# Only attempts that the old close had cut short.
_MOVE_DEADLINES = """UPDATE contest_attempt
    SET deadline = least(%(to)s, started_at + make_interval(secs => %(limit)s))
    WHERE round_id = %(round)s AND state = 'in_progress' AND deadline = %(from)s"""


def propose_extension(*, round: Round, closes_at: datetime, reason: str, actor: User) -> CloseExtension:
    """Propose a later close. Nothing moves until another organiser confirms. Raises Refused."""
    with transaction.atomic():
        round = Round.objects.select_for_update(no_key=True).get(pk=round.pk)
        reasons = _against(round, closes_at, server_now())
        if not reason.strip():
            reasons.append(_("Cần ghi lý do gia hạn."))
        if reasons:
            raise Refused(*reasons)
        extension = CloseExtension.objects.create(
            round=round, closes_at=closes_at, reason=reason.strip(), proposed_by=actor
        )
        record_audit(
            actor=actor,
            verb="round.propose_extension",
            object=round,
            before={"closes_at": iso(round.closes_at)},
            after={"closes_at": iso(closes_at), "reason": extension.reason},
        )
    return extension


def confirm_extension(*, extension: CloseExtension, actor: User) -> int:
    """Move the close, and the deadlines it had cut short; returns how many deadlines moved. Raises Refused."""
    with transaction.atomic():
        round = Round.objects.select_for_update(no_key=True).get(pk=extension.round_id)
        extension = CloseExtension.objects.select_for_update().get(pk=extension.pk)
        if extension.confirmed_at is not None:
            raise Refused(_("Đề nghị gia hạn này đã được xác nhận."))
        if actor.pk == extension.proposed_by_id:
            raise Refused(_("Người xác nhận phải là một thành viên Ban Tổ chức khác với người đề nghị gia hạn."))
        moved = _move(round, extension.closes_at)
        extension.confirmed_by, extension.confirmed_at = actor, server_now()
        extension.save(update_fields=["confirmed_by", "confirmed_at"])
        record_audit(
            actor=actor,
            verb="round.extend",
            object=round,
            before={"closes_at": iso(round.closes_at)},
            after={"closes_at": iso(extension.closes_at), "reason": extension.reason, "attempts": moved},
        )
    return moved


def _move(round: Round, closes_at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_CLOSE, {"to": closes_at, "round": round.pk})
        if not cursor.rowcount:
            raise Refused(*(_against(round, closes_at, server_now()) or [_("Tuần thi đã đóng.")]))
        cursor.execute(
            _MOVE_DEADLINES,
            {"to": closes_at, "from": round.closes_at, "round": round.pk, "limit": round.rules["time_limit_seconds"]},
        )
        return cursor.rowcount


def _against(round: Round, closes_at: datetime, now: datetime) -> list[str]:
    """Why the close cannot be moved there, as sentences."""
    if round.state == RoundState.DRAFT:
        return [_("Tuần thi chưa được lên lịch: hãy sửa thẳng thời điểm đóng.")]
    if round.state != RoundState.SCHEDULED or now > round.accepts_until:
        return [_("Tuần thi đã đóng, không thể gia hạn.")]
    reasons = []
    if closes_at <= round.closes_at:
        reasons.append(_("Chỉ được lùi thời điểm đóng về sau, không được đưa về trước."))
    if closes_at <= now:
        reasons.append(_("Thời điểm đóng mới phải ở sau thời điểm hiện tại."))
    return reasons
