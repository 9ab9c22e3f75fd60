"""Pages of the ranking of units, of each unit's calculation, and of the proposals for awards."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.problems import Problem, Refused
from accounts.rights import Right, has_over, units_with
from contest.collective import definition_of, words_of_rule
from contest.models import Contest, RoundUnit
from contest.models.collective import CollectiveInput
from reports.chosen import SignedInRequest
from reports.collective.awards import awards_of
from reports.collective.computing import BEST_CLIP, CLIPS
from reports.collective.documents import inputs_shown, method_of, prize_of, ranking_to_show, why_unranked
from reports.collective.freezing import Ranking, freeze_collective, frozen_ranking, publish_collective
from reports.collective.inputs import published_rounds
from reports.handin.readers import may_freeze
from reports.models import SIGNED_FORMATS, CollectiveResult, ExportKind
from reports.outdated import ranking_outdated
from reports.problems import ExportNotAllowed, TooManyExports
from reports.services import request_export

PAGE_SIZE = 100
MOST_OWN = 20  # units listed above the ranking; who looks after more finds them in it


@dataclass(frozen=True, slots=True)
class Shown:
    """The ranking as one reader may see it. `own` None is every unit; else the units whose points they see."""

    contest: Contest
    ranking: Ranking
    result: CollectiveResult | None
    own: frozenset[int] | None
    may_act: bool

    def sees(self, unit_id: int) -> bool:
        return self.own is None or unit_id in self.own


def _shown(request: SignedInRequest, pk: int) -> Shown:
    """Who reads the contest's results sees all; a coordinator, once it is published, the ranks and their own.

    Raises Http404.
    """
    contest = get_object_or_404(Contest.objects.select_related("unit"), pk=pk)
    if has_over(request.user, Right.READ_RESULTS, contest.unit_id):
        ranking, result = ranking_to_show(contest)
        may_act = has_over(request.user, Right.EDIT_CONTESTS, contest.unit_id)
        return Shown(contest, ranking, result, None, may_act)
    own = frozenset(units_with(request.user, Right.SEE_COUNTS).values_list("pk", flat=True))
    taking_part = RoundUnit.objects.filter(round__in=published_rounds(contest), unit__in=own)
    result = contest.collective_results.published().latest_first().first()
    if not own or result is None or not taking_part.exists():
        raise Http404
    return Shown(contest, frozen_ranking(result), result, own, may_act=False)


@never_cache
@login_required
@require_GET
def collective(request: SignedInRequest, pk: int) -> HttpResponse:
    """The ranking by group. Before it is frozen it is provisional, and only for who reads the results."""
    shown = _shown(request, pk)
    standings: Any = shown.ranking.standings  # they are counted and sliced: all that a paginator asks of a list
    page = Paginator(standings, PAGE_SIZE).get_page(request.GET.get("page"))
    own = standings.of_units(shown.own) if shown.own is not None and len(shown.own) <= MOST_OWN else []
    rounds = published_rounds(shown.contest)
    context = _context(shown) | {
        "page": page,
        "rows": [_row(shown, unit_id, one) for unit_id, one in page],
        "own": [_row(shown, unit_id, one) for unit_id, one in own],
        "last_round": rounds[-1] if rounds else None,
        "undecided": standings.has_undecided,
    }
    return render(request, "reports/collective.html", context)


def _context(shown: Shown) -> dict[str, Any]:
    rule = shown.ranking.rule
    return {
        "contest": shown.contest,
        "rule": rule,
        "words": words_of_rule(rule) if rule["is_held"] else None,
        "rounds": shown.ranking.rounds,
        "result": shown.result,
        "sees_all": shown.own is None,
        "may_act": shown.may_act,
        "is_outdated": shown.own is None and shown.result is not None and ranking_outdated(shown.result),
        "digest": shown.result.digest if shown.result else shown.ranking.digest,
    }


def _row(shown: Shown, unit_id: int, one: dict[str, Any]) -> dict[str, Any]:
    return {
        **one,
        "unit_id": unit_id,
        "sees": shown.sees(unit_id),
        "total": Decimal(one["total"]),
        "prize_text": prize_of(one),
        "why": why_unranked(one["unranked"]),
        "decided_how": method_of(one["decision"]) if "decision" in one else "",
    }


@never_cache
@login_required
@require_GET
def calculation(request: SignedInRequest, pk: int, unit_pk: int) -> HttpResponse:
    """A unit's points line by line. Raises Http404 for a unit that the reader may not see."""
    shown = _shown(request, pk)
    found = shown.ranking.standings.of_units([unit_pk]) if shown.sees(unit_pk) else []
    if not found or not shown.ranking.rule["is_held"]:
        raise Http404
    ((_unit, one),) = found
    used = inputs_shown(shown.ranking)
    lines = [_line(line) for line in one["lines"] if line["input"] in used]
    context = _context(shown) | {"one": _row(shown, unit_pk, one), "lines": lines}
    return render(request, "reports/collective_unit.html", context)


