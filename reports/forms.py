"""What people may ask of the report pages."""

from typing import cast

from django import forms
from django.utils.translation import gettext_lazy as _

from reports.models import TABLE_FORMATS, TABLE_KINDS, ExportFormat


class ExportForm(forms.Form):
    """A wish for a file. Whether the person may have it is decided by the service, not by this list."""

    kind = forms.ChoiceField(label=_("Loại báo cáo"))
    round = forms.TypedChoiceField(label=_("Tuần thi"), coerce=int)
    format = forms.ChoiceField(
        label=_("Định dạng"), choices=[(one.value, one.label) for one in TABLE_FORMATS], initial=ExportFormat.XLSX
    )
    unit = forms.CharField(max_length=50, required=False, widget=forms.HiddenInput)

    def __init__(self, *args, rounds=(), kinds=TABLE_KINDS, **kwargs):
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["kind"]).choices = [(kind.value, kind.label) for kind in kinds]
        cast(forms.ChoiceField, self.fields["round"]).choices = [
            (round.pk, f"{round} - {round.contest}") for round in rounds
        ]
