"""One person's attempt at one round."""

import uuid
from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.clock import ClockTimestamp
from accounts.models import Unit, User
from contest.models.round import Round


class AttemptState(models.TextChoices):
    IN_PROGRESS = "in_progress", _("Đang làm bài")
    SUBMITTED = "submitted", _("Đã nộp bài")
    CUT_OFF = "cut_off", _("Hết giờ, bài được thu tự động")
    ABANDONED = "abandoned", _("Đã mở nhưng chưa trả lời")


ENTRY_STATES = (AttemptState.SUBMITTED, AttemptState.CUT_OFF)


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def with_server_time(self) -> "AttemptQuerySet":
        """Each row also with the database's present time as `server_time`, without another query."""
        return self.annotate(server_time=ClockTimestamp())

    def of(self, user: User) -> "AttemptQuerySet":
        return self.filter(user_id=user.pk)

    def entries(self) -> "AttemptQuerySet":
        """Attempts that are entries: submitted, or cut off with a stored answer."""
        return self.filter(state__in=ENTRY_STATES)


class Attempt(models.Model):
    """A person's numbered attempt at a round, with the unit and block the person had when starting it.

    `answers[i]` is a bit mask over the canonical choices of the paper's question i (bit 0 is choice A),
    `sequences[i]` the number of the last save accepted for it (0: untouched). `nonce` is also in the
    attempt key; renewing it revokes the key. `entry` is the pseudonym in the public record.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    round = models.ForeignKey(Round, models.PROTECT, related_name="attempts")
    user = models.ForeignKey(User, models.PROTECT, related_name="attempts", db_index=False)
    number = models.PositiveSmallIntegerField()
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", db_index=False)
    block = models.CharField(max_length=50, blank=True)
    entry = models.CharField(max_length=21)
    nonce = models.BigIntegerField()
    state = models.CharField(max_length=11, choices=AttemptState.choices, default=AttemptState.IN_PROGRESS)
    started_at = models.DateTimeField(db_default=ClockTimestamp())
    deadline = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    answers = ArrayField(models.SmallIntegerField())
    sequences = ArrayField(models.IntegerField())
    prediction = models.DecimalField(max_digits=14, decimal_places=5, null=True, blank=True)
    prediction_sequence = models.IntegerField(default=0)
    eligible = models.BooleanField(default=True)

    server_time: datetime  # given by `with_server_time`

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("lượt thi")
        indexes = [
            models.Index(
                fields=["round", "state"],
                condition=Q(state__in=["cut_off", "abandoned"]),
                name="attempt_ended_by_the_clock",
            ),
            models.Index(fields=["round"], condition=Q(eligible=False), name="attempt_never_ranked"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "round", "number"], name="attempt_number_once"),
            models.UniqueConstraint(
                fields=["round", "user"], condition=Q(state="in_progress"), name="attempt_one_in_progress"
            ),
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=True, state__in=["in_progress", "abandoned"])
                | Q(submitted_at__isnull=False, state__in=["submitted", "cut_off"]),
                name="attempt_entries_have_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry} ({self.get_state_display()})"

    def is_overdue(self, now: datetime) -> bool:
        """Whether the attempt is still marked in progress although nothing is accepted any more."""
        return self.state == AttemptState.IN_PROGRESS and self.key_has_expired(now)

    def key_has_expired(self, now: datetime) -> bool:
        """Whether the attempt key has reached its end: deadline plus grace."""
        return now > self.deadline + timedelta(seconds=self.round.grace_seconds)

    @property
    def is_entry(self) -> bool:
        return self.state in ENTRY_STATES

    @property
    def has_ended(self) -> bool:
        return self.state != AttemptState.IN_PROGRESS

    def shows_score(self) -> bool:
        """Whether its owner may see its score now: it is an entry, and the round's rules release scores."""
        return self.is_entry and self.round.shows_score()

    def shows_answers(self) -> bool:
        """Whether its owner may see right answers now: it has ended, and the round's rules release them."""
        return self.has_ended and self.round.shows_answers()
