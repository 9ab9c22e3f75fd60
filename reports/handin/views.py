"""Pages of frozen reports: the weekly and the final one, their files, and who issues the documents."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Unit, User
from accounts.problems import Problem, Refused
from accounts.rights import Right, has, units_with
from contest.models import Contest, Round
from reports.chosen import SignedInRequest
from reports.freezing import freeze_final_report, freeze_round_report
from reports.handin import pictures, reading
from reports.handin.content import PAPER_KINDS, formats_of
from reports.handin.forms import FileForm, IssuingBodyForm
from reports.handin.readers import Reading, may_freeze, read_report, report_for
from reports.handin.tables import notes_of
from reports.issuing import issuing_body_of, save_issuing_body
from reports.models import ExportKind, RoundReport
from reports.outdated import outdated_among
from reports.problems import ExportNotAllowed, TooManyExports
from reports.scope import rounds_for
from reports.services import request_report_export
from reports.unit_table import PAGE_SIZE

MOST_VERSIONS = 20

# --- Pages ------------------------------------------------------------------------------------------


@never_cache
@login_required
@require_GET
def weekly(request: SignedInRequest, pk: int) -> HttpResponse:
    """The report of a round: the newest frozen one, or `?number=`; of a department with `?unit=`."""
    round = _round(request, pk)
    return _page(request, round.contest, round)


@never_cache
@login_required
@require_GET
def final(request: SignedInRequest, pk: int) -> HttpResponse:
    """The report over a contest."""
    return _page(request, _contest(request, pk), None)


def _page(request: SignedInRequest, contest: Contest, round: Round | None) -> HttpResponse:
    unit_code, number = request.GET.get("unit", "").replace("\x00", ""), _number(request)
    report = report_for(request.user, contest=contest, round=round, unit_code=unit_code, number=number)
    seen = read_report(request.user, report) if report else None
    if seen is None and (report is not None or unit_code or number is not None):
        raise Http404
    freezable = _freezable(request.user, contest)
    context = {
        "contest": contest,
        "round": round,
        "title": _("Báo cáo %(round)s") % {"round": round.title} if round else _("Báo cáo tổng kết"),
        "freezable": freezable,
        "sees_names": has(request.user, Right.SEE_PEOPLE),
        "edits_issuer": _organised(request.user).filter(pk=contest.pk).exists(),
        **(_shown(request, seen) if seen else {}),
        "may_freeze": seen is not None and seen.report.unit in freezable,
    }
    return render(request, "reports/report.html" if seen else "reports/report_none.html", context)


def _shown(request: SignedInRequest, seen: Reading) -> dict[str, Any]:
    dataset, report = seen.dataset, seen.report
    data = reading.with_values(dataset)
    query = request.GET.copy()
    query.pop("page", None)
    versions = RoundReport.objects.filter(contest=report.contest, round=report.round, unit=report.unit)
    found = list(versions.without_dataset().latest_first()[:MOST_VERSIONS])
    old = outdated_among([report, *found])
    shown = {
        "report": report,
        "outdated": old.get(report.pk),
        "outdated_versions": old.keys(),
        "seen": seen,
        "data": data,
        "page": Paginator(data["units"], PAGE_SIZE).get_page(request.GET.get("page")),
        "query": query.urlencode(),
        "versions": found,
        "scored": seen.scores,
    }
    if not seen.whole:
        return shown
    return shown | {
        "scored": reading.has_scores(dataset),
        "changed": reading.has_change(dataset),
        "full": reading.units_named(dataset, "full_units"),
        "lowest": reading.units_named(data, "lowest_units"),
        "silent": reading.silent_units(dataset),
        "charts": pictures.charts_of(dataset),
        "heat": pictures.heat_of(dataset),
        "notes": notes_of(dataset),
        "files": _files(request.user, report),
    }


def _files(user: User, report: RoundReport) -> list[dict[str, Any]]:
    """The files on offer, each kind with its formats."""
    kinds = [ExportKind.FINAL_REPORT if report.is_final else ExportKind.WEEKLY_REPORT]
    if not report.is_final and report.unit_id == report.contest.unit_id and may_freeze(user, report.unit_id):
        kinds += PAPER_KINDS
    return [{"kind": kind.value, "label": kind.label, "formats": formats_of(kind)} for kind in kinds]


# --- Acts -------------------------------------------------------------------------------------------


@login_required
@require_POST
def weekly_freeze(request: SignedInRequest, pk: int) -> HttpResponse:
    round = _round(request, pk)
    return _freeze(request, round.contest, round)


@login_required
@require_POST
def final_freeze(request: SignedInRequest, pk: int) -> HttpResponse:
    return _freeze(request, _contest(request, pk), None)


def _freeze(request: SignedInRequest, contest: Contest, round: Round | None) -> HttpResponse:
    units = _freezable(request.user, contest)
    wanted = request.POST.get("unit", "")
    unit = next((unit for unit in units if wanted in ("", unit.code)), None)
    if unit is None:
        raise Http404
    address = _address(contest, round)
    try:
        if round:
            report = freeze_round_report(round=round, unit=unit, actor=request.user)
        else:
            report = freeze_final_report(contest=contest, unit=unit, actor=request.user)
    except Refused as refused:
        for reason in refused.reasons:
            messages.error(request, str(reason))
        return redirect(address)
    messages.success(request, _("Số liệu mới nhất là bản số %(number)s.") % {"number": report.number})
    return redirect(f"{address}?unit={unit.code}" if unit.pk != contest.unit_id else address)


@login_required
@require_POST
def request_file(request: SignedInRequest) -> HttpResponse:
    """Ask for a file of a frozen report; it is made as a job like every other file."""
    form = FileForm(request.POST)
    if not form.is_valid():
        raise Http404
    wish = form.cleaned_data
    reports = RoundReport.objects.select_related("contest__unit", "round", "unit__parent")
    report = get_object_or_404(reports, pk=wish["report"])
    try:
        request_report_export(actor=request.user, **wish | {"report": report})
    except ExportNotAllowed:
        raise Http404 from None
    except Problem as problem:
        messages.error(request, str(problem.detail))
        too_many = isinstance(problem, TooManyExports)
        return redirect("report-exports" if too_many else _version(report))
    messages.success(request, _("Đã nhận yêu cầu. Tệp sẽ sẵn sàng tải về sau ít phút."))
    return redirect("report-exports")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def issuing_body(request: SignedInRequest, pk: int) -> HttpResponse:
    """Who issues and signs the contest's documents; its organisers only."""
    contest = get_object_or_404(_organised(request.user), pk=pk)
    body = issuing_body_of(contest)
    form = IssuingBodyForm(request.POST or None, instance=body)
    if request.method == "POST" and form.is_valid():
        save_issuing_body(body=form.instance, actor=request.user)
        messages.success(request, _("Đã lưu thông tin cơ quan ban hành."))
        return redirect("report-issuing-body", contest.pk)
    context = {"contest": contest, "form": form, "stored": body.pk is not None, "sections": _sections(form)}
    return render(request, "reports/issuing_body.html", context, status=400 if form.errors else 200)


