"""The charts of a frozen report's page."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from reports.charts.columns import columns
from reports.charts.heat import HeatTable, heat_table
from reports.charts.lines import lines
from reports.charts.values import Chart, Series
from reports.definitions import BY_KEY
from reports.handin import reading
from reports.handin.reading import Dataset
from reports.official.wording import VIETNAM

# Of a heat table that people still read.
MOST_DAYS, MOST_UNITS = 31, 300


def charts_of(dataset: Dataset) -> list[Chart]:
    """Distribution of scores, participants over the rounds, load by hour of day: what there is of it.

    The one of many columns comes last: where two stand beside each other, it has a row of its own.
    """
    made = [_distribution(dataset), _trend(dataset), _by_hour_of_day(dataset)]
    return [chart for chart in made if chart is not None]


def _distribution(dataset: Dataset) -> Chart | None:
    if not reading.has_scores(dataset):
        return None
    bands = list(reversed(reading.BANDS))
    return columns(
        id="distribution",
        title=_("Phân bố bài thi theo mức điểm"),
        labels=[_("0 điểm"), "< 25%", "25–75%", "≥ 75%", "100%"],
        series=[Series(_("Số bài"), [dataset["total"][name] for name in bands])],
        slot_name=_("Mức điểm"),
    )


def _by_hour_of_day(dataset: Dataset) -> Chart | None:
    hours = reading.rows_of(dataset, "hours")
    if not hours:
        return None
    counted: dict[int, int] = defaultdict(int)
    for one in hours:
        counted[_local(one).hour] += one["submitted"]
    return columns(
        id="hours-of-day",
        title=_("Số bài nộp theo giờ trong ngày, cộng các ngày của tuần thi"),
        labels=[str(hour) for hour in range(24)],
        series=[Series(_("Số bài nộp"), [counted[hour] for hour in range(24)])],
        slot_name=_("Giờ"),
    )


def _trend(dataset: Dataset) -> Chart | None:
    trend = reading.weeks(dataset)
    if len(trend) < 2:
        return None
    return lines(
        id="trend",
        title=_("Số người tham gia qua các tuần"),
        labels=[one["title"] for one in trend],
        series=[Series(str(BY_KEY["participants"].label), [one["participants"] for one in trend])],
        slot_name=_("Tuần thi"),
    )


def heat_of(dataset: Dataset) -> HeatTable | None:
    """Of a week its hours; of a contest the participation rate of its units, round by round."""
    return _heat_of_hours(dataset) if reading.round_of(dataset) else _heat_of_rounds(dataset)


def _heat_of_rounds(dataset: Dataset) -> HeatTable | None:
    if len(dataset["units"]) > MOST_UNITS:
        return None
    return heat_table(
        id="rates-by-round",
        title=_("Tỷ lệ tham gia của đơn vị qua các tuần"),
        row_name=_("Đơn vị"),
        columns=[one["title"] for one in reading.weeks(dataset)],
        rows=[(unit["unit_name"], [_rate(one) for one in unit["rounds"]]) for unit in dataset["units"]],
        bounds=(25, 50, 75, 100),
        unit="%",
        places=2,
    )


def _rate(one: Any) -> Decimal | None:
    return None if one["rate"] is None else Decimal(one["rate"]) * 100


def _heat_of_hours(dataset: Dataset) -> HeatTable | None:
    """Papers handed in, day by day and hour by hour, in local time."""
    days: dict[date, list[Any]] = {}
    for one in reading.rows_of(dataset, "hours"):
        local = _local(one)
        days.setdefault(local.date(), [None] * 24)[local.hour] = one["submitted"]
    if not days or len(days) > MOST_DAYS:
        return None
    return heat_table(
        id="hourly-load",
        title=_("Số bài nộp theo ngày và giờ"),
        row_name=_("Ngày"),
        columns=[str(hour) for hour in range(24)],
        rows=[(f"{day:%d/%m}", values) for day, values in days.items()],
    )


def _local(one: Any) -> Any:
    hour = reading.moment(one["hour"])
    assert hour is not None
    return hour.astimezone(VIETNAM)
