"""Every figure of participation, against a naive recomputation from the raw attempts."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.utils import timezone

from accounts.clock import server_now
from accounts.models import Membership, UnitKind, User
from contest.models import Attempt, Round
from contest.ranking import key_of
from reports.absentees import Absentees
from reports.participation import participation_of
from reports.scope import Scope
from tests.factories import make_attempt, make_contest, make_root, make_unit, make_user, open_round, past_round

pytestmark = pytest.mark.django_db
EVERYTHING = Scope(None, True)
RIGHT, WRONG = 0b0010, 0b0001


def rank(round: Round) -> Round:
    """Put the round into the state that a finished close leaves, without closing it."""
    round.state, round.version = "ranked", 1
    round.save()
    return round


def people_of(round: Round | None, unit_ids: set[int]) -> set[int]:
    if round is None:
        return set()
    return {a.user_id for a in Attempt.objects.filter(round=round) if a.is_entry and a.unit_id in unit_ids}


def naive(round: Round, earlier: list[Round], unit_ids: set[int]) -> dict:
    """The figures of `unit_ids` together, one attempt at a time, in the words of the definitions."""
    entries = [a for a in Attempt.objects.filter(round=round) if a.is_entry and a.unit_id in unit_ids]
    people = {a.user_id for a in entries}
    opened = {a.user_id for a in Attempt.objects.filter(round=round, state="abandoned") if a.unit_id in unit_ids}
    everywhere = defaultdict(list)
    for attempt in Attempt.objects.filter(round=round):
        if attempt.is_entry:
            everywhere[attempt.user_id].append(attempt)
    key = key_of(round)
    best = [min(own, key=lambda a: (-key.score(a.answers), a.submitted_at, a.entry)) for own in everywhere.values()]
    scores = [key.score(a.answers) for a in best if a.unit_id in unit_ids]
    headcount = sum(copy.headcount for copy in round.round_units.all() if copy.unit_id in unit_ids)
    last = timezone.localtime(round.closes_at - timedelta(microseconds=1)).date()
    day = min(last, timezone.localdate(server_now()))
    roster = {
        m.user_id
        for m in Membership.objects.filter(unit__in=unit_ids)
        if m.starts_on <= day and (m.ends_on is None or m.ends_on > day)
    }
    everyone_with_entry = {a.user_id for a in Attempt.objects.filter(round=round) if a.is_entry}
    share = [Decimal(score) / key.full_marks for score in scores]
    return {
        "headcount": headcount,
        "roster": len(roster),
        "accounts": User.objects.filter(pk__in=roster, linked_at__isnull=False).count(),
        "participants": len(people),
        "rate": half_up(Decimal(len(people)) / headcount, 4) if headcount else None,
        "entries": len(entries),
        "mean_score": half_up(Decimal(sum(scores)) / len(scores), 2) if scores else None,
        "counted": len(scores),
        "perfect": share.count(1),
        "high": sum(Decimal("0.75") <= one < 1 for one in share),
        "middle": sum(Decimal("0.25") <= one < Decimal("0.75") for one in share),
        "low": sum(0 < one < Decimal("0.25") for one in share),
        "zero": scores.count(0),
        "abandoned": len(opened - everyone_with_entry),
        "change": len(people) - len(people_of(earlier[-1], unit_ids)) if earlier else None,
        "change_first": len(people) - len(people_of(earlier[0], unit_ids)) if earlier else None,
    }


def half_up(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def shown(figures, keys) -> dict:
    return {key: getattr(figures, key) for key in keys}


@pytest.fixture
def world():
    """Two rounds over five units of three kinds: moves, second attempts, blanks, zero papers, nobody at all."""
    root = make_root()
    health = make_unit("SYT", name="Sở Y tế", headcount=3, parent=root)
    hospital = make_unit("BV1", name="Bệnh viện Trung tâm", kind="Bệnh viện", headcount=6, parent=health)
    commune = make_unit("XA1", name="Xã Phú An", kind="Xã, phường", headcount=2, parent=root)
    silent = make_unit("XA2", name="Xã Bình Lợi", kind="Xã, phường", headcount=7, parent=root)
    guests = make_unit("HOI", name="Hội Nông dân", headcount=0, parent=root)
    contest = make_contest(unit=root, attempts_allowed=3)
    now = server_now()
    people = {
        unit.code: [make_user(unit=unit, linked_at=now if n % 2 else None) for n in range(number)]
        for unit, number in ((health, 3), (hospital, 5), (commune, 4), (silent, 2), (guests, 1))
    }
    first = past_round(contest, opens_at=now - timedelta(days=14), closes_at=now - timedelta(days=7, seconds=30))
    second = past_round(contest)
    for user in people["SYT"] + people["BV1"][:2] + people["XA2"]:
        make_attempt(first, user, answers="B")
    mover = people["BV1"][0]
    make_attempt(second, mover, answers=[RIGHT, WRONG, WRONG])
    mover.memberships.update(ends_on=timezone.localdate(now) - timedelta(days=2))
    Membership.objects.create(user=mover, unit=commune, starts_on=timezone.localdate(now) - timedelta(days=2))
    make_attempt(second, mover, answers=[RIGHT, RIGHT, RIGHT], number=2)
    make_attempt(second, people["BV1"][1], answers=[WRONG, 0, 0], state="cut_off")
    make_attempt(second, people["BV1"][2], answers="", state="abandoned")
    make_attempt(second, people["SYT"][0], answers=[RIGHT, RIGHT, WRONG])
    make_attempt(second, people["SYT"][1], answers=[RIGHT, RIGHT, WRONG])
    make_attempt(second, people["SYT"][2], answers=[RIGHT, RIGHT, RIGHT], eligible=False)
    for user in people["XA1"]:
        make_attempt(second, user, answers=[WRONG, WRONG, WRONG])
    make_attempt(second, people["HOI"][0], answers=[RIGHT, 0, 0], state="cut_off")
    return {"first": first, "second": second, "people": people, "mover": mover}


def check_against_naive(round: Round, earlier: list[Round]) -> None:
    participation = participation_of(round, EVERYTHING)
    copies = {copy.unit.code: copy for copy in round.round_units.select_related("unit", "kind")}
    assert [unit.unit_code for unit in participation.units] == sorted(copies)
    for unit in participation.units:
        expected = naive(round, earlier, {unit.unit_id})
        assert shown(unit.figures, expected) == expected, unit.unit_code
    for kind in participation.kinds:
        expected = naive(round, earlier, {c.unit_id for c in copies.values() if c.kind.name == kind.kind})
        assert shown(kind.figures, expected) == expected, kind.kind
    expected = naive(round, earlier, {copy.unit_id for copy in copies.values()})
    assert shown(participation.total, expected) == expected


def test_every_figure_of_units_kinds_and_total_equals_a_naive_recomputation(world):
    first, second = rank(world["first"]), rank(world["second"])
    check_against_naive(first, [])
    check_against_naive(second, [first])


@pytest.mark.parametrize("attempts", [1, None])
def test_figures_of_a_third_round_with_bands_and_with_or_without_second_attempts(attempts):
    root = make_root()
    units = [make_unit(f"DV{n}", kind=f"Loại {n % 2}", headcount=6, parent=root) for n in range(3)]
    people = [make_user(unit=units[n % 3]) for n in range(12)]
    contest = make_contest(unit=root, attempts_allowed=attempts, questions_per_round=5)
    now = server_now()
    ends = [now - timedelta(days=days, seconds=30) for days in (14, 7, 0)]
    rounds = [past_round(contest, opens_at=end - timedelta(days=7), closes_at=end) for end in ends]
    for round, taking_part in zip(rounds, (people[:9], people[2:5], people[:11]), strict=True):
        for place, user in enumerate(taking_part):
            right = place % 6  # 0 to 5 of 5: zero, low (20 %), middle (40 %, 60 %), high (80 %), perfect
            make_attempt(round, user, answers=[RIGHT] * right + [WRONG] * (5 - right))
    make_attempt(rounds[2], people[11], answers="", state="abandoned")
    if attempts is None:
        make_attempt(rounds[2], people[0], answers="", state="abandoned", number=2, unit=units[1])
        make_attempt(rounds[2], people[1], answers=[RIGHT] * 5, number=2, unit=units[2])
    for round in rounds:
        rank(round)
    check_against_naive(rounds[2], rounds[:2])
    total = participation_of(rounds[2], EVERYTHING).total
    assert (total.change, total.change_first, total.abandoned) == (8, 2, 1)
    bands = [total.perfect, total.high, total.middle, total.low, total.zero]
    assert (sum(bands), total.counted) == (11, 11)
    assert bands == ([1, 2, 4, 2, 2] if attempts == 1 else [2, 2, 4, 1, 2])


def test_blocks_count_by_what_the_attempt_notes():
    unit = make_unit("DV", headcount=5)
    round = past_round(make_contest(unit=unit, attempts_allowed=2))
    people = [make_user(unit=unit) for _ in range(4)]
    for user, block in zip(people, ("A", "A", "B", ""), strict=True):
        make_attempt(round, user, block=block)
    make_attempt(round, people[0], block="B", number=2, answers="A")
    participation = participation_of(rank(round), EVERYTHING)
    found = {row.block: row.figures for row in participation.blocks}
    assert {block: (one.participants, one.entries, one.counted) for block, one in found.items()} == {
        "": (1, 1, 1), "A": (2, 2, 2), "B": (2, 2, 1)
    }  # fmt: skip
    assert (found["A"].headcount, found["A"].roster, found["A"].rate) == (0, 0, None)
    assert (participation.total.participants, participation.total.units_taking_part) == (4, 1)


def test_the_figures_are_these(world):
    """The same world by hand, so that the recomputation cannot be wrong in the same way."""
    units = {unit.unit_code: unit for unit in participation_of(rank(world["second"]), EVERYTHING).units}
    health, hospital, commune = (units[code].figures for code in ("SYT", "BV1", "XA1"))
    assert (health.participants, health.rate, health.mean_score) == (3, Decimal("1.0000"), Decimal("2.33"))
    assert (health.perfect, health.zero, health.change) == (1, 0, 0)
    assert (hospital.participants, hospital.entries, hospital.rate) == (2, 2, Decimal("0.3333"))
    assert (hospital.roster, hospital.accounts, hospital.zero, hospital.perfect) == (4, 2, 1, 0)
    assert (commune.participants, commune.rate, commune.over_headcount) == (5, Decimal("2.5000"), True)
    assert (commune.perfect, commune.zero, commune.mean_score, commune.change) == (1, 4, Decimal("0.60"), 5)
    assert (units["XA2"].figures.participants, units["XA2"].figures.mean_score) == (0, None)
    assert units["XA2"].figures.change == -2
    assert (units["HOI"].figures.rate, units["HOI"].figures.over_headcount) == (None, False)
    assert (units["BV1"].kind, units["BV1"].parent_code, units["SYT"].parent_code) == ("Bệnh viện", "SYT", "TINH")


def test_a_person_with_entries_in_two_units_counts_once_in_the_total(world):
    participation = participation_of(rank(world["second"]), EVERYTHING)
    assert sum(unit.figures.participants for unit in participation.units) == 11
    assert participation.total.participants == 10
    assert (participation.total.entries, participation.total.units, participation.total.units_taking_part) == (11, 5, 4)


def test_rate_is_rounded_half_up_to_four_places():
    unit = make_unit("LE", headcount=32)
    round = past_round(make_contest(unit=unit))
    make_attempt(round, make_user(unit=unit))
    # 1/32 = 0.03125
    assert participation_of(round, EVERYTHING).total.rate == Decimal("0.0313")


@pytest.mark.parametrize("state", ["scheduled", "closed"])
def test_no_score_is_computed_before_the_round_is_ranked(world, state):
    round = world["second"]
    Round.objects.filter(pk=round.pk).update(state=state)
    round.refresh_from_db()
    participation = participation_of(round, EVERYTHING)
    for figures in [participation.total, *(row.figures for row in participation.units + participation.kinds)]:
        assert (figures.mean_score, figures.perfect, figures.zero) == (None, None, None)


def test_scope_without_scores_gets_none_even_when_published(world):
    total = participation_of(rank(world["second"]), Scope(None, False)).total
    assert (total.mean_score, total.perfect, total.zero, total.participants) == (None, None, None, 10)


def test_a_scope_sees_its_units_and_totals_over_these(world):
    round = rank(world["second"])
    ids = frozenset(round.round_units.filter(unit__code__in=["BV1", "XA1"]).values_list("unit_id", flat=True))
    participation = participation_of(round, Scope(ids, True))
    expected = naive(round, [world["first"]], set(ids))
    assert [unit.unit_code for unit in participation.units] == ["BV1", "XA1"]
    assert [kind.kind for kind in participation.kinds] == ["Bệnh viện", "Xã, phường"]
    assert shown(participation.total, expected) == expected
    assert participation.total.participants == 6  # the mover, once


def test_practice_and_drafts_are_no_previous_round():
    unit = make_unit("DV", headcount=4)
    contest = make_contest(unit=unit)
    user = make_user(unit=unit)
    practice = past_round(contest, number=1, is_practice=True)
    make_attempt(practice, user)
    assert participation_of(past_round(contest, number=3), EVERYTHING).total.change is None
    held = past_round(contest, number=2)
    make_attempt(held, user)
    assert participation_of(Round.objects.get(contest=contest, number=3), EVERYTHING).total.change == -1


def test_headcount_and_kind_are_those_of_the_time_of_scheduling():
    unit = make_unit("DV", headcount=4)
    round = open_round(make_contest(unit=unit))
    unit.headcount, unit.kind = 400, UnitKind.objects.create(name="Loại mới")
    unit.save()
    (row,) = participation_of(round, EVERYTHING).units
    assert (row.figures.headcount, row.kind) == (4, "Sở, ban, ngành")


def test_roster_stands_as_of_the_last_day_once_the_round_is_over():
    unit = make_unit("DV", headcount=4)
    round = past_round(make_contest(unit=unit))
    today = timezone.localdate(server_now())
    last = timezone.localtime(round.closes_at).date()
    for number, (starts, ends) in enumerate(
        [
            (date(2020, 1, 1), None),
            (date(2020, 1, 1), last),
            (date(2020, 1, 1), last + timedelta(days=1)),
            (last + timedelta(days=1), None),
            (today + timedelta(days=3), None),
        ]
    ):
        Membership.objects.create(user=make_user(f"N{number}"), unit=unit, starts_on=starts, ends_on=ends)
    assert participation_of(round, EVERYTHING).total.roster == 2
    assert {person.employee_id for person in Absentees(round, EVERYTHING)} == {"N0", "N2"}


def test_a_round_that_closes_at_midnight_ends_on_the_day_before():
    unit = make_unit("DV", headcount=4)
    midnight = timezone.localtime(server_now()).replace(hour=0, minute=0, second=0, microsecond=0)
    round = past_round(make_contest(unit=unit), opens_at=midnight - timedelta(days=7), closes_at=midnight)
    Membership.objects.create(user=make_user(), unit=unit, starts_on=midnight.date())
    assert participation_of(round, EVERYTHING).total.roster == 0


def test_who_has_not_taken_part(world):
    people = world["people"]
    absentees = Absentees(world["second"], EVERYTHING)
    found = [(person.unit_code, person.employee_id, person.attempt_state) for person in absentees]
    expected = [("BV1", user, "abandoned" if user == people["BV1"][2] else None) for user in people["BV1"][2:]]
    expected += [("XA2", user, None) for user in people["XA2"]]
    assert sorted(found) == sorted((code, user.employee_id, state) for code, user, state in expected)
    assert absentees.count() == len(found) == 5
    assert [person.employee_id for person in absentees[1:3]] == [row[1] for row in found[1:3]]
    name = people["XA2"][0].employee_id
    assert [person.employee_id for person in Absentees(world["second"], EVERYTHING, name.lower())] == [name]
    assert list(Absentees(world["second"], EVERYTHING, "100%")) == []
    assert list(Absentees(world["second"], EVERYTHING, "_")) == []


@pytest.mark.parametrize("units", [1, 3])
def test_two_queries_whatever_the_number_of_units(units, django_assert_num_queries):
    root = make_root()
    for _ in range(units):
        make_user(unit=make_unit(parent=root))
    round = rank(past_round(make_contest(unit=root)))
    with django_assert_num_queries(2):
        assert len(participation_of(round, EVERYTHING).units) == units
