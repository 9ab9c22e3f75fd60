"""Reading the trace: what somebody may read, filtered, a page at a time by number, without counting it all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.audit.wording import GROUPS
from accounts.models import AuditEntry, User
from accounts.rights import Right, units_with
from accounts.text import search_key

PAGE_SIZE = 50
# Objects that have a page: its address, and what it is looked up by.
PAGES: Mapping[str, tuple[str, str]] = {
    "contest.contest": ("manage-contest", "pk"),
    "contest.round": ("manage-round", "pk"),
    "contest.bank": ("manage-bank", "slug"),
}


def readable_by(user: User) -> QuerySet[AuditEntry]:
    """The entries about units in the person's scope; what belongs to no unit is for those whose scope is everywhere."""
    units = units_with(user, Right.READ_AUDIT)
    condition = Q(unit__in=units)
    if units.filter(parent=None).exists():
        condition |= Q(unit=None)
    return AuditEntry.objects.filter(condition)


@dataclass(frozen=True)
class Wanted:
    """What the reader asks for; what is empty does not limit anything."""

    who: str = ""
    group: str = ""
    object_type: str = ""
    object_id: str = ""
    request_id: str = ""
    since: date | None = None
    until: date | None = None  # the last day

    def among(self, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        if self.who:
            entries = entries.filter(actor__in=User.objects.filter(search_key__contains=search_key(self.who)))
        if self.group in GROUPS:
            entries = entries.filter(verb__in=list(GROUPS[self.group][1]))
        if self.object_type:
            entries = entries.filter(object_type=self.object_type, object_id=self.object_id)
        if self.request_id:
            entries = entries.filter(request_id=self.request_id)
        if self.since:
            entries = entries.filter(at__gte=_start_of(self.since))
        if self.until and self.until < date.max:
            entries = entries.filter(at__lt=_start_of(self.until + timedelta(days=1)))
        return entries


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


@dataclass(frozen=True)
class Part:
    """Some entries, the newest first. `newer` and `older` are the numbers to go on from, None at the ends."""

    entries: list[AuditEntry]
    newer: int | None
    older: int | None


def part_of(entries: QuerySet[AuditEntry], *, after: int | None = None, before: int | None = None) -> Part:
    """The next entries above the number `after`, or below `before`, or the newest of all."""
    entries = entries.select_related("actor", "link")
    if after is not None:
        rows = list(entries.filter(pk__gt=after).order_by("pk")[: PAGE_SIZE + 1])
        more, rows = len(rows) > PAGE_SIZE, rows[PAGE_SIZE - 1 :: -1]
        return Part(rows, rows[0].pk if more else None, rows[-1].pk if rows else None)
    if before is not None:
        entries = entries.filter(pk__lt=before)
    rows = list(entries.order_by("-pk")[: PAGE_SIZE + 1])
    more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    return Part(rows, rows[0].pk if rows and before is not None else None, rows[-1].pk if more else None)


def pages_of(entries: Iterable[AuditEntry]) -> dict[tuple[str, str], str]:
    """The address of each entry's object, where it has a page and is still there. A query for each kind of object."""
    ids: dict[str, set[str]] = {}
    for entry in entries:
        if entry.object_type in PAGES:
            ids.setdefault(entry.object_type, set()).add(entry.object_id)
    return {
        (kind, str(pk)): reverse(PAGES[kind][0], args=[value])
        for kind, wanted in ids.items()
        for pk, value in _looked_up(kind, wanted)
    }


def _looked_up(kind: str, ids: set[str]) -> Iterable[tuple[Any, Any]]:
    return apps.get_model(kind)._default_manager.filter(pk__in=ids).values_list("pk", PAGES[kind][1])
