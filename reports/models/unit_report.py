"""A unit's weekly report to the secretary, its deadline, and who has been reminded of what."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import Unit, User
from contest.models import Round


class ReportState(models.TextChoices):
    """Draft → sent → returned or accepted. A returned report stays as it is: what follows is its next version."""

    DRAFT = "draft", _("Bản nháp")
    SENT = "sent", _("Đã gửi")
    RETURNED = "returned", _("Trả lại để bổ sung")
    ACCEPTED = "accepted", _("Đã tiếp nhận")


HANDED_IN = (ReportState.SENT, ReportState.RETURNED, ReportState.ACCEPTED)


class UnitReportQuerySet(models.QuerySet["UnitReport"]):
    def handed_in(self) -> "UnitReportQuerySet":
        """Versions that have been sent, whatever became of them."""
        return self.filter(state__in=HANDED_IN)

    def standing(self) -> "UnitReportQuerySet":
        """What a unit's report is now for those who receive it: sent, and not returned."""
        return self.filter(state__in=(ReportState.SENT, ReportState.ACCEPTED))

    def without_contents(self) -> "UnitReportQuerySet":
        """For lists: all but figures and remarks."""
        return self.defer("dataset", "done", "difficulties", "suggestions", "comment")


class UnitReport(models.Model):
    """One version of what a unit reports about a round.

    `dataset` is frozen when the version is sent, with the remarks in it, and `digest` is the SHA-256 of its
    canonical JSON: see reports/unit_reports/figures.py. Whoever sent a version neither returns nor accepts it.
    """

    round = models.ForeignKey(Round, models.PROTECT, related_name="unit_reports")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="unit_reports")
    version = models.PositiveSmallIntegerField(_("bản"))
    state = models.CharField(_("trạng thái"), max_length=10, choices=ReportState.choices, default=ReportState.DRAFT)
    done = models.TextField(_("việc đã làm"), max_length=4000, blank=True)
    difficulties = models.TextField(_("khó khăn, vướng mắc"), max_length=4000, blank=True)
    suggestions = models.TextField(_("đề xuất, kiến nghị"), max_length=4000, blank=True)
    edited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    edited_at = models.DateTimeField(db_default=ClockTimestamp())
    dataset = models.JSONField(default=dict, blank=True)
    digest = models.CharField(_("mã băm"), max_length=64, blank=True)
    sent_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    sent_at = models.DateTimeField(_("gửi lúc"), null=True, blank=True)
    comment = models.TextField(_("ý kiến"), max_length=4000, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = UnitReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("báo cáo của đơn vị")
        ordering = ["round_id", "unit_id", "version"]
        constraints = [
            models.UniqueConstraint(fields=["round", "unit", "version"], name="unit_report_version_once"),
            models.UniqueConstraint(
                fields=["round", "unit"], condition=~Q(state="returned"), name="unit_report_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(sent_at__isnull=False, sent_by__isnull=False, digest__gt=""),
                name="unit_report_sent_is_frozen",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "sent"], decided_at=None, decided_by=None)
                | Q(state__in=["returned", "accepted"], decided_at__isnull=False, decided_by__isnull=False),
                name="unit_report_decided_as_the_state_says",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("sent_by")), name="unit_report_decided_by_another"
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | Q(comment__gt=""), name="unit_report_returned_with_a_comment"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} - {self.round}"

    @property
    def is_draft(self) -> bool:
        return self.state == ReportState.DRAFT


class ReportDeadline(models.Model):
    """By when units report about a round, where it is not the standard time of reports/unit_reports/deadlines.py."""

    round = models.OneToOneField(Round, models.CASCADE, related_name="report_deadline")
    due_at = models.DateTimeField(_("hạn gửi báo cáo"))
    changed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(db_default=ClockTimestamp())

    class Meta:
        verbose_name = _("hạn gửi báo cáo")

    def __str__(self) -> str:
        return str(self.round)


class ReminderKind(models.TextChoices):
    UNIT_REPORT = "unit_report", _("Nhắc gửi báo cáo")
    TAKE_PART = "take_part", _("Nhắc dự thi")


class Reminder(models.Model):
    """That somebody was reminded on a day. The constraints decide that nobody is reminded twice on it."""

    kind = models.CharField(_("loại"), max_length=12, choices=ReminderKind.choices)
    user = models.ForeignKey(User, models.CASCADE, related_name="reminders", db_index=False)
    round = models.ForeignKey(Round, models.CASCADE, related_name="reminders", db_index=False)
    day = models.DateField(_("ngày"))
    announcement = models.ForeignKey(
        "notifications.Announcement", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("lần nhắc")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "round", "day"], condition=Q(kind="unit_report"), name="reminder_of_report_once_a_day"
            ),
            models.UniqueConstraint(
                fields=["user", "day"], condition=Q(kind="take_part"), name="reminder_to_take_part_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"
