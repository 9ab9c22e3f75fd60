"""Figures as members of a dataset: integers, decimals as strings, None where there is no figure."""

from dataclasses import fields
from decimal import Decimal
from typing import Any

from reports.participation import Figures, ratio

Row = dict[str, Any]
FIGURES = tuple(field.name for field in fields(Figures))
LAST_YEAR = ("last_year_participants", "last_year_entries", "change_last_year", "percent_last_year")


def figures_row(figures: Figures, *, of: Figures) -> Row:
    """All members of a row. `of` is the total that shares are taken from."""
    row = {name: plain(getattr(figures, name)) for name in FIGURES}
    counted = figures.counted or 0
    return row | {
        "rate": plain(figures.rate),
        "account_rate": plain(figures.account_rate),
        "share": plain(ratio(figures.participants, of.participants)),
        "perfect_share": plain(ratio(figures.perfect or 0, counted)),
        "zero_share": plain(ratio(figures.zero or 0, counted)),
        **dict.fromkeys(LAST_YEAR),
    }


def plain(value: Any) -> Any:
    """A Decimal as its digits; anything else as it is."""
    return str(value) if isinstance(value, Decimal) else value
