"""Writing the demo's units and people."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password

from accounts.models import Membership, RoleGrant, Unit, UnitKind, User
from contest.demo.copying import copy_rows
from contest.demo.people import DemoPerson
from contest.demo.plan import Plan
from contest.demo.units import KINDS, ROOT_ID, DemoUnit

_LEAD_TIME = timedelta(days=45)  # from the appointment of the organising committee to the first round


def write_units(units: list[DemoUnit]) -> None:
    UnitKind.objects.bulk_create(UnitKind(id=number + 1, name=name, position=number) for number, name in KINDS.items())
    rows = [
        Unit(
            id=unit.id, code=unit.code, name=unit.name, kind_id=unit.kind + 1, parent_id=unit.parent,
            headcount=unit.headcount,
        )
        for unit in units
    ]  # fmt: skip
    for row in rows:
        row.clean_keys()
    Unit.objects.bulk_create(rows, batch_size=2000)


def write_people(plan: Plan, people: list[DemoPerson]) -> None:
    """Users with their membership. Only the logins have a password, all the same one, so one hash will do."""
    password = make_password(settings.DEMO_PASSWORD, salt=plan.secret("password").hex()[:22])
    unusable = UNUSABLE_PASSWORD_PREFIX + plan.secret("unusable").hex()[:40]
    fields = (
        "id", "password", "employee_id", "full_name", "email", "position", "block", "is_active", "linked_at",
        "sort_key", "search_key",
    )  # fmt: skip
    copy_rows(User, fields, (_user_row(person, password if person.role else unusable) for person in people))
    starts_on = (plan.starts_at - _LEAD_TIME).date()
    copy_rows(
        Membership, ("id", "user_id", "unit_id", "starts_on"),
        ((person.id, person.id, person.unit, starts_on) for person in people),
    )  # fmt: skip


def _user_row(person: DemoPerson, password: str) -> tuple:
    user = User(employee_id=person.employee_id, full_name=person.full_name)
    user.clean_keys()
    return (
        person.id, password, user.employee_id, user.full_name, person.email, person.position, "", True,
        person.linked_at, user.sort_key, user.search_key,
    )  # fmt: skip


def write_grants(plan: Plan, people: list[DemoPerson]) -> None:
    """Roles everywhere, but the coordinator's, which is over the own unit."""
    logins = {person.employee_id: person for person in people if person.role}
    RoleGrant.objects.bulk_create(
        RoleGrant(
            user_id=person.id, role=person.role, unit_id=person.unit if person.role == "coordinator" else ROOT_ID,
            valid_from=plan.starts_at - _LEAD_TIME, granted_by_id=logins["administrator"].id,
            reason="Quyết định thành lập Ban Tổ chức hội thi",
        )
        for person in logins.values()
        if person.role != "participant"
    )  # fmt: skip
