"""The frozen dataset of a round or of a whole contest, from which pages, files and documents are rendered."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import Unit, User
from contest.models import Contest, Round


class RoundReportQuerySet(models.QuerySet["RoundReport"]):
    def weekly(self) -> "RoundReportQuerySet":
        return self.filter(round__isnull=False)

    def final(self) -> "RoundReportQuerySet":
        return self.filter(round=None)

    def latest_first(self) -> "RoundReportQuerySet":
        return self.order_by("-number")

    def without_dataset(self) -> "RoundReportQuerySet":
        """For lists: a dataset may be megabytes."""
        return self.defer("dataset")


class RoundReport(models.Model):
    """A dataset as it was computed at `as_of`, never changed: new figures make a new `number`, from 1 for each scope.

    `round` None is the report over the contest. `unit` is the scope: the contest's unit, or a department with
    all below it. `definitions` is the version of the figures' definitions. `source` names the results it was
    made of, as `reports/datasets/source.py` writes them, so that one sees which report is out of date. `digest` is
    the SHA-256 of the dataset's canonical JSON without `as_of`: the same figures have the same digest at any time.
    """

    contest = models.ForeignKey(Contest, models.PROTECT, related_name="reports")
    round = models.ForeignKey(Round, models.PROTECT, null=True, blank=True, related_name="reports")
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("phạm vi"), related_name="round_reports")
    number = models.PositiveIntegerField(_("bản số"))
    as_of = models.DateTimeField(_("số liệu đến"))
    definitions = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=2000)
    dataset = models.JSONField()
    digest = models.CharField(_("mã băm"), max_length=64)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(db_default=ClockTimestamp())

    objects = RoundReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("số liệu báo cáo đã chốt")
        constraints = [
            models.UniqueConstraint(
                fields=["round", "unit", "number"], condition=Q(round__isnull=False), name="round_report_number_once"
            ),
            models.UniqueConstraint(
                fields=["contest", "unit", "number"], condition=Q(round=None), name="final_report_number_once"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="round_report_number_from_1"),
        ]

    def __str__(self) -> str:
        about = self.contest.title if self.round is None else self.round.title
        return _("%(about)s, %(unit)s, bản %(number)s") % {
            "about": about,
            "unit": self.unit.code,
            "number": self.number,
        }

    @property
    def is_final(self) -> bool:
        """Whether it is the report over the contest."""
        return self.round_id is None
