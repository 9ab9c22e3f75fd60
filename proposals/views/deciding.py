"""The organisers' inbox: requests and proposals, each with its page on which it is decided."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication import person_of
from accounts.models import Unit
from accounts.problems import Refused
from accounts.rights import Right
from proposals.diff import diff_of
from proposals.forms import AcceptAccountForm, ReasonForm, suggestions
from proposals.inbox import to_decide
from proposals.matching import Match, is_taken_elsewhere, matches_for
from proposals.models import AccountRequest, Proposal, ProposalState, RequestState, UnitCorrection
from proposals.models.proposals import DECIDED
from proposals.models.requests import DECIDED_STATES, OPEN_STATES
from proposals.problems import DiffChanged, RowsRefused
from proposals.scope import decided_ids
from proposals.services.decisions import accept_account, accept_correction, decline, join_account
from proposals.services.proposals import accept_proposal, decline_proposal
from proposals.views.access import carried_out, page_of, units_for
from proposals.views.diffs import diff_context, outcome_of, rows_of

INBOX = "manage-requests"
KINDS = {
    "accounts": gettext_lazy("Tài khoản"),
    "corrections": gettext_lazy("Sửa đơn vị"),
    "proposals": gettext_lazy("Đề nghị của đơn vị"),
}
FILTERS = {
    "open": gettext_lazy("Chưa giải quyết"),
    "waiting": gettext_lazy("Đang chờ đầu mối"),
    "decided": gettext_lazy("Đã giải quyết"),
}


@never_cache
@login_required
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits, by kind, with counts; the oldest first. What is decided: the newest first."""
    units = units_for(request, Right.DECIDE_REQUESTS)
    waiting = to_decide(units, user=request.user)
    numbers = {"accounts": waiting.accounts, "corrections": waiting.corrections, "proposals": waiting.proposals}
    kind = request.GET.get("kind", "")
    if kind not in KINDS:
        kind = next((name for name, number in numbers.items() if number), "accounts")
    state = request.GET.get("state", "")
    state = state if state in FILTERS and not (state == "waiting" and kind == "proposals") else "open"
    page, query = page_of(request, _rows(kind, state, units, request))
    context = {
        "page": page,
        "query": query,
        "kind": kind,
        "state": state,
        "tabs": [(name, title, numbers[name]) for name, title in KINDS.items()],
        "filters": [(name, title) for name, title in FILTERS.items() if kind != "proposals" or name != "waiting"],
    }
    return render(request, "proposals/manage/inbox.html", context)


def _rows(kind: str, state: str, units: QuerySet[Unit], request: HttpRequest) -> QuerySet[Any]:
    rows: QuerySet[Any]
    if kind == "proposals":
        rows = Proposal.objects.for_units(units).delivered().exclude(proposer=person_of(request))
        rows = rows.select_related("unit", "proposer")
        wanted: Any = DECIDED if state == "decided" else (ProposalState.SENT,)
    else:
        if kind == "accounts":
            rows = AccountRequest.objects.for_units(units).select_related("unit")
        else:
            rows = UnitCorrection.objects.within(units).exclude(user=person_of(request))
            rows = rows.select_related("user", "from_unit", "to_unit")
        wanted = {"decided": DECIDED_STATES, "waiting": (RequestState.WAITING,)}.get(state, OPEN_STATES)
    return rows.filter(state__in=wanted).order_by("-decided_at" if state == "decided" else "pk")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """A request for an account: accepted as a new person, joined to a person of the roster, or declined."""
    units = units_for(request, Right.DECIDE_REQUESTS)
    found = AccountRequest.objects.for_units(units).select_related("unit", "recommended_by", "decided_by", "user")
    asked = get_object_or_404(found, pk=pk)
    matches = matches_for(asked, units) if asked.is_open else []
    act = request.POST.get("act", "")
    initial = {"employee_id": asked.employee_id, "full_name": asked.full_name, "unit": asked.unit and asked.unit.code}
    new = AcceptAccountForm(request.POST if act == "accept" else None, initial=initial, units=units)
    refusal = ReasonForm(request.POST if act == "decline" else None)
    if _decided_account(request, act, asked, new, refusal, matches):
        return redirect(INBOX)
    context = {
        "asked": asked,
        "matches": matches,
        "taken_elsewhere": asked.is_open and is_taken_elsewhere(asked, units),
        "form": new,
        "refusal": refusal,
        "units": suggestions(units) if asked.is_open else [],
    }
    return render(request, "proposals/manage/account.html", context, status=422 if act else 200)


