"""The weekly report of a round as one dataset, from which page, files and documents are rendered.

{"format", "definitions", "kind": "weekly", "contest", "round", "unit", "as_of", "total", "kinds", "blocks", "units",
"full_units", "lowest_units", "hours", "winners", "trend", "last_year", "notes"}: figures as in `figures_row`, times in
UTC, decimals as strings, units by code. Totals and units come from one reading of `participation_of`, and everything
from one snapshot of the database. What is told of last year is over that whole contest. Personal data:
the names of winners.
"""

from typing import Any

from django.utils.translation import gettext as _

from accounts.clock import iso
from accounts.models import Unit
from accounts.problems import Refused
from contest.models import Block, Round
from reports.datasets.hours import hours_of
from reports.datasets.last_year import add_last_year, last_year_of
from reports.datasets.rows import LAST_YEAR, Row, figures_row
from reports.datasets.snapshot import one_snapshot
from reports.datasets.source import source_of
from reports.datasets.splits import notes_on_splits
from reports.datasets.winners import winners_of
from reports.definitions import DEFINITIONS_VERSION
from reports.models import RoundReport
from reports.participation import (
    Participation,
    UnitFigures,
    earlier_rounds,
    full_units,
    heirs_on,
    last_day,
    lowest_units,
    participation_of,
)
from reports.scope import Scope

FORMAT = 1


def weekly_dataset(round: Round, unit: Unit) -> dict[str, Any]:
    """The weekly report of `round` over `unit` and all below it. Raises Refused when the round has no result.

    The number of queries depends on the number of rounds before, not on units or people.
    """
    with one_snapshot():
        round = Round.objects.select_related("contest__unit").get(pk=round.pk)
        if not round.has_result or round.is_practice:
            raise Refused(_("Chỉ lập được báo cáo của tuần thi đã xếp hạng."))
        scope = scope_over(round, unit)
        earlier = _rounds_before(round)
        participation = participation_of(round, scope)
        total = participation.total
        dataset = {
            "format": FORMAT,
            "definitions": DEFINITIONS_VERSION,
            "kind": "weekly",
            "contest": contest_row(round.contest),
            "round": round_row(round),
            "unit": {"code": unit.code, "name": unit.name},
            "as_of": iso(participation.as_of),
            "total": figures_row(total, of=total),
            "kinds": [{"kind": row.kind, **figures_row(row.figures, of=total)} for row in participation.kinds],
            "blocks": _blocks(round, participation),
            "units": [unit_row(row) | figures_row(row.figures, of=total) for row in participation.units],
            "full_units": [row.unit_code for row in full_units(participation.units)],
            "lowest_units": [row.unit_code for row in lowest_units(participation.units)],
            "hours": hours_of(round, scope),
            "winners": winners_of(round, scope),
            "trend": [*_before(earlier, unit, scope), _trend_row(round, participation)],
            "notes": notes_on_splits(round, earlier, heirs_on(last_day(round)), scope),
        }
        last_year = last_year_of(round.contest, round)
        add_last_year(dataset, last_year, whole=scope.unit_ids is None)
    return dataset


def scope_over(round: Round, unit: Unit) -> Scope:
    """What a report over `unit` covers. Raises Refused when no unit of it takes part in the round."""
    if unit.pk == round.contest.unit_id:
        return Scope(None, True)
    below = frozenset(Unit.objects.at_or_below([unit.pk]).values_list("pk", flat=True))
    if not round.round_units.filter(unit__in=below).exists():
        raise Refused(_("Đơn vị này không có đơn vị nào tham gia tuần thi."))
    return Scope(below, True)


def contest_row(contest: Any) -> Row:
    return {
        "id": contest.pk,
        "slug": contest.slug,
        "title": contest.title,
        "unit_code": contest.unit.code,
        "unit_name": contest.unit.name,
    }


def round_row(round: Round) -> Row:
    return {
        "id": round.pk,
        "number": round.number,
        "title": round.title,
        "opens_at": iso(round.opens_at),
        "closes_at": iso(round.closes_at),
        "state": round.state,
        "version": round.version,
        "result_hash": round.result_hash,
    }


def unit_row(unit: UnitFigures) -> Row:
    return {
        "unit_code": unit.unit_code,
        "unit_name": unit.unit_name,
        "kind": unit.kind,
        "parent_code": unit.parent_code,
        "parent_name": unit.parent_name,
    }


def _blocks(round: Round, participation: Participation) -> list[Row]:
    """Figures by block; none where the round is not divided."""
    if not round.blocks:
        return []
    names = dict(Block.objects.filter(contest=round.contest_id).values_list("code", "name"))
    return [
        {"block": row.block, "name": names.get(row.block, ""), **figures_row(row.figures, of=participation.total)}
        for row in participation.blocks
    ]


def _rounds_before(round: Round) -> list[Round]:
    earlier = [one.pk for one in earlier_rounds(round)]
    return list(Round.objects.filter(pk__in=earlier).select_related("contest").order_by("number"))


def _before(earlier: list[Round], unit: Unit, scope: Scope) -> list[Row]:
    """The totals of the rounds before, as their own reports say where these were frozen from the same result.

    Their scores come only once they are public, as this report may be read then.
    """
    reports = RoundReport.objects.filter(round__in=earlier, unit=unit, definitions=DEFINITIONS_VERSION)
    frozen = {
        report["round"]: report for report in reports.order_by("number").values("round", "source", "dataset__total")
    }
    rows = []
    for before in earlier:
        report = frozen.get(before.pk)
        if report and report["source"] == source_of([before]) and before.is_published:
            row = report["dataset__total"] | dict.fromkeys(LAST_YEAR)
            rows.append({"number": before.number, "title": before.title, **row})
        else:
            rows.append(_trend_row(before, participation_of(before, Scope(scope.unit_ids, before.is_published))))
    return rows


def _trend_row(round: Round, participation: Participation) -> Row:
    total = participation.total
    return {"number": round.number, "title": round.title, **figures_row(total, of=total)}
