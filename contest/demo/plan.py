"""What a demo was asked to be, and the times that follow from it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from contest.demo.dice import Dice

WEEK = timedelta(weeks=1)
UNTIL_CLOSE = timedelta(seconds=180)  # a visitor sees a close before losing patience

# (login, role granted or "participant"), in the order in which they are printed.
LOGINS = (
    ("participant", "participant"),
    ("participant2", "participant"),
    ("coordinator", "coordinator"),
    ("judge1", "judge"),
    ("judge2", "judge"),
    ("judge3", "judge"),
    ("organiser", "organiser"),
    ("organiser2", "organiser"),
    ("secretary", "secretary"),
    ("auditor", "auditor"),
    ("administrator", "administrator"),
)


@dataclass(frozen=True, slots=True)
class RoundWindow:
    """When a round is open, and how far the demo takes it: published, open or scheduled."""

    number: int
    opens_at: datetime
    closes_at: datetime
    stage: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The arguments of a demo. Everything else follows from them."""

    units: int
    staff: int
    rounds: int
    seed: int
    at: datetime

    def dice(self, *labels: object) -> Dice:
        """Draws of their own for `labels`: what is drawn there moves nothing drawn elsewhere."""
        return Dice(self.seed, *labels)

    def secret(self, label: str) -> bytes:
        """32 bytes that look random and follow from all the arguments."""
        return hashlib.sha256(f"{self!r}/{label}".encode()).digest()

    @property
    def starts_at(self) -> datetime:
        """The opening of the first round."""
        return self.windows()[0].opens_at

    def windows(self) -> list[RoundWindow]:
        """Rounds of a week each: the last but one is open at `at` and closes soon; a single one is open."""
        open_number = max(self.rounds - 1, 1)
        windows = []
        for number in range(1, self.rounds + 1):
            closes_at = self.at + UNTIL_CLOSE + (number - open_number) * WEEK
            stage = "published" if number < open_number else "open" if number == open_number else "scheduled"
            windows.append(RoundWindow(number, closes_at - WEEK, closes_at, stage))
        return windows
