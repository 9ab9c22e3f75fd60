"""A clip that a unit hands in, the versions of its file, and what processing made of them."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import Unit, User
from videos.models.setup import ClipContest, Genre
from videos.storage import clip_storage, script_key


class ClipState(models.TextChoices):
    """draft → submitted → accepted | sent_back → submitted … | rejected. Only accepted clips are scored."""

    DRAFT = "draft", _("Đang chuẩn bị")
    SUBMITTED = "submitted", _("Đã gửi, chờ rà soát")
    SENT_BACK = "sent_back", _("Trả lại để chỉnh sửa")
    ACCEPTED = "accepted", _("Được chấm")
    REJECTED = "rejected", _("Không được chấm")


EDITABLE_STATES = (ClipState.DRAFT, ClipState.SUBMITTED, ClipState.SENT_BACK)
# What has been handed in and is not back with its unit.
HANDED_IN_STATES = (ClipState.SUBMITTED, ClipState.ACCEPTED, ClipState.REJECTED)


class ClipQuerySet(models.QuerySet["Clip"]):
    def handed_in(self) -> "ClipQuerySet":
        return self.filter(state__in=HANDED_IN_STATES)

    def accepted(self) -> "ClipQuerySet":
        return self.filter(state=ClipState.ACCEPTED)

    def published(self) -> "ClipQuerySet":
        """What the gallery shows to everybody."""
        return self.accepted().filter(clip_contest__published_at__isnull=False, clip_contest__contest__is_public=True)


class Clip(models.Model):
    """A clip of a unit. `number` (video số …) is given when it is first submitted and never again.

    `deadline` is the unit's own after the clip was sent back; otherwise the clip contest's close holds. `current` is
    the version of the file that counts.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clip_contest = models.ForeignKey(ClipContest, models.PROTECT, related_name="clips")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="clips", verbose_name=_("đơn vị"))
    title = models.CharField(_("tên video"), max_length=255)
    genre = models.ForeignKey(Genre, models.PROTECT, related_name="clips", verbose_name=_("thể loại"))
    authors = models.TextField(_("tác giả, nhóm tác giả"), max_length=1000)
    summary = models.TextField(_("tóm tắt nội dung"), max_length=3000, blank=True)
    outside_link = models.URLField(_("liên kết ngoài"), max_length=500, blank=True)
    script = models.FileField(
        _("kịch bản"), storage=clip_storage, upload_to=script_key, max_length=200, blank=True,
        help_text=_("Tệp PDF hoặc DOCX."),
    )  # fmt: skip
    script_name = models.CharField(max_length=255, blank=True)
    rights_declared_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    rights_declared_at = models.DateTimeField(null=True)
    state = models.CharField(_("trạng thái"), max_length=10, choices=ClipState.choices, default=ClipState.DRAFT)
    number = models.PositiveIntegerField(_("số video"), null=True)
    deadline = models.DateTimeField(_("hạn chỉnh sửa"), null=True)
    current = models.OneToOneField("ClipFile", models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=ClockTimestamp())
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(_("thời điểm gửi"), null=True)

    objects = ClipQuerySet.as_manager()

    class Meta:
        ordering = ["number", "created_at"]
        verbose_name = _("video dự thi")
        constraints = [
            models.UniqueConstraint(fields=["clip_contest", "number"], name="clip_number_once"),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(number__isnull=False, submitted_at__isnull=False, rights_declared_at__isnull=False),
                name="clip_handed_in_is_complete",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def deadline_in(self, clip_contest: ClipContest) -> datetime:
        """Until when the unit may change it, before its close."""
        return self.deadline or clip_contest.closes_at

    def is_editable_at(self, now: datetime) -> bool:
        """Whether its unit may change it, its file included: until it is screened, within its deadline."""
        within = self.clip_contest.opens_at <= now < self.deadline_in(self.clip_contest)
        return self.state in EDITABLE_STATES and within


class FileState(models.TextChoices):
    """received → processing → ready | refused (the file's own fault) | failed (ours; can be tried again)."""

    RECEIVED = "received", _("Đã nhận, chờ xử lý")
    PROCESSING = "processing", _("Đang xử lý")
    READY = "ready", _("Sẵn sàng")
    REFUSED = "refused", _("Tệp không đạt yêu cầu")
    FAILED = "failed", _("Lỗi xử lý")


class ClipFile(models.Model):
    """One version of a clip's file, as received, and where its processing stands.

    `sha256` (64 hex) and `received_at` (server time) are the receipt; the hash is computed by the first step of
    processing. `reason` says in Vietnamese what to fix. `run` is who holds the lease: every write of processing is
    guarded by it. `progress`: 0 to 100. `probe`: what was measured of the file.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clip = models.ForeignKey(Clip, models.CASCADE, related_name="files")
    version = models.PositiveSmallIntegerField(_("phiên bản"))
    name = models.CharField(_("tên tệp"), max_length=255)
    size = models.PositiveBigIntegerField(_("dung lượng (byte)"))
    sha256 = models.CharField(max_length=64, blank=True)
    received_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    received_at = models.DateTimeField(_("thời điểm nhận"), db_default=ClockTimestamp())

    state = models.CharField(_("xử lý"), max_length=10, choices=FileState.choices, default=FileState.RECEIVED)
    reason = models.TextField(_("lý do"), blank=True)
    progress = models.PositiveSmallIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    run = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    processed_at = models.DateTimeField(null=True)
    seconds = models.DecimalField(_("thời lượng (giây)"), max_digits=9, decimal_places=3, null=True)
    probe = models.JSONField(default=dict)
    has_poster = models.BooleanField(default=False)
    has_captions = models.BooleanField(default=False)

    class Meta:
        ordering = ["clip", "-version"]
        verbose_name = _("tệp video")
        constraints = [
            models.UniqueConstraint(fields=["clip", "version"], name="clip_file_version_once"),
            models.CheckConstraint(condition=Q(progress__lte=100), name="clip_file_progress_to_100"),
            models.CheckConstraint(
                condition=~Q(state__in=["refused", "failed"]) | ~Q(reason=""), name="clip_file_says_why_not"
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(processed_at__isnull=False, seconds__isnull=False) & ~Q(sha256=""),
                name="clip_file_ready_is_complete",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lease_until"], name="clip_file_to_process", condition=Q(state__in=["received", "processing"])
            )
        ]

    def __str__(self) -> str:
        return self.name


class Rendition(models.Model):
    """A version of a file for watching: H.264 and AAC, `height` lines (720 or 480) of the shorter side."""

    file = models.ForeignKey(ClipFile, models.CASCADE, related_name="renditions")
    height = models.PositiveSmallIntegerField()
    pixels_wide = models.PositiveSmallIntegerField()
    pixels_high = models.PositiveSmallIntegerField()
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["file", "-height"]
        verbose_name = _("bản xem")
        constraints = [models.UniqueConstraint(fields=["file", "height"], name="rendition_height_once")]

    def __str__(self) -> str:
        return f"{self.height}p"


class UploadState(models.TextChoices):
    RECEIVING = "receiving", _("Đang tải lên")
    FINISHED = "finished", _("Đã nhận đủ")
    TERMINATED = "terminated", _("Đã hủy")
    EXPIRED = "expired", _("Đã hết hạn")


class Upload(models.Model):
    """A file on its way (tus 1.0). Its bytes wait in UPLOAD_DIR under its id; `offset` of `size` have arrived."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, models.PROTECT, related_name="uploads")
    clip = models.ForeignKey(Clip, models.CASCADE, related_name="uploads")
    file = models.OneToOneField(ClipFile, models.CASCADE, null=True, related_name="upload")
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=UploadState.choices, default=UploadState.RECEIVING)
    created_at = models.DateTimeField(db_default=ClockTimestamp())
    updated_at = models.DateTimeField(db_default=ClockTimestamp())
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("lần tải lên")
        constraints = [
            models.CheckConstraint(condition=Q(offset__lte=F("size")), name="upload_never_over_its_size"),
            models.CheckConstraint(
                condition=~Q(state="finished") | Q(offset=F("size"), file__isnull=False),
                name="upload_finished_is_whole",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="upload_to_expire", condition=Q(state="receiving"))]

    def __str__(self) -> str:
        return self.name


