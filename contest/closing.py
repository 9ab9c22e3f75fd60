"""Closing a round: separate committed steps, each of which can be killed and run again.

1. close    the round's state, by a guarded UPDATE; from here on nothing is accepted
2. freeze   attempts still in progress end, without any look at their answers
3. settle   blank ones are told apart, people outside the ranking marked, totals and target computed
4. rank     standings and prizes are written and the state becomes `ranked`, all in one transaction

Closers exclude each other by a lock on the round's row that none of them waits for; every step looks at
the state it finds. Whoever runs next, a task, a second closer or the command, goes on where the last one
stopped. Nothing here needs Celery or Redis.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.rights import unranking_grants
from contest.models import Attempt, Ineligibility, Round
from contest.models.attempt import AttemptState
from contest.models.round import RoundState
from contest.ranking import counted_sql, entries_sql, key_of, perfect_sql, standings_sql, zero_sql
from contest.scoring import prediction_target
from contest.services.attempts import abandon_blank
from contest.services.prizes import award_prizes

logger = logging.getLogger(__name__)

# Enough to sort a round of 400,000 in memory; larger ones spill to disk by themselves.
RANKING_WORK_MEM = "256MB"


@dataclass(frozen=True, slots=True)
class Closed:
    """A round whose ranks are ready."""

    round_id: int
    entries: int
    cut_off: int
    abandoned: int


def close_due_rounds(*, now: datetime | None = None) -> list[Closed]:
    """Close and rank every round whose closing time and grace lie before `now` (default: server time).

    A round that fails keeps no other one open; its error is raised when all have had their turn.
    """
    now = now or server_now()
    due = Round.objects.due_at(now).order_by("closes_at", "pk")
    closed, errors = [], []
    for round_id in list(due.values_list("pk", flat=True)):
        try:
            closed.append(close_round(round_id, now=now))
        except Exception as error:
            logger.exception("round %s could not be closed", round_id)
            errors.append(error)
    if errors:
        raise errors[0]
    return [result for result in closed if result is not None]


def close_round(round_id: int, *, now: datetime | None = None) -> Closed | None:
    """Take a round that is due at `now` (default: server time) through the steps that remain.

    Returns None when it is not due, when it is ranked already, or when another closer is at it.
    """
    now = now or server_now()
    closed = None
    for step in STEPS:
        with _locked(round_id, now) as round:
            if round is None:
                return None
            step(round)
            closed = Closed(round.pk, round.entries or 0, round.cut_off or 0, round.abandoned or 0)
    return closed


@contextmanager
def _locked(round_id: int, now: datetime) -> Iterator[Round | None]:
    """The due round, locked against other closers for one committed step; None if there is nothing to do.

    It is looked up as due every time: its close may just have been moved later.
    """
    with transaction.atomic():
        yield (
            Round.objects.due_at(now)
            .select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("contest")
            .filter(pk=round_id)
            .first()
        )


def close_doors(round: Round) -> None:
    """Step 1. The one close event: a guarded move of the state, with its trace."""
    moved = Round.objects.filter(pk=round.pk, state=RoundState.SCHEDULED).update(
        state=RoundState.CLOSED, closed_at=server_now()
    )
    if moved:
        record_audit(actor=None, verb="round.close", object=round)


def freeze_attempts(round: Round) -> None:
    """Step 2. End what is still in progress. Reads no answers: a save that commits meanwhile is kept."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE contest_attempt SET state = 'cut_off', submitted_at = deadline"
            " WHERE round_id = %s AND state = 'in_progress'",
            [round.pk],
        )


def settle_attempts(round: Round) -> None:
    """Step 3. Blank attempts, people outside the ranking, totals, and what the prediction asked for."""
    abandon_blank(round_id=round.pk)
    mark_eligibility(round)
    totals = _totals(round)
    for name, value in totals.items():
        setattr(round, name, value)
    for state in (AttemptState.CUT_OFF, AttemptState.ABANDONED):
        setattr(round, state, Attempt.objects.filter(round=round, state=state).count())
    rule = round.rules["prediction"]
    round.prediction_target = prediction_target(
        rule["asks"],
        rule["decimals"],
        entries=totals["entries"],
        people=totals["people"],
        perfect_people=totals["perfect_people"],
    )
    round.save(update_fields=[*totals, "cut_off", "abandoned", "prediction_target"])


def mark_eligibility(round: Round) -> None:
    """Mark the attempts of people who may take part and are never ranked, and of nobody else."""
    held_meanwhile = Q(valid_from__lt=round.closes_at) & (Q(valid_to=None) | Q(valid_to__gt=round.opens_at))
    barred = unranking_grants(round.contest.unit_id).ever_in_force().filter(held_meanwhile).values("user_id")
    listed = Ineligibility.objects.filter(contest=round.contest_id).values("user_id")
    unranked = list(barred.union(listed).values_list("user_id", flat=True))
    attempts = Attempt.objects.filter(round=round)
    attempts.filter(user_id__in=unranked, eligible=True).update(eligible=False)
    attempts.filter(eligible=False).exclude(user_id__in=unranked).update(eligible=True)


def _totals(round: Round) -> dict[str, int]:
    """entries, people, perfect_people and zero, as the record defines them."""
    key = key_of(round)
    counted = f"""SELECT count(*) FILTER (WHERE eligible), count(*) FILTER (WHERE eligible AND {perfect_sql(key)}),
        count(*) FILTER (WHERE {zero_sql(key)}) FROM ({counted_sql(round)}) a"""
    with connection.cursor() as cursor:
        cursor.execute(counted)
        people, perfect, zero = cursor.fetchone()
        entries = people
        if round.rules["attempts"] != 1:
            cursor.execute(f"SELECT count(*) FILTER (WHERE eligible) FROM ({entries_sql(round)}) entries")
            (entries,) = cursor.fetchone()
    return {"entries": entries, "people": people, "perfect_people": perfect, "zero": zero}


def rank_round(round: Round) -> None:
    """Step 4. Write standings and prizes and move the state, or nothing of it."""
    assert round.prediction_target is not None  # step 3 has come before
    standings = standings_sql(round, round.prediction_target)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = %s", [RANKING_WORK_MEM])
        cursor.execute("DELETE FROM contest_standing WHERE round_id = %s", [round.pk])
        cursor.execute(
            "INSERT INTO contest_standing"
            " (round_id, attempt_id, position, block, rank, score, prediction_error)"
            f" SELECT {round.pk}, standings.* FROM ({standings}) standings ORDER BY id"
        )
    award_prizes(round)
    Round.objects.filter(pk=round.pk, state=RoundState.CLOSED).update(
        state=RoundState.RANKED, ranked_at=server_now(), version=1, prize_excluded=round.prize_excluded
    )


STEPS: tuple[Callable[[Round], None], ...] = (close_doors, freeze_attempts, settle_attempts, rank_round)
