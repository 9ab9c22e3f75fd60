"""When people of offices take a quiz: working hours, fewer at weekends, and a rush in the last evening."""

from datetime import datetime, timedelta, timezone

from contest.demo.dice import Dice, Weighted

VIETNAM = timezone(timedelta(hours=7))
BIN = timedelta(minutes=10)
# How busy each hour of a working day is, from midnight on.
_HOURS = (
    0.15, 0.06, 0.03, 0.03, 0.05, 0.2, 0.6, 1.8, 3.8, 4.4, 3.8, 2.2, 1.2, 1.8, 3.6, 4.0, 3.4, 2.0, 1.3, 2.0, 2.8,
    2.4, 1.3, 0.5,
)  # fmt: skip
_DAYS = (1.5, 1.2, 0.9, 0.8, 0.9, 1.0, 1.3)  # since the opening
_WEEKEND_DAYTIME = 0.35
_LAST_EVENING, _LAST_HOURS = 3.2, 2.2


class Rush:
    """Draws instants from a window, as far as `until`."""

    def __init__(self, opens_at: datetime, closes_at: datetime, until: datetime) -> None:
        self._opens_at = opens_at
        self._until = until
        bins = max(int((until - opens_at) / BIN), 1)
        self._chance = Weighted([_weight(opens_at + index * BIN, opens_at, closes_at) for index in range(bins)])

    def instant(self, dice: Dice) -> datetime:
        """An instant in the window, to the microsecond."""
        offset = (self._chance.index(dice) + dice.fraction()) * BIN.total_seconds()
        return min(self._opens_at + timedelta(microseconds=int(offset * 1_000_000)), self._until)


def _weight(moment: datetime, opens_at: datetime, closes_at: datetime) -> float:
    local = moment.astimezone(VIETNAM)
    left = closes_at - moment
    weight = _HOURS[local.hour] * _DAYS[min((moment - opens_at).days, len(_DAYS) - 1)]
    if local.weekday() >= 5 and local.hour < 18:
        weight *= _WEEKEND_DAYTIME
    if local.hour in (19, 20, 21, 22) and left <= timedelta(days=1):
        weight *= _LAST_EVENING
    if left <= timedelta(hours=3):
        weight *= _LAST_HOURS
    return weight
