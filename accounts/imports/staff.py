"""Import of staff: `plan_staff` compares a file with the present roster, `import_staff` applies it.

A person is `moved` when the file names another unit than that of the open membership, or when a known person
without an open membership comes back; what else changed for a moved person is shown and not counted again.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Greatest, Lower, Upper
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.imports.columns import Column, email, identifier, text, use_text_format
from accounts.imports.errors import ImportRefused, PlanChanged, RowNote
from accounts.imports.nearest import UnitFinder
from accounts.imports.plan import ROSTER_LOCK, Change, Plan, find_doubles, lock_imports, shown
from accounts.imports.tables import Row, Table
from accounts.models import Membership, Unit, User

COLUMNS = (
    Column("employee_id", "Mã nhân viên", identifier(64), required=True),
    Column("full_name", "Họ và tên", text(255), required=True),
    Column("unit_code", "Mã đơn vị", identifier(50), required=True),
    Column("email", "Thư điện tử", email),
    Column("position", "Chức vụ", text(255)),
    Column("block", "Bảng", text(50)),
)
LABELS = {column.name: column.label for column in COLUMNS}
PERSONAL = ("full_name", "email", "position", "block")
_BATCH = 2000
# Up to here only the people whom the rows name are read, beyond it everybody.
_FEW_ROWS = 300
_LONGEST_NUMBER = 16


class Person(NamedTuple):
    """A person on the present roster. `unit_id` is that of the open membership."""

    id: int
    employee_id: str
    full_name: str
    email: str
    position: str
    block: str
    unit_id: int | None


@dataclass
class StaffPlan(Plan):
    """Also holds what applying needs."""

    to_create: list[dict[str, Any]] = field(default_factory=list)
    to_update: dict[int, dict[str, Any]] = field(default_factory=dict)
    to_join: dict[str, int] = field(default_factory=dict)
    to_leave: list[int] = field(default_factory=list)
    freed_emails: list[int] = field(default_factory=list)


def plan_staff(
    table: Table,
    *,
    full: bool = False,
    scope: set[int] | None = None,
    joining: set[int] | None = None,
    leaving: Sequence[Row] = (),
) -> StaffPlan:
    """What importing `table` would do. With `full`, everyone absent from the file leaves.

    `scope`: ids of the units whose people may be changed; None means all. With a scope, only people of these
    units can leave. `joining`: the units that people may be put into and may leave, when these are not the scope.
    `leaving`: rows with the employee ids of people who leave. A column that the file does not have stays as it is;
    an empty cell empties the value.
    """
    return _StaffPlanner(table, full, scope, joining, leaving).plan()


def import_staff(
    table: Table,
    *,
    actor: User | None,
    file_name: str,
    full: bool = False,
    scope: set[int] | None = None,
    expected: str | None = None,
) -> StaffPlan:
    """Plan again under the lock and write all of it.

    Raises ImportRefused when a row is bad, PlanChanged when the digest `expected` no longer holds.
    """
    with transaction.atomic():
        lock_imports(ROSTER_LOCK)
        plan = plan_staff(table, full=full, scope=scope)
        if plan.errors:
            raise ImportRefused(plan.errors, plan)
        if expected is not None and plan.digest() != expected:
            raise PlanChanged(plan)
        write_plan(plan, today=timezone.localdate(server_now()))
        root = Unit.objects.filter(parent=None).order_by("id")[0]
        after = {"file": file_name, "full": full, **plan.counts}
        record_audit(actor=actor, verb="staff.import", object=root, after=after)
    return plan


class _StaffPlanner:
    def __init__(
        self, table: Table, full: bool, scope: set[int] | None, joining: set[int] | None, leaving: Sequence[Row]
    ):
        self.table, self.full, self.scope, self.leaving = table, full, scope, leaving
        self.joining = scope if joining is None else joining
        self.result = StaffPlan(errors=list(table.errors))
        rows = [*table.rows, *leaving]
        known = _people_named(rows) if not full and len(rows) <= _FEW_ROWS else None
        self.people = {person.employee_id: person for person in _present_people(known)}
        units = list(Unit.objects.values_list("id", "code", "name", "valid_to"))
        self.unit_ids = {code: id for id, code, _name, _end in units}
        self.unit_labels = {id: f"{code} – {name}" for id, code, name, _end in units}
        self.unit_ends = {id: end for id, _code, _name, end in units if end}
        self.finder = UnitFinder((code, name) for id, code, name, _end in units if self._may_join(id))
        self.today = timezone.localdate(server_now())
        self.former = _former_units() if scope is not None else {}
        self.digits: dict[str, str] = {}
        self.cases: dict[str, str] = {}

    def plan(self) -> StaffPlan:
        result = self.result
        rows, doubles = find_doubles(self.table.rows, "employee_id", LABELS["employee_id"])
        result.errors += doubles
        self._check_cases(rows)
        self._check_emails(rows)
        for row in rows.values():
            if not row.is_bad:
                self._plan_row(row)
        for row in self.leaving:
            self._plan_leaver(row, rows)
        if self.full:
            self._plan_leaving(rows.keys())
        result.sort_notes()
        return result

    def _error(self, row: Row, column: str, message: str) -> None:
        self.result.errors.append(RowNote(row.number, column, message))

    def _check_cases(self, rows: dict[str, Row]) -> None:
        """Ids that differ only in case are one person's: whoever signs in types them as they like."""
        first: dict[str, Row] = {}
        for employee_id, row in rows.items():
            met = first.setdefault(employee_id.upper(), row)
            if met is not row:
                message = _("Mã ở dòng %(first)s và dòng %(second)s chỉ khác nhau ở chữ hoa, chữ thường.")
                self._error(row, "employee_id", message % {"first": met.number, "second": row.number})

    def _check_emails(self, rows: dict[str, Row]) -> None:
        """An address belongs to one person, in the file and among people whom the file leaves alone."""
        first, doubles = find_doubles(self.table.rows, "email", LABELS["email"])
        self.result.errors += doubles
        if not first:
            return
        for person in self.people.values():
            row = first.get(person.email.lower()) if person.email else None
            if row is None or row.values.get("employee_id") == person.employee_id:
                continue
            own = rows.get(person.employee_id)
            if own is None or own.values.get("email") == person.email.lower():
                name = f" ({person.employee_id})" if self._may_join(person.unit_id) else ""
                message = _("Địa chỉ “%(email)s” đang thuộc về người khác%(name)s.")
                self._error(row, "email", message % {"email": row.values["email"], "name": name})

    def _in_scope(self, unit_id: int | None) -> bool:
        return self.scope is None or unit_id in self.scope

    def _may_join(self, unit_id: int | None) -> bool:
        return self.joining is None or unit_id in self.joining

    def _plan_row(self, row: Row) -> None:
        values = row.values
        unit_id = self.unit_ids.get(values["unit_code"])
        person = self.people.get(values["employee_id"])
        if unit_id is None:
            return self._error(row, "unit_code", self.finder.unknown(values["unit_code"]))
        if not (self._in_scope(unit_id) and self._may_join(unit_id)):
            return self._error(row, "unit_code", _("Đơn vị này nằm ngoài phạm vi được giao cho bạn."))
        if person and not self._in_scope(person.unit_id or self.former.get(person.id)):
            message = _("Người này đang thuộc đơn vị ngoài phạm vi được giao cho bạn.")
            return self._error(row, "employee_id", message)
        if person is None and (padded := self._padded(values["employee_id"])):
            message = _("Đã có mã “%(padded)s”: số 0 ở đầu có thể đã bị mất.") % {"padded": padded}
            return self._error(row, "employee_id", f"{message} {use_text_format()}")
        if person is None and (known := self._in_other_case(values["employee_id"])):
            message = _("Đã có mã “%(known)s”, chỉ khác ở chữ hoa, chữ thường. Hãy ghi đúng như vậy.")
            return self._error(row, "employee_id", message % {"known": known})
        if person is None or person.unit_id != unit_id:
            self._warn_of_ended_unit(row, unit_id)
        if person is None:
            return self._create(row, unit_id)
        return self._change(row, person, unit_id)

    def _padded(self, employee_id: str) -> str | None:
        """A known id that is `employee_id` with zeros in front."""
        if not employee_id.isdigit():
            return None
        if not self.digits:
            self.digits = {known.lstrip("0"): known for known in self.people if known[0] == "0" and known.isdigit()}
            self.digits.setdefault("", "")
        return self.digits.get(employee_id) or None

    def _in_other_case(self, employee_id: str) -> str | None:
        """A known id that is `employee_id` but for upper and lower case."""
        if not self.cases:
            self.cases = {known.upper(): known for known in self.people}
            self.cases.setdefault("", "")
        return self.cases.get(employee_id.upper()) or None

    def _warn_of_ended_unit(self, row: Row, unit_id: int) -> None:
        end = self.unit_ends.get(unit_id)
        if end and end <= self.today:
            message = _("Lưu ý: đơn vị %(unit)s đã hết hiệu lực từ %(day)s.")
            note = message % {"unit": self.unit_labels[unit_id], "day": shown(end)}
            self.result.warnings.append(RowNote(row.number, "unit_code", note))

    def _create(self, row: Row, unit_id: int) -> None:
        values = row.values
        details = [(LABELS["unit_code"], "", self.unit_labels[unit_id])]
        details += [(LABELS[name], "", values[name]) for name in PERSONAL[1:] if values.get(name)]
        self.result.created.append(Change(row.number, _label(values["employee_id"], values["full_name"]), details))
        self.result.to_create.append(values)
        self.result.to_join[values["employee_id"]] = unit_id

    def _change(self, row: Row, person: Person, unit_id: int) -> None:
        new = {name: row.values.get(name, getattr(person, name)) for name in PERSONAL}
        details = [
            (LABELS[name], getattr(person, name), value)
            for name, value in new.items()
            if getattr(person, name) != value
        ]
        moved = person.unit_id != unit_id
        if not moved and not details:
            self.result.unchanged += 1
            return
        if details:
            self.result.to_update[person.id] = new
        if person.email and new["email"] != person.email:
            self.result.freed_emails.append(person.id)
        if moved:
            before = self.unit_labels[person.unit_id] if person.unit_id else ""
            details.insert(0, (LABELS["unit_code"], before, self.unit_labels[unit_id]))
            self.result.to_join[person.employee_id] = unit_id
        change = Change(row.number, _label(person.employee_id, new["full_name"]), details)
        (self.result.moved if moved else self.result.updated).append(change)

    def _plan_leaver(self, row: Row, present: dict[str, Row]) -> None:
        employee_id = row.values["employee_id"]
        person = self.people.get(employee_id)
        if employee_id in present:
            return self._error(row, "employee_id", _("Người này có ở một dòng khác: không thể vừa sửa vừa rời đơn vị."))
        if person is None or not (self._may_join(person.unit_id) and self._in_scope(person.unit_id)):
            return self._error(row, "employee_id", _("Không có ai mang mã này trong các đơn vị được giao cho bạn."))
        if person.unit_id is None:
            return self._error(row, "employee_id", _("Người này hiện không thuộc đơn vị nào."))
        if person.id in self.result.to_leave:
            return self._error(row, "employee_id", _("Người này đã được ghi ở một dòng khác."))
        details = [(LABELS["unit_code"], self.unit_labels[person.unit_id], "")]
        self.result.left.append(Change(row.number, _label(employee_id, person.full_name), details))
        self.result.to_leave.append(person.id)

    def _plan_leaving(self, present: Iterable[str]) -> None:
        present = set(present)
        for person in self.people.values():
            if person.unit_id and person.employee_id not in present and self._in_scope(person.unit_id):
                details = [(LABELS["unit_code"], self.unit_labels[person.unit_id], "")]
                change = Change(None, _label(person.employee_id, person.full_name), details)
                self.result.left.append(change)
                self.result.to_leave.append(person.id)