def _decided_account(
    request: HttpRequest, act: str, asked: AccountRequest, new: Any, refusal: ReasonForm, matches: list[Match]
) -> bool:
    common = {"request": asked, "actor": request.user}
    if act == "accept" and new.is_valid():
        done = _("Đã đưa %(name)s vào danh sách nhân sự.") % {"name": new.cleaned_data["full_name"]}
        return carried_out(request, done, accept_account, **common, **new.cleaned_data)
    if act == "join":
        # Only somebody whom the page has shown can be joined, and only after a tick beside the name.
        chosen = next((match for match in matches if str(match.user.pk) == request.POST.get("user")), None)
        if chosen is None or request.POST.get("confirm") != "1":
            messages.error(request, _("Hãy chọn một người và đánh dấu xác nhận đúng là một người."))
            return False
        done = _("Đã ghép với %(name)s.") % {"name": chosen.user.full_name}
        return carried_out(request, done, join_account, user=chosen.user, **common)
    if act == "decline" and refusal.is_valid():
        return carried_out(request, _("Đã trả lời không chấp nhận."), decline, **common, **refusal.cleaned_data)
    return False


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def correction(request: HttpRequest, pk: int) -> HttpResponse:
    """A person's move to another unit: accepted from today, or declined."""
    found = UnitCorrection.objects.within(units_for(request, Right.DECIDE_REQUESTS))
    found = found.select_related("user", "from_unit", "to_unit", "recommended_by", "decided_by")
    asked = get_object_or_404(found, pk=pk)
    act = request.POST.get("act", "")
    refusal = ReasonForm(request.POST if act == "decline" else None)
    if act == "accept":
        done = _("Đã chuyển %(name)s sang đơn vị mới.") % {"name": asked.user.full_name}
        if carried_out(request, done, accept_correction, correction=asked, actor=request.user):
            return redirect(INBOX)
    elif act == "decline" and refusal.is_valid():
        done = _("Đã trả lời không chấp nhận.")
        if carried_out(request, done, decline, request=asked, actor=request.user, **refusal.cleaned_data):
            return redirect(INBOX)
    context = {"asked": asked, "refusal": refusal, "is_own": asked.user_id == request.user.pk}
    return render(request, "proposals/manage/correction.html", context, status=422 if act else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """A coordinator's proposal as a diff against the roster of now: accepted, with or without rows, or declined."""
    found = Proposal.objects.for_units(units_for(request, Right.DECIDE_REQUESTS)).delivered()
    shown = get_object_or_404(found.select_related("unit", "proposer", "decided_by"), pk=pk)
    act = request.POST.get("act", "")
    refusal = ReasonForm(request.POST if act == "decline" else None)
    context: dict[str, Any] = {"proposal": shown, "refusal": refusal, "is_own": shown.proposer_id == request.user.pk}
    try:
        if act == "accept":
            accept_proposal(
                proposal=shown,
                expected=request.POST.get("digest", ""),
                left_out=_left_out(request),
                actor=request.user,
            )
            messages.success(request, _("Đã áp dụng đề nghị vào danh sách."))
            return redirect(INBOX)
        if act == "decline" and refusal.is_valid():
            decline_proposal(proposal=shown, actor=request.user, **refusal.cleaned_data)
            messages.success(request, _("Đã trả lời không chấp nhận."))
            return redirect(INBOX)
    except (DiffChanged, RowsRefused) as refused:
        context |= {"problem": refused.reasons[0], "changed": isinstance(refused, DiffChanged)}
    except Refused as refused:
        context["problem"] = " ".join(map(str, refused.reasons))
    if shown.is_open:
        diff = diff_of(shown, scope=decided_ids(request.user))
        left_out = _left_out(request)
        for row in diff.rows:
            row.is_left_out, row.reason = row.number in left_out, left_out.get(row.number, "")
        context |= diff_context(diff)
    else:
        context |= {"rows": rows_of(shown), "figures": outcome_of(shown)}
    return render(request, "proposals/manage/proposal.html", context, status=409 if act else 200)


def _left_out(request: HttpRequest) -> dict[int, str]:
    """The rows whose box is ticked, with the reason beside each, or the one reason given for all."""
    numbers = [
        int(text) for text in request.POST.getlist("without") if text.isascii() and text.isdecimal() and len(text) < 8
    ]
    common = request.POST.get("without-reason", "")
    return {
        number: (request.POST.get(f"reason-{number}", "").strip() or common).replace("\0", "")[:255]
        for number in numbers
    }
