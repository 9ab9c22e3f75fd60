"""The dashboard of those who see participation: counts while a round runs, scores once the reader may see them.

Everything is shared by the readers of one scope and made once in a while (`reports.dashboard.bounded`). What is shared
holds no score before publication: scores that only an auditor sees are made for that auditor alone.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.clock import server_now
from accounts.models import Unit, UnitKind
from accounts.rights import Right
from contest.models import Round, RoundUnit
from contest.ranking import key_of
from reports.chosen import SignedInRequest, chosen_round
from reports.dashboard import pictures
from reports.dashboard.bounded import once_in_a_while
from reports.dashboard.trend import RoundTotals, opened_rounds, people_by_score, rates_of, totals_of
from reports.datasets.hours import hours_of
from reports.documents import local_text
from reports.participation import Figures, KindFigures, participation_of
from reports.scope import Scope, scope_of

T = TypeVar("T")

UNITS_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Live:
    """Counts of a round in a scope as of one instant; scores are not among them."""

    as_of: datetime
    total: Figures
    kinds: list[KindFigures]
    hours: list[dict[str, Any]]


@never_cache
@login_required
@require_GET
def dashboard(request: SignedInRequest) -> HttpResponse:
    """The page; for htmx, which asks once a minute while the round is open, its live part alone."""
    rounds, round, scope = chosen_round(request, Right.SEE_COUNTS)
    if round is None or scope is None:
        return render(request, "reports/no_rounds.html", {"title": _("Bảng điều hành")})
    live = shared("live", round, scope, lambda: live_of(round, scope))
    context = {"round": round, "unit": request.GET.get("unit", ""), **_live_context(round, live)}
    if getattr(request, "htmx", False):
        return render(request, "reports/_dashboard_live.html", context)
    opened = opened_rounds(round, rounds)
    context |= {
        "rounds": rounds,
        "sees_names": scope_of(request.user, round, Right.SEE_PEOPLE) is not None,
        **_trend_context(round, opened, scope),
        **_scores_context(round, scope),
        **_units_context(request, round, opened, scope),
    }
    return render(request, "reports/dashboard.html", context)


def live_of(round: Round, scope: Scope) -> Live:
    """Counts alone, whatever the reader may see: what is shared must hold no score."""
    counts = Scope(scope.unit_ids, scores=False)
    figures = participation_of(round, counts)
    return Live(figures.as_of, figures.total, figures.kinds, hours_of(round, counts))


def _live_context(round: Round, live: Live) -> dict[str, Any]:
    total, state = live.total, round.state_at(server_now())
    before = None if total.change is None else total.participants - total.change
    until = min(live.as_of, pictures.before_the_end(round.closes_at))
    return {
        "state": state,
        "is_open": state == "open",
        "total": total,
        "as_of": local_text(live.as_of),
        "closes": local_text(round.closes_at),
        "progress": pictures.participation_chart(total, before=before),
        "kinds": pictures.kinds_chart(live.kinds) if len(live.kinds) > 1 else None,
        "latest": pictures.latest_hours_chart(live.hours, until),
        "hours": pictures.hours_table(live.hours, until),
    }


def _trend_context(round: Round, opened: list[Round], scope: Scope) -> dict[str, Any]:
    states = [f"{one.pk}.{one.state}.{one.version}" for one in opened]

    def make() -> list[RoundTotals]:
        return totals_of(opened, scope)

    totals = shared("trend", round, scope, make, *states) if len(opened) > 1 else []
    return {"trend": pictures.trend_charts(totals) if len(totals) > 1 else []}


def _scores_context(round: Round, scope: Scope) -> dict[str, Any]:
    """The distribution of scores, shared once it is published."""
    if not (scope.scores and round.has_result):
        return {"scores": None}

    def make() -> dict[int, int]:
        return people_by_score(round, scope)

    people = shared("scores", round, scope, make) if round.is_published else make()
    return {"scores": pictures.scores_chart(people, full_marks=key_of(round).full_marks)}


def _units_context(request: SignedInRequest, round: Round, opened: list[Round], scope: Scope) -> dict[str, Any]:
    """The heat table: a page of the round's units in Vietnamese order, of one kind or below one parent if asked."""
    mine = RoundUnit.objects.filter(round=round)
    if scope.unit_ids is not None:
        mine = mine.filter(unit__in=list(scope.unit_ids))
    kinds = list(UnitKind.objects.filter(pk__in=mine.values("kind")))
    parents = list(Unit.objects.filter(pk__in=mine.values("parent")).order_by("sort_key").only("code", "name"))
    kind, parent = request.GET.get("kind", ""), request.GET.get("parent", "")
    page = _page(request, mine, kind=kind, parent=parent)
    units = [(place.unit_id, place.unit.name) for place in page]
    ids = [unit for unit, _name in units]
    states = [str(one.pk) for one in opened]
    rates = shared("rates", round, scope, lambda: rates_of(opened, ids), *states, "of", *map(str, ids))
    query = request.GET.copy()
    query.pop("page", None)
    return {
        "rates": pictures.rates_table([(one.pk, one.title) for one in opened], units, rates) if units else None,
        "page": page,
        "query": query.urlencode(),
        "unit_kinds": kinds,
        "parents": parents,
        "kind": kind,
        "parent": parent,
    }


def _page(request: SignedInRequest, places: QuerySet[RoundUnit], *, kind: str, parent: str) -> Page:
    if kind:
        places = places.filter(kind__pk=int(kind) if kind.isascii() and kind.isdigit() and len(kind) < 10 else 0)
    if parent:
        places = places.filter(parent__code=parent.replace("\x00", ""))
    ordered = places.select_related("unit").order_by("unit__sort_key", "unit_id")
    return Paginator(ordered, UNITS_PER_PAGE).get_page(request.GET.get("page"))


def shared(part: str, round: Round, scope: Scope, make: Callable[[], T], *more: str) -> T:
    """What every reader of this scope sees of the round in its present state, made once in a while."""
    units = "all" if scope.unit_ids is None else ",".join(map(str, sorted(scope.unit_ids)))
    told = "/".join([part, str(round.pk), round.state, str(round.version), str(scope.scores), units, *more])
    return once_in_a_while(f"dashboard:1:{hashlib.sha256(told.encode()).hexdigest()}", make)
