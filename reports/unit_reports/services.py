"""Writing a unit's report, sending it, returning and accepting it. Every state move is guarded by its UPDATE."""

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp, iso
from accounts.models import Unit, User
from accounts.problems import Refused
from accounts.text import nfc
from contest.models import Round
from notifications.models import Kind
from notifications.services import notify
from reports.models import ReportState, UnitReport
from reports.unit_reports.figures import REMARKS, digest_of, unit_dataset

# --- Writing ----------------------------------------------------------------------------------------


def save_draft(*, round: Round, unit: Unit, remarks: Mapping[str, str], seen: str, actor: User) -> UnitReport:
    """Keep remarks for the next version of the unit's report, which nobody else is told of.

    `seen` is the `stamp_of` the draft that the writer had before them, so that two colleagues do not overwrite one
    another. Raises Refused, also when a version waits to be read or is accepted.
    """
    try:
        with transaction.atomic():
            return _save(round, unit, remarks, seen, actor)
    except IntegrityError:  # a colleague's first draft, in the same instant
        raise _changed_meanwhile() from None


def _save(round: Round, unit: Unit, remarks: Mapping[str, str], seen: str, actor: User) -> UnitReport:
    if not round.is_published or round.is_practice:
        raise Refused(_("Chưa báo cáo được: kết quả tuần thi chưa được công bố."))
    versions = list(UnitReport.objects.select_for_update(no_key=True).filter(round=round, unit=unit))
    latest = versions[-1] if versions else None
    if latest is not None and latest.state in (ReportState.SENT, ReportState.ACCEPTED):
        raise Refused(_("Báo cáo này đã được gửi. Muốn sửa, hãy đề nghị thư ký trả lại."))
    draft = latest if latest is not None and latest.is_draft else None
    if stamp_of(draft) != seen:
        raise _changed_meanwhile()
    if draft is None:
        draft = UnitReport(round=round, unit=unit, version=latest.version + 1 if latest else 1)
    for name in REMARKS:
        setattr(draft, name, nfc(remarks.get(name, "")).strip())
    draft.edited_by, draft.edited_at = actor, ClockTimestamp()
    draft.save()
    draft.refresh_from_db(fields=["edited_at"])
    return draft


def stamp_of(draft: UnitReport | None) -> str:
    """What tells one state of a draft from another; "" before there is one."""
    return iso(draft.edited_at) if draft is not None else ""


def _changed_meanwhile() -> Refused:
    return Refused(_("Báo cáo vừa được người khác sửa hoặc gửi. Hãy xem lại nội dung mới nhất rồi ghi tiếp."))


# --- Sending ----------------------------------------------------------------------------------------


def send_report(*, round: Round, unit: Unit, remarks: Mapping[str, str], seen: str, actor: User) -> UnitReport:
    """Send the unit's report with these remarks: its figures are frozen, the server's clock says when.

    Raises Refused as `save_draft`.
    """
    with transaction.atomic():
        draft = save_draft(round=round, unit=unit, remarks=remarks, seen=seen, actor=actor)
        dataset = unit_dataset(round, unit) | {"remarks": {name: getattr(draft, name) for name in REMARKS}}
        sent = UnitReport.objects.filter(pk=draft.pk, state=ReportState.DRAFT).update(
            state=ReportState.SENT,
            dataset=dataset,
            digest=digest_of(dataset),
            sent_by=actor,
            sent_at=ClockTimestamp(),
        )
        if not sent:
            raise _changed_meanwhile()
        draft.refresh_from_db()
        record_audit(actor=actor, verb="unit_report.send", object=draft, after=_facts(draft))
    return draft


def _facts(report: UnitReport) -> dict[str, object]:
    return {
        "round": report.round_id,
        "unit": report.unit.code,
        "version": report.version,
        "state": str(report.state),
        "digest": report.digest,
    }


# --- Receiving --------------------------------------------------------------------------------------


def return_report(*, report: UnitReport, comment: str, actor: User) -> None:
    """Give a report back with comments, for a next version. Raises Refused."""
    if not comment.strip():
        raise Refused(_("Cần ghi rõ nội dung cần bổ sung, chỉnh sửa."))
    _decide(report, ReportState.RETURNED, comment, actor)


def accept_report(*, report: UnitReport, comment: str = "", actor: User) -> None:
    """Take the report as the unit's last word on the round. Raises Refused."""
    _decide(report, ReportState.ACCEPTED, comment, actor)


def _decide(report: UnitReport, state: ReportState, comment: str, actor: User) -> None:
    if report.sent_by_id == actor.pk:
        raise Refused(_("Người đã gửi báo cáo không tự tiếp nhận hoặc trả lại báo cáo đó."))
    with transaction.atomic():
        decided = UnitReport.objects.filter(pk=report.pk, state=ReportState.SENT).update(
            state=state, comment=nfc(comment).strip(), decided_by=actor, decided_at=ClockTimestamp()
        )
        if not decided:
            raise Refused(_("Báo cáo này không còn chờ xem: đã được tiếp nhận hoặc trả lại."))
        before = _facts(report)
        report.refresh_from_db()
        record_audit(
            actor=actor,
            verb="unit_report.return" if state == ReportState.RETURNED else "unit_report.accept",
            object=report,
            before=before,
            after=_facts(report) | {"comment": report.comment},
        )
        _tell_sender(report)


def _tell_sender(report: UnitReport) -> None:
    assert report.sent_by is not None
    values = {"unit": report.unit.name, "round": report.round.title}
    if report.state == ReportState.RETURNED:
        subject = _("Báo cáo %(round)s của %(unit)s được trả lại để bổ sung") % values
    else:
        subject = _("Báo cáo %(round)s của %(unit)s đã được tiếp nhận") % values
    path = reverse("unit-report", args=[report.round_id, report.unit_id])
    notify(user=report.sent_by, kind=Kind.UNIT_REPORT, subject=subject, body=report.comment, path=path)
