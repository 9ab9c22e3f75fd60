"""Pages of a ranked round: standings, publishing, making final, drawing lots."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.problems import Refused
from accounts.rights import Right, has_over
from accounts.text import search_key
from contest.manage.access import carried_out, page_context, page_of, round_for, words_of
from contest.models import Attempt, Round, Standing
from contest.ranking import Tie
from contest.services.results import finalise_round, publish_round, record_draw, undrawn_ties

PAGE_SIZE = 100


@require_POST
@login_required
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the result public, as provisional."""
    round = round_for(request, pk)
    carried_out(request, _("Đã công bố kết quả tạm thời."), publish_round, round=round)
    return redirect("manage-round", pk)


@require_POST
@login_required
def finalise(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the result final."""
    round = round_for(request, pk)
    carried_out(request, _("Đã chốt kết quả chính thức."), finalise_round, round=round)
    return redirect("manage-round", pk)


@require_safe
@login_required
def standings(request: HttpRequest, pk: int) -> HttpResponse:
    """All standings: the auditor's once ranked, organisers' and secretaries' after publication."""
    round = round_for(request, pk, right=Right.READ_RESULTS)
    if not round.has_result:
        raise Http404
    may_see = round.is_published or has_over(request.user, Right.READ_EARLY_RESULTS, round.contest.unit_id)
    words = words_of(request)
    page, query = _page_of_standings(request, round, words) if may_see else (None, "")
    return render(
        request,
        "manage/standings.html",
        page_context(round, "standings")
        | {
            "page": page,
            "query": query,
            "q": words,
            "decimals": round.rules["prediction"]["decimals"],
        },
    )


def _page_of_standings(request: HttpRequest, round: Round, words: str):
    """A page in stored order. Unfiltered pages are ranges of positions: the last is as quick as the first."""
    rows = (
        Standing.objects.filter(round=round).in_stored_order().select_related("attempt__user", "attempt__unit", "prize")
    )
    if words:
        return page_of(request, rows.filter(attempt__user__search_key__contains=search_key(words)), PAGE_SIZE)
    last = Standing.objects.filter(round=round).order_by("-position").values_list("position", flat=True).first() or 0
    page = Paginator(range(1, last + 1), PAGE_SIZE).get_page(request.GET.get("page"))
    positions = page.object_list
    page.object_list = list(rows.filter(position__range=(positions[0], positions[-1]))) if positions else []
    return page, ""


@require_http_methods(["GET", "POST"])
@login_required
def draws(request: HttpRequest, pk: int) -> HttpResponse:
    """The ties that wait for lots, each with a form for the order drawn, and the lots drawn so far."""
    round = round_for(request, pk)
    if not round.has_result:
        raise Http404
    ties = undrawn_ties(round)
    if request.method == "POST" and carried_out(
        request,
        _("Đã ghi kết quả bốc thăm."),
        _record,
        round=round,
        typed=_typed_draw(request, ties),
        minutes=request.POST.get("minutes", ""),
    ):
        return redirect("manage-draws", pk)
    drawn = list(round.draws.select_related("recorded_by"))
    titles = dict(round.prizes.values_list("code", "title"))
    people = _people(round, [entry for group in (*ties, *drawn) for entry in group.entries])
    return render(
        request,
        "manage/draws.html",
        page_context(round, "draws")
        | {
            "sent": request.POST.get("tie"),
            "minutes": request.POST.get("minutes", ""),
            "ties": [(tie, [titles[code] for code in tie.prizes], _rows(tie, people, request.POST)) for tie in ties],
            "drawn": [(draw, [(entry, people.get(entry)) for entry in draw.entries]) for draw in drawn],
        },
    )


def _typed_draw(request: HttpRequest, ties: list[Tie]) -> list[str] | None:
    """The entries of the tie that was sent, in the order typed; None when the numbers are no order."""
    tie = next((tie for tie in ties if tie.entries[0] == request.POST.get("tie")), None)
    if tie is None:
        return []
    places = {entry: request.POST.get(f"place-{entry}", "") for entry in tie.entries}
    if sorted(places.values()) != sorted(str(place) for place in range(1, len(places) + 1)):
        return None
    return sorted(places, key=lambda entry: int(places[entry]))


def _record(*, actor, round: Round, typed: list[str] | None, minutes: str) -> None:
    if typed is None:
        raise Refused(_("Cần ghi thứ tự 1, 2, 3… cho từng người, không trùng và không bỏ trống."))
    record_draw(round=round, actor=actor, entries=typed, minutes=minutes)


def _people(round: Round, entries: list[str]) -> dict[str, Attempt]:
    attempts = Attempt.objects.filter(round=round, entry__in=entries).select_related("user", "unit")
    return {attempt.entry: attempt for attempt in attempts}


def _rows(tie: Tie, people: dict[str, Attempt], typed: QueryDict) -> list[tuple[str, Attempt | None, str]]:
    """(entry, its attempt, what was typed as its place) of everybody in the tie."""
    return [(entry, people.get(entry), typed.get(f"place-{entry}", "")) for entry in tie.entries]
