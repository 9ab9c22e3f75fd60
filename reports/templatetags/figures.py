"""Figures as Vietnamese offices write them: 1.234,5 and 95,33%. An absent figure is a dash with a meaning."""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from django import template
from django.utils.formats import get_format
from django.utils.html import format_html
from django.utils.numberformat import format as spell
from django.utils.translation import gettext as _

register = template.Library()
_WIDE = Context(prec=400)  # digits: more than any float has
ABSENT = '<span class="soft" aria-hidden="true">-</span><span class="visually-hidden">{}</span>'


@register.filter
def figure(value: Any, places: int = 0) -> str:
    """`value` with thousands grouped and `places` decimals; a dash for None."""
    return _absent() if value is None else number(value, places)


@register.filter
def percent(rate: Decimal | None) -> str:
    """A rate with 4 places as a percentage with 2."""
    return _absent() if rate is None else number(rate * 100, 2) + "%"


@register.filter
def signed(change: int | None) -> str:
    """A change with its sign."""
    return _absent() if change is None else ("+" if change > 0 else "") + number(change, 0)


@register.filter
def signed_percent(rate: Decimal | None) -> str:
    """A relative change with its sign."""
    return _absent() if rate is None else ("+" if rate > 0 else "") + percent(rate)


def number(value: Any, places: int) -> str:
    """`value` half up to `places` decimals. Django's own would cut the rest off: 60,319 as 60,31."""
    return spell(
        value if isinstance(value, int) else _rounded(value, places),
        get_format("DECIMAL_SEPARATOR"),
        places,
        grouping=3,
        thousand_sep=get_format("THOUSAND_SEPARATOR"),
        force_grouping=True,
    )


def _rounded(value: Decimal | float, places: int) -> Decimal:
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return _WIDE.add(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _WIDE), 0)  # and no minus before zero


def _absent() -> str:
    return format_html(ABSENT, _("không có số liệu"))
