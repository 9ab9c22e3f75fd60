"""Axes: round figures by the rule 1-2-5, exact for whatever values, and their way onto the paper."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from reports.charts.values import Value, finite


@dataclass(frozen=True, slots=True)
class Axis:
    """Ticks in ascending order, at least two; `places` is the number of decimals they need."""

    ticks: Sequence[Decimal]
    places: int

    @property
    def low(self) -> Decimal:
        return self.ticks[0]

    @property
    def high(self) -> Decimal:
        return self.ticks[-1]

    def part(self, value: Value) -> float:
        """Where `value` lies between the first tick (0) and the last (1); values outside are taken to the edge."""
        exact = finite(value)
        if exact is None:
            return 0.0
        low, high = Fraction(self.low), Fraction(self.high)
        return float(min(max((exact - low) / (high - low), Fraction(0)), Fraction(1)))


def nice_axis(values: Iterable[Value], *, most: int = 6, places: int = 0, from_zero: bool = True) -> Axis:
    """An axis over all `values` (None and what is no finite number are left out) with at most `most` ticks.

    The step is 1, 2 or 5 times a power of ten, and no finer than `places` decimals: people are counted whole.
    Zero belongs to it unless `from_zero` is off. Without values, or with nothing but zeros, it runs to one step.
    """
    known = [exact for exact in map(finite, values) if exact is not None]
    if from_zero or not known:
        known.append(Fraction(0))
    low, high = min(known), max(known)
    finest = Fraction(10) ** -places
    digit, power = _step(max((high - low) / max(most - 2, 1), finest))
    step = digit * Fraction(10) ** power
    first, last = math.floor(low / step), math.ceil(high / step)
    if first == last:
        last += 1
    ticks = [Decimal(f"{number * digit}E{power}") for number in range(first, last + 1)]
    return Axis(ticks, max(0, -power))


def _step(least: Fraction) -> tuple[int, int]:
    """The smallest digit of 1, 2, 5 and power of ten whose product is not below `least`, which is positive."""
    power = len(str(least.numerator)) - len(str(least.denominator)) - 1
    while True:
        for digit in (1, 2, 5):
            if digit * Fraction(10) ** power >= least:
                return digit, power
        power += 1
