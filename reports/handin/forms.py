"""Input of the pages of frozen reports. Forms clean; services decide."""

from django import forms

from accounts.text import nfc
from reports.issuing import FIELDS
from reports.models import ExportFormat, ExportKind, IssuingBody


class FileForm(forms.Form):
    """A wish for a file of a frozen report."""

    report = forms.IntegerField(min_value=1, max_value=2**62)
    kind = forms.ChoiceField(choices=ExportKind.choices)
    format = forms.ChoiceField(choices=ExportFormat.choices)
    knows_outdated = forms.BooleanField(required=False)


class IssuingBodyForm(forms.ModelForm):
    """The settings of the issuing body, texts composed and without blanks at their ends."""

    class Meta:
        model = IssuingBody
        fields = FIELDS
        widgets = {"legal_bases": forms.Textarea({"rows": 4}), "recipients": forms.Textarea({"rows": 4})}

    def clean(self):
        cleaned = super().clean() or self.cleaned_data
        return {name: nfc(value) if isinstance(value, str) else value for name, value in cleaned.items()}
