"""Asking for a file, making it, fetching it, and clearing up. Every state move is a guarded UPDATE."""

import logging
import secrets
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp
from accounts.models import Unit, User
from accounts.queue import prompt
from contest.models import Round
from reports.clips.content import ClipWish, require_clip_file
from reports.clips.content import formats_of as formats_of_clips
from reports.exports.files import PART_PREFIX, write_file
from reports.exports.table import Document, FileTooLarge
from reports.granting import granted_to, scope_for_export
from reports.handin.content import NotYetSignable, formats_of, require_file
from reports.handin.proposing import require_proposal
from reports.models import (
    SIGNED_FORMATS,
    TABLE_FORMATS,
    Export,
    ExportKind,
    ExportState,
    RoundReport,
)
from reports.official.typesetting import TypesettingFailed
from reports.outdated import outdated
from reports.problems import ExportNotAllowed, ReportOutdated, Stopped, TooManyExports

logger = logging.getLogger(__name__)

KEPT = timedelta(hours=24)
MOST_LIVE = 5  # files one person may wait for at a time
MOST_RUNS = 3  # a file whose workers die that often is given up
DEAD_AFTER = timedelta(minutes=5)  # without a sign of life; writing 500 rows takes well under a second
WAITS_TOO_LONG = timedelta(seconds=10)  # its message was lost, or the queue is long
LOOSE_AFTER_SECONDS = 3600.0
RUN_TASK = "reports.tasks.run_export"


# --- Asking -----------------------------------------------------------------------------------------


def request_export(*, actor: User, kind: str, round: Round, format: str, unit_code: str = "") -> Export:
    """Put a file on the list of those to be made; the same wish still waiting is returned as it is.

    Proposals for awards are also made to be signed. Raises ExportNotAllowed, NotYetSignable, TooManyExports.
    """
    scope_for_export(actor, kind, round, unit_code)
    if format in SIGNED_FORMATS and kind == ExportKind.AWARD_PROPOSALS:
        require_proposal(actor, round.contest)
    elif format not in TABLE_FORMATS:
        raise ExportNotAllowed
    parameters = {"round": round.pk, "unit": unit_code}
    return _request(actor, kind, format, parameters, round.contest.unit, _label(kind, round.title, unit_code))


def request_report_export(
    *, actor: User, kind: str, report: RoundReport, format: str, knows_outdated: bool = False
) -> Export:
    """The same for a file of a frozen report. Raises ExportNotAllowed, NotYetSignable, TooManyExports; ReportOutdated
    for what is signed, unless the person `knows_outdated` figures when they see them. The document then says so too.
    """
    if format not in formats_of(kind):
        raise ExportNotAllowed
    require_file(actor, kind, report)
    if format in SIGNED_FORMATS and not knows_outdated and outdated(report) is not None:
        raise ReportOutdated
    contest = report.contest
    parameters = {"round": report.round_id, "contest": contest.pk, "report": report.pk, "unit": report.unit.code}
    about = report.round.title if report.round else contest.title
    unit_code = "" if report.unit_id == contest.unit_id else report.unit.code
    return _request(actor, kind, format, parameters, contest.unit, _label(kind, about, unit_code))


def request_clip_export(*, actor: User, wish: ClipWish, format: str) -> Export:
    """The same for a file about clips. Raises ExportNotAllowed, NotYetSignable, TooManyExports."""
    if format not in formats_of_clips(wish.kind):
        raise ExportNotAllowed
    require_clip_file(actor, wish)
    contest = wish.clip_contest.contest
    parameters = {
        "round": None, "contest": contest.pk, "unit": "", "clips": wish.clip_contest.pk, "judge": wish.judge,
        "clip": wish.clip,
    }  # fmt: skip
    about = [wish.judge, *([f"video {wish.clip}"] if wish.clip else [])] if wish.judge else []
    return _request(
        actor, wish.kind, format, parameters, contest.unit, _label(wish.kind, contest.title, ", ".join(about))
    )


def _request(actor: User, kind: str, format: str, parameters: dict[str, Any], unit: Unit, label: str) -> Export:
    parameters = {**parameters, "language": translation.get_language() or "vi"}
    with transaction.atomic():
        User.objects.select_for_update().get(pk=actor.pk)  # two clicks at once are one wish
        live = Export.objects.of(actor).live()
        same = live.filter(kind=kind, format=format, parameters=parameters, state=ExportState.WAITING).first()
        if same is not None:
            return same
        if live.count() >= MOST_LIVE:
            raise TooManyExports
        export = Export.objects.create(kind=kind, format=format, parameters=parameters, requested_by=actor, label=label)
        record_audit(actor=actor, verb="export.request", object=export, after=_audited(export), unit=unit)
        prompt(RUN_TASK, str(export.pk))
    return export


def _label(kind: str, about: str, unit_code: str) -> str:
    parts = [str(ExportKind(kind).label), about, *([unit_code] if unit_code else [])]
    return " - ".join(parts)[:255]


def _audited(export: Export) -> dict[str, Any]:
    return {"kind": export.kind, "format": export.format, **export.parameters}


def _organiser_of(export: Export) -> Unit | None:
    """The unit that organises the contest the file is about."""
    if "contest" in export.parameters:
        return Unit.objects.filter(contests=export.parameters["contest"]).first()
    return Unit.objects.filter(contests__rounds=export.parameters["round"]).first()


