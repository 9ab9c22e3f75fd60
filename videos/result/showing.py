"""A frozen result as its pages and documents show it: every figure with the calculation it comes from.

Everything but names and comments is read from the result's own input.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from accounts.models import User
from videos.models import ClipStanding, PanelResult, ScoreSheet, SheetState
from videos.result.combining import SEVERITY, Combined, Mark, Severities, combine, mean, rounded, severities_of
from videos.result.computing import criterion_means, full_marks_of, marks_of, ties_of, total_of
from videos.result.ranking import Tie

# Severities are shown with more places than scores, so that a calculation can be followed by hand.
SEVERITY_PLACES = 4


@dataclass(frozen=True, slots=True)
class Judge:
    """A member of the panel. `mean` of the totals given; `severity` and `part` (from 1) where scores are adjusted."""

    name: str
    full_name: str
    is_chair: bool
    sheets: int
    mean: Decimal | None
    severity: Decimal | None
    part: int


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One judge's submitted sheet in the calculation of a clip's score; `adjusted` = total - the judge's severity."""

    judge: Judge
    points: tuple[Decimal, ...]
    total: Decimal
    adjusted: Decimal | None
    is_trimmed: bool
    comment: str


@dataclass(frozen=True, slots=True)
class Unscored:
    """A sheet that counts for nothing, and why."""

    judge: Judge
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A clip's standing with its totals by judge, in the panel's order; None where a judge has none."""

    standing: ClipStanding
    totals: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class Calculation:
    """How a clip came to its score. `counted`: the figures whose mean the score is; `exact` with 4 places."""

    standing: ClipStanding
    lines: list[SheetLine]
    unscored: list[Unscored]
    criterion_means: list[Decimal]
    counted: list[Decimal]
    exact: Decimal | None


class ShownResult:
    """A result opened for reading."""

    def __init__(self, result: PanelResult):
        self.result, self.input = result, result.input
        self.rules: Mapping[str, Any] = self.input["rules"]
        self.is_adjusted: bool = self.rules["combination"] == SEVERITY
        self.criteria = [
            {"title": one["title"], "maximum": Decimal(one["maximum"])} for one in self.input["rubric"]["criteria"]
        ]
        self.full_marks: Decimal = full_marks_of(self.input)
        self.marks: list[Mark] = marks_of(self.input)

    @property
    def titles(self) -> list[str]:
        """The criteria's, in order."""
        return [one["title"] for one in self.criteria]

    @cached_property
    def severities(self) -> Severities:
        return severities_of(self.marks)

    @property
    def parts(self) -> int:
        """Into how many parts that cannot be compared the panel falls; 1 unless scores are adjusted."""
        return max(1, self.severities.parts) if self.is_adjusted else 1

    @cached_property
    def combined(self) -> dict[str, Combined]:
        return combine(self.marks, self.rules["combination"])

    @cached_property
    def ties(self) -> list[Tie]:
        return ties_of(self.input)

    @cached_property
    def judges(self) -> list[Judge]:
        """In the order of the panel. One query."""
        people = User.objects.in_bulk([judge["id"] for judge in self.input["judges"]])
        totals: dict[str, list[Decimal]] = {}
        for mark in self.marks:
            totals.setdefault(mark.judge, []).append(mark.total)
        return [
            Judge(
                name=one["name"],
                full_name=people[one["id"]].full_name,
                is_chair=one["is_chair"],
                sheets=len(totals.get(one["name"], [])),
                mean=rounded(mean(totals[one["name"]])) if one["name"] in totals else None,
                severity=self._severity(one["name"]),
                part=self.severities.part_of_judge.get(one["name"], 0) + 1 if self.is_adjusted else 1,
            )
            for one in self.input["judges"]
        ]

    def _severity(self, judge: str) -> Decimal | None:
        if not self.is_adjusted or judge not in self.severities.of_judge:
            return None
        return rounded(self.severities.of_judge[judge], SEVERITY_PLACES)

    def judge(self, name: str) -> Judge:
        return next(one for one in self.judges if one.name == name)

    @cached_property
    def rows(self) -> list[Row]:
        """In the order of the ranking. One query, and that of the judges."""
        totals = {(mark.clip, mark.judge): mark.total for mark in self.marks}
        standings = self.result.standings.select_related("clip__unit__kind", "clip__genre")
        return [
            Row(one, tuple(totals.get((str(one.clip_id), judge.name)) for judge in self.judges)) for one in standings
        ]

    # --- One clip -------------------------------------------------------------------------------------

    def calculation(self, standing: ClipStanding) -> Calculation:
        """Line by line. Two queries: the judges, and the comments and reasons on the clip's sheets."""
        clip = str(standing.clip_id)
        sheets = {sheet.judge_id: sheet for sheet in ScoreSheet.objects.filter(clip=standing.clip_id)}
        ids = {judge["name"]: judge["id"] for judge in self.input["judges"]}
        figures = self.combined.get(clip)
        trimmed = figures.trimmed if figures else ()
        lines = [
            self._line(sheet, trimmed, sheets[ids[sheet["judge"]]])
            for sheet in self.input["sheets"]
            if sheet["clip"] == clip
        ]
        unscored = [
            Unscored(self.judge(one["judge"]), str(SheetState(one["state"]).label), sheets[ids[one["judge"]]].reason)
            for one in self.input["without_score"]
            if one["clip"] == clip
        ]
        return Calculation(
            standing=standing,
            lines=sorted(lines, key=lambda line: [judge.name for judge in self.judges].index(line.judge.name)),
            unscored=unscored,
            criterion_means=criterion_means(self.input).get(clip, []),
            counted=[line.total if line.adjusted is None else line.adjusted for line in lines if not line.is_trimmed],
            exact=rounded(figures.score, SEVERITY_PLACES) if figures else None,
        )

    def _line(self, sheet: Mapping[str, Any], trimmed: tuple[str, ...], stored: ScoreSheet) -> SheetLine:
        judge, total = self.judge(sheet["judge"]), total_of(sheet)
        adjusted = None
        if self.is_adjusted:
            adjusted = rounded(Fraction(total) - self.severities.of_judge[judge.name], SEVERITY_PLACES)
        points = tuple(map(Decimal, sheet["points"]))
        return SheetLine(judge, points, total, adjusted, judge.name in trimmed, stored.comment)
