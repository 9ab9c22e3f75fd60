"""How sheets become a score: by hand, by properties, against a naive solver, and in a simulated panel."""

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videos.result.combining import (
    Mark,
    combine,
    deviation,
    is_disputed,
    mean,
    rounded,
    severities_of,
    trimmed_of,
)


def marks_of(**clips):
    """marks_of(A={"GK1": 80}) as a list of marks."""
    return [Mark(clip, judge, Decimal(total)) for clip, own in clips.items() for judge, total in own.items()]


def scores(marks, combination):
    return {clip: rounded(one.score) for clip, one in combine(marks, combination).items()}


# --- By hand ----------------------------------------------------------------------------------------


def test_mean_is_rounded_half_up_once():
    marks = marks_of(A={"GK1": "80", "GK2": "85.5", "GK3": "90"}, B={"GK1": "80.01", "GK2": "80"})
    assert scores(marks, "mean") == {"A": Decimal("85.17"), "B": Decimal("80.01")}  # 255.5 ÷ 3; 80.005


def test_trimmed_mean_leaves_out_one_highest_and_one_lowest():
    marks = marks_of(A={"GK1": "60", "GK2": "80", "GK3": "85", "GK4": "100"}, B={"GK1": "70", "GK2": "70", "GK3": "90"})
    assert scores(marks, "trimmed_mean") == {"A": Decimal("82.50"), "B": Decimal("70.00")}
    found = combine(marks, "trimmed_mean")
    assert found["A"].trimmed == ("GK1", "GK4")
    assert found["A"].raw_mean == Fraction(325, 4)


@pytest.mark.parametrize(("totals", "expected"), [({"GK1": "60"}, "60.00"), ({"GK1": "60", "GK2": "71"}, "65.50")])
def test_trimmed_mean_of_fewer_than_three_sheets_is_the_plain_mean(totals, expected):
    marks = marks_of(A=totals)
    assert scores(marks, "trimmed_mean") == {"A": Decimal(expected)}
    assert trimmed_of(marks) == ()


def test_severity_by_hand():
    """GK1 gives 10 more than GK2 on A, GK2 10 more than GK3 on B: severities 10, 0, -10; A and B are alike.

    a_A = ((90 - 10) + (80 - 0)) ÷ 2 = 80; a_B = ((80 - 0) + (70 + 10)) ÷ 2 = 80; the means say 85 and 75.
    """
    marks = marks_of(A={"GK1": "90", "GK2": "80"}, B={"GK2": "80", "GK3": "70"})
    assert severities_of(marks).of_judge == {"GK1": 10, "GK2": 0, "GK3": -10}
    assert scores(marks, "severity") == {"A": 80, "B": 80}
    assert scores(marks, "mean") == {"A": 85, "B": 75}


def test_severity_of_judges_who_disagree_is_the_least_squares_one():
    """Two judges, two clips, both scored by both: differences of 4 and 8, so b = ±3; a third clip only by GK1."""
    marks = marks_of(A={"GK1": "84", "GK2": "80"}, B={"GK1": "78", "GK2": "70"}, C={"GK1": "90"})
    assert severities_of(marks).of_judge == {"GK1": 3, "GK2": -3}
    assert scores(marks, "severity") == {"A": 82, "B": 74, "C": 87}


def test_a_panel_that_falls_apart_is_adjusted_in_its_parts():
    marks = marks_of(A={"GK1": "90", "GK2": "80"}, B={"GK3": "60", "GK4": "70"}, C={"GK5": "50"})
    found = severities_of(marks)
    assert found.of_judge == {"GK1": 5, "GK2": -5, "GK3": -5, "GK4": 5, "GK5": 0}
    assert found.part_of_judge == {"GK1": 0, "GK2": 0, "GK3": 1, "GK4": 1, "GK5": 2}
    assert found.parts == 3
    assert scores(marks, "severity") == {"A": 85, "B": 65, "C": 50}


def test_nothing_comes_of_nothing():
    assert combine([], "severity") == combine([], "mean") == {}


