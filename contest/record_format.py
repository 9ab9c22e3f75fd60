"""The record's formats: canonical JSON, hashes, receipts and commitments. Pure.

The rules are those of docs/record.md; `verify_record.py` states them a second time, on purpose, as one
stand-alone file that shares no code with this one.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any


def canonical(value: Any) -> bytes:
    """`value` as canonical JSON in UTF-8: sorted keys, no white space, no escapes beyond JSON's own."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(data: bytes) -> str:
    """SHA-256 as lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def commitment_of(key: dict[str, list[str]], questions: list[dict[str, Any]], salt: str) -> str:
    """What is published when a round is scheduled: it binds questions and key without telling the key."""
    return digest(canonical({"key": key, "questions": questions, "salt": salt}))


def receipt_of(entry: str, submitted_at: str, chosen: Sequence[str], prediction: str) -> str:
    """The receipt of an entry: SHA-256 of its texts joined by commas, as they stand in entries.csv."""
    return digest(",".join([entry, submitted_at, *chosen, prediction]).encode())