def cancel_export(*, export: Export, actor: User) -> bool:
    """Call off a file that is not made yet. False when there was nothing left to cancel."""
    with transaction.atomic():
        moved = (
            Export.objects.of(actor)
            .live()
            .filter(pk=export.pk)
            .update(state=ExportState.CANCELLED, finished_at=ClockTimestamp())
        )
        if moved:
            unit = _organiser_of(export)
            record_audit(actor=actor, verb="export.cancel", object=export, after=_audited(export), unit=unit)
    return bool(moved)


# --- Making -----------------------------------------------------------------------------------------


def run_export(export_id: Any) -> bool:
    """Make a waiting file. False when somebody else has taken it, or it is no longer wanted.

    The right of the person who asked is read again. A run that is killed leaves the row running, without
    signs of life, and no file; the sweep puts it back.
    """
    claimed = Export.objects.filter(pk=export_id, state=ExportState.WAITING).update(
        state=ExportState.RUNNING, run=F("run") + 1, progress=0, alive_at=ClockTimestamp(), error=""
    )
    if not claimed:
        return False
    export = Export.objects.select_related("requested_by").get(pk=export_id)
    try:
        with translation.override(export.parameters["language"]):
            _make(export)
    except Stopped:
        return False
    except Exception as error:
        if not isinstance(error, ExportNotAllowed | NotYetSignable | FileTooLarge):
            logger.exception("export %s failed", export.pk)
        _move(export, state=ExportState.FAILED, error=_reason(error), finished_at=ClockTimestamp())
        return False
    return True


def _make(export: Export) -> None:
    granted = granted_to(export.requested_by, export)
    content = granted.content()
    row_count = content.row_count if isinstance(content, Document) else 1

    def report(rows: int) -> None:
        percentage = min(99, 100 * rows // max(1, row_count))
        if not _move(export, progress=percentage, alive_at=ClockTimestamp()):
            raise Stopped

    directory = Path(settings.EXPORT_DIR)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    export.file_name = f"{secrets.token_urlsafe(24)}.{export.format}"
    size = write_file(content, format=export.format, target=export.path, progress=report)
    done = _move(
        export,
        state=ExportState.DONE,
        progress=100,
        file_name=export.file_name,
        size=size,
        unit_ids=granted.scope.sql_units or [],
        with_scores=granted.scope.scores,
        finished_at=ClockTimestamp(),
        expires_at=ClockTimestamp() + KEPT,
    )
    if not done:
        export.path.unlink(missing_ok=True)
        raise Stopped


def _move(export: Export, **fields: Any) -> bool:
    """Change the row as long as this run is the one that counts."""
    own = Export.objects.filter(pk=export.pk, state=ExportState.RUNNING, run=export.run)
    return bool(own.update(**fields))


def _reason(error: Exception) -> str:
    if isinstance(error, ExportNotAllowed | NotYetSignable):
        return str(error.detail)
    if isinstance(error, TypesettingFailed):
        return _("Không dàn được trang tệp PDF. Vui lòng chọn Word (.docx) hoặc thử lại sau.")
    if isinstance(error, FileTooLarge):
        return _("Báo cáo quá lớn đối với định dạng này. Vui lòng chọn CSV hoặc JSON.")
    return _("Không lập được tệp do lỗi hệ thống. Vui lòng thử lại.")


# --- Fetching ---------------------------------------------------------------------------------------


def fetch_export(*, export: Export, actor: User) -> Path:
    """The path of a finished file, once it is certain that `actor` may still have all that is in it.

    Raises ExportNotAllowed when it has expired, or when a right it rests on has ended since.
    """
    current = Export.objects.of(actor).downloadable().filter(pk=export.pk).first()
    if current is None:
        raise ExportNotAllowed
    scope = granted_to(actor, current).scope
    if not scope.covers(current.unit_ids, scores=current.with_scores) or not current.path.is_file():
        raise ExportNotAllowed
    unit = _organiser_of(current)
    record_audit(actor=actor, verb="export.download", object=current, after=_audited(current), unit=unit)
    return current.path


# --- Clearing up ------------------------------------------------------------------------------------


def sweep_exports() -> None:
    """Prompt files that wait, put back those whose worker died, expire old ones, remove loose files."""
    dead = Export.objects.filter(state=ExportState.RUNNING, alive_at__lt=ClockTimestamp() - DEAD_AFTER)
    dead.filter(run__gte=MOST_RUNS).update(
        state=ExportState.FAILED, finished_at=ClockTimestamp(), error=_reason(RuntimeError())
    )
    dead.filter(run__lt=MOST_RUNS).update(state=ExportState.WAITING, progress=0)
    overdue = Export.objects.filter(state=ExportState.WAITING, requested_at__lt=ClockTimestamp() - WAITS_TOO_LONG)
    for export in overdue.order_by("requested_at")[:50]:
        prompt(RUN_TASK, str(export.pk))
    Export.objects.filter(state=ExportState.DONE, expires_at__lte=ClockTimestamp()).update(state=ExportState.EXPIRED)
    remove_loose_files()


def remove_loose_files() -> None:
    """Delete what no finished export names: expired files at once, leavings of killed runs after an hour."""
    directory = Path(settings.EXPORT_DIR)
    if not directory.is_dir():
        return
    found = {path.name: path for path in directory.iterdir()}  # before the rows: a file found is older than they
    named = dict(Export.objects.filter(file_name__in=list(found)).values_list("file_name", "state"))
    for name, path in found.items():
        if named.get(name) == ExportState.EXPIRED:
            path.unlink(missing_ok=True)
        elif name not in named and time.time() - path.stat().st_mtime > LOOSE_AFTER_SECONDS:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and path.name.startswith(PART_PREFIX):
        shutil.rmtree(path, ignore_errors=True)
    elif path.is_file():
        path.unlink(missing_ok=True)
