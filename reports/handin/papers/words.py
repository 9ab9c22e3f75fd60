"""Words that the documents share: who issues and signs, what a document is about, times, numbers, hashes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from reports.datasets.rows import value_of
from reports.exports.table import Column, Kind
from reports.handin import reading
from reports.handin.reading import Dataset
from reports.handin.tables import Report
from reports.models import IssuingBody
from reports.official.document import Issuer, Signature
from reports.official.wording import VIETNAM, figure, in_words

ROMAN = ("I", "II", "III", "IV", "V", "VI")
NUMBER = Column("number", "TT", Kind.INTEGER, width=5)
MOST_NAMED = 15  # units in one sentence; more are left to an appendix


def issuer_of(body: IssuingBody) -> Issuer:
    return Issuer(superior=body.superior, body=body.name, place=body.place)


def signature_of(body: IssuingBody, lines: Sequence[str]) -> Signature:
    return Signature([line for line in lines if line], body.signer_name)


def contest_of(dataset: Dataset) -> str:
    return dataset["contest"]["title"]


def about_of(dataset: Dataset) -> str:
    """As "kết quả tuần 1", or "tổng kết Hội thi …" over the contest."""
    round = reading.round_of(dataset)
    return f"kết quả {low(round['title'])}" if round else f"tổng kết {contest_of(dataset)}"


def window_of(dataset: Dataset) -> str:
    round = reading.round_of(dataset)
    if not round:
        return ""
    return f" (từ {clock(round['opens_at'])} đến {clock(round['closes_at'], closing=True)})"


def clock(at: str | datetime | None, *, closing: bool = False) -> str:
    """As "08 giờ 30 phút ngày 05 tháng 6 năm 2023"; midnight at the end of a window is 24 giờ of the day before."""
    moment = reading.moment(at) if isinstance(at, str) else at
    if moment is None:
        return "…"
    local = moment.astimezone(VIETNAM)
    if closing and (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"24 giờ 00 phút {in_words((local - timedelta(days=1)).date())}"
    seconds = f" {local.second:02} giây" if local.second else ""
    return f"{local.hour:02} giờ {local.minute:02} phút{seconds} {in_words(local.date())}"


def named(units: Sequence[str], *, appendix: str = "Phụ lục") -> str:
    """As ": Sở Y tế; Sở Tư pháp"; where to read it when they are too many for a sentence."""
    return f" (danh sách tại {appendix})" if len(units) > MOST_NAMED else f": {'; '.join(units)}"


def source_note(dataset: Dataset, report: Report) -> str:
    return (
        f"Nguồn: số liệu đã chốt bản số {report.number}, tính đến {clock(dataset['as_of'])}; mã kiểm chứng:"
        f" {grouped(report.digest)}."
    )


def grouped(digest: str) -> str:
    """A hash in groups of 16, so that a line can break and people can compare."""
    return " ".join(digest[start : start + 16] for start in range(0, len(digest), 16))


def low(title: str) -> str:
    """A title inside of a sentence: "Tuần 1" becomes "tuần 1", names of one's own stay."""
    return title[0].lower() + title[1:] if title.startswith(("Tuần ", "Năm ")) else title


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def whole(value: int) -> str:
    return figure(value, 0)


def two_digits(value: int) -> str:
    """A number of people or things as documents write it: 05."""
    return f"{value:02}" if value < 10 else whole(value)


def percent_text(rate: Any) -> str:
    return "-" if rate is None else figure(Decimal(rate) * 100, 2) + "%"


def signed_percent_text(rate: Any) -> str:
    percent = Decimal(rate) * 100
    return ("+" if percent > 0 else "") + figure(percent, 2) + "%"


def moved_by(change: int, what: str = "người") -> str:
    if change == 0:
        return "không thay đổi"
    return f"{'tăng' if change > 0 else 'giảm'} {whole(abs(change))} {what}"


def values_of(one: Mapping[str, Any], columns: Sequence[Column]) -> tuple[Any, ...]:
    return tuple(value_of(one, column.key) for column in columns)