def _line(line: dict[str, Any]) -> dict[str, Any]:
    input = CollectiveInput(line["input"])
    return {
        "label": input.label,
        "definition": definition_of(input),
        "value": None if line["value"] is None else Decimal(line["value"]),
        "weight": line["weight"],
        "points": Decimal(line["points"]),
        "is_penalty": input == CollectiveInput.ZERO,
        "parts": [_part(*part) for part in line["parts"]],
        "places": 2 if input in (CollectiveInput.SCORE, CollectiveInput.CLIP_SCORE) else 0,
    }


def _part(of: str, number: str, base: str) -> dict[str, Any]:
    names = {CLIPS: _("Video được nhận vào vòng chấm"), BEST_CLIP: _("Video có điểm cao nhất")}
    return {"of": names.get(of, of), "number": Decimal(number), "base": Decimal(base) if base else None}


@login_required
@require_POST
def freeze(request: SignedInRequest, pk: int) -> HttpResponse:
    """Compute the ranking and keep it; computing it again with the same figures keeps the same version."""
    contest = _organised(request, pk)
    before = contest.collective_results.latest_first().first()
    try:
        result = freeze_collective(contest=contest, actor=request.user)
    except Refused as refused:
        for reason in refused.reasons:
            messages.error(request, str(reason))
    else:
        if before is not None and before.pk == result.pk:
            messages.info(request, _("Đã tính lại: kết quả không đổi, mã băm trùng với bản đã chốt."))
        else:
            messages.success(request, _("Đã chốt kết quả tập thể, bản %(version)s.") % {"version": result.version})
    return redirect("report-collective", pk)


@login_required
@require_POST
def publish(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let coordinators see the frozen ranking that was looked at; the service refuses it once there is a newer one."""
    contest = _organised(request, pk)
    version = request.POST.get("version", "")
    is_number = version.isascii() and version.isdigit() and len(version) < 10
    result = contest.collective_results.filter(version=version).first() if is_number else None
    if result is None:
        messages.error(request, _("Chưa chốt kết quả tập thể."))
        return redirect("report-collective", pk)
    try:
        publish_collective(result=result, actor=request.user)
    except Refused as refused:
        for reason in refused.reasons:
            messages.error(request, str(reason))
    else:
        messages.success(request, _("Đã công bố kết quả tập thể cho các đơn vị."))
    return redirect("report-collective", pk)


def _organised(request: SignedInRequest, pk: int) -> Contest:
    contest = get_object_or_404(Contest.objects.select_related("unit"), pk=pk)
    if not has_over(request.user, Right.EDIT_CONTESTS, contest.unit_id):
        raise Http404
    return contest


@never_cache
@login_required
@require_GET
def awards(request: SignedInRequest, pk: int) -> HttpResponse:
    """Whom the organisers propose for awards, for those who read the contest's results."""
    shown = _shown(request, pk)
    if shown.own is not None:
        raise Http404
    found = awards_of(shown.contest, shown.ranking)
    perfect: Any = found.perfect  # counted and sliced
    rounds = published_rounds(shown.contest)
    context = _context(shown) | {
        "awards": found,
        "prized": [_row(shown, 0, one) for one in found.prized_units],
        "full": found.full_units[:PAGE_SIZE],
        "more_full": max(0, len(found.full_units) - PAGE_SIZE),
        "perfect": Paginator(perfect, PAGE_SIZE).get_page(request.GET.get("page")),
        "last_round": rounds[-1] if rounds else None,
        "signed_formats": SIGNED_FORMATS if may_freeze(request.user, shown.contest.unit_id) else (),
    }
    return render(request, "reports/awards.html", context)


@login_required
@require_POST
def awards_paper(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for the proposals as the document that is signed; it is made as a job like every other file."""
    contest = get_object_or_404(Contest.objects.select_related("unit"), pk=pk)
    rounds = published_rounds(contest)
    if not may_freeze(request.user, contest.unit_id):
        raise Http404
    try:
        if not rounds:
            raise Refused(_("Chưa có tuần thi nào công bố kết quả."))
        format = request.POST.get("format", "")
        if format not in SIGNED_FORMATS:
            raise Http404
        request_export(actor=request.user, kind=ExportKind.AWARD_PROPOSALS, round=rounds[-1], format=format)
    except ExportNotAllowed:
        raise Http404 from None
    except (Problem, Refused) as problem:
        messages.error(request, str(problem.detail))
        return redirect("report-exports") if isinstance(problem, TooManyExports) else redirect("report-awards", pk)
    messages.success(request, _("Đã nhận yêu cầu. Tệp sẽ sẵn sàng tải về sau ít phút."))
    return redirect("report-exports")
