"""A contest and everything about it that a rule can vary."""

from datetime import time
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, UnitKind, User

DEFAULT_TIE_CHAIN = ["score:desc", "prediction_error:asc", "submitted_at:asc"]


def default_tie_chain() -> list[str]:
    return list(DEFAULT_TIE_CHAIN)


class Counts(models.TextChoices):
    BEST = "best", _("lần có kết quả tốt nhất (bằng điểm thì lấy lần nộp sớm hơn)")
    FIRST = "first", _("lần đầu tiên")
    LAST = "last", _("lần cuối cùng")


class PredictionAsks(models.TextChoices):
    PERFECT_PEOPLE = "perfect_people", _("số người trả lời đúng tất cả các câu hỏi")
    PARTICIPANTS = "participants", _("số người tham gia dự thi")
    ENTRIES = "entries", _("số lượt dự thi")
    PERFECT_PERCENT = "perfect_percent", _("tỷ lệ phần trăm người trả lời đúng tất cả các câu hỏi")


class TieKey(models.TextChoices):
    SCORE = "score:desc", _("điểm cao hơn")
    PREDICTION_ERROR = "prediction_error:asc", _("dự đoán gần đúng hơn")
    PREDICTION_OVER = "prediction_over:asc", _("dự đoán không vượt quá kết quả thực tế")
    DURATION = "duration:asc", _("thời gian làm bài ngắn hơn")
    SUBMITTED_AT = "submitted_at:asc", _("thời điểm nộp bài sớm hơn")


class Wins(models.TextChoices):
    MANY = "many", _("được nhận giải ở nhiều tuần thi")
    ONCE = "once", _("chỉ được nhận giải một lần trong cả hội thi")


class ScoreRelease(models.TextChoices):
    AT_ONCE = "at_once", _("ngay sau khi nộp bài")
    AFTER_CLOSE = "after_close", _("sau khi tuần thi kết thúc")


class AnswersRelease(models.TextChoices):
    AFTER_CLOSE = "after_close", _("sau khi tuần thi kết thúc")
    AFTER_PUBLICATION = "after_publication", _("sau khi công bố kết quả")


class Weekday(models.IntegerChoices):
    MONDAY = 1, _("thứ Hai")
    TUESDAY = 2, _("thứ Ba")
    WEDNESDAY = 3, _("thứ Tư")
    THURSDAY = 4, _("thứ Năm")
    FRIDAY = 5, _("thứ Sáu")
    SATURDAY = 6, _("thứ Bảy")
    SUNDAY = 7, _("Chủ nhật")


class ContestQuerySet(models.QuerySet["Contest"]):
    def public(self) -> "ContestQuerySet":
        return self.filter(is_public=True)

    def organised_in(self, units: models.QuerySet[Unit]) -> "ContestQuerySet":
        """Contests whose organising unit is among `units`."""
        return self.filter(unit__in=units)


