"""How many began and handed in during each hour of a round."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.clock import iso
from contest.models import Round
from reports.pace import unhurried
from reports.scope import Scope

# One pass over the attempts for both columns. What was handed in at the very close belongs to the last hour.
_HOUR = "date_bin('1 hour', {moment}, TIMESTAMPTZ '2000-01-01 00:00Z')"
_HOURS = f"""SELECT {_HOUR.format(moment="a.started_at")} AS started,
    CASE WHEN a.submitted_at IS NOT NULL THEN {_HOUR.format(moment="least(a.submitted_at, %(last)s)")} END
        AS submitted, count(*)
    FROM contest_attempt a JOIN contest_roundunit l ON l.round_id = a.round_id AND l.unit_id = a.unit_id
    WHERE a.round_id = %(round)s AND (%(units)s::bigint[] IS NULL OR a.unit_id = ANY (%(units)s::bigint[]))
        AND {unhurried("uuid_hash(a.id)")}
    GROUP BY 1, 2"""


def hours_of(round: Round, scope: Scope) -> list[dict[str, Any]]:
    """Every hour of the round in order: attempts begun, and entries handed in or collected. They add up to all."""
    last = round.closes_at - timedelta(microseconds=1)
    started: dict[datetime, int] = {}
    submitted: dict[datetime, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(_HOURS, {"round": round.pk, "units": scope.sql_units, "last": last})
        for begin, end, number in cursor:
            started[begin] = started.get(begin, 0) + number
            if end is not None:
                submitted[end] = submitted.get(end, 0) + number
    hour, rows = _hour_of(round.opens_at), []
    while hour <= last:
        rows.append({"hour": iso(hour), "started": started.get(hour, 0), "submitted": submitted.get(hour, 0)})
        hour += timedelta(hours=1)
    return rows


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
