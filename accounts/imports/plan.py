"""What an import would do, as data: shown before it is applied, and compared when it is."""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from accounts.imports.errors import RowNote

# Of PostgreSQL's advisory locks that end with their transaction.
ROSTER_LOCK = 7_310_001
QUESTIONS_LOCK = 7_310_002


@dataclass(slots=True)
class Change:
    """One thing that an import would make or alter. `details`: (name of the field, before, after)."""

    row: int | None
    label: str
    details: list[tuple[str, Any, Any]] = field(default_factory=list)


@dataclass
class Plan:
    """What an import would do. Nothing is written while `errors` is not empty."""

    created: list[Change] = field(default_factory=list)
    updated: list[Change] = field(default_factory=list)
    moved: list[Change] = field(default_factory=list)
    left: list[Change] = field(default_factory=list)
    unchanged: int = 0
    errors: list[RowNote] = field(default_factory=list)
    warnings: list[RowNote] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        return {
            "created": len(self.created),
            "updated": len(self.updated),
            "moved": len(self.moved),
            "left": len(self.left),
            "unchanged": self.unchanged,
        }

    @property
    def changes_nothing(self) -> bool:
        return not (self.created or self.updated or self.moved or self.left)

    def summary(self) -> str:
        """The last line that the commands print."""
        return " ".join(f"{name}={number}" for name, number in self.counts.items())

    def digest(self) -> str:
        """Equal for plans that would do the same: what a preview promises and applying checks."""
        told = hashlib.sha256(self.summary().encode())
        for changes in (self.created, self.updated, self.moved, self.left):
            told.update(b"\n")
            for change in changes:
                told.update(repr((change.row, change.label, change.details)).encode())
        return told.hexdigest()

    def sort_notes(self) -> None:
        self.errors.sort(key=lambda note: note.row)
        self.warnings.sort(key=lambda note: note.row)


def find_doubles(rows: list[Any], column: str, label: str, *, key: Any = None) -> tuple[dict[Any, Any], list[RowNote]]:
    """Index `rows` by the value of `column`. A value met again is an error that names both rows."""
    first: dict[Any, Any] = {}
    errors = []
    for row in rows:
        value = row.values.get(column)
        if not value:
            continue
        met = first.setdefault(key(value) if key else value, row)
        if met is not row:
            message = _("%(label)s “%(value)s” bị trùng ở dòng %(first)s và dòng %(second)s.") % {
                "label": label,
                "value": value,
                "first": met.number,
                "second": row.number,
            }
            errors.append(RowNote(row.number, column, message))
    return first, errors


def lock_imports(number: int) -> None:
    """Wait until no other import of this kind runs; the lock ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def shown(value: Any) -> Any:
    """A value as a preview shows it."""
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, list):
        return "; ".join(map(str, value))
    if value is True:
        return "x"
    return "" if value is None or value is False else value
