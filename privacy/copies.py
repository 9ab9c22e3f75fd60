"""A person's copy of their own data, made from the register: what is marked there as exported is in it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from django.apps import apps
from django.db import models
from django.utils.translation import gettext as _

from accounts.clock import iso, server_now
from accounts.models import Unit, User
from contest.api.payloads import attempt_result_payload
from contest.models import Attempt
from privacy.register import REGISTER, Table

# Of one table. Nobody's own data come near it; a runaway does not take the server with it.
MOST_ROWS = 5000


@dataclass(frozen=True)
class Part:
    """The rows of one table that are about the person."""

    label: str
    table: Table
    rows: models.QuerySet

    @property
    def title(self) -> str:
        return str(self.table.title)

    @property
    def use(self):
        """The purposes, each with ground and time, for which the part is held."""
        return list(dict.fromkeys(column.use for column in self.table.personal.values() if column.exported))

    @property
    def columns(self) -> list[str]:
        return [name for name, column in self.table.personal.items() if column.exported]

    def count(self) -> int:
        return min(self.rows.count(), MOST_ROWS)

    def values(self, now: datetime) -> Iterator[dict[str, Any]]:
        """Each row as plain values, ready for JSON."""
        rows = self.rows.order_by("pk")[:MOST_ROWS]
        if self.rows.model is Attempt:
            rows = rows.select_related("round", "unit")
            yield from (_attempt(attempt, self.columns, now) for attempt in rows.iterator(100))
        else:
            rows = rows.select_related(*(name for name in self.columns if _is_unit(rows.model, name)))
            yield from ({name: _plain(row, name) for name in self.columns} for row in rows.iterator(500))


def parts_of(user: User) -> list[Part]:
    """What the person's copy consists of; a table of which nothing is given out is not among it."""
    parts = []
    for label, table in REGISTER.items():
        condition = table.rows_of(user)
        if condition is None or not any(column.exported for column in table.personal.values()):
            continue
        rows = apps.get_model(label)._default_manager.filter(condition & table.released)
        parts.append(Part(label, table, rows))
    return parts


def copy_of(user: User) -> Iterator[str]:
    """The copy as JSON, in pieces: {format, person, made_at, parts: [{table, title, purposes, rows}]}."""
    now = server_now()
    head = {"format": 1, "person": user.employee_id, "made_at": iso(now)}
    yield json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "parts": ['
    for number, part in enumerate(parts_of(user)):
        told = {
            "table": part.label,
            "title": part.title,
            "purposes": [
                {"purpose": str(use.purpose), "ground": str(use.ground), "kept": str(use.kept)} for use in part.use
            ],
        }
        yield ("," if number else "") + "\n  " + json.dumps(told, ensure_ascii=False)[:-1] + ', "rows": ['
        for position, row in enumerate(part.values(now)):
            yield ("," if position else "") + "\n   " + json.dumps(row, ensure_ascii=False)
        yield "]}"
    yield "\n ]\n}\n"


def _attempt(attempt: Attempt, columns: list[str], now: datetime) -> dict[str, Any]:
    """An attempt as its owner reads it in the portal: the same rules decide what has been released."""
    told = attempt_result_payload(attempt, now)
    row = {name: _plain(attempt, name) for name in columns}
    row |= {name: told[name] for name in ("entry", "receipt", "score", "correct", "prediction")}
    row["answers"] = told["questions"]
    row["round"] = {"id": attempt.round_id, "title": attempt.round.title}
    return row


def _is_unit(model: type[models.Model], name: str) -> bool:
    return model._meta.get_field(name).related_model is Unit


def _plain(row: models.Model, name: str) -> Any:
    """The value of a column as JSON can hold it; a unit as code and name."""
    if _is_unit(type(row), name):
        unit = getattr(row, name)
        return {"code": unit.code, "name": unit.name} if unit else None
    value = getattr(row, cast(models.Field, row._meta.get_field(name)).attname)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, (str, int, bool, list, dict)):
        return value
    return str(value)


def facts_of(user: User) -> Mapping[str, str]:
    """What the person's page shows first, in words."""
    return {
        _("Mã nhân viên"): user.employee_id,
        _("Họ và tên"): user.full_name,
        _("Thư điện tử"): user.email or "–",
        _("Chức vụ"): user.position or "–",
    }
