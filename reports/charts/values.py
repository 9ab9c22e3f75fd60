"""What charts are made of and what they come to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from reports.templatetags.figures import number

# None is a gap: nothing is known. It is never drawn as zero.
Value = int | float | Decimal | None
ABSENT = "-"
MILLION, MILLIARD, HUGE = 10**6, 10**9, 10**15


@dataclass(frozen=True, slots=True)
class Series:
    label: str
    values: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture for wide pages and paper, one for phones, and the table of the values behind both.

    `templates/components/chart.html` shows it. `head` names the columns; a row's first cell names the row.
    """

    id: str
    title: str
    description: str
    wide: SafeString
    narrow: SafeString
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def finite(value: Value) -> Fraction | None:
    """`value` exactly; None for a gap and for what is no finite number."""
    if value is None or not math.isfinite(value):
        return None
    return Fraction(value)


def spelled(value: Value, *, places: int = 0, unit: str = "") -> str:
    """`value` as the page's language writes it, with its unit; a dash for a gap."""
    return ABSENT if finite(value) is None else number(_decimal(value), places) + unit


def brief(value: Value, *, places: int = 0, unit: str = "") -> str:
    """Like `spelled`, but beyond a billion millions as a power of ten: no picture has room for thirty zeros."""
    exact = finite(value)
    return spelled(value, places=places, unit=unit) if exact is None or abs(exact) < HUGE else _power(exact) + unit


def shortened(tick: Decimal, *, places: int = 0, unit: str = "") -> str:
    """A tick of an axis, with millions and milliards in words: an axis has no room for zeros."""
    if abs(tick) >= HUGE:
        return _power(Fraction(tick)) + unit
    for size, words in ((MILLIARD, _("%(figure)s tỷ")), (MILLION, _("%(figure)s triệu"))):
        if abs(tick) >= size:
            share = (tick / size).normalize()
            return words % {"figure": number(share, max(0, -int(share.as_tuple().exponent)))} + unit
    return number(tick, places) + unit


def _power(exact: Fraction) -> str:
    """As 6,2E38: the digits of one figure, and how many places follow the first."""
    digits, power = f"{Decimal(exact.numerator) / exact.denominator:.1E}".split("E")
    return f"{number(Decimal(digits), 1)}E{int(power)}"


def _decimal(value: Value) -> Decimal | int:
    # Through the text: Decimal(0.1) would spell out what a float hides.
    return Decimal(str(value)) if isinstance(value, float) else value  # type: ignore[return-value]
