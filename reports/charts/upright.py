"""What column and line charts share: a vertical axis of values, slots from left to right, a legend."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.charts import svg
from reports.charts.scale import Axis, nice_axis
from reports.charts.svg import Plot, Sheet
from reports.charts.values import Series, Value, finite, shortened

LEGEND_LINE = 1.7  # in parts of the letters' size
PHONE_HEIGHT, HEIGHT = 210, 260  # of the plot


@dataclass(frozen=True, slots=True)
class Frame:
    """Where everything stands on one sheet."""

    sheet: Sheet
    axis: Axis
    plot: Plot
    slots: int
    height: float
    legend: Sequence[str]

    @property
    def slot(self) -> float:
        return self.plot.width / max(self.slots, 1)

    def middle(self, place: int) -> float:
        return self.plot.left + (place + 0.5) * self.slot

    def level(self, value: Value) -> float:
        return self.plot.bottom - self.axis.part(value) * self.plot.height


def frame_for(sheet: Sheet, series: Sequence[Series], slots: int, *, places: int, unit: str, from_zero: bool) -> Frame:
    values = [value for one in series for value in one.values]
    axis = nice_axis(values, places=places, from_zero=from_zero, most=5 if sheet.phone else 6)
    names = [shortened(tick, places=axis.places, unit=unit) for tick in axis.ticks]
    legend = [one.label for one in series] if len(series) > 1 else []
    left = max(svg.width_of(name, sheet.size) for name in names) + 10
    top = sheet.size * 1.8 + len(_legend_rows(sheet, legend)) * sheet.size * LEGEND_LINE
    plot = Plot(left, top, sheet.width - left - 8, PHONE_HEIGHT if sheet.phone else HEIGHT)
    return Frame(sheet, axis, plot, slots, plot.bottom + sheet.size * 2.1, legend)


def scaffold(frame: Frame, labels: Sequence[str], *, unit: str) -> list[str]:
    """Grid, figures of the axis, the line of zero and the names of the slots that have room."""
    plot, size = frame.plot, frame.sheet.size
    parts = [plot.outline()]
    for tick in frame.axis.ticks:
        height = frame.level(tick)
        klass = "chart__zero" if tick == 0 else "chart__grid"
        parts.append(svg.line(plot.left, height, plot.right, height, klass=klass))
        name = shortened(tick, places=frame.axis.places, unit=unit)
        parts.append(svg.text(name, x=plot.left - 6, y=height + size * 0.35, anchor="end", size=size))
    each = step_between(labels, frame.slot, size)
    for place in range(0, len(labels), each):
        words = svg.shortened_to(labels[place], max(each * frame.slot, size * 4), size)
        x = inside(frame.sheet, frame.middle(place), words)
        parts.append(svg.text(words, x=x, y=plot.bottom + size * 1.5, anchor="middle", size=size))
    return parts


def step_between(labels: Sequence[str], slot: float, size: float) -> int:
    """Every how many slots a label finds room; long ones are cut at 9 letters' sizes."""
    widest = min(max((svg.width_of(label, size) for label in labels), default=0.0), size * 9)
    step = 1
    while step * slot < widest + size * 0.6 and step < len(labels):
        step += 1
    return step


def inside(sheet: Sheet, x: float, words: str) -> float:
    """The middle of `words`, so that they stay on the sheet."""
    half = svg.width_of(words, sheet.size) * svg.BOLD / 2
    return max(min(x, sheet.width - half - 1), half + 1)


def legend_places(frame: Frame) -> list[tuple[float, float]]:
    """Left end and middle height of each entry of the legend."""
    places = []
    for number, row in enumerate(_legend_rows(frame.sheet, frame.legend)):
        x = 2.0
        for label in row:
            places.append((x, frame.sheet.size * (0.9 + number * LEGEND_LINE)))
            x += _legend_width(frame.sheet, label)
    return places


def legend_text(frame: Frame, place: int, x: float, y: float) -> str:
    size = frame.sheet.size
    words = svg.shortened_to(frame.legend[place], frame.sheet.width - x - size * 3, size)
    return svg.text(words, x=x + size * 2.6, y=y + size * 0.35, size=size)


def _legend_rows(sheet: Sheet, legend: Sequence[str]) -> list[list[str]]:
    rows: list[list[str]] = []
    room = 0.0
    for label in legend:
        needed = _legend_width(sheet, label)
        if needed > room:
            rows.append([])
            room = sheet.width
        rows[-1].append(label)
        room -= needed
    return rows


def _legend_width(sheet: Sheet, label: str) -> float:
    return svg.width_of(label, sheet.size) + sheet.size * 4.5


def highest(labels: Sequence[str], values: Sequence[Value]) -> int | None:
    """The place of the largest value; None if there is none."""
    known = [(exact, -place) for place, value in enumerate(values) if (exact := finite(value)) is not None]
    return -max(known)[1] if known and labels else None
