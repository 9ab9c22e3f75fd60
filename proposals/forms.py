"""Forms of requests and proposals."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.clock import server_now
from accounts.imports import staff
from accounts.imports.columns import readable
from accounts.imports.errors import CellRefused
from accounts.models import Unit
from accounts.text import nfc, search_key
from proposals.reading import LARGEST_HEADCOUNT, too_large

_COLUMNS = {column.name: column for column in staff.COLUMNS}
MOST_CANDIDATES = 8
# Beyond this a list of suggestions is a burden to old machines; the name or code is typed then.
MOST_SUGGESTIONS = 500


def suggestions(units: QuerySet[Unit]) -> list[Unit]:
    """The units for a datalist, or none when there are too many."""
    found = list(units.order_by("code")[: MOST_SUGGESTIONS + 1])
    return found if len(found) <= MOST_SUGGESTIONS else []


def units_in_force() -> QuerySet[Unit]:
    return Unit.objects.in_force_on(timezone.localdate(server_now()))


def as_column(name: str, text: str) -> Any:
    """`text` as the import of staff reads the column. Raises ValidationError with its message."""
    try:
        return _COLUMNS[name].read(text)
    except CellRefused as refusal:
        raise ValidationError(str(refusal)) from None


class UnitByWords(forms.CharField):
    """A unit by its code, or by words of its name when they name only one. None when nothing fits and it may be so."""

    def __init__(self, *args: Any, units: QuerySet[Unit] | None = None, must_exist: bool = True, **kwargs: Any):
        kwargs.setdefault("max_length", 255)
        kwargs.setdefault("widget", forms.TextInput(attrs={"list": "units", "autocomplete": "off"}))
        super().__init__(*args, **kwargs)
        self.units, self.must_exist = units, must_exist

    def clean(self, value: Any) -> Unit | None:
        text = nfc(super().clean(value))
        units = units_in_force() if self.units is None else self.units
        unit = units.filter(code__iexact=text).first()
        if unit is not None or not text:
            return unit
        words = search_key(text).split()
        fitting = Q()
        for word in words[:12]:
            fitting &= Q(search_key__contains=word)
        found = list(units.filter(fitting).order_by("code")[: MOST_CANDIDATES + 1])
        exact = [unit for unit in found if search_key(unit.name) == search_key(text)]
        if len(found) == 1 or len(exact) == 1:
            return (exact or found)[0]
        if found:
            raise ValidationError(self._choice_of(found))
        if self.must_exist:
            raise ValidationError(_("Không tìm thấy đơn vị này. Hãy ghi mã đơn vị, hoặc vài từ trong tên đơn vị."))
        return None

    @staticmethod
    def _choice_of(found: list[Unit]) -> str:
        names = "; ".join(f"{unit.code} – {unit.name}" for unit in found[:MOST_CANDIDATES])
        more = " …" if len(found) > MOST_CANDIDATES else ""
        return _("Có nhiều đơn vị phù hợp, hãy ghi mã của một đơn vị: %(names)s") % {"names": names + more}


class OneLine(forms.CharField):
    """Text made readable as cells of imports are: NFC, one line, no control characters."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return readable(text)
        except CellRefused as refusal:
            raise ValidationError(str(refusal)) from None


class Note(OneLine):
    def __init__(self, **kwargs: Any):
        super().__init__(max_length=500, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 500}), **kwargs)


class AccountRequestForm(forms.Form):
    employee_id = forms.CharField(label=gettext_lazy("Mã nhân viên"), max_length=64)
    full_name = forms.CharField(label=gettext_lazy("Họ và tên"), max_length=255)
    unit = UnitByWords(
        label=gettext_lazy("Đơn vị công tác"),
        must_exist=False,
        help_text=gettext_lazy("Ghi mã đơn vị, hoặc tên đơn vị, không dấu cũng được."),
    )
    note = Note(
        label=gettext_lazy("Ghi chú"),
        required=False,
        help_text=gettext_lazy("Ví dụ: mới tuyển dụng, mới chuyển về từ đơn vị khác."),
    )

    def clean_employee_id(self) -> str:
        return as_column("employee_id", self.cleaned_data["employee_id"])

    def clean_full_name(self) -> str:
        return as_column("full_name", self.cleaned_data["full_name"])


