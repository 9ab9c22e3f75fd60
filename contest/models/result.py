"""Prizes, the ranking of a round, and lots drawn between true ties."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import User
from contest.models.attempt import Attempt
from contest.models.round import Round


class Prize(models.Model):
    """A kind of prize of a round, given `count` times in every block. `code` is its name in the record."""

    round = models.ForeignKey(Round, models.CASCADE, related_name="prizes")
    position = models.PositiveSmallIntegerField()
    code = models.SlugField(_("mã giải"), max_length=30)
    title = models.CharField(_("tên giải"), max_length=100)
    count = models.PositiveSmallIntegerField(_("số giải"), validators=[MinValueValidator(1)])

    class Meta:
        ordering = ["position"]
        verbose_name = _("giải thưởng")
        constraints = [
            models.UniqueConstraint(fields=["round", "position"], name="prize_position_once"),
            models.UniqueConstraint(fields=["round", "code"], name="prize_code_once"),
        ]

    def __str__(self) -> str:
        return self.title


class StandingQuerySet(models.QuerySet["Standing"]):
    def with_prize(self) -> "StandingQuerySet":
        return self.filter(prize__isnull=False)

    def in_stored_order(self) -> "StandingQuerySet":
        return self.order_by("position")


class Standing(models.Model):
    """The rank of a counted, eligible attempt inside its block. `position` from 1 is the record's order.

    Rows are only ever made by one INSERT … SELECT from the round's own attempts, and neither attempts nor
    prizes of a ranked round can be deleted; so the database does not check the references again, row by
    row, for two million rows. For the same reason there is one index that every row enters, and rows are
    written in its order; a round's rows lie together on disk, which is all that a BRIN index needs.
    """

    attempt = models.OneToOneField(
        Attempt, models.CASCADE, primary_key=True, related_name="standing", db_constraint=False
    )
    round = models.ForeignKey(Round, models.CASCADE, related_name="standings", db_index=False, db_constraint=False)
    position = models.IntegerField()
    block = models.CharField(max_length=50, blank=True)
    rank = models.IntegerField()
    score = models.SmallIntegerField()
    prediction_error = models.DecimalField(max_digits=14, decimal_places=5, null=True)
    prize = models.ForeignKey(
        Prize, models.PROTECT, null=True, related_name="standings", db_index=False, db_constraint=False
    )

    objects = StandingQuerySet.as_manager()

    class Meta:
        verbose_name = _("xếp hạng")
        indexes = [
            BrinIndex(fields=["round"], autosummarize=True, name="standing_round"),
            models.Index(fields=["round"], condition=models.Q(prize__isnull=False), name="standing_with_prize"),
        ]

    def __str__(self) -> str:
        return f"{self.rank}: {self.attempt_id}"


class Draw(models.Model):
    """Lots drawn (bốc thăm) among tied entries: `entries` in the order drawn."""

    round = models.ForeignKey(Round, models.CASCADE, related_name="draws")
    entries = ArrayField(models.CharField(max_length=21), verbose_name=_("thứ tự bốc thăm"))
    minutes = models.TextField(_("biên bản bốc thăm"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField(db_default=ClockTimestamp())

    class Meta:
        ordering = ["id"]
        verbose_name = _("bốc thăm")

    def __str__(self) -> str:
        return ", ".join(self.entries)
