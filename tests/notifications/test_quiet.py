"""Quiet hours: by the clock on the wall, over midnight too, and never beyond the moment a mail is for."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.quiet import QuietHours, mail_moment, parse_quiet_hours

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
NIGHT = QuietHours(time(21), time(7), HANOI)
NAP = QuietHours(time(12), time(14), HANOI)


def at(hour: int, minute: int = 0, day: int = 5) -> datetime:
    return datetime(2023, 6, day, hour, minute, tzinfo=HANOI)


@pytest.mark.parametrize(
    ("hours", "now", "over"),
    [
        (NIGHT, at(20, 59), None),
        (NIGHT, at(21), at(7, day=6)),
        (NIGHT, at(23, 59), at(7, day=6)),
        (NIGHT, at(0), at(7)),
        (NIGHT, at(6, 59), at(7)),
        (NIGHT, at(7), None),
        (NAP, at(11, 59), None),
        (NAP, at(12), at(14)),
        (NAP, at(14), None),
    ],
)
def test_quiet_hours_begin_on_time_and_end_on_time(hours, now, over):
    assert hours.over_at(now) == over
    assert hours.over_at(now.astimezone(UTC)) == over, "whatever zone the moment is told in"


@pytest.mark.parametrize(
    ("due", "closes", "moment"),
    [
        (at(22), at(0, day=6), None),  # 2 hours before a close at midnight: in the portal only
        (at(22), at(7, day=6), None),
        (at(22), at(7, 1, day=6), at(7, day=6)),
        (at(20), at(0, day=6), at(20)),
        (at(20), at(20), None),
        (at(22), None, at(7, day=6)),
    ],
)
def test_a_mail_waits_for_the_end_of_quiet_hours_unless_it_would_be_pointless(due, closes, moment):
    assert mail_moment(due, NIGHT, closes) == moment


def test_without_quiet_hours_a_mail_goes_out_when_it_is_due():
    assert mail_moment(at(3), None) == at(3)


clocks = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
moments = st.datetimes(datetime(2023, 1, 1), datetime(2024, 12, 31)).map(lambda moment: moment.replace(tzinfo=UTC))


@given(begin=clocks, end=clocks, now=moments)
def test_the_end_is_near_outside_and_later(begin, end, now):
    if begin == end:
        return
    hours = QuietHours(begin, end, HANOI)
    over = hours.over_at(now)
    if over is None:
        assert not _between(begin, end, now.astimezone(HANOI).time())
    else:
        assert now < over <= now + timedelta(days=1)
        assert hours.over_at(over) is None
        assert over.astimezone(HANOI).time() == end


def _between(begin: time, end: time, clock: time) -> bool:
    """The plain twin: minute by minute round the clock."""
    length = (end.hour * 60 + end.minute - begin.hour * 60 - begin.minute) % 1440
    return (clock.hour * 60 + clock.minute - begin.hour * 60 - begin.minute) % 1440 < length


@given(due=moments, wait=st.timedeltas(timedelta(0), timedelta(days=2)))
def test_no_mail_goes_out_in_quiet_hours_or_after_its_time(due, wait):
    moment = mail_moment(due, NIGHT, due + wait)
    if moment is not None:
        assert due <= moment < due + wait
        assert NIGHT.over_at(moment) is None


@pytest.mark.parametrize("text", ["21-7", "21:00-25:00", "21:00", "21:00-21:00", "x", "21:00-07:00-08:00"])
def test_quiet_hours_that_cannot_be_read_are_refused(text):
    with pytest.raises(ValueError, match="quiet hours"):
        parse_quiet_hours(text, HANOI)


def test_quiet_hours_are_read_from_the_setting():
    assert parse_quiet_hours("21:00-07:00", HANOI) == NIGHT
    assert parse_quiet_hours(" ", HANOI) is None
