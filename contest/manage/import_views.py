"""Pages of imports: choose a file, look at what it would do, apply exactly that."""

import csv
import io
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.imports.errors import FileRefused, ImportRefused, PlanChanged
from accounts.imports.plan import Plan
from accounts.imports.tables import Table, read_table
from accounts.imports.uploads import MAX_AGE_SECONDS, MAX_BYTES, delete_upload, keep_upload, open_upload
from accounts.problems import Refused
from contest.manage.import_kinds import ImportKind, QuestionsImport, StaffImport, UnitsImport

SALT = "import-preview"
SHOWN_CHANGES = 200
SHOWN_NOTES = 500


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def units(request: HttpRequest) -> HttpResponse:
    return _page(request, UnitsImport(request.user))


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def staff(request: HttpRequest) -> HttpResponse:
    return _page(request, StaffImport(request.user))


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def questions(request: HttpRequest) -> HttpResponse:
    return _page(request, QuestionsImport(request.user))


def _page(request: HttpRequest, kind: ImportKind) -> HttpResponse:
    """The four things a page does: hand out the template, ask for a file, preview it, apply it."""
    if request.method == "GET":
        if request.GET.get("template") == "csv":
            return _template(kind)
        return _ask(request, kind, kind.form(initial=request.GET.dict()))
    if "preview" in request.POST:
        return _apply(request, kind)
    return _preview(request, kind)


def _template(kind: ImportKind) -> HttpResponse:
    """A CSV file with Vietnamese headers and one example row, as spreadsheets here open it: BOM, semicolons."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow([column.label for column in kind.columns])
    writer.writerow([kind.example.get(column.name, "") for column in kind.columns])
    response = HttpResponse(f"\ufeff{text.getvalue()}", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="mau-{kind.name}.csv"'
    return response


def _ask(request: HttpRequest, kind: ImportKind, form: Any, *, refusals: Any = (), status: int = 200) -> HttpResponse:
    return render(request, "manage/import_form.html", {"kind": kind, "form": form, "refusals": refusals}, status=status)


def _preview(request: HttpRequest, kind: ImportKind) -> HttpResponse:
    form = kind.form(request.POST, request.FILES)
    if not form.is_valid():
        return _ask(request, kind, form, status=422)
    upload, options = form.cleaned_data["file"], kind.options(form.cleaned_data)
    try:
        if upload.size > MAX_BYTES:
            raise FileRefused(413, _("Tệp lớn hơn 10 MB. Hãy chia thành nhiều tệp."))
        table = read_table(upload.file, upload.name, kind.columns)
        plan = _planned(kind, table, options)
    except FileRefused as refused:
        return _ask(request, kind, form, refusals=[refused.message], status=refused.status)
    except Refused as refused:
        return _ask(request, kind, form, refusals=refused.reasons, status=409)
    if plan.errors:
        return _show(request, kind, plan, upload.name, status=422)
    upload.seek(0)
    ticket = {
        "kind": kind.name,
        "user": kind.user.pk,
        "file": keep_upload(upload.chunks()),
        "name": upload.name,
        "options": options,
    }
    return _show(request, kind, plan, upload.name, ticket=signing.dumps(ticket, salt=SALT))


def _planned(kind: ImportKind, table: Table, options: dict[str, Any]) -> Plan:
    """The plan; with a wrong header there is nothing to plan but to tell of it."""
    if table.errors and not table.rows:
        return Plan(errors=table.errors)
    return kind.plan(table, options)


def _show(
    request: HttpRequest,
    kind: ImportKind,
    plan: Plan,
    name: str,
    *,
    ticket: str = "",
    changed: bool = False,
    status: int = 200,
) -> HttpResponse:
    labels = {column.name: column.label for column in kind.columns}
    context = {
        "kind": kind,
        "plan": plan,
        "file_name": name,
        "ticket": ticket,
        "digest": plan.digest(),
        "changed": changed,
        "parts": _parts(kind, plan),
        "limit": SHOWN_CHANGES,
        "errors": _notes(plan.errors, labels),
        "warnings": _notes(plan.warnings, labels),
        "errors_left": max(0, len(plan.errors) - SHOWN_NOTES),
    }
    return render(request, "manage/import_preview.html", context, status=status)


def _notes(notes: list[Any], labels: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"row": note.row, "column": labels.get(note.column, note.column), "message": note.message}
        for note in notes[:SHOWN_NOTES]
    ]


def _parts(kind: ImportKind, plan: Plan) -> list[dict[str, Any]]:
    """The sections of the preview, each with the first changes and how many more there are."""
    parts = []
    for name, title in kind.parts:
        changes = getattr(plan, name)
        more = max(0, len(changes) - SHOWN_CHANGES)
        parts.append(
            {"name": name, "title": title, "count": len(changes), "changes": changes[:SHOWN_CHANGES], "more": more}
        )
    return parts


def _apply(request: HttpRequest, kind: ImportKind) -> HttpResponse:
    ticket = _ticket(request, kind)
    try:
        with open_upload(ticket["file"]) as file:
            table = read_table(file, ticket["name"], kind.columns)
        plan = kind.apply(table, ticket["options"], file_name=ticket["name"], expected=request.POST.get("digest", ""))
    except FileNotFoundError:
        messages.error(request, _("Bản xem trước đã hết hạn hoặc đã được áp dụng. Vui lòng chọn lại tệp."))
        return redirect(f"manage-import-{kind.name}")
    except ImportRefused as refused:
        return _show(request, kind, refused.plan, ticket["name"], changed=True, status=422)
    except PlanChanged as changed:
        return _show(
            request, kind, changed.plan, ticket["name"], ticket=request.POST["preview"], changed=True, status=409
        )
    except Refused as refused:
        return _ask(request, kind, kind.form(), refusals=refused.reasons, status=409)
    delete_upload(ticket["file"])
    messages.success(request, _done(kind, plan))
    return redirect(f"manage-import-{kind.name}")


def _ticket(request: HttpRequest, kind: ImportKind) -> dict[str, Any]:
    """What the preview remembered; the file of one that has expired is "". Raises Http404 for a stranger's."""
    try:
        ticket = signing.loads(request.POST["preview"], salt=SALT, max_age=MAX_AGE_SECONDS)
    except signing.SignatureExpired:
        return {"file": ""}
    except signing.BadSignature:
        raise Http404 from None
    if ticket["user"] != kind.user.pk or ticket["kind"] != kind.name:
        raise Http404
    return ticket


def _done(kind: ImportKind, plan: Plan) -> str:
    told = [f"{title}: {plan.counts[name]}" for name, title in (*kind.parts, ("unchanged", _("Giữ nguyên")))]
    return _("Đã áp dụng. %(counts)s.") % {"counts": ", ".join(told)}
