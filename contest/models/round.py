"""A round, its frozen paper, and the units that take part in it."""

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import Unit, UnitKind, User
from contest.models.bank import Question
from contest.models.setup import Contest


class RoundState(models.TextChoices):
    """Stored states, in order. `open` is never stored: it is `scheduled` and the clock."""

    DRAFT = "draft", _("Đang soạn")
    SCHEDULED = "scheduled", _("Đã lên lịch")
    CLOSED = "closed", _("Đã đóng")
    RANKED = "ranked", _("Đã xếp hạng")
    PUBLISHED = "published", _("Đã công bố (tạm thời)")
    FINAL = "final", _("Kết quả chính thức")


RESULT_STATES = (RoundState.RANKED, RoundState.PUBLISHED, RoundState.FINAL)
PUBLIC_RESULT_STATES = (RoundState.PUBLISHED, RoundState.FINAL)


class RoundQuerySet(models.QuerySet["Round"]):
    def with_server_time(self) -> "RoundQuerySet":
        """Each row also with the database's present time as `server_time`, without another query."""
        return self.annotate(server_time=ClockTimestamp())

    def public(self) -> "RoundQuerySet":
        """Rounds that visitors know of: of a public contest, and no draft."""
        return self.filter(contest__is_public=True).exclude(state=RoundState.DRAFT)

    def counted(self) -> "RoundQuerySet":
        """Rounds of the contest proper: practice stays outside all figures."""
        return self.filter(is_practice=False)

    def open_at(self, now: datetime) -> "RoundQuerySet":
        return self.filter(state=RoundState.SCHEDULED, opens_at__lte=now, closes_at__gt=now)

    def due_at(self, now: datetime) -> "RoundQuerySet":
        """Rounds whose acceptance has ended at `now` and whose close is not finished yet."""
        return self.counted().filter(
            state__in=(RoundState.SCHEDULED, RoundState.CLOSED),
            closes_at__lte=now - F("grace_seconds") * timedelta(seconds=1),
        )


