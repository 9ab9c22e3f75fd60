"""Units, people, their roles, and the trace of what they did."""

import hashlib
import secrets
from datetime import date, datetime

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.text import nfc, person_sort_key, search_key, sort_key


class UnitKind(models.Model):
    """A kind of unit (sở, xã, trường …). Kinds are data: imports create the ones they meet."""

    name = models.CharField(_("tên loại"), max_length=100, unique=True)
    position = models.PositiveSmallIntegerField(_("thứ tự"), default=0)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("loại đơn vị")

    def __str__(self) -> str:
        return self.name


class UnitQuerySet(models.QuerySet["Unit"]):
    def in_force_on(self, day: date) -> "UnitQuerySet":
        """Units that exist on `day`: valid_from ≤ day < valid_to, an empty end being open."""
        return self.filter(Q(valid_from=None) | Q(valid_from__lte=day), Q(valid_to=None) | Q(valid_to__gt=day))

    def at_or_below(self, unit_ids: list[int]) -> "UnitQuerySet":
        """The units named and everything under them in the tree."""
        below = RawSQL(
            "WITH RECURSIVE below(id) AS (SELECT unnest(%s::bigint[]) UNION"
            " SELECT u.id FROM accounts_unit u JOIN below b ON u.parent_id = b.id) SELECT id FROM below",
            [unit_ids],
        )
        return self.filter(id__in=below)

    def at_or_above(self, unit_ids: list[int]) -> "UnitQuerySet":
        """The units named and everything over them in the tree."""
        above = RawSQL(
            "WITH RECURSIVE above(id) AS (SELECT unnest(%s::bigint[]) UNION"
            " SELECT u.parent_id FROM accounts_unit u JOIN above a ON u.id = a.id WHERE u.parent_id IS NOT NULL)"
            " SELECT id FROM above",
            [unit_ids],
        )
        return self.filter(id__in=above)


