"""Starting, saving, predicting, submitting: the contest's main flow and its hot path.

Every acceptance is one guarded statement in which the database's clock, the attempt's nonce and the
states of attempt and round decide together; what a refusal was about is read afterwards.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from accounts.clock import iso
from accounts.models import Membership, User
from accounts.problems import Problem, not_found
from accounts.rights import barring_grants
from contest import problems
from contest.attempt_key import AttemptKey
from contest.models import Attempt, Block, Round
from contest.models.attempt import AttemptState
from contest.paper import Paper, mask_to_positions, paper_of, positions_to_mask
from contest.record_format import receipt_of
from contest.scoring import number_text

# The round still takes answers of attempts that run: not closed, and within close plus grace.
_ROUND_ACCEPTS = """EXISTS (
    SELECT 1 FROM contest_round r WHERE r.id = a.round_id AND r.state = 'scheduled'
    AND clock_timestamp() <= r.closes_at + make_interval(secs => %(grace)s))"""
_ATTEMPT_ACCEPTS = f"""a.id = %(id)s AND a.nonce = %(nonce)s AND a.state = 'in_progress'
    AND clock_timestamp() <= a.deadline + make_interval(secs => %(grace)s) AND {_ROUND_ACCEPTS}"""

_SAVE = f"""UPDATE contest_attempt a SET answers[%(n)s] = %(mask)s, sequences[%(n)s] = %(sequence)s
    WHERE {_ATTEMPT_ACCEPTS} AND (a.sequences[%(n)s] < %(sequence)s
        OR a.sequences[%(n)s] = %(sequence)s AND a.answers[%(n)s] = %(mask)s)
    RETURNING clock_timestamp()"""

_PREDICT = f"""UPDATE contest_attempt a SET prediction = %(value)s, prediction_sequence = %(sequence)s
    WHERE {_ATTEMPT_ACCEPTS} AND (a.prediction_sequence < %(sequence)s
        OR a.prediction_sequence = %(sequence)s AND a.prediction IS NOT DISTINCT FROM %(value)s::numeric)
    RETURNING clock_timestamp()"""

_SUBMIT = f"""UPDATE contest_attempt a
    SET state = 'submitted', submitted_at = least(clock_timestamp(), a.deadline)
    WHERE {_ATTEMPT_ACCEPTS} AND 0 <> ALL (a.answers)
        AND (a.prediction IS NOT NULL OR NOT %(prediction_required)s)
    RETURNING a.entry, a.submitted_at, a.answers, a.prediction"""

# FOR SHARE makes the close wait for starts under way, and a start that waited see the close. The same with a person
# who is being shut out.
_START = """INSERT INTO contest_attempt (id, round_id, user_id, number, unit_id, block, entry, nonce, state,
        started_at, deadline, answers, sequences, prediction_sequence, eligible)
    SELECT %(id)s, r.id, %(user)s, %(number)s, %(unit)s, %(block)s, %(entry)s, %(nonce)s, 'in_progress',
        clock.now, least(r.closes_at, clock.now + make_interval(secs => %(limit)s)),
        array_fill(0::smallint, ARRAY[%(size)s]), array_fill(0, ARRAY[%(size)s]), 0, true
    FROM (SELECT clock_timestamp() AS now OFFSET 0) clock, contest_round r, accounts_user u
    WHERE u.id = %(user)s AND u.is_active AND r.id = %(round)s
        AND r.state = 'scheduled' AND clock.now >= r.opens_at AND clock.now < r.closes_at
    FOR SHARE OF r, u
    ON CONFLICT DO NOTHING
    RETURNING started_at, deadline"""


@dataclass(frozen=True, slots=True)
class Saved:
    """An acknowledged save: what is stored, and when it was."""

    sequence: int
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """An acknowledged submission, as its receipt tells it."""

    submitted_at: datetime
    entry: str
    receipt: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a person stands on the roster of a round."""

    unit_id: int | None
    block: str


# --- Starting ---------------------------------------------------------------------------------------