def _sections(form: IssuingBodyForm) -> list[tuple[str, list[Any]]]:
    parts = [
        (_("Cơ quan ban hành"), ("superior", "name", "place")),
        (_("Ký hiệu văn bản"), ("report_symbol", "decision_symbol", "minutes_symbol")),
        (
            _("Người ký"),
            ("authority", "signer_title", "signer_name", "decides", "second_title", "second_name"),
        ),
        (_("Căn cứ và nơi nhận"), ("legal_bases", "recipients")),
    ]
    return [(title, [form[name] for name in names]) for title, names in parts]


# --- What is fetched --------------------------------------------------------------------------------


def _round(request: SignedInRequest, pk: int) -> Round:
    """A round within the person's figures. Raises Http404."""
    return get_object_or_404(rounds_for(request.user, Right.SEE_COUNTS).select_related("contest__unit"), pk=pk)


def _contest(request: SignedInRequest, pk: int) -> Contest:
    """A contest with such a round. Raises Http404."""
    contests = rounds_for(request.user, Right.SEE_COUNTS).values("contest")
    return get_object_or_404(Contest.objects.filter(pk__in=contests).select_related("unit"), pk=pk)


def _organised(user: User) -> Any:
    units = units_with(user, Right.EDIT_CONTESTS)
    return Contest.objects.organised_in(units).select_related("unit__parent")


def _freezable(user: User, contest: Contest) -> list[Unit]:
    """The units over which the person may freeze a report: the contest's own, else the topmost of theirs below it."""
    units = units_with(user, Right.FREEZE_REPORTS)
    if units.filter(pk=contest.unit_id).exists():
        return [contest.unit]
    below = Unit.objects.at_or_below([contest.unit_id]).values("pk")
    mine = list(units.filter(pk__in=below).select_related("parent"))
    ids = {unit.pk for unit in mine}
    return sorted((unit for unit in mine if unit.parent_id not in ids), key=lambda unit: unit.code)


def _number(request: SignedInRequest) -> int | None:
    text = request.GET.get("number", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Http404
    return int(text)


def _version(report: RoundReport) -> str:
    """This very version, which need not be the newest."""
    query = urlencode({"unit": report.unit.code, "number": report.number})
    return f"{_address(report.contest, report.round)}?{query}"


def _address(contest: Contest, round: Round | None) -> str:
    return reverse("report-weekly", args=[round.pk]) if round else reverse("report-final", args=[contest.pk])
