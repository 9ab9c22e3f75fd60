"""Balanced assignment: every clip by k judges, loads as even as exclusions allow, judges mixed."""

import random
from collections import Counter
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videos.panel.assignment import balance


@st.composite
def panels(draw, clips=30, judges=9, exclusions=True):
    """(clips, judges, per clip, excluded pairs)."""
    clip_names = [f"c{n}" for n in range(draw(st.integers(0, clips)))]
    judge_names = [f"j{n}" for n in range(draw(st.integers(1, judges)))]
    per_clip = draw(st.integers(1, len(judge_names)))
    pairs = st.tuples(st.sampled_from(judge_names), st.sampled_from(clip_names)) if clip_names else st.nothing()
    excluded = draw(st.sets(pairs, max_size=len(clip_names) * 3)) if exclusions and clip_names else set()
    return clip_names, judge_names, per_clip, excluded


def loads_of(assignment, judges):
    return [sum(judge in given for given in assignment.judges_of.values()) for judge in judges]


def spread(loads):
    return max(loads) - min(loads)


@given(panels(exclusions=False))
@settings(max_examples=200, deadline=None)
def test_without_exclusions_every_clip_has_k_different_judges_and_loads_are_within_one(panel):
    clips, judges, per_clip, _ = panel
    assignment = balance(clips, judges, per_clip)
    assert [len(set(assignment.judges_of[clip])) for clip in clips] == [per_clip] * len(clips)
    assert spread(loads_of(assignment, judges)) <= 1
    assert assignment.short == {}


@pytest.mark.slow
@given(panels())
@settings(max_examples=200, deadline=None)
def test_nobody_gets_an_excluded_clip_and_a_clip_without_k_judges_is_named_with_all_who_may(panel):
    clips, judges, per_clip, excluded = panel
    assignment = balance(clips, judges, per_clip, excluded)
    for clip in clips:
        may = {judge for judge in judges if (judge, clip) not in excluded}
        given_to = assignment.judges_of[clip]
        assert set(given_to) <= may
        assert len(set(given_to)) == len(given_to) == min(per_clip, len(may))
        assert assignment.short.get(clip) == (len(may) if len(may) < per_clip else None)


@pytest.mark.slow
@given(panels(clips=5, judges=4))
@settings(max_examples=300, deadline=None)
def test_with_exclusions_no_other_assignment_has_a_smaller_spread(panel):
    clips, judges, per_clip, excluded = panel
    found = spread(loads_of(balance(clips, judges, per_clip, excluded), judges))
    assert found == least_spread_by_trying_all(clips, judges, per_clip, excluded)


def least_spread_by_trying_all(clips, judges, per_clip, excluded) -> int:
    ways = []
    for clip in clips:
        may = [judge for judge in judges if (judge, clip) not in excluded]
        ways.append(list(combinations(may, min(per_clip, len(may)))))
    return min(spread([sum(judge in way for way in chosen) for judge in judges]) for chosen in product(*ways))


@given(panels(clips=40, judges=12, exclusions=False))
@settings(max_examples=150, deadline=None)
def test_judges_are_linked_by_clips_they_share_as_soon_as_there_are_clips_enough(panel):
    clips, judges, per_clip, _ = panel
    if len(clips) * (per_clip - 1) < 2 * len(judges):
        return
    assert groups_of(balance(clips, judges, per_clip).judges_of.values(), judges) == 1


def groups_of(panels, judges) -> int:
    groups = [{judge} for judge in judges]
    for panel in panels:
        touched = [group for group in groups if group & set(panel)]
        groups = [group for group in groups if not group & set(panel)] + ([set().union(*touched)] if touched else [])
    return len(groups)


def test_control_filling_in_turn_keeps_judges_in_groups_that_cannot_be_compared():
    judges = [f"j{n}" for n in range(9)]
    in_turn = [judges[3 * (n % 3) : 3 * (n % 3) + 3] for n in range(110)]
    assert groups_of(in_turn, judges) == 3
    assert groups_of(balance(range(110), judges, 3).judges_of.values(), judges) == 1


def test_every_two_judges_share_as_many_clips_as_every_other_two():
    given = balance(range(110), range(9), 3).judges_of.values()
    shared = Counter(pair for judges in given for pair in combinations(sorted(judges), 2))
    assert {shared[pair] for pair in combinations(range(9), 2)} == {9, 10}


def test_the_same_panel_gets_the_same_clips_every_time():
    clips, judges = [f"c{n}" for n in range(110)], [f"j{n}" for n in range(7)]
    excluded = {("j1", "c3"), ("j2", "c4"), ("j2", "c5")}
    assert balance(clips, judges, 3, excluded) == balance(clips, judges, 3, set(sorted(excluded, reverse=True)))


def test_without_a_number_every_judge_scores_every_clip_but_the_excluded_ones():
    assignment = balance(["c1", "c2"], ["j1", "j2", "j3"], None, {("j2", "c1")})
    assert assignment.judges_of == {"c1": ("j1", "j3"), "c2": ("j1", "j2", "j3")}
    assert assignment.short == {}


@pytest.mark.parametrize("seed", [69, 111])
def test_sheets_handed_on_are_counted_once_where_they_go_and_where_they_come_from(seed):
    """Panels, found by trying, whose spread would be 3 if a sheet that is handed on counted twice at one end."""
    judges, clips, chance = range(5), range(10), random.Random(seed)
    excluded = {(judge, clip) for judge in judges for clip in clips if chance.random() < 0.5}
    assert spread(loads_of(balance(clips, judges, 2, excluded), judges)) == 2


def test_where_evenness_is_impossible_the_spread_is_the_smallest_there_is():
    """Two of three judges may score clip 1 only: the third scores the other nine."""
    clips = [f"c{n}" for n in range(1, 11)]
    excluded = {(judge, clip) for judge in ("j1", "j2") for clip in clips[1:]}
    assignment = balance(clips, ["j1", "j2", "j3"], 1, excluded)
    assert sorted(loads_of(assignment, ["j1", "j2", "j3"])) == [0, 1, 9]


def test_clips_added_later_go_to_those_who_have_fewest():
    assignment = balance(["c8", "c9"], ["j1", "j2", "j3"], 1, loads={"j1": 5, "j2": 3, "j3": 4})
    assert assignment.judges_of == {"c8": ("j2",), "c9": ("j2",)}
    newcomer = balance(["c8"], ["j1", "j2"], 1, loads={"j1": 1})
    assert newcomer.judges_of == {"c8": ("j2",)}, "who has no load yet has fewest"


@pytest.mark.parametrize("clips", [0, 1])
def test_few_clips_are_no_trouble(clips):
    assert balance(range(clips), ["j1"], 1).judges_of == dict.fromkeys(range(clips), ("j1",))


def test_control_without_evening_out_the_spread_is_wider(monkeypatch):
    clips, judges = ["c1", "c2", "c3", "c4"], ["j1", "j2"]
    excluded = {("j2", "c3"), ("j2", "c4")}
    assert spread(loads_of(balance(clips, judges, 1, excluded), judges)) == 0
    monkeypatch.setattr("videos.panel.assignment._even_out", lambda *_: None)
    assert spread(loads_of(balance(clips, judges, 1, excluded), judges)) == 2
