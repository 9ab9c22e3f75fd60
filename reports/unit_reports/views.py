"""Pages of units' reports: who has and has not sent, one unit's report, and what the secretary does with it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.clock import server_now
from accounts.problems import Refused
from accounts.rights import Right, has, has_over, units_with
from contest.models import Round, RoundUnit
from reports.chosen import SignedInRequest
from reports.datasets.rows import values_of
from reports.models import ReportState, UnitReport
from reports.unit_reports.access import Access, access_of, readable_units, reported_rounds
from reports.unit_reports.deadlines import deadline_of, set_deadline
from reports.unit_reports.figures import unit_dataset, units_below
from reports.unit_reports.forms import CommentForm, DeadlineForm, RemarksForm
from reports.unit_reports.overview import FILTERS, WORDS, overview_of, to_do_ids
from reports.unit_reports.reminding import remind_units
from reports.unit_reports.services import accept_report, return_report, save_draft, send_report, stamp_of
from reports.unit_reports.versions import Versions, versions_of

PAGE_SIZE = 50
ACTS = {"accept": accept_report, "return": return_report}


# --- Who has and has not sent -------------------------------------------------------------------------


@never_cache
@login_required
@require_safe
def unit_reports(request: SignedInRequest) -> HttpResponse:
    """The units within the person's scope with the state of their reports, of one round."""
    if not has(request.user, Right.READ_UNIT_REPORTS):
        raise Http404
    rounds = list(reported_rounds(request.user))
    if not rounds and not request.GET.get("round"):
        return render(request, "reports/unit_reports/none.html")
    round = _round_asked_for(request, rounds)
    overview = overview_of(round, readable_units(request.user))
    wanted = {name: request.GET.get(name, "").replace("\0", "")[:200] for name in ("show", "parent", "q")}
    lines = overview.chosen(show=wanted["show"], parent=wanted["parent"], search=wanted["q"])
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "rounds": rounds,
        "round": round,
        "overview": overview,
        "counts": overview.counts,
        "page": Paginator(lines, PAGE_SIZE).get_page(request.GET.get("page")),
        "query": query.urlencode(),
        "filters": FILTERS,
        "wanted": wanted,
        "now": server_now(),
        "chases": has(request.user, Right.RETURN_UNIT_REPORT),
        "sets_deadline": has_over(request.user, Right.SET_REPORT_DEADLINE, round.contest.unit_id),
        "sees_names": has(request.user, Right.SEE_PEOPLE),
    }
    return render(request, "reports/unit_reports/list.html", context)


def _round_asked_for(request: SignedInRequest, rounds: list[Round]) -> Round:
    wanted = request.GET.get("round", "")
    if not wanted:
        return rounds[0]
    for round in rounds:
        if str(round.pk) == wanted:
            return round
    raise Http404


@login_required
@require_POST
def remind(request: SignedInRequest, round_id: int) -> HttpResponse:
    """Remind all coordinators within the secretary's scope whose units have not sent."""
    units = units_with(request.user, Right.RETURN_UNIT_REPORT)
    round = get_object_or_404(reported_rounds(request.user), pk=round_id)
    if not RoundUnit.objects.filter(round=round, unit__in=units).exists():
        raise Http404
    missing = to_do_ids(overview_of(round, units).lines)
    if not missing:
        messages.info(request, _("Mọi đơn vị đã gửi báo cáo, không còn ai để nhắc."))
        return _back_to_list(round)
    try:
        reminded = remind_units(round=round, units=missing, actor=request.user)
    except Refused as refused:
        messages.error(request, str(refused.detail))
        return _back_to_list(round)
    if reminded.told:
        text = ngettext("Đã nhắc %(told)s đầu mối.", "Đã nhắc %(told)s đầu mối.", reminded.told)
        messages.success(request, text % {"told": reminded.told})
    if reminded.already:
        text = ngettext(
            "%(already)s đầu mối đã được nhắc trong hôm nay nên không nhắc lại.",
            "%(already)s đầu mối đã được nhắc trong hôm nay nên không nhắc lại.",
            reminded.already,
        )
        messages.info(request, text % {"already": reminded.already})
    return _back_to_list(round)


def _back_to_list(round: Round) -> HttpResponse:
    response = redirect("unit-reports")
    response["Location"] += f"?round={round.pk}"
    return response


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deadline(request: SignedInRequest, round_id: int) -> HttpResponse:
    """By when the units report: for the contest's organisers and secretaries."""
    round = get_object_or_404(reported_rounds(request.user), pk=round_id)
    if not has_over(request.user, Right.SET_REPORT_DEADLINE, round.contest.unit_id):
        raise Http404
    form = DeadlineForm(request.POST or None, initial={"due_at": deadline_of(round)})
    if request.method == "POST" and form.is_valid():
        try:
            set_deadline(round=round, due_at=form.cleaned_data["due_at"], actor=request.user)
            messages.success(request, _("Đã đổi hạn gửi báo cáo."))
            return _back_to_list(round)
        except Refused as refused:
            form.add_error("due_at", str(refused.detail))
    status = 422 if request.method == "POST" else 200
    return render(request, "reports/unit_reports/deadline.html", {"round": round, "form": form}, status=status)


