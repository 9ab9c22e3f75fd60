"""What the panel's sheets come to: a frozen run with its input, and the standing of every clip in it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import User
from videos.models.clip import Clip
from videos.models.setup import ClipContest


class PanelResult(models.Model):
    """One computation of a clip contest's result. Never changed: a new one has the next version.

    `input` holds rules, rubric, prizes, sheets and the chair's decisions, everything the standings follow from;
    `input_hash` is the SHA-256 of its canonical JSON, `result_hash` that of the standings'.
    """

    clip_contest = models.ForeignKey(ClipContest, models.CASCADE, related_name="results")
    version = models.PositiveIntegerField()
    input = models.JSONField()
    input_hash = models.CharField(max_length=64)
    result_hash = models.CharField(max_length=64)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=ClockTimestamp())

    class Meta:
        ordering = ["clip_contest", "-version"]
        verbose_name = _("kết quả chấm video")
        constraints = [models.UniqueConstraint(fields=["clip_contest", "version"], name="panel_result_version_once")]

    def __str__(self) -> str:
        return f"{self.clip_contest_id} v{self.version}"


class ClipStanding(models.Model):
    """A clip's place in a result. `group`: the unit's kind when prizes go by kind, otherwise empty.

    `score`: by the combination, 2 decimals; None when no sheet counts. `raw_mean`, `deviation` (sample standard
    deviation of the sheets' totals) beside it. `is_disputed`: the sheets differ by more than the contest's limit.
    `needs_draw`: tied with others across the end of a prize, so that none of them has one yet.
    """

    result = models.ForeignKey(PanelResult, models.CASCADE, related_name="standings")
    clip = models.ForeignKey(Clip, models.PROTECT, related_name="standings")
    group = models.CharField(max_length=100, blank=True)
    rank = models.PositiveIntegerField(_("hạng"), null=True)
    score = models.DecimalField(_("điểm"), max_digits=7, decimal_places=2, null=True)
    raw_mean = models.DecimalField(_("trung bình cộng"), max_digits=7, decimal_places=2, null=True)
    deviation = models.DecimalField(_("độ lệch chuẩn"), max_digits=7, decimal_places=2, null=True)
    sheets = models.PositiveSmallIntegerField(_("số phiếu"))
    is_disputed = models.BooleanField(default=False)
    needs_draw = models.BooleanField(default=False)
    prize = models.CharField(_("giải"), max_length=100, blank=True)

    class Meta:
        ordering = ["result", "group", models.F("rank").asc(nulls_last=True), "clip__number"]
        verbose_name = _("thứ hạng video")
        constraints = [models.UniqueConstraint(fields=["result", "clip"], name="clip_standing_once")]

    def __str__(self) -> str:
        return f"{self.rank}: {self.clip_id}"
