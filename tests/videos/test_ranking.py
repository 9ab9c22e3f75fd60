"""Ranks and prizes of clips, by hand, and the words of the tie chain."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videos.models.setup import DEFAULT_TIE_CHAIN
from videos.ready import PRIZES
from videos.result.ranking import SIMPLE_KEYS, Placed, Tie, faults_of_chain, rank_clips, words_of_key

CHAIN = ["criterion:1:desc", "highest:desc", "submitted_at:asc"]


def clip(name, score, *, group="", first="50", highest="90", at="2026-06-01T00:00:00Z"):
    keys = {"criterion:1": Decimal(first), "highest": Decimal(highest), "submitted_at": at}
    return Placed(name, group, None if score is None else Decimal(score), keys)


def ranked(*clips, chain=CHAIN, prizes=PRIZES, orders=()):
    places, ties = rank_clips(clips, chain=chain, prizes=prizes, orders=orders)
    return {name: (place.rank, place.prize, place.needs_draw) for name, place in places.items()}, ties


def test_eight_prizes_by_default():
    places, ties = ranked(*(clip(f"C{number}", 100 - number) for number in range(1, 11)))
    assert [place[1] for place in places.values()] == [
        "Giải Nhất", "Giải Nhì", "Giải Nhì", "Giải Ba", "Giải Ba", *["Giải Khuyến khích"] * 3, "", "",
    ]  # fmt: skip
    assert [place[0] for place in places.values()] == list(range(1, 11))
    assert ties == []


def test_the_chain_is_asked_in_its_order():
    late = "2026-06-02T00:00:00Z"
    clips = (
        clip("A", 80, at=late),
        clip("B", 80),
        clip("C", 80, highest="91", at=late),
        clip("D", 80, first="51", highest="80", at=late),
        clip("E", "80.01", first="10", highest="80.01", at=late),
    )
    places, _ties = ranked(*clips)
    assert {name: place[0] for name, place in places.items()} == {"E": 1, "D": 2, "C": 3, "B": 4, "A": 5}
    places, _ties = ranked(*clips, chain=[])
    assert {name: place[0] for name, place in places.items()} == {"E": 1, "A": 2, "B": 2, "C": 2, "D": 2}


def test_what_is_absent_comes_last_in_its_key():
    def one(name, deviation):
        return Placed(name, "", Decimal(80), {"deviation": deviation})

    places, _ties = rank_clips(
        [one("A", None), one("B", Decimal("9.90"))], chain=["deviation:asc"], prizes=[], orders=[]
    )
    assert (places["B"].rank, places["A"].rank) == (1, 2)


def test_clips_that_are_equal_share_a_rank_and_inside_one_prize_nothing_is_at_stake():
    places, ties = ranked(clip("A", 90), clip("B", 80), clip("C", 80), clip("D", 70))
    assert places == {
        "A": (1, "Giải Nhất", False),
        "B": (2, "Giải Nhì", False),
        "C": (2, "Giải Nhì", False),
        "D": (4, "Giải Ba", False),
    }
    assert ties == []


def test_a_tie_across_the_end_of_a_prize_gets_none_and_uses_its_places_up():
    places, ties = ranked(clip("A", 90), clip("B", 90), clip("C", 80))
    assert places == {"A": (1, "", True), "B": (1, "", True), "C": (3, "Giải Nhì", False)}
    assert ties == [Tie("", 1, ("A", "B"), ("Giải Nhất", "Giải Nhì"))]


def test_a_tie_across_the_end_of_all_prizes():
    places, ties = ranked(clip("A", 90), clip("B", 80), clip("C", 80), prizes=[("Giải Nhất", 2)])
    assert places == {"A": (1, "Giải Nhất", False), "B": (2, "", True), "C": (2, "", True)}
    assert ties == [Tie("", 2, ("B", "C"), ("Giải Nhất",))]


def test_the_chairs_order_gives_the_prizes_and_leaves_the_rank_shared():
    clips = (clip("A", 90), clip("B", 90), clip("C", 80))
    places, ties = ranked(*clips, orders=[["B", "A"]])
    assert places == {"A": (1, "Giải Nhì", False), "B": (1, "Giải Nhất", False), "C": (3, "Giải Nhì", False)}
    assert ties == []
    assert ranked(*clips, orders=[["B", "A"], ["A", "B"]])[0]["A"] == (1, "Giải Nhất", False)


def test_an_order_of_other_clips_decides_nothing():
    clips = (clip("A", 90), clip("B", 90), clip("C", 90))
    assert ranked(*clips, orders=[["B", "A"]], prizes=[("Giải Nhất", 1)])[0] == {
        "A": (1, "", True), "B": (1, "", True), "C": (1, "", True),
    }  # fmt: skip


def test_every_group_has_ranks_and_prizes_of_its_own():
    places, _ties = ranked(
        clip("A", 70, group="Sở"), clip("B", 90, group="Xã"), clip("C", 80, group="Xã"), prizes=[("Giải Nhất", 1)]
    )
    assert places == {"A": (1, "Giải Nhất", False), "B": (1, "Giải Nhất", False), "C": (2, "", False)}


def test_a_clip_without_a_counting_sheet_has_no_rank():
    places, ties = ranked(clip("A", None), clip("B", 10), clip("C", None))
    assert places == {"A": (None, "", False), "B": (1, "Giải Nhất", False), "C": (None, "", False)}
    assert ties == []


scored = st.lists(st.sampled_from([None, "60", "70", "80", "90"]), max_size=14)


@given(scored, st.permutations(range(14)))
def test_no_prize_is_given_twice_or_to_the_worse_and_the_order_of_input_changes_nothing(scores, order):
    clips = [clip(f"C{number:02}", score) for number, score in enumerate(scores)]
    places, ties = ranked(*clips)
    mixed, _ = ranked(*sorted(clips, key=lambda one: order[int(one.clip[1:])]))
    assert places == mixed
    titles = [title for title, _count in PRIZES]
    given_prizes = [prize for _rank, prize, _needs in places.values() if prize]
    assert all(given_prizes.count(title) <= number for title, number in PRIZES)
    for one in clips:
        for other in clips:
            better, worse = places[one.clip], places[other.clip]
            if better[1] and worse[1] and better[0] < worse[0]:
                assert titles.index(better[1]) <= titles.index(worse[1])
    assert {name for tie in ties for name in tie.clips} == {name for name, place in places.items() if place[2]}


# --- The chain in words -----------------------------------------------------------------------------


def test_the_default_chain_is_in_order():
    assert faults_of_chain(DEFAULT_TIE_CHAIN, criteria=1) == []
    assert faults_of_chain([], criteria=0) == []


@pytest.mark.parametrize(
    ("chain", "sentence"),
    [
        (["criterion:3:desc"], "Thang điểm có 2 tiêu chí, không có tiêu chí số 3 để xét khi bằng điểm."),
        (["criterion:0:desc"], "Thang điểm có 2 tiêu chí, không có tiêu chí số 0 để xét khi bằng điểm."),
        (["criterion:1:asc"], "Tiêu chí xét khi bằng điểm không hợp lệ: criterion:1:asc."),
        (["criterion:²:desc"], "Tiêu chí xét khi bằng điểm không hợp lệ: criterion:²:desc."),
        (["highest"], "Tiêu chí xét khi bằng điểm không hợp lệ: highest."),
        (["highest:desc", "highest:desc"], "Mỗi tiêu chí xét khi bằng điểm chỉ được dùng một lần."),
    ],
)
def test_a_chain_that_cannot_be_asked_is_refused(chain, sentence):
    assert faults_of_chain(chain, criteria=2) == [sentence]


def test_a_chain_that_is_too_long_is_refused():
    chain = [f"criterion:{number}:desc" for number in range(1, 10)]
    assert faults_of_chain(chain, criteria=9) == ["Chỉ được chọn tối đa 8 tiêu chí xét khi bằng điểm."]
    assert faults_of_chain(chain[:8], criteria=9) == []


def test_every_key_has_words():
    assert all(words_of_key(key) for key in SIMPLE_KEYS)
    assert words_of_key("criterion:2:desc", ["Mở đầu", "Nội dung"]) == (
        "điểm trung bình của tiêu chí “Nội dung” cao hơn"
    )
    assert words_of_key("criterion:2:desc") == "điểm trung bình của tiêu chí số 2 cao hơn"
