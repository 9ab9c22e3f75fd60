"""API tokens: made by their person for a program, revoked by them or by an administrator."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp, server_now
from accounts.models import ApiToken, User
from accounts.problems import Refused

MOST_DAYS = 365
MOST_TOKENS = 10  # that one person can use at a time


def create_token(*, user: User, label: str, days: int) -> tuple[ApiToken, str]:
    """A token with which a program acts as `user` for `days` days, and its text, never told again. Raises Refused."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # one at a time, or the limit means nothing
        reasons = []
        if not label.strip():
            reasons.append(_("Cần đặt tên gợi nhớ, ví dụ tên phần mềm sẽ dùng mã."))
        if not 1 <= days <= MOST_DAYS:
            reasons.append(_("Thời hạn từ 1 đến %(days)s ngày.") % {"days": MOST_DAYS})
        if ApiToken.objects.usable().filter(user=user).count() >= MOST_TOKENS:
            reasons.append(_("Mỗi người có nhiều nhất %(n)s mã đang dùng. Hãy thu hồi mã cũ.") % {"n": MOST_TOKENS})
        if reasons:
            raise Refused(*reasons)
        expires_at = server_now() + timedelta(days=days)
        token, text = ApiToken.objects.issue(user=user, expires_at=expires_at, label=label.strip()[:100])
        after = {"token": token.pk, "label": token.label, "days": days}
        record_audit(actor=user, verb="api_token.create", object=user, after=after)
    return token, text


def revoke_token(*, token: ApiToken, actor: User) -> bool:
    """End a token at once. False when it had been revoked before."""
    with transaction.atomic():
        moved = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=ClockTimestamp())
        if moved:
            after = {"token": token.pk, "label": token.label}
            record_audit(actor=actor, verb="api_token.revoke", object=token.user, after=after)
    return bool(moved)
