"""Figures as members of a dataset: integers, decimals as strings, None where there is no figure; and back."""

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from reports.participation import Figures, ratio

Row = dict[str, Any]
FIGURES = tuple(field.name for field in fields(Figures))
DECIMALS = frozenset(
    ("rate", "account_rate", "share", "mean_score", "perfect_share", "zero_share", "percent_last_year", "mean_rate")
)
LAST_YEAR = ("last_year_participants", "last_year_entries", "change_last_year", "percent_last_year")


def figures_row(figures: Figures, *, of: Figures) -> Row:
    """All members of a row. `of` is the total that shares are taken from."""
    counted = figures.counted or 0
    return members_of(figures) | {
        "share": plain(ratio(figures.participants, of.participants)),
        "perfect_share": plain(ratio(figures.perfect or 0, counted)),
        "zero_share": plain(ratio(figures.zero or 0, counted)),
        **dict.fromkeys(LAST_YEAR),
    }


def members_of(figures: Figures) -> Row:
    """What figures say by themselves: every field of theirs, and their rates."""
    row = {name: plain(getattr(figures, name)) for name in FIGURES}
    return row | {"rate": plain(figures.rate), "account_rate": plain(figures.account_rate)}


def value_of(row: Mapping[str, Any], name: str) -> Any:
    """A member as a value: decimals as Decimal, absent members as None."""
    value = row.get(name)
    return Decimal(value) if value is not None and name in DECIMALS else value


def values_of(row: Mapping[str, Any]) -> Row:
    """The row with its decimals as values, for templates."""
    return {name: value_of(row, name) for name in row}


def plain(value: Any) -> Any:
    """A Decimal as its digits; anything else as it is."""
    return str(value) if isinstance(value, Decimal) else value