def start_attempt(*, user: User, round_id: int) -> tuple[Attempt, bool]:
    """Start an attempt of `user`, or return the one in progress. Four queries.

    Returns the attempt (with `round` and the server's time as `server_time`) and whether it is new.
    Raises Problem: not_found, not_a_participant, round_not_open, round_closed, no_attempts_left.
    """
    round = Round.objects.public().select_related("contest").with_server_time().filter(pk=round_id).first()
    if round is None:
        raise not_found()
    place = _place_of(user, round)
    if round.server_time < round.opens_at:
        raise problems.round_not_open(round.server_time, round.opens_at)
    if round.state_at(round.server_time) != "open":
        raise problems.round_closed(round.server_time)
    attempts = list(Attempt.objects.of(user).filter(round=round).order_by("number"))
    running = _running_of(attempts, round)
    if running is not None:
        return running, False
    allowed = None if round.is_practice else round.rules["attempts"]
    if allowed is not None and len(attempts) >= allowed:
        raise problems.no_attempts_left()
    attempt = _insert_attempt(user, round, place, number=len(attempts) + 1)
    if attempt is not None:
        return attempt, True
    # A double click, or the close, came first; the second look finds which.
    running = _running_of(list(Attempt.objects.of(user).filter(round=round)), round)
    if running is None:
        raise problems.round_closed(round.server_time) if _may_sign_in(user) else problems.not_a_participant()
    return running, False


def _may_sign_in(user: User) -> bool:
    return User.objects.filter(pk=user.pk, is_active=True).exists()


def refusal_of(user: User, round: Round) -> Problem | None:
    """not_a_participant if `user` has no place on the round's roster, else None. One query."""
    try:
        _place_of(user, round)
    except Problem as problem:
        return problem
    return None


def _place_of(user: User, round: Round) -> _Place:
    """The person's unit and block in this round. One query. Raises Problem not_a_participant."""
    if not user.is_active:
        raise problems.not_a_participant()
    barred = barring_grants(round.contest.unit_id).in_force().filter(user_id=OuterRef("user_id"))
    kind_then = OuterRef("unit__round_units__kind")  # of the copy made when the round was scheduled
    kind_block = Block.objects.filter(contest=round.contest_id, kinds=kind_then).order_by("code")
    membership = (
        Membership.objects.current()
        .filter(Q(unit__round_units__round=round) | Q(pk__isnull=not round.is_practice), user=user)
        .annotate(
            barred=Exists(barred),
            kind_block=Subquery(kind_block.values("code")[:1]),
            person_block=Subquery(User.objects.filter(pk=OuterRef("user_id")).values("block")[:1]),
        )
        .first()
    )
    if round.is_practice:
        return _Place(membership.unit_id if membership else None, "")
    if membership is None or membership.barred:
        raise problems.not_a_participant()
    if membership.person_block in round.blocks:
        return _Place(membership.unit_id, membership.person_block)
    return _Place(membership.unit_id, membership.kind_block if membership.kind_block in round.blocks else "")


def _running_of(attempts: list[Attempt], round: Round) -> Attempt | None:
    """The attempt in progress among `attempts`; one that ran out of time is ended on the way."""
    for attempt in attempts:
        if attempt.state != AttemptState.IN_PROGRESS:
            continue
        attempt.round, attempt.server_time = round, round.server_time
        if not attempt.is_overdue(round.server_time):
            return attempt
        end_overdue_attempts(user_id=attempt.user_id, round_id=round.pk)
    return None


def _insert_attempt(user: User, round: Round, place: _Place, *, number: int) -> Attempt | None:
    paper = paper_of(round.pk)
    attempt = Attempt(
        id=uuid4(),
        round=round,
        user=user,
        number=number,
        unit_id=place.unit_id,
        block=place.block,
        nonce=new_nonce(),
        answers=[0] * paper.size,
        sequences=[0] * paper.size,
        prediction_sequence=0,
    )
    attempt.entry = paper.entry_of(attempt.id)
    row = _one_row(
        _START,
        {
            "id": attempt.id,
            "user": user.pk,
            "number": number,
            "unit": place.unit_id,
            "block": place.block,
            "entry": attempt.entry,
            "nonce": attempt.nonce,
            "limit": round.rules["time_limit_seconds"],
            "size": paper.size,
            "round": round.pk,
        },
    )
    if row is None:
        return None
    attempt.started_at, attempt.deadline = (moment.astimezone(UTC) for moment in row)
    attempt.server_time = attempt.started_at
    return attempt


def new_nonce() -> int:
    return secrets.randbits(63)


