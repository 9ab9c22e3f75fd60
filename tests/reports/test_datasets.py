"""The weekly and the final report, every cell against a naive recomputation from the raw attempts."""

import random
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.clock import server_now
from accounts.models import Membership, Role, Unit, UnitKind
from contest import closing
from contest.models import Contest, Round
from reports.datasets.final import final_dataset
from reports.datasets.weekly import weekly_dataset
from reports.models import Baseline, BaselineUnit
from tests.factories import grant, make_attempt, make_block, make_contest, make_root, make_unit, make_user, past_round
from tests.reports import naive_report

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


def make_world(seed: int):
    """Three closed rounds: kinds, two blocks, departments, moves between units and blocks, second attempts, blanks,
    cut-off papers, people who are never ranked, a unit without headcount, one without anybody, one that changes its
    kind and parent, and of those that end before the third round one merged, one over a chain, and one split."""
    dice = random.Random(seed)
    root = make_root()
    health = make_unit("SYT", name="Sở Y tế", headcount=5, parent=root)
    units = {
        "SYT": health,
        "BV1": make_unit("BV1", kind="Bệnh viện", headcount=9, parent=health),
        "BV2": make_unit("BV2", kind="Bệnh viện", headcount=4, parent=health),
        "HOI": make_unit("HOI", kind="Đoàn thể", headcount=0, parent=root),
        "XA1": make_unit("XA1", kind="Xã, phường", headcount=3, parent=root),
        "XA2": make_unit("XA2", kind="Xã, phường", headcount=12, parent=root),
        "TRAM": make_unit("TRAM", kind="Trung tâm", headcount=5, parent=root),
        "CU1": make_unit("CU1", kind="Huyện", headcount=4, parent=root),
        "CU2": make_unit("CU2", kind="Huyện", headcount=3, parent=root),
        "CU3": make_unit("CU3", kind="Huyện", headcount=3, parent=root),
    }
    make_unit("VANG", name="Xã không ai thi", kind="Xã, phường", headcount=7, parent=root)
    counts = dice.choice(["best", "first", "last"])
    contest = make_contest(unit=root, attempts_allowed=2, counts=counts, questions_per_round=5)
    make_block(contest, "CB", "Sở, ban, ngành", "Bệnh viện", "Trung tâm")
    make_block(contest, "XP", "Xã, phường", "Huyện")
    now = server_now()
    people = [
        make_user(unit=dice.choice(list(units.values())), linked_at=now if dice.random() < 0.7 else None)
        for _ in range(40)
    ]
    grant(people[0], Role.ORGANISER, root)
    rounds = []
    for number in range(3):
        closes = now - timedelta(seconds=30) - (2 - number) * WEEK
        if number == 2:
            reorganise(units, timezone.localdate(closes - timedelta(days=8)))
        round = past_round(contest, opens_at=closes - WEEK, closes_at=closes)
        for user in people:
            take_part(dice, round, user, units)
        closing.close_round(round.pk)
        rounds.append(Round.objects.get(pk=round.pk))
        assert rounds[-1].state == "ranked"
        if number == 0:
            Round.objects.filter(pk=round.pk).update(state="published")
            move(dice.sample(people, 6), list(units.values()), dice, timezone.localdate(closes + timedelta(days=1)))
    return contest, list(Round.objects.filter(contest=contest).order_by("number")), health


def take_part(dice, round, user, units) -> None:
    for number in range(1, dice.choice([0, 1, 1, 1, 2]) + 1):
        unit = user.memberships.get(ends_on=None).unit
        if dice.random() < 0.1:
            unit = dice.choice(list(units.values()))
        if not round.round_units.filter(unit=unit).exists():
            continue
        kind = dice.random()
        state = "abandoned" if kind < 0.1 else "cut_off" if kind < 0.2 else "submitted"
        skill = dice.choice([0, 0.2, 0.5, 0.8, 1])
        started = round.opens_at + dice.random() * (WEEK - timedelta(hours=1))
        make_attempt(
            round,
            user,
            number=number,
            unit=unit,
            block=dice.choice(["CB", "XP", "XP", ""]),
            state=state,
            answers=""
            if state == "abandoned"
            else [2 if dice.random() < skill else dice.choice([0, 1]) for _ in range(5)],
            prediction=dice.choice([None, *range(9)]),
            started_at=started,
            submitted_at=round.closes_at if kind > 0.97 else started + dice.random() * timedelta(hours=1),
        )


