"""A judge's acts on one sheet of their own. Each locks the sheet's row first: a save and a submission never cross."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp, server_now
from accounts.models import User
from accounts.problems import not_found
from accounts.text import nfc
from videos.models import OPEN_STATES, Criterion, CriterionScore, ScoreSheet, SheetState
from videos.panel import problems
from videos.panel.interests import excluded_pairs


@dataclass(frozen=True, slots=True)
class Saved:
    """An acknowledged save: what is stored, and when it was."""

    sequence: int
    saved_at: datetime


# --- Points and comment -----------------------------------------------------------------------------


def save_points(*, sheet: ScoreSheet, position: int, points: Decimal | None, sequence: int, actor: User) -> Saved:
    """Store the points for the criterion at `position`; None takes them away again.

    Accepted when `sequence` is above the stored one, or equal with equal points: a repeated save changes nothing.
    Raises Problem: not_found, points_above_maximum, points_off_step, stale_sequence, sheet_closed, panel_locked.
    """
    with transaction.atomic():
        stored = _open_sheet(sheet, actor)
        criterion = criteria_of(stored).filter(position=position).first()
        if criterion is None:
            raise not_found()
        _check(criterion, points)
        score = CriterionScore.objects.filter(sheet=stored, criterion=criterion).first()
        if score is None:
            score = CriterionScore(sheet=stored, criterion=criterion)
        elif sequence < score.sequence or (sequence == score.sequence and points != score.points):
            raise problems.stale_sequence(score.sequence, problems.plain(score.points))
        score.points, score.sequence = points, sequence
        score.save()
        if stored.state == SheetState.ASSIGNED and points is not None:
            ScoreSheet.objects.filter(pk=stored.pk).update(state=SheetState.SCORING)
        return Saved(sequence, server_now())


def _check(criterion: Criterion, points: Decimal | None) -> None:
    if points is None or criterion.allows(points):
        return
    if points > criterion.maximum:
        raise problems.points_above_maximum(criterion)
    raise problems.points_off_step(criterion) if points >= 0 else problems.invalid_points()


def save_comment(*, sheet: ScoreSheet, comment: str, sequence: int, actor: User) -> Saved:
    """Store the judge's remarks, in the order of `sequence` as `save_points`.

    Raises Problem: stale_sequence, sheet_closed, panel_locked.
    """
    with transaction.atomic():
        stored = _open_sheet(sheet, actor)
        if sequence < stored.sequence or (sequence == stored.sequence and comment != stored.comment):
            raise problems.stale_sequence(stored.sequence, stored.comment)
        ScoreSheet.objects.filter(pk=stored.pk).update(comment=comment, sequence=sequence)
        return Saved(sequence, server_now())


# --- Ends of a sheet --------------------------------------------------------------------------------


def submit_sheet(*, sheet: ScoreSheet, actor: User) -> ScoreSheet:
    """Hand the sheet in, for good; handing it in again changes nothing.

    Raises Problem: incomplete with the positions without points, interest_shows when the judge has come to belong to
    the clip's unit since they were given it (or the like, see interests.py), sheet_closed, panel_locked.
    """
    with transaction.atomic():
        stored = _locked_sheet(sheet, actor)
        if stored.state == SheetState.SUBMITTED:
            return stored
        _refuse_closed(stored)
        missing = missing_positions(stored)
        if missing:
            raise problems.score_first(missing)
        if excluded_pairs([stored.clip], [actor]):
            raise problems.interest_shows()
        _end(stored, SheetState.SUBMITTED, actor, verb="sheet.submit", submitted_at=ClockTimestamp())
        stored.refresh_from_db()
    return stored


def missing_positions(sheet: ScoreSheet) -> list[int]:
    """The criteria without points, by position."""
    given = CriterionScore.objects.filter(sheet=sheet, points__isnull=False).values("criterion_id")
    return list(criteria_of(sheet).exclude(pk__in=given).values_list("position", flat=True))


def criteria_of(sheet: ScoreSheet) -> QuerySet[Criterion]:
    """What the sheet's clip is scored by, in order."""
    return Criterion.objects.filter(rubric__clip_contests=sheet.clip.clip_contest_id).order_by("position")


def declare_conflict(*, sheet: ScoreSheet, reason: str, actor: User) -> None:
    """Declare a conflict of interest, before the first score: the sheet is none of the judge's any more.

    Raises Problem: conflict_too_late, reason_missing, sheet_closed, panel_locked.
    """
    with transaction.atomic():
        stored = _open_sheet(sheet, actor)
        if stored.state != SheetState.ASSIGNED:
            raise problems.conflict_too_late()
        _end(stored, SheetState.CONFLICT, actor, verb="sheet.conflict", has_conflict=True, reason=_reason(reason))


def abstain(*, sheet: ScoreSheet, reason: str, actor: User) -> None:
    """End the sheet without a score, before it is handed in.

    Raises Problem: reason_missing, sheet_closed, panel_locked.
    """
    with transaction.atomic():
        stored = _open_sheet(sheet, actor)
        _end(stored, SheetState.ABSTAINED, actor, verb="sheet.abstain", reason=_reason(reason))


def _reason(text: str) -> str:
    reason = nfc(text)
    if not reason:
        raise problems.reason_missing()
    return reason


def _end(sheet: ScoreSheet, state: SheetState, actor: User, *, verb: str, **fields: Any) -> None:
    """Move the sheet to its last state, with a trace that tells of no points."""
    ScoreSheet.objects.filter(pk=sheet.pk).update(state=state, **fields)
    clip = sheet.clip
    after = {"clip": clip.number, "state": state.value}
    after |= {"reason": fields["reason"]} if "reason" in fields else {}
    unit = clip.clip_contest.contest.unit
    record_audit(actor=actor, verb=verb, object=clip, before={"state": sheet.state}, after=after, unit=unit)


# --- What every act begins with ---------------------------------------------------------------------


def _open_sheet(sheet: ScoreSheet, actor: User) -> ScoreSheet:
    stored = _locked_sheet(sheet, actor)
    _refuse_closed(stored)
    return stored


def _locked_sheet(sheet: ScoreSheet, actor: User) -> ScoreSheet:
    """The sheet as it is now, locked until the transaction ends. Raises Problem not_found for others' sheets."""
    sheets = ScoreSheet.objects.select_for_update(no_key=True, of=("self",))
    stored = sheets.select_related("clip__clip_contest__contest__unit").filter(pk=sheet.pk, judge=actor).first()
    if stored is None:
        raise not_found()
    return stored


def _refuse_closed(sheet: ScoreSheet) -> None:
    if sheet.clip.clip_contest.locked_at:
        raise problems.panel_locked()
    if sheet.state not in OPEN_STATES:
        raise problems.sheet_closed(sheet)
