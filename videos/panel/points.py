"""Points as people type them and as programs send them."""

import re
import unicodedata
from decimal import Decimal

from videos.panel import problems

_EXACT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")


def read_typed(text: str) -> Decimal | None:
    """What a judge typed: "7,5", "7.5", full-width digits and stray spaces are understood. None for an empty field.

    Raises Problem invalid_points.
    """
    plain = re.sub(r"[\s\u200b\u2060\ufeff]", "", unicodedata.normalize("NFKC", text)).replace(",", ".")
    return read_exact(plain) if plain else None


def read_exact(text: object) -> Decimal:
    """Points as the saving call takes them: "7.5", ASCII digits. Raises Problem invalid_points."""
    if not isinstance(text, str) or not _EXACT.fullmatch(text):
        raise problems.invalid_points()
    return Decimal(text)
