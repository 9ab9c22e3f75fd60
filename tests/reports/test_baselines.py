"""Last year's figures: merges, splits, renames and chains of units, both origins, and the page that enters them."""


from reports.baselines import Loss, YearFigures, carried_over

A, B, C, D, E = range(1, 6)


def year(entries, participants=None):
    return YearFigures(participants, entries)


# --- The core ---------------------------------------------------------------------------------------


def test_units_that_last_keep_their_own_figures():
    assert carried_over({A: year(5, 3)}, ended=set(), successors={}) == ({A: year(5, 3)}, {})


def test_a_merger_adds_the_ended_units_to_the_one_that_goes_on():
    figures = {A: year(5, 3), B: year(7, 4), C: year(1, 1)}
    assert carried_over(figures, ended={A, B}, successors={A: [C], B: [C]}) == ({C: year(13, 8)}, {})


def test_a_new_unit_has_what_its_predecessor_had():
    assert carried_over({A: year(5, 3)}, ended={A}, successors={A: [B]}) == ({B: year(5, 3)}, {})


def test_chains_are_followed_to_their_end():
    links = {A: [B], B: [C], C: [D]}
    assert carried_over({A: year(5), B: year(2)}, ended={A, B, C}, successors=links) == ({D: year(7)}, {})


def test_a_successor_that_is_planned_takes_nothing_yet():
    assert carried_over({A: year(5)}, ended=set(), successors={A: [B]}) == ({A: year(5)}, {})
    assert carried_over({A: year(5), B: year(1)}, ended={A}, successors={A: [B], B: [C]})[0] == {B: year(6)}


def test_a_split_gives_its_figures_to_nobody():
    figures = {A: year(5), B: year(2)}
    assert carried_over(figures, ended={A}, successors={A: [B, C]}) == ({B: year(2)}, {A: Loss.SPLIT})


def test_a_split_further_on_takes_what_led_there():
    links = {A: [B], B: [C, D]}
    assert carried_over({A: year(5)}, ended={A, B}, successors=links) == ({}, {A: Loss.SPLIT})


def test_an_ended_unit_without_successor_gives_its_figures_to_nobody():
    assert carried_over({A: year(5)}, ended={A}, successors={}) == ({}, {A: Loss.ENDED})


def test_a_loop_of_successors_ends_and_gives_to_nobody():
    links = {A: [B], B: [C], C: [B]}
    assert carried_over({A: year(5), E: year(1)}, ended={A, B, C}, successors=links) == (
        {E: year(1)}, {A: Loss.LOOP}
    )  # fmt: skip


def test_people_are_unknown_as_soon_as_one_of_the_merged_is():
    links = {A: [C], B: [C]}
    assert carried_over({A: year(5, 3), B: year(7)}, ended={A, B}, successors=links) == ({C: year(12)}, {})
