"""Granting and revoking roles: acts of administrators, each with a reason and a trace."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.models import Role, RoleGrant, Unit, User
from accounts.problems import Refused


def grant_role(*, user: User, role: str, unit: Unit, reason: str, actor: User | None) -> RoleGrant:
    """Give `user` a role over `unit` and everything below it, from now on. Raises Refused.

    Without an actor the grant comes from the server's command line.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # one grant at a time for a person
        reasons = []
        if role not in Role.values:
            reasons.append(_("Vai trò không hợp lệ."))
        if not user.is_active:
            reasons.append(_("Tài khoản này đã ngừng hoạt động."))
        if not reason.strip():
            reasons.append(_("Cần ghi lý do."))
        if RoleGrant.objects.in_force().filter(user=user, role=role, unit=unit).exists():
            reasons.append(_("Người này đã có vai trò đó trong phạm vi đó."))
        if reasons:
            raise Refused(*reasons)
        grant = RoleGrant.objects.create(user=user, role=role, unit=unit, reason=reason.strip(), granted_by=actor)
        record_audit(actor=actor, verb="role.grant", object=grant, after=_as_json(grant))
    return grant


def revoke_role(*, grant: RoleGrant, reason: str, actor: User) -> None:
    """End a grant now; it stays in the history. Raises Refused.

    Nobody ends their own last administrator grant, so there is always somebody who can grant roles.
    """
    if not reason.strip():
        raise Refused(_("Cần ghi lý do."))
    with transaction.atomic():
        # Locked together and in one order: two administrators cannot take the role from each other at once.
        administrators = list(
            RoleGrant.objects.in_force()
            .filter(role=Role.ADMINISTRATOR, user__is_active=True)
            .select_for_update(of=("self",))
            .order_by("pk")
        )
        grant = RoleGrant.objects.select_for_update(of=("self",)).select_related("user", "unit").get(pk=grant.pk)
        now = server_now()
        if grant.valid_to is not None and grant.valid_to <= now:
            raise Refused(_("Vai trò này đã được thu hồi."))
        if grant.role == Role.ADMINISTRATOR:
            _refuse_last_administrator(grant, administrators, actor)
        grant.valid_to = now
        grant.save(update_fields=["valid_to"])
        record_audit(
            actor=actor, verb="role.revoke", object=grant, before=_as_json(grant), after={"reason": reason.strip()}
        )


def _refuse_last_administrator(grant: RoleGrant, administrators: list[RoleGrant], actor: User) -> None:
    remaining = [other for other in administrators if other.pk != grant.pk]
    if not remaining:
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
