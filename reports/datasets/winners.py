"""Who won, as the report lists them."""

from decimal import Decimal
from typing import Any

from accounts.clock import iso
from contest.models import Round, RoundUnit, Standing
from reports.datasets.rows import plain
from reports.scope import Scope


def winners_of(round: Round, scope: Scope) -> list[dict[str, Any]]:
    """The round's winners from units of `scope`: by block, prize and place. Two queries."""
    standings = Standing.objects.filter(round=round).with_prize().select_related("attempt__user", "prize")
    if scope.unit_ids is not None:
        standings = standings.filter(attempt__unit__in=scope.unit_ids)
    rows = list(standings.order_by("block", "prize__position", "position"))
    copies = RoundUnit.objects.filter(round=round, unit__in={row.attempt.unit_id for row in rows})
    units: dict[int | None, RoundUnit] = {copy.unit_id: copy for copy in copies.select_related("unit", "parent")}
    return [_winner(row, units.get(row.attempt.unit_id), round.rules["prediction"]["decimals"]) for row in rows]


def _winner(row: Standing, copy: RoundUnit | None, places: int) -> dict[str, Any]:
    attempt, prize = row.attempt, row.prize
    assert prize is not None
    return {
        "prize": prize.code,
        "prize_title": prize.title,
        "rank": row.rank,
        "block": row.block,
        "full_name": attempt.user.full_name,
        "unit_code": copy.unit.code if copy else None,
        "unit_name": copy.unit.name if copy else None,
        "parent_name": copy.parent.name if copy and copy.parent else None,
        "score": row.score,
        "prediction": _digits(attempt.prediction, places),
        "prediction_error": _digits(row.prediction_error, places),
        "submitted_at": iso(attempt.submitted_at) if attempt.submitted_at else None,
    }


def _digits(value: Decimal | None, places: int) -> str | None:
    return None if value is None else plain(value.quantize(Decimal(1).scaleb(-places)))
