"""The list of all staff with their results: everybody once, in the right unit, as a stream."""

import csv
import tracemalloc
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from accounts.models import Membership
from contest.closing import close_round
from contest.models import Ineligibility, Standing
from contest.models.round import RoundState
from reports.documents import staff_results_document
from reports.exports.files import write_file
from reports.exports.table import Column, Document, Kind, Table
from reports.participation import last_day
from reports.scope import Scope
from reports.staff_results import StaffResults
from reports.streaming import stream
from tests.factories import make_attempt, make_contest, make_root, make_unit, make_user, past_round

ALL = Scope(None, True)
RIGHT, WRONG = "B", "A"
AT = datetime(2023, 6, 5, 17, 0, 1, 123456, tzinfo=UTC)


@pytest.fixture
def units(db):
    return [make_unit(code, parent=make_root()) for code in ("A", "B")]


def published(round):
    close_round(round.pk)
    round.refresh_from_db()
    round.state = RoundState.PUBLISHED
    round.save(update_fields=["state"])
    return round


def listed(round, scope=ALL):
    return [
        (one.unit_code, one.employee_id, one.status, one.entries, one.score, one.rank, one.prize)
        for one in StaffResults(round, scope)
    ]


def test_everybody_is_listed_once_with_entries_score_rank_and_prize(units):
    contest = make_contest(unit=make_root(), attempts_allowed=2)
    people = {name: make_user(name, unit=units[0]) for name in ("best", "idle", "quit", "zero")}
    organiser = make_user("organiser", unit=units[1])
    Ineligibility.objects.create(contest=contest, user=organiser, reason="Tổ chuyên gia")
    round = past_round(contest)
    for number, answers in ((1, WRONG), (2, RIGHT)):
        make_attempt(round, people["best"], number=number, answers=answers)
    make_attempt(round, people["zero"], answers=WRONG)
    make_attempt(round, people["quit"], state="abandoned")
    make_attempt(round, organiser, answers=RIGHT)
    published(round)
    rows = listed(round)
    marks = Standing.objects.get(attempt__user=people["best"]).score
    assert marks > 0
    assert rows == [
        ("A", "best", "taken_part", 2, marks, 1, "first"),
        ("A", "idle", "not_started", 0, None, None, None),
        ("A", "quit", "abandoned", 0, None, None, None),
        ("A", "zero", "taken_part", 1, 0, 2, "second"),
        ("B", "organiser", "taken_part", 1, marks, None, None),
    ]
    assert StaffResults(round, ALL).counted()[0] == len(rows)


def test_who_has_moved_or_left_is_listed_where_the_attempt_was_begun(units):
    moved, gone, new = (make_user(name, unit=units[0]) for name in ("moved", "gone", "new"))
    round = past_round(make_contest(unit=make_root()))
    for person in (moved, gone):
        make_attempt(round, person, answers=RIGHT)
    end = last_day(round)
    for person in (moved, gone):
        Membership.objects.filter(user=person).update(ends_on=end)
    Membership.objects.create(user=moved, unit=units[1], starts_on=end)
    Membership.objects.filter(user=new).update(starts_on=date(2000, 1, 1))
    published(round)
    assert [row[:3] for row in listed(round)] == [
        ("A", "gone", "taken_part"), ("A", "moved", "taken_part"), ("A", "new", "not_started"),
    ]  # fmt: skip
    assert listed(round, Scope(frozenset([units[1].pk]), True)) == []
    assert [row[1] for row in listed(round, Scope(frozenset([units[0].pk]), True))] == ["gone", "moved", "new"]


def test_scores_that_are_not_released_are_not_even_read(units):
    round = past_round(make_contest(unit=make_root()))
    close_round(round.pk)
    round.refresh_from_db()
    with pytest.raises(ValueError, match="not released"):
        StaffResults(round, Scope(None, False))


def test_the_file_has_a_row_for_each_of_them(units, tmp_path):
    people = [make_user(unit=unit) for unit in units for _each in range(2)]
    round = past_round(make_contest(unit=make_root()))
    make_attempt(round, people[0], answers=RIGHT)
    document = staff_results_document(published(round), ALL)
    write_file(document, format="csv", target=tmp_path / "x.csv")
    with open(tmp_path / "x.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert document.row_count == len(rows) == 4
    assert {row["employee_id"]: row["status"] for row in rows} == {
        person.employee_id: "taken_part" if person == people[0] else "not_started" for person in people
    }
    assert (rows[0]["score"] != "", rows[0]["rank"], rows[0]["prize"]) == (True, "1", "first")


# --- Any number of rows -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_rows_are_fetched_a_few_at_a_time():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
    rows = stream("SELECT n, repeat('x', 1000) FROM generate_series(1, %(count)s) n", {"count": 50_000})
    tracemalloc.start()
    try:
        assert sum(1 for _row in rows) == 50_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000  # all at once they are 50 MB


@pytest.mark.slow
def test_a_workbook_takes_the_same_memory_for_any_number_of_rows(tmp_path):
    columns = [Column("number", "TT", Kind.INTEGER), Column("name", "Họ tên"), Column("at", "Lúc", Kind.TIME)]

    def peak(count):
        rows = ((number, f"Người thứ {number}", AT) for number in range(count))
        document = Document("DANH SÁCH", ["Tuần 1"], [Table("rows", "Bảng", columns, rows)], row_count=count)
        tracemalloc.start()
        try:
            write_file(document, format="xlsx", target=tmp_path / f"{count}.xlsx")
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)  # what is imported and kept once
    assert peak(12_000) < peak(3_000) + 100_000
