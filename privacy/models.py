"""What people ask about their own data, and what became of it."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import Unit, User


class RequestKind(models.TextChoices):
    ACCESS = "access", _("Xem, nhận bản sao dữ liệu")
    CORRECT = "correct", _("Chỉnh sửa dữ liệu")
    ERASE = "erase", _("Xóa dữ liệu")
    OBJECT = "object", _("Hạn chế hoặc phản đối việc xử lý")


class RequestState(models.TextChoices):
    OPEN = "open", _("Đang chờ trả lời")
    DONE = "done", _("Đã thực hiện")
    REFUSED = "refused", _("Không thực hiện")


class DataRequestQuerySet(models.QuerySet["DataRequest"]):
    def of(self, user: User) -> "DataRequestQuerySet":
        return self.filter(user_id=user.pk)

    def open(self) -> "DataRequestQuerySet":
        return self.filter(state=RequestState.OPEN)

    def about_people_of(self, units: models.QuerySet[Unit]) -> "DataRequestQuerySet":
        """Requests of people of `units`; of those who belonged to no unit only for a scope that is everywhere."""
        requests = Q(unit__in=units)
        if units.filter(parent=None).exists():
            requests |= Q(unit=None)
        return self.filter(requests)


class DataRequest(models.Model):
    """A person's request about their own data, with the unit they belonged to; due in two working days."""

    user = models.ForeignKey(User, models.PROTECT, related_name="data_requests")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(_("yêu cầu"), max_length=10, choices=RequestKind.choices)
    text = models.TextField(_("nội dung"), max_length=2000)
    received_at = models.DateTimeField(db_default=ClockTimestamp())
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.OPEN)
    answer = models.TextField(_("trả lời"), max_length=2000, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = DataRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("yêu cầu về dữ liệu cá nhân")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None) | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="data_request_decided_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("user")),
                name="data_request_decided_by_another",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="open"), name="data_request_open")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state == RequestState.OPEN

    def is_overdue(self, now: datetime) -> bool:
        """Whether the time for an answer has passed and there is none."""
        return self.is_open and now >= self.due_at
