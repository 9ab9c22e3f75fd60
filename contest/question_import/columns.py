"""The columns of a question file."""

import re
from typing import Any

from django.utils.translation import gettext as _

from accounts.imports.columns import Column, Number, Raw, day, identifier, mark, text
from accounts.imports.errors import CellRefused
from contest.models.bank import CHOICE_CODES

CHOICE_COLUMNS = tuple(f"choice_{letter.lower()}" for letter in CHOICE_CODES)


def _code(raw: Any) -> str:
    """A question's code: as codes of units, but 1, 2, 3 … typed as plain numbers stand for themselves."""
    if isinstance(raw, Number) and raw.plain and float(raw.value).is_integer():
        return str(int(raw.value))
    return identifier(50)(raw)


def _letters(raw: Raw) -> list[str]:
    """Letters of the right choices, in order: B, AC, "a, c"."""
    letters = re.sub(r"[\s,;.+&]", "", raw.upper()) if isinstance(raw, str) else ""
    if not letters or not set(letters) <= set(CHOICE_CODES):
        raise CellRefused(_("Đáp án phải là các chữ cái từ A đến F, ví dụ B hoặc AC."))
    if len(set(letters)) < len(letters):
        raise CellRefused(_("Đáp án ghi trùng một chữ cái."))
    return sorted(letters)


COLUMNS = (
    Column("code", "Mã câu", _code),
    Column("text", "Câu hỏi", text(5000), required=True),
    *(
        Column(name, f"Phương án {letter}", text(2000), required=letter in "AB")
        for name, letter in zip(CHOICE_COLUMNS, CHOICE_CODES, strict=True)
    ),
    Column("correct", "Đáp án", _letters, required=True),
    Column("topic", "Chủ đề", text(255)),
    Column("legal_source", "Căn cứ", text(500)),
    Column("effective_until", "Hiệu lực đến", day, blank=None),
    Column("explanation", "Giải thích", text(10000), multiline=True),
    Column("fixed_order", "Giữ thứ tự", mark, blank=False),
)
LABELS = {column.name: column.label for column in COLUMNS} | {"choices": "Phương án"}
FIELDS = ("text", "correct", "topic", "legal_source", "effective_until", "explanation", "fixed_order")


BLANKS = {column.name: column.blank for column in COLUMNS if column.name in FIELDS}
