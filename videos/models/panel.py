"""The panel of judges (Ban Giám khảo): its members, their score sheets, its chair's decisions."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import User
from videos.models.clip import Clip
from videos.models.rubric import Criterion
from videos.models.setup import ClipContest


class PanelMember(models.Model):
    """A judge of a clip contest. One of them is the chair (Trưởng ban)."""

    clip_contest = models.ForeignKey(ClipContest, models.CASCADE, related_name="panel")
    judge = models.ForeignKey(User, models.PROTECT, related_name="panels", verbose_name=_("giám khảo"))
    is_chair = models.BooleanField(_("trưởng ban"), default=False)

    class Meta:
        ordering = ["clip_contest", "-is_chair", "pk"]
        verbose_name = _("thành viên Ban Giám khảo")
        constraints = [
            models.UniqueConstraint(fields=["clip_contest", "judge"], name="panel_member_once"),
            models.UniqueConstraint(fields=["clip_contest"], condition=Q(is_chair=True), name="panel_one_chair"),
        ]

    def __str__(self) -> str:
        return str(self.judge)


class SheetState(models.TextChoices):
    """assigned → scoring → submitted; before any score assigned → conflict; before submission → abstained.

    closed: ended without a score by a recorded decision of the chair, or because somebody took the judge's place.
    """

    ASSIGNED = "assigned", _("Chưa chấm")
    CONFLICT = "conflict", _("Có xung đột lợi ích")
    ABSTAINED = "abstained", _("Không chấm")
    SCORING = "scoring", _("Đang chấm")
    SUBMITTED = "submitted", _("Đã nộp phiếu")
    CLOSED = "closed", _("Khép lại không có điểm")


OPEN_STATES = (SheetState.ASSIGNED, SheetState.SCORING)


class ScoreSheet(models.Model):
    """One judge's sheet for one clip, created when the clip is assigned.

    A conflict of interest is declared before the first score; the database refuses to score or submit with one.
    `sequence` orders the browser's saves of the comment, as `CriterionScore.sequence` those of points.
    """

    clip = models.ForeignKey(Clip, models.CASCADE, related_name="sheets")
    judge = models.ForeignKey(User, models.PROTECT, related_name="score_sheets", verbose_name=_("giám khảo"))
    state = models.CharField(_("trạng thái"), max_length=10, choices=SheetState.choices, default=SheetState.ASSIGNED)
    has_conflict = models.BooleanField(_("có xung đột lợi ích"), default=False)
    reason = models.TextField(_("lý do"), max_length=1000, blank=True)
    comment = models.TextField(_("nhận xét"), max_length=3000, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    assigned_at = models.DateTimeField(db_default=ClockTimestamp())
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["clip", "judge"]
        verbose_name = _("phiếu chấm")
        constraints = [
            models.UniqueConstraint(fields=["clip", "judge"], name="score_sheet_once"),
            models.CheckConstraint(
                condition=Q(has_conflict=False) | Q(state="conflict", submitted_at=None),
                name="score_sheet_never_with_a_conflict",
            ),
            models.CheckConstraint(
                condition=~Q(state="conflict") | Q(has_conflict=True), name="score_sheet_conflict_is_declared"
            ),
            models.CheckConstraint(
                condition=Q(state="submitted", submitted_at__isnull=False)
                | ~Q(state="submitted") & Q(submitted_at=None),
                name="score_sheet_submitted_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["conflict", "abstained"]) | ~Q(reason=""), name="score_sheet_says_why_not"
            ),
        ]
        indexes = [models.Index(fields=["judge", "state"], name="score_sheet_desk")]

    def __str__(self) -> str:
        return f"{self.clip_id} {self.judge_id}"


class CriterionScore(models.Model):
    """The points of one sheet for one criterion, with the sequence number of the save that brought them."""

    sheet = models.ForeignKey(ScoreSheet, models.CASCADE, related_name="scores")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    points = models.DecimalField(
        _("điểm"), max_digits=5, decimal_places=2, null=True, validators=[MinValueValidator(Decimal(0))]
    )
    sequence = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["sheet", "criterion__position"]
        verbose_name = _("điểm theo tiêu chí")
        constraints = [
            models.UniqueConstraint(fields=["sheet", "criterion"], name="criterion_score_once"),
            models.CheckConstraint(condition=Q(points=None) | Q(points__gte=0), name="criterion_score_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion_id}: {self.points}"


class ChairDecisionKind(models.TextChoices):
    CLOSE_SHEET = "close_sheet", _("khép phiếu chưa chấm")
    ORDER_TIED = "order_tied", _("xếp thứ tự các video bằng điểm")


class ChairDecision(models.Model):
    """A recorded decision of the panel's chair, entered by the chair or an organiser.

    close_sheet: `sheet` ends without a score. order_tied: `order` lists the ids of tied clips, the better first.
    """

    clip_contest = models.ForeignKey(ClipContest, models.CASCADE, related_name="chair_decisions")
    kind = models.CharField(max_length=20, choices=ChairDecisionKind.choices)
    sheet = models.OneToOneField(ScoreSheet, models.CASCADE, null=True, related_name="chair_decision")
    order = models.JSONField(default=list)
    reason = models.TextField(_("lý do"), max_length=2000)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(db_default=ClockTimestamp())

    class Meta:
        ordering = ["clip_contest", "decided_at"]
        verbose_name = _("quyết định của Trưởng ban Giám khảo")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="chair_decision_says_why"),
            models.CheckConstraint(
                condition=Q(kind="close_sheet", sheet__isnull=False) | ~Q(kind="close_sheet") & Q(sheet=None),
                name="chair_decision_closes_a_sheet",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class PanelChange(models.Model):
    """A recorded change of the panel after scoring has begun: `joined` took the place of `left`, or was added.

    `clips` are the numbers of those that were given to the newcomer. It is printed in the panel's minutes.
    """

    clip_contest = models.ForeignKey(ClipContest, models.CASCADE, related_name="panel_changes")
    left = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    joined = models.ForeignKey(User, models.PROTECT, related_name="+")
    clips = models.JSONField(default=list)
    reason = models.TextField(_("lý do"), max_length=1000)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(db_default=ClockTimestamp())

    class Meta:
        ordering = ["clip_contest", "decided_at", "pk"]
        verbose_name = _("thay đổi thành viên Ban Giám khảo")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="panel_change_says_why"),
            models.UniqueConstraint(fields=["clip_contest", "left"], name="panel_left_once"),
            models.UniqueConstraint(fields=["clip_contest", "joined"], name="panel_joined_once"),
        ]

    def __str__(self) -> str:
        return f"{self.left_id} → {self.joined_id}"
