"""A column that fills while a round is open: how many of all have taken part, and where the round before stood."""

from django.utils.translation import gettext as _

from reports.charts import svg
from reports.charts.scale import Axis, nice_axis
from reports.charts.svg import NARROW, WIDE, Plot, Sheet
from reports.charts.values import Chart, Value, finite, spelled

HEIGHT, COLUMN = 220.0, 72.0


def progress(
    *,
    id: str,
    title: str,
    done: int,
    total: int,
    done_name: str,
    total_name: str,
    mark: Value = None,
    mark_name: str = "",
    description: str = "",
) -> Chart:
    """`done` of `total`, both counts; `mark` is an earlier count to compare with.

    More than the whole is shown as it is: the axis grows. With a total of 0 no percentage is said.
    """
    share = spelled(100 * done / total, places=2, unit="%") if total > 0 else ""
    figures = [(done_name, done), (total_name, total)] + ([(mark_name, mark)] if finite(mark) is not None else [])
    described = description or _("%(done_name)s: %(done)s trên %(total)s. %(share)s") % {
        "done_name": done_name,
        "done": spelled(done),
        "total": spelled(total),
        "share": share,
    }
    pictures = [
        _drawn(sheet, done, total, mark, mark_name, share, id=id, title=title, description=described.strip())
        for sheet in (WIDE, NARROW)
    ]
    rows = [[name, spelled(value)] for name, value in figures]
    if share:
        rows.append([_("Tỷ lệ"), share])
    return Chart(id, title, described.strip(), pictures[0], pictures[1], [_("Mục"), _("Số liệu")], rows)


def _drawn(
    sheet: Sheet, done: int, total: int, mark: Value, mark_name: str, share: str, **names: str
) -> svg.SafeString:
    axis = nice_axis([done, total, mark], most=8)
    left = max(svg.width_of(spelled(tick), sheet.size) for tick in axis.ticks) + 10
    plot = Plot(left, sheet.size * 2, COLUMN, HEIGHT)
    parts = [plot.outline(), *_axis(sheet, plot, axis)]
    base, whole, filled = (_level(plot, axis, value) for value in (0, total, done))
    parts.append(
        svg.element(
            "rect",
            klass="chart__whole",
            x=plot.left,
            y=whole,
            width=COLUMN,
            height=base - whole,
            fill="none",
            stroke="currentColor",
            stroke_width=1.5,
        )
    )
    parts.append(
        svg.element(
            "rect",
            klass="chart__bar chart__bar--1",
            x=plot.left,
            y=filled,
            width=COLUMN,
            height=base - filled,
            fill="currentColor",
        )
    )
    beside = plot.right + 14
    parts += _said(sheet, beside, plot, spelled(done), share)
    if finite(mark) is not None:
        parts += _mark(sheet, plot, _level(plot, axis, mark), f"{mark_name}: {spelled(mark)}", beside)
    return svg.picture(parts, sheet=sheet, height=plot.bottom + sheet.size, **names)


def _axis(sheet: Sheet, plot: Plot, axis: Axis) -> list[str]:
    parts = []
    for tick in axis.ticks:
        y = _level(plot, axis, tick)
        parts.append(svg.line(plot.left - 4, y, plot.left, y, klass="chart__zero"))
        words = spelled(tick)
        parts.append(svg.text(words, x=plot.left - 7, y=y + sheet.size * 0.35, anchor="end", size=sheet.size))
    return parts


def _said(sheet: Sheet, x: float, plot: Plot, done: str, share: str) -> list[str]:
    """The figure in large letters at the foot of the column, away from the mark's line."""
    large = sheet.size * 2
    parts = [svg.text(done, x=x, y=plot.bottom - sheet.size * 1.9, klass="chart__text chart__figure", size=large)]
    if share:
        parts.append(svg.text(share, x=x, y=plot.bottom - sheet.size * 0.2, size=sheet.size * 1.2))
    return parts


def _mark(sheet: Sheet, plot: Plot, y: float, words: str, x: float) -> list[str]:
    dashed = svg.element(
        "line",
        klass="chart__mark",
        x1=plot.left - 4,
        y1=y,
        x2=x + 24,
        y2=y,
        stroke="currentColor",
        stroke_width=2.0,
        stroke_dasharray="6 4",
    )
    # Written above the line, and never into the large figure at the foot.
    foot = plot.bottom - sheet.size * 4.4
    room = sheet.width - x - 2
    lines = svg.wrapped(words, room, sheet.size)
    first = min(y, foot) - sheet.size * (0.5 + 1.25 * (len(lines) - 1))
    first = max(first, sheet.size)
    return [dashed] + [
        svg.text(line, x=x, y=first + number * sheet.size * 1.25, size=sheet.size) for number, line in enumerate(lines)
    ]


def _level(plot: Plot, axis: Axis, value: Value) -> float:
    return plot.bottom - axis.part(value) * plot.height
