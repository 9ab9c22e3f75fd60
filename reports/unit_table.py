"""The table of units on the participation page: searched, filtered and sorted as its address says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from accounts.text import search_key
from reports.participation import Participation, UnitFigures, full_units, lowest_units

PAGE_SIZE = 200
SORTS: dict[str, Callable[[UnitFigures], Any]] = {
    "code": lambda unit: unit.unit_code,
    "name": lambda unit: unit.sort_key,
    "participants": lambda unit: unit.figures.participants,
    "rate": lambda unit: unit.figures.rate,
}


@dataclass(frozen=True, slots=True)
class Heading:
    """A sortable heading: `order` is ascending, descending or "", as in aria-sort."""

    label: str
    url: str
    order: str


class UnitTable:
    """Units of a participation. `parameters` are those of the address; unknown values mean the default."""

    def __init__(self, participation: Participation, parameters: Mapping[str, str]):
        self._all = participation.units
        self.search = parameters.get("q", "")
        self.kind = parameters.get("kind", "")
        wanted = parameters.get("sort", "")
        self.sort = wanted if wanted.removeprefix("-") in SORTS else "code"
        self._number = parameters.get("page")
        self._kept = {name: parameters[name] for name in ("round", "unit", "q", "kind") if parameters.get(name)}

    @cached_property
    def units(self) -> list[UnitFigures]:
        """The units wanted, in the order wanted; units without the figure sorted by come last."""
        key = SORTS[self.sort.removeprefix("-")]
        found = [unit for unit in self._all if self._matches(unit)]
        with_figure = [unit for unit in found if key(unit) is not None]
        with_figure.sort(key=key, reverse=self.sort.startswith("-"))
        return with_figure + [unit for unit in found if key(unit) is None]

    @cached_property
    def page(self) -> Page:
        return Paginator(self.units, PAGE_SIZE).get_page(self._number)

    @property
    def query(self) -> str:
        """The address's parameters but the page, for the links between pages."""
        return urlencode(self._kept | ({"sort": self.sort} if self.sort != "code" else {}))

    def _matches(self, unit: UnitFigures) -> bool:
        return search_key(self.search) in unit.search_key and self.kind in ("", unit.kind)

    @property
    def lowest(self) -> list[UnitFigures]:
        """The units with the lowest participation rate, the lowest first."""
        return lowest_units(self._all)

    @property
    def full(self) -> int:
        """How many units have everyone of their headcount taking part."""
        return len(full_units(self._all))

    @property
    def kinds(self) -> list[str]:
        return sorted({unit.kind for unit in self._all}, key=search_key)

    @property
    def headings(self) -> dict[str, Heading]:
        labels = {"name": _("Đơn vị"), "participants": _("Số người tham gia"), "rate": _("Tỷ lệ tham gia")}
        return {key: self._heading(key, label) for key, label in labels.items()}

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The orders on offer where there are no headings to choose: on a phone."""
        return [
            ("code", _("Mã đơn vị")),
            ("name", _("Tên đơn vị")),
            ("rate", _("Tỷ lệ tham gia, thấp trước")),
            ("-rate", _("Tỷ lệ tham gia, cao trước")),
            ("-participants", _("Số người tham gia, nhiều trước")),
            ("participants", _("Số người tham gia, ít trước")),
        ]

    def _heading(self, key: str, label: str) -> Heading:
        order = {key: "ascending", f"-{key}": "descending"}.get(self.sort, "")
        other = f"-{key}" if order == "ascending" else key
        return Heading(label, "?" + urlencode(self._kept | {"sort": other}), order)
