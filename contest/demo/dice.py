"""Chance that can be repeated: only the seed and a label decide, on every version of Python."""

import hashlib
import math
import random
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")


class Dice:
    """Draws that depend on `labels` alone.

    Only `random()` and `getrandbits()` of the standard library are used: their sequences are promised to
    stay as they are, those of `choice`, `shuffle` and the like are not.
    """

    def __init__(self, *labels: object) -> None:
        digest = hashlib.sha256("/".join(map(str, labels)).encode()).digest()
        source = random.Random(int.from_bytes(digest, "big"))
        self.fraction = source.random  # in [0, 1)
        self.bits = source.getrandbits

    def below(self, count: int) -> int:
        """An integer from 0 to count - 1."""
        return int(self.fraction() * count)

    def chance(self, probability: float) -> bool:
        return self.fraction() < probability

    def pick(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.fraction()

    def normal(self, mean: float, deviation: float) -> float:
        """A draw from the normal distribution (Box and Muller)."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self.fraction()))
        return mean + deviation * radius * math.cos(2.0 * math.pi * self.fraction())

    def shuffled(self, items: Sequence[T]) -> list[T]:
        keys = [self.fraction() for _ in items]
        return [items[index] for index in sorted(range(len(items)), key=keys.__getitem__)]

    def uuid(self) -> UUID:
        return UUID(int=self.bits(128), version=4)


class Weighted:
    """A choice among things of different weight."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._ends = list(accumulate(weights))

    def index(self, dice: Dice) -> int:
        """The index of one of the weights, as often as it weighs."""
        return min(bisect_right(self._ends, dice.fraction() * self._ends[-1]), len(self._ends) - 1)


def share_out(total: int, weights: Sequence[float]) -> list[int]:
    """`total` in whole parts proportional to `weights` (largest remainders; ties to the earlier)."""
    exact = [total * weight / sum(weights) for weight in weights]
    parts = [int(value) for value in exact]
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts
