"""What a column of an import takes, and how a raw cell becomes a value."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from accounts.imports.errors import CellRefused
from accounts.text import nfc

LARGEST_INTEGER = 2_147_483_647
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_VIETNAMESE_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_SCIENTIFIC = re.compile(r"\d+([.,]\d+)?[eE]\+\d+", re.ASCII)
# Left behind by web pages and word processors; nobody can see or type them.
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))


class Number(NamedTuple):
    """A number as a spreadsheet stores it. `plain`: shown as stored, with no format of its own."""

    value: int | float
    plain: bool


class Unreadable(Enum):
    FORMULA = "formula"
    ERROR = "error"
    BOOLEAN = "boolean"
    TIME = "time"


Raw = str | Number | datetime | date | Unreadable | None


@dataclass(frozen=True)
class Column:
    """A column: English `name`, Vietnamese `label`, what it takes, and the value of an empty cell."""

    name: str
    label: str
    parse: Callable[[Any], Any]
    required: bool = False
    blank: Any = ""
    multiline: bool = False

    def read(self, raw: Raw) -> Any:
        """The value of a cell. Raises CellRefused."""
        if isinstance(raw, Unreadable):
            raise CellRefused(_unreadable(raw))
        if isinstance(raw, str):
            raw = readable_lines(raw) if self.multiline else readable(raw)
        if raw is not None and raw != "":
            return self.parse(raw)
        if self.required:
            raise CellRefused(_("Ô bắt buộc đang để trống."))
        return self.blank


def readable(text: str) -> str:
    """`text` in NFC on one line, without padding or invisible characters. Raises CellRefused for others."""
    text = nfc(text)
    if text.isprintable():
        return text
    text = nfc(text.translate(_INVISIBLE))
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn"):
            code = f"U+{ord(char):04X}"
            raise CellRefused(
                _("Ô có ký tự điều khiển %(code)s. Hãy xóa ký tự này hoặc gõ lại nội dung.") % {"code": code}
            )
    return text


def readable_lines(text: str) -> str:
    """`text` with each of its lines made readable, and no empty line at either end."""
    return "\n".join(readable(line) for line in text.splitlines()).strip("\n")


def use_text_format() -> str:
    """What to do about cells that a spreadsheet has turned into numbers."""
    return _("Hãy chọn cả cột, đặt định dạng Văn bản (Text), rồi gõ lại giá trị, kể cả các số 0 ở đầu.")


def text(max_length: int) -> Callable[[Any], str]:
    """Text of one line. A number is taken only as the whole number that the sheet shows."""

    def parse(raw: Any) -> str:
        value = _as_text(raw)
        if len(value) > max_length:
            raise CellRefused(
                _("Nội dung dài %(length)s ký tự, tối đa %(limit)s ký tự.")
                % {"length": len(value), "limit": max_length}
            )
        return value

    return parse


def identifier(max_length: int) -> Callable[[Any], str]:
    """A code. A number is always refused: its leading zeros may be gone."""
    parse_text = text(max_length)

    def parse(raw: Any) -> str:
        if not isinstance(raw, str) or _SCIENTIFIC.fullmatch(raw):
            shown = f"{raw.value}" if isinstance(raw, Number) else f"{raw}"
            raise CellRefused(
                _("Mã “%(value)s” đang được lưu dưới dạng số hoặc ngày nên có thể đã mất số 0 ở đầu.")
                % {"value": shown}
                + " "
                + use_text_format()
            )
        return parse_text(raw)

    return parse


def identifiers(raw: Any) -> list[str]:
    """Codes joined by semicolons, in order, each once."""
    parse = identifier(50)
    return (
        list(dict.fromkeys(parse(part) for part in map(nfc, raw.split(";")) if part))
        if isinstance(raw, str)
        else [parse(raw)]
    )


def email(raw: Any) -> str:
    """An e-mail address in lower case: two spellings of one address are one address."""
    value = text(254)(raw).lower()
    try:
        validate_email(value)
    except ValidationError:
        raise CellRefused(_("“%(value)s” không phải là địa chỉ thư điện tử hợp lệ.") % {"value": value}) from None
    return value


def day(raw: Any) -> date:
    """A date: YYYY-MM-DD, dd/mm/yyyy, or a date cell without a time."""
    if isinstance(raw, datetime) and raw.time() == time(0):
        return raw.date()
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    shown = raw if isinstance(raw, str) else getattr(raw, "value", raw)
    if isinstance(raw, str):
        try:
            if found := _ISO_DAY.fullmatch(raw):
                return date(int(found[1]), int(found[2]), int(found[3]))
            if found := _VIETNAMESE_DAY.fullmatch(raw):
                return date(int(found[3]), int(found[2]), int(found[1]))
        except ValueError:
            raise CellRefused(_("Không có ngày “%(value)s”.") % {"value": shown}) from None
    raise CellRefused(_("“%(value)s” không phải là ngày. Hãy ghi dạng 31/12/2026 hoặc 2026-12-31.") % {"value": shown})


def whole_number(raw: Any) -> int:
    """A whole number from 0."""
    value: Any = raw
    if isinstance(raw, Number):
        value = int(raw.value) if float(raw.value).is_integer() else raw.value
    elif isinstance(raw, str) and raw.isascii() and raw.isdecimal() and len(raw) < 12:
        value = int(raw)
    if isinstance(value, int) and 0 <= value <= LARGEST_INTEGER:
        return value
    raise CellRefused(
        _("“%(value)s” không phải là số nguyên từ 0 trở lên. Hãy chỉ ghi chữ số, không ghi dấu phân cách.")
        % {"value": value}
    )


def mark(raw: Any) -> bool:
    """An x, or nothing."""
    if isinstance(raw, str) and raw.lower() == "x":
        return True
    raise CellRefused(_("Chỉ ghi chữ x hoặc để trống."))


def expected_headers(columns: Sequence[Column]) -> str:
    """The header row to use, in Vietnamese."""
    return ", ".join(f"“{column.label}”" for column in columns)


def _as_text(raw: Any) -> str:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, Number) and raw.plain and float(raw.value).is_integer():
        return str(int(raw.value))
    raise CellRefused(_("Ô đang được lưu dưới dạng số hoặc ngày.") + " " + use_text_format())


def _unreadable(raw: Unreadable) -> str:
    if raw is Unreadable.FORMULA:
        return _("Ô chứa công thức. Hãy sao chép rồi dán lại dưới dạng giá trị (Paste Special, Values).")
    if raw is Unreadable.ERROR:
        return _("Ô chứa lỗi của bảng tính (#N/A, #VALUE!…). Hãy gõ lại giá trị.")
    if raw is Unreadable.TIME:
        return _("Ô chứa giờ trong ngày. Hãy đặt định dạng Văn bản (Text) rồi gõ lại giá trị.")
    return _("Ô chứa giá trị đúng/sai (TRUE/FALSE). Hãy đặt định dạng Văn bản (Text) rồi gõ lại giá trị.")
