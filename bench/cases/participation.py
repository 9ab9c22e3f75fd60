"""The participation report of a published round, beside one statement that counts people per unit."""

from django.db import connection

from bench.results import Result
from bench.timing import median_seconds
from contest.models import Round
from reports.participation import participation_of
from reports.scope import full_scope

LONGEST = 1.0
_FLOOR = "SELECT unit_id, count(DISTINCT user_id) FROM contest_attempt WHERE round_id = %s GROUP BY unit_id"


def run(*, quick: bool) -> list[Result]:
    round = Round.objects.filter(state="published").order_by("number").last()
    assert round
    repeats = 3 if quick else 9
    ours = median_seconds(lambda: participation_of(round, full_scope(round)), repeats=repeats)
    floor = median_seconds(lambda: _count(round), repeats=repeats)
    units = round.round_units.count()
    met = "met" if ours <= LONGEST else "MISSED"
    note = f"{units} units, {round.people} people; at most {LONGEST:.0f} s: {met}"
    return [Result("participation report", ours, "s", floor, note=note)]


def _count(round: Round) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FLOOR, [round.pk])
        cursor.fetchall()
