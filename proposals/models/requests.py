"""What one person asks for: to be put on the roster, to be put into the right unit."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import Unit, User


class RequestState(models.TextChoices):
    WAITING = "waiting", _("Chờ ý kiến đầu mối")
    FORWARDED = "forwarded", _("Chờ Ban Tổ chức")
    ACCEPTED = "accepted", _("Đã chấp nhận")
    DECLINED = "declined", _("Không chấp nhận")
    WITHDRAWN = "withdrawn", _("Đã rút")


OPEN_STATES = (RequestState.WAITING, RequestState.FORWARDED)
DECIDED_STATES = (RequestState.ACCEPTED, RequestState.DECLINED)


def _decided_as_the_state_says(name: str) -> models.CheckConstraint:
    decided = Q(decided_at__isnull=False, decided_by__isnull=False)
    return models.CheckConstraint(
        condition=Q(state__in=DECIDED_STATES) & decided
        | ~Q(state__in=DECIDED_STATES) & Q(decided_at=None, decided_by=None),
        name=name,
    )


class PersonRequest(models.Model):
    """What both kinds have: a coordinator's recommendation, then an organiser's decision."""

    state = models.CharField(_("trạng thái"), max_length=20, choices=RequestState.choices)
    created_at = models.DateTimeField(_("gửi lúc"), db_default=ClockTimestamp())
    recommends = models.BooleanField(_("ý kiến đầu mối"), null=True, blank=True)
    recommended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    recommended_at = models.DateTimeField(null=True, blank=True)
    comment = models.CharField(_("ý kiến"), max_length=500, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(_("lý do"), max_length=500, blank=True)

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class AccountRequestQuerySet(models.QuerySet["AccountRequest"]):
    def open(self) -> "AccountRequestQuerySet":
        return self.filter(state__in=OPEN_STATES)

    def for_units(self, units: models.QuerySet[Unit]) -> "AccountRequestQuerySet":
        """Requests for one of `units`; those that name none are for people whose units hold the root."""
        mine = Q(unit__in=units)
        if units.filter(parent=None).exists():
            mine |= Q(unit=None)
        return self.filter(mine)

    def of_identity(self, *, issuer: str, subject: str) -> "AccountRequestQuerySet":
        return self.filter(issuer=issuer, subject=subject)


class AccountRequest(PersonRequest):
    """A person whom the identity provider knows asks to be put on the roster.

    `told_…` is what the provider said, the rest is what the person wrote. Personal data are kept only as long as
    they serve: the address that the provider told and the note are erased with the decision, and the whole row
    goes 90 days after it (`proposals.retention`). Until then the person sees here how it was decided.
    """

    provider = models.CharField(max_length=64)
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    told_employee_id = models.CharField(max_length=64, blank=True)
    told_full_name = models.CharField(max_length=255, blank=True)
    told_email = models.CharField(max_length=254, blank=True)
    employee_id = models.CharField(_("mã nhân viên"), max_length=64)
    full_name = models.CharField(_("họ và tên"), max_length=255)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("đơn vị"))
    unit_text = models.CharField(_("đơn vị"), max_length=255)
    note = models.CharField(_("ghi chú"), max_length=500, blank=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = AccountRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("đề nghị cấp tài khoản")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject"], condition=Q(state__in=OPEN_STATES), name="account_request_one_open"
            ),
            _decided_as_the_state_says("account_request_decided"),
        ]
        indexes = [models.Index(fields=["state", "id"], name="account_request_state")]

    def __str__(self) -> str:
        return f"{self.full_name} ({self.employee_id})"

    @property
    def differs_from_told(self) -> bool:
        """Whether the person wrote another employee id than the one that the provider vouches for."""
        return bool(self.told_employee_id) and self.told_employee_id != self.employee_id


class UnitCorrectionQuerySet(models.QuerySet["UnitCorrection"]):
    def open(self) -> "UnitCorrectionQuerySet":
        return self.filter(state__in=OPEN_STATES)

    def touching(self, units: models.QuerySet[Unit]) -> "UnitCorrectionQuerySet":
        """Corrections from or to one of `units`: those that their coordinators may speak about."""
        return self.filter(Q(from_unit__in=units) | Q(to_unit__in=units))

    def within(self, units: models.QuerySet[Unit]) -> "UnitCorrectionQuerySet":
        """Corrections that stay inside `units`: those that may be decided with a right over these."""
        return self.filter(Q(from_unit=None) | Q(from_unit__in=units), to_unit__in=units)


class UnitCorrection(PersonRequest):
    """A person says that the roster has them in the wrong unit.

    The row goes a year after the decision (`proposals.retention`); the move itself stays in the memberships.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="unit_corrections")
    from_unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    to_unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    note = models.CharField(_("lý do"), max_length=500)

    objects = UnitCorrectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("đề nghị sửa đơn vị")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(state__in=OPEN_STATES), name="unit_correction_one_open"
            ),
            _decided_as_the_state_says("unit_correction_decided"),
        ]
        indexes = [models.Index(fields=["state", "id"], name="unit_correction_state")]

    def __str__(self) -> str:
        return f"{self.user}: {self.from_unit or '–'} → {self.to_unit}"