class Unit(models.Model):
    """A unit (đơn vị) in the tree of units; it keeps its history when merged, split or renamed.

    `headcount` is the declared headcount (biên chế), the denominator of the participation rate. A unit
    with neither a headcount nor members only groups others and takes no part itself.
    """

    code = models.CharField(_("mã đơn vị"), max_length=50, unique=True)
    name = models.CharField(_("tên đơn vị"), max_length=255)
    kind = models.ForeignKey(UnitKind, models.PROTECT, verbose_name=_("loại đơn vị"), related_name="units")
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=_("đơn vị cấp trên"),
        related_name="children",
        null=True,
        blank=True,
    )
    headcount = models.PositiveIntegerField(_("biên chế"), null=True, blank=True)
    valid_from = models.DateField(_("hiệu lực từ"), null=True, blank=True)
    valid_to = models.DateField(_("hiệu lực đến"), null=True, blank=True)
    successors = models.ManyToManyField(
        "self", verbose_name=_("đơn vị kế thừa"), symmetrical=False, related_name="predecessors", blank=True
    )
    sort_key = models.CharField(max_length=600, editable=False, db_collation="C")
    search_key = models.CharField(max_length=600, editable=False)

    objects = UnitQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("đơn vị")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_from__lt=F("valid_to")),
                name="unit_valid_from_before_valid_to",
            ),
            models.CheckConstraint(condition=Q(parent=None) | ~Q(parent=F("id")), name="unit_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **kwargs):
        self.clean_keys()
        super().save(*args, **kwargs)

    def clean_keys(self) -> None:
        """Bring the text to NFC and fill the stored sort and search keys. `bulk_create` skips `save`."""
        self.name = nfc(self.name)
        self.sort_key = sort_key(self.name)
        self.search_key = search_key(f"{self.code} {self.name}")


class UserManager(BaseUserManager["User"]):
    def create_user(self, employee_id: str, full_name: str = "", password: str | None = None, **fields) -> "User":
        """Create a person; without `password` nobody can sign in with one."""
        user = self.model(employee_id=employee_id, full_name=full_name, **fields)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser):
    """A person on the roster. What they may do comes from `Membership` and `RoleGrant`, read every time."""

    employee_id = models.CharField(_("mã nhân viên"), max_length=64, unique=True)
    full_name = models.CharField(_("họ và tên"), max_length=255)
    email = models.EmailField(_("thư điện tử"), blank=True)
    position = models.CharField(_("chức vụ"), max_length=255, blank=True)
    block = models.CharField(
        _("bảng"), max_length=50, blank=True, help_text=_("Mã bảng thi; để trống thì lấy theo loại đơn vị.")
    )
    is_active = models.BooleanField(_("đang hoạt động"), default=True)
    linked_at = models.DateTimeField(_("lần đầu đăng nhập"), null=True, blank=True, editable=False)
    sort_key = models.CharField(max_length=600, editable=False, db_collation="C")
    search_key = models.CharField(max_length=600, editable=False)

    USERNAME_FIELD = "employee_id"
    REQUIRED_FIELDS = ["full_name"]

    # Set for one request on the person who makes it: no role counts before the second factor. See second_factor.py.
    awaits_second_factor = False

    objects = UserManager()

    class Meta:
        ordering = ["employee_id"]
        verbose_name = _("người dùng")
        constraints = [
            models.UniqueConstraint(fields=["email"], condition=~Q(email=""), name="user_email_unique_when_given"),
            # Upper, as sign-in asks for the id in whatever case it was typed (`iexact`).
            models.UniqueConstraint(Upper("employee_id"), name="user_employee_id_unique_in_any_case"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.employee_id

    def get_full_name(self) -> str:
        return self.full_name

    def save(self, *args, **kwargs):
        self.clean_keys()
        super().save(*args, **kwargs)

    def clean_keys(self) -> None:
        """Bring the text to NFC and fill the stored sort and search keys. `bulk_create` skips `save`."""
        self.full_name = nfc(self.full_name)
        self.sort_key = person_sort_key(self.full_name)
        self.search_key = search_key(f"{self.employee_id} {self.full_name}")


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> "MembershipQuerySet":
        return self.filter(ends_on=None)


class Membership(models.Model):
    """A person's belonging to a unit over [starts_on, ends_on). At most one is open at a time."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="memberships")
    starts_on = models.DateField(_("từ ngày"))
    ends_on = models.DateField(_("đến ngày"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("thành viên đơn vị")
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(ends_on=None), name="membership_one_open_per_user"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="membership_starts_before_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.unit}"


class Role(models.TextChoices):
    COORDINATOR = "coordinator", _("Đầu mối đơn vị")
    JUDGE = "judge", _("Giám khảo")
    ORGANISER = "organiser", _("Ban Tổ chức")
    SECRETARY = "secretary", _("Thư ký")
    AUDITOR = "auditor", _("Giám sát")
    ADMINISTRATOR = "administrator", _("Quản trị hệ thống")


class RoleGrantQuerySet(models.QuerySet["RoleGrant"]):
    def in_force(self) -> "RoleGrantQuerySet":
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=ClockTimestamp()), valid_from__lte=ClockTimestamp())

    def not_over(self) -> "RoleGrantQuerySet":
        """In force, or still to come."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=ClockTimestamp())).ever_in_force()

    def ever_in_force(self) -> "RoleGrantQuerySet":
        """Without those that were revoked before their first moment."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=F("valid_from")))


class RoleGrant(models.Model):
    """A role given to a person over a unit and everything below it; the root unit means everywhere.

    In force over [valid_from, valid_to). One revoked before its first moment ends at that moment.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="role_grants")
    role = models.CharField(_("vai trò"), max_length=20, choices=Role.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("phạm vi"), related_name="role_grants")
    valid_from = models.DateTimeField(_("hiệu lực từ"), db_default=ClockTimestamp())
    valid_to = models.DateTimeField(_("hiệu lực đến"), null=True, blank=True)
    granted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="grants_made")
    reason = models.CharField(_("lý do"), max_length=255, blank=True)

    objects = RoleGrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("vai trò được cấp")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "unit"], condition=Q(valid_to=None), name="role_grant_once_while_open"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="role_grant_starts_before_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()} ({self.unit})"


class RoleReview(models.Model):
    """Somebody looked at a grant and found that it is still needed."""

    grant = models.ForeignKey(RoleGrant, models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=ClockTimestamp())

    class Meta:
        verbose_name = _("lần rà soát vai trò")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.grant} ({self.at:%d/%m/%Y})"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> "ApiTokenQuerySet":
        return self.filter(revoked_at=None, expires_at__gt=ClockTimestamp())


