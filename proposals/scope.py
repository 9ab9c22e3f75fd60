"""Over which units somebody proposes, and which units they decide about, as sets of ids for planners."""

from django.db.models import QuerySet

from accounts.models import RoleGrant, Unit, User
from accounts.rights import HOLDERS, Right, units_with


def granted_units(user: User) -> QuerySet[Unit]:
    """The units named by the grants with which `user` proposes; what lies below them is not listed."""
    grants = RoleGrant.objects.in_force().filter(user=user, role__in=HOLDERS[Right.PROPOSE])
    return Unit.objects.filter(pk__in=grants.values("unit")).select_related("kind").order_by("sort_key")


def ids_below(unit: Unit) -> set[int]:
    """The unit and everything under it."""
    return set(Unit.objects.at_or_below([unit.pk]).values_list("pk", flat=True))


def decided_ids(user: User) -> set[int] | None:
    """The units about whose requests `user` decides; None is everywhere."""
    units = units_with(user, Right.DECIDE_REQUESTS)
    if units.filter(parent=None).exists() and not Unit.objects.exclude(pk__in=units).exists():
        return None
    return set(units.values_list("pk", flat=True))
