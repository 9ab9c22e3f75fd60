"""Whether a frozen result still follows from its input, and its input from what is in the database."""

from collections.abc import Iterator
from typing import Any

from contest.record_format import canonical, digest
from videos.models import PanelResult
from videos.result.computing import standings_of
from videos.result.gathering import gather_input
from videos.result.services import groups_of

_COLUMNS = ("group", "rank", "score", "raw_mean", "deviation", "sheets", "is_disputed", "needs_draw", "prize")


def differences(result: PanelResult) -> list[str]:
    """Everything that does not agree, a line each; none when the result stands."""
    return [*_of_hashes(result), *_of_standings(result), *_of_live_data(result)]


def _of_hashes(result: PanelResult) -> Iterator[str]:
    found = digest(canonical(result.input))
    if found != result.input_hash:
        yield f"input: stored hash {result.input_hash}, recomputed {found}"
    found = digest(canonical(standings_of(result.input)))
    if found != result.result_hash:
        yield f"standings: stored hash {result.result_hash}, recomputed from the frozen input {found}"


def _of_standings(result: PanelResult) -> Iterator[str]:
    """The stored rows against those that follow from the frozen input."""
    expected = {row["clip"]: {name: row[name] for name in _COLUMNS} for row in standings_of(result.input)}
    stored = {str(row.clip_id): _as_stored(row) for row in result.standings.all()}
    yield from _unequal("standing of clip", stored, expected)


def _as_stored(row: Any) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _COLUMNS}
    decimals = ("score", "raw_mean", "deviation")
    return values | {name: None if values[name] is None else str(values[name]) for name in decimals}


def _of_live_data(result: PanelResult) -> Iterator[str]:
    """The frozen input against rules, rubric, clips, sheets and decisions as they are now.

    Orders of the chair that came later than this version are none of its business.
    """
    live = gather_input(result.clip_contest, groups=groups_of(result))
    frozen = dict(result.input)
    live["orders"] = live["orders"][: len(frozen["orders"])]
    for name in ("sheets", "without_score"):
        by_sheet = [{f"{one['clip']} {one['judge']}": one for one in side.pop(name)} for side in (live, frozen)]
        yield from _unequal(f"{name}, clip and judge", *by_sheet)
    yield from _unequal("input", live, frozen)


def _unequal(what: str, found: dict[str, Any], expected: dict[str, Any]) -> Iterator[str]:
    for key in sorted({*found, *expected}):
        if found.get(key) != expected.get(key):
            yield f"{what} {key}: now {found.get(key)}, frozen {expected.get(key)}"
