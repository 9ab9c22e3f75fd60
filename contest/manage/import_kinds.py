"""What differs between the pages of the three imports: who may, which columns, where to, and what is done."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from accounts.imports import staff, units
from accounts.imports.columns import Column
from accounts.imports.plan import Plan
from accounts.imports.tables import Table
from accounts.models import Unit, User
from accounts.rights import Right, first_unit_with, units_with
from contest.models import Bank, Round
from contest.models.round import RoundState
from contest.question_import import columns as question_columns
from contest.question_import.planner import Target, bank_target, plan_questions, round_target
from contest.question_import.service import import_questions


class UploadForm(forms.Form):
    """A file to import."""

    file = forms.FileField(
        label=_("Tệp danh sách"),
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx"}),
        help_text=_("CSV (UTF-8) hoặc .xlsx, tối đa 10 MB. Dòng đầu tiên là tiêu đề cột."),
    )


class StaffUploadForm(UploadForm):
    full = forms.BooleanField(
        label=_("Đây là danh sách đầy đủ"),
        required=False,
        help_text=_("Người không có trong tệp sẽ được ghi nhận là đã rời đơn vị."),
    )


class QuestionsUploadForm(UploadForm):
    """`target` is "bank:slug", "round:id" or "new"."""

    target = forms.ChoiceField(label=_("Nhập vào"))
    new_slug = forms.SlugField(
        label=_("Tên rút gọn của ngân hàng mới"),
        max_length=50,
        required=False,
        help_text=_("Chỉ dùng khi chọn tạo ngân hàng mới: chữ không dấu, chữ số, dấu gạch nối."),
    )
    field_order = ("target", "new_slug", "file")

    def __init__(self, *args: Any, targets: Sequence[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["target"] = forms.ChoiceField(label=_("Nhập vào"), choices=targets)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("target") == "new":
            slug = cleaned.get("new_slug")
            if not slug:
                self.add_error("new_slug", _("Cần ghi tên rút gọn của ngân hàng mới."))
            elif Bank.objects.filter(slug=slug).exists():
                self.add_error("new_slug", _("Tên rút gọn này đã được dùng."))
        return cleaned


class ImportKind:
    """One kind of import as its page sees it, for one person. Raises Http404 for those without the right."""

    name: str
    title: Any
    lead: Any
    columns: Sequence[Column]
    example: dict[str, str]
    right = Right.IMPORT_ROSTER
    # The kinds of change that this import can make, with what the page calls them.
    parts: Sequence[tuple[str, Any]] = (("created", _("Mới")), ("updated", _("Thay đổi")))

    def __init__(self, user: User):
        self.user = user
        self.units = units_with(user, self.right)
        if not self.units.exists():
            raise Http404

    def form(self, *args: Any, **kwargs: Any) -> forms.Form:
        return UploadForm(*args, **kwargs)

    def options(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """What the preview must remember for applying, as JSON."""
        return {}

    def plan(self, table: Table, options: dict[str, Any]) -> Plan:
        raise NotImplementedError

    def apply(self, table: Table, options: dict[str, Any], *, file_name: str, expected: str) -> Plan:
        raise NotImplementedError

    @property
    def is_everywhere(self) -> bool:
        """Whether the person's scope holds every unit."""
        return not Unit.objects.exclude(pk__in=self.units).exists()

    @property
    def scope(self) -> set[int] | None:
        """Ids of the units in scope; None for everywhere."""
        return None if self.is_everywhere else set(self.units.values_list("pk", flat=True))


class UnitsImport(ImportKind):
    name = "units"
    title = _("Nhập danh sách đơn vị")
    lead = _("Đơn vị được nhận ra theo mã. Loại đơn vị chưa có sẽ được tạo; đơn vị không có trong tệp giữ nguyên.")
    columns = units.COLUMNS
    parts = (*ImportKind.parts, ("moved", _("Đổi cấp trên")))
    example = {
        "code": "SYT",
        "name": "Sở Y tế",
        "kind": "Sở, ban, ngành",
        "parent_code": "TINH",
        "headcount": "85",
        "valid_from": "01/07/2025",
    }

    def plan(self, table: Table, options: dict[str, Any]) -> Plan:
        return units.plan_units(table, scope=self.scope)

    def apply(self, table: Table, options: dict[str, Any], *, file_name: str, expected: str) -> Plan:
        return units.import_units(table, actor=self.user, file_name=file_name, scope=self.scope, expected=expected)


