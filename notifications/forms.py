"""Input of the pages about messages."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from notifications.models import Kind
from notifications.texts import PLACES, StandardText


class MuteForm(forms.Form):
    """A box for each kind, ticked where the person wants mail."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Loại thông báo muốn nhận"),
        choices=Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, muted: Collection[str], **kwargs: Any):
        kwargs.setdefault("initial", {"kinds": [kind for kind in Kind.values if kind not in muted]})
        super().__init__(*args, **kwargs)

    def muted_kinds(self) -> list[str]:
        """The kinds whose box is empty."""
        return [kind for kind in Kind.values if kind not in self.cleaned_data["kinds"]]


class TextForm(forms.Form):
    """The words of a message. Whether its places are allowed the service decides."""

    subject = forms.CharField(label=gettext_lazy("Tiêu đề thông báo"), max_length=255)
    body = forms.CharField(label=gettext_lazy("Nội dung"), max_length=5000, widget=forms.Textarea(attrs={"rows": 9}))

    def __init__(self, *args: Any, standard: StandardText, **kwargs: Any):
        super().__init__(*args, **kwargs)
        places = ", ".join(f"{{{place}}} ({PLACES[place]})" for place in standard.places)
        self.fields["body"].help_text = format_lazy("{}: {}.", gettext_lazy("Dùng được"), places)
