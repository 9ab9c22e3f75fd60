"""The fixed words of an official document, and Vietnamese spellings of what stands in its tables.

Official documents are Vietnamese in whatever language the portal is read, so nothing here asks gettext.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from reports.exports.table import CENTRED, Column, Kind, Row
from reports.official.document import OfficialDocument

NATION = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
RECIPIENTS = "Nơi nhận:"
ABSENT = "-"
GAP = "\u00a0" * 6  # room to write by hand
MOST_TOGETHER = 50  # letters
NO_DAY = f"ngày{GAP}tháng{GAP}năm{GAP}"
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
NUMERIC = {Kind.INTEGER, Kind.CHANGE, Kind.DECIMAL, Kind.RATE}

# Neither XML nor print can hold control characters, halves of surrogate pairs and non-characters; marks that
# turn the direction of writing could make a signed text read as another one.
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
BLANKS = re.compile(r"[ \t\n]+")


def clean(text: str) -> str:
    """`text` in one line, composed (NFC), without what no document can hold."""
    return BLANKS.sub(" ", UNPRINTABLE.sub(" ", unicodedata.normalize("NFC", text))).strip(" ")


def number_line(document: OfficialDocument) -> str:
    """As "Số: 12/BC-BTC"; room for the number where there is none yet."""
    number, symbol = clean(document.number) or GAP, clean(document.symbol)
    return f"Số: {number}/{symbol}" if symbol else f"Số: {number}"


def place_and_date(document: OfficialDocument) -> str:
    """As "Huế, ngày 05 tháng 02 năm 2024": days below 10 and the first two months with a zero (the decree)."""
    place, day = clean(document.issuer.place), document.day
    if day is None:
        return f"{place}, {NO_DAY}"
    return f"{place}, {in_words(day)}"


def in_words(day: date) -> str:
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return f"ngày {day.day:02} tháng {month} năm {day.year}"


def with_document(document: OfficialDocument) -> str:
    """The line under an appendix's title that names what it belongs to."""
    kind = clean(document.kind).capitalize()
    number = number_line(document).removeprefix("Số: ")
    day = in_words(document.day) if document.day else NO_DAY
    by = f"của {clean(document.issuer.body)}"
    if len(by) < MOST_TOGETHER:  # a line that is too long is broken before it, not inside
        by = by.replace(" ", "\u00a0")
    return f"(Kèm theo {kind} số {number} {day} {by})"


def cell(column: Column, value: Any) -> str:
    """`value` as people read it: 1.234,5; 95,33%; +12; 08:31:05,123 05/06/2023. A dash where a figure is absent."""
    if value is None:
        return "" if column.kind in (Kind.TEXT, Kind.FLAG) else ABSENT
    if column.kind is Kind.TEXT:
        return clean(str(value))
    if column.kind is Kind.CODED:
        return clean(value.text)
    if column.kind is Kind.FLAG:
        return clean(column.flag_text) if value else ""
    if column.kind is Kind.TIME:
        return to_millisecond(value)
    if column.kind is Kind.RATE:
        return figure(Decimal(value) * 100, 2) + "%"
    if column.kind is Kind.CHANGE:
        return ("+" if value > 0 else "") + figure(value, 0)
    return figure(value, column.places)


def figure(value: int | Decimal, places: int) -> str:
    """`value`, half up to `places`, with thousands grouped."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{rounded:,f}".translate(str.maketrans(",.", ".,"))


def to_millisecond(value: datetime) -> str:
    local = value.astimezone(VIETNAM)
    return f"{local:%H:%M:%S},{local.microsecond // 1000:03} {local:%d/%m/%Y}"


def cells(columns: Sequence[Column], row: Row) -> list[str]:
    """A row as people read it."""
    return [cell(column, value) for column, value in zip(columns, row, strict=True)]


def total_cells(columns: Sequence[Column], total: Row) -> list[str]:
    """A total as people read it: empty where there is nothing to add up."""
    return ["" if value is None else cell(column, value) for column, value in zip(columns, total, strict=True)]


def side(column: Column) -> str:
    """Where a column's values stand: left, right for figures, center for running numbers and ranks."""
    if column.key in CENTRED:
        return "center"
    return "right" if column.kind in NUMERIC else "left"
