"""Coordinators' proposals: drafted, sent, withdrawn; accepted against the roster of that moment, or declined."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.imports.plan import ROSTER_LOCK, lock_imports
from accounts.imports.staff import write_plan
from accounts.models import Unit, User
from accounts.problems import Refused
from notifications.models import Kind
from notifications.services import notify
from proposals.diff import Diff, diff_of, headcount_diff, staff_diff
from proposals.models import HeadcountRow, Proposal, ProposalKind, ProposalState, StaffRow
from proposals.problems import DiffChanged, RowsRefused, already_decided
from proposals.scope import decided_ids, ids_below

MOST_ROWS = 1000
MOST_WAITING = 20


def draft_staff(
    *, unit: Unit, rows: Sequence[StaffRow], note: str, actor: User, file_name: str = ""
) -> tuple[Proposal, Diff]:
    """Keep rows about people for the units at or below `unit`, to be looked at and sent.

    Raises RowsRefused when a row cannot be applied today, Refused when there is nothing to propose.
    """
    check_number(rows)
    units = ids_below(unit)
    diff = staff_diff(rows, units=units, scope=None, home=units, hide=True)
    proposal = Proposal(kind=ProposalKind.STAFF, unit=unit, proposer=actor, note=note, file_name=file_name[:255])
    return _keep(proposal, rows, diff), diff


def draft_headcounts(
    *, unit: Unit, rows: Sequence[HeadcountRow], note: str, actor: User, file_name: str = ""
) -> tuple[Proposal, Diff]:
    """Keep headcounts for units at or below `unit`, to be looked at and sent. Raises as `draft_staff`."""
    check_number(rows)
    diff = headcount_diff(rows, units=ids_below(unit))
    proposal = Proposal(kind=ProposalKind.HEADCOUNTS, unit=unit, proposer=actor, note=note, file_name=file_name[:255])
    return _keep(proposal, rows, diff), diff


def check_number(rows: Sequence[Any]) -> None:
    """Before the rows are compared with the roster: that is what many of them would cost. Raises Refused."""
    if len(rows) > MOST_ROWS:
        raise Refused(_("Mỗi đề nghị có tối đa %(limit)s dòng. Hãy chia thành nhiều đề nghị.") % {"limit": MOST_ROWS})


def _keep(proposal: Proposal, rows: Sequence[Any], diff: Diff) -> Proposal:
    if diff.errors:
        raise RowsRefused(diff)
    if diff.changes_nothing:
        raise Refused(_("Các dòng này giống hệt danh sách hiện có, không có gì để đề nghị."))
    if not proposal.note.strip():
        raise Refused(_("Cần ghi lý do."))
    yesterday = server_now() - timedelta(days=1)
    if Proposal.objects.filter(proposer=proposal.proposer, created_at__gt=yesterday).count() >= 5 * MOST_WAITING:
        raise Refused(_("Bạn đã lập nhiều đề nghị trong một ngày. Vui lòng thử lại vào ngày mai."))
    with transaction.atomic():
        proposal.save()
        for row in rows:
            row.proposal = proposal
        type(rows[0]).objects.bulk_create(rows)
    return proposal


def send_proposal(*, proposal: Proposal, actor: User) -> None:
    """Hand a draft to the organisers. Raises Refused."""
    waiting = Proposal.objects.sent().filter(proposer=actor)
    if waiting.count() >= MOST_WAITING:
        raise Refused(
            _("Bạn đang có %(limit)s đề nghị chờ giải quyết. Hãy chờ hoặc rút bớt.") % {"limit": MOST_WAITING}
        )
    with transaction.atomic():
        sent = Proposal.objects.filter(pk=proposal.pk, state=ProposalState.DRAFT)
        if not sent.update(state=ProposalState.SENT, sent_at=server_now()):
            raise Refused(_("Đề nghị này đã được gửi hoặc đã được rút."))
        record_audit(actor=actor, verb="proposal.send", object=proposal, after=_facts(proposal))


def withdraw_proposal(*, proposal: Proposal, actor: User) -> None:
    """Take back what is not decided yet; a draft is deleted. Raises Refused once it is decided."""
    with transaction.atomic():
        if proposal.is_draft and Proposal.objects.filter(pk=proposal.pk, state=ProposalState.DRAFT).delete()[0]:
            return
        sent = Proposal.objects.filter(pk=proposal.pk, state=ProposalState.SENT)
        if not sent.update(state=ProposalState.WITHDRAWN):
            raise already_decided()
        record_audit(actor=actor, verb="proposal.withdraw", object=proposal, after=_facts(proposal))


def accept_proposal(*, proposal: Proposal, expected: str, left_out: Mapping[int, str], actor: User) -> Diff:
    """Apply the rows that are not left out, all of them or none; `expected` is the digest of the diff that was seen.

    `left_out` gives a reason for each number of a row. Raises DiffChanged, RowsRefused, Refused.
    """
    with transaction.atomic():
        lock_imports(ROSTER_LOCK)
        proposal = _lock_sent(proposal, actor)
        scope = decided_ids(actor)
        if proposal.kind == ProposalKind.HEADCOUNTS:
            _lock_units(proposal)
        diff = seen = diff_of(proposal, scope=scope)
        if seen.digest() != expected:
            raise DiffChanged(seen)
        left_out = {number: reason.strip() for number, reason in left_out.items() if number in seen.by_number()}
        if not all(left_out.values()):
            raise Refused(_("Dòng nào bị bỏ cũng cần ghi lý do."))
        if left_out:
            diff = diff_of(proposal, scope=scope, without=left_out)
        if diff.errors:
            raise RowsRefused(seen)
        if diff.changes_nothing:
            raise Refused(_("Không còn dòng nào thay đổi gì. Hãy trả lời không chấp nhận, kèm lý do."))
        _apply(proposal, diff, actor)
        _leave_out(proposal, left_out)
        proposal.outcome = diff.counts | ({"left_out": len(left_out)} if left_out else {})
        _decide(proposal, ProposalState.ACCEPTED, actor, after=_trace_of(diff, left_out))
    return diff


def decline_proposal(*, proposal: Proposal, reason: str, actor: User) -> None:
    """Answer no, with a reason that the coordinator reads. Raises Refused."""
    if not reason.strip():
        raise Refused(_("Cần ghi lý do."))
    with transaction.atomic():
        proposal = _lock_sent(proposal, actor)
        proposal.reason = reason.strip()
        _decide(proposal, ProposalState.DECLINED, actor, after={"reason": proposal.reason})


def _lock_sent(proposal: Proposal, actor: User) -> Proposal:
    """The proposal, locked and still waiting: of two who decide at once the second is refused."""
    rows = Proposal.objects.sent().select_for_update(no_key=True, of=("self",)).select_related("unit", "proposer")
    locked = rows.filter(pk=proposal.pk).first()
    if locked is None:
        raise already_decided()
    if locked.proposer_id == actor.pk:
        raise Refused(_("Không thể quyết định đề nghị của chính mình."))
    return locked


def _lock_units(proposal: Proposal) -> None:
    named = proposal.headcount_rows.values("unit")
    list(Unit.objects.select_for_update(no_key=True).filter(pk__in=named).order_by("pk").values_list("pk"))


def _apply(proposal: Proposal, diff: Diff, actor: User) -> None:
    if proposal.kind == ProposalKind.STAFF:
        write_plan(diff.plan, today=timezone.localdate(server_now()))
        return
    for unit in Unit.objects.filter(pk__in=diff.headcounts).order_by("pk"):
        before, after = unit.headcount, diff.headcounts[unit.pk]
        if before == after:
            continue
        unit.headcount = after
        unit.save(update_fields=["headcount"])
        record_audit(
            actor=actor,
            verb="unit.set_headcount",
            object=unit,
            before={"headcount": before},
            after={"headcount": after, "proposal": proposal.pk},
        )


def _leave_out(proposal: Proposal, left_out: Mapping[int, str]) -> None:
    rows = proposal.staff_rows if proposal.kind == ProposalKind.STAFF else proposal.headcount_rows
    for number, reason in left_out.items():
        rows.filter(number=number).update(left_out_reason=reason[:255])


def _decide(proposal: Proposal, state: ProposalState, actor: User, *, after: dict[str, Any]) -> None:
    proposal.state, proposal.decided_by, proposal.decided_at = state, actor, server_now()
    proposal.save(update_fields=["state", "decided_by", "decided_at", "reason", "outcome"])
    accepted = state == ProposalState.ACCEPTED
    record_audit(
        actor=actor,
        verb="proposal.accept" if accepted else "proposal.decline",
        object=proposal,
        after=_facts(proposal) | after,
    )
    subject = _("Đề nghị của đơn vị đã được chấp nhận.") if accepted else _("Đề nghị của đơn vị không được chấp nhận.")
    notify(
        user=proposal.proposer,
        kind=Kind.REQUEST_DECIDED,
        subject=subject,
        body=_("Lý do: %(reason)s") % {"reason": proposal.reason} if proposal.reason else "",
        path=reverse("proposal", args=[proposal.pk]),
    )


def _facts(proposal: Proposal) -> dict[str, Any]:
    return {"kind": proposal.kind, "unit": proposal.unit.code, "proposer": proposal.proposer.employee_id}


def _trace_of(diff: Diff, left_out: Mapping[int, str]) -> dict[str, Any]:
    """What was done, by kind: the employee ids of people, the codes of units."""
    done: dict[str, Any] = {}
    for row in diff.rows:
        if row.kind != "unchanged":
            done.setdefault(row.kind, []).append(row.label.split(" – ")[0])
    return done | ({"left_out": [f"{number}: {reason}" for number, reason in left_out.items()]} if left_out else {})
