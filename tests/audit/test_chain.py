"""The digests of the chain: what an outside program computes from the definition in docs/audit.md."""

import hashlib
import json
from datetime import UTC, datetime

from accounts.audit.chain import COLUMNS, GENESIS, entries_digest, entry_digest, seal_digest
from accounts.models import AuditEntry

AT = datetime(2026, 11, 22, 1, 31, 5, 120, tzinfo=UTC)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_every_column_of_an_entry_is_in_its_hash():
    """A new column needs a new format: nothing that can be read may be left open to editing."""
    assert {field.column for field in AuditEntry._meta.concrete_fields} == set(COLUMNS)


def test_an_entry_is_hashed_as_canonical_json():
    values = (
        7, 3, None, "role.grant", "accounts.rolegrant", "12", "Nguyễn Văn A", {}, {"b": "ờ", "a": [1, None]}, AT,
        "req-1", "command:grant_role",
    )  # fmt: skip
    text = (
        '{"actor":3,"after":{"a":[1,null],"b":"ờ"},"at":"2026-11-22T01:31:05.000120Z","before":{},"id":7,'
        '"object_id":"12","object_label":"Nguyễn Văn A","object_type":"accounts.rolegrant",'
        '"origin":"command:grant_role","request_id":"req-1","unit":null,"verb":"role.grant"}'
    )
    assert json.loads(text)["at"] == "2026-11-22T01:31:05.000120Z"
    assert entry_digest(values) == sha(text)


def test_a_seal_binds_its_entries_in_order_and_the_seal_before():
    first, second = sha("1"), sha("2")
    entries = entries_digest([first, second])
    assert entries == sha(f"{first}\n{second}\n")
    assert entries_digest([second, first]) != entries
    text = (
        f'{{"count":2,"entries":"{entries}","format":1,"is_complete":true,"number":1,"previous":"{GENESIS}",'
        '"sealed_at":"2026-11-22T01:31:05.000120Z"}'
    )
    digest = seal_digest(number=1, previous=GENESIS, count=2, entries=entries, is_complete=True, sealed_at=AT)
    assert digest == sha(text)