def _label(employee_id: str, full_name: str) -> str:
    return f"{employee_id} – {full_name}"


def _people_named(rows: Sequence[Row]) -> QuerySet[User]:
    """Those whom few rows can concern: by employee id in any case or with zeros in front, and by e-mail address."""
    ids, emails = set(), set()
    for row in rows:
        employee_id = row.values.get("employee_id") or ""
        ids.add(employee_id)
        if employee_id.isdigit():
            ids |= {employee_id.zfill(length) for length in range(len(employee_id), _LONGEST_NUMBER + 1)}
        emails.add(row.values.get("email") or "")
    # The exact id, too: a database whose locale is C knows no other upper case than that of A to Z.
    named = Q(employee_id__in=ids) | Q(upper_id__in={one.upper() for one in ids}) | Q(address__in=emails - {""})
    return User.objects.alias(address=Lower("email"), upper_id=Upper("employee_id")).filter(named)


def _present_people(known: QuerySet[User] | None) -> list[Person]:
    """Those of `known`, or everyone, in the order of ids, with the unit of the open membership. Two queries."""
    memberships, people = Membership.objects.current(), User.objects.all()
    if known is not None:
        memberships, people = memberships.filter(user__in=known), known
    units = dict(memberships.values_list("user_id", "unit_id"))
    rows = people.order_by("id").values_list("id", "employee_id", "full_name", "email", "position", "block")
    return [Person(*row, units.get(row[0])) for row in rows]