def test_deviation_is_the_sample_standard_deviation():
    assert deviation([Decimal(80), Decimal(90)]) == Decimal("7.07")  # √50
    assert deviation([Decimal(70), Decimal(80), Decimal(90)]) == Decimal("10.00")
    assert deviation([Decimal(80), Decimal(80)]) == Decimal("0.00")
    assert deviation([Decimal(80)]) is None


def test_disagreement_is_more_than_the_limit():
    assert not is_disputed(Decimal(90), Decimal(70), full_marks=Decimal(100), percent=20)
    assert is_disputed(Decimal("90.5"), Decimal(70), full_marks=Decimal(100), percent=20)
    assert is_disputed(Decimal(45), Decimal(34), full_marks=Decimal(50), percent=20)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Fraction(1, 3), "0.33"),
        (Fraction(5, 1000), "0.01"),
        (Fraction(-5, 1000), "-0.01"),
        (Fraction(49999, 10**7), "0.00"),
        (Decimal("82.335"), "82.34"),
    ],
)
def test_rounding_is_half_up_away_from_zero(value, expected):
    assert str(rounded(value)) == expected


# --- By properties ----------------------------------------------------------------------------------

totals = st.decimals(0, 100, places=2)


@st.composite
def full_panels(draw):
    judges = [f"GK{number}" for number in range(1, draw(st.integers(1, 5)) + 1)]
    clips = [f"C{number}" for number in range(1, draw(st.integers(1, 6)) + 1)]
    return [Mark(clip, judge, draw(totals)) for clip in clips for judge in judges]


@st.composite
def incomplete_panels(draw):
    judges = [f"GK{number}" for number in range(1, draw(st.integers(1, 6)) + 1)]
    marks = []
    for clip in range(draw(st.integers(1, 8))):
        own = draw(st.lists(st.sampled_from(judges), min_size=1, unique=True))
        marks += [Mark(f"C{clip}", judge, draw(totals)) for judge in own]
    return marks


@given(full_panels())
def test_on_a_full_panel_severity_changes_no_score(marks):
    adjusted, plain = combine(marks, "severity"), combine(marks, "mean")
    assert {clip: one.score for clip, one in adjusted.items()} == {clip: one.score for clip, one in plain.items()}


@pytest.mark.slow
@given(incomplete_panels(), st.decimals(-20, 20, places=2))
def test_a_judge_who_adds_the_same_to_every_clip_changes_no_order(marks, more):
    """All scores of a part move together; where the panel is one, the differences stay exactly as they were."""
    favoured = marks[0].judge
    moved = [mark._replace(total=mark.total + more) if mark.judge == favoured else mark for mark in marks]
    before, after = combine(marks, "severity"), combine(moved, "severity")
    part_of = severities_of(marks).part_of_judge
    shifts = {}
    for mark in marks:
        shifts.setdefault(part_of[mark.judge], set()).add(after[mark.clip].score - before[mark.clip].score)
    assert all(len(one) == 1 for one in shifts.values())
    assert all(one == {0} for part, one in shifts.items() if part != part_of[favoured])


@pytest.mark.slow
@given(incomplete_panels())
def test_severities_sum_to_zero_in_every_part(marks):
    found = severities_of(marks)
    for part in range(found.parts):
        assert sum(found.of_judge[judge] for judge, own in found.part_of_judge.items() if own == part) == 0


@pytest.mark.slow
@given(incomplete_panels())
@settings(max_examples=50)
def test_no_other_scores_and_severities_leave_smaller_squares(marks):
    """At the least sum of squares the rests of every clip and of every judge sum to exactly 0."""
    found, severity = combine(marks, "severity"), severities_of(marks).of_judge
    rests = [(mark, Fraction(mark.total) - found[mark.clip].score - severity[mark.judge]) for mark in marks]
    for of in ("clip", "judge"):
        sums = {}
        for mark, rest in rests:
            sums[getattr(mark, of)] = sums.get(getattr(mark, of), 0) + rest
        assert set(sums.values()) == {0}


