"""Checking the chain: the first entry that was changed, deleted, put in later, cut off or rewritten is named.

The chain is read seal by seal, in constant memory. What one database holds cannot prove that nothing was cut off
at its end, nor that all of it was not computed anew: an anchor kept elsewhere proves that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum, auto
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.audit.anchors import Anchor
from accounts.audit.chain import COLUMNS, FORMAT, GENESIS, entries_digest, entry_digest
from accounts.audit.sealing import digest_of
from accounts.models import AuditEntry, AuditLink, AuditSeal

# No transaction of the portal lasts longer, so no honest entry becomes visible later than that after its time.
LONGEST_TRANSACTION = timedelta(hours=1)
_AT, _VERB, _LABEL = COLUMNS.index("at"), COLUMNS.index("verb"), COLUMNS.index("object_label")


class FaultKind(StrEnum):
    CHANGED = auto()  # an entry differs from what was sealed
    DELETED = auto()  # an entry that was sealed is gone
    INSERTED = auto()  # an entry claims a time at which it was not there
    REORDERED = auto()  # the entries of a seal are not those, or not in the order, that it was made for
    SEAL_CHANGED = auto()  # a seal differs from its own digest
    UNCHAINED = auto()  # a seal does not follow the one before as that is now
    SEAL_DELETED = auto()  # a number is missing in the chain
    CUT_OFF = auto()  # an anchor knows a seal beyond the end of the chain
    REWRITTEN = auto()  # a seal is not the one that an anchor knows


@dataclass(frozen=True)
class Fault:
    """The first thing that is wrong. `entry` is its id, `place` its position in the seal, where there are any."""

    kind: FaultKind
    seal: int
    entry: int | None = None
    place: int | None = None
    about: str = ""  # the entry's time, verb and object, as far as they are still there

    def __str__(self) -> str:
        where = f"entry {self.entry}" if self.entry else f"seal {self.seal}"
        if self.kind == FaultKind.DELETED and not self.entry:
            where = f"entry at place {self.place} of seal {self.seal}"
        return f"{where}{f' ({self.about})' if self.about else ''}: {_SENTENCES[self.kind] % {'seal': self.seal}}"


_SENTENCES = {
    FaultKind.CHANGED: "changed after it was sealed (seal %(seal)s)",
    FaultKind.DELETED: "deleted after it was sealed (seal %(seal)s)",
    FaultKind.INSERTED: "put in later than it claims (seen first at seal %(seal)s)",
    FaultKind.REORDERED: "its entries are not those it was made for, or not in that order",
    FaultKind.SEAL_CHANGED: "changed after it was made",
    FaultKind.UNCHAINED: "does not follow the seal before it, which was rewritten with its entries",
    FaultKind.SEAL_DELETED: "missing",
    FaultKind.CUT_OFF: "missing: the anchor knows it, the chain ends before it",
    FaultKind.REWRITTEN: "not the seal that the anchor knows: the trace was rewritten here or before",
}


@dataclass(frozen=True)
class Verdict:
    """What a check found: how much is intact up to the fault, if there is one, and how much waits for its seal."""

    entries: int
    seals: int
    head: str
    unsealed: int = 0
    fault: Fault | None = None


class _Broken(Exception):
    def __init__(self, fault: Fault):
        self.fault = fault


def verify_audit(anchors: Sequence[Anchor] = ()) -> Verdict:
    """Check the whole chain, and that it still holds every anchor."""
    checker = _Checker(anchors)
    fault = None
    try:
        checker.check()
    except _Broken as broken:
        fault = broken.fault
    unsealed = AuditEntry.objects.filter(link=None).count()
    return Verdict(checker.entries, checker.seals, checker.head, unsealed, fault)


_SEAL_OF_LINK = AuditSeal.objects.filter(number=OuterRef("seal_id"))


class _Checker:
    def __init__(self, anchors: Sequence[Anchor]):
        self.anchors = sorted(anchors, key=lambda anchor: anchor.seal)
        self.entries, self.seals, self.head = 0, 0, GENESIS
        self.complete_at: Any = None  # when everything there was had last been sealed

    def check(self) -> None:
        last = AuditSeal.objects.order_by("number").last()
        for seal in _seals_until(last.number if last else 0):
            self._check_seal(seal)
        for anchor in self.anchors:
            if anchor.seal > self.seals:
                raise _Broken(Fault(FaultKind.CUT_OFF, self.seals + 1))
        loose = AuditLink.objects.filter(seal_id__gt=self.seals).exclude(Exists(_SEAL_OF_LINK))
        if loose.exists():
            raise _Broken(Fault(FaultKind.SEAL_DELETED, self.seals + 1))
        self._check_unsealed()

    def _check_seal(self, seal: AuditSeal) -> None:
        expected = self.seals + 1
        if seal.number != expected:
            raise _Broken(Fault(FaultKind.SEAL_DELETED, expected))
        links = self._check_entries(seal)
        if (seal.format, seal.digest) != (FORMAT, digest_of(seal)):
            raise _Broken(Fault(FaultKind.SEAL_CHANGED, seal.number))
        if len(links) < seal.count:
            raise _Broken(Fault(FaultKind.DELETED, seal.number, place=len(links) + 1))
        if entries_digest(digest for _position, _id, digest in links) != seal.entries:
            ids = sorted(entry_id for _position, entry_id, _digest in links)
            raise _Broken(Fault(FaultKind.REORDERED, seal.number, about=f"entries {ids[0]} to {ids[-1]}"))
        if seal.previous != self.head:
            raise _Broken(Fault(FaultKind.UNCHAINED, seal.number))
        for anchor in self.anchors:
            if anchor.seal == seal.number and anchor.digest != seal.digest:
                raise _Broken(Fault(FaultKind.REWRITTEN, seal.number))
        self.entries, self.seals, self.head = self.entries + len(links), seal.number, seal.digest
        if seal.is_complete:
            self.complete_at = seal.sealed_at

    def _check_entries(self, seal: AuditSeal) -> list[tuple[int, int, str]]:
        """(position, entry, digest) of everything in the seal, in its order, once each entry has been found intact."""
        links = list(
            AuditLink.objects.filter(seal=seal).order_by("position").values_list("position", "entry_id", "digest")
        )
        rows = {row[0]: row for row in AuditEntry.objects.filter(link__seal=seal).order_by().values_list(*COLUMNS)}
        for place, (position, entry_id, digest) in enumerate(links, start=1):
            if position != place:
                raise _Broken(Fault(FaultKind.DELETED, seal.number, place=place))
            row = rows.get(entry_id)
            if row is None:
                raise _Broken(Fault(FaultKind.DELETED, seal.number, entry=entry_id, place=place))
            if entry_digest(row) != digest:
                raise _Broken(Fault(FaultKind.CHANGED, seal.number, entry_id, place, _about(row)))
            if row[_AT] > seal.sealed_at or self._is_too_late(row[_AT]):
                raise _Broken(Fault(FaultKind.INSERTED, seal.number, entry_id, place, _about(row)))
        return links

    def _is_too_late(self, at: Any) -> bool:
        """Whether an entry of that time should have been sealed before."""
        return self.complete_at is not None and at < self.complete_at - LONGEST_TRANSACTION

    def _check_unsealed(self) -> None:
        if self.complete_at is None:
            return
        late = AuditEntry.objects.filter(link=None, at__lt=self.complete_at - LONGEST_TRANSACTION)
        row = late.order_by("id").values_list(*COLUMNS).first()
        if row is not None:
            raise _Broken(Fault(FaultKind.INSERTED, self.seals, row[0], about=_about(row)))


def _seals_until(number: int) -> Iterator[AuditSeal]:
    """The seals there are up to `number`, a part at a time."""
    after: int = -1
    while part := list(AuditSeal.objects.filter(number__gt=after, number__lte=number).order_by("number")[:500]):
        yield from part
        after = part[-1].number


def _about(row: Sequence[Any]) -> str:
    return f"{timezone.localtime(row[_AT]):%Y-%m-%d %H:%M}, {row[_VERB]} {row[_LABEL]}"
