"""The clip part of a contest and everything about it that a rule can vary."""

from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from contest.models import Contest
from videos.models.rubric import Rubric

MEGABYTE = 1024 * 1024
# After the score itself. criterion:N is the clip's mean of the points for the rubric's criterion at position N.
DEFAULT_TIE_CHAIN = ["criterion:1:desc", "highest:desc", "submitted_at:asc"]


def default_tie_chain() -> list[str]:
    return list(DEFAULT_TIE_CHAIN)


class Combination(models.TextChoices):
    """How the sheets of a clip become its score. Chosen before scoring starts."""

    MEAN = "mean", _("trung bình cộng điểm của các giám khảo")
    TRIMMED_MEAN = "trimmed_mean", _("trung bình cộng sau khi bỏ một điểm cao nhất và một điểm thấp nhất")
    SEVERITY = "severity", _("trung bình có hiệu chỉnh độ chặt, lỏng của từng giám khảo")


class Aspect(models.TextChoices):
    ANY = "any", _("mọi tỷ lệ khung hình")
    LANDSCAPE = "landscape", _("khung hình ngang")
    WIDE = "wide", _("khung hình ngang 16:9")


class Stage(models.TextChoices):
    """Where a clip contest stands. Not stored: it follows from its times and the clock."""

    AHEAD = "ahead", _("Chưa nhận video")
    OPEN = "open", _("Đang nhận video")
    SCREENING = "screening", _("Rà soát, sàng lọc")
    SCORING = "scoring", _("Ban Giám khảo chấm")
    LOCKED = "locked", _("Đã khóa chấm điểm")
    PUBLISHED = "published", _("Đã công bố")


class ClipContestQuerySet(models.QuerySet["ClipContest"]):
    def organised_in(self, units: models.QuerySet[Unit]) -> "ClipContestQuerySet":
        return self.filter(contest__unit__in=units)

    def public(self) -> "ClipContestQuerySet":
        return self.filter(contest__is_public=True)


