"""The page on which organisers weigh how units are ranked; read-only once the contest has begun."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.problems import Refused
from contest.collective import words_of_rule
from contest.manage.access import contest_for
from contest.manage.forms import PrizeFormSet
from contest.models import CollectiveRule
from contest.models.collective import ADDING, CollectiveInput
from contest.services.collective import collective_rule_is_fixed, save_collective_rule

TIE_PLACES = 3


class CollectiveForm(forms.ModelForm):
    """The rule but its prizes; whether the numbers fit together is decided by the service."""

    class Meta:
        model = CollectiveRule
        fields = (
            "is_held",
            *(f"weight_{each.value}" for each in CollectiveInput),
            "grouping",
            "minimum_headcount",
            "perfect_rounds",
        )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for place in range(1, TIE_PLACES + 1):
            chain = self.instance.tie_chain
            self.fields[f"tie_{place}"] = forms.ChoiceField(
                label=_("Tiêu chí %(place)s") % {"place": place},
                required=False,
                initial=chain[place - 1] if place <= len(chain) else "",
                choices=[("", _("(không dùng)")), *CollectiveInput.choices],
            )

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        plan = [
            (_("Có xếp hạng hay không"), ("is_held",)),
            (_("Trọng số, tổng bằng 100"), tuple(f"weight_{each.value}" for each in ADDING)),
            (_("Điểm trừ"), ("weight_zero",)),
            (_("Xếp hạng"), ("grouping", "minimum_headcount")),
            (_("Khi bằng tổng điểm, xét lần lượt"), tuple(f"tie_{place}" for place in range(1, TIE_PLACES + 1))),
            (_("Đề nghị khen cá nhân"), ("perfect_rounds",)),
        ]
        return [(title, [self[name] for name in names]) for title, names in plan]

    def values(self) -> dict[str, Any]:
        """The fields of the rule, as the service takes them."""
        places = (self.cleaned_data[f"tie_{place}"] for place in range(1, TIE_PLACES + 1))
        chosen = {"tie_chain": [key for key in places if key]}
        return {name: self.cleaned_data[name] for name in self.Meta.fields} | chosen

    def _get_validation_exclusions(self) -> set[str]:
        # Leaves the sum of the weights to the service, which says everything at once and in words.
        return super()._get_validation_exclusions() | {"weight_participation"}  # type: ignore[misc]


@require_http_methods(["GET", "POST"])
@login_required
def collective(request: HttpRequest, pk: int) -> HttpResponse:
    """The rule: a form for organisers until the contest begins, afterwards as the public reads it."""
    contest = contest_for(request, pk)
    rule = CollectiveRule.objects.filter(contest=contest).first()
    form = CollectiveForm(request.POST or None, instance=CollectiveRule.objects.filter(contest=contest).first())
    stored = rule.prizes if rule else CollectiveRule().prizes
    formset = PrizeFormSet(request.POST or None, initial=[{"title": title, "count": count} for title, count in stored])
    if request.method == "POST" and form.is_valid() and formset.is_valid() and _saved(request, contest, form, formset):
        return redirect("manage-collective", pk)
    words = rule.as_json() if rule and rule.is_held else None
    context = {
        "contest": contest,
        "tab": "collective",
        "rule": rule,
        "is_fixed": collective_rule_is_fixed(contest),
        "form": form,
        "formset": formset,
        "words": words and words_of_rule(words),
    }
    return render(request, "manage/collective.html", context)


def _saved(request: HttpRequest, contest: Any, form: CollectiveForm, formset: Any) -> bool:
    prizes = [
        [row.cleaned_data["title"], row.cleaned_data["count"]] for row in formset if row.cleaned_data.get("title")
    ]
    try:
        save_collective_rule(contest=contest, values=form.values() | {"prizes": prizes}, actor=request.user)
    except Refused as refused:
        form.add_error(None, [str(reason) for reason in refused.reasons])
        return False
    messages.success(request, _("Đã lưu cách xếp hạng tập thể."))
    return True
