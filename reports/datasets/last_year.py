"""Last year beside this year's figures: of units, of their kinds, and of all of a report.

Blocks are of people, and nobody's block of last year is known.
"""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import translation

from contest.models import Contest, Round
from reports.baselines import BaselineFigures, YearFigures, baseline_of
from reports.datasets.rows import LAST_YEAR, Row, plain
from reports.participation import last_day, ratio


def last_year_of(contest: Contest, round: Round) -> BaselineFigures | None:
    """What the contest is compared with, for the units that exist at the end of `round`.

    In the portal's own language: a dataset is the same whoever freezes it.
    """
    with translation.override(settings.LANGUAGE_CODE):
        return baseline_of(contest, on=last_day(round))


def add_last_year(dataset: dict[str, Any], last_year: BaselineFigures | None, *, whole: bool) -> None:
    """Fill in what `dataset` says of last year: its rows of units and kinds, and the total. Nothing without a baseline.

    A kind has the sum of its units', as these are this year: of a unit that changed its kind, last year went with it.
    A report over a part of the contest's units has the sum of theirs: only of `whole` is what nobody has got a part.
    """
    dataset["last_year"] = None
    if last_year is None:
        return
    if whole:
        with translation.override(settings.LANGUAGE_CODE):
            dataset["notes"] += last_year.notes
    theirs = {row["unit_code"]: last_year.by_unit.get(row["unit_code"]) for row in dataset["units"]}
    for row in dataset["units"]:
        row |= _members(theirs[row["unit_code"]], row["entries"])
    for row in dataset["kinds"]:
        members = [theirs[unit["unit_code"]] for unit in dataset["units"] if unit["kind"] == row["kind"]]
        row |= _members(_sum(members), row["entries"])
    known = [figures for figures in theirs.values() if figures]
    total = YearFigures(last_year.participants, last_year.entries) if whole else sum(known, YearFigures(0, 0))
    units = last_year.units if whole else len(known)
    if whole or known:
        dataset["total"] |= _members(total, dataset["total"]["entries"])
        dataset["last_year"] = {
            "label": last_year.label,
            "source": last_year.source,
            "units": units,
            "participants": total.participants,
            "entries": total.entries,
        }


def _sum(figures: Iterable[YearFigures | None]) -> YearFigures | None:
    """Of those that are known; None where none is."""
    known = [one for one in figures if one]
    return sum(known, YearFigures(0, 0)) if known else None


def _members(then: YearFigures | None, entries: int) -> Row:
    if then is None:
        return dict.fromkeys(LAST_YEAR)
    change = entries - then.entries
    return {
        "last_year_participants": then.participants,
        "last_year_entries": then.entries,
        "change_last_year": change,
        "percent_last_year": plain(ratio(change, then.entries)),
    }
