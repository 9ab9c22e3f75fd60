"""Input of the organisers' pages of a clip contest. Forms clean; services decide."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contest.manage.forms import MomentField
from videos.models import ClipContest, Rubric
from videos.models.setup import MEGABYTE
from videos.result.ranking import SIMPLE_KEYS, words_of_key
from videos.setup.services import JUDGING

TIE_PLACES = 4


class DatesForm(forms.Form):
    """When clips are received."""

    opens_at = MomentField(label=gettext_lazy("Nhận video từ"))
    closes_at = MomentField(label=gettext_lazy("Hạn nhận video"), ends=True)


class ClipContestForm(forms.ModelForm):
    """Every setting of a clip contest, in sections. Judging rules are shown and not taken once the panel has begun."""

    opens_at = MomentField(label=gettext_lazy("Nhận video từ"))
    closes_at = MomentField(label=gettext_lazy("Hạn nhận video"), ends=True)
    max_minutes = forms.DecimalField(
        label=gettext_lazy("Thời lượng tối đa (phút)"), min_value=Decimal("0.1"), max_value=60, decimal_places=2
    )
    max_megabytes = forms.IntegerField(
        label=gettext_lazy("Dung lượng tối đa của một tệp (MB)"), min_value=1, max_value=20_000
    )
    quota_megabytes = forms.IntegerField(
        label=gettext_lazy("Dung lượng tối đa của một đơn vị (MB)"), min_value=1, max_value=200_000
    )

    class Meta:
        model = ClipContest
        fields = (
            "opens_at", "closes_at", "min_height", "aspect", "rubric", "judges_per_clip", "combination", "is_blind",
            "prizes_by_kind", "disagreement_percent",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        stored = self.instance
        self.initial = {
            **self.initial,
            "max_minutes": (Decimal(stored.max_seconds) / 60).quantize(Decimal("0.01")).normalize(),
            "max_megabytes": stored.max_bytes // MEGABYTE,
            "quota_megabytes": stored.unit_quota_bytes // MEGABYTE,
        }
        self.fields["rubric"].queryset = Rubric.objects.newest().filter(unit=stored.contest.unit_id) | (
            Rubric.objects.filter(pk=stored.rubric_id)
        )
        keys = [("", _("(không dùng)")), *tie_choices(stored.rubric)]
        for place in range(1, TIE_PLACES + 1):
            self.fields[f"tie_{place}"] = forms.ChoiceField(
                label=_("Tiêu chí %(place)s") % {"place": place}, required=False, choices=keys,
                initial=stored.tie_chain[place - 1] if place <= len(stored.tie_chain) else "",
            )  # fmt: skip
        if stored.scoring_started_at:
            for name in self.fields:
                if name in JUDGING or name.startswith("tie_"):
                    self.fields[name].disabled = True

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        plan = [
            (_("Nhận video"), ("opens_at", "closes_at")),
            (_("Yêu cầu đối với video"), ("max_minutes", "min_height", "aspect", "max_megabytes", "quota_megabytes")),
            (_("Ban Giám khảo"), ("rubric", "judges_per_clip", "is_blind", "disagreement_percent")),
            (_("Kết quả"), ("combination", "prizes_by_kind")),
            (_("Khi bằng điểm, xét lần lượt"), tuple(f"tie_{place}" for place in range(1, TIE_PLACES + 1))),
        ]
        return [(title, [self[name] for name in names]) for title, names in plan]

    def values(self) -> dict[str, Any]:
        """The settings, as the service takes them."""
        cleaned = self.cleaned_data
        chain = [key for key in (cleaned[f"tie_{place}"] for place in range(1, TIE_PLACES + 1)) if key]
        return {name: cleaned[name] for name in self.Meta.fields} | {
            "max_seconds": int(cleaned["max_minutes"] * 60),
            "max_bytes": cleaned["max_megabytes"] * MEGABYTE,
            "unit_quota_bytes": cleaned["quota_megabytes"] * MEGABYTE,
            "tie_chain": list(self.instance.tie_chain) if self.instance.scoring_started_at else chain,
        }


def tie_choices(rubric: Rubric | None) -> list[tuple[str, str]]:
    """The keys by which equal clips can be told apart, with their words."""
    titles = list(rubric.criteria.order_by("position").values_list("title", flat=True)) if rubric else []
    keys = [*(f"criterion:{position}:desc" for position in range(1, len(titles) + 1)), *SIMPLE_KEYS]
    return [(key, words_of_key(key, titles)) for key in keys]


class GenresForm(forms.Form):
    names = forms.CharField(
        label=gettext_lazy("Thể loại, mỗi dòng một thể loại"), widget=forms.Textarea(attrs={"rows": 6}), max_length=3000
    )

    def lines(self) -> list[str]:
        return [line.strip()[:100] for line in self.cleaned_data["names"].splitlines() if line.strip()]


class CriterionForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("Tiêu chí"), max_length=255, required=False)
    maximum = forms.DecimalField(
        label=gettext_lazy("Điểm tối đa"), max_digits=5, decimal_places=2, min_value=Decimal("0.01"), required=False
    )
    step = forms.DecimalField(
        label=gettext_lazy("Bước điểm"), max_digits=4, decimal_places=2, min_value=Decimal("0.01"), required=False
    )
    description = forms.CharField(
        label=gettext_lazy("Hướng dẫn chấm"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        given = [bool(values.get(name)) for name in ("title", "maximum", "step")]
        if any(given) and not all(given) and not self.errors:
            raise forms.ValidationError(_("Mỗi tiêu chí cần tên, điểm tối đa và bước điểm."))
        return values


CriterionFormSet = forms.formset_factory(CriterionForm, extra=2, max_num=40)
