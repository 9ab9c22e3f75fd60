"""Files made on request, with the state of the job that makes them."""

import uuid
from pathlib import Path

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import User


class ExportKind(models.TextChoices):
    PARTICIPATION = "participation", _("Báo cáo tham gia")
    NONPARTICIPANTS = "nonparticipants", _("Danh sách chưa tham gia")
    STAFF_RESULTS = "staff_results", _("Nhân sự và kết quả thi")
    STANDINGS = "standings", _("Bảng xếp hạng")
    UNIT_REPORTS = "unit_reports", _("Tình hình gửi báo cáo của các đơn vị")
    WEEKLY_REPORT = "weekly_report", _("Báo cáo tuần")
    FINAL_REPORT = "final_report", _("Báo cáo tổng kết")
    WINNERS_DECISION = "winners_decision", _("Quyết định trao giải")
    COLLECTIVE_RANKING = "collective_ranking", _("Xếp hạng tập thể")
    AWARD_PROPOSALS = "award_proposals", _("Đề nghị khen thưởng")
    YEAR_END = "year_end", _("Kết quả cuối năm của các đơn vị")
    CLOSING_MINUTES = "closing_minutes", _("Biên bản đóng tuần thi")
    CLIP_LIST = "clip_list", _("Danh sách video dự thi")
    CLIP_SHEETS = "clip_sheets", _("Phiếu chấm video")
    CLIP_MINUTES = "clip_minutes", _("Biên bản họp Ban Giám khảo")


class ExportFormat(models.TextChoices):
    XLSX = "xlsx", _("Excel (.xlsx)")
    CSV = "csv", _("CSV (.csv)")
    JSON = "json", _("JSON (.json)")
    DOCX = "docx", _("Word (.docx)")
    PDF = "pdf", _("PDF (.pdf)")


# About the whole contest of the round that is named.
CONTEST_KINDS = (ExportKind.COLLECTIVE_RANKING, ExportKind.AWARD_PROPOSALS, ExportKind.YEAR_END)
# The tables made on request have no layout to be signed; what is handed in from a frozen report has.
TABLE_KINDS = (
    ExportKind.PARTICIPATION,
    ExportKind.NONPARTICIPANTS,
    ExportKind.STAFF_RESULTS,
    ExportKind.UNIT_REPORTS,
    ExportKind.STANDINGS,
    *CONTEST_KINDS,
)
TABLE_FORMATS = (ExportFormat.XLSX, ExportFormat.CSV, ExportFormat.JSON)
SIGNED_FORMATS = (ExportFormat.DOCX, ExportFormat.PDF)


class ExportState(models.TextChoices):
    WAITING = "waiting", _("Đang chờ")
    RUNNING = "running", _("Đang lập")
    DONE = "done", _("Đã xong")
    FAILED = "failed", _("Không thành công")
    CANCELLED = "cancelled", _("Đã hủy")
    EXPIRED = "expired", _("Đã hết hạn tải")


LIVE_STATES = (ExportState.WAITING, ExportState.RUNNING)


class ExportQuerySet(models.QuerySet["Export"]):
    def of(self, user: User) -> "ExportQuerySet":
        return self.filter(requested_by_id=user.pk)

    def live(self) -> "ExportQuerySet":
        """Exports whose file is still to be made."""
        return self.filter(state__in=LIVE_STATES)

    def downloadable(self) -> "ExportQuerySet":
        return self.filter(state=ExportState.DONE, expires_at__gt=ClockTimestamp())

    def latest_first(self) -> "ExportQuerySet":
        return self.order_by("-requested_at", "-pk")


class Export(models.Model):
    """A file somebody asked for. `parameters`: {"round": id, "unit": code or "", "language": code}; a file of a frozen
    report also has "report" and "contest", and no round where the report is over the contest; one about clips has
    "clips" (their contest) and "contest", and for sheets "judge" (as "GK1") and "clip" (its number, or None for all).

    `run` counts the times a worker has taken it up; a worker writes only as long as it is still its run.
    `unit_ids` and `with_scores` say what the finished file holds, so that a download can be checked against
    the rights of that moment. `progress` is a percentage. The file lies in EXPORT_DIR under a random name.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("loại báo cáo"), max_length=20, choices=ExportKind.choices)
    format = models.CharField(_("định dạng"), max_length=4, choices=ExportFormat.choices)
    parameters = models.JSONField()
    label = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=ExportState.choices, default=ExportState.WAITING)
    progress = models.PositiveSmallIntegerField(default=0)
    run = models.PositiveSmallIntegerField(default=0)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="exports")
    requested_at = models.DateTimeField(db_default=ClockTimestamp())
    alive_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    file_name = models.CharField(max_length=80, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True)
    unit_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    with_scores = models.BooleanField(default=False)
    error = models.CharField(max_length=500, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("tệp báo cáo")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(file_name__gt="", expires_at__isnull=False),
                name="export_done_has_a_file_that_expires",
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="export_progress_to_100"),
        ]
        indexes = [
            models.Index(fields=["requested_by", "-requested_at"], name="export_of_person"),
            models.Index(
                fields=["state"], condition=Q(state__in=["waiting", "running", "done"]), name="export_to_sweep"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def path(self) -> Path:
        return Path(settings.EXPORT_DIR) / self.file_name

    @property
    def download_name(self) -> str:
        """A name that says what it is, in letters every system keeps."""
        about = self.parameters["round"] or self.parameters["contest"]
        return f"{self.kind}-{about}-{self.requested_at:%Y%m%d-%H%M}.{self.format}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES

    @property
    def is_done(self) -> bool:
        return self.state == ExportState.DONE
