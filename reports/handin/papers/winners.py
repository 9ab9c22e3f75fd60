"""Winners as a table and as a sentence, for reports and decisions."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from reports.exports.table import Column, Kind
from reports.handin import reading
from reports.handin.papers.words import NUMBER, capital, two_digits
from reports.handin.reading import Dataset
from reports.official.document import Figures


def winners_table(dataset: Dataset, *, with_time: bool, notes: Sequence[str] = ()) -> Figures:
    winners = dataset["winners"]
    several_blocks = len({one["block"] for one in winners}) > 1
    rows = [_winner(dataset, one) for one in winners]
    places = max(
        (_places(one["prediction_error"]) for one in winners if one["prediction_error"] is not None), default=0
    )
    columns = [
        *([Column("round", "Tuần thi", width=11)] if dataset["kind"] == "final" else []),
        *([Column("block", "Bảng", width=12)] if several_blocks else []),
        Column("prize", "Giải", width=13),
        Column("full_name", "Họ và tên", width=24),
        Column("unit_name", "Đơn vị", width=28),
        *([Column("parent_name", "Đơn vị cấp trên", width=24)] if any(row["parent_name"] for row in rows) else []),
        Column("score", "Điểm", Kind.INTEGER, width=7),
    ]
    if with_time:
        columns.append(Column("prediction_error", "Sai lệch dự đoán", Kind.DECIMAL, width=10, places=places))
        columns.append(Column("submitted_at", "Nộp bài lúc", Kind.TIME, width=17))
    cells = [(number, *(row[column.key] for column in columns)) for number, row in enumerate(rows, start=1)]
    return Figures([NUMBER, *columns], cells, notes=notes)


def _winner(dataset: Dataset, one: Mapping[str, Any]) -> dict[str, Any]:
    """A winner as values; the parent only if it is not the body that organises, which is everyone's."""
    titles = {week["number"]: week["title"] for week in reading.weeks(dataset)}
    error, parent = one["prediction_error"], one["parent_name"]
    return {
        **one,
        "round": titles.get(one.get("round"), ""),
        "prize": capital(one["prize_title"].removeprefix("Giải ").removeprefix("giải ")),
        "parent_name": "" if parent == dataset["contest"]["unit_name"] else parent,
        "prediction_error": None if error is None else Decimal(error),
        "submitted_at": reading.moment(one["submitted_at"]),
    }


def _places(text: str) -> int:
    return max(0, -int(Decimal(text).as_tuple().exponent))


def prizes_in_words(winners: Sequence[Mapping[str, Any]]) -> str:
    """As "01 giải Nhất, 02 giải Nhì", in the order of the list."""
    counted: dict[str, int] = {}
    for one in winners:
        title = str(one["prize_title"])
        counted[title] = counted.get(title, 0) + 1
    return ", ".join(f"{two_digits(count)}\u00a0{_small_prize(title)}" for title, count in counted.items())


def _small_prize(title: str) -> str:
    return title[0].lower() + title[1:] if title.lower().startswith("giải") else f"giải {title}"
