"""Lines over rounds: each series has its own dash and its own marker, so that colour is never needed."""

from collections.abc import Iterator, Sequence

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from reports.charts import svg, upright
from reports.charts.svg import NARROW, WIDE, Sheet
from reports.charts.tables import table_of
from reports.charts.upright import Frame
from reports.charts.values import Chart, Series, Value, brief, finite, spelled

DASHES = ("none", "7 4", "2 4", "10 4 2 4", "14 5", "4 3 1 3")
MARKERS = ("circle", "square", "triangle", "diamond", "cross", "down")
MARKER = 4.5  # half of its width
CORNERS: dict[str, list[tuple[float, float]]] = {
    "triangle": [(0, -1.2), (1.15, 0.9), (-1.15, 0.9)],
    "down": [(0, 1.2), (1.15, -0.9), (-1.15, -0.9)],
    "diamond": [(0, -1.35), (1.35, 0), (0, 1.35), (-1.35, 0)],
    "cross": [(-1, -1), (1, 1), (0, 0), (1, -1), (-1, 1), (0, 0)],
}


def lines(
    *,
    id: str,
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    slot_name: str = "",
    unit: str = "",
    places: int = 0,
    from_zero: bool = True,
    description: str = "",
) -> Chart:
    """A line for each series (at most six). A gap interrupts its line."""
    if len(series) > len(DASHES):
        raise ValueError("at most six series")
    described = description or _described(labels, series, unit=unit, places=places)
    head, rows = table_of(slot_name, labels, series, unit=unit, places=places)

    def drawn(sheet: Sheet) -> SafeString:
        frame = upright.frame_for(sheet, series, len(labels), places=places, unit=unit, from_zero=from_zero)
        parts = _parts(frame, labels, series, unit=unit, places=places)
        return svg.picture(parts, id=id, title=title, description=described, sheet=sheet, height=frame.height)

    return Chart(id, title, described, drawn(WIDE), drawn(NARROW), head, rows)


def _parts(frame: Frame, labels: Sequence[str], series: Sequence[Series], *, unit: str, places: int) -> list[str]:
    parts = upright.scaffold(frame, labels, unit=unit)
    for number, one in enumerate(series):
        parts += _line(frame, number, one, labels, unit=unit, places=places)
    parts += _figures(frame, series, unit=unit, places=places)
    for number, (x, y) in enumerate(upright.legend_places(frame)):
        end = x + frame.sheet.size * 2.2
        sample = _path([(x, y), (end, y)], number) + _marker((x + end) / 2, y, number)
        parts += [svg.element("g", sample, klass="chart__sample"), upright.legend_text(frame, number, x, y)]
    return parts


def _line(frame: Frame, number: int, series: Series, labels: Sequence[str], *, unit: str, places: int) -> Iterator[str]:
    points = [
        None if finite(value) is None else (frame.middle(place), frame.level(value))
        for place, value in enumerate(series.values)
    ]
    for run in _runs(points):
        if len(run) > 1:
            yield _path(run, number)
    for point, label, value in zip(points, labels, series.values, strict=True):
        if point is not None:
            words = f"{series.label}, {label}: {spelled(value, places=places, unit=unit)}"
            yield _marker(*point, number, svg.hint(words))


def _runs(points: Sequence[tuple[float, float] | None]) -> Iterator[list[tuple[float, float]]]:
    """The stretches between gaps."""
    run: list[tuple[float, float]] = []
    for point in [*points, None]:
        if point is not None:
            run.append(point)
        elif run:
            yield run
            run = []


def _path(points: Sequence[tuple[float, float]], number: int) -> str:
    return svg.element(
        "polyline",
        klass=f"chart__line chart__line--{number + 1}",
        points=" ".join(f"{svg.plain(x)},{svg.plain(y)}" for x, y in points),
        fill="none",
        stroke="currentColor",
        stroke_width=2.25,
        stroke_dasharray=DASHES[number],
        stroke_linejoin="round",
    )


def _marker(x: float, y: float, number: int, *children: str) -> str:
    klass, r = f"chart__marker chart__marker--{number + 1}", MARKER
    look: dict[str, str | float] = {"fill": "currentColor", "stroke": "currentColor"}
    shape = MARKERS[number]
    if shape == "circle":
        return svg.element("circle", *children, klass=klass, cx=x, cy=y, r=r, **look)
    if shape == "square":
        return svg.element("rect", *children, klass=klass, x=x - r, y=y - r, width=2 * r, height=2 * r, **look)
    corners = CORNERS[shape]
    points = " ".join(f"{svg.plain(x + dx * r)},{svg.plain(y + dy * r)}" for dx, dy in corners)
    if shape == "cross":
        look["stroke_width"] = 2.5
    return svg.element("polygon", *children, klass=klass, points=points, **look)


def _figures(frame: Frame, series: Sequence[Series], *, unit: str, places: int) -> list[str]:
    """The figures of a single line, if they have room; of several lines they would run into each other."""
    if len(series) != 1:
        return []
    size = frame.sheet.size
    shown = []
    for place, value in enumerate(series[0].values):
        words = brief(value, places=places, unit=unit)
        if svg.width_of(words, size) * svg.BOLD > frame.slot:
            return []
        if finite(value) is not None:
            x = upright.inside(frame.sheet, frame.middle(place), words)
            y = frame.level(value)
            below = y + size * 1.6
            # In a low the line runs through what stands above the point.
            y = below if _is_low(series[0].values, place) and below < frame.plot.bottom else y - size * 0.75
            shown.append(svg.text(words, x=x, y=y, anchor="middle", klass="chart__text chart__figure", size=size))
    return shown


def _is_low(values: Sequence[Value], place: int) -> bool:
    """Whether the line comes from above, or leaves upwards, and on no side from or to below."""
    value = finite(values[place])
    beside = [finite(one) for one in (*values[max(place - 1, 0) : place], *values[place + 1 : place + 2])]
    known = [one for one in beside if one is not None]
    return value is not None and any(one > value for one in known) and all(one >= value for one in known)


def _described(labels: Sequence[str], series: Sequence[Series], *, unit: str, places: int) -> str:
    said = [_("Biểu đồ đường, %(count)s mốc.") % {"count": len(labels)}]
    for one in series:
        ends = _ends(one.values)
        if ends is not None:
            first, last = ends
            said.append(
                _("%(series)s từ %(first)s (%(first_label)s) đến %(last)s (%(last_label)s).")
                % {
                    "series": one.label,
                    "first": spelled(one.values[first], places=places, unit=unit),
                    "first_label": labels[first],
                    "last": spelled(one.values[last], places=places, unit=unit),
                    "last_label": labels[last],
                }
            )
    return " ".join(said)


def _ends(values: Sequence[Value]) -> tuple[int, int] | None:
    known = [place for place, value in enumerate(values) if finite(value) is not None]
    return (known[0], known[-1]) if known else None
