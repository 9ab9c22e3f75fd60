"""The table beside a chart: the same values, spelled out."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from reports.charts.values import Series, spelled


def table_of(
    slot_name: str, labels: Sequence[str], series: Sequence[Series], *, unit: str, places: int
) -> tuple[list[str], list[list[str]]]:
    """Head and rows: a row for each label, a column for each series. Raises ValueError if their lengths differ."""
    columns = [[spelled(value, places=places, unit=unit) for value in one.values] for one in series]
    rows = [list(row) for row in zip(labels, *columns, strict=True)]
    return [slot_name or _("Mục"), *(one.label for one in series)], rows
