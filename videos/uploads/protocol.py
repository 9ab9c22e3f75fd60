"""What the headers of tus 1.0 say: sizes, checksums, metadata. Values in, values out."""

import base64
import binascii
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from accounts.text import nfc
from videos.uploads import problems

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,checksum,termination"
ALGORITHMS = ("sha1", "sha256")
PATCH_TYPE = "application/offset+octet-stream"
LONGEST_NAME = 255
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")
_KEY = re.compile(r"[!-+\--~]+")  # printable ASCII but space and comma


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of one request must hash to."""

    algorithm: str
    digest: bytes

    def new_hash(self) -> Any:
        return hashlib.new(self.algorithm, usedforsecurity=False)


def read_whole_number(text: str | None) -> int | None:
    """A number of bytes of at most 18 digits, or None for anything else."""
    return int(text) if text is not None and _WHOLE_NUMBER.fullmatch(text) else None


def read_checksum(text: str | None) -> Checksum | None:
    """Upload-Checksum: "sha256 BASE64". Raises Problem unknown_checksum; None where there is none."""
    if text is None:
        return None
    algorithm, _, encoded = text.strip().partition(" ")
    if algorithm.lower() not in ALGORITHMS:
        raise problems.unknown_checksum()
    checksum = Checksum(algorithm.lower(), _decoded(encoded.strip()) or b"")
    if len(checksum.digest) != checksum.new_hash().digest_size:
        raise problems.unknown_checksum()
    return checksum


def read_metadata(text: str | None) -> dict[str, str]:
    """Upload-Metadata: pairs of a key and a text in Base64. Raises Problem malformed_metadata."""
    metadata: dict[str, str] = {}
    for pair in (text or "").split(","):
        key, _, encoded = pair.strip().partition(" ")
        value = _decoded(encoded.strip())
        if not _KEY.fullmatch(key) or key in metadata or value is None:
            raise problems.malformed_metadata()
        try:
            metadata[key] = value.decode("utf-8")
        except UnicodeDecodeError:
            raise problems.malformed_metadata() from None
    return metadata


def write_metadata(metadata: dict[str, str]) -> str:
    """The same back as a header."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())


def clean_name(text: str) -> str:
    """The name of a file, as it may be shown to people: no folders, nothing invisible, nothing that turns text round.

    Raises Problem unusable_name when it holds NUL or nothing remains.
    """
    if "\x00" in text:
        raise problems.unusable_name()
    last = re.split(r"[/\\]", text)[-1]
    # Control characters, format characters (right-to-left override and its kin), surrogates, what is no character.
    name = nfc("".join(char for char in last if char.isspace() or unicodedata.category(char)[0] != "C"))
    if not name.strip(". "):
        raise problems.unusable_name()
    stem, dot, suffix = name.rpartition(".")
    if len(name) <= LONGEST_NAME or not stem or len(suffix) > 10:
        return name[:LONGEST_NAME]
    return stem[: LONGEST_NAME - len(dot + suffix)] + dot + suffix


def _decoded(encoded: str) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
