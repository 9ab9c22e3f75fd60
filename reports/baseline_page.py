"""The page on which organisers say what their contest is compared with."""

import csv
import io
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.imports.errors import FileRefused, ImportRefused, RowNote
from accounts.imports.tables import Table, read_table
from accounts.imports.uploads import MAX_BYTES
from accounts.models import User
from accounts.problems import Refused
from accounts.rights import Right, units_with
from accounts.text import nfc
from contest.manage.access import contest_for
from contest.models import Contest
from reports.baseline_entry import COLUMNS, remove_baseline, save_baseline
from reports.baselines import baseline_of
from reports.chosen import SignedInRequest
from reports.models import Baseline

SHOWN_NOTES = 500


class BaselineForm(forms.ModelForm):
    """An earlier contest, or totals with their source; never both."""

    file = forms.FileField(
        label=gettext_lazy("Số liệu từng đơn vị"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
        help_text=gettext_lazy(
            "CSV (UTF-8) hoặc .xlsx, tối đa 10 MB, các cột: Mã đơn vị, Số người tham gia, Số lượt dự thi. Không chọn"
            " tệp thì số liệu từng đơn vị giữ nguyên."
        ),
    )
    field_order = ("label", "earlier", "source", "units", "participants", "entries", "file")

    class Meta:
        model = Baseline
        fields = ("label", "earlier", "source", "units", "participants", "entries")
        help_texts = {
            "label": gettext_lazy("Tên gọi trong các báo cáo, ví dụ “Hội thi năm 2022”."),
            "earlier": gettext_lazy("Số liệu được tính từ hội thi đó. Nếu để trống, ghi tổng số và nguồn ở dưới."),
            "source": gettext_lazy("Văn bản hoặc báo cáo đã công bố số liệu; in cùng bảng so sánh."),
            "participants": gettext_lazy("Để trống nếu chỉ biết số lượt dự thi."),
        }

    def __init__(self, *args: Any, contests: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        contests = contests | Contest.objects.filter(pk=self.instance.earlier_id)
        earlier = cast(forms.ModelChoiceField, self.fields["earlier"])
        earlier.queryset, earlier.empty_label = contests, _("Không có trong cổng")
        if not contests.exists():
            del self.fields["earlier"]
            for name in ("source", "units", "entries"):
                self.fields[name].required = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("label", "source"):
            cleaned[name] = nfc(cleaned.get(name) or "")
        if cleaned.get("earlier"):
            cleaned |= {"source": "", "units": None, "participants": None, "entries": None, "file": None}
            return cleaned
        for name in ("source", "units", "entries"):
            if name not in self.errors and not self.fields[name].required and cleaned.get(name) in ("", None):
                self.add_error(name, _("Cần ghi khi không chọn hội thi trước trong cổng."))
        people, entries = cleaned.get("participants"), cleaned.get("entries")
        if people is not None and entries is not None and people > entries:
            self.add_error("participants", _("Số người không thể nhiều hơn số lượt dự thi."))
        return cleaned


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def baseline(request: SignedInRequest, pk: int) -> HttpResponse:
    contest = contest_for(request, pk)
    if request.GET.get("template") == "csv":
        return _template()
    if "remove" in request.POST:
        if remove_baseline(contest=contest, actor=request.user):
            messages.success(request, _("Đã xóa số liệu năm trước."))
        return redirect("report-baseline", pk)
    stored = Baseline.objects.filter(contest=contest).first()
    form = BaselineForm(
        request.POST or None,
        request.FILES or None,
        instance=Baseline.objects.filter(contest=contest).first() or Baseline(contest=contest),
        contests=_earlier_contests(request.user, contest),
    )
    notes: list[RowNote] = []
    if request.method == "POST" and form.is_valid():
        notes = _saved(form, request.user)
        if not (notes or form.errors):
            messages.success(request, _("Đã lưu số liệu năm trước."))
            return redirect("report-baseline", pk)
    context = {
        "contest": contest,
        "tab": "last-year",
        "form": form,
        "stored": stored,
        "figures": baseline_of(contest),
        "unit_rows": stored.unit_rows.count() if stored else 0,
        "notes": _shown(notes),
        "notes_left": max(0, len(notes) - SHOWN_NOTES),
    }
    return render(request, "reports/baseline.html", context, status=422 if notes or form.errors else 200)


def _earlier_contests(user: User, contest: Contest) -> Any:
    """Other contests whose figures the person may read."""
    return Contest.objects.organised_in(units_with(user, Right.READ_RESULTS)).exclude(pk=contest.pk)


def _saved(form: BaselineForm, actor: User) -> list[RowNote]:
    """Hand the wish to the service. What is wrong becomes the form's errors, or the notes about rows."""
    upload = form.cleaned_data.get("file")
    try:
        table = _read(upload) if upload else None
        name = upload.name if upload else ""
        save_baseline(baseline=form.instance, table=table, file_name=name, actor=actor)
    except FileRefused as refused:
        form.add_error("file", refused.message)
    except ImportRefused as refused:
        return refused.errors
    except Refused as refused:
        for reason in refused.reasons:
            form.add_error(None, str(reason))
    return []


def _read(upload: Any) -> Table:
    if upload.size > MAX_BYTES:
        raise FileRefused(413, _("Tệp lớn hơn 10 MB. Hãy chia thành nhiều tệp."))
    table = read_table(upload.file, upload.name, COLUMNS)
    if table.errors and not table.rows:
        raise ImportRefused(table.errors)
    return table


def _shown(notes: list[RowNote]) -> list[dict[str, Any]]:
    labels = {column.name: column.label for column in COLUMNS}
    return [
        {"row": note.row, "column": labels.get(note.column, note.column), "message": note.message}
        for note in notes[:SHOWN_NOTES]
    ]


def _template() -> HttpResponse:
    """An empty file with the headers, as spreadsheets here open it: BOM, semicolons."""
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([[column.label for column in COLUMNS], ["SYT", "120", "310"]])
    response = HttpResponse(f"\ufeff{text.getvalue()}", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="mau-so-lieu-nam-truoc.csv"'
    return response