class StaffImport(ImportKind):
    name = "staff"
    title = _("Nhập danh sách nhân sự")
    lead = _("Mỗi người được nhận ra theo mã nhân viên. Người đổi đơn vị được chuyển từ hôm nay và giữ lịch sử cũ.")
    columns = staff.COLUMNS
    parts = (*ImportKind.parts, ("moved", _("Chuyển đơn vị")), ("left", _("Rời đơn vị")))
    example = {
        "employee_id": "000123",
        "full_name": "Nguyễn Thị Hạnh",
        "unit_code": "SYT",
        "email": "hanh.nt@example.gov.vn",
        "position": "Chuyên viên",
    }

    def form(self, *args: Any, **kwargs: Any) -> forms.Form:
        return StaffUploadForm(*args, **kwargs)

    def options(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        return {"full": cleaned["full"]}

    def plan(self, table: Table, options: dict[str, Any]) -> Plan:
        return staff.plan_staff(table, full=options["full"], scope=self.scope)

    def apply(self, table: Table, options: dict[str, Any], *, file_name: str, expected: str) -> Plan:
        return staff.import_staff(
            table,
            actor=self.user,
            file_name=file_name,
            full=options["full"],
            scope=self.scope,
            expected=expected,
        )


class QuestionsImport(ImportKind):
    name = "questions"
    title = _("Nhập câu hỏi")
    lead = _("Câu hỏi được nhận ra theo mã trong ngân hàng; câu không có mã được nhận ra theo nội dung.")
    columns = question_columns.COLUMNS
    right = Right.EDIT_CONTESTS
    example = {
        "code": "CH-0001",
        "text": "Phiếu tiếp nhận hồ sơ được trao cho ai?",
        "choice_a": "Người nộp hồ sơ",
        "choice_b": "Lãnh đạo cơ quan",
        "choice_c": "Cả A và B",
        "correct": "A",
        "topic": "Thủ tục hành chính",
        "fixed_order": "x",
    }

    def form(self, *args: Any, **kwargs: Any) -> forms.Form:
        drafts = [(f"round:{round.pk}", f"{round.contest} – {round}") for round in self._drafts()]
        banks = [(f"bank:{bank.slug}", bank.title) for bank in self._banks()]
        return QuestionsUploadForm(*args, targets=[*drafts, *banks, ("new", str(_("Ngân hàng mới")))], **kwargs)

    def options(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        target = cleaned["target"]
        return {"target": f"bank:{cleaned['new_slug']}" if target == "new" else target}

    def plan(self, table: Table, options: dict[str, Any]) -> Plan:
        return plan_questions(table, target=self._target(options["target"]))

    def apply(self, table: Table, options: dict[str, Any], *, file_name: str, expected: str) -> Plan:
        target = self._target(options["target"])
        return import_questions(table, target=target, actor=self.user, file_name=file_name, expected=expected)

    def _drafts(self) -> QuerySet[Round]:
        drafts = Round.objects.filter(state=RoundState.DRAFT, contest__unit__in=self.units)
        return drafts.select_related("contest__unit").order_by("contest_id", "number")

    def _banks(self) -> QuerySet[Bank]:
        own = Q(unit__in=self.units)
        return Bank.objects.filter(own | Q(unit=None) if self.is_everywhere else own)

    def _target(self, text: str) -> Target:
        """What the text names, if it is within the person's rights. Raises Http404 otherwise."""
        kind, _colon, name = text.partition(":")
        if kind == "round":
            rounds = Round.objects.filter(contest__unit__in=self.units).select_related("contest__unit")
            return round_target(get_object_or_404(rounds, pk=int(name)))
        if Bank.objects.filter(slug=name).exists() and not self._banks().filter(slug=name).exists():
            raise Http404
        return bank_target(name, unit=first_unit_with(self.user, self.right))
