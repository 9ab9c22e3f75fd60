"""Working days, by which the law counts the time for an answer to a person about their data."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
# Public holidays by the solar calendar, as (month, day). Those by the lunar calendar and days in lieu differ from
# year to year: they are a setting. One that is missing there makes an answer due earlier, never later.
FIXED_HOLIDAYS = frozenset({(1, 1), (4, 30), (5, 1), (9, 2)})


def is_working_day(day: date, holidays: Collection[date] = ()) -> bool:
    """Monday to Friday, and no public holiday."""
    return day.weekday() < 5 and (day.month, day.day) not in FIXED_HOLIDAYS and day not in holidays


def end_of_working_day(received: datetime, days: int, holidays: Collection[date] = ()) -> datetime:
    """The end, in Vietnam's time, of the `days`-th working day after the day of `received`, which does not count."""
    day = received.astimezone(VIETNAM).date()
    while days > 0:
        day += timedelta(days=1)
        days -= is_working_day(day, holidays)
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=VIETNAM)
