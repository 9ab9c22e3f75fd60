"""Input of the organisers' pages. Forms clean; services decide."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Unit, UnitKind
from contest.models import Bank, Block, Contest, Question, Round
from contest.models.bank import CHOICE_CODES
from contest.models.setup import TieKey
from contest.rules import faults_of, settings_of

DAY = 24 * 60
CUSTOM = "custom"
# (weekday, time, minutes) by name: the windows seen in the field.
WINDOWS = {
    "week": (1, time(0, 0), 7 * DAY),
    "from-10": (1, time(10, 0), 7 * DAY - 30),
    "from-8": (1, time(8, 30), 7 * DAY - 30),
}


class MomentField(forms.DateTimeField):
    """A local date and time typed the Vietnamese way, "08:30 05/06/2023"; 24:00 is the end of that day.

    The browser's own picker is not used: it writes dates in the order of the browser's language. A field that
    `ends` something shows midnight as 24:00 of the day before.
    """

    def __init__(self, *, ends: bool = False, **options: Any):
        example = "24:00 11/06/2023" if ends else "08:30 05/06/2023"
        widget = forms.TextInput(attrs={"placeholder": example, "autocomplete": "off"})
        formats = ["%H:%M %d/%m/%Y", "%H:%M:%S %d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S"]
        options.setdefault("help_text", format_lazy("{} {}.", gettext_lazy("Giờ:phút ngày/tháng/năm, ví dụ"), example))
        super().__init__(widget=widget, input_formats=formats, **options)
        self.ends = ends

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, datetime):
            return value
        local = timezone.localtime(value)
        if self.ends and local.time() == time(0):
            return f"24:00 {local - timedelta(days=1):%d/%m/%Y}"
        return f"{local:%H:%M:%S %d/%m/%Y}" if local.second else f"{local:%H:%M %d/%m/%Y}"

    def to_python(self, value: Any) -> datetime | None:
        text = " ".join(str(value or "").replace(",", " ").split())
        moment = super().to_python(text.replace("24:00", "00:00"))
        return moment + timedelta(days=1) if moment and "24:00" in text else moment


class ContestForm(forms.ModelForm):
    """Every setting of a contest, in sections, judged together."""

    window_preset = forms.ChoiceField(
        label=gettext_lazy("Thời gian mở mỗi tuần"),
        widget=forms.RadioSelect,
        choices=[
            ("week", gettext_lazy("00:00 thứ Hai đến 24:00 Chủ nhật")),
            ("from-10", gettext_lazy("10:00 thứ Hai đến 09:30 thứ Hai tuần sau")),
            ("from-8", gettext_lazy("08:30 thứ Hai đến 08:00 thứ Hai tuần sau")),
            (CUSTOM, gettext_lazy("Tự đặt theo các ô dưới đây")),
        ],
    )
    window_days = forms.IntegerField(label=gettext_lazy("Kéo dài (ngày)"), min_value=0, max_value=366)
    window_hours = forms.IntegerField(label=gettext_lazy("và thêm (giờ)"), min_value=0, max_value=23)
    window_rest = forms.IntegerField(label=gettext_lazy("và thêm (phút)"), min_value=0, max_value=59)
    time_limit_minutes = forms.IntegerField(
        label=gettext_lazy("Thời gian làm bài (phút)"),
        min_value=1,
        max_value=10 * DAY,
        required=False,
        help_text=gettext_lazy("Để trống: không giới hạn."),
    )

    class Meta:
        model = Contest
        fields = (
            "title",
            "slug",
            "unit",
            "introduction",
            "opens_weekday",
            "opens_time",
            "attempts_allowed",
            "counts",
            "grace_seconds",
            "questions_per_round",
            "max_correct",
            "shuffle_questions",
            "shuffle_choices",
            "prediction_asks",
            "prediction_decimals",
            "prediction_required",
            "prize_if_nobody_perfect",
            "wins",
            "score_release",
            "answers_release",
        )
        widgets = {
            "opens_time": forms.TimeInput(attrs={"placeholder": "08:30", "autocomplete": "off"}, format="%H:%M"),
            "introduction": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {
            "slug": gettext_lazy("Chữ thường không dấu, số và gạch nối; dùng trong địa chỉ trang thể lệ."),
            "grace_seconds": gettext_lazy("Câu trả lời gửi đúng giờ nhưng đến chậm trong khoảng này vẫn được nhận."),
            "prediction_decimals": gettext_lazy("Chỉ dùng khi dự đoán tỷ lệ phần trăm."),
        }

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units.order_by("code")
        for name, initial in self._composed(self.instance).items():
            self.initial.setdefault(name, initial)
        for place, key in enumerate(self._padded(self.instance.tie_chain), start=1):
            self.fields[f"tie_{place}"] = forms.ChoiceField(
                label=_("Tiêu chí %(place)s") % {"place": place},
                required=place == 1,
                initial=key,
                choices=[("", _("(không dùng)")), *TieKey.choices],
            )

    @staticmethod
    def _padded(chain: list[str]) -> list[str]:
        return [*chain, *[""] * (len(TieKey) - len(chain))]

    @staticmethod
    def _composed(contest: Contest) -> dict[str, Any]:
        """The fields that are shown otherwise than stored."""
        window = (contest.opens_weekday, contest.opens_time, contest.window_minutes)
        seconds = contest.time_limit_seconds
        return {
            "window_preset": next((name for name, preset in WINDOWS.items() if preset == window), CUSTOM),
            "window_days": contest.window_minutes // DAY,
            "window_hours": contest.window_minutes % DAY // 60,
            "window_rest": contest.window_minutes % 60,
            "time_limit_minutes": None if seconds is None else -(-seconds // 60),
        }

    def sections(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields in the order in which a rule book speaks of them."""
        plan = [
            (_("Thông tin chung"), ("title", "slug", "unit", "introduction")),
            (_("Thời gian"), ("window_preset", "opens_weekday", "opens_time", "window_days", "window_hours",
                              "window_rest")),
            (_("Lượt thi"), ("attempts_allowed", "counts", "time_limit_minutes", "grace_seconds")),
            (_("Câu hỏi"), ("questions_per_round", "max_correct", "shuffle_questions", "shuffle_choices")),
            (_("Câu dự đoán"), ("prediction_asks", "prediction_decimals", "prediction_required")),
            (_("Xét hạng"), tuple(f"tie_{place}" for place in range(1, len(TieKey) + 1))),
            (_("Trao giải"), ("prize_if_nobody_perfect", "wins")),
            (_("Công khai điểm và đáp án"), ("score_release", "answers_release")),
        ]  # fmt: skip
        return [(title, [self[name] for name in names]) for title, names in plan]

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        preset, own = (
            values.get("window_preset"),
            ("opens_weekday", "opens_time", "window_days", "window_hours", "window_rest"),
        )
        # Someone who changed the boxes and left the preset alone meant the boxes.
        if "window_preset" not in self.changed_data and set(own) & set(self.changed_data):
            preset = CUSTOM
        if preset in WINDOWS:
            values["opens_weekday"], values["opens_time"], self.instance.window_minutes = WINDOWS[preset]
        else:
            days, hours, rest = (values.get(name) or 0 for name in own[2:])
            self.instance.window_minutes = days * DAY + hours * 60 + rest
        self._set_time_limit(values.get("time_limit_minutes"))
        self.instance.tie_chain = [values[name] for name in self._tie_names() if values.get(name)]
        return values

    def _set_time_limit(self, minutes: int | None) -> None:
        """Seconds that were set elsewhere survive as long as nobody changes the minutes."""
        if "time_limit_minutes" in self.changed_data or minutes is None:
            self.instance.time_limit_seconds = minutes * 60 if minutes else None

    def _tie_names(self) -> list[str]:
        return [f"tie_{place}" for place in range(1, len(TieKey) + 1)]

    def _get_validation_exclusions(self) -> set[str]:
        # Leaves a constraint on it to the rules, which say it at the field and in words.
        return super()._get_validation_exclusions() | {"prediction_asks"}

    def _post_clean(self) -> None:
        super()._post_clean()
        shown_at = {"window_minutes": "window_days", "time_limit_seconds": "time_limit_minutes", "tie_chain": "tie_1"}
        for fault in faults_of(settings_of(self.instance)):
            field = shown_at.get(fault.field, fault.field)
            if field not in self.errors or fault.field == "tie_chain":
                self.add_error(field, fault.message)


