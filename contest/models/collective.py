"""How a contest ranks its units (xếp hạng tập thể): weights, groups, order among equals, prizes."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contest.models.setup import Contest


class CollectiveInput(models.TextChoices):
    """What a unit is judged by. All but ZERO add points; ZERO takes some away."""

    PARTICIPATION = "participation", _("Tỷ lệ tham gia bình quân")
    SCORE = "score", _("Điểm trung bình")
    PERFECT = "perfect", _("Tỷ lệ bài đúng tất cả")
    REPORT = "report", _("Gửi báo cáo đúng hạn")
    CLIP_DUTY = "clip_duty", _("Có video dự thi")
    CLIP_SCORE = "clip_score", _("Điểm video dự thi")
    ZERO = "zero", _("Tỷ lệ bài 0 điểm")


ADDING = tuple(each for each in CollectiveInput if each != CollectiveInput.ZERO)
DEFAULT_PRIZES = (("Giải Nhất", 1), ("Giải Nhì", 2), ("Giải Ba", 2))
DEFAULT_TIE_CHAIN = (CollectiveInput.PARTICIPATION, CollectiveInput.PERFECT, CollectiveInput.SCORE)


class Grouping(models.TextChoices):
    BLOCKS = "blocks", _("trong từng bảng thi")
    KINDS = "kinds", _("trong từng loại đơn vị")
    ALL = "all", _("chung tất cả các đơn vị")


def default_prizes() -> list[list[Any]]:
    return [list(prize) for prize in DEFAULT_PRIZES]


def default_tie_chain() -> list[str]:
    return [key.value for key in DEFAULT_TIE_CHAIN]


def weight(label: Any, default: int) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(label, default=default, validators=[MaxValueValidator(100)])


class CollectiveRule(models.Model):
    """The rule by which a contest ranks units. `weight_<input>` is the most points the input gives (ZERO: takes).

    The weights that add points sum to 100. `prizes`: [[title, count], …] from the highest, given in every group.
    `version` counts the changes. A trigger refuses every change once a counted round of the contest is scheduled.
    """

    contest = models.OneToOneField(Contest, models.CASCADE, related_name="collective_rule")
    version = models.PositiveIntegerField(default=1)
    is_held = models.BooleanField(_("có xếp hạng tập thể"), default=True)
    weight_participation = weight(CollectiveInput.PARTICIPATION.label, 50)
    weight_score = weight(CollectiveInput.SCORE.label, 20)
    weight_perfect = weight(CollectiveInput.PERFECT.label, 20)
    weight_report = weight(CollectiveInput.REPORT.label, 10)
    weight_clip_duty = weight(CollectiveInput.CLIP_DUTY.label, 0)
    weight_clip_score = weight(CollectiveInput.CLIP_SCORE.label, 0)
    weight_zero = weight(_("Điểm trừ: tỷ lệ bài 0 điểm"), 10)
    grouping = models.CharField(_("xếp hạng"), max_length=10, choices=Grouping.choices, default=Grouping.BLOCKS)
    minimum_headcount = models.PositiveIntegerField(
        _("biên chế tối thiểu để được xếp hạng"), default=1, validators=[MinValueValidator(1)]
    )
    tie_chain = ArrayField(
        models.CharField(max_length=20, choices=CollectiveInput.choices),
        verbose_name=_("thứ tự xét khi bằng điểm"),
        default=default_tie_chain,
        blank=True,
    )
    prizes = models.JSONField(_("giải tập thể"), default=default_prizes, blank=True)
    perfect_rounds = models.PositiveSmallIntegerField(
        _("số tuần đúng tất cả để một người được đề nghị khen"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Để trống: tất cả các tuần thi."),
    )

    class Meta:
        verbose_name = _("cách xếp hạng tập thể")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    weight_participation=100
                    - F("weight_score")
                    - F("weight_perfect")
                    - F("weight_report")
                    - F("weight_clip_duty")
                    - F("weight_clip_score")
                ),
                name="collective_weights_sum_to_100",
            ),
            models.CheckConstraint(condition=Q(weight_zero__lte=100), name="collective_penalty_to_100"),
            models.CheckConstraint(condition=Q(minimum_headcount__gte=1), name="collective_headcount_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.contest}: {self.version}"

    def as_json(self) -> dict[str, Any]:
        """The rule as every computation takes a copy of it."""
        return {
            "version": self.version,
            "is_held": self.is_held,
            "weights": {each.value: getattr(self, f"weight_{each.value}") for each in CollectiveInput},
            "grouping": self.grouping,
            "minimum_headcount": self.minimum_headcount,
            "tie_chain": list(self.tie_chain),
            "prizes": [list(prize) for prize in self.prizes],
            "perfect_rounds": self.perfect_rounds,
        }
