"""Coordinators' proposals: the staff they may speak about, forms and files, the diff, sending and withdrawing."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.imports.columns import Column
from accounts.imports.errors import FileRefused
from accounts.models import Membership
from accounts.problems import Refused
from accounts.rights import Right
from accounts.text import nfc, search_key
from proposals.diff import diff_for_proposer
from proposals.forms import FileForm
from proposals.models import Proposal, ProposalKind, ProposalState
from proposals.problems import RowsRefused
from proposals.reading import (
    HEADCOUNT_COLUMNS,
    STAFF_COLUMNS,
    RowsUnreadable,
    headcount_rows,
    read_file,
    staff_rows,
)
from proposals.scope import granted_units
from proposals.services.proposals import (
    check_number,
    draft_headcounts,
    draft_staff,
    send_proposal,
    withdraw_proposal,
)
from proposals.views.access import carried_out, page_of, units_for
from proposals.views.diffs import diff_context, notes_of, rows_of

_EXAMPLES = {
    ProposalKind.STAFF: ("000123", "Nguyễn Thị Hạnh", "", "hanh.nt@example.gov.vn", "Chuyên viên"),
    ProposalKind.HEADCOUNTS: ("", "85"),
}


@never_cache
@login_required
@require_safe
def unit_staff(request: HttpRequest) -> HttpResponse:
    """Who is on the roster of the coordinator's units, to propose changes from."""
    units = units_for(request, Right.PROPOSE)
    words = nfc(request.GET.get("q", "").replace("\0", ""))[:200]
    members = Membership.objects.current().filter(unit__in=units).select_related("user", "unit")
    if words:
        key = search_key(words)
        members = members.filter(Q(user__search_key__contains=key) | Q(unit__search_key__contains=key))
    page, query = page_of(request, members.order_by("unit__sort_key", "user__sort_key", "pk"))
    return render(request, "proposals/unit_staff.html", {"page": page, "query": query, "q": words})


@never_cache
@login_required
@require_safe
def proposals(request: HttpRequest) -> HttpResponse:
    """All proposals of the coordinator's units, newest first; drafts only one's own."""
    page, query = page_of(request, _proposals_for(request).select_related("unit", "proposer"))
    return render(request, "proposals/proposals.html", {"page": page, "query": query})


def _proposals_for(request: HttpRequest) -> Any:
    found = Proposal.objects.for_units(units_for(request, Right.PROPOSE))
    return found.filter(~Q(state=ProposalState.DRAFT) | Q(proposer=request.user))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def staff_file(request: HttpRequest) -> HttpResponse:
    """Propose people by file."""
    return _file_page(request, ProposalKind.STAFF, STAFF_COLUMNS)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def headcounts_file(request: HttpRequest) -> HttpResponse:
    """Propose headcounts by file."""
    return _file_page(request, ProposalKind.HEADCOUNTS, HEADCOUNT_COLUMNS)


def _file_page(request: HttpRequest, kind: ProposalKind, columns: Sequence[Column]) -> HttpResponse:
    units_for(request, Right.PROPOSE)
    units = granted_units(request.user)
    if request.method != "POST" and request.GET.get("template") == "csv":
        return _template(kind, columns, units)
    form = FileForm(request.POST or None, request.FILES or None, units=units)
    context: dict[str, Any] = {"form": form, "kind": kind, "columns": columns, "notes": [], "refusals": []}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return redirect("proposal", _from_file(request, kind, columns, form).pk)
            except FileRefused as refused:
                context["refusals"], status = [refused.message], refused.status
            except RowsUnreadable as unreadable:
                context["notes"] = notes_of(unreadable.errors)
            except RowsRefused as refused:
                context["notes"] = notes_of(refused.diff.errors)
            except Refused as refused:
                context["refusals"] = refused.reasons
    return render(request, "proposals/file_form.html", context, status=status)


def _from_file(request: HttpRequest, kind: ProposalKind, columns: Sequence[Column], form: FileForm) -> Proposal:
    values = form.cleaned_data
    table = read_file(values["file"], columns)
    check_number(table.rows)
    common = {"unit": values["scope"], "note": values["note"], "actor": request.user, "file_name": values["file"].name}
    if kind == ProposalKind.STAFF:
        return draft_staff(rows=staff_rows(table), **common)[0]
    return draft_headcounts(rows=headcount_rows(table), **common)[0]


def _template(kind: ProposalKind, columns: Sequence[Column], units: Any) -> HttpResponse:
    """A CSV file with Vietnamese headers and one example row, as spreadsheets here open it: BOM, semicolons."""
    text, code = io.StringIO(), units[0].code if units else ""
    writer = csv.writer(text, delimiter=";")
    writer.writerow([column.label for column in columns])
    writer.writerow([cell or code for cell in _EXAMPLES[kind]])
    response = HttpResponse(f"\ufeff{text.getvalue()}", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="de-nghi-{kind}.csv"'
    return response


@never_cache
@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A proposal: while it is open, what it would change; afterwards, what became of it."""
    found = _proposals_for(request).select_related("unit", "proposer", "decided_by")
    proposal = get_object_or_404(found, pk=pk)
    context: dict[str, Any] = {"proposal": proposal, "is_mine": proposal.proposer_id == request.user.pk}
    if proposal.is_draft or proposal.is_open:
        context |= diff_context(diff_for_proposer(proposal))
    else:
        context["rows"] = rows_of(proposal)
    return render(request, "proposals/proposal.html", context)


@login_required
@require_POST
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand one's draft to the organisers."""
    proposal = _mine(request, pk)
    carried_out(request, _("Đã gửi Ban Tổ chức."), send_proposal, proposal=proposal, actor=request.user)
    return redirect("proposal", pk)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back one's proposal, or delete one's draft."""
    proposal = _mine(request, pk)
    done = _("Đã xóa bản nháp.") if proposal.is_draft else _("Đã rút đề nghị.")
    carried_out(request, done, withdraw_proposal, proposal=proposal, actor=request.user)
    return redirect("proposals" if proposal.is_draft else "proposal", *(() if proposal.is_draft else (pk,)))


def _mine(request: HttpRequest, pk: int) -> Proposal:
    mine = _proposals_for(request).filter(proposer=request.user).select_related("unit", "proposer")
    return get_object_or_404(mine, pk=pk)
