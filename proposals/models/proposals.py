"""What a coordinator proposes for units of theirs: staff, or headcounts."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import Unit, User


class ProposalKind(models.TextChoices):
    STAFF = "staff", _("Nhân sự")
    HEADCOUNTS = "headcounts", _("Biên chế")


class ProposalState(models.TextChoices):
    DRAFT = "draft", _("Bản nháp")
    SENT = "sent", _("Chờ Ban Tổ chức")
    ACCEPTED = "accepted", _("Đã chấp nhận")
    DECLINED = "declined", _("Không chấp nhận")
    WITHDRAWN = "withdrawn", _("Đã rút")


DECIDED = (ProposalState.ACCEPTED, ProposalState.DECLINED)


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def sent(self) -> "ProposalQuerySet":
        """Those that wait for an organiser."""
        return self.filter(state=ProposalState.SENT)

    def delivered(self) -> "ProposalQuerySet":
        """Those that organisers have seen: all but drafts and what was withdrawn."""
        return self.filter(state__in=(ProposalState.SENT, *DECIDED))

    def for_units(self, units: models.QuerySet[Unit]) -> "ProposalQuerySet":
        return self.filter(unit__in=units)


class Proposal(models.Model):
    """Rows that change nothing until an organiser accepts them against the roster of that moment.

    `unit` is the unit of the coordinator's role: every row lies at or below it. Rows go a year after
    the decision, drafts 30 days after they were made (`proposals.retention`).
    """

    kind = models.CharField(_("loại"), max_length=20, choices=ProposalKind.choices)
    state = models.CharField(_("trạng thái"), max_length=20, choices=ProposalState.choices, default=ProposalState.DRAFT)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("đơn vị"))
    proposer = models.ForeignKey(User, models.PROTECT, related_name="+")
    note = models.CharField(_("lý do"), max_length=500)
    file_name = models.CharField(_("tệp"), max_length=255, blank=True)
    created_at = models.DateTimeField(db_default=ClockTimestamp())
    sent_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(_("lý do quyết định"), max_length=500, blank=True)
    outcome = models.JSONField(default=dict, help_text=_("Số dòng theo loại thay đổi, khi đã chấp nhận."))

    objects = ProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("đề nghị của đơn vị")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=DECIDED, decided_at__isnull=False, decided_by__isnull=False)
                | ~Q(state__in=DECIDED) & Q(decided_at=None, decided_by=None),
                name="proposal_decided",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("proposer")), name="proposal_decided_by_another"
            ),
        ]
        indexes = [models.Index(fields=["state", "id"], name="proposal_state")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.unit}"

    @property
    def is_open(self) -> bool:
        return self.state == ProposalState.SENT

    @property
    def is_draft(self) -> bool:
        return self.state == ProposalState.DRAFT


class LeftOut(models.Model):
    """A row that the organiser may leave out of what is accepted, saying why."""

    number = models.PositiveIntegerField(_("dòng"))
    left_out_reason = models.CharField(_("lý do bỏ dòng"), max_length=255, blank=True)

    class Meta:
        abstract = True


class StaffRow(LeftOut):
    """A person as the coordinator says the roster should have them; `leaves`: that they have left their unit.

    `email` and `position` are null where the form or file did not speak of them.
    """

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="staff_rows")
    leaves = models.BooleanField(default=False)
    employee_id = models.CharField(_("mã nhân viên"), max_length=64)
    full_name = models.CharField(_("họ và tên"), max_length=255, blank=True)
    unit_code = models.CharField(_("mã đơn vị"), max_length=50, blank=True)
    email = models.CharField(_("thư điện tử"), max_length=254, null=True, blank=True)
    position = models.CharField(_("chức vụ"), max_length=255, null=True, blank=True)

    class Meta:
        verbose_name = _("dòng nhân sự")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["proposal", "number"], name="staff_row_number")]

    def __str__(self) -> str:
        return f"{self.employee_id} – {self.full_name}"


class HeadcountRow(LeftOut):
    """The headcount that a unit should have."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="headcount_rows")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    headcount = models.PositiveIntegerField(_("biên chế"))

    class Meta:
        verbose_name = _("dòng biên chế")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "number"], name="headcount_row_number"),
            models.UniqueConstraint(fields=["proposal", "unit"], name="headcount_row_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.unit}: {self.headcount}"
