"""One measured row, and how rows are shown."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

COLUMNS = ("case", "ours", "floor", "ratio", "goal")


@dataclass(frozen=True, slots=True)
class Result:
    """A figure of ours beside its floor, both in `unit`.

    `goal` bounds the ratio, or ours where there is no floor: ("<=", 2.0) or (">=", 0.35). `note` says
    what a reader must know to compare.
    """

    case: str
    ours: float
    unit: str
    floor: float | None = None
    goal: tuple[str, float] | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return None if not self.floor else self.ours / self.floor

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        if self.goal is None:
            return None
        sign, bound = self.goal
        value = self.ours if self.ratio is None else self.ratio
        return value <= bound if sign == "<=" else value >= bound

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "met": self.is_met}


def from_json(row: dict[str, Any]) -> Result:
    names = ("case", "ours", "unit", "floor", "note")
    goal = tuple(row["goal"]) if row["goal"] else None
    return Result(**{name: row[name] for name in names}, goal=goal)


def table(results: list[Result]) -> str:
    """The results as aligned text, notes below their row."""
    rows = [COLUMNS, *(_cells(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    for index in reversed(range(len(results))):
        if results[index].note:
            lines.insert(index + 3, f"    {results[index].note}")
    return "\n".join(lines)


def _cells(result: Result) -> tuple[str, ...]:
    goal = ""
    if result.goal:
        goal = f"{result.goal[0]} {_number(result.goal[1])}: {'met' if result.is_met else 'MISSED'}"
    floor = f"{_number(result.floor)} {result.unit}" if result.floor is not None else ""
    ratio = _number(result.ratio) if result.ratio is not None else ""
    return (result.case, f"{_number(result.ours)} {result.unit}", floor, ratio, goal)


def _number(value: float) -> str:
    """Three significant digits, or whole from 100 on."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def write_json(path: Path, machine: dict[str, Any], results: list[Result]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    report = {"machine": machine, "results": [result.as_json() for result in results]}
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
