"""The charts of the dashboard, from figures that are already allowed to be seen."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from reports.charts.bars import bars
from reports.charts.columns import columns
from reports.charts.heat import HeatTable, heat_table
from reports.charts.lines import lines
from reports.charts.progress import progress
from reports.charts.values import Chart, Series
from reports.dashboard.trend import RoundTotals
from reports.participation import Figures, KindFigures

LATEST_HOURS = 24
MOST_DAYS = 14  # of a heat table by hour; a longer round shows its last days
# Where the steps of participation begin: the duty is 100%.
RATE_BOUNDS = (50, 75, 90, 100)


def participation_chart(total: Figures, *, before: int | None) -> Chart:
    """Participants of the headcount, and where the round before ended."""
    return progress(
        id="progress",
        title=_("Số người đã tham gia trên biên chế"),
        done=total.participants,
        total=total.headcount,
        done_name=_("Đã tham gia"),
        total_name=_("Biên chế"),
        mark=before,
        mark_name=_("Tuần trước") if before is not None else "",
    )


def kinds_chart(kinds: Sequence[KindFigures]) -> Chart:
    return bars(
        id="kinds",
        title=_("Tỷ lệ tham gia theo loại đơn vị"),
        labels=[kind.kind for kind in kinds],
        values=[_percent(kind.figures.rate) for kind in kinds],
        value_name=_("Tỷ lệ tham gia"),
        slot_name=_("Loại đơn vị"),
        unit="%",
        places=2,
    )


def latest_hours_chart(hours: Sequence[Mapping[str, Any]], until: datetime) -> Chart | None:
    """The last hours before `until`: attempts begun and entries handed in."""
    reached = [hour for hour in hours if _moment(hour) <= until][-LATEST_HOURS:]
    if not reached:
        return None
    return columns(
        id="latest-hours",
        title=_("Lượt bắt đầu và lượt nộp bài theo giờ, %(count)s giờ gần nhất") % {"count": len(reached)},
        labels=[f"{_local(hour):%H} h" for hour in reached],
        series=[
            Series(_("Bắt đầu"), [hour["started"] for hour in reached]),
            Series(_("Nộp bài"), [hour["submitted"] for hour in reached]),
        ],
        slot_name=_("Giờ"),
    )


def hours_table(hours: Sequence[Mapping[str, Any]], until: datetime) -> HeatTable | None:
    """Entries by hour of the day and day of the round; hours that have not come, and those outside it, are gaps."""
    handed_in = {_local(hour): hour["submitted"] for hour in hours if _moment(hour) <= until}
    days = sorted({hour.date() for hour in handed_in})[-MOST_DAYS:]
    if not days:
        return None
    by_place = {(hour.date(), hour.hour): number for hour, number in handed_in.items()}
    shown = [hour for hour in range(24) if any(by_place.get((day, hour)) is not None for day in days)]
    return heat_table(
        id="hours",
        title=_("Số lượt nộp bài theo giờ và ngày"),
        row_name=_("Giờ"),
        columns=[f"{day:%d/%m}" for day in days],
        rows=[(f"{hour:02}:00", [by_place.get((day, hour)) for day in days]) for hour in shown],
    )


def trend_charts(rounds: Sequence[RoundTotals]) -> list[Chart]:
    """Participants and rate of every round; mean scores of those that are published."""
    labels = [one.title for one in rounds]
    charts = [
        _line("trend-people", _("Số người tham gia qua các tuần"), _("Số người"), labels,
              [one.participants for one in rounds]),
        _line("trend-rate", _("Tỷ lệ tham gia qua các tuần"), _("Tỷ lệ tham gia"), labels,
              [_percent(one.rate) for one in rounds], unit="%", places=2),
    ]  # fmt: skip
    if any(one.mean_score is not None for one in rounds):
        scores = [one.mean_score for one in rounds]
        charts.append(_line("trend-score", _("Điểm trung bình qua các tuần"), _("Điểm"), labels, scores, places=2))
    return charts


def scores_chart(people: Mapping[int, int], *, full_marks: int) -> Chart:
    """How many people have which score, from none to full marks."""
    return columns(
        id="scores",
        title=_("Phân bố điểm"),
        labels=[str(score) for score in range(full_marks + 1)],
        series=[Series(_("Số người"), [people.get(score, 0) for score in range(full_marks + 1)])],
        slot_name=_("Điểm"),
    )


def rates_table(
    rounds: Sequence[tuple[int, str]], units: Sequence[tuple[int, str]], rates: Mapping[tuple[int, int], Decimal | None]
) -> HeatTable:
    """Units × rounds; `rounds` and `units` are (id, name). A unit that was not in a round has a gap there."""
    return heat_table(
        id="rates",
        title=_("Tỷ lệ tham gia của đơn vị qua các tuần"),
        row_name=_("Đơn vị"),
        columns=[title for _id, title in rounds],
        rows=[(name, [_percent(rates.get((unit, round))) for round, _title in rounds]) for unit, name in units],
        bounds=RATE_BOUNDS,
        unit="%",
        places=2,
    )


def _line(
    id: str, title: str, name: str, labels: Sequence[str], values: Sequence[Any], *, unit: str = "", places: int = 0
) -> Chart:
    return lines(
        id=id, title=title, labels=labels, series=[Series(name, values)], slot_name=_("Tuần thi"), unit=unit,
        places=places,
    )  # fmt: skip


def _percent(rate: Decimal | None) -> Decimal | None:
    return None if rate is None else rate * 100


def _moment(hour: Mapping[str, Any]) -> datetime:
    moment = parse_datetime(hour["hour"])
    assert moment is not None
    return moment


def _local(hour: Mapping[str, Any]) -> datetime:
    return timezone.localtime(_moment(hour), timezone.get_default_timezone())


def before_the_end(moment: datetime) -> datetime:
    """The last instant before `moment`: an hour that begins with the close is none of the round's."""
    return moment - timedelta(microseconds=1)
