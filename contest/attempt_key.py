"""The attempt key: what authorises saving, prediction, submission and reading of one attempt, and no more.

It is signed, and carries a nonce that the attempt's row holds too: renewing the row's nonce revokes it.
"""

import base64
import binascii
import struct
from dataclasses import dataclass
from uuid import UUID

from django.core.signing import BadSignature, Signer

_FORMAT = struct.Struct(">16sqq")


@dataclass(frozen=True, slots=True)
class AttemptKey:
    attempt_id: UUID
    round_id: int
    nonce: int


def _signer() -> Signer:
    return Signer(salt="contest.attempt_key")


def sign_key(key: AttemptKey) -> str:
    """The opaque text of `key`."""
    packed = _FORMAT.pack(key.attempt_id.bytes, key.round_id, key.nonce)
    return _signer().sign(base64.urlsafe_b64encode(packed).decode())


def read_key(text: str) -> AttemptKey | None:
    """The key that `text` holds, or None if its signature is not ours."""
    try:
        packed = base64.urlsafe_b64decode(_signer().unsign(text))
        attempt_id, round_id, nonce = _FORMAT.unpack(packed)
    except (BadSignature, binascii.Error, struct.error, ValueError):
        return None
    return AttemptKey(UUID(bytes=attempt_id), round_id, nonce)