# --- The hot path -----------------------------------------------------------------------------------


def save_answer(*, key: AttemptKey, position: int, choices: Sequence[int], sequence: int) -> Saved:
    """Store the choices (shown positions) of the question at shown `position`. One durable UPDATE.

    Accepted when `sequence` is newer than the stored one, or equal with equal choices.
    Raises Problem: unknown_position, unknown_choice, too_many_choices, stale_sequence, attempt_closed,
    invalid_attempt_key.
    """
    paper = _paper_of(key)
    if not 1 <= position <= paper.size:
        raise problems.unknown_position()
    index = paper.question_order(key.attempt_id)[position - 1]
    order = paper.choice_order(key.attempt_id, index)
    if any(not 1 <= choice <= len(order) for choice in choices):
        raise problems.unknown_choice()
    if len(choices) > 1 and not paper.questions[index]["multiple"]:
        raise problems.too_many_choices()
    mask = positions_to_mask(list(choices), order)
    row = _one_row(_SAVE, {**_guard(key, paper), "n": index + 1, "mask": mask, "sequence": sequence})
    if row is None:
        attempt = _refused_attempt(key)
        raise problems.stale_sequence(
            attempt.sequences[index], choices=mask_to_positions(attempt.answers[index], order)
        )
    return Saved(sequence, row[0])


def save_prediction(*, key: AttemptKey, value: Any, sequence: int) -> tuple[str | int | None, Saved]:
    """Store the prediction, or clear it with None. One durable UPDATE.

    Returns the value as stored (an integer, or for percentages a string with exactly the round's
    decimals). Raises Problem: invalid_prediction, stale_sequence, attempt_closed, invalid_attempt_key.
    """
    paper = _paper_of(key)
    number = parse_prediction(value, paper)
    row = _one_row(_PREDICT, {**_guard(key, paper), "value": number, "sequence": sequence})
    if row is None:
        attempt = _refused_attempt(key)
        raise problems.stale_sequence(attempt.prediction_sequence, value=shown_prediction(attempt.prediction, paper))
    return shown_prediction(number, paper), Saved(sequence, row[0])


def submit_attempt(*, key: AttemptKey) -> Submission:
    """End the attempt with what the server holds. Repeating it gives the same answer.

    Raises Problem: incomplete, attempt_closed, invalid_attempt_key.
    """
    paper = _paper_of(key)
    required = paper.rules["prediction"]["required"]
    row = _one_row(_SUBMIT, {**_guard(key, paper), "prediction_required": required})
    if row is not None:
        return _submission(paper, *row)
    attempt = _refused_attempt(key, submitted_is_fine=True)
    if attempt.state == AttemptState.SUBMITTED:
        return _submission(paper, attempt.entry, attempt.submitted_at, attempt.answers, attempt.prediction)
    raise problems.incomplete(
        unanswered_positions(attempt, paper), prediction_missing=required and attempt.prediction is None
    )


def check_key(key: AttemptKey) -> None:
    """Raise Problem not_found or invalid_attempt_key when the attempt is not there or the key is revoked. One query."""
    nonce = Attempt.objects.filter(pk=key.attempt_id).values_list("nonce", flat=True).first()
    if nonce is None:
        raise not_found()
    if nonce != key.nonce:
        raise problems.invalid_attempt_key()


def _paper_of(key: AttemptKey) -> Paper:
    """The paper of the key's round. Raises Problem not_found where a restored database knows no such round."""
    try:
        return paper_of(key.round_id)
    except LookupError:
        raise not_found() from None


def _guard(key: AttemptKey, paper: Paper) -> dict[str, Any]:
    return {"id": key.attempt_id, "nonce": key.nonce, "grace": paper.grace_seconds}


def _submission(
    paper: Paper, entry: str, submitted_at: datetime | None, answers: list[int], prediction: Decimal | None
) -> Submission:
    assert submitted_at is not None  # a constraint of the table: every entry has its time
    text = number_text(prediction, paper.rules["prediction"]["decimals"])
    receipt = receipt_of(entry, iso(submitted_at), paper.chosen_codes(answers), text)
    return Submission(submitted_at, entry, receipt)