def _former_units() -> dict[int, int]:
    """The unit of the last membership of people who have left."""
    ended = Membership.objects.exclude(ends_on=None).order_by("ends_on", "id")
    return dict(ended.values_list("user_id", "unit_id"))


def write_plan(plan: StaffPlan, *, today: date) -> None:
    """Write a plan without errors, under ROSTER_LOCK: addresses given up first, as another person may take them."""
    if plan.freed_emails:
        User.objects.filter(pk__in=plan.freed_emails).update(email="")
    ids = _write_people(plan)
    leaving = [ids[employee_id] for employee_id in plan.to_join if employee_id in ids] + plan.to_leave
    if leaving:
        open_now = Membership.objects.current().filter(user__in=leaving)
        open_now.update(ends_on=Greatest("starts_on", today))
    joining = [
        Membership(user_id=ids[employee_id], unit_id=unit_id, starts_on=today)
        for employee_id, unit_id in plan.to_join.items()
    ]
    Membership.objects.bulk_create(joining, batch_size=_BATCH)


def _write_people(plan: StaffPlan) -> dict[str, int]:
    """Make and alter accounts. Returns the ids of everyone who joins a unit, by employee id."""
    created = [User(password=_unusable_password(), **_fields(values)) for values in plan.to_create]
    changed = list(User.objects.filter(pk__in=plan.to_update)) if plan.to_update else []
    for user in changed:
        for name, value in plan.to_update[user.pk].items():
            setattr(user, name, value)
    for user in created + changed:
        user.clean_keys()
    User.objects.bulk_create(created, batch_size=_BATCH)
    User.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["employee_id"],
        update_fields=[*PERSONAL, "sort_key", "search_key"],
        batch_size=_BATCH,
    )
    ids = {user.employee_id: user.pk for user in created}
    known = [employee_id for employee_id in plan.to_join if employee_id not in ids]
    if known:
        ids |= dict(User.objects.filter(employee_id__in=known).values_list("employee_id", "id"))
    return ids


def _unusable_password() -> str:
    """As make_password(None) makes it, which asks the system for randomness forty times a person."""
    return UNUSABLE_PASSWORD_PREFIX + secrets.token_urlsafe(30)


def _fields(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in ("employee_id", *PERSONAL) if name in values}
