"""Import of units: `plan_units` compares a file with the present tree, `import_units` applies it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.imports.columns import Column, day, identifier, identifiers, text, whole_number
from accounts.imports.errors import ImportRefused, PlanChanged, RowNote
from accounts.imports.nearest import UnitFinder
from accounts.imports.plan import ROSTER_LOCK, Change, Plan, find_doubles, lock_imports, shown
from accounts.imports.tables import Row, Table
from accounts.models import Unit, UnitKind, User
from accounts.text import nfc

COLUMNS = (
    Column("code", "Mã đơn vị", identifier(50), required=True),
    Column("name", "Tên đơn vị", text(255), required=True),
    Column("kind", "Loại đơn vị", text(100), required=True),
    Column("parent_code", "Mã đơn vị cấp trên", identifier(50)),
    Column("headcount", "Biên chế", whole_number, blank=None),
    Column("valid_from", "Hiệu lực từ", day, blank=None),
    Column("valid_to", "Hiệu lực đến", day, blank=None),
    Column("successors", "Đơn vị kế thừa", identifiers, blank=()),
)
LABELS = {column.name: column.label for column in COLUMNS}
_BATCH = 2000


@dataclass(slots=True)
class State:
    """A unit as it is or will be: the values of the file's columns, by name."""

    values: dict[str, Any]
    id: int | None = None


@dataclass
class UnitsPlan(Plan):
    """Also holds what applying needs: the new states by code, and the codes to make and to alter."""

    states: dict[str, State] = field(default_factory=dict)
    to_create: list[str] = field(default_factory=list)
    to_update: list[str] = field(default_factory=list)
    new_kinds: list[str] = field(default_factory=list)


def plan_units(table: Table, *, scope: set[int] | None = None) -> UnitsPlan:
    """What importing `table` would do. `scope`: ids of the units that may be changed; None means all.

    A column that the file does not have stays as it is; an empty cell empties the value.
    """
    return _UnitsPlanner(table, scope).plan()


def import_units(
    table: Table,
    *,
    actor: User | None,
    file_name: str,
    scope: set[int] | None = None,
    expected: str | None = None,
) -> UnitsPlan:
    """Plan again under the lock and write all of it.

    Raises ImportRefused when a row is bad, PlanChanged when the digest `expected` no longer holds.
    """
    with transaction.atomic():
        lock_imports(ROSTER_LOCK)
        plan = plan_units(table, scope=scope)
        if plan.errors:
            raise ImportRefused(plan.errors, plan)
        if expected is not None and plan.digest() != expected:
            raise PlanChanged(plan)
        _write(plan)
        root = Unit.objects.filter(parent=None).order_by("id").first()
        if root is not None:
            record_audit(actor=actor, verb="units.import", object=root, after={"file": file_name, **plan.counts})
    return plan


class _UnitsPlanner:
    def __init__(self, table: Table, scope: set[int] | None):
        self.table, self.scope = table, scope
        self.result = UnitsPlan(errors=list(table.errors))
        self.present = _present_states()
        self.kinds = {name.casefold(): name for name in UnitKind.objects.values_list("name", flat=True)}
        self.rows, doubles = find_doubles(table.rows, "code", LABELS["code"])
        self.result.errors += doubles
        self.codes = self.present.keys() | self.rows.keys()
        names = {code: state.values["name"] for code, state in self.present.items() if self._may_see(state)}
        names |= {code: row.values.get("name", "") for code, row in self.rows.items()}
        self.finder = UnitFinder(names.items())

    def plan(self) -> UnitsPlan:
        result = self.result
        result.states = dict(self.present)
        rows = [row for row in self.rows.values() if not row.is_bad]
        for row in rows:
            self._merge(row)
        for row in rows:
            self._check(row)
        self._check_cycles(rows)
        if self.scope is not None:
            self._check_scope(rows)
        for row in rows:
            self._compare(row)
        result.sort_notes()
        return result

    def _error(self, row: Row, column: str, message: str) -> None:
        self.result.errors.append(RowNote(row.number, column, message))

    def _may_see(self, state: State) -> bool:
        return self.scope is None or state.id in self.scope

    def _merge(self, row: Row) -> None:
        """The state that the row asks for, with the kind in its stored spelling."""
        code = row.values["code"]
        present = self.present.get(code)
        values = dict(present.values) if present else {column.name: column.blank for column in COLUMNS}
        values |= row.values
        values["successors"] = sorted(values["successors"])
        key = values["kind"].casefold()
        if key not in self.kinds:
            self.kinds[key] = values["kind"]
            self.result.new_kinds.append(values["kind"])
        values["kind"] = self.kinds[key]
        self.result.states[code] = State(values, present.id if present else None)

    def _check(self, row: Row) -> None:
        values = self.result.states[row.values["code"]].values
        for column, codes in (("parent_code", [values["parent_code"]]), ("successors", values["successors"])):
            for code in codes:
                if code and code not in self.codes:
                    self._error(row, column, self.finder.unknown(code))
        if row.values["code"] in values["successors"]:
            self._error(row, "successors", _("Đơn vị không thể kế thừa chính mình."))
        if values["valid_from"] and values["valid_to"] and values["valid_from"] >= values["valid_to"]:
            column = "valid_to" if "valid_to" in row.values else "valid_from"
            message = _("Ngày hết hiệu lực (%(to)s) phải sau ngày bắt đầu hiệu lực (%(from)s).")
            self._error(row, column, message % {"from": shown(values["valid_from"]), "to": shown(values["valid_to"])})

    def _check_cycles(self, rows: Iterable[Row]) -> None:
        """Name every row that closes or sits in a loop of parents."""
        safe: set[str] = set()
        for row in rows:
            path: list[str] = []
            code = row.values["code"]
            while code and code not in safe and code not in path:
                path.append(code)
                state = self.result.states.get(code)
                code = state.values["parent_code"] if state else ""
            if code in path:
                loop = path[path.index(code) :]
                if row.values["code"] in loop:
                    message = _("Các đơn vị là cấp trên của nhau thành vòng: %(loop)s.")
                    self._error(row, "parent_code", message % {"loop": " → ".join([*loop, code])})
            else:
                safe.update(path)

    def _check_scope(self, rows: Iterable[Row]) -> None:
        """Rows may touch units in the scope, and put them under units in the scope, new ones included."""
        assert self.scope is not None
        for row in rows:
            state = self.result.states[row.values["code"]]
            if state.id is not None and state.id not in self.scope:
                self._error(row, "code", _("Đơn vị này nằm ngoài phạm vi được giao cho bạn."))
                continue
            present = self.present.get(row.values["code"])
            moved = present is None or present.values["parent_code"] != state.values["parent_code"]
            if moved and not self._leads_into_scope(state):
                self._error(row, "parent_code", _("Đơn vị cấp trên phải nằm trong phạm vi được giao cho bạn."))

    def _leads_into_scope(self, state: State) -> bool:
        """Whether the parent is in the scope, or is new and itself leads there."""
        met = set()
        code = state.values["parent_code"]
        while code and code not in met:
            met.add(code)
            parent = self.result.states.get(code)
            if parent is None or parent.id is not None:
                return parent is not None and parent.id in (self.scope or ())
            code = parent.values["parent_code"]
        return False

    def _compare(self, row: Row) -> None:
        code, result = row.values["code"], self.result
        new = result.states[code].values
        label = f"{code} – {new['name']}"
        present = self.present.get(code)
        if present is None:
            details = [(LABELS[key], "", shown(value)) for key, value in new.items() if shown(value) != ""]
            result.created.append(Change(row.number, label, details))
            result.to_create.append(code)
            return
        details = [
            (LABELS[key], shown(before), shown(new[key]))
            for key, before in present.values.items()
            if before != new[key]
        ]
        if not details:
            result.unchanged += 1
            return
        changes = result.moved if present.values["parent_code"] != new["parent_code"] else result.updated
        changes.append(Change(row.number, label, details))
        result.to_update.append(code)


