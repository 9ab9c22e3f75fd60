"""A round of any size, made in SQL: people, attempts with answers by skill, 2 % still in progress."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg2

from accounts.clock import server_now
from accounts.models import Unit, UnitKind
from contest.models import Bank, Choice, Contest, Prize, Question, Round, RoundQuestion
from contest.models.round import RoundState
from contest.services.rounds import copy_units, freeze_content

QUESTIONS = 15
PRIZES = (("first", 1), ("second", 2), ("third", 3), ("consolation", 5))

# A person's skill decides all answers: about a quarter of the papers is perfect.
_ANSWER = "(CASE WHEN random() < s.skill THEN {right} ELSE (ARRAY[1, 2, 4, 8])[1 + floor(random() * 4)::int] END)"
_MAKE_USERS = """INSERT INTO accounts_user
    (id, password, employee_id, full_name, email, position, block, is_active, sort_key, search_key)
    SELECT n, '!', 'B' || n, 'Người ' || n, '', '', '', true, n::text, n::text FROM generate_series(1, %(size)s) n"""
_MAKE_ATTEMPTS = """INSERT INTO contest_attempt (id, round_id, user_id, number, unit_id, block, entry, nonce, state,
        started_at, deadline, submitted_at, answers, sequences, prediction, prediction_sequence, eligible)
    SELECT md5('a' || n)::uuid, %(round)s, n, 1,
        (%(units)s::bigint[])[1 + n %% cardinality(%(units)s::bigint[])], '', 'E' || left(md5('e' || n), 20), n,
        CASE WHEN n %% 50 = 0 THEN 'in_progress' ELSE 'submitted' END, s.start,
        least(s.start + interval '30 min', r.closes_at),
        CASE WHEN n %% 50 > 0 THEN least(s.start + random() * interval '20 min', r.closes_at) END,
        CASE WHEN n %% 250 > 0 THEN ARRAY[{answers}]::smallint[] ELSE array_fill(0::smallint, ARRAY[{count}]) END,
        array_fill(1, ARRAY[{count}]),
        round((%(size)s * 0.25 * exp(1.2 * (random() - 0.5)))::numeric, CASE WHEN n %% 3 = 0 THEN 0 ELSE -2 END),
        1, true
    FROM contest_round r, generate_series(1, %(size)s) n,
        LATERAL (SELECT 1 - 0.75 * random() ^ 4 + 0 * n AS skill,
            %(opens_at)s::timestamptz + random() * interval '6 days 23 hours' + 0 * n * interval '1 s' AS start) s
    WHERE r.id = %(round)s"""
_MAKE_MEMBERSHIPS = """INSERT INTO accounts_membership (user_id, unit_id, starts_on)
    SELECT n, (%(units)s::bigint[])[1 + n %% cardinality(%(units)s::bigint[])], '2020-01-01'
    FROM generate_series(1, %(size)s) n"""


@contextmanager
def administrator() -> Iterator[Any]:
    """A cursor of the superuser that checks no foreign key: millions of rows would take minutes."""
    connection = psycopg2.connect(os.environ["BENCH_ADMIN_URL"])
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            yield cursor
    finally:
        connection.close()


def empty() -> None:
    """Remove what an earlier size has left; the trace, which only the superuser can, with it."""
    tables = "accounts_unitkind, accounts_unit, accounts_user, contest_contest, contest_bank"
    with administrator() as cursor:
        cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


def make_round(size: int, *, units: int = 1) -> Round:
    """A scheduled round of `size` attempts, spread over `units`, whose closing time and grace have just passed.

    With several units everybody is a member of one, and the first 5,000 people have signed in.
    """
    now = server_now()
    contest = _make_contest(units, headcount=max(1, size // units))
    round = Round.objects.create(
        contest=contest,
        number=1,
        title="Tuần 1",
        opens_at=now - timedelta(days=7, seconds=60),
        closes_at=now - timedelta(seconds=60),
    )
    _add_questions(round)
    Prize.objects.bulk_create(
        Prize(round=round, position=position, code=code, title=code, count=count)
        for position, (code, count) in enumerate(PRIZES, start=1)
    )
    freeze_content(round, salt="00" * 32, secret=bytes(32))
    round.state, round.scheduled_at = RoundState.SCHEDULED, round.opens_at
    round.save()
    copy_units(round)
    _make_attempts(round, size)
    if units > 1:
        _make_members(size)
    return round


def _make_contest(units: int, *, headcount: int) -> Contest:
    kind = UnitKind.objects.create(name="Sở, ban, ngành")
    root = Unit.objects.create(code="TINH", name="Tỉnh", kind=kind)
    made = [
        Unit(code=f"SO{n:05}", name=f"Sở {n}", kind=kind, parent=root, headcount=headcount) for n in range(1, units + 1)
    ]
    for unit in made:
        unit.clean_keys()
    Unit.objects.bulk_create(made)
    return Contest.objects.create(slug="bench", title="Hội thi", unit=root, is_public=True)


def _add_questions(round: Round) -> None:
    bank, _made = Bank.objects.get_or_create(slug="bench", defaults={"title": "Bank"})
    for position in range(1, QUESTIONS + 1):
        question = Question.objects.create(
            bank=bank, code=f"C{round.number}{position:02}", text=f"Câu {position}?", correct=["ABCD"[position % 4]]
        )
        Choice.objects.bulk_create(
            Choice(question=question, position=place, text=f"Phương án {place}") for place in range(1, 5)
        )
        RoundQuestion.objects.create(round=round, question=question, position=position)


def _make_attempts(round: Round, size: int) -> None:
    rights = [1 << "ABCD".index(round.key_at_opening[question["code"]][0]) for question in round.paper]
    answers = ", ".join(_ANSWER.format(right=right) for right in rights)
    values = {"size": size, "round": round.pk, "units": _unit_ids(), "opens_at": round.opens_at}
    with administrator() as cursor:
        cursor.execute("SELECT setseed(0.2023)")
        cursor.execute(_MAKE_USERS, values)
        cursor.execute(_MAKE_ATTEMPTS.format(answers=answers, count=len(rights)), values)
        cursor.execute("VACUUM (ANALYZE) accounts_user, contest_attempt")


def _make_members(size: int) -> None:
    with administrator() as cursor:
        cursor.execute(_MAKE_MEMBERSHIPS, {"size": size, "units": _unit_ids()})
        cursor.execute("UPDATE accounts_user SET linked_at = clock_timestamp() WHERE id <= 5000")
        cursor.execute("VACUUM (ANALYZE) accounts_membership, accounts_user")


def _unit_ids() -> list[int]:
    return list(Unit.objects.exclude(parent=None).order_by("code").values_list("pk", flat=True))


def make_open_round(contest: Contest) -> Round:
    """The contest's next round, open now, without attempts."""
    now = server_now()
    round = Round.objects.create(
        contest=contest,
        number=2,
        title="Tuần 2",
        opens_at=now - timedelta(seconds=30),
        closes_at=now + timedelta(days=7),
    )
    _add_questions(round)
    freeze_content(round, salt="00" * 32, secret=bytes(32))
    round.state, round.scheduled_at = RoundState.SCHEDULED, round.opens_at
    round.save()
    copy_units(round)
    return round


def reopen(round: Round) -> None:
    """Put a closed round back to where it was before its close."""
    with administrator() as cursor:
        cursor.execute("TRUNCATE contest_standing")
        cursor.execute(
            "UPDATE contest_attempt SET state = 'in_progress', submitted_at = NULL"
            " WHERE round_id = %s AND nonce %% 50 = 0",
            [round.pk],
        )
        cursor.execute(
            "UPDATE contest_round SET state = 'scheduled', version = 0, closed_at = NULL, ranked_at = NULL"
            " WHERE id = %s",
            [round.pk],
        )
        cursor.execute("VACUUM (ANALYZE) contest_attempt, contest_standing")
        cursor.execute("CHECKPOINT")
