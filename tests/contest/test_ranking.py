"""The ranking in SQL equals a slow twin in plain Python, on random rounds under every rule."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import RoleGrant
from contest.closing import rank_round, settle_attempts
from contest.models import Attempt, Draw, Ineligibility, Round, Standing
from contest.models.setup import TieKey
from contest.services.prizes import decide_prizes
from tests.contest import naive_record as naive
from tests.factories import grant, make_attempt, make_contest, make_questions, make_user, past_round

pytestmark = pytest.mark.django_db

PRIZES = (("first", "Giải Nhất", 1), ("second", "Giải Nhì", 2), ("third", "Giải Ba", 1))
TAIL = [key for key in TieKey.values if key != TieKey.SCORE]

# Few values, so that ties, perfect papers and crossing prizes are common.
attempts = st.lists(
    st.fixed_dictionaries(
        {
            "person": st.integers(0, 7),
            "answers": st.tuples(st.sampled_from([1, 2]), st.sampled_from([0, 2])),
            "prediction": st.none() | st.integers(0, 4),
            "started": st.integers(0, 2),
            "took": st.integers(1, 3),
            "block": st.sampled_from(["", "A", "B"]),
            "ended": st.sampled_from(["submitted", "cut_off"]),
        }
    ),
    max_size=16,
)
rules = st.fixed_dictionaries(
    {
        "attempts": st.sampled_from([1, None]),
        "counts": st.sampled_from(["best", "first", "last"]),
        "asks": st.sampled_from(["perfect_people", "participants", "entries", "perfect_percent"]),
        "tail": st.permutations(TAIL).flatmap(lambda keys: st.integers(0, 4).map(lambda n: keys[:n])),
        "prize_if_nobody_perfect": st.booleans(),
        "ineligible": st.sets(st.integers(0, 7), max_size=2),
        "excluded": st.sets(st.integers(0, 7), max_size=2),
        "draw": st.booleans(),
    }
)


@pytest.fixture
def people():
    return [make_user() for _ in range(8)]


@pytest.fixture
def round():
    contest = make_contest(questions_per_round=2)
    return past_round(contest, questions=make_questions(2, correct="B"), prizes=PRIZES)


class RollBack(Exception):
    """Undo an example."""


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(attempts=attempts, rules=rules)
def test_ranking_equals_its_plain_twin(round, people, attempts, rules):
    with suppress(RollBack), transaction.atomic():
        compare(round, people, attempts, rules)
        raise RollBack


def compare(round, people, attempts, rules):
    apply_rules(round, people, rules)
    rows = [store(round, people, row, number) for row, number in numbered(attempts, rules["attempts"])]
    settle_attempts(round)
    rank_round(round)
    round.refresh_from_db()
    if rules["draw"]:
        for tie in decide_prizes(round)[1]:
            Draw.objects.create(
                round=round, entries=sorted(tie.entries, reverse=True), minutes="x", recorded_by=people[0]
            )
    round.prize_excluded = [people[n].pk for n in rules["excluded"]]
    given_prizes, ties = decide_prizes(round)
    expected = naive.work_out(twin_of(round, rows, rules))
    ranked = Standing.objects.filter(round=round).in_stored_order().select_related("attempt")
    entries = {row.pk: row.entry for row in Attempt.objects.filter(round=round)}
    assert {entries[row.pk]: row.rank for row in ranked} == expected.ranks
    assert [(row.block, row.rank, entries[row.pk]) for row in ranked] == sorted(
        (row.block, row.rank, entries[row.pk]) for row in ranked
    )
    assert {entries[row.pk]: row.score for row in ranked} == {e: expected.scores[e] for e in expected.ranks}
    totals = {name: getattr(round, name) for name in expected.counts}
    assert (totals, round.prediction_target) == (expected.counts, expected.target)
    assert given_prizes == expected.prizes
    assert sorted(map(sorted, (tie.entries for tie in ties))) == sorted(map(sorted, expected.open_ties))


def apply_rules(round, people, rules):
    percent = rules["asks"] == "perfect_percent"
    round.rules |= {
        "attempts": rules["attempts"],
        "counts": rules["counts"],
        "tie_chain": ["score:desc", *rules["tail"]],
        "prize_if_nobody_perfect": rules["prize_if_nobody_perfect"],
        "prediction": {"asks": rules["asks"], "decimals": 2 if percent else 0, "required": False},
    }
    round.blocks, round.state = ["A", "B"], "closed"
    round.save()
    for number in rules["ineligible"]:
        Ineligibility.objects.create(contest=round.contest, user=people[number], reason="Ban Tổ chức")


def numbered(attempts, allowed):
    """The drawn attempts with their numbers; only the first of each person where one is allowed."""
    seen: dict[int, int] = {}
    for row in attempts:
        seen[row["person"]] = seen.get(row["person"], 0) + 1
        if allowed is None or seen[row["person"]] <= allowed:
            yield row, seen[row["person"]]


def store(round, people, row, number):
    started = round.opens_at + timedelta(minutes=row["started"])
    return make_attempt(
        round, people[row["person"]], answers=list(row["answers"]), prediction=row["prediction"], number=number,
        block=row["block"], state=row["ended"], started_at=started,
        submitted_at=started + timedelta(minutes=row["took"]),
    )  # fmt: skip


def twin_of(round, rows, rules) -> naive.Round:
    percent = rules["asks"] == "perfect_percent"
    places = Decimal("1.00") if percent else Decimal(1)
    ineligible = set(Ineligibility.objects.values_list("user_id", flat=True))
    return naive.Round(
        questions=[naive.Question("Q01"), naive.Question("Q02")],
        key={"Q01": "B", "Q02": "B"},
        attempts=[
            naive.Attempt(
                entry=row.entry, person=str(row.user_id), number=row.number, block=row.block, ended=row.state,
                answers=tuple("" if not mask else "AB"[mask - 1] for mask in row.answers),
                prediction=None if row.prediction is None else Decimal(row.prediction).quantize(places),
                started_at=row.started_at, submitted_at=row.submitted_at,
                eligible=row.user_id not in ineligible,
            )
            for row in rows
        ],
        allowed=rules["attempts"], counts=rules["counts"], asks=rules["asks"], decimals=2 if percent else 0,
        tie_chain=["score:desc", *rules["tail"]], prize_if_nobody_perfect=rules["prize_if_nobody_perfect"],
        prizes=[(code, count) for code, _, count in PRIZES],
        excluded=frozenset(str(user_id) for user_id in round.prize_excluded),
        draws=list(Draw.objects.values_list("entries", flat=True)),
    )  # fmt: skip


def test_organisers_and_secretaries_take_part_and_are_never_ranked(round):
    organiser, person = make_user(), make_user()
    given = grant(organiser, "organiser")
    RoleGrant.objects.filter(pk=given.pk).update(valid_from=round.opens_at)
    Round.objects.filter(pk=round.pk).update(state="closed")
    best = make_attempt(round, organiser, answers="B", prediction=1)
    other = make_attempt(round, person, answers="A", prediction=1)
    settle_attempts(round)
    rank_round(round)
    assert list(Standing.objects.values_list("attempt", flat=True)) == [other.pk]
    best.refresh_from_db()
    assert best.eligible is False
