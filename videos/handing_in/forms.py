"""Input of units' pages. Forms clean; services decide."""

import unicodedata
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Unit
from accounts.problems import Problem
from accounts.text import nfc
from videos.handing_in.attachments import Script
from videos.handing_in.services import Entry
from videos.models import Clip, ClipContest
from videos.processing.captions import MOST_BYTES as MOST_CAPTION_BYTES
from videos.processing.problems import captions_too_large
from videos.processing.scripts import kind_of_script
from videos.uploads.protocol import clean_name

UNSEEN = {"Cc", "Cf", "Cs"}  # control and format characters, halves of surrogate pairs
JOINER = "\u200d"  # holds an emoji of several together
_NO_LINK = gettext_lazy("Hãy nhập địa chỉ bắt đầu bằng https:// hoặc http://.")


class LinkField(forms.URLField):
    """An address that a browser opens as a page: http and https, nothing else."""

    default_validators = [URLValidator(schemes=["http", "https"], message=_NO_LINK)]


class ClipForm(forms.ModelForm):
    """The entry of a clip, with its script; for a new one also whose it is."""

    unit = forms.ModelChoiceField(label=gettext_lazy("Đơn vị dự thi"), queryset=Unit.objects.none())
    script_file = forms.FileField(
        label=gettext_lazy("Kịch bản"), required=False, max_length=255,
        widget=forms.FileInput(attrs={"accept": ".pdf,.docx"}),
        help_text=gettext_lazy("Tệp PDF hoặc Word (.docx), tối đa 10 MB."),
    )  # fmt: skip
    outside_link = LinkField(
        label=gettext_lazy("Liên kết ngoài"), required=False, max_length=500, assume_scheme="https",
        widget=forms.URLInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        error_messages={"invalid": _NO_LINK},
        help_text=gettext_lazy("Nếu video còn được đăng ở nơi khác. Chỉ tệp tải lên đây được chấm."),
    )  # fmt: skip
    removes_script = forms.BooleanField(label=gettext_lazy("Bỏ kịch bản đang có"), required=False)

    class Meta:
        model = Clip
        fields = ("title", "genre", "authors", "summary", "outside_link")
        widgets = {
            "authors": forms.Textarea(attrs={"rows": 3}),
            "summary": forms.Textarea(attrs={"rows": 5}),
        }
        help_texts = {
            "authors": gettext_lazy("Họ tên người viết kịch bản, quay, dựng, thể hiện; mỗi người hoặc nhóm một dòng."),
        }

    field_order = (
        "unit", "title", "genre", "authors", "summary", "script_file", "removes_script", "outside_link",
    )  # fmt: skip

    def __init__(self, *args: Any, clip_contest: ClipContest, units: QuerySet[Unit] | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        genre = self.fields["genre"]
        assert isinstance(genre, forms.ModelChoiceField)
        genre.queryset, genre.empty_label = clip_contest.genres.all(), _("Chọn thể loại")
        if units is None:
            del self.fields["unit"]
        else:
            unit = self.fields["unit"]
            assert isinstance(unit, forms.ModelChoiceField)
            unit.queryset = units
            # Nobody is to hand in for whichever unit comes first.
            unit.empty_label = _("Chọn đơn vị") if len(units) > 1 else None
        if not self.instance.script:
            del self.fields["removes_script"]
        self.order_fields(self.field_order)

    def clean_title(self) -> str:
        return self._said("title", _line)

    def clean_authors(self) -> str:
        return self._said("authors", _lines)

    def clean_summary(self) -> str:
        return _lines(self.cleaned_data["summary"])

    def _said(self, name: str, clean: Callable[[str], str]) -> str:
        """The field cleaned. Raises ValidationError when there was only what nobody sees."""
        text = clean(self.cleaned_data[name])
        if not text:
            raise forms.ValidationError(self.fields[name].error_messages["required"], code="required")
        return text

    def clean_script_file(self) -> Script | None:
        file = self.cleaned_data["script_file"]
        if not file:
            return None
        try:
            return Script(kind_of_script(file), clean_name(file.name), file)
        except Problem as problem:
            raise forms.ValidationError(str(problem.detail)) from None

    @property
    def entry(self) -> Entry:
        """What was entered, once it is valid."""
        return Entry(**{name: self.cleaned_data[name] for name in self.Meta.fields})


class CaptionsForm(forms.Form):
    captions = forms.FileField(
        label=gettext_lazy("Tệp phụ đề"), max_length=255, allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".vtt,text/vtt"}),
        help_text=gettext_lazy("Định dạng WebVTT (.vtt), bảng mã UTF-8."),
    )  # fmt: skip

    def clean_captions(self) -> bytes:
        """The bytes; what is in them is read by the service."""
        file = self.cleaned_data["captions"]
        if file.size > MOST_CAPTION_BYTES:
            raise forms.ValidationError(str(captions_too_large(MOST_CAPTION_BYTES).detail))
        return file.read()


def _lines(text: str) -> str:
    return "\n".join(line for line in map(_line, text.splitlines()) if line)


def _line(text: str) -> str:
    """What others read, in lists beside theirs: without what nobody sees, and what turns the text after it round."""
    return nfc("".join(char for char in nfc(text) if char == JOINER or unicodedata.category(char) not in UNSEEN))
