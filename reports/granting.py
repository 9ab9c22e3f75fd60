"""Which files a person may have, and what is in them: asked when a file is wanted, made and fetched."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from accounts.models import User
from accounts.rights import Right
from contest.models import Round
from contest.models.round import RoundState
from reports.absentees import Absentees
from reports.clips.content import ClipWish, clip_content_of, clip_contest_of, require_clip_file
from reports.collective.documents import awards_document, collective_document, year_end_document
from reports.documents import (
    nonparticipants_document,
    participation_document,
    staff_results_document,
    standings_document,
)
from reports.exports.files import Content
from reports.exports.table import Document
from reports.handin.content import content_of, require_file
from reports.handin.proposing import proposal_of, require_proposal
from reports.models import CONTEST_KINDS, SIGNED_FORMATS, TABLE_KINDS, Export, ExportKind, RoundReport
from reports.participation import participation_of
from reports.problems import ExportNotAllowed
from reports.scope import Scope, may_see_standings, scope_of
from reports.unit_reports.documents import unit_reports_document

RIGHT_FOR = {
    ExportKind.PARTICIPATION: Right.SEE_COUNTS,
    ExportKind.NONPARTICIPANTS: Right.SEE_PEOPLE,
    ExportKind.STAFF_RESULTS: Right.SEE_PEOPLE,
    ExportKind.UNIT_REPORTS: Right.READ_UNIT_REPORTS,
}
AFTER_PUBLICATION = (ExportKind.STAFF_RESULTS, ExportKind.UNIT_REPORTS)
# One for each of TABLE_KINDS.
DOCUMENTS: Mapping[str, Callable[[Round, Scope], Document]] = {
    ExportKind.PARTICIPATION: lambda round, scope: participation_document(participation_of(round, scope)),
    ExportKind.NONPARTICIPANTS: lambda round, scope: nonparticipants_document(Absentees(round, scope)),
    ExportKind.STAFF_RESULTS: staff_results_document,
    ExportKind.UNIT_REPORTS: unit_reports_document,
    ExportKind.STANDINGS: lambda round, _scope: standings_document(round),
    ExportKind.COLLECTIVE_RANKING: lambda round, _scope: collective_document(round.contest),
    ExportKind.AWARD_PROPOSALS: lambda round, _scope: awards_document(round.contest),
    ExportKind.YEAR_END: lambda round, _scope: year_end_document(round.contest),
}


@dataclass(frozen=True, slots=True)
class Granted:
    """How much of a file the person may have, and what makes its content."""

    scope: Scope
    content: Callable[[], Content]


def granted_to(user: User, export: Export) -> Granted:
    """Raises ExportNotAllowed, NotYetSignable when `user` may not have the file now."""
    if "clips" in export.parameters:
        return _of_clips(user, export)
    if "report" in export.parameters:
        return _of_report(user, export)
    round = Round.objects.select_related("contest").filter(pk=export.parameters["round"]).first()
    if round is None:
        raise ExportNotAllowed
    scope = scope_for_export(user, export.kind, round, export.parameters["unit"])
    if export.format in SIGNED_FORMATS:
        require_proposal(user, round.contest)
        return Granted(scope, partial(proposal_of, round.contest))
    return Granted(scope, partial(DOCUMENTS[export.kind], round, scope))


def scope_for_export(user: User, kind: str, round: Round, unit_code: str = "") -> Scope:
    """What a table of this kind may hold for `user` now. Raises ExportNotAllowed when nothing."""
    if kind not in TABLE_KINDS or round.is_practice or round.state == RoundState.DRAFT or not user.is_active:
        raise ExportNotAllowed
    if kind == ExportKind.STANDINGS or kind in CONTEST_KINDS:
        if unit_code or not may_see_standings(user, round):
            raise ExportNotAllowed
        return Scope(None, True)
    scope = scope_of(user, round, RIGHT_FOR[ExportKind(kind)], unit_code=unit_code)
    if scope is None or (kind in AFTER_PUBLICATION and not round.is_published):
        raise ExportNotAllowed
    return scope


def _of_report(user: User, export: Export) -> Granted:
    reports = RoundReport.objects.select_related("contest__unit", "round", "unit__parent")
    report = reports.filter(pk=export.parameters["report"]).first()
    if report is None:
        raise ExportNotAllowed
    scores = require_file(user, export.kind, report)
    scope = Scope(frozenset({report.unit_id}), scores)
    return Granted(scope, partial(content_of, export.kind, export.format, report, user))


def _of_clips(user: User, export: Export) -> Granted:
    clip_contest = clip_contest_of(export.parameters["clips"])
    if clip_contest is None:
        raise ExportNotAllowed
    wish = ClipWish(export.kind, clip_contest, export.parameters["judge"], export.parameters["clip"])
    scores = require_clip_file(user, wish)
    return Granted(Scope(None, scores), partial(clip_content_of, wish, scores=scores))
