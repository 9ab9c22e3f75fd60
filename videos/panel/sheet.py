"""A sheet as its judge sees it: a line for each criterion, and what the plain form brings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.urls import reverse

from accounts.models import User
from accounts.problems import Problem
from contest.templatetags.portal import number
from videos.models import OPEN_STATES, Criterion, CriterionScore, ScoreSheet
from videos.panel import problems
from videos.panel.access import sheets_of
from videos.panel.points import read_typed
from videos.panel.services import save_comment, save_points
from videos.panel.services.scoring import criteria_of

LONGEST_COMMENT = 3000


@dataclass
class Line:
    """A criterion with the points that are stored for it; `typed` and `error` when what was sent is not."""

    criterion: Criterion
    points: Decimal | None
    sequence: int
    typed: str | None = None
    error: str = ""

    @property
    def shown(self) -> str:
        """What the field shows: "7,5"."""
        return number(problems.plain(self.points)) if self.typed is None else self.typed


@dataclass
class Sheet:
    """A stored sheet with its lines, in the order of the rubric."""

    stored: ScoreSheet
    lines: list[Line]
    comment: str
    comment_error: str = ""
    faults: list[str] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        return sum((line.points for line in self.lines if line.points is not None), Decimal(0))

    @property
    def full_marks(self) -> Decimal:
        return sum((line.criterion.maximum for line in self.lines), Decimal(0))

    @property
    def given(self) -> int:
        """How many criteria have points."""
        return sum(line.points is not None for line in self.lines)

    @property
    def missing(self) -> list[Line]:
        return [line for line in self.lines if line.points is None]


def read_sheet(stored: ScoreSheet) -> Sheet:
    """Two queries."""
    scores = {score.criterion_id: score for score in CriterionScore.objects.filter(sheet=stored)}
    lines = []
    for criterion in criteria_of(stored):
        score = scores.get(criterion.pk)
        lines.append(Line(criterion, score.points, score.sequence) if score else Line(criterion, None, 0))
    return Sheet(stored, lines, stored.comment)


def is_open(stored: ScoreSheet) -> bool:
    return stored.state in OPEN_STATES and stored.clip.clip_contest.locked_at is None


def store_form(sheet: Sheet, data: Mapping[str, str], actor: User) -> None:
    """Save every field that differs from what was shown; what is refused stays on `sheet` with its reason.

    Fields: p1, s1 (points, and the sequence they were shown with), …, comment, comment_sequence. A field that a newer
    save from elsewhere has overtaken is not written. Raises Problem when the sheet takes nothing any more.
    """
    for line in sheet.lines:
        text = data.get(f"p{line.criterion.position}")
        if text is not None:
            _store_line(sheet, line, text[:40], _whole(data.get(f"s{line.criterion.position}", "")), actor)
    text = data.get("comment")
    if text is not None:
        _store_comment(
            sheet, text.replace("\r\n", "\n").replace("\0", ""), _whole(data.get("comment_sequence", "")), actor
        )


def _store_line(sheet: Sheet, line: Line, text: str, shown: int, actor: User) -> None:
    position = line.criterion.position
    try:
        points = read_typed(text)
        if points == line.points:
            return
        save_points(sheet=sheet.stored, position=position, points=points, sequence=shown + 1, actor=actor)
    except Problem as problem:
        if problem.status != 422 and problem.code != "stale_sequence":
            raise
        line.typed = text if problem.status == 422 else None
        line.error = str(problem.detail)
    else:
        line.points, line.sequence = points, shown + 1


def _store_comment(sheet: Sheet, text: str, shown: int, actor: User) -> None:
    if text == sheet.comment:
        return
    sheet.comment, before = text, sheet.comment
    if len(text) > LONGEST_COMMENT:
        sheet.comment_error = str(problems.comment_too_long().detail)
        return
    try:
        save_comment(sheet=sheet.stored, comment=text, sequence=shown + 1, actor=actor)
    except Problem as problem:
        if problem.code != "stale_sequence":
            raise
        sheet.comment, sheet.comment_error = before, str(problem.detail)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def page_config(sheet: Sheet) -> dict[str, Any]:
    """What the page's script works with. Points as strings, so that nothing is rounded on the way."""
    pk = sheet.stored.pk
    return {
        "sheet": pk,
        "submit_url": reverse("judging-submit", args=[pk]),
        "comment": {
            "url": reverse("judging-comment", args=[pk]),
            "sequence": sheet.stored.sequence,
            "value": sheet.stored.comment,
        },
        "criteria": [
            {
                "position": line.criterion.position,
                "url": reverse("judging-points", args=[pk, line.criterion.position]),
                "maximum": problems.plain(line.criterion.maximum),
                "step": problems.plain(line.criterion.step),
                "sequence": line.sequence,
                "value": problems.plain(line.points),
            }
            for line in sheet.lines
        ],
    }


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The judge's open sheets around one, by the clips' numbers, going round; `left` counts all of them."""

    before: int | None
    after: int | None
    left: int


def neighbours_of(stored: ScoreSheet, user: User) -> Neighbours:
    """One query."""
    mine = sheets_of(user).filter(clip__clip_contest=stored.clip.clip_contest_id, state__in=OPEN_STATES)
    rows = list(mine.values_list("clip__number", "pk"))
    others = [row for row in rows if row[1] != stored.pk]
    place = (stored.clip.number or 0, stored.pk)
    after = next((pk for *_, pk in (row for row in others if row > place)), others[0][1] if others else None)
    before = next(
        (pk for *_, pk in (row for row in reversed(others) if row < place)), others[-1][1] if others else None
    )
    return Neighbours(before, after, len(rows))
