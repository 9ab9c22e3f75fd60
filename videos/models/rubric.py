"""What a panel scores by (thang điểm): criteria with their most points and the step between points."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit


class RubricQuerySet(models.QuerySet["Rubric"]):
    def newest(self) -> "RubricQuerySet":
        """Of every rubric its last version."""
        later = Rubric.objects.filter(unit=models.OuterRef("unit"), code=models.OuterRef("code"))
        return self.filter(version=models.Subquery(later.order_by("-version").values("version")[:1]))


class Rubric(models.Model):
    """One version of a rubric. Once a panel has begun with it, `frozen_at` is set and a trigger refuses changes."""

    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("đơn vị tổ chức"), related_name="rubrics")
    code = models.SlugField(_("mã thang điểm"))
    version = models.PositiveIntegerField(_("phiên bản"), default=1)
    title = models.CharField(_("tên thang điểm"), max_length=255)
    frozen_at = models.DateTimeField(null=True)

    objects = RubricQuerySet.as_manager()

    class Meta:
        ordering = ["code", "-version"]
        verbose_name = _("thang điểm")
        constraints = [
            models.UniqueConstraint(fields=["unit", "code", "version"], name="rubric_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="rubric_version_from_one"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def full_marks(self) -> Decimal:
        """The sum of the criteria's most points."""
        return sum((criterion.maximum for criterion in self.criteria.all()), Decimal(0))


class Criterion(models.Model):
    """One line of a rubric: points from 0 to `maximum` in steps of `step`."""

    rubric = models.ForeignKey(Rubric, models.CASCADE, related_name="criteria")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(_("tiêu chí"), max_length=255)
    description = models.TextField(_("hướng dẫn chấm"), blank=True)
    maximum = models.DecimalField(
        _("điểm tối đa"), max_digits=5, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    step = models.DecimalField(
        _("bước điểm"), max_digits=4, decimal_places=2, default=Decimal("0.5"),
        validators=[MinValueValidator(Decimal("0.01"))],
    )  # fmt: skip

    class Meta:
        ordering = ["rubric", "position"]
        verbose_name = _("tiêu chí")
        constraints = [
            models.UniqueConstraint(fields=["rubric", "position"], name="criterion_position_once"),
            models.CheckConstraint(
                condition=Q(step__gt=0, maximum__gte=F("step")), name="criterion_maximum_of_at_least_a_step"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def allows(self, points: Decimal) -> bool:
        """Whether `points` is from 0 to the maximum and a whole number of steps."""
        return 0 <= points <= self.maximum and points % self.step == 0
