"""Columns from left to right: load by hour, distribution of scores, short kinds. At most two series side by side."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from reports.charts import svg, upright
from reports.charts.svg import NARROW, WIDE, Sheet
from reports.charts.tables import table_of
from reports.charts.upright import Frame
from reports.charts.values import Chart, Series, Value, brief, finite, spelled

FILL = 0.72  # of a slot
# The second series is an outline: told apart on paper and by everyone.
LOOKS: tuple[dict[str, str | float], ...] = (
    {"fill": "currentColor"},
    {"fill": "none", "stroke": "currentColor", "stroke_width": 2.0},
)


def columns(
    *,
    id: str,
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    slot_name: str = "",
    unit: str = "",
    places: int = 0,
    description: str = "",
) -> Chart:
    """A column for each label and series. `slot_name` names the labels ("Giờ"); `unit` follows figures ("%")."""
    if len(series) > len(LOOKS):
        raise ValueError("at most two series")
    described = description or _described(labels, series, unit=unit, places=places)
    head, rows = table_of(slot_name, labels, series, unit=unit, places=places)
    pictures = [
        _drawn(sheet, labels, series, id=id, title=title, description=described, unit=unit, places=places)
        for sheet in (WIDE, NARROW)
    ]
    return Chart(id, title, described, pictures[0], pictures[1], head, rows)


def _drawn(
    sheet: Sheet, labels: Sequence[str], series: Sequence[Series], *, unit: str, places: int, **names: str
) -> svg.SafeString:
    frame = upright.frame_for(sheet, series, len(labels), places=places, unit=unit, from_zero=True)
    parts = upright.scaffold(frame, labels, unit=unit)
    width = FILL * frame.slot / max(len(series), 1)
    for number, one in enumerate(series):
        for place, (label, value) in enumerate(zip(labels, one.values, strict=True)):
            x = frame.middle(place) + (number - len(series) / 2) * width
            words = f"{label}: {spelled(value, places=places, unit=unit)}"
            parts.append(
                _column(frame, x, width, value, words if len(series) == 1 else f"{one.label}, {words}", number)
            )
    parts += _figures(frame, labels, series, unit=unit, places=places)
    for number, (x, y) in enumerate(upright.legend_places(frame)):
        size = sheet.size
        shape = _shape(number, "chart__sample", x + 1, y - size / 2, size * 1.6, size)
        parts += [shape, upright.legend_text(frame, number, x, y)]
    return svg.picture(parts, sheet=sheet, height=frame.height, **names)


def _column(frame: Frame, x: float, width: float, value: Value, words: str, number: int) -> str:
    """Nothing for a gap: only what is known is drawn."""
    if finite(value) is None:
        return ""
    top, base = sorted((frame.level(value), frame.level(0)))
    return _shape(number, "chart__bar", x, top, width, base - top, svg.hint(words))


def _shape(number: int, klass: str, x: float, y: float, width: float, height: float, *children: str) -> str:
    names = f"{klass} {klass}--{number + 1}"
    return svg.element("rect", *children, klass=names, x=x, y=y, width=width, height=height, **LOOKS[number])


def _figures(frame: Frame, labels: Sequence[str], series: Sequence[Series], *, unit: str, places: int) -> list[str]:
    """The figure over each column if all have room; else over the highest one."""
    if len(series) != 1:
        return []
    words = [brief(value, places=places, unit=unit) for value in series[0].values]
    places_shown = range(len(words))
    if any(svg.width_of(figure, frame.sheet.size) * svg.BOLD > frame.slot for figure in words):
        top = upright.highest(labels, series[0].values)
        places_shown = range(0) if top is None else range(top, top + 1)
    return [_figure(frame, place, words[place], series[0].values[place]) for place in places_shown]


def _figure(frame: Frame, place: int, words: str, value: Value) -> str:
    size = frame.sheet.size
    y = frame.level(max(finite(value) or 0, 0)) - size * 0.4  # type: ignore[arg-type]
    x = upright.inside(frame.sheet, frame.middle(place), words)
    return svg.text(words, x=x, y=y, anchor="middle", klass="chart__text chart__figure", size=size)


def _described(labels: Sequence[str], series: Sequence[Series], *, unit: str, places: int) -> str:
    said = [_("Biểu đồ cột, %(count)s cột.") % {"count": len(labels)}]
    for one in series:
        top = upright.highest(labels, one.values)
        if top is not None:
            figure = spelled(one.values[top], places=places, unit=unit)
            said.append(
                _("%(series)s cao nhất ở %(label)s: %(figure)s.")
                % {"series": one.label, "label": labels[top], "figure": figure}
            )
    return " ".join(said)
