"""The worked example of the rules page, by every chain and every kind of prediction."""

from datetime import datetime
from decimal import Decimal

import pytest

from contest.views.worked_example import worked_example

OPENS = datetime(2023, 6, 5)


def rules(asks="perfect_people", decimals=0, chain=("score:desc", "prediction_error:asc", "submitted_at:asc"), **more):
    prediction = {"asks": asks, "decimals": decimals, "required": True}
    return {"attempts": 1, "prediction": prediction, "tie_chain": list(chain)} | more


def ranking(example) -> list[tuple[int, str]]:
    return [(row.rank, row.person.name) for row in example.rows]


@pytest.mark.parametrize(
    ("asks", "decimals", "target"),
    [
        ("perfect_people", 0, "1234"),
        ("participants", 0, "20058"),
        ("entries", 0, "20058"),
        ("perfect_percent", 2, "6.15"),
        ("perfect_percent", 5, "6.15216"),
        ("perfect_percent", 0, "6"),
    ],
)
def test_the_target_is_what_the_rules_compute(asks, decimals, target):
    assert worked_example(rules(asks, decimals), 15, OPENS).target == Decimal(target)


def test_equal_distance_is_decided_by_the_earlier_submission():
    example = worked_example(rules(), 15, OPENS)
    assert ranking(example) == [(1, "Bình"), (2, "An"), (3, "Chi"), (4, "Dũng")]
    assert "nộp bài muộn hơn" in example.rows[1].reason


def test_under_before_over_when_the_chain_says_so():
    chain = ["score:desc", "prediction_error:asc", "prediction_over:asc", "submitted_at:asc"]
    assert ranking(worked_example(rules(chain=chain), 15, OPENS))[:2] == [(1, "An"), (2, "Bình")]


def test_duration_before_prediction_when_the_chain_says_so():
    example = worked_example(rules(chain=["score:desc", "duration:asc", "submitted_at:asc"]), 15, OPENS)
    assert ranking(example) == [(1, "Chi"), (2, "Bình"), (3, "An"), (4, "Dũng")]


def test_a_true_tie_shares_the_rank():
    example = worked_example(rules(chain=["score:desc", "prediction_error:asc"]), 15, OPENS)
    assert ranking(example) == [(1, "An"), (1, "Bình"), (3, "Chi"), (4, "Dũng")]
    assert "đồng hạng" in example.rows[1].reason


def test_nobody_without_a_prediction_stands_above_one_with_it():
    optional = {"asks": "perfect_people", "decimals": 0, "required": False}
    example = worked_example(rules() | {"prediction": optional}, 15, OPENS)
    assert ranking(example) == [(1, "Bình"), (2, "An"), (3, "Chi"), (4, "Hà"), (5, "Dũng")]