def naive(marks, rounds=4000):
    """Alternating means in floating point, which creep towards the least squares; shares no code with the module."""
    severity = {mark.judge: 0.0 for mark in marks}
    score = {}
    for _ in range(rounds):
        for clip in {mark.clip for mark in marks}:
            own = [float(mark.total) - severity[mark.judge] for mark in marks if mark.clip == clip]
            score[clip] = sum(own) / len(own)
        for judge in severity:
            own = [float(mark.total) - score[mark.clip] for mark in marks if mark.judge == judge]
            severity[judge] = sum(own) / len(own)
    middle = sum(severity.values()) / len(severity)
    return {clip: value + middle for clip, value in score.items()}, {j: b - middle for j, b in severity.items()}


@pytest.mark.parametrize("seed", range(4))
def test_severity_equals_a_naive_solver(seed):
    chance = random.Random(seed)
    judges = [f"GK{number}" for number in range(1, 6)]
    marks = [
        Mark(f"C{clip}", judge, Decimal(chance.randrange(4000, 10000)) / 100)
        for clip in range(12)
        for judge in chance.sample(judges, 3)
    ]
    scores_by_hand, severity_by_hand = naive(marks, rounds=400)
    severities = severities_of(marks)
    assert severities.parts == 1
    for judge, value in severities.of_judge.items():
        assert float(value) == pytest.approx(severity_by_hand[judge], abs=1e-6)
    for clip, one in combine(marks, "severity").items():
        assert float(one.score) == pytest.approx(scores_by_hand[clip], abs=1e-6)


@given(incomplete_panels())
@settings(max_examples=50)
def test_a_trimmed_mean_lies_between_lowest_and_highest(marks):
    for one in combine(marks, "trimmed_mean").values():
        assert one.lowest <= one.score <= one.highest


@given(st.lists(totals, min_size=2, max_size=9))
def test_deviation_is_the_nearest_hundredth(own):
    """Its square with half a hundredth less is not above the variance, with half a hundredth more it is."""
    variance = sum((Fraction(total) - mean(own)) ** 2 for total in own) / (len(own) - 1)
    half, found = Fraction(1, 200), Fraction(deviation(own))
    assert found == 0 or (found - half) ** 2 <= variance
    assert variance < (found + half) ** 2


# --- A simulated panel ------------------------------------------------------------------------------
# As strict and as noisy as real panels: clips differ by 6 points, judges by 5, one judge from day to day by 5.


def simulated(seed, *, clips=110, judges=9, each=3):
    """(true quality of every clip, sheets): every clip by `each` judges, loads within one."""
    chance = random.Random(seed)
    truth = {f"C{number}": chance.gauss(75, 6) for number in range(clips)}
    severity = [chance.gauss(0, 5) for _ in range(judges)]
    load, marks = [0] * judges, []
    for clip, quality in truth.items():
        chosen = sorted(range(judges), key=lambda judge: (load[judge], chance.random()))[:each]
        for judge in chosen:
            load[judge] += 1
            points = min(100.0, max(0.0, quality + severity[judge] + chance.gauss(0, 5)))
            marks.append(Mark(clip, f"GK{judge}", Decimal(round(points * 2)) / 2))
    return truth, marks


def found_of_best(truth, marks, combination, best=8):
    """The share of the truly best clips that are among those the panel puts first."""
    put_first = sorted(combine(marks, combination).items(), key=lambda pair: -pair[1].score)[:best]
    really = sorted(truth, key=lambda clip: -truth[clip])[:best]
    return Fraction(len({clip for clip, _one in put_first} & set(really)), best)


def share_found(combination, runs=40, **panel):
    return float(mean([found_of_best(*simulated(seed, **panel), combination) for seed in range(runs)]))


@pytest.mark.slow
def test_with_three_of_nine_judges_adjustment_finds_more_of_the_true_best():
    adjusted, plain = share_found("severity"), share_found("mean")
    assert adjusted > plain + 0.05


@pytest.mark.slow
def test_with_a_full_panel_the_mean_finds_at_least_as_many():
    full = {"judges": 7, "each": 7}
    assert share_found("mean", runs=100, **full) > share_found("trimmed_mean", runs=100, **full)
    assert share_found("mean", runs=5, **full) == share_found("severity", runs=5, **full)


if __name__ == "__main__":  # the figures that the issue speaks of
    for panel in ({}, {"judges": 7, "each": 7}):
        for combination in ("mean", "trimmed_mean", "severity"):
            print(panel, combination, round(share_found(combination, runs=200, **panel), 3))