class Round(models.Model):
    """A weekly round. Scheduling freezes rules, paper and key, and publishes the commitment to the key.

    `paper` is the record's `questions`; `key_at_opening` maps question codes to right choice codes;
    `secret` (32 bytes) makes the pseudonyms of the record and leaves the database in no form.
    """

    contest = models.ForeignKey(Contest, models.PROTECT, related_name="rounds")
    number = models.PositiveSmallIntegerField(_("tuần thi số"))
    title = models.CharField(_("tên tuần thi"), max_length=255)
    is_practice = models.BooleanField(_("thi thử"), default=False)
    opens_at = models.DateTimeField(_("mở lúc"))
    closes_at = models.DateTimeField(_("đóng lúc"))
    grace_seconds = models.PositiveSmallIntegerField(default=5)
    state = models.CharField(max_length=10, choices=RoundState.choices, default=RoundState.DRAFT)

    key_confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    key_confirmed_at = models.DateTimeField(null=True, blank=True)
    key_confirmed_digest = models.CharField(max_length=64, blank=True)
    prepared_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    rules = models.JSONField(default=dict, blank=True)
    blocks = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    paper = models.JSONField(default=list, blank=True)
    fixed_order = ArrayField(models.CharField(max_length=5), default=list, blank=True)
    key_at_opening = models.JSONField(default=dict, blank=True)
    salt = models.CharField(max_length=64, blank=True)
    commitment = models.CharField(max_length=64, blank=True)
    secret = models.BinaryField(max_length=32, null=True, blank=True)

    scheduled_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    ranked_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    finalised_at = models.DateTimeField(null=True, blank=True)

    version = models.PositiveIntegerField(default=0)
    prediction_target = models.DecimalField(max_digits=14, decimal_places=5, null=True, blank=True)
    entries = models.PositiveIntegerField(null=True, blank=True)
    people = models.PositiveIntegerField(null=True, blank=True)
    perfect_people = models.PositiveIntegerField(null=True, blank=True)
    zero = models.PositiveIntegerField(null=True, blank=True)
    cut_off = models.PositiveIntegerField(null=True, blank=True)
    abandoned = models.PositiveIntegerField(null=True, blank=True)
    prize_excluded = ArrayField(models.BigIntegerField(), default=list, blank=True)
    result_hash = models.CharField(max_length=64, blank=True)

    server_time: datetime  # given by `with_server_time`

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["contest_id", "number"]
        verbose_name = _("tuần thi")
        constraints = [
            models.UniqueConstraint(fields=["contest", "number"], name="round_number_once_per_contest"),
            models.CheckConstraint(condition=Q(opens_at__lt=F("closes_at")), name="round_opens_before_it_closes"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(commitment__gt="", secret__isnull=False),
                name="round_scheduled_with_frozen_content",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "scheduled", "closed"]) | Q(version__gte=1),
                name="round_ranked_has_a_version",
            ),
            models.CheckConstraint(
                condition=Q(key_confirmed_by=None) | Q(prepared_by=None) | ~Q(key_confirmed_by=F("prepared_by")),
                name="round_key_confirmed_by_another",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def accepts_until(self) -> datetime:
        """The last instant at which anything of the round is accepted: close and published grace."""
        return self.closes_at + timedelta(seconds=self.grace_seconds)

    def state_at(self, now: datetime) -> str:
        """The state as people see it: `open` between the times, `closed` from the closing time on."""
        if self.state != RoundState.SCHEDULED or now < self.opens_at:
            return self.state
        return "open" if now < self.closes_at else RoundState.CLOSED

    def deadline_for(self, started_at: datetime) -> datetime:
        """When an attempt started then must end: its time limit or the round's close, the earlier."""
        limit = self.rules["time_limit_seconds"]
        return self.closes_at if limit is None else min(self.closes_at, started_at + timedelta(seconds=limit))

    @property
    def has_result(self) -> bool:
        return self.state in RESULT_STATES

    @property
    def is_published(self) -> bool:
        return self.state in PUBLIC_RESULT_STATES

    def shows_score(self) -> bool:
        """Whether a person may see their own score once their attempt has ended."""
        return self.is_practice or self.rules["score_release"] == "at_once" or self.has_result

    def shows_answers(self) -> bool:
        """Whether the key, explanations and sources may be seen (in practice: once one's attempt ended)."""
        if self.is_practice:
            return True
        return self.has_result if self.rules["answers_release"] == "after_close" else self.is_published


class RoundQuestion(models.Model):
    """A question's place in a round; position 1 becomes Q01 of the paper."""

    round = models.ForeignKey(Round, models.CASCADE, related_name="round_questions")
    question = models.ForeignKey(Question, models.PROTECT, related_name="round_questions")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "position"],
                name="round_question_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(fields=["round", "question"], name="round_question_once"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def code(self) -> str:
        return f"Q{self.position:02}"


class RoundUnit(models.Model):
    """A unit as it was when the round was scheduled; every report of the round reads this copy."""

    round = models.ForeignKey(Round, models.CASCADE, related_name="round_units")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="round_units")
    parent = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    kind = models.ForeignKey(UnitKind, models.PROTECT, related_name="+")
    headcount = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "unit"], name="round_unit_once")]

    def __str__(self) -> str:
        return f"{self.round}: {self.unit}"


class CloseExtension(models.Model):
    """A later closing time for a round: proposed by one organiser with a reason, confirmed by another."""

    round = models.ForeignKey(Round, models.CASCADE, related_name="close_extensions")
    closes_at = models.DateTimeField(_("đóng lúc"))
    reason = models.CharField(_("lý do"), max_length=500)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(db_default=ClockTimestamp())
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("proposed_by")),
                name="close_extension_confirmed_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round}: {self.closes_at}"


class Heartbeat(models.Model):
    """When the beat's sweep last ran, for /health/ready."""

    name = models.CharField(max_length=30, primary_key=True)
    at = models.DateTimeField(db_default=ClockTimestamp())

    def __str__(self) -> str:
        return f"{self.name} {self.at}"
