"""The one place that decides who may do what. Rights are read from the database at every request."""

from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.models import Role, RoleGrant, Unit, User

Visitor = User | AnonymousUser

# Roles that see participation figures of every unit in their scope.
FIGURE_ROLES = (Role.ORGANISER, Role.SECRETARY, Role.AUDITOR)
# They may not take the quiz at all, and those who may take it but are never ranked.
BARRED_ROLES = (Role.AUDITOR, Role.ADMINISTRATOR)
UNRANKED_ROLES = (Role.ORGANISER, Role.SECRETARY)


def roles_of(user: Visitor) -> set[str]:
    """The roles `user` holds now, whatever their scope."""
    if not user.is_authenticated or not user.is_active:
        return set()
    return set(RoleGrant.objects.in_force().filter(user_id=user.pk).values_list("role", flat=True))


def units_in_scope(user: Visitor, roles: Iterable[str]) -> QuerySet[Unit]:
    """The units over which `user` holds one of `roles` now, with everything below them."""
    if not user.is_authenticated or not user.is_active:
        return Unit.objects.none()
    granted = RoleGrant.objects.in_force().filter(user_id=user.pk, role__in=list(roles))
    unit_ids = list(granted.values_list("unit_id", flat=True))
    return Unit.objects.at_or_below(unit_ids) if unit_ids else Unit.objects.none()


def may(user: Visitor, role: str, unit_id: int | None) -> bool:
    """Whether `user` holds `role` over the unit now."""
    return unit_id is not None and units_in_scope(user, [role]).filter(pk=unit_id).exists()