class Decision(models.TextChoices):
    ACCEPTED = "accepted", _("Đạt, đưa vào chấm")
    SENT_BACK = "sent_back", _("Trả lại để chỉnh sửa")
    REJECTED = "rejected", _("Không đạt")


class Screening(models.Model):
    """A decision of the screening (rà soát, sàng lọc) about one version of a clip. Rows are only added."""

    clip = models.ForeignKey(Clip, models.CASCADE, related_name="screenings")
    file = models.ForeignKey(ClipFile, models.CASCADE, related_name="screenings")
    decision = models.CharField(_("kết luận"), max_length=10, choices=Decision.choices)
    reason = models.TextField(_("lý do"), max_length=2000, blank=True)
    new_deadline = models.DateTimeField(_("hạn chỉnh sửa mới"), null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(db_default=ClockTimestamp())

    class Meta:
        ordering = ["clip", "-decided_at"]
        verbose_name = _("kết luận rà soát")
        constraints = [
            models.CheckConstraint(condition=Q(decision="accepted") | ~Q(reason=""), name="screening_says_why_not"),
            models.CheckConstraint(
                condition=Q(decision="sent_back", new_deadline__isnull=False)
                | ~Q(decision="sent_back") & Q(new_deadline=None),
                name="screening_sent_back_has_a_deadline",
            ),
        ]

    def __str__(self) -> str:
        return self.get_decision_display()