def _present_states() -> dict[str, State]:
    """Every unit by code. Three queries, however many units there are."""
    fields = ("id", "code", "name", "kind__name", "parent_id", "headcount", "valid_from", "valid_to")
    rows = list(Unit.objects.order_by("id").values_list(*fields))
    codes = {row[0]: row[1] for row in rows}
    states = {
        code: State(
            {
                "code": code,
                "name": name,
                "kind": kind,
                "parent_code": codes.get(parent_id, ""),
                "headcount": headcount,
                "valid_from": valid_from,
                "valid_to": valid_to,
                "successors": [],
            },
            id,
        )
        for id, code, name, kind, parent_id, headcount, valid_from, valid_to in rows
    }
    links = Unit.successors.through.objects.values_list("from_unit_id", "to_unit_id")
    for predecessor, successor in links:
        states[codes[predecessor]].values["successors"].append(codes[successor])
    for state in states.values():
        state.values["successors"].sort()
    return states


def _write(plan: UnitsPlan) -> None:
    """Write a plan without errors. Parents come second: a new unit's parent may be new as well."""
    kinds = _write_kinds(plan.new_kinds)
    ids = {code: state.id for code, state in plan.states.items() if state.id is not None}
    created = [_unit(plan.states[code].values, kinds) for code in plan.to_create]
    for unit in Unit.objects.bulk_create(created, batch_size=_BATCH):
        ids[unit.code] = unit.pk
    changed = created + [_unit(plan.states[code].values, kinds, id=ids[code]) for code in plan.to_update]
    for unit in changed:
        unit.parent_id = ids.get(plan.states[unit.code].values["parent_code"])
    Unit.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=[
            "name",
            "kind",
            "parent",
            "headcount",
            "valid_from",
            "valid_to",
            "sort_key",
            "search_key",
        ],
        batch_size=_BATCH,
    )
    _write_successors(plan, ids, changed)


def _unit(values: dict[str, Any], kinds: dict[str, int], id: int | None = None) -> Unit:
    unit = Unit(id=id, kind_id=kinds[values["kind"]])
    for name in ("code", "name", "headcount", "valid_from", "valid_to"):
        setattr(unit, name, values[name])
    unit.clean_keys()
    return unit


def _write_kinds(names: list[str]) -> dict[str, int]:
    """Make new kinds after the present ones. Returns the id of every kind by name."""
    kinds = list(UnitKind.objects.all())
    start = 1 + max((kind.position for kind in kinds), default=0)
    kinds += UnitKind.objects.bulk_create(
        [UnitKind(name=nfc(name), position=position) for position, name in enumerate(names, start)]
    )
    return {kind.name: kind.pk for kind in kinds}


def _write_successors(plan: UnitsPlan, ids: dict[str, int], units: list[Unit]) -> None:
    through = Unit.successors.through
    wanted = {(unit.pk, ids[code]) for unit in units for code in plan.states[unit.code].values["successors"]}
    links = through.objects.filter(from_unit__in=[unit.pk for unit in units])
    present = {(link.from_unit_id, link.to_unit_id): link.pk for link in links}
    through.objects.filter(pk__in=[pk for pair, pk in present.items() if pair not in wanted]).delete()
    through.objects.bulk_create(
        [through(from_unit_id=one, to_unit_id=other) for one, other in sorted(wanted - present.keys())],
        batch_size=_BATCH,
    )