class BlockForm(forms.ModelForm):
    class Meta:
        model = Block
        fields = ("code", "name", "kinds")
        widgets = {"kinds": forms.CheckboxSelectMultiple}
        help_texts = {"code": gettext_lazy("Mã ngắn, dùng trong danh sách nhân sự và biên bản.")}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["kinds"].queryset = UnitKind.objects.all()

    def _get_validation_exclusions(self) -> set[str]:
        # The service names a doubled code together with everything else.
        return super()._get_validation_exclusions() | {"contest"}


class ExcludeForm(forms.Form):
    employee_ids = forms.CharField(
        label=gettext_lazy("Mã nhân viên"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=20_000,
        help_text=gettext_lazy("Mỗi dòng một mã."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Lý do"),
        max_length=255,
        help_text=gettext_lazy("Ví dụ: thành viên Ban Tổ chức, Tổ ra đề, Tổ giúp việc."),
    )

    def clean_employee_ids(self) -> list[str]:
        return self.cleaned_data["employee_ids"].split()


class RoundForm(forms.ModelForm):
    opens_at = MomentField(label=gettext_lazy("Mở lúc"))
    closes_at = MomentField(label=gettext_lazy("Đóng lúc"), ends=True)

    class Meta:
        model = Round
        fields = ("title", "opens_at", "closes_at")

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        opens_at, closes_at = values.get("opens_at"), values.get("closes_at")
        if opens_at and closes_at and opens_at >= closes_at:
            self.add_error("closes_at", _("Thời điểm đóng phải ở sau thời điểm mở."))
        return values


class PrizeForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("Tên giải"), max_length=100, required=False)
    count = forms.IntegerField(label=gettext_lazy("Số giải"), min_value=1, max_value=1000, required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if bool(values.get("title")) != bool(values.get("count")) and not self.errors:
            raise forms.ValidationError(_("Mỗi giải cần cả tên và số lượng."))
        return values


PrizeFormSet = forms.formset_factory(PrizeForm, extra=3, max_num=30)


class ExtensionForm(forms.Form):
    closes_at = MomentField(label=gettext_lazy("Đóng lúc (mới)"), ends=True)
    reason = forms.CharField(
        label=gettext_lazy("Lý do"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Ghi rõ sự việc, ví dụ sự cố đường truyền từ 20:10 đến 21:00 ngày 10/06/2023."),
    )


class BankForm(forms.ModelForm):
    class Meta:
        model = Bank
        fields = ("title", "slug", "unit")
        labels = {"unit": gettext_lazy("Đơn vị")}
        help_texts = {
            "slug": gettext_lazy("Chữ thường không dấu, số và gạch nối."),
            "unit": gettext_lazy("Ban Tổ chức của đơn vị này và cấp trên dùng được ngân hàng."),
        }

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=units).order_by("code")
        self.fields["unit"].required = True


class QuestionForm(forms.ModelForm):
    """A question with up to six choices; the letters ticked in `correct` are its key."""

    effective_until = forms.DateField(
        label=gettext_lazy("Hiệu lực đến"),
        required=False,
        input_formats=["%d/%m/%Y", "%Y-%m-%d"],
        widget=forms.DateInput(attrs={"placeholder": "31/12/2026", "autocomplete": "off"}, format="%d/%m/%Y"),
        help_text=gettext_lazy("Ngày cuối cùng mà câu hỏi còn đúng theo pháp luật."),
    )
    correct = forms.MultipleChoiceField(
        label=gettext_lazy("Đáp án"),
        choices=[(code, code) for code in CHOICE_CODES],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Cần chọn đáp án đúng.")},
    )

    class Meta:
        model = Question
        fields = (
            "code",
            "text",
            "correct",
            "multiple",
            "fixed_order",
            "topic",
            "legal_source",
            "effective_until",
            "explanation",
        )
        widgets = {
            "text": forms.Textarea(attrs={"rows": 3}),
            "explanation": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {
            "code": gettext_lazy("Để trống: tự đánh số."),
            "multiple": gettext_lazy("Chỉ được tính đúng khi chọn đủ và chỉ chọn các đáp án đúng."),
            "fixed_order": gettext_lazy("Cần khi phương án nhắc đến phương án khác, như “Cả A và B”."),
        }

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["code"].required = False
        present = {choice.code: choice.text for choice in self.instance.choices.all()} if self.instance.pk else {}
        for code in CHOICE_CODES:
            self.fields[f"choice_{code}"] = forms.CharField(
                label=_("Phương án %(code)s") % {"code": code},
                required=code in "AB",
                max_length=2000,
                initial=present.get(code, ""),
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def choice_rows(self) -> list[tuple[str, forms.BoundField, bool]]:
        """(letter, its text field, whether it is ticked as right) for the page."""
        ticked = self["correct"].value() or []
        return [(code, self[f"choice_{code}"], code in ticked) for code in CHOICE_CODES]

    def choices(self) -> list[str]:
        """The texts given, up to the last one; a gap stays, for the service to name."""
        texts = [self.cleaned_data.get(f"choice_{code}", "") for code in CHOICE_CODES]
        while texts and not texts[-1]:
            texts.pop()
        return texts

    def clean_code(self) -> str:
        return self.cleaned_data.get("code") or ""

    def _get_validation_exclusions(self) -> set[str]:
        # The service names all faults of a question together, a doubled code among them.
        return super()._get_validation_exclusions() | {"code", "correct", "multiple", "bank"}
