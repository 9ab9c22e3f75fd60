"""The calculation of the ranking of units, against a naive twin and by its properties."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.collective.computing import ORDER, RankedUnit, RoundOfUnit, rank_units, round_once

INPUTS = ("participation", "score", "perfect", "report", "clip_duty", "clip_score")
USUAL = {"participation": 50, "score": 20, "perfect": 20, "report": 10, "clip_duty": 0, "clip_score": 0, "zero": 10}
PRIZES = [["Giải Nhất", 1], ["Giải Nhì", 2], ["Giải Ba", 2]]


def rule_of(weights=None, *, chain=("participation", "perfect", "score"), prizes=PRIZES, minimum=1):
    weights = USUAL | (weights or {})
    return {"weights": weights, "tie_chain": list(chain), "prizes": prizes, "minimum_headcount": minimum}


def round_of(number=1, *, headcount=10, participants=5, counted=None, perfect=0, zero=0, mean="1.00", on_time=None):
    counted = participants if counted is None else counted
    return RoundOfUnit(
        number, f"Tuần {number}", headcount, participants, counted, perfect, zero,
        Decimal(mean) if counted else None, 3, on_time,
    )  # fmt: skip


def unit_of(code, *rounds, group="", **fields):
    return RankedUnit(ord(code[-1]), code, f"Đơn vị {code}", "Sở", group, group, rounds or (round_of(),), **fields)


@st.composite
def rounds_of_units(draw, number):
    participants = draw(st.integers(0, 12))
    perfect = draw(st.integers(0, participants))
    zero = draw(st.integers(0, participants - perfect))
    mean = draw(st.integers(0, 300)) if participants else 0
    return RoundOfUnit(
        number, f"Tuần {number}", draw(st.integers(0, 10)), participants, participants, perfect, zero,
        Decimal(mean).scaleb(-2) if participants else None, draw(st.sampled_from([0, 3, 15])),
        draw(st.sampled_from([None, True, False])),
    )  # fmt: skip


@st.composite
def worlds(draw):
    units = []
    for place in range(draw(st.integers(1, 7))):
        rounds = tuple(draw(rounds_of_units(number)) for number in range(1, draw(st.integers(1, 3)) + 1))
        clips = draw(st.sampled_from([None, 0, 1, 3]))
        score = draw(st.none() | st.integers(-50, 700)) if clips else None
        units.append(
            RankedUnit(
                place,
                f"DV{place}",
                f"Đơn vị {place}",
                "Sở",
                *draw(st.sampled_from([("", ""), ("b", "Bảng B")])),
                rounds,
                draw(st.booleans()),
                clips=clips,
                clip_score=None if score is None else Decimal(score).scaleb(-1),
                clip_marks=Decimal(60),
            )
        )
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=5, max_size=5)))
    parts = [right - left for left, right in zip([0, *cuts], [*cuts, 100], strict=True)]
    weights = dict(zip(INPUTS, parts, strict=True)) | {"zero": draw(st.integers(0, 100))}
    chain = draw(st.lists(st.sampled_from([*INPUTS, "zero"]), unique=True, max_size=3))
    prizes = draw(st.sampled_from([PRIZES, [], [["Giải Nhất", 1]]]))
    return rule_of(weights, chain=chain, prizes=prizes, minimum=draw(st.integers(1, 5))), units


# --- The twin: written from the printed rules, with other means --------------------------------------


def half_up(value):
    """The value as text with 40 decimals, rounded by Decimal: another way than the one under test."""
    whole, rest = divmod(value.numerator, value.denominator)
    exact = Decimal(whole) + Decimal(int(Fraction(rest, value.denominator) * 10**12)).scaleb(-12)
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


def naive_value(unit, name):
    rounds = unit.rounds
    if name == "participation":
        rates = [Fraction(100 * r.participants, r.headcount) for r in rounds if r.headcount]
        rates = [rate if rate < 100 else Fraction(100) for rate in rates]
        return half_up(sum(rates) / len(rates)) if rates else None
    if name == "score":
        means = [
            Fraction(r.mean_score) * 100 / r.full_marks for r in rounds if r.mean_score is not None and r.full_marks
        ]
        return half_up(Fraction(sum(means)) / len(means)) if means else Decimal("0.00")
    if name in ("perfect", "zero"):
        papers = sum(r.counted for r in rounds)
        return half_up(Fraction(100 * sum(getattr(r, name) for r in rounds), papers)) if papers else Decimal("0.00")
    if name == "report":
        due = [r.on_time for r in rounds if r.on_time is not None]
        return half_up(Fraction(100 * due.count(True), len(due))) if due else None
    if unit.clips is None:
        return None
    if name == "clip_duty":
        return Decimal("100.00") if unit.clips else Decimal("0.00")
    share = 100 * Fraction(unit.clip_score or 0) / 60
    return half_up(Fraction(100) if share > 100 else Fraction(0) if share < 0 else share)


def naive(rule, units):
    """By code: values, points, total, rank, tied, prize, undecided, unranked."""
    found = {}
    for unit in units:
        values = {name: naive_value(unit, name) for name in ORDER}
        points = {name: Decimal(values[name] or 0) * rule["weights"][name] / 100 for name in ORDER}
        total = sum(points[name] for name in INPUTS) - points["zero"]
        if sum(r.participants for r in unit.rounds) == 0:
            why = "no_participants"
        elif not unit.in_last_round:
            why = "left"
        else:
            why = "small" if unit.rounds[-1].headcount < rule["minimum_headcount"] else ""
        key = [total] + [(-1 if name == "zero" else 1) * (values[name] or Decimal(0)) for name in rule["tie_chain"]]
        found[unit.code] = {"values": values, "total": total, "why": why, "key": key, "group": unit.group}
    for one in found.values():
        rivals = [other for other in found.values() if other["group"] == one["group"] and not other["why"]]
        better = sum(other["key"] > one["key"] for other in rivals)
        equal = sum(other["key"] == one["key"] for other in rivals)
        one["rank"] = None if one["why"] else better + 1
        one["tied"] = not one["why"] and equal > 1
        slots = [title for title, count in rule["prizes"] for _each in range(count)]
        mine = slots[better : better + equal] if not one["why"] else []
        one["prize"] = mine[0] if mine and len(mine) == equal and len(set(mine)) == 1 else ""
        one["undecided"] = bool(mine) and not one["prize"]
    return found


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(worlds())
def test_every_cell_equals_a_naive_twin_s(world):
    rule, units = world
    expected = naive(rule, units)
    standings = rank_units(rule, units)
    assert sorted(one.unit.code for one in standings) == sorted(expected)
    for one in standings:
        twin = expected[one.unit.code]
        assert {line.input: line.value for line in one.lines} == twin["values"]
        assert (one.total, one.unranked, one.rank, one.is_tied, one.prize, one.is_undecided) == (
            twin["total"], twin["why"], twin["rank"], twin["tied"], twin["prize"], twin["undecided"],
        )  # fmt: skip


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing(world, dice):
    rule, units = world
    before = rank_units(rule, units)
    shuffled = list(units)
    dice.shuffle(shuffled)
    assert rank_units(rule, shuffled) == before


@settings(max_examples=150, deadline=None)
@given(rounds_of_units(1), rounds_of_units(2), st.integers(1, 5))
def test_more_participants_with_the_same_papers_never_lower_the_points(first, second, more):
    joined = RoundOfUnit(
        second.number, second.title, second.headcount, second.participants + more, second.counted, second.perfect,
        second.zero, second.mean_score, second.full_marks, second.on_time,
    )  # fmt: skip
    before, after = (rank_units(rule_of(), [unit_of("A", first, last)])[0] for last in (second, joined))
    assert after.total >= before.total
    assert after.value("participation") is None or after.value("participation") >= before.value("participation")


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(worlds())
def test_what_is_printed_adds_up_exactly_and_stays_within_the_weights(world):
    rule, units = world
    for one in rank_units(rule, units):
        printed = [Decimal(f"{line.points:.4f}") for line in one.lines]
        assert sum(printed) == Decimal(f"{one.total:.4f}") == one.total
        assert -rule["weights"]["zero"] <= one.total <= 100
        for line in one.lines:
            assert abs(line.points) <= line.weight
            assert line.value is None or 0 <= line.value <= 100


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(Fraction(1, 3), "0.33"), (Fraction(2, 3), "0.67"), (Fraction(1, 200), "0.01"), (Fraction(1, 201), "0.00"),
     (Fraction(100), "100.00"), (Fraction(0), "0.00")],
)  # fmt: skip
def test_rounding_is_half_up_to_two_places(value, rounded):
    assert str(round_once(value)) == rounded


def test_a_headcount_of_nought_is_no_quotient_and_a_rate_over_the_whole_counts_as_the_whole():
    (none,) = rank_units(rule_of(), [unit_of("A", round_of(headcount=0))])
    assert (none.value("participation"), none.unranked, none.rank) == (None, "small", None)
    (over,) = rank_units(rule_of(), [unit_of("A", round_of(headcount=2, participants=5))])
    assert over.value("participation") == Decimal("100.00")


def test_equals_share_a_rank_the_next_one_is_skipped_and_the_edge_of_a_prize_is_left_to_the_committee():
    best, same, last = (round_of(participants=number) for number in (9, 5, 1))
    units = [unit_of("A", best), *(unit_of(code, same) for code in "BCD"), unit_of("E", last)]
    standings = rank_units(rule_of(), units)
    assert [(one.unit.code, one.rank, one.is_tied, one.prize, one.is_undecided) for one in standings] == [
        ("A", 1, False, "Giải Nhất", False),
        ("B", 2, True, "", True),
        ("C", 2, True, "", True),
        ("D", 2, True, "", True),
        ("E", 5, False, "Giải Ba", False),
    ]
    pair = rank_units(rule_of(), [unit_of("A", best), unit_of("B", same), unit_of("C", same)])
    assert [(one.rank, one.prize) for one in pair] == [(1, "Giải Nhất"), (2, "Giải Nhì"), (2, "Giải Nhì")]


def test_every_group_has_its_own_ranks_and_prizes():
    standings = rank_units(
        rule_of(),
        [
            unit_of("A", round_of(participants=9), group="x"),
            unit_of("B", round_of(participants=1), group="y"),
            unit_of("C", round_of(participants=5), group="x"),
        ],
    )
    assert [(one.unit.code, one.rank, one.prize) for one in standings] == [
        ("A", 1, "Giải Nhất"), ("C", 2, "Giải Nhì"), ("B", 1, "Giải Nhất"),
    ]  # fmt: skip


def test_the_tie_chain_decides_between_equal_totals_and_fewer_zero_papers_stand_above():
    weights = {"participation": 100, "score": 0, "perfect": 0, "report": 0, "zero": 0}
    units = [unit_of("A", round_of(zero=2)), unit_of("B", round_of(zero=1))]
    assert [one.unit.code for one in rank_units(rule_of(weights, chain=["zero"]), units)] == ["B", "A"]
    tied = rank_units(rule_of(weights, chain=[]), units)
    assert [(one.unit.code, one.rank, one.is_tied) for one in tied] == [("A", 1, True), ("B", 1, True)]
