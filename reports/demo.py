"""The demo of the reports: last year's contest, unit by unit, so that every comparison has something to compare with.

It is also what loads all of the demo, the clips of videos/demo/ too.

What contest/demo/ does for the contest, with the same plan and dice: equal arguments give equal figures.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from contest.demo.dice import Dice, share_out
from contest.demo.loading import load_demo
from contest.demo.plan import Plan
from contest.demo.rounds import SLUG
from contest.demo.units import DemoUnit, make_units
from contest.models import Contest
from reports.demo_reports import write_paperwork
from reports.models import Baseline, BaselineUnit
from videos.demo.contests import write_earlier_contests
from videos.demo.loading import load_clips

Say = Callable[[str], None]

# The reference contest in 2022, and the size of the demo in which the figures are exactly these.
UNITS, ENTRIES = 171, 26_915
_OF_UNITS, _OF_STAFF = 189, 20_058
_ROUNDS = 4
_LABEL = "Hội thi năm 2022"
_SOURCE = "Số liệu công bố năm 2022; phần chia theo đơn vị là số liệu minh họa"


@dataclass(frozen=True, slots=True)
class LastYear:
    """What a unit did last year, by the unit's id."""

    unit: int
    participants: int
    entries: int


def load_with_reports(plan: Plan, say: Say) -> None:
    """Fill an empty portal with the contest and what its reports need. All or nothing; raises Refused as load_demo."""
    with transaction.atomic():
        load_demo(plan, say, before_contest=write_earlier_contests)
        rows = make_last_year(plan, make_units(plan))
        _write(rows)
        say(f"last year: {len(rows)} units, {sum(row.entries for row in rows)} entries")
        contest = Contest.objects.get(slug=SLUG)
        say(f"paperwork: {write_paperwork(plan, contest)} reports of units")
        say(f"clips: {load_clips(plan, contest)}")


def make_last_year(plan: Plan, units: list[DemoUnit]) -> list[LastYear]:
    """Figures of the units that took part last year, by id: larger units sent more."""
    dice = plan.dice("last year")
    able = [unit for unit in units if unit.staff]
    count = min(len(able), max(1, round(UNITS * plan.units / _OF_UNITS)))
    chosen = sorted(dice.shuffled(able)[:count], key=lambda unit: unit.id)
    entries = max(count, round(ENTRIES * plan.staff / _OF_STAFF))
    shares = share_out(entries - count, [unit.staff * dice.between(0.4, 1.6) for unit in chosen])
    return [_of_unit(dice, unit, 1 + share) for unit, share in zip(chosen, shares, strict=True)]


def _of_unit(dice: Dice, unit: DemoUnit, entries: int) -> LastYear:
    """`entries` by people of the unit, who took part in one to four rounds each."""
    people = round(entries / dice.between(1.6, 3.4))
    return LastYear(unit.id, max(-(-entries // _ROUNDS), min(people, unit.staff)), entries)


def _write(rows: list[LastYear]) -> None:
    baseline = Baseline.objects.create(
        contest=Contest.objects.get(slug=SLUG),
        label=_LABEL,
        source=_SOURCE,
        units=len(rows),
        participants=sum(row.participants for row in rows),
        entries=sum(row.entries for row in rows),
    )
    BaselineUnit.objects.bulk_create(
        BaselineUnit(baseline=baseline, unit_id=row.unit, participants=row.participants, entries=row.entries)
        for row in rows
    )
