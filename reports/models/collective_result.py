"""The frozen ranking of units of a contest, with every line of its calculation."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import Unit, User
from contest.models import Contest


class CollectiveResultQuerySet(models.QuerySet["CollectiveResult"]):
    def published(self) -> "CollectiveResultQuerySet":
        return self.filter(published_at__isnull=False)

    def latest_first(self) -> "CollectiveResultQuerySet":
        return self.order_by("-version")


class CollectiveResult(models.Model):
    """A ranking as it was computed: never changed but for its publication; other figures make a new `version`.

    `rule` is the copy of the contest's rule, `rounds` [{number, title, version, result_hash}] what it rests on.
    `digest` is the SHA-256 of the canonical JSON of rule, rounds and all standings: equal figures, equal digest.
    """

    contest = models.ForeignKey(Contest, models.PROTECT, related_name="collective_results")
    version = models.PositiveIntegerField(_("bản số"))
    rule = models.JSONField()
    rounds = models.JSONField()
    digest = models.CharField(_("mã băm"), max_length=64)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=ClockTimestamp())
    published_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)

    objects = CollectiveResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("kết quả tập thể")
        constraints = [
            models.UniqueConstraint(fields=["contest", "version"], name="collective_result_version_once"),
            models.CheckConstraint(
                condition=Q(published_at=None, published_by=None)
                | Q(published_at__isnull=False, published_by__isnull=False),
                name="collective_result_published_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contest}: {self.version}"


class CollectiveStanding(models.Model):
    """A unit's place in a frozen ranking; `calculation` as `as_json` of reports/collective/freezing.py makes it."""

    result = models.ForeignKey(CollectiveResult, models.CASCADE, related_name="standings")
    position = models.PositiveIntegerField()
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    calculation = models.JSONField()

    class Meta:
        ordering = ["result", "position"]
        verbose_name = _("thứ hạng tập thể")
        constraints = [
            models.UniqueConstraint(fields=["result", "position"], name="collective_standing_position_once"),
            models.UniqueConstraint(fields=["result", "unit"], name="collective_standing_unit_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.unit_id}"


class DecisionMethod(models.TextChoices):
    LOTS = "lots", _("Bốc thăm")
    DECISION = "decision", _("Quyết định của Ban Tổ chức")


class CollectiveDecision(models.Model):
    """What the committee decided about one tie that crosses the end of a prize: `units` in the order decided.

    `rank`, `group` and the `prizes` offered name the tie. It holds for that very tie, also in a later version of the
    ranking, and is never changed: `reports/collective/ties.py`.
    """

    result = models.ForeignKey(CollectiveResult, models.PROTECT, related_name="decisions")
    group = models.CharField(max_length=255, blank=True)
    rank = models.PositiveIntegerField()
    prizes = models.JSONField()
    units = ArrayField(models.BigIntegerField())
    method = models.CharField(_("cách quyết định"), max_length=10, choices=DecisionMethod.choices)
    reason = models.TextField(_("lý do, biên bản"), max_length=4000)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(db_default=ClockTimestamp())

    class Meta:
        ordering = ["id"]
        verbose_name = _("quyết định về đơn vị đồng hạng")
        constraints = [
            models.UniqueConstraint(fields=["result", "group", "rank"], name="collective_decision_once"),
            models.CheckConstraint(condition=Q(reason__gt=""), name="collective_decision_with_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.result}: {self.rank}"