def submission_of(attempt: Attempt) -> Submission | None:
    """The receipt of an attempt that is an entry; None for any other."""
    if not attempt.is_entry:
        return None
    return _submission(
        paper_of(attempt.round_id), attempt.entry, attempt.submitted_at, attempt.answers, attempt.prediction
    )


def _refused_attempt(key: AttemptKey, *, submitted_is_fine: bool = False) -> Attempt:
    """The attempt, when a guarded UPDATE refused for another reason than key, state or time.

    Raises Problem: not_found, invalid_attempt_key, attempt_closed.
    """
    attempt = Attempt.objects.select_related("round").with_server_time().filter(pk=key.attempt_id).first()
    if attempt is None:
        raise not_found()
    if attempt.nonce != key.nonce:
        raise problems.invalid_attempt_key()
    if submitted_is_fine and attempt.state == AttemptState.SUBMITTED:
        return attempt
    if (
        attempt.state != AttemptState.IN_PROGRESS
        or attempt.is_overdue(attempt.server_time)
        or attempt.round.state != "scheduled"
    ):
        raise problems.attempt_closed(attempt.server_time)
    return attempt


def unanswered_positions(attempt: Attempt, paper: Paper) -> list[int]:
    """The shown positions without a stored answer."""
    order = paper.question_order(attempt.pk)
    return [position for position, index in enumerate(order, start=1) if not attempt.answers[index]]


# --- Predictions ------------------------------------------------------------------------------------

MAX_PREDICTION = 999_999_999
_PERCENT = re.compile(r"(100(\.0{1,5})?|[0-9]{1,2}(\.[0-9]{1,5})?)")


def parse_prediction(value: Any, paper: Paper) -> Decimal | None:
    """The number that `value` stands for, or None for None.

    Integers are JSON integers from 0 to 999,999,999; percentages are strings of ASCII digits from 0 to
    100 with no more significant decimals than the round's. Raises Problem invalid_prediction.
    """
    if value is None:
        return None
    rule = paper.rules["prediction"]
    if rule["asks"] != "perfect_percent":
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_PREDICTION:
            raise problems.invalid_prediction()
        return Decimal(value)
    if not isinstance(value, str) or not _PERCENT.fullmatch(value):
        raise problems.invalid_prediction()
    number = Decimal(value)
    rounded = number.quantize(Decimal(1).scaleb(-rule["decimals"]))
    if rounded != number:
        raise problems.invalid_prediction()
    return rounded


def shown_prediction(value: Decimal | None, paper: Paper) -> str | int | None:
    """A stored prediction as the API gives it."""
    rule = paper.rules["prediction"]
    if value is None:
        return None
    return number_text(value, rule["decimals"]) if rule["asks"] == "perfect_percent" else int(value)


# --- Ending -----------------------------------------------------------------------------------------


def end_overdue_attempts(*, round_id: int | None = None, user_id: int | None = None) -> int:
    """End the attempts whose deadline and grace have passed; returns how many.

    The first statement freezes without reading answers: a save that commits while it waits is kept.
    Only the second, which sees what the first froze, tells the abandoned ones apart.
    """
    narrowed = " AND (%(round)s IS NULL OR a.round_id = %(round)s) AND (%(user)s IS NULL OR a.user_id = %(user)s)"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE contest_attempt a SET state = 'cut_off', submitted_at = a.deadline FROM contest_round r"
            " WHERE r.id = a.round_id AND a.state = 'in_progress'"
            " AND clock_timestamp() > a.deadline + make_interval(secs => r.grace_seconds)"
            f"{narrowed} RETURNING a.id",
            {"round": round_id, "user": user_id},
        )
        ended = [row[0] for row in cursor.fetchall()]
        if ended:
            abandon_blank(attempt_ids=ended)
    return len(ended)


def abandon_blank(*, attempt_ids: list[UUID] | None = None, round_id: int | None = None) -> int:
    """Mark cut-off attempts without any stored answer as abandoned; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE contest_attempt SET state = 'abandoned', submitted_at = NULL"
            " WHERE state = 'cut_off' AND 0 = ALL (answers)"
            " AND (%(ids)s::uuid[] IS NULL OR id = ANY (%(ids)s::uuid[]))"
            " AND (%(round)s IS NULL OR round_id = %(round)s)",
            {"ids": attempt_ids, "round": round_id},
        )
        return cursor.rowcount


def _one_row(sql: str, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()