class ClipContest(models.Model):
    """The clip part of a contest: when clips are received, what they must be, and how the panel scores.

    Clips are received in [opens_at, closes_at). `judges_per_clip`: None means that every judge scores every clip.
    `disagreement_percent`: a clip is flagged when its highest and lowest sheet differ by more than that share of
    full marks. Judging rules and rubric are fixed once `scoring_started_at` is set; nobody sees another's score
    before `locked_at`.
    """

    contest = models.OneToOneField(Contest, models.CASCADE, related_name="clip_contest")
    opens_at = models.DateTimeField(_("nhận video từ"))
    closes_at = models.DateTimeField(_("hạn nhận video"))
    max_seconds = models.PositiveIntegerField(
        _("thời lượng tối đa (giây)"), default=300, validators=[MinValueValidator(1), MaxValueValidator(3600)]
    )
    min_height = models.PositiveIntegerField(
        _("độ phân giải tối thiểu (số dòng của cạnh ngắn)"), default=720, validators=[MaxValueValidator(2160)]
    )
    aspect = models.CharField(_("khung hình"), max_length=10, choices=Aspect.choices, default=Aspect.ANY)
    max_bytes = models.PositiveBigIntegerField(
        _("dung lượng tối đa của một tệp (byte)"), default=1024 * MEGABYTE, validators=[MinValueValidator(1)]
    )
    unit_quota_bytes = models.PositiveBigIntegerField(
        _("dung lượng tối đa của một đơn vị (byte)"), default=4096 * MEGABYTE, validators=[MinValueValidator(1)]
    )

    rubric = models.ForeignKey(
        Rubric, models.PROTECT, verbose_name=_("thang điểm"), related_name="clip_contests", null=True, blank=True
    )
    judges_per_clip = models.PositiveSmallIntegerField(
        _("số giám khảo chấm mỗi video"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("Để trống: mọi giám khảo chấm mọi video."),
    )  # fmt: skip
    combination = models.CharField(
        _("cách tính điểm"), max_length=20, choices=Combination.choices, default=Combination.MEAN
    )
    tie_chain = ArrayField(
        models.CharField(max_length=30),
        verbose_name=_("thứ tự xét khi bằng điểm"), default=default_tie_chain, blank=True,
    )  # fmt: skip
    is_blind = models.BooleanField(
        _("giấu tên đơn vị, tác giả với giám khảo"), default=False,
        help_text=_("Giám khảo chỉ thấy số video và tên video."),
    )  # fmt: skip
    prizes_by_kind = models.BooleanField(_("trao giải theo từng loại đơn vị"), default=False)
    disagreement_percent = models.PositiveSmallIntegerField(
        _("mức chênh lệch cần lưu ý (% điểm tối đa)"), default=20, validators=[MaxValueValidator(100)]
    )

    scoring_started_at = models.DateTimeField(null=True)
    locked_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)

    objects = ClipContestQuerySet.as_manager()

    class Meta:
        verbose_name = _("cuộc thi video")
        constraints = [
            models.CheckConstraint(condition=Q(opens_at__lt=F("closes_at")), name="clip_contest_opens_before_close"),
            models.CheckConstraint(
                condition=Q(scoring_started_at=None) | Q(rubric__isnull=False), name="clip_contest_scores_by_a_rubric"
            ),
            models.CheckConstraint(
                condition=Q(locked_at=None) | Q(scoring_started_at__isnull=False), name="clip_contest_locks_a_scoring"
            ),
            models.CheckConstraint(
                condition=Q(published_at=None) | Q(locked_at__isnull=False), name="clip_contest_publishes_locked"
            ),
        ]

    def __str__(self) -> str:
        return str(self.contest)

    def stage_at(self, now: datetime) -> Stage:
        """`now`: server time."""
        if self.published_at:
            return Stage.PUBLISHED
        if self.locked_at:
            return Stage.LOCKED
        if self.scoring_started_at:
            return Stage.SCORING
        if now < self.opens_at:
            return Stage.AHEAD
        return Stage.OPEN if now < self.closes_at else Stage.SCREENING

    def judging_rules(self) -> dict[str, Any]:
        """The rules that a result is computed by, as its frozen input holds them."""
        return {
            "combination": self.combination,
            "tie_chain": list(self.tie_chain),
            "judges_per_clip": self.judges_per_clip,
            "prizes_by_kind": self.prizes_by_kind,
            "disagreement_percent": self.disagreement_percent,
        }


class Genre(models.Model):
    """A genre (thể loại) of a clip contest."""

    clip_contest = models.ForeignKey(ClipContest, models.CASCADE, related_name="genres")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("thể loại"), max_length=100)

    class Meta:
        ordering = ["clip_contest", "position"]
        verbose_name = _("thể loại")
        constraints = [
            models.UniqueConstraint(fields=["clip_contest", "position"], name="genre_position_once"),
            models.UniqueConstraint(fields=["clip_contest", "name"], name="genre_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class ClipPrize(models.Model):
    """A prize for clips, from the highest; `prizes_by_kind` gives each of them in every kind of unit."""

    clip_contest = models.ForeignKey(ClipContest, models.CASCADE, related_name="prizes")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(_("tên giải"), max_length=100)
    count = models.PositiveSmallIntegerField(_("số giải"), validators=[MinValueValidator(1)])

    class Meta:
        ordering = ["clip_contest", "position"]
        verbose_name = _("giải video")
        constraints = [
            models.UniqueConstraint(fields=["clip_contest", "position"], name="clip_prize_position_once"),
            models.UniqueConstraint(fields=["clip_contest", "title"], name="clip_prize_title_once"),
            models.CheckConstraint(condition=Q(count__gte=1), name="clip_prize_given_at_least_once"),
        ]

    def __str__(self) -> str:
        return self.title
