"""Quiet hours: the part of the day in which no mail goes out. Values in, values out."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` to `end` by the clock on the wall in `zone`; over midnight when `begin` is the later one."""

    begin: time
    end: time
    zone: tzinfo

    def over_at(self, now: datetime) -> datetime | None:
        """When the quiet hours in which `now` lies are over; None outside of them. The end itself is outside."""
        local = now.astimezone(self.zone)
        clock = local.time().replace(tzinfo=None)
        if self.begin < self.end:
            is_quiet, days = self.begin <= clock < self.end, 0
        else:
            is_quiet, days = clock >= self.begin or clock < self.end, int(clock >= self.begin)
        if not is_quiet:
            return None
        return datetime.combine(local.date() + timedelta(days=days), self.end, tzinfo=self.zone)


def parse_quiet_hours(text: str, zone: tzinfo) -> QuietHours | None:
    """ "21:00-07:00" as hours; None for an empty text. Raises ValueError."""
    if not text.strip():
        return None
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise ValueError("quiet hours are written like 21:00-07:00")
    begin, end = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    if begin == end:
        raise ValueError("quiet hours must leave a part of the day")
    return QuietHours(begin, end, zone)


def mail_moment(due: datetime, hours: QuietHours | None, expires: datetime | None = None) -> datetime | None:
    """When a mail that is due at `due` may go out: then, or after quiet hours. None when it is pointless by then."""
    moment = (hours.over_at(due) if hours else None) or due
    return None if expires is not None and moment >= expires else moment