# --- One unit's report --------------------------------------------------------------------------------


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def unit_report(request: SignedInRequest, round_id: int, unit_id: int) -> HttpResponse:
    """A unit's report: its figures, the remarks to write or to read, earlier versions, and the secretary's part."""
    row = _round_unit(request, round_id, unit_id)
    access = access_of(request.user, row, has_units_below=units_below(row.round, row.unit).exists())
    versions = versions_of(row)
    form = None
    if request.method == "POST":
        if not access.writes:
            raise Http404
        form = RemarksForm(request.POST)
        if form.is_valid() and _written(request, row, form):
            return redirect("unit-report", row.round_id, row.unit_id)
    elif access.writes and versions.is_open:
        form = RemarksForm.of(versions.latest, stamp_of(versions.draft))
    context = _report_context(request, row, access, versions) | {"form": form}
    return render(request, "reports/unit_reports/report.html", context, status=422 if request.method == "POST" else 200)


def _report_context(request: SignedInRequest, row: RoundUnit, access: Access, versions: Versions) -> dict[str, Any]:
    current, due = versions.current, deadline_of(row.round)
    # Whoever may still write sees the figures of this moment; so does everybody where nothing has been sent.
    is_live = current is None or (versions.is_open and access.writes)
    dataset = unit_dataset(row.round, row.unit) if is_live or current is None else current.dataset
    return {
        "round": row.round,
        "unit": row.unit,
        "access": access,
        "comment_form": CommentForm(initial={"version": current.version}) if current else None,
        "draft": versions.draft,
        "current": current,
        "earlier": versions.sent[:-1][::-1],
        "is_live": is_live,
        "total": values_of(dataset["total"]),
        "units": [values_of(one) for one in dataset["units"]],
        "below": [one | {"words": WORDS[one["state"]]} for one in dataset["below"]],
        "due_at": due,
        "on_time": versions.came_by(due),
        "digest": current.digest if current else "",
        "may_decide": access.decides and current is not None and current.state == ReportState.SENT,
        "is_own_sending": current is not None and current.sent_by_id == request.user.pk,
    }


def _round_unit(request: SignedInRequest, round_id: int, unit_id: int) -> RoundUnit:
    """The unit in the round, within what the person may read; 404 otherwise."""
    rows = RoundUnit.objects.filter(round__in=reported_rounds(request.user), unit__in=readable_units(request.user))
    rows = rows.select_related("round__contest__unit", "unit", "parent")
    return get_object_or_404(rows, round_id=round_id, unit_id=unit_id)


def _written(request: SignedInRequest, row: RoundUnit, form: RemarksForm) -> bool:
    """Save or send as the button said; a refusal becomes the form's error."""
    is_sending = request.POST.get("act") == "send"
    act = send_report if is_sending else save_draft
    remarks = {name: form.cleaned_data[name] for name in ("done", "difficulties", "suggestions")}
    try:
        act(round=row.round, unit=row.unit, remarks=remarks, seen=form.cleaned_data["seen"], actor=request.user)
    except Refused as refused:
        form.add_error(None, str(refused.detail))
        return False
    messages.success(
        request, _("Đã gửi báo cáo.") if is_sending else _("Đã lưu bản nháp. Thư ký chưa thấy báo cáo này.")
    )
    return True


@login_required
@require_POST
def decide(request: SignedInRequest, round_id: int, unit_id: int) -> HttpResponse:
    """Accept the version that was read or return it with comments; a newer one that nobody has read stays as it is."""
    row = _round_unit(request, round_id, unit_id)
    if not access_of(request.user, row, has_units_below=False).decides:
        raise Http404
    form, act = CommentForm(request.POST), ACTS.get(request.POST.get("act", ""))
    if act is None or (not form.is_valid() and "version" in form.errors):
        raise Http404
    reports = UnitReport.objects.handed_in().filter(round=row.round, unit=row.unit)
    report = get_object_or_404(reports, version=form.cleaned_data["version"])
    try:
        if form.errors:
            raise Refused(_("Ý kiến quá dài."))
        act(report=report, comment=form.cleaned_data["comment"], actor=request.user)
    except Refused as refused:
        messages.error(request, str(refused.detail))
    else:
        is_return = act is return_report
        messages.success(request, _("Đã trả lại báo cáo kèm ý kiến.") if is_return else _("Đã tiếp nhận báo cáo."))
    return redirect("unit-report", row.round_id, row.unit_id)
