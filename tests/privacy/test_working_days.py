"""Two working days, counted as the law counts them: the day of receipt does not count, days end at 24:00."""

from datetime import date, datetime, timedelta

import pytest

from privacy.working_days import VIETNAM, end_of_working_day


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("received", "end"),
    [
        ("2026-06-01T08:00", "2026-06-04T00:00"),  # Monday: Tuesday, Wednesday
        ("2026-06-04T23:59", "2026-06-09T00:00"),  # Thursday: Friday, Monday
        ("2026-06-05T00:00", "2026-06-10T00:00"),  # Friday: Monday, Tuesday
        ("2026-06-06T12:00", "2026-06-10T00:00"),  # Saturday: Monday, Tuesday
        ("2026-04-29T10:00", "2026-05-06T00:00"),  # 30/4 and 1/5 are holidays, then a weekend
        ("2026-08-31T10:00", "2026-09-04T00:00"),  # 2/9 is a holiday
    ],
)
def test_the_day_of_receipt_weekends_and_fixed_holidays_do_not_count(received, end):
    assert end_of_working_day(at(received), 2) == at(end)


def test_holidays_of_the_year_are_a_setting():
    tet = {date(2027, 2, 5) + timedelta(days=day) for day in range(7)}
    assert end_of_working_day(at("2027-02-04T09:00"), 2) == at("2027-02-09T00:00")
    assert end_of_working_day(at("2027-02-04T09:00"), 2, tet) == at("2027-02-16T00:00")


def test_the_day_is_vietnams():
    """23:30 UTC on Monday is Tuesday in Vietnam."""
    assert end_of_working_day(datetime.fromisoformat("2026-06-01T23:30+00:00"), 2) == at("2026-06-05T00:00")
