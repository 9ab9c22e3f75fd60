"""What a unit's report says in figures: computed while it is a draft, frozen in it when it is sent.

{"format", "kind": "unit", "round": {…}, "unit": {"code", "name"}, "as_of", "total": F, "units": [F with code and name],
 "below": [{"unit_code", "unit_name", "state", "version", "sent_at", "on_time", "digest", remarks}], "remarks": {…}}

F is what `members_of` of reports/datasets/rows.py says; decimals are strings, times ISO UTC.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from accounts.clock import iso
from accounts.models import Unit
from contest.models import Round, RoundUnit
from contest.record_format import canonical
from reports.datasets.rows import members_of
from reports.models import UnitReport
from reports.participation import Figures, UnitFigures, participation_of
from reports.scope import Scope
from reports.unit_reports.deadlines import deadline_of

FORMAT = 1
REMARKS = ("done", "difficulties", "suggestions")


def unit_dataset(round: Round, unit: Unit) -> dict[str, Any]:
    """The figures of `unit` with all below it, and what the units directly below it have reported.

    Of a round with a published result. The same number of queries whatever is below.
    """
    unit_ids = frozenset(Unit.objects.at_or_below([unit.pk]).values_list("pk", flat=True))
    participation = participation_of(round, Scope(unit_ids, scores=True))
    return dataset_from(
        round,
        unit,
        as_of=participation.as_of,
        total=participation.total,
        units=participation.units,
        below=_below(round, unit),
    )


def dataset_from(
    round: Round,
    unit: Unit,
    *,
    as_of: datetime,
    total: Figures,
    units: Iterable[UnitFigures],
    below: list[dict[str, Any]],
) -> dict[str, Any]:
    """The dataset of `unit` from figures that were read before."""
    return {
        "format": FORMAT,
        "kind": "unit",
        "round": {
            "id": round.pk,
            "number": round.number,
            "title": round.title,
            "opens_at": iso(round.opens_at),
            "closes_at": iso(round.closes_at),
            "version": round.version,
            "result_hash": round.result_hash,
        },
        "unit": {"code": unit.code, "name": unit.name},
        "as_of": iso(as_of),
        "total": members_of(total),
        "units": [
            {"unit_code": one.unit_code, "unit_name": one.unit_name, "kind": one.kind, **members_of(one.figures)}
            for one in units
        ],
        "below": below,
    }


def _below(round: Round, unit: Unit) -> list[dict[str, Any]]:
    """What is there from the units directly below, by code: the latest version that was sent, or nothing."""
    units = list(units_below(round, unit).order_by("unit__code"))
    if not units:
        return []
    due = deadline_of(round)
    sent: dict[int, list[UnitReport]] = {}
    reports = UnitReport.objects.handed_in().filter(round=round, unit__in=[one.unit_id for one in units])
    for report in reports.defer("dataset").order_by("version"):
        sent.setdefault(report.unit_id, []).append(report)
    return [_line(one.unit, sent.get(one.unit_id, []), due) for one in units]


def units_below(round: Round, unit: Unit) -> Any:
    """The units of the round directly below `unit`, as they stood when the round was scheduled."""
    return RoundUnit.objects.filter(round=round, parent=unit).exclude(unit=unit).select_related("unit")


def _line(unit: Unit, versions: list[UnitReport], due: Any) -> dict[str, Any]:
    line: dict[str, Any] = {"unit_code": unit.code, "unit_name": unit.name}
    if not versions:
        return line | {"state": "missing", "version": None, "sent_at": None, "on_time": None, "digest": ""}
    first, latest = versions[0], versions[-1]
    assert first.sent_at is not None
    assert latest.sent_at is not None
    return line | {
        "state": latest.state,
        "version": latest.version,
        "sent_at": iso(latest.sent_at),
        "on_time": first.sent_at <= due,
        "digest": latest.digest,
        **{name: getattr(latest, name) for name in REMARKS},
    }


def digest_of(dataset: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON: keys in order, no spaces, UTF-8."""
    return hashlib.sha256(canonical(dict(dataset))).hexdigest()
