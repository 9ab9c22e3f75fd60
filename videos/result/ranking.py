"""Ranks and prizes of clips, and how the order among equals reads. Pure: values in, values and sentences out.

Every figure is compared as it is printed: rounded, as the scores are. So whoever has the printed figures gets the same
order. Ranks are competition ranks (1, 2, 2, 4) inside a group.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, groupby
from typing import Any

from django.utils.translation import gettext as _

MOST_KEYS = 8
# criterion:N:desc stands beside these, with the position of a criterion of the rubric.
SIMPLE_KEYS = ("highest:desc", "lowest:desc", "deviation:asc", "raw_mean:desc", "submitted_at:asc")


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip as it is ranked. `score` None: no sheet counts, and it has no rank.

    `keys` holds what the tie chain may ask for: {"criterion:1": Decimal, "highest": …, "submitted_at": text}.
    """

    clip: str
    group: str
    score: Decimal | None
    keys: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """`needs_draw`: tied across the end of a prize, and nobody has said yet who is better."""

    rank: int | None
    prize: str = ""
    needs_draw: bool = False


@dataclass(frozen=True, slots=True)
class Tie:
    """Clips of one rank that the panel's chair must put in order, and the prizes at stake."""

    group: str
    rank: int
    clips: tuple[str, ...]
    prizes: tuple[str, ...]


# --- Ranking ----------------------------------------------------------------------------------------


def rank_clips(
    clips: Iterable[Placed],
    *,
    chain: Sequence[str],
    prizes: Sequence[tuple[str, int]],
    orders: Sequence[Sequence[str]] = (),
) -> tuple[dict[str, Place], list[Tie]]:
    """({clip: its place}, ties that need an order). `prizes` are (title, count) from the highest, for every group.

    `orders` are those that the chair decided, each of the clips of one tie, the better first; a later one replaces
    an earlier one. They decide prizes only: the rank stays shared.
    """
    places: dict[str, Place] = {}
    ties: list[Tie] = []
    for group, members in groupby(sorted(clips, key=lambda one: one.group), key=lambda one: one.group):
        everybody = list(members)
        places.update({one.clip: Place(None) for one in everybody if one.score is None})
        ranked = _ranked([one for one in everybody if one.score is not None], chain)
        given, waiting = _give_prizes(group, ranked, prizes, orders)
        needing = {clip for tie in waiting for clip in tie.clips}
        places.update({clip: Place(rank, given.get(clip, ""), clip in needing) for rank, clip in ranked})
        ties += waiting
    return places, ties


def _ranked(members: Sequence[Placed], chain: Sequence[str]) -> list[tuple[int, str]]:
    """(rank, clip) in order; clips that are equal in everything share a rank."""

    def key(one: Placed) -> tuple[Any, ...]:
        assert one.score is not None
        return (-one.score, *(_sortable(one.keys, name) for name in chain))

    ranked: list[tuple[int, str]] = []
    for _key, equal in groupby(sorted(members, key=key), key=key):
        rank = len(ranked) + 1
        ranked += [(rank, one.clip) for one in equal]
    return ranked


def _sortable(keys: Mapping[str, Any], name: str) -> tuple[bool, Any]:
    """Smaller is better; what is absent comes last."""
    what, way = name.rsplit(":", 1)
    value = keys[what]
    if value is None:
        return True, 0
    return False, -value if way == "desc" else value


def _give_prizes(
    group: str, ranked: Sequence[tuple[int, str]], prizes: Sequence[tuple[str, int]], orders: Sequence[Sequence[str]]
) -> tuple[dict[str, str], list[Tie]]:
    """({clip: prize}, ties without an order). A tie across the end of a prize uses its places up, decided or not."""
    ends = list(accumulate(count for _title, count in prizes))
    total = ends[-1] if ends else 0
    given: dict[str, str] = {}
    ties: list[Tie] = []
    place = 0
    for rank, equal in groupby(ranked, key=lambda pair: pair[0]):
        tied = [clip for _rank, clip in equal]
        if place >= total:
            break
        titles = [prizes[bisect_right(ends, at)][0] for at in range(place, min(place + len(tied), total))]
        crosses = len(set(titles)) > 1 or len(titles) < len(tied)
        order = _order_of(tied, orders) if crosses else tied
        if order is None:
            ties.append(Tie(group, rank, tuple(tied), tuple(dict.fromkeys(titles))))
        else:
            given.update(zip(order, titles, strict=False))
        place += len(tied)
    return given, ties


def _order_of(tied: Sequence[str], orders: Sequence[Sequence[str]]) -> Sequence[str] | None:
    """The last order that is of exactly these clips."""
    return next((order for order in reversed(orders) if sorted(order) == sorted(tied)), None)


# --- The tie chain ----------------------------------------------------------------------------------


def criterion_of(key: str) -> int | None:
    """The position that criterion:N:desc names; None for any other key."""
    parts = key.split(":")
    is_criterion = len(parts) == 3 and parts[0] == "criterion" and parts[2] == "desc"
    number = parts[1] if is_criterion else ""
    return int(number) if number.isascii() and number.isdigit() and len(number) < 4 else None


def faults_of_chain(chain: Sequence[str], *, criteria: int) -> list[str]:
    """What must be put right before the chain may be stored, as sentences. `criteria`: how many the rubric has."""
    faults = []
    unknown = [key for key in chain if key not in SIMPLE_KEYS and criterion_of(key) is None]
    if unknown:
        faults.append(_("Tiêu chí xét khi bằng điểm không hợp lệ: %(keys)s.") % {"keys": ", ".join(unknown)})
    if len(set(chain)) < len(chain):
        faults.append(_("Mỗi tiêu chí xét khi bằng điểm chỉ được dùng một lần."))
    if len(chain) > MOST_KEYS:
        faults.append(_("Chỉ được chọn tối đa %(most)s tiêu chí xét khi bằng điểm.") % {"most": MOST_KEYS})
    asked = [position for key in chain if (position := criterion_of(key)) is not None]
    missing = sorted({position for position in asked if not 1 <= position <= criteria})
    if missing:
        faults.append(
            _("Thang điểm có %(criteria)s tiêu chí, không có tiêu chí số %(missing)s để xét khi bằng điểm.")
            % {"criteria": criteria, "missing": ", ".join(map(str, missing))}
        )
    return faults


def words_of_key(key: str, titles: Sequence[str] = ()) -> str:
    """A key of the chain as the rules print it, in the middle of a sentence. `titles` are the criteria's, in order."""
    position = criterion_of(key)
    if position is not None:
        if position <= len(titles):
            return _("điểm trung bình của tiêu chí “%(title)s” cao hơn") % {"title": titles[position - 1]}
        return _("điểm trung bình của tiêu chí số %(position)s cao hơn") % {"position": position}
    return {
        "highest:desc": _("phiếu chấm cao nhất cao hơn"),
        "lowest:desc": _("phiếu chấm thấp nhất cao hơn"),
        "deviation:asc": _("độ lệch chuẩn giữa các phiếu chấm nhỏ hơn"),
        "raw_mean:desc": _("trung bình cộng điểm của các giám khảo cao hơn"),
        "submitted_at:asc": _("gửi video sớm hơn"),
    }[key]
