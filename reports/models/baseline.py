"""Last year's figures of a contest: what its own are compared with."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from contest.models import Contest


class Baseline(models.Model):
    """What a contest is compared with: an earlier contest of the portal, or totals entered with their source.

    `units` is the number of units that took part. `participants` is empty where only entries were published. With
    an earlier contest the three are computed from its attempts and stay empty here.
    """

    contest = models.OneToOneField(Contest, models.CASCADE, related_name="baseline", verbose_name=_("hội thi"))
    label = models.CharField(_("tên gọi"), max_length=100)
    earlier = models.ForeignKey(
        Contest, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("hội thi trước trong cổng")
    )
    source = models.CharField(_("nguồn số liệu"), max_length=500, blank=True)
    units = models.PositiveIntegerField(_("số đơn vị tham gia"), null=True, blank=True)
    participants = models.PositiveIntegerField(_("số người tham gia"), null=True, blank=True)
    entries = models.PositiveIntegerField(_("số lượt dự thi"), null=True, blank=True)

    class Meta:
        verbose_name = _("số liệu năm trước")
        constraints = [
            models.CheckConstraint(
                condition=Q(earlier__isnull=False, units=None, participants=None, entries=None)
                | Q(earlier=None, source__gt="", units__isnull=False, entries__isnull=False),
                name="baseline_of_a_contest_or_with_source",
            ),
            models.CheckConstraint(
                condition=Q(earlier=None) | ~Q(earlier=F("contest")), name="baseline_not_its_own_contest"
            ),
        ]

    def __str__(self) -> str:
        return self.label


class BaselineUnit(models.Model):
    """Entered figures of one unit, under the code that it had then."""

    baseline = models.ForeignKey(Baseline, models.CASCADE, related_name="unit_rows")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    participants = models.PositiveIntegerField(null=True)
    entries = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("số liệu năm trước của đơn vị")
        constraints = [models.UniqueConstraint(fields=["baseline", "unit"], name="baseline_unit_once")]

    def __str__(self) -> str:
        return f"{self.baseline}: {self.unit}"
