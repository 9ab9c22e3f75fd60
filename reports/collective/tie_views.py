"""The page on which organisers record what the committee decided about units tied where a prize ends."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.problems import Refused
from accounts.rights import Right, has_over
from contest.models import Contest
from reports.chosen import SignedInRequest
from reports.collective.deciding import decide_tie
from reports.collective.ties import Tie, ties_of
from reports.models import CollectiveResult, DecisionMethod


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ties(request: SignedInRequest, pk: int) -> HttpResponse:
    """The ties of the latest frozen ranking, each with a form for the order decided, or with what was decided."""
    contest = get_object_or_404(Contest.objects.select_related("unit"), pk=pk)
    if not has_over(request.user, Right.READ_RESULTS, contest.unit_id):
        raise Http404
    may_act = has_over(request.user, Right.EDIT_CONTESTS, contest.unit_id)
    result = contest.collective_results.latest_first().first()
    if request.method == "POST":
        if not may_act:
            raise Http404
        if _decided(request, result):
            return redirect("report-collective-ties", pk)
    found = ties_of(result) if result else []
    context = {
        "contest": contest,
        "result": result,
        "may_act": may_act,
        "methods": DecisionMethod.choices,
        "waiting": [_form_of(tie, request.POST) for tie, decision in found if decision is None],
        "decided": [_as_decided(tie, decision) for tie, decision in found if decision is not None],
    }
    return render(request, "reports/collective_ties.html", context, status=422 if request.method == "POST" else 200)


def _decided(request: SignedInRequest, result: CollectiveResult | None) -> bool:
    """Record what was sent; a refusal becomes a message."""
    try:
        if result is None:
            raise Refused(_("Chưa chốt kết quả tập thể."))
        decide_tie(
            result=result,
            units=_order_sent(request.POST, [tie for tie, _decision in ties_of(result)]),
            method=request.POST.get("method", ""),
            reason=request.POST.get("reason", "")[:4000],
            actor=request.user,
        )
    except Refused as refused:
        for reason in refused.reasons:
            messages.error(request, str(reason))
        return False
    messages.success(request, _("Đã ghi quyết định về các đơn vị đồng hạng."))
    return True


def _order_sent(sent: QueryDict, ties: list[Tie]) -> list[int]:
    """The units of the tie that was sent, in the order typed. Raises Refused when the numbers are no order."""
    tie = next((tie for tie in ties if str(tie.units[0]) == sent.get("tie")), None)
    if tie is None:
        return []
    places = {unit: sent.get(f"place-{unit}", "").strip() for unit in tie.units}
    if sorted(places.values()) != sorted(str(place) for place in range(1, len(places) + 1)):
        raise Refused(_("Cần ghi thứ tự 1, 2, 3… cho từng đơn vị, không trùng và không bỏ trống."))
    return sorted(places, key=lambda unit: int(places[unit]))


def _form_of(tie: Tie, sent: QueryDict) -> dict[str, Any]:
    """A tie that waits, with what was typed for it."""
    is_sent = sent.get("tie") == str(tie.units[0])
    return {
        "tie": tie,
        "key": tie.units[0],
        "rows": [(unit_id, one, sent.get(f"place-{unit_id}", "") if is_sent else "") for unit_id, one in tie.rows],
        "method": sent.get("method", "") if is_sent else "",
        "reason": sent.get("reason", "") if is_sent else "",
    }


def _as_decided(tie: Tie, decision: Any) -> dict[str, Any]:
    """A tie with its decision: the units in the order decided, each with the prize it got."""
    units = dict(tie.rows)
    prizes = [*tie.prizes, *[""] * len(units)]
    return {
        "tie": tie,
        "decision": decision,
        "rows": [(units[unit_id], prizes[place]) for place, unit_id in enumerate(decision.units)],
    }
