"""The two forms with which a coordinator proposes: some people, or the headcounts of units."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.imports.errors import RowNote
from accounts.models import Membership, Unit
from accounts.problems import Refused
from accounts.rights import Right
from proposals.forms import ProposalForm, StaffLineForm, read_headcount
from proposals.models import HeadcountRow, StaffRow
from proposals.problems import RowsRefused
from proposals.reading import RowsUnreadable, staff_row
from proposals.scope import granted_units
from proposals.services.proposals import draft_headcounts, draft_staff
from proposals.views.access import units_for

LINES, MOST_LINES = 2, 50
# Beyond this many units a code is typed, and headcounts come as a file.
MOST_UNITS = 200


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def staff(request: HttpRequest) -> HttpResponse:
    """Propose one or several people: new ones, corrections, people who come or have left."""
    units = list(units_for(request, Right.PROPOSE).order_by("sort_key")[: MOST_UNITS + 1])
    shown = units if len(units) <= MOST_UNITS else []
    form = ProposalForm(request.POST or None, units=granted_units(request.user))
    lines = _lines(request, shown)
    status = 200
    if request.method == "POST" and "more" not in request.POST:
        status = 422
        if form.is_valid():
            try:
                return redirect("proposal", _propose_staff(request, form, lines).pk)
            except Refused as refused:
                form.add_error(None, [str(reason) for reason in refused.reasons])
    if "more" in request.POST:
        form = ProposalForm(initial=request.POST.dict(), units=granted_units(request.user))
    context = {"form": form, "lines": lines, "number": len(lines), "may_add": len(lines) < MOST_LINES}
    return render(request, "proposals/staff_form.html", context, status=status)


def _lines(request: HttpRequest, units: list[Unit]) -> list[StaffLineForm]:
    if request.method != "POST":
        first = _present(request)
        number = 1 if first else LINES
        return [
            StaffLineForm(prefix=f"line-{index}", initial=first if not index else None, units=units)
            for index in range(number)
        ]
    text = request.POST.get("lines", "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else LINES
    number = max(1, min(number, MOST_LINES))
    lines = [StaffLineForm(request.POST, prefix=f"line-{index}", units=units) for index in range(number)]
    if "more" in request.POST and number < MOST_LINES:
        # Shown again as they were typed, without a word about what is missing.
        lines = [StaffLineForm(initial=_typed(line), prefix=line.prefix, units=units) for line in lines]
        lines.append(StaffLineForm(prefix=f"line-{number}", units=units))
    return lines


def _typed(line: StaffLineForm) -> dict[str, str]:
    return {name: line.data.get(line.add_prefix(name), "") for name in line.fields}


def _present(request: HttpRequest) -> dict[str, Any] | None:
    """The first line, filled with a person of the coordinator's units whom the address names."""
    act = "leave" if "leave" in request.GET else "put"
    employee_id = request.GET.get("leave" if act == "leave" else "person", "").replace("\0", "")
    units = units_for(request, Right.PROPOSE)
    members = Membership.objects.current().filter(unit__in=units, user__employee_id=employee_id)
    member = members.select_related("user", "unit").first() if employee_id else None
    if member is None:
        return None
    person = member.user
    return {
        "act": act,
        "employee_id": person.employee_id,
        "full_name": person.full_name,
        "unit_code": member.unit.code,
        "position": person.position,
        "email": person.email,
    }


def _propose_staff(request: HttpRequest, form: ProposalForm, lines: list[StaffLineForm]) -> Any:
    """The draft. Raises Refused, with what is wrong in a line told beside its field."""
    rows: list[StaffRow] = []
    wrong: list[RowNote] = []
    for number, line in enumerate(lines, start=1):
        if line.is_blank:
            continue
        if not line.is_valid():
            raise Refused(_("Dòng %(number)s có nội dung quá dài hoặc không hợp lệ.") % {"number": number})
        try:
            rows.append(staff_row(number, line.cleaned_data, leaves=line.cleaned_data["act"] == "leave"))
        except RowsUnreadable as unreadable:
            wrong += unreadable.errors
    if wrong:
        _tell(lines, wrong)
        raise Refused(_("Hãy sửa các ô có lỗi."))
    if not rows:
        raise Refused(_("Cần ghi ít nhất một người."))
    values = form.cleaned_data
    try:
        return draft_staff(unit=values["scope"], rows=rows, note=values["note"], actor=request.user)[0]
    except RowsRefused as refused:
        _tell(lines, refused.diff.errors)
        raise Refused(_("Hãy sửa các ô có lỗi.")) from None


def _tell(lines: list[StaffLineForm], notes: list[RowNote]) -> None:
    for note in notes:
        line = lines[note.row - 1]
        if line.is_valid() or line.errors:
            line.add_error(note.column if note.column in line.fields else None, note.message)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def headcounts(request: HttpRequest) -> HttpResponse:
    """Propose other headcounts for units at or below one's own."""
    units = list(units_for(request, Right.PROPOSE).order_by("sort_key")[: MOST_UNITS + 1])
    form = ProposalForm(request.POST or None, units=granted_units(request.user))
    is_long = len(units) > MOST_UNITS
    for unit in units:
        unit.typed = request.POST.get(f"unit-{unit.pk}", "" if unit.headcount is None else str(unit.headcount))
    status = 200
    if request.method == "POST" and not is_long:
        status = 422
        if form.is_valid():
            try:
                return redirect("proposal", _propose_headcounts(request, form, units).pk)
            except Refused as refused:
                form.add_error(None, [str(reason) for reason in refused.reasons])
    context = {"form": form, "units": [] if is_long else units, "is_long": is_long}
    return render(request, "proposals/headcount_form.html", context, status=status)


def _propose_headcounts(request: HttpRequest, form: ProposalForm, units: list[Unit]) -> Any:
    """The draft of the boxes that the person changed. Raises Refused."""
    rows: list[HeadcountRow] = []
    for unit in units:
        was = "" if unit.headcount is None else str(unit.headcount)
        text = unit.typed.strip()
        if text == request.POST.get(f"was-{unit.pk}", was).strip() or not text:
            continue
        try:
            rows.append(HeadcountRow(number=len(rows) + 1, unit=unit, headcount=read_headcount(text)))
        except ValidationError as error:
            unit.error = error.messages[0]
    if any(hasattr(unit, "error") for unit in units):
        raise Refused(_("Hãy sửa các ô có lỗi."))
    if not rows:
        raise Refused(_("Cần đổi ít nhất một ô biên chế."))
    values = form.cleaned_data
    try:
        return draft_headcounts(unit=values["scope"], rows=rows, note=values["note"], actor=request.user)[0]
    except RowsRefused as refused:
        raise Refused(*(f"{note.message}" for note in refused.diff.errors)) from None
