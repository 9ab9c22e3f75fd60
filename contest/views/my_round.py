"""One person and one round: what has been done and what may be done next."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.rights import Visitor
from contest.models import Attempt, Round
from contest.models.attempt import AttemptState

# Content that lists of rounds never show; some of it is large, some of it secret.
UNSHOWN = ("paper", "key_at_opening", "secret", "salt", "fixed_order", "prize_excluded", "key_confirmed_digest")


@dataclass
class MyRound:
    """A round as one person stands to it at `now`."""

    round: Round
    now: datetime
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def state(self) -> str:
        return self.round.state_at(self.now)

    @property
    def running(self) -> Attempt | None:
        """The attempt that can still be worked on."""
        return next(
            (a for a in self.attempts if a.state == AttemptState.IN_PROGRESS and not a.is_overdue(self.now)), None
        )

    @property
    def ended(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt is not self.running]

    @property
    def allowed(self) -> int | None:
        """How many attempts the rules allow; None: as many as one likes."""
        return None if self.round.is_practice else self.round.rules["attempts"]

    @property
    def left(self) -> int | None:
        return None if self.allowed is None else max(0, self.allowed - len(self.attempts))

    @property
    def may_start(self) -> bool:
        return self.state == "open" and self.running is None and self.left != 0

    @property
    def deadline_if_started_now(self) -> datetime:
        return self.round.deadline_for(self.now)

    @property
    def time_if_started_now(self) -> timedelta:
        return self.deadline_if_started_now - self.now


def my_rounds(rounds: Iterable[Round], user: Visitor, now: datetime) -> list[MyRound]:
    """`rounds` with the attempts of `user`, in the given order. One query, none for a visitor."""
    mine = {round.pk: MyRound(round, now) for round in rounds}
    if user.is_authenticated and mine:
        attempts = Attempt.objects.of(user).filter(round__in=list(mine)).defer("answers", "sequences")
        for attempt in attempts.order_by("number"):
            attempt.round = mine[attempt.round_id].round
            mine[attempt.round_id].attempts.append(attempt)
    return list(mine.values())