class Contest(models.Model):
    """A contest and its rules. A round copies them when it is scheduled; later edits reach later rounds."""

    slug = models.SlugField(_("tên rút gọn"), unique=True)
    title = models.CharField(_("tên hội thi"), max_length=255)
    unit = models.ForeignKey(
        Unit,
        models.PROTECT,
        verbose_name=_("đơn vị tổ chức"),
        related_name="contests",
        help_text=_("Các đơn vị trực thuộc đều thuộc phạm vi hội thi."),
    )
    introduction = models.TextField(_("giới thiệu"), blank=True)
    is_public = models.BooleanField(_("hiển thị công khai"), default=False)

    opens_weekday = models.PositiveSmallIntegerField(_("mở vào"), choices=Weekday.choices, default=Weekday.MONDAY)
    opens_time = models.TimeField(_("lúc"), default=time(0, 0))
    window_minutes = models.PositiveIntegerField(
        _("thời gian mở (phút)"), default=7 * 24 * 60, validators=[MinValueValidator(1)]
    )
    attempts_allowed = models.PositiveSmallIntegerField(
        _("số lượt thi mỗi người mỗi tuần"),
        null=True,
        blank=True,
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("Để trống: không giới hạn."),
    )
    counts = models.CharField(_("lượt được tính"), max_length=10, choices=Counts.choices, default=Counts.BEST)
    time_limit_seconds = models.PositiveIntegerField(
        _("thời gian làm bài (giây)"),
        null=True,
        blank=True,
        default=1800,
        validators=[MinValueValidator(10)],
        help_text=_("Để trống: không giới hạn."),
    )
    grace_seconds = models.PositiveSmallIntegerField(
        _("thời gian du di đường truyền (giây)"), default=5, validators=[MaxValueValidator(60)]
    )
    questions_per_round = models.PositiveSmallIntegerField(
        _("số câu hỏi mỗi tuần"), default=15, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    max_correct = models.PositiveSmallIntegerField(
        _("số đáp án đúng tối đa mỗi câu"), default=1, validators=[MinValueValidator(1), MaxValueValidator(4)]
    )
    shuffle_questions = models.BooleanField(_("đảo thứ tự câu hỏi"), default=True)
    shuffle_choices = models.BooleanField(_("đảo thứ tự phương án"), default=True)
    prediction_asks = models.CharField(
        _("câu dự đoán hỏi"),
        max_length=20,
        choices=PredictionAsks.choices,
        default=PredictionAsks.PERFECT_PEOPLE,
    )
    prediction_decimals = models.PositiveSmallIntegerField(
        _("số chữ số thập phân của dự đoán"), default=0, validators=[MaxValueValidator(5)]
    )
    prediction_required = models.BooleanField(_("bắt buộc dự đoán"), default=True)
    tie_chain = ArrayField(
        models.CharField(max_length=30, choices=TieKey.choices),
        verbose_name=_("thứ tự xét hạng"),
        default=default_tie_chain,
    )
    prize_if_nobody_perfect = models.BooleanField(_("vẫn trao giải khi không ai đúng tất cả"), default=True)
    wins = models.CharField(_("nhận giải"), max_length=10, choices=Wins.choices, default=Wins.MANY)
    score_release = models.CharField(
        _("cho xem điểm"), max_length=20, choices=ScoreRelease.choices, default=ScoreRelease.AFTER_CLOSE
    )
    answers_release = models.CharField(
        _("cho xem đáp án"),
        max_length=20,
        choices=AnswersRelease.choices,
        default=AnswersRelease.AFTER_PUBLICATION,
    )

    objects = ContestQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("hội thi")
        constraints = [
            models.CheckConstraint(
                condition=Q(prediction_decimals=0) | Q(prediction_asks="perfect_percent"),
                name="contest_decimals_only_for_percent",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def rules(self) -> dict[str, Any]:
        """The rules as a round freezes them: the `rules` of its record, and what only the portal needs."""
        return {
            "attempts": self.attempts_allowed,
            "counts": self.counts,
            "time_limit_seconds": self.time_limit_seconds,
            "prediction": {
                "asks": self.prediction_asks,
                "decimals": self.prediction_decimals,
                "required": self.prediction_required,
            },
            "tie_chain": list(self.tie_chain),
            "prize_if_nobody_perfect": self.prize_if_nobody_perfect,
            "wins": self.wins,
            "questions": self.questions_per_round,
            "max_correct": self.max_correct,
            "shuffle_questions": self.shuffle_questions,
            "shuffle_choices": self.shuffle_choices,
            "score_release": self.score_release,
            "answers_release": self.answers_release,
        }


class Block(models.Model):
    """A block (bảng): splits ranking and prizes only. A person's own block wins over the unit kind's."""

    contest = models.ForeignKey(Contest, models.CASCADE, related_name="blocks")
    code = models.CharField(_("mã bảng"), max_length=50)
    name = models.CharField(_("tên bảng"), max_length=100)
    kinds = models.ManyToManyField(UnitKind, verbose_name=_("loại đơn vị thuộc bảng"), blank=True)

    class Meta:
        ordering = ["code"]
        verbose_name = _("bảng")
        constraints = [models.UniqueConstraint(fields=["contest", "code"], name="block_code_once_per_contest")]

    def __str__(self) -> str:
        return self.name


class Ineligibility(models.Model):
    """A person who may take part and is never ranked: organising committee, expert team, helpers."""

    contest = models.ForeignKey(Contest, models.CASCADE, related_name="ineligibilities")
    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("người dự thi"))
    reason = models.CharField(_("lý do"), max_length=255)

    class Meta:
        verbose_name = _("người không xét giải")
        constraints = [models.UniqueConstraint(fields=["contest", "user"], name="ineligibility_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.reason}"
