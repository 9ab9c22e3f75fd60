"""What people type about units' reports. Forms clean; services decide."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contest.manage.forms import MomentField
from reports.models import UnitReport

MOST = 4000


def _text(label: Any, help_text: Any, *, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, max_length=MOST, required=required, widget=forms.Textarea(attrs={"rows": 4})
    )


class RemarksForm(forms.Form):
    """What a unit says beside its figures. `seen` tells which draft the writer had before them."""

    done = _text(_("Việc đã làm"), _("Tuyên truyền, đôn đốc, tổ chức dự thi trong tuần."))
    difficulties = _text(_("Khó khăn, vướng mắc"), _("Để trống nếu không có."))
    suggestions = _text(_("Đề xuất, kiến nghị"), _("Để trống nếu không có."))
    seen = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, report: UnitReport | None, seen: str) -> "RemarksForm":
        """The form as it first stands: with the remarks of the draft, or of the version that was returned."""
        initial = {"seen": seen}
        if report is not None:
            initial |= {name: getattr(report, name) for name in ("done", "difficulties", "suggestions")}
        return cls(initial=initial)


class CommentForm(forms.Form):
    """What the secretary says to a report. `version` is the one they have read: no other is decided."""

    version = forms.IntegerField(min_value=1, max_value=32767, widget=forms.HiddenInput)
    comment = _text(_("Ý kiến"), _("Bắt buộc khi trả lại; đơn vị đọc được."))


class DeadlineForm(forms.Form):
    due_at = MomentField(label=_("Hạn gửi báo cáo"), ends=True)
