"""A frozen dataset as the tables of its files, and the columns that page and documents share."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from reports.clips.figures import clip_notes, clip_tables
from reports.datasets.rows import value_of
from reports.definitions import BY_KEY, FigureKind
from reports.definitions import notes_of as definitions_of
from reports.documents import local_text
from reports.exports.table import Coded, Column, Document, Kind, Row, Table
from reports.handin import reading
from reports.handin.reading import Dataset

Figures = Mapping[str, Any]
_KINDS = {
    FigureKind.COUNT: Kind.INTEGER,
    FigureKind.CHANGE: Kind.CHANGE,
    FigureKind.RATE: Kind.RATE,
    FigureKind.SCORE: Kind.DECIMAL,
}
_COUNTED = ("units", "units_taking_part", "units_in_all_rounds")
_TAKING_PART = (
    "headcount", "roster", "accounts", "participants", "people_in_all_rounds", "rate", "mean_rate", "account_rate",
    "share", "entries", "abandoned",
)  # fmt: skip
_CHANGES = ("change", "change_first")
_SCORES = ("mean_score", "counted", "perfect", "high", "middle", "low", "zero", "perfect_share", "zero_share")
_LAST_YEAR = ("last_year_participants", "last_year_entries", "change_last_year", "percent_last_year")
_NOT_OF_BLOCKS = frozenset(("headcount", "roster", "accounts", "rate", "account_rate", *_LAST_YEAR))


@dataclass(frozen=True, slots=True)
class Report:
    """What identifies a frozen report beside its dataset."""

    number: int
    digest: str


def report_document(dataset: Dataset, report: Report) -> Document:
    """Every table of the report; the units come first and are the whole of a CSV file."""
    tables = [
        units_table(dataset),
        _level_table(dataset, "kinds", _("Theo loại đơn vị"), Column("kind", _("Loại đơn vị"), width=30), "kind"),
    ]
    if reading.rows_of(dataset, "blocks"):
        column = Column("name", _("Bảng"), width=30)
        tables.append(_level_table(dataset, "blocks", _("Theo bảng"), column, "name"))
    if reading.rows_of(dataset, "winners"):
        tables.append(winners_table(dataset))
    if reading.rows_of(dataset, "hours"):
        tables.append(_hours_table(dataset))
    if reading.weeks(dataset):
        tables.append(_weeks_table(dataset))
    if dataset.get("clips"):
        tables += clip_tables(dataset["clips"])
    return Document(
        title=title_of(dataset).upper(),
        lines=[dataset["contest"]["title"], *_scope_lines(dataset, report)],
        tables=tables,
        row_count=len(dataset["units"]) + sum(len(reading.rows_of(dataset, n)) for n in ("kinds", "blocks", "hours")),
        notes=notes_of(dataset),
    )


def title_of(dataset: Dataset) -> str:
    round = reading.round_of(dataset)
    return _("Báo cáo kết quả %(round)s") % {"round": round["title"]} if round else _("Báo cáo tổng kết hội thi")


def _scope_lines(dataset: Dataset, report: Report) -> list[str]:
    moment = local_text(reading.moment(dataset["as_of"]), seconds=True)  # type: ignore[arg-type]
    return [
        _("Phạm vi: %(unit)s") % {"unit": dataset["unit"]["name"]},
        _("Bản số %(number)s, số liệu đến %(moment)s (giờ Việt Nam)") % {"number": report.number, "moment": moment},
        _("Mã kiểm chứng số liệu: %(digest)s") % {"digest": report.digest},
    ]


def notes_of(dataset: Dataset) -> list[str]:
    """How every figure shown is computed, a sentence each, and what the dataset itself remarks."""
    counted = _columns_in(dataset["total"], _COUNTED)
    keys = [column.key for column in (*counted, *figure_columns(dataset))]
    lists = [name for name in ("full_units", "lowest_units", "hours") if dataset.get(name)]
    own = clip_notes() if dataset.get("clips") else []
    return [*definitions_of(dict.fromkeys([*keys, *lists])), *own, *map(str, dataset.get("notes") or ())]


# --- Tables -----------------------------------------------------------------------------------------


def figure_columns(dataset: Dataset) -> list[Column]:
    """The figures of a unit, a kind or the total; scores, changes and last year only where there are any."""
    return _columns_in(dataset["total"], [*_TAKING_PART, *_shown_groups(dataset)])


def _shown_groups(dataset: Dataset) -> list[str]:
    return [
        *(_SCORES if reading.has_scores(dataset) else ()),
        *(_CHANGES if reading.has_change(dataset) else ()),
        *(_LAST_YEAR if reading.has_last_year(dataset) else ()),
    ]


def _columns_in(figures: Figures, keys: Iterable[str]) -> list[Column]:
    """Columns for those of `keys` that the figures have: a contest's differ from a week's."""
    return [column_of(key) for key in keys if key in figures]


def column_of(key: str) -> Column:
    """A figure's column, named as its definition is."""
    definition = BY_KEY[key]
    places = 2 if definition.kind is FigureKind.SCORE else 0
    return Column(key, str(definition.label), _KINDS[definition.kind], width=10, places=places)


