"""Bars from left to right under their labels, which may be long: units, kinds of units."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from reports.charts import svg, upright
from reports.charts.scale import Axis, nice_axis
from reports.charts.svg import NARROW, WIDE, Plot, Sheet
from reports.charts.tables import table_of
from reports.charts.values import Chart, Series, Value, brief, finite, spelled

BAR, GAP = 15.0, 12.0


def bars(
    *,
    id: str,
    title: str,
    labels: Sequence[str],
    values: Sequence[Value],
    value_name: str,
    slot_name: str = "",
    unit: str = "",
    places: int = 0,
    description: str = "",
) -> Chart:
    """A bar for each label, in the order given, with its figure at the end."""
    series = Series(value_name, values)
    described = description or _described(labels, values, unit=unit, places=places)
    head, rows = table_of(slot_name, labels, [series], unit=unit, places=places)
    pictures = [
        _drawn(sheet, labels, values, id=id, title=title, description=described, unit=unit, places=places)
        for sheet in (WIDE, NARROW)
    ]
    return Chart(id, title, described, pictures[0], pictures[1], head, rows)


def _drawn(
    sheet: Sheet, labels: Sequence[str], values: Sequence[Value], *, unit: str, places: int, **names: str
) -> svg.SafeString:
    axis = nice_axis(values, places=places, most=12)
    figures = [brief(value, places=places, unit=unit) for value in values]
    for_figures = max((svg.width_of(figure, sheet.size) * svg.BOLD for figure in figures), default=0) + 8
    line = sheet.size * 1.25
    texts = [svg.wrapped(label, sheet.width - 4, sheet.size) for label in labels]
    height = sum(len(lines) * line + BAR + GAP for lines in texts) + 2
    left = 1.0 + (for_figures if axis.low < 0 else 0)
    plot = Plot(left, 0, sheet.width - left - for_figures, height)
    parts = [plot.outline()]
    y = 0.0
    for label, lines, value, figure in zip(labels, texts, values, figures, strict=True):
        for words in lines:
            y += line
            parts.append(svg.text(words, x=1, y=y - line * 0.28, size=sheet.size))
        parts += _bar(sheet, axis, plot, y, value, figure, f"{label}: {figure}")
        y += BAR + GAP
    return svg.picture(parts, sheet=sheet, height=height, **names)


def _bar(sheet: Sheet, axis: Axis, plot: Plot, y: float, value: Value, figure: str, words: str) -> list[str]:
    """The bar and its figure; a gap has a dash only."""
    zero = _along(plot, axis, 0)
    end = zero if finite(value) is None else _along(plot, axis, value)
    start, stop = sorted((zero, end))
    minus = end < zero
    shape = svg.element(
        "rect",
        svg.hint(words),
        klass="chart__bar chart__bar--1",
        fill="currentColor",
        x=start,
        y=y,
        width=stop - start,
        height=BAR,
    )
    at, anchor = (start - 5, "end") if minus else (stop + 5, "start")
    place = svg.text(figure, x=at, y=y + BAR - 2.5, anchor=anchor, klass="chart__text chart__figure", size=sheet.size)
    line = svg.line(zero, y - 2, zero, y + BAR + 2, klass="chart__zero")
    return [line, place] if finite(value) is None else [shape, line, place]


def _along(plot: Plot, axis: Axis, value: Value) -> float:
    return plot.left + axis.part(value) * plot.width


def _described(labels: Sequence[str], values: Sequence[Value], *, unit: str, places: int) -> str:
    said = [_("Biểu đồ thanh ngang, %(count)s thanh.") % {"count": len(labels)}]
    top = upright.highest(labels, values)
    if top is not None:
        figure = spelled(values[top], places=places, unit=unit)
        said.append(_("Cao nhất: %(label)s, %(figure)s.") % {"label": labels[top], "figure": figure})
    return " ".join(said)
