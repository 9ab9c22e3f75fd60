"""Who was reminded of clips, and when."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from videos.models.setup import ClipContest


class ClipReminderKind(models.TextChoices):
    HAND_IN = "hand_in", _("Nhắc nộp video")
    SCORE = "score", _("Nhắc chấm video")


class ClipReminder(models.Model):
    """That somebody was reminded on a day (local, by the database's clock); nobody is reminded twice on it."""

    clip_contest = models.ForeignKey(ClipContest, models.CASCADE, related_name="reminders")
    kind = models.CharField(_("loại"), max_length=10, choices=ClipReminderKind.choices)
    user = models.ForeignKey(User, models.CASCADE, related_name="clip_reminders")
    day = models.DateField(_("ngày"))
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("lần nhắc về video")
        constraints = [
            models.UniqueConstraint(fields=["user", "clip_contest", "kind", "day"], name="clip_reminder_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"