def units_table(dataset: Dataset) -> Table:
    names = [
        Column("unit_code", _("Mã đơn vị"), width=10),
        Column("unit_name", _("Tên đơn vị"), width=48),
        Column("kind", _("Loại đơn vị"), width=30),
        Column("parent_code", _("Mã đơn vị cấp trên"), width=10),
        Column("parent_name", _("Đơn vị cấp trên"), width=30),
    ]
    columns = [*names, *figure_columns(dataset)]
    total = None
    if "total" in dataset:
        total = ("", _("Tổng cộng"), "", "", "", *_values(dataset["total"], columns[len(names) :]))
    return Table("units", _("Theo đơn vị"), columns, _rows(dataset["units"], columns), total)


def _level_table(dataset: Dataset, key: str, name: str, column: Column, member: str, *, total: bool = True) -> Table:
    counts = _columns_in(dataset["total"], _COUNTED)
    figures = [*([] if key == "blocks" else counts), *figure_columns(dataset)]
    if key == "blocks":  # a block has neither headcount nor roster of its own, nor is its last year known
        figures = [one for one in figures if one.key not in _NOT_OF_BLOCKS]
    rows = [(one[member] or _("Không thuộc bảng nào"), *_values(one, figures)) for one in dataset[key]]
    return Table(key, name, [column, *figures], rows, (_("Tổng cộng"), *_values(dataset["total"], figures)))


def _weeks_table(dataset: Dataset) -> Table:
    """The rounds side by side; no total, as a person may be in each of them."""
    weeks = reading.weeks(dataset)
    keys = (*_COUNTED, *_TAKING_PART, *(_SCORES if any(one.get("counted") is not None for one in weeks) else ()))
    columns = _columns_in(weeks[0], keys)
    rows = [(one["title"], *_values(one, columns)) for one in weeks]
    return Table("rounds", _("Qua các tuần"), [Column("title", _("Tuần thi"), width=24), *columns], rows)


def winners_table(dataset: Dataset) -> Table:
    titles = {one["number"]: one["title"] for one in reading.weeks(dataset)}
    error_places = max((_places(one["prediction_error"]) for one in dataset["winners"]), default=0)
    columns = [
        *([Column("round", _("Tuần thi"), width=14)] if dataset["kind"] == "final" else []),
        Column("block", _("Bảng"), width=14),
        Column("prize", _("Giải"), Kind.CODED, width=20),
        Column("rank", _("Hạng"), Kind.INTEGER, width=8),
        Column("full_name", _("Họ và tên"), width=30),
        Column("unit_code", _("Mã đơn vị"), width=14),
        Column("unit_name", _("Đơn vị"), width=36),
        Column("parent_name", _("Đơn vị cấp trên"), width=36),
        Column("score", _("Điểm"), Kind.INTEGER, width=8),
        Column("prediction", _("Dự đoán"), Kind.TEXT, width=12),
        Column("prediction_error", _("Sai lệch dự đoán"), Kind.DECIMAL, width=12, places=error_places),
        Column("submitted_at", _("Nộp lúc"), Kind.TIME, width=26),
    ]
    special: dict[str, Callable[[Figures], Any]] = {
        "prize": lambda one: Coded(one["prize"], one["prize_title"]),
        "round": lambda one: titles.get(one["round"], str(one["round"])),
        "prediction": lambda one: None if one["prediction"] is None else str(one["prediction"]),
        "prediction_error": lambda one: None if one["prediction_error"] is None else Decimal(one["prediction_error"]),
        "submitted_at": lambda one: reading.moment(one["submitted_at"]),
    }

    def value(one: Figures, key: str) -> Any:
        return special[key](one) if key in special else one.get(key)

    rows = [tuple(value(one, column.key) for column in columns) for one in dataset["winners"]]
    return Table("winners", _("Người đạt giải"), columns, rows)


def _places(text: str | None) -> int:
    return max(0, -int(Decimal(text).as_tuple().exponent)) if text is not None else 0


def _hours_table(dataset: Dataset) -> Table:
    columns = [
        Column("hour", _("Giờ"), Kind.TIME, width=22),
        Column("started", _("Bắt đầu làm bài"), Kind.INTEGER, width=14),
        Column("submitted", _("Nộp bài"), Kind.INTEGER, width=14),
    ]
    rows: list[tuple[Any, ...]] = [
        (reading.moment(one["hour"]), one["started"], one["submitted"]) for one in dataset["hours"]
    ]
    total = (None, *(sum(row[place] for row in rows) for place in (1, 2)))
    return Table("hours", _("Theo giờ"), columns, rows, total)


def _rows(figures: Iterable[Figures], columns: list[Column]) -> list[Row]:
    return [_values(one, columns) for one in figures]


def _values(figures: Figures, columns: Iterable[Column]) -> tuple[Any, ...]:
    return tuple(value_of(figures, column.key) for column in columns)
