"""The digests that chain the audit trace. Pure: an outside program computes the same from docs/audit.md.

Format 1. Every hash is SHA-256 in lower-case hex; canonical(x) is JSON in UTF-8 with sorted keys, without white
space and without escapes beyond JSON's own; every time is `YYYY-MM-DDTHH:MM:SS.ffffffZ`, in UTC.

    entry   = SHA-256(canonical({"id", "actor", "unit", "verb", "object_type", "object_id", "object_label",
                                 "before", "after", "at", "request_id", "origin"}))
    entries = SHA-256(the entries' hashes in the seal's order, each followed by a line feed)
    seal    = SHA-256(canonical({"format", "number", "previous", "count", "entries", "is_complete", "sealed_at"}))

Seals are numbered from 1; `previous` is the hash of the seal before, 64 zeros for the first. `actor` and `unit`
are ids or null.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from accounts.clock import iso

FORMAT = 1
GENESIS = "0" * 64
# The columns of an entry under their names in the database, in the order in which the functions below take them.
COLUMNS = (
    "id", "actor_id", "unit_id", "verb", "object_type", "object_id", "object_label", "before", "after", "at",
    "request_id", "origin",
)  # fmt: skip
_MEMBERS = tuple(column.removesuffix("_id") if column in ("actor_id", "unit_id") else column for column in COLUMNS)


# One encoder for all: a check makes a million texts.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: Any) -> bytes:
    """`value` as canonical JSON in UTF-8."""
    return _ENCODER.encode(value).encode()


def entry_digest(values: Sequence[Any]) -> str:
    """The hash of one entry, given the values of its COLUMNS."""
    members = dict(zip(_MEMBERS, values, strict=True))
    return hashlib.sha256(canonical({**members, "at": iso(members["at"])})).hexdigest()


def entries_digest(digests: Iterable[str]) -> str:
    """The hash of a seal's entries, given theirs in its order."""
    whole = hashlib.sha256()
    for digest in digests:
        whole.update(f"{digest}\n".encode())
    return whole.hexdigest()


def seal_digest(*, number: int, previous: str, count: int, entries: str, is_complete: bool, sealed_at: datetime) -> str:
    """The hash of a seal. The newest one stands for the whole chain."""
    members = {
        "format": FORMAT,
        "number": number,
        "previous": previous,
        "count": count,
        "entries": entries,
        "is_complete": is_complete,
        "sealed_at": iso(sealed_at),
    }
    return hashlib.sha256(canonical(members)).hexdigest()
