"""Who on the roster a stranger may be: by employee id, or by name in the unit they name. Never by e-mail."""

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Membership, Unit, User
from accounts.sso.identity import has_identity
from accounts.text import search_key
from proposals.models import AccountRequest

MOST = 10


@dataclass(frozen=True, slots=True)
class Match:
    """A person of the roster. `same_email` is a hint for people and decides nothing: addresses change hands."""

    user: User
    unit: Unit | None
    same_id: bool
    same_name: bool
    same_email: bool
    is_linked: bool


def people_within(units: QuerySet[Unit]) -> QuerySet[Any]:
    """People of `units`, or who left one of them last, with `unit_id`, which is None for those who left.

    People who never had a unit are for those whose units hold the root.
    """
    memberships = Membership.objects.filter(user=OuterRef("pk"))
    current = Subquery(memberships.current().values("unit")[:1])
    left = Subquery(memberships.exclude(ends_on=None).order_by("-ends_on", "-pk").values("unit")[:1])
    reached = Q(last_unit_id__in=units.values("pk"))
    if units.filter(parent=None).exists():
        reached |= Q(last_unit_id=None)
    return User.objects.annotate(unit_id=current, last_unit_id=Coalesce(current, left)).filter(reached)


def matches_for(request: AccountRequest, units: QuerySet[Unit]) -> list[Match]:
    """People within `units` who may be the person; the likeliest first."""
    ids = {request.employee_id, request.told_employee_id} - {""}
    names = {search_key(name) for name in (request.full_name, request.told_full_name)} - {""}
    likely = Q(employee_id__in=ids)
    if request.unit_id:
        named = Q()
        for name in names:
            named |= Q(search_key__endswith=f" {name}")
        likely |= Q(unit_id=request.unit_id) & named
    found = people_within(units).filter(likely, is_active=True).order_by("pk")[:MOST]
    places = Unit.objects.in_bulk([user.unit_id for user in found if user.unit_id])
    told = request.told_email.lower()
    matches = [
        Match(
            user=user,
            unit=places.get(user.unit_id),
            same_id=user.employee_id in ids,
            same_name=search_key(user.full_name) in names,
            same_email=bool(told) and user.email.lower() == told,
            is_linked=has_identity(user),
        )
        for user in found
    ]
    return sorted(matches, key=lambda match: (not match.same_id, not match.same_name, match.user.pk))


def is_taken_elsewhere(request: AccountRequest, units: QuerySet[Unit]) -> bool:
    """Whether the employee id belongs to somebody whom the decider may not see."""
    seen = people_within(units).values("pk")
    return User.objects.filter(employee_id=request.employee_id).exclude(pk__in=seen).exists()
