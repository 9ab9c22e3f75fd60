"""Granting, reviewing and revoking roles: acts of administrators, each with a trace."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import iso, server_now
from accounts.models import Role, RoleGrant, RoleReview, Unit, User
from accounts.problems import Refused
from accounts.rights import Right, belongs_within, grants_of_active, has_over, units_with


def grant_role(
    *,
    user: User,
    role: str,
    unit: Unit,
    reason: str,
    actor: User | None,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> RoleGrant:
    """Give `user` a role over `unit` and everything below it, over [valid_from, valid_to). Raises Refused.

    By default from now on and without an end. Nobody grants outside their own scope, to people who do not belong to it,
    or to themselves; without an actor the grant comes from the server's command line.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # one grant at a time for a person
        now = server_now()
        starts = max(valid_from or now, now)
        reasons = [] if actor is None else _against_actor(actor, user, unit)
        if role not in Role.values:
            reasons.append(_("Vai trò không hợp lệ."))
        if not user.is_active:
            reasons.append(_("Tài khoản này đã ngừng hoạt động."))
        if not reason.strip():
            reasons.append(_("Cần ghi lý do."))
        if valid_to is not None and valid_to <= starts:
            reasons.append(_("Ngày hết hiệu lực phải ở sau lúc bắt đầu và sau bây giờ."))
        elif _held_meanwhile(user, role, unit, starts, valid_to):
            reasons.append(_("Người này đã có vai trò đó trong phạm vi đó."))
        if reasons:
            raise Refused(*reasons)
        grant = RoleGrant.objects.create(
            user=user,
            role=role,
            unit=unit,
            reason=reason.strip(),
            granted_by=actor,
            valid_from=starts,
            valid_to=valid_to,
        )
        dates = {"valid_from": valid_from and starts, "valid_to": valid_to}
        after = _as_json(grant) | {name: iso(at) for name, at in dates.items() if at}
        record_audit(actor=actor, verb="role.grant", object=grant, after=after)
    return grant


def _against_actor(actor: User, user: User, unit: Unit) -> list[str]:
    reasons = []
    if not has_over(actor, Right.GRANT_ROLES, unit.pk):
        reasons.append(_("Bạn không có quyền cấp vai trò ở đơn vị này."))
    elif not User.objects.filter(belongs_within(actor, Right.GRANT_ROLES), pk=user.pk).exists():
        # A role binds its holder, to a second factor for one, and takes them out of the reach of their own overseers.
        reasons.append(_("Người này đang thuộc đơn vị ngoài phạm vi được giao cho bạn."))
    if actor.pk == user.pk:
        reasons.append(_("Không thể tự cấp vai trò cho chính mình."))
    return reasons


def _held_meanwhile(user: User, role: str, unit: Unit, starts: datetime, ends: datetime | None) -> bool:
    """Whether a grant of the same kind shares a moment with [starts, ends). The person's row must be locked."""
    same = RoleGrant.objects.ever_in_force().filter(
        Q(valid_to=None) | Q(valid_to__gt=starts), user=user, role=role, unit=unit
    )
    return (same if ends is None else same.filter(valid_from__lt=ends)).exists()


def revoke_role(*, grant: RoleGrant, reason: str, actor: User) -> None:
    """End a grant now, or before it begins; it stays in the history. Raises Refused.

    Nobody ends their own last administrator grant, so there is always somebody who can grant roles.
    """
    if not reason.strip():
        raise Refused(_("Cần ghi lý do."))
    with transaction.atomic():
        # Locked together and in one order: two administrators cannot take the role from each other at once.
        administrators = list(
            grants_of_active(Right.GRANT_ROLES).select_related("unit").select_for_update(of=("self",)).order_by("pk")
        )
        grant = RoleGrant.objects.select_for_update(of=("self",)).select_related("user", "unit").get(pk=grant.pk)
        now = server_now()
        if not has_over(actor, Right.GRANT_ROLES, grant.unit_id):
            raise Refused(_("Bạn không có quyền thu hồi vai trò ở đơn vị này."))
        if grant.valid_to is not None and grant.valid_to <= max(now, grant.valid_from):
            raise Refused(_("Vai trò này đã được thu hồi."))
        if grant in administrators:
            _refuse_last_administrator(grant, administrators, actor)
        grant.valid_to = max(now, grant.valid_from)
        grant.save(update_fields=["valid_to"])
        record_audit(
            actor=actor, verb="role.revoke", object=grant, before=_as_json(grant), after={"reason": reason.strip()}
        )


def review_grants(*, grants: Iterable[int], actor: User) -> int:
    """Note that these grants, by their ids, are still needed; returns how many.

    Left out are those that are over or outside the reviewer's scope, and one's own: another looks at them.
    """
    with transaction.atomic():
        own = RoleGrant.objects.not_over().filter(pk__in=list(grants), unit__in=units_with(actor, Right.GRANT_ROLES))
        found = list(
            own.exclude(user=actor).select_for_update(of=("self",), no_key=True).select_related("user", "unit")
        )
        for grant in found:
            RoleReview.objects.create(grant=grant, reviewer=actor)
            record_audit(actor=actor, verb="role.review", object=grant, after=_as_json(grant))
    return len(found)


def _refuse_last_administrator(grant: RoleGrant, administrators: list[RoleGrant], actor: User) -> None:
    remaining = [other for other in administrators if other.pk != grant.pk]
    # Administrators of single units cannot make one over everything.
    alike = [other for other in remaining if grant.unit.parent_id or not other.unit.parent_id]
    if not alike:
        raise Refused(_("Đây là quản trị hệ thống cuối cùng, không thể thu hồi."))
    if grant.user_id == actor.pk and not any(other.user_id == actor.pk for other in remaining):
        raise Refused(_("Không thể tự thu hồi quyền quản trị cuối cùng của chính mình."))


def _as_json(grant: RoleGrant) -> dict[str, Any]:
    return {
        "employee_id": grant.user.employee_id,
        "role": grant.role,
        "unit": grant.unit.code,
        "reason": grant.reason,
    }
