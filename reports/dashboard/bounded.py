"""A computation that many viewers share: made once in a while, however many of them ask.

A value is fresh for 30 seconds, and for ten times as long as it took to make, so that making it never uses more than
a tenth of a server's time. While somebody makes a new one, the others get the old one; where there is none yet they
wait a little. The cache is shared by all processes. When it is away, each process keeps what it made itself.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

from django.core.cache import cache

T = TypeVar("T")

FRESH_SECONDS = 30.0
REST = 10  # times as long as making it took
KEPT_SECONDS = 900  # a value that nobody asked for is forgotten
MOST_MAKING = 120  # seconds after which a maker is taken for dead
WAIT_SECONDS = 3.0  # for another process to make the first value
MOST_KEPT = 200  # values in the memory of one process

_kept: "OrderedDict[str, Made]" = OrderedDict()
_locks: dict[str, Lock] = {}
_guard = Lock()


@dataclass(frozen=True, slots=True)
class Made:
    """A value with the time until which it is fresh, by the clock of the process that made it."""

    value: Any
    fresh_until: float

    @property
    def is_fresh(self) -> bool:
        return time.time() < self.fresh_until


def once_in_a_while(key: str, make: Callable[[], T]) -> T:
    """The value of `key`: one that was made lately, or what `make` gives now.

    `key` must hold everything that the value depends on, the reader's scope above all.
    """
    made = _find(key)
    if made is not None and made.is_fresh:
        return made.value
    is_mine = cache.add(f"{key}:making", 1, MOST_MAKING)  # True too when the cache is away
    try:
        if not is_mine:
            made = made or _wait_for(key)
            if made is not None:
                return made.value
        return _make(key, make)
    finally:
        if is_mine:
            cache.delete(f"{key}:making")


def forget() -> None:
    """Empty the memory of this process."""
    with _guard:
        _kept.clear()
        _locks.clear()


def _make(key: str, make: Callable[[], T]) -> T:
    """One thread of a process makes the value, the others wait and take it."""
    with _guard:
        lock = _locks.setdefault(key, Lock())
    with lock:
        made = _find(key)
        if made is None or not made.is_fresh:
            began = time.monotonic()
            value = make()
            rest = max(FRESH_SECONDS, REST * (time.monotonic() - began))
            made = Made(value, time.time() + rest)
            _keep(key, made)
        return made.value


def _find(key: str) -> Made | None:
    with _guard:
        own = _kept.get(key)
    if own is not None and own.is_fresh:
        return own
    return cache.get(key) or own


def _keep(key: str, made: Made) -> None:
    with _guard:
        _kept[key] = made
        _kept.move_to_end(key)
        while len(_kept) > MOST_KEPT:
            _locks.pop(_kept.popitem(last=False)[0], None)
    cache.set(key, made, KEPT_SECONDS)


def _wait_for(key: str) -> Made | None:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        time.sleep(0.1)
        made = _find(key)
        if made is not None:
            return made
    return None
