"""Questions with their choices, kept in banks."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import Unit, User

CHOICE_CODES = "ABCDEF"


class Bank(models.Model):
    """A named collection of questions, kept by organisers of a unit."""

    slug = models.SlugField(_("tên rút gọn"), unique=True)
    title = models.CharField(_("tên ngân hàng câu hỏi"), max_length=255)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="banks")

    class Meta:
        ordering = ["slug"]
        verbose_name = _("ngân hàng câu hỏi")

    def __str__(self) -> str:
        return self.title


class QuestionQuerySet(models.QuerySet["Question"]):
    def frozen(self) -> "QuestionQuerySet":
        """Questions of a round that has been scheduled: their text and key stand for good."""
        return self.filter(round_questions__round__scheduled_at__isnull=False).distinct()


class Question(models.Model):
    """A multiple-choice question. `correct` holds the letters of the right choices in order, such as AC."""

    bank = models.ForeignKey(Bank, models.PROTECT, related_name="questions")
    code = models.CharField(_("mã câu"), max_length=50)
    text = models.TextField(_("câu hỏi"))
    multiple = models.BooleanField(_("chọn nhiều phương án"), default=False)
    correct = ArrayField(models.CharField(max_length=1), verbose_name=_("đáp án"))
    fixed_order = models.BooleanField(_("giữ thứ tự phương án"), default=False)
    topic = models.CharField(_("chủ đề"), max_length=255, blank=True)
    legal_source = models.CharField(_("căn cứ"), max_length=500, blank=True)
    effective_until = models.DateField(_("hiệu lực đến"), null=True, blank=True)
    explanation = models.TextField(_("giải thích"), blank=True)
    edited_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    edited_at = models.DateTimeField(db_default=ClockTimestamp())

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["bank_id", "code"]
        verbose_name = _("câu hỏi")
        constraints = [
            models.UniqueConstraint(fields=["bank", "code"], name="question_code_once_per_bank"),
            models.CheckConstraint(condition=Q(correct__len__gte=1), name="question_has_a_key"),
            models.CheckConstraint(
                condition=Q(multiple=True) | Q(correct__len=1), name="question_single_has_one_correct"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}. {self.text}"

    def is_frozen(self) -> bool:
        """Whether a scheduled round rests on this question. One query."""
        return self.round_questions.filter(round__scheduled_at__isnull=False).exists()


class Choice(models.Model):
    """One of 2 to 6 choices; `position` from 1 gives its letter."""

    question = models.ForeignKey(Question, models.CASCADE, related_name="choices")
    position = models.PositiveSmallIntegerField()
    text = models.TextField(_("phương án"))

    class Meta:
        ordering = ["position"]
        verbose_name = _("phương án")
        constraints = [
            models.UniqueConstraint(fields=["question", "position"], name="choice_position_once"),
            models.CheckConstraint(condition=Q(position__range=(1, 6)), name="choice_position_1_to_6"),
        ]

    def __str__(self) -> str:
        return f"{self.code}. {self.text}"

    @property
    def code(self) -> str:
        return CHOICE_CODES[self.position - 1]