def move(people, units, dice, day) -> None:
    for user in people:
        user.memberships.update(ends_on=day)
        Membership.objects.create(user=user, unit=dice.choice(units), starts_on=day)


def reorganise(units: dict[str, Unit], day) -> None:
    """CU1 goes over CU2 into XA1, CU3 is split; TRAM becomes a hospital below the department. People move along."""
    for code, heirs in {"CU1": ["CU2"], "CU2": ["XA1"], "CU3": ["XA1", "XA2"]}.items():
        Unit.objects.filter(code=code).update(valid_to=day)
        units[code].successors.set([units[heir] for heir in heirs])
        goes_to = units["XA1" if code != "CU3" else "XA2"]
        for old in Membership.objects.filter(unit=units[code], ends_on=None):
            Membership.objects.filter(pk=old.pk).update(ends_on=max(day, old.starts_on + timedelta(days=1)))
            starts = max(day, old.starts_on + timedelta(days=1))
            Membership.objects.create(user=old.user, unit=goes_to, starts_on=starts)
    hospital = UnitKind.objects.get(name="Bệnh viện")
    Unit.objects.filter(code="TRAM").update(kind=hospital, parent=units["SYT"])


def cells(value, path=""):
    """{path: scalar} of everything in a dataset."""
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = [("length", len(value)), *((str(n), one) for n, one in enumerate(value))]
    else:
        return {path: value}
    return {name: cell for key, one in pairs for name, cell in cells(one, f"{path}/{key}").items()}


def check(actual: dict, expected: dict) -> None:
    actual = {name: value for name, value in actual.items() if name not in ("as_of", "notes")}
    expected = {name: value for name, value in expected.items() if name != "notes"}
    ours, theirs = cells(actual), cells(expected)
    assert {path: ours.get(path) for path in theirs} == theirs
    assert sorted(ours) == sorted(theirs)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_every_cell_of_weekly_and_final_report_equals_a_naive_recomputation(seed):
    contest, rounds, health = make_world(seed)
    for unit in (contest.unit, health):
        for round in rounds:
            check(weekly_dataset(round, unit), naive_report.weekly(round, unit))
        check(final_dataset(contest, unit), naive_report.final(contest, unit))


@pytest.mark.slow
def test_a_world_to_compare_in_has_the_cases_that_go_wrong():
    """Not the reports but the world: what the comparison above would not see if it never occurred."""
    contest, _rounds, _health = make_world(0)
    dataset = final_dataset(contest, contest.unit)
    codes = {unit["unit_code"]: unit for unit in dataset["units"]}
    assert not {"CU1", "CU2"} & codes.keys()
    assert codes["XA1"]["rounds"][0]["headcount"] == 3 + 4 + 3
    assert codes["CU3"]["rounds"][2] == {"number": 3, "headcount": 0, "participants": 0, "entries": 0, "rate": None}
    assert codes["VANG"]["participants"] == 0
    assert codes["HOI"]["mean_rate"] is None
    assert codes["TRAM"]["kind"] == "Bệnh viện"
    assert dataset["total"]["participants"] < sum(unit["participants"] for unit in dataset["units"])
    assert {winner["round"] for winner in dataset["winners"]} == {1, 2, 3}
    assert {row["block"] for row in dataset["blocks"]} == {"", "CB", "XP"}
    assert len(dataset["notes"]) == 1
    assert all(0 < week["zero"] < week["counted"] < week["entries"] for week in dataset["rounds"])
    assert all(week["abandoned"] and week["perfect"] for week in dataset["rounds"])


