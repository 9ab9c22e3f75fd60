"""Pages of the reports: participation, who has not taken part, files."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.clock import server_now
from accounts.models import Unit
from accounts.rights import Right, has, units_with
from contest.models import Round
from reports.absentees import Absentees
from reports.chosen import SignedInRequest, chosen_round, rounds_within
from reports.collective.inputs import may_see_ranking
from reports.documents import account_of, local_text, participation_notes, status_of
from reports.exports.files import CONTENT_TYPES
from reports.forms import ExportForm
from reports.models import CONTEST_KINDS, Export, ExportKind, RoundReport
from reports.outdated import outdated_among
from reports.participation import participation_of
from reports.problems import ExportNotAllowed, TooManyExports
from reports.reminders import reminder_of
from reports.scope import may_see_standings, scope_of
from reports.services import cancel_export, fetch_export, request_export
from reports.unit_table import UnitTable

PAGE_SIZE = 50


@never_cache
@login_required
@require_GET
def participation(request: SignedInRequest) -> HttpResponse:
    rounds, round, scope = chosen_round(request, Right.SEE_COUNTS)
    if round is None or scope is None:
        return render(request, "reports/no_rounds.html", {"title": _("Kết quả tham gia")})
    figures = participation_of(round, scope)
    context = {
        "rounds": rounds,
        "round": round,
        "state": round.state_at(figures.as_of),
        "participation": figures,
        "total": figures.total,
        "table": UnitTable(figures, request.GET),
        "closes": local_text(round.closes_at),
        "as_of": local_text(figures.as_of),
        "unit": request.GET.get("unit", ""),
        "notes": participation_notes(figures),
        "sees_names": scope_of(request.user, round, Right.SEE_PEOPLE) is not None,
        "sees_ranking": may_see_ranking(request.user, round.contest),
    }
    return render(request, "reports/participation.html", context)


@never_cache
@login_required
@require_GET
def nonparticipants(request: SignedInRequest) -> HttpResponse:
    rounds, round, scope = chosen_round(request, Right.SEE_PEOPLE)
    if round is None or scope is None:
        return render(request, "reports/no_rounds.html", {"title": _("Người chưa tham gia")})
    search, unit = request.GET.get("q", "").replace("\x00", ""), request.GET.get("unit", "")
    absentees: Any = Absentees(round, scope, search)  # it counts and slices: all that a paginator asks of a list
    people = Paginator(absentees, PAGE_SIZE).get_page(request.GET.get("page"))
    units = _units_of(request, round)
    now = server_now()
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "rounds": rounds,
        "round": round,
        "state": round.state_at(now),
        "people": people,
        "rows": [(person, account_of(person), status_of(person)) for person in people],
        "units": units,
        "unit": unit,
        "unit_name": next((one.name for one in units if one.code == unit), ""),
        "reminder": _reminder(round, round.state_at(now), people.paginator.count, units, unit) if not search else "",
        "search": search,
        "query": query.urlencode(),
        "closes": local_text(round.closes_at),
        "as_of": local_text(now),
    }
    return render(request, "reports/nonparticipants.html", context)


def _reminder(round: Round, state: str, missing: int, units: list[Unit], unit: str) -> str:
    """The text for a chat group, of the unit that is shown or of all; "" when there is nobody to remind."""
    shown = [one.name for one in units if unit in ("", one.code)]
    name = shown[0] if len(shown) == 1 else ""
    return reminder_of(round, missing=missing, unit_name=name) if missing and state == "open" else ""


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def exports(request: SignedInRequest) -> HttpResponse:
    """The person's files and the form that asks for one; for htmx the list alone."""
    rounds = list(rounds_within(request, Right.SEE_COUNTS))
    kinds = _kinds_for(request, rounds)
    form = ExportForm(request.POST or None, rounds=rounds, kinds=kinds, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid() and _request_export(request, form):
        return redirect("report-exports")
    files = list(Export.objects.of(request.user).latest_first()[:PAGE_SIZE])
    context = {
        "files": files,
        "outdated": _outdated_files(files),
        "form": form,
        "rounds": rounds,
        "any_live": any(file.is_live for file in files),
        "sees_names": ExportKind.NONPARTICIPANTS in kinds,
    }
    page = "reports/_exports.html" if getattr(request, "htmx", False) else "reports/exports.html"
    return render(request, page, context, status=400 if form.errors else 200)


def _outdated_files(files: list[Export]) -> set[Any]:
    """The ids of files that were made from figures which are older than the results now."""
    of_report = {file.pk: file.parameters["report"] for file in files if "report" in file.parameters}
    if not of_report:
        return set()
    reports = RoundReport.objects.filter(pk__in=of_report.values()).without_dataset()
    old = outdated_among(reports)
    return {file_id for file_id, report_id in of_report.items() if report_id in old}


@login_required
@require_POST
def export_cancel(request: SignedInRequest, export_id) -> HttpResponse:
    export = get_object_or_404(Export.objects.of(request.user), pk=export_id)
    if not cancel_export(export=export, actor=request.user):
        messages.warning(request, _("Tệp này không còn ở trạng thái hủy được."))
    return redirect("report-exports")


@never_cache
@login_required
@require_GET
def export_download(request: SignedInRequest, export_id) -> FileResponse:
    export = get_object_or_404(Export.objects.of(request.user), pk=export_id)
    try:
        path = fetch_export(export=export, actor=request.user)
        # FileResponse closes the file.
        response = FileResponse(open(path, "rb"), content_type=CONTENT_TYPES[export.format])  # noqa: SIM115
    except (ExportNotAllowed, FileNotFoundError):
        raise Http404 from None
    response["Content-Disposition"] = content_disposition_header(True, export.download_name)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _units_of(request: SignedInRequest, round: Round) -> list[Unit]:
    """The units whose people the person may see by name, in Vietnamese order."""
    mine = units_with(request.user, Right.SEE_PEOPLE)
    return list(mine.filter(round_units__round=round).order_by("sort_key"))


def _kinds_for(request: SignedInRequest, rounds: list[Round]) -> list[ExportKind]:
    kinds = [ExportKind.PARTICIPATION]
    any_published = any(round.is_published for round in rounds)
    if has(request.user, Right.SEE_PEOPLE):
        kinds += [ExportKind.NONPARTICIPANTS, *([ExportKind.STAFF_RESULTS] if any_published else [])]
    if has(request.user, Right.READ_UNIT_REPORTS) and any_published:
        kinds.append(ExportKind.UNIT_REPORTS)
    published = {round.contest_id: round for round in rounds if round.is_published}
    if any(may_see_standings(request.user, round) for round in published.values()):
        kinds += [ExportKind.STANDINGS, *CONTEST_KINDS]
    return kinds


def _request_export(request: SignedInRequest, form: ExportForm) -> bool:
    """Hand the wish to the service; a refusal becomes the form's error."""
    wish = form.cleaned_data
    round = Round.objects.select_related("contest").filter(pk=wish["round"]).first()
    try:
        if round is None:
            raise ExportNotAllowed
        request_export(
            actor=request.user, kind=wish["kind"], round=round, format=wish["format"], unit_code=wish["unit"]
        )
    except (ExportNotAllowed, TooManyExports) as problem:
        form.add_error(None, str(problem.detail))
        return False
    messages.success(request, _("Đã nhận yêu cầu. Tệp sẽ sẵn sàng tải về sau ít phút."))
    return True
