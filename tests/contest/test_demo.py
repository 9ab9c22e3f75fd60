"""The pure part of the demo: what is generated, from the arguments alone."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from contest.demo.attempts import ABANDONED, CUT_OFF, IN_PROGRESS, SUBMITTED, Sheet, make_attempts
from contest.demo.clock import VIETNAM
from contest.demo.dice import Dice, Weighted, share_out
from contest.demo.names import person_name, place_names
from contest.demo.people import helpers, make_people, unranked
from contest.demo.plan import LOGINS, Plan
from contest.demo.predictions import predict
from contest.demo.turnout import taking_part
from contest.demo.units import CENTRAL, COMMUNE, DEPARTMENT, DISTRICT, ROOT_ID, SCHOOL, make_units
from contest.demo.visitors import PRIZE_PLACE, place_winner, prepare

AT = datetime(2026, 11, 1, 10, tzinfo=UTC)
SHEET = Sheet(right=(1, 2, 4), wrong=((2, 4, 8), (1, 4, 8), (1, 2, 8)), difficulty=(0.0, 0.5, 1.0))


def plan_of(units=20, staff=600, rounds=4, seed=7, at=AT):
    return Plan(units, staff, rounds, seed, at)


def attempts_of(plan, number=1, time_limit=timedelta(minutes=30)):
    window = plan.windows()[number - 1]
    people = make_people(plan, make_units(plan))
    return window, make_attempts(plan, window, SHEET, taking_part(plan, window, people), time_limit=time_limit)


def test_dice_are_the_same_on_every_machine():
    dice = Dice(2023, "people")
    assert [dice.below(1000) for _ in range(5)] == [171, 895, 303, 352, 58]
    assert str(dice.uuid()) == "6faaa64f-8b37-4e4f-a8cc-fb74e841c738"


def test_a_weight_of_zero_is_never_drawn():
    dice = Dice("weights")
    assert {Weighted([1.0, 0.0, 3.0]).index(dice) for _ in range(200)} == {0, 2}


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [(10, [1, 1, 1], [4, 3, 3]), (0, [1, 2], [0, 0]), (189, [2, 19, 11, 77, 1], [3, 33, 19, 132, 2])],
)
def test_shares_are_whole_and_sum_to_the_total(total, weights, parts):
    assert share_out(total, weights) == parts


def test_windows_are_weeks_in_a_row_and_the_open_one_closes_in_three_minutes():
    windows = plan_of().windows()
    assert [window.stage for window in windows] == ["published", "published", "open", "scheduled"]
    assert windows[2].closes_at == AT + timedelta(seconds=180)
    assert all(window.closes_at - window.opens_at == timedelta(weeks=1) for window in windows)
    assert [later.opens_at for later in windows[1:]] == [earlier.closes_at for earlier in windows[:-1]]


@pytest.mark.parametrize(("rounds", "stages"), [(1, ["open"]), (2, ["open", "scheduled"])])
def test_few_rounds_have_an_open_one(rounds, stages):
    assert [window.stage for window in plan_of(rounds=rounds).windows()] == stages


def test_units_keep_the_proportions_of_the_reference_contest():
    units = make_units(plan_of(units=110, staff=9000))
    kinds = Counter(unit.kind for unit in units[1:])
    assert kinds == {CENTRAL: 2, DEPARTMENT: 19, DISTRICT: 11, COMMUNE: 77, SCHOOL: 1}
    by_id = {unit.id: unit for unit in units}
    assert {by_id[unit.parent].kind for unit in units if unit.kind == COMMUNE} == {DISTRICT}
    assert {unit.parent for unit in units[1:] if unit.kind != COMMUNE} == {ROOT_ID}


@pytest.mark.parametrize(("count", "staff"), [(1, 11), (12, 13), (12, 120), (189, 20_058), (900, 2000)])
def test_staff_sum_to_what_was_asked_and_names_and_codes_are_unique(count, staff):
    units = make_units(plan_of(units=count, staff=staff))
    assert len(units) == count + 1
    assert sum(unit.staff for unit in units) == staff
    assert len({unit.name for unit in units}) == len({unit.code for unit in units}) == len(units)
    assert units[0].headcount is None
    assert all(unit.headcount >= unit.staff - 3 for unit in units[1:])


@pytest.mark.parametrize(("count", "staff"), [(1, 11), (12, 120), (40, 3000)])
def test_every_login_is_on_the_roster_and_the_coordinator_s_unit_is_the_participants(count, staff):
    plan = plan_of(units=count, staff=staff)
    people = make_people(plan, make_units(plan))
    logins = {person.employee_id: person for person in people if person.role}
    assert {login: person.role for login, person in logins.items()} == dict(LOGINS)
    assert logins["coordinator"].unit == logins["participant"].unit == logins["participant2"].unit
    assert len({person.employee_id for person in people}) == staff
    emails = [person.email for person in people if person.email]
    assert len(set(emails)) == len(emails)
    assert all(email.isascii() and email.endswith("@example.vn") for email in emails)


def test_no_name_says_the_same_twice():
    dice = Dice("names")
    names = [person_name(dice).split() for _ in range(2000)]
    assert all(name[-1] != name[-2] for name in names)


def test_place_names_never_repeat():
    names = place_names(Dice("places"), 1500)
    assert len(set(names)) == 1500


def test_a_published_round_holds_only_ended_attempts_within_its_window():
    window, attempts = attempts_of(plan_of())
    assert {attempt.state for attempt in attempts} <= {SUBMITTED, CUT_OFF, ABANDONED}
    for attempt in attempts:
        assert window.opens_at <= attempt.started_at < window.closes_at
        assert attempt.deadline == min(window.closes_at, attempt.started_at + timedelta(minutes=30))
        if attempt.state == SUBMITTED:
            assert attempt.submitted_at < attempt.deadline
            assert all(attempt.answers)
        if attempt.state == CUT_OFF:
            assert attempt.submitted_at == attempt.deadline
            assert any(attempt.answers)
        if attempt.state == ABANDONED:
            assert attempt.submitted_at is None
            assert not any(attempt.answers)
        assert attempt.is_perfect == (attempt.state == SUBMITTED and tuple(attempt.answers) == SHEET.right)


def test_the_open_round_has_people_at_work_now_and_nothing_from_the_future():
    _, attempts = attempts_of(plan_of(), number=3)
    going = [attempt for attempt in attempts if attempt.state == IN_PROGRESS]
    assert going
    assert all(attempt.started_at <= AT < attempt.deadline for attempt in going)
    assert all(attempt.submitted_at <= AT for attempt in attempts if attempt.submitted_at)


def test_a_time_limit_of_seconds_cuts_everyone_off():
    _, attempts = attempts_of(plan_of(), time_limit=timedelta(seconds=30))
    assert {attempt.state for attempt in attempts} <= {CUT_OFF, ABANDONED}


@pytest.mark.slow
def test_the_last_evening_is_the_busiest():
    _, attempts = attempts_of(plan_of(units=60, staff=6000))
    evenings = Counter(
        attempt.started_at.astimezone(VIETNAM).date() for attempt in attempts
        if 19 <= attempt.started_at.astimezone(VIETNAM).hour < 23
    )  # fmt: skip
    ((busiest, _),) = evenings.most_common(1)
    assert busiest == datetime(2026, 10, 17).date()  # the round closes on the 18th at 17:03


def test_visitors_find_a_prize_and_a_paper_with_mistakes():
    plan = plan_of()
    window, attempts = attempts_of(plan, number=2)
    people = make_people(plan, make_units(plan))
    ids = {person.employee_id: person.id for person in people}
    winner, learner = ids["participant"], ids["participant2"]
    ranked = {person.id for person in people} - unranked(people) - {person.id for person in helpers(people)}
    prepare(attempts, window, SHEET, winner=winner, learners=[learner])
    truth = predict(Dice("predictions"), attempts, ranked=ranked, hint=None)
    place_winner(attempts, window, winner=winner, ranked=ranked, truth=truth)
    perfect = [attempt for attempt in attempts if attempt.is_perfect and attempt.user in ranked]
    assert truth == len(perfect)
    order = sorted(perfect, key=lambda attempt: (abs(attempt.prediction - truth), attempt.submitted_at))
    assert order[PRIZE_PLACE - 1].user == winner
    assert next(attempt for attempt in attempts if attempt.user == learner).answers == [2, 1, 1]


def test_visitors_have_not_taken_the_open_quiz():
    plan = plan_of()
    people = make_people(plan, make_units(plan))
    taking = {person.employee_id for person in taking_part(plan, plan.windows()[2], people)}
    assert not {"participant", "participant2"} & taking
    assert {"participant", "participant2"} <= {
        person.employee_id for person in taking_part(plan, plan.windows()[0], people)
    }


def test_auditors_and_administrators_take_no_part():
    plan = plan_of()
    people = make_people(plan, make_units(plan))
    for window in plan.windows()[:3]:
        roles = {person.role for person in taking_part(plan, window, people)}
        assert not roles & {"auditor", "administrator"}


def test_equal_arguments_give_equal_attempts_and_another_seed_gives_others():
    assert attempts_of(plan_of()) == attempts_of(plan_of())
    assert attempts_of(plan_of())[1] != attempts_of(plan_of(seed=8))[1]
    assert plan_of().secret("salt 1") != plan_of(seed=8).secret("salt 1")
    assert plan_of().secret("salt 1") != plan_of(at=AT + timedelta(seconds=1)).secret("salt 1")