@pytest.mark.parametrize("seed", range(3))
def test_units_add_up_to_kinds_and_kinds_to_the_total_where_nobody_is_in_two_units(seed):
    dice = random.Random(seed)
    contest = make_contest(unit=make_root())
    kinds = ["Sở, ban, ngành", "Xã, phường", "Bệnh viện"]
    units = [make_unit(kind=dice.choice(kinds), parent=contest.unit, headcount=dice.randrange(9)) for _ in range(6)]
    people = [(make_user(unit=unit), unit) for unit in units for _ in range(dice.randrange(5))]
    rounds = [past_round(contest) for _ in range(2)]
    for round in rounds:
        for user, unit in people:
            if dice.random() < 0.7:
                state = dice.choice(["submitted", "cut_off", "abandoned"])
                make_attempt(round, user, unit=unit, answers=dice.choice("AB") * (state != "abandoned"), state=state)
        Round.objects.filter(pk=round.pk).update(state="ranked", version=1)
    weekly, final = weekly_dataset(rounds[1], contest.unit), final_dataset(contest, contest.unit)
    sums = ("participants", "entries", "counted", "points", "perfect", "high", "middle", "low", "zero")
    week_only = ("units", "units_taking_part", "headcount", "roster", "accounts", "abandoned", "change", "change_first")
    for dataset, names in ((weekly, (*sums, *week_only)), (final, (*sums, "people_in_all_rounds"))):
        for name in names:
            total = dataset["total"][name]
            assert sum(row[name] for row in dataset["kinds"]) == total, name
            assert sum(row[name] for row in dataset["units"]) == total, name
    bands = ("perfect", "high", "middle", "low", "zero")
    for row in (*weekly["units"], *weekly["kinds"], weekly["total"], *final["units"], final["total"]):
        assert sum(row[band] for band in bands) == row["counted"]


@pytest.mark.slow
def test_last_year_stands_beside_units_kinds_and_total_and_follows_merged_units():
    contest, rounds, health = make_world(1)
    baseline = Baseline.objects.create(
        contest=contest, label="Năm 2022", source="Báo cáo số 1", units=4, participants=None, entries=120
    )
    for code, entries in {"CU1": 10, "XA1": 5, "CU3": 7, "BV1": 8}.items():
        BaselineUnit.objects.create(baseline=baseline, unit=Unit.objects.get(code=code), entries=entries)
    names = naive_report.LAST_YEAR
    for dataset in (weekly_dataset(rounds[2], contest.unit), final_dataset(contest, contest.unit)):
        units = {unit["unit_code"]: unit for unit in dataset["units"]}
        now = units["XA1"]["entries"]
        share = naive_report.digits(naive_report.over(now - 15, 15), 4)
        assert [units["XA1"][name] for name in names] == [None, 15, now - 15, share]
        assert [units["BV2"][name] for name in names] == [None] * 4
        # Those of CU1 went to XA1; nobody has got those of CU3.
        then = {units["XA1"]["kind"]: 15, units["BV1"]["kind"]: 8}
        assert len(then) == 2
        for row in dataset["kinds"]:
            last, expected = then.get(row["kind"]), [None] * 4
            if last is not None:
                more = row["entries"] - last
                expected = [None, last, more, naive_report.digits(naive_report.over(more, last), 4)]
            assert [row[name] for name in names] == expected, row["kind"]
        assert all(row[name] is None for row in dataset["blocks"] for name in names)
        now = dataset["total"]["entries"]
        share = naive_report.digits(naive_report.over(now - 120, 120), 4)
        assert [dataset["total"][name] for name in names] == [None, 120, now - 120, share]
        assert dataset["last_year"] == {
            "label": "Năm 2022",
            "source": "Báo cáo số 1",
            "units": 4,
            "participants": None,
            "entries": 120,
        }
        assert sum("CU3" in note for note in dataset["notes"]) == 2  # its people, and its figures of last year
    part = weekly_dataset(rounds[2], health)
    assert part["last_year"]["entries"] == 8
    assert part["total"]["last_year_entries"] == 8


@pytest.mark.slow
def test_the_demos_reports_equal_a_naive_recomputation():
    call_command("load_demo", units=24, staff=400, rounds=3, seed=5, stdout=StringIO())
    contest = Contest.objects.filter(rounds__state="scheduled").distinct().get()
    published = [round for round in contest.rounds.order_by("number") if round.has_result]
    assert published
    latest = published[-1]
    actual = weekly_dataset(latest, contest.unit)
    check(without_last_year(actual), naive_report.weekly(latest, contest.unit))
    check(without_last_year(final_dataset(contest, contest.unit)), naive_report.final(contest, contest.unit))


def without_last_year(value):
    """The dataset as if there were nothing to compare it with: what is known of last year has its own tests."""
    if isinstance(value, dict):
        gone = ("last_year", *naive_report.LAST_YEAR)
        return {name: None if name in gone else without_last_year(one) for name, one in value.items()}
    return [without_last_year(one) for one in value] if isinstance(value, list) else value
