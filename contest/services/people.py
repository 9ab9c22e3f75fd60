"""Shutting a person out, with what becomes of attempts and keys, and letting them in again."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp
from accounts.models import ApiToken, User
from accounts.problems import Refused
from accounts.rights import Right, grants_of_active
from accounts.sessions import end_sessions_of
from contest.models import Attempt
from contest.models.attempt import AttemptState
from contest.services.attempts import new_nonce


def deactivate_user(*, user: User, actor: User | None, reason: str) -> int:
    """Shut a person out at once: account, sessions, tokens, and the keys of attempts in progress. Raises Refused.

    Without an actor it comes from the server's command line, which may shut out anybody. What is stored stays and
    is graded when the attempt ends. Returns how many attempt keys were revoked.
    """
    with transaction.atomic():
        if actor is not None:
            _refuse_deactivation(user, actor, reason)
        # Waits for a start under way, whose attempt is then seen below; see _START in attempts.py.
        User.objects.filter(pk=user.pk).update(is_active=False)
        ended = end_sessions_of(user)
        ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=ClockTimestamp())
        running = Attempt.objects.of(user).filter(state=AttemptState.IN_PROGRESS)
        revoked = sum(running.filter(pk=pk).update(nonce=new_nonce()) for pk in running.values_list("pk", flat=True))
        after = {"reason": reason.strip(), "keys": revoked, "sessions": ended}
        record_audit(actor=actor, verb="user.deactivate", object=user, after=after)
    return revoked


def _refuse_deactivation(user: User, actor: User, reason: str) -> None:
    # Locked together and in one order: two administrators cannot shut each other out at once.
    administrators = set(
        grants_of_active(Right.GRANT_ROLES)
        .select_for_update(of=("self",))
        .order_by("pk")
        .values_list("user_id", flat=True)
    )
    active = User.objects.select_for_update(no_key=True).get(pk=user.pk).is_active
    reasons = []
    if user.pk == actor.pk:
        reasons.append(_("Không ai tự khóa tài khoản của chính mình."))
    elif administrators == {user.pk}:
        reasons.append(_("Đây là quản trị hệ thống cuối cùng, không thể khóa."))
    if not active:
        reasons.append(_("Tài khoản này đã bị khóa."))
    if not reason.strip():
        reasons.append(_("Cần ghi lý do."))
    if reasons:
        raise Refused(*reasons)


def reactivate_user(*, user: User, actor: User, reason: str) -> None:
    """Let a person in again. Old sessions, tokens and keys stay ended. Raises Refused."""
    if not reason.strip():
        raise Refused(_("Cần ghi lý do."))
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
            raise Refused(_("Tài khoản này đang hoạt động."))
        record_audit(actor=actor, verb="user.reactivate", object=user, after={"reason": reason.strip()})
