"""One row for each message to a person: it is the entry of the portal's list and the mail's place in the queue."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import User


class Kind(models.TextChoices):
    """What a message is about. A person may mute a kind."""

    ROUND_OPENED = "round_opened", _("Vòng thi mở")
    CLOSING_24H = "closing_24h", _("Còn 24 giờ")
    CLOSING_2H = "closing_2h", _("Còn 2 giờ")
    RESULT = "result", _("Kết quả vòng thi")
    REQUEST_DECIDED = "request_decided", _("Đề nghị đã được giải quyết")


class Notification(models.Model):
    """A message to one person."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notifications")
    kind = models.CharField(_("loại thông báo"), max_length=20, choices=Kind.choices)
    subject = models.CharField(_("tiêu đề"), max_length=255)
    body = models.TextField(_("nội dung"), blank=True)
    path = models.CharField(_("địa chỉ trang"), max_length=255, blank=True)
    created_at = models.DateTimeField(db_default=ClockTimestamp())
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("thông báo")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.subject