class UnitCorrectionForm(forms.Form):
    unit = UnitByWords(
        label=gettext_lazy("Đơn vị đúng của tôi"),
        help_text=gettext_lazy("Ghi mã đơn vị, hoặc tên đơn vị, không dấu cũng được."),
    )
    note = Note(
        label=gettext_lazy("Lý do"),
        help_text=gettext_lazy("Ví dụ: chuyển công tác từ ngày 01/06/2023 theo quyết định."),
    )


class RecommendForm(forms.Form):
    agrees = forms.TypedChoiceField(
        label=gettext_lazy("Ý kiến của đầu mối"),
        choices=[("1", gettext_lazy("Đồng ý")), ("0", gettext_lazy("Không đồng ý"))],
        coerce=lambda text: text == "1",
        widget=forms.RadioSelect,
    )
    comment = Note(label=gettext_lazy("Ghi rõ"), required=False, help_text=gettext_lazy("Bắt buộc khi không đồng ý."))


class AcceptAccountForm(forms.Form):
    """The facts of a new person, as the organiser has checked them."""

    employee_id = forms.CharField(label=gettext_lazy("Mã nhân viên"), max_length=64)
    full_name = forms.CharField(label=gettext_lazy("Họ và tên"), max_length=255)
    unit = UnitByWords(label=gettext_lazy("Đơn vị (mã hoặc tên)"))

    def __init__(self, *args: Any, units: QuerySet[Unit], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].units = units  # type: ignore[attr-defined]

    clean_employee_id = AccountRequestForm.clean_employee_id
    clean_full_name = AccountRequestForm.clean_full_name


class ReasonForm(forms.Form):
    reason = Note(label=gettext_lazy("Lý do không chấp nhận"), help_text=gettext_lazy("Người gửi sẽ đọc lý do này."))


class ProposalForm(forms.Form):
    """What every proposal has: for which of the coordinator's units, and why."""

    scope = forms.ModelChoiceField(
        label=gettext_lazy("Phạm vi đề nghị"), queryset=Unit.objects.none(), empty_label=None
    )
    note = Note(
        label=gettext_lazy("Lý do đề nghị"),
        help_text=gettext_lazy("Ví dụ: tuyển dụng mới, nghỉ hưu, theo quyết định số 45/QĐ-SYT."),
    )

    def __init__(self, *args: Any, units: QuerySet[Unit], **kwargs: Any):
        super().__init__(*args, **kwargs)
        field = self.fields["scope"]
        field.queryset = units  # type: ignore[attr-defined]
        if len(units) == 1:
            field.widget, field.initial = forms.HiddenInput(), units[0].pk


class FileForm(ProposalForm):
    file = forms.FileField(
        label=gettext_lazy("Tệp danh sách"),
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx"}),
        help_text=gettext_lazy("CSV (UTF-8) hoặc .xlsx, tối đa 10 MB. Dòng đầu tiên là tiêu đề cột."),
    )
    field_order = ("scope", "file", "note")


ACTS = (("put", gettext_lazy("Thêm hoặc sửa")), ("leave", gettext_lazy("Rời đơn vị")))


class StaffLineForm(forms.Form):
    """One person. What the cells mean is read by the columns of the import, so nothing is required here."""

    act = forms.ChoiceField(label=gettext_lazy("Việc"), choices=ACTS)
    employee_id = forms.CharField(label=gettext_lazy("Mã nhân viên"), required=False, max_length=200, strip=False)
    full_name = forms.CharField(label=gettext_lazy("Họ và tên"), required=False, max_length=500, strip=False)
    unit_code = forms.CharField(label=gettext_lazy("Đơn vị"), required=False, max_length=200)
    position = forms.CharField(label=gettext_lazy("Chức vụ"), required=False, max_length=500, strip=False)
    email = forms.CharField(
        label=gettext_lazy("Thư điện tử"),
        required=False,
        max_length=500,
        strip=False,
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, units: list[Unit], **kwargs: Any):
        super().__init__(*args, **kwargs)
        if units:
            choices = [(unit.code, f"{unit.name} ({unit.code})") for unit in units]
            field = self.fields["unit_code"]
            field.widget = forms.Select(choices=choices)
            field.initial = units[0].code
        for name in ("employee_id", "full_name", "position"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    @property
    def is_blank(self) -> bool:
        return not any(self.data.get(self.add_prefix(name), "").strip() for name in ("employee_id", "full_name"))


def read_headcount(text: str) -> int:
    """A headcount as typed, "1.250" too. Raises ValidationError."""
    digits = text.strip().replace(".", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 10 and int(digits) <= LARGEST_HEADCOUNT):
        raise ValidationError(too_large())
    return int(digits)
