"""The people behind a unit's figures: whose paper scored nothing, and reminding those who have not taken part."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.problems import Refused
from accounts.rights import Right, has
from contest.models.round import PUBLIC_RESULT_STATES
from reports.chosen import SignedInRequest
from reports.scope import rounds_for, scope_of
from reports.unit_reports.reminding import remind_people
from reports.unit_reports.views import PAGE_SIZE
from reports.zero_papers import ZeroPapers


@never_cache
@login_required
@require_safe
def zero_papers(request: SignedInRequest) -> HttpResponse:
    """Zero papers by name, within what the person may see: only of rounds with a published result."""
    if not has(request.user, Right.SEE_PEOPLE):
        raise Http404
    rounds = list(rounds_for(request.user, Right.SEE_PEOPLE).filter(state__in=PUBLIC_RESULT_STATES))
    wanted = request.GET.get("round", "")
    if not rounds and not wanted:
        return render(request, "reports/unit_reports/no_zero_papers.html")
    round = next((one for one in rounds if not wanted or str(one.pk) == wanted), None)
    unit, search = (request.GET.get(name, "").replace("\0", "")[:200] for name in ("unit", "q"))
    scope = scope_of(request.user, round, Right.SEE_PEOPLE, unit_code=unit) if round else None
    if round is None or scope is None:
        raise Http404
    papers: Any = ZeroPapers(round, scope, search)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "rounds": rounds,
        "round": round,
        "unit": unit,
        "search": search,
        "page": Paginator(papers, PAGE_SIZE).get_page(request.GET.get("page")),
        "query": query.urlencode(),
    }
    return render(request, "reports/unit_reports/zero_papers.html", context)


@login_required
@require_POST
def remind(request: SignedInRequest, round_id: int) -> HttpResponse:
    """Remind the people of the person's units, or of one of them, who have not taken part."""
    round = get_object_or_404(rounds_for(request.user, Right.SEE_PEOPLE), pk=round_id)
    unit = request.POST.get("unit", "").replace("\0", "")[:200]
    scope = scope_of(request.user, round, Right.SEE_PEOPLE, unit_code=unit)
    if scope is None:
        raise Http404
    try:
        number = remind_people(round=round, scope=scope, actor=request.user)
    except Refused as refused:
        messages.error(request, str(refused.detail))
    else:
        if number:
            text = ngettext("Đã nhắc %(number)s người.", "Đã nhắc %(number)s người.", number)
            messages.success(request, text % {"number": number})
        else:
            messages.info(request, _("Mọi người ở đây đã được nhắc hôm nay, hoặc không còn ai để nhắc."))
    response = redirect("report-nonparticipants")
    response["Location"] += "?" + urlencode({"round": round.pk} | ({"unit": unit} if unit else {}))
    return response