class ApiTokenManager(models.Manager.from_queryset(ApiTokenQuerySet)):  # type: ignore[misc]
    def issue(self, *, user: User, expires_at: datetime, label: str = "") -> tuple["ApiToken", str]:
        """Create a token for `user`. The text is returned once and never stored."""
        text = secrets.token_urlsafe(32)
        token = self.create(user=user, digest=ApiToken.digest_of(text), expires_at=expires_at, label=label)
        return token, text


class ApiToken(models.Model):
    """A secret with which a program acts as one participant, and as nothing more than a participant."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    label = models.CharField(_("tên gợi nhớ"), max_length=100, blank=True, default="", db_default="")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=ClockTimestamp())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    # To the day: noting every call would make each a write.
    last_used_on = models.DateField(null=True, blank=True)

    objects = ApiTokenManager()

    class Meta:
        verbose_name = _("mã truy cập API")

    def __str__(self) -> str:
        return f"{self.user} ({self.created_at:%d/%m/%Y})"

    @staticmethod
    def digest_of(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()


class SignInFailure(models.Model):
    """A password or code that was wrong, or that is being checked right now. Counted to slow down guessing.

    `account` and `address` are keyed digests: the row tells nobody who tried to sign in, or from where.
    """

    account = models.CharField(max_length=64)
    address = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=ClockTimestamp())

    class Meta:
        verbose_name = _("lần đăng nhập sai")
        indexes = [
            models.Index(fields=["account", "at"], name="sign_in_failure_account"),
            models.Index(fields=["address", "at"], name="sign_in_failure_address"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M:%S}"


class AuditEntry(models.Model):
    """One act of power, written in the transaction that did it. The database refuses to change or delete rows.

    `unit` is the scope in which it may be read; None means everywhere. `origin` tells how an act came about that
    no request asked for: "command:NAME" or "task:NAME".
    """

    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=60)
    object_label = models.CharField(max_length=255)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=ClockTimestamp())
    request_id = models.CharField(max_length=64, blank=True)
    # Without a constraint: the trace outlives whatever it is about.
    unit = models.ForeignKey(Unit, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False)
    origin = models.CharField(max_length=100, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("dấu vết")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id"], name="audit_object"),
            models.Index(fields=["unit", "-id"], name="audit_unit"),
            models.Index(fields=["verb", "-id"], name="audit_verb"),
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["request_id"], name="audit_request", condition=~Q(request_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_label}"


class AuditSeal(models.Model):
    """A batch of entries, bound to all batches before it; accounts/audit_chain.py defines the digests.

    `is_complete`: when it was made, there was no other entry to be seen that was not sealed.
    """

    number = models.PositiveIntegerField(primary_key=True)
    format = models.PositiveSmallIntegerField()
    previous = models.CharField(max_length=64)
    count = models.PositiveIntegerField()
    entries = models.CharField(max_length=64)
    is_complete = models.BooleanField()
    sealed_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("niêm phong nhật ký")
        ordering = ["number"]

    def __str__(self) -> str:
        return str(self.number)


class AuditLink(models.Model):
    """The place of an entry in a seal. Membership is explicit: an entry may commit after one with a higher id."""

    entry = models.OneToOneField(AuditEntry, models.PROTECT, primary_key=True, related_name="link")
    seal = models.ForeignKey(AuditSeal, models.PROTECT, related_name="links", db_index=False)
    position = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("dấu vết đã niêm phong")
        ordering = ["seal", "position"]
        constraints = [models.UniqueConstraint(fields=["seal", "position"], name="audit_link_place")]

    def __str__(self) -> str:
        return f"{self.seal_id}/{self.position}: {self.entry_id}"


class AuditCheck(models.Model):
    """A check of the whole chain that somebody asked for, or the nightly one, and what it found."""

    requested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(db_default=ClockTimestamp())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    entries = models.PositiveBigIntegerField(default=0)
    seals = models.PositiveIntegerField(default=0)
    unsealed = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=64, blank=True)
    fault = models.JSONField(null=True)

    class Meta:
        verbose_name = _("lần kiểm tra nhật ký")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.pk}"
