"""One row for each message to a person: it is the entry of the portal's list and the mail's place in the queue."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import User


class Kind(models.TextChoices):
    """What a message is about. A person may mute a kind."""

    ROUND_OPENED = "round_opened", _("Tuần thi bắt đầu mở")
    CLOSING_24H = "closing_24h", _("Còn 24 giờ mà chưa dự thi")
    CLOSING_2H = "closing_2h", _("Còn 2 giờ mà chưa dự thi")
    RESULT = "result", _("Kết quả tuần thi")
    REQUEST_DECIDED = "request_decided", _("Đề nghị đã được giải quyết")
    UNIT_REPORT = "unit_report", _("Báo cáo của đơn vị")
    TAKE_PART = "take_part", _("Nhắc người chưa dự thi")
    CLIP = "clip", _("Video dự thi")


# What cannot wait goes before what many are sent: the lower number first.
URGENCY = {
    Kind.REQUEST_DECIDED: 0,
    Kind.CLOSING_2H: 1,
    Kind.UNIT_REPORT: 1,
    Kind.CLIP: 1,
    Kind.CLOSING_24H: 2,
    Kind.TAKE_PART: 2,
    Kind.ROUND_OPENED: 3,
    Kind.RESULT: 3,
}


class MailState(models.TextChoices):
    """Where the mail of a message stands. `perhaps_sent`: nobody can know; it is never sent again by itself."""

    NONE = "none", _("Không gửi thư")
    WAITING = "waiting", _("Chờ gửi")
    SENDING = "sending", _("Đang gửi")
    SENT = "sent", _("Đã gửi")
    FAILED = "failed", _("Không gửi được")
    PERHAPS_SENT = "perhaps_sent", _("Có thể đã gửi")


# By the first word of `Notification.error`: the step of the conversation with the mail server.
ERROR_WORDS = {
    "CONNECT": _("Không kết nối được với máy chủ thư"),
    "MAIL": _("Máy chủ thư không nhận địa chỉ gửi"),
    "RCPT": _("Máy chủ thư không nhận địa chỉ người nhận"),
    "DATA": _("Máy chủ thư không nhận nội dung"),
    "END": _("Máy chủ thư không xác nhận sau khi nhận nội dung"),
    "WORKER": _("Tiến trình gửi thư bị dừng giữa chừng"),
    "ADDRESS": _("Địa chỉ thư không hợp lệ"),
}
UNCERTAIN_STATES = (MailState.FAILED, MailState.PERHAPS_SENT)


class Announcement(models.Model):
    """One text to many people: written once, however many they are.

    `key` names what is announced, so that it is announced once. People are told in batches, by ascending id
    up to `told_up_to`; whoever is interrupted goes on from there, and a constraint on `Notification` keeps a
    person from being told twice. After `expires_at` nobody is told any more and no mail about it is sent.
    """

    key = models.CharField(max_length=100, unique=True)
    kind = models.CharField(_("loại thông báo"), max_length=20, choices=Kind.choices)
    subject = models.CharField(_("tiêu đề"), max_length=255)
    body = models.TextField(_("nội dung"), blank=True)
    path = models.CharField(_("địa chỉ trang"), max_length=255, blank=True)
    created_at = models.DateTimeField(db_default=ClockTimestamp())
    expires_at = models.DateTimeField(null=True, blank=True)
    told_up_to = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("thông báo chung")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.subject


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, user: User) -> "NotificationQuerySet":
        return self.filter(user_id=user.pk)

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at=None)

    def uncertain(self) -> "NotificationQuerySet":
        """Messages whose mail failed, or perhaps did."""
        return self.filter(mail_state__in=UNCERTAIN_STATES)


class Notification(models.Model):
    """A message to one person. Its text is its own, or that of its announcement.

    `due_at` is when the mail may be tried next. `error` is a step and a reply code ("RCPT 550"), never the
    words of a mail server: they repeat addresses.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="notifications", db_index=False)
    announcement = models.ForeignKey(Announcement, models.CASCADE, null=True, blank=True, db_index=False)
    kind = models.CharField(_("loại thông báo"), max_length=20, choices=Kind.choices)
    own_subject = models.CharField(_("tiêu đề"), max_length=255, blank=True)
    own_body = models.TextField(_("nội dung"), blank=True)
    own_path = models.CharField(_("địa chỉ trang"), max_length=255, blank=True)
    created_at = models.DateTimeField(db_default=ClockTimestamp())
    read_at = models.DateTimeField(null=True, blank=True)

    mail_state = models.CharField(max_length=12, choices=MailState.choices, default=MailState.NONE)
    urgency = models.SmallIntegerField(default=3)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=ClockTimestamp())
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=40, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("thông báo")
        ordering = ["-id"]
        indexes = [
            models.Index(F("user"), F("id").desc(), name="notification_list"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notification_unread"),
            models.Index(fields=["urgency", "due_at"], condition=Q(mail_state="waiting"), name="notification_due"),
            models.Index(
                fields=["mail_state", "-id"],
                condition=Q(mail_state__in=["sending", "failed", "perhaps_sent"]),
                name="notification_uncertain",
            ),
            models.Index(fields=["sent_at"], condition=Q(mail_state="sent"), name="notification_sent"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["announcement", "user"],
                condition=Q(announcement__isnull=False),
                name="notification_once_per_announcement",
            ),
            models.CheckConstraint(
                condition=~Q(mail_state="sent") | Q(sent_at__isnull=False), name="notification_sent_has_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"  # what is written to people does not go into traces

    @property
    def subject(self) -> str:
        return self.announcement.subject if self.announcement else self.own_subject

    @property
    def body(self) -> str:
        return self.announcement.body if self.announcement else self.own_body

    @property
    def path(self) -> str:
        return self.announcement.path if self.announcement else self.own_path

    @property
    def error_in_words(self) -> str:
        """The step at which a mail server refused or fell silent, in words, with its code."""
        step, _space, detail = self.error.partition(" ")
        words = ERROR_WORDS.get(step)
        if words is None:
            return ""
        return f"{words} ({detail})" if detail.isdigit() else str(words)

    @property
    def expires_at(self) -> datetime | None:
        """After this moment a mail would be pointless."""
        return self.announcement.expires_at if self.announcement else None


class Mute(models.Model):
    """A kind that a person does not want mail about: it comes to the portal's list as read already."""

    user = models.ForeignKey(User, models.CASCADE, related_name="mutes", db_index=False)
    kind = models.CharField(_("loại thông báo"), max_length=20, choices=Kind.choices)

    class Meta:
        verbose_name = _("loại thông báo đã tắt")
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="mute_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind}"


class MessageText(models.Model):
    """The organisers' own words for a message, instead of the portal's (`notifications/texts.py`)."""

    name = models.CharField(max_length=30, unique=True)
    subject = models.CharField(_("tiêu đề"), max_length=255)
    body = models.TextField(_("nội dung"))
    changed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(db_default=ClockTimestamp())

    class Meta:
        verbose_name = _("mẫu thông báo")

    def __str__(self) -> str:
        return self.name


class MailRun(models.Model):
    """How many mails a worker took on, and when: all workers share one rate. A mail server that is away gets a rest."""

    at = models.DateTimeField(db_default=ClockTimestamp(), db_index=True)
    claimed = models.PositiveIntegerField(default=0)
    rest_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("đợt gửi thư")

    def __str__(self) -> str:
        return f"{self.at}: {self.claimed}"
