"""A heat table, units × rounds: every cell has its figure, and one of five steps that only adds to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from django.utils.translation import gettext as _

from reports.charts.values import Value, finite, spelled

STEPS = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """`step` is 1 to 5; None where nothing is known."""

    text: str
    step: int | None


@dataclass(frozen=True, slots=True)
class HeatRow:
    label: str
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class HeatTable:
    """Shown by `templates/components/heat_table.html`. `legend` has a text for each of the five steps."""

    id: str
    title: str
    row_name: str
    columns: Sequence[str]
    rows: Sequence[HeatRow]
    legend: Sequence[Cell]


def heat_table(
    *,
    id: str,
    title: str,
    row_name: str,
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Value]]],
    bounds: Sequence[Value] | None = None,
    unit: str = "",
    places: int = 0,
) -> HeatTable:
    """A row for each (label, values). `bounds` are the four ascending values at which steps 2 to 5 begin.

    Without them they are fifths of the largest value. Raises ValueError for a row of another length.
    """
    edges = _edges(bounds, [value for _label, values in rows for value in values])
    made = []
    for label, values in rows:
        if len(values) != len(columns):
            raise ValueError(f"{len(values)} values for {len(columns)} columns")
        made.append(HeatRow(label, [Cell(spelled(v, places=places, unit=unit), step_of(v, edges)) for v in values]))
    return HeatTable(id, title, row_name, columns, made, _legend(edges, unit=unit, places=places))


def step_of(value: Value, edges: Sequence[Fraction]) -> int | None:
    """1 below the first edge, 5 from the last on; None for a gap."""
    exact = finite(value)
    return None if exact is None else 1 + sum(exact >= edge for edge in edges)


def _edges(bounds: Sequence[Value] | None, values: Sequence[Value]) -> list[Fraction]:
    if bounds is None:
        largest = max((exact for exact in map(finite, values) if exact is not None), default=Fraction(1))
        largest = largest if largest > 0 else Fraction(1)
        return [largest * fifth / STEPS for fifth in range(1, STEPS)]
    edges = [edge for edge in map(finite, bounds) if edge is not None]
    if len(edges) != STEPS - 1 or any(lower >= upper for lower, upper in pairwise(edges)):
        raise ValueError("four ascending bounds")
    return edges


def _legend(edges: Sequence[Fraction], *, unit: str, places: int) -> list[Cell]:
    needed = 0 if all(edge.denominator == 1 for edge in edges) else places
    names = [spelled(float(edge), places=needed, unit=unit) for edge in edges]
    texts = [_("dưới %(bound)s") % {"bound": names[0]}]
    texts += [_("%(low)s đến dưới %(high)s") % {"low": low, "high": high} for low, high in pairwise(names)]
    texts.append(_("từ %(bound)s") % {"bound": names[-1]})
    return [Cell(text, step) for step, text in enumerate(texts, start=1)]
