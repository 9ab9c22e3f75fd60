"""Input of the pages about messages."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from notifications.models import Kind


class MuteForm(forms.Form):
    """A box for each kind, ticked where the person wants mail."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Nhận thư và nhắc chưa đọc về"),
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
