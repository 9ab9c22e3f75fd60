"""The dashboard: whose it is, what it shows when, that many viewers cost one, and figures equal to the reports'."""

import threading
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.clock import server_now
from accounts.models import Role
from contest.models import Round
from reports.dashboard import bounded, views
from reports.dashboard.bounded import Made, once_in_a_while
from reports.dashboard.trend import opened_rounds, people_by_score, rates_of, totals_of
from reports.participation import participation_of
from reports.scope import Scope
from tests.factories import (
    grant,
    make_attempt,
    make_contest,
    make_root,
    make_unit,
    make_user,
    open_round,
    past_round,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ALL = Scope(None, True)


@pytest.fixture(autouse=True)
def nothing_kept():
    bounded.forget()
    cache.clear()
    yield
    bounded.forget()


@pytest.fixture
def contest():
    return make_contest(unit=make_root())


@pytest.fixture
def units():
    root = make_root()
    return [
        make_unit("A1", name="Sở Văn hóa", parent=root, headcount=4),
        make_unit("B2", name="Đặc khu Lý Sơn", kind="Xã, phường", parent=root, headcount=0),
        make_unit("C3", name="Sở Ăn", parent=root, headcount=3),
    ]


@pytest.fixture
def rounds(contest, units):
    """Two rounds over and one open. People of A1 and B2 take part; scores of the first: 3, 3, 0."""
    made = [past_round(contest), past_round(contest), open_round(contest)]
    people = [make_user(unit=unit) for unit in (units[0], units[0], units[1])]
    for person, answers in zip(people, "BBA", strict=True):
        make_attempt(made[0], person, answers=answers)
    for person in people[:2]:
        make_attempt(made[1], person)
    make_attempt(made[2], people[0])
    make_attempt(made[2], people[2], state="in_progress")
    return made


def reach(round, state, version=1):
    Round.objects.filter(pk=round.pk).update(state=state, version=version)
    round.refresh_from_db()


def signed_in(client, role=None, unit=None):
    user = make_user()
    if role:
        grant(user, role, unit)
    client.force_login(user)
    return user


def see(client, **parameters):
    return client.get(reverse("report-dashboard"), parameters)


def text(response):
    return " ".join(response.content.decode().split())


# --- Rights -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [None, *Role])
def test_it_is_for_those_who_see_participation(client, rounds, role):
    signed_in(client, role)
    allowed = {Role.COORDINATOR, Role.ORGANISER, Role.SECRETARY, Role.AUDITOR}
    assert see(client).status_code == (200 if role in allowed else 404)


def test_a_coordinator_sees_their_units_alone(client, rounds, units):
    signed_in(client, Role.COORDINATOR, units[0])
    page = see(client, round=rounds[0].pk)
    assert page.context["total"].participants == 2
    assert [row.label for row in page.context["rates"].rows] == ["Sở Văn hóa"]
    assert "Lý Sơn" not in text(page)
    assert 'action="#units-title"' not in text(page)  # nothing to choose among
    for parameters in ({"unit": "B2"}, {"unit": "TINH"}, {"unit": "\x00x"}, {"round": "x"}):
        assert see(client, **{"round": rounds[0].pk} | parameters).status_code == 404


def test_scopes_do_not_share_figures(client, rounds, units):
    signed_in(client, Role.SECRETARY)
    assert see(client, round=rounds[0].pk).context["total"].participants == 3
    signed_in(client, Role.COORDINATOR, units[1])
    assert see(client, round=rounds[0].pk).context["total"].participants == 1
    assert see(client, round=rounds[0].pk, unit="B2").context["total"].participants == 1


# --- Scores -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ORGANISER, Role.SECRETARY])
@pytest.mark.parametrize("state", ["scheduled", "closed", "ranked"])
def test_no_score_is_shown_before_publication(client, rounds, role, state):
    for round in rounds[:2]:
        reach(round, state, version=state == "ranked")
    signed_in(client, role)
    page = see(client, round=rounds[1].pk)
    assert page.context["scores"] is None
    assert [chart.id for chart in page.context["trend"]] == ["trend-people", "trend-rate"]
    assert page.context["total"].mean_score is page.context["total"].perfect is None


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ORGANISER, Role.SECRETARY, Role.AUDITOR])
def test_control_after_publication_scores_are_shown(client, rounds, role):
    reach(rounds[0], "published")
    signed_in(client, role)
    page = see(client, round=rounds[0].pk)
    assert [row[1] for row in page.context["scores"].rows] == ["1", "0", "0", "2"]
    page = see(client, round=rounds[1].pk)
    trend = {chart.id: [row[1] for row in chart.rows] for chart in page.context["trend"]}
    assert trend["trend-score"] == ["2,00", "-"]
    assert page.context["scores"] is None


def test_what_an_auditor_sees_early_is_kept_nowhere(client, rounds):
    reach(rounds[0], "ranked")
    signed_in(client, Role.AUDITOR)
    assert see(client, round=rounds[0].pk).context["scores"] is not None
    kept = [made.value for made in bounded._kept.values()]
    assert all(value != {0: 1, 3: 2} for value in kept)
    assert all(value.total.counted is None for value in kept if isinstance(value, views.Live))


def test_control_published_scores_are_kept(client, rounds):
    reach(rounds[0], "published")
    signed_in(client, Role.AUDITOR)
    see(client, round=rounds[0].pk)
    assert {0: 1, 3: 2} in [made.value for made in bounded._kept.values()]


def test_publication_shows_at_once(client, rounds):
    reach(rounds[0], "ranked")
    signed_in(client, Role.SECRETARY)
    assert see(client, round=rounds[0].pk).context["scores"] is None
    reach(rounds[0], "published")
    assert see(client, round=rounds[0].pk).context["scores"] is not None


# --- Figures ----------------------------------------------------------------------------------------


def test_totals_equal_the_report_s_in_every_round_and_scope(rounds, units):
    reach(rounds[0], "published")
    for scope in (ALL, Scope(frozenset([units[0].pk]), True), Scope(frozenset([units[1].pk, units[2].pk]), True)):
        for total in totals_of(rounds, scope):
            round = next(one for one in rounds if one.pk == total.round_id)
            expected = participation_of(round, scope).total
            assert (total.headcount, total.participants, total.entries, total.rate, total.mean_score) == (
                expected.headcount, expected.participants, expected.entries, expected.rate, expected.mean_score
            )  # fmt: skip


def test_rates_equal_the_report_s(rounds, units):
    rates = rates_of(rounds, [unit.pk for unit in units])
    for round in rounds:
        for unit in participation_of(round, ALL).units:
            if unit.unit_code != "TINH":
                assert rates[unit.unit_id, round.pk] == unit.figures.rate
    assert rates[units[0].pk, rounds[0].pk] == Decimal("0.5000")
    assert rates[units[1].pk, rounds[0].pk] is None


def test_several_attempts_are_one_person():
    contest = make_contest(unit=make_root(), attempts_allowed=2)
    unit = make_unit(parent=make_root(), headcount=2)
    round, person = past_round(contest), make_user(unit=unit)
    make_attempt(round, person, answers="A")
    make_attempt(round, person, number=2)
    reach(round, "published")
    (total,) = totals_of([round], ALL)
    assert (total.participants, total.entries, total.mean_score) == (1, 2, Decimal("3.00"))
    assert rates_of([round], [unit.pk]) == {(unit.pk, round.pk): Decimal("0.5000")}
    assert people_by_score(round, ALL) == {3: 1}


def test_the_distribution_adds_up_to_the_bands(rounds):
    reach(rounds[0], "published")
    people, total = people_by_score(rounds[0], ALL), participation_of(rounds[0], ALL).total
    assert (people[0], people[3], sum(people.values())) == (total.zero, total.perfect, total.counted)


def test_a_score_that_is_not_released_is_not_even_computed(rounds):
    reach(rounds[0], "ranked")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert people_by_score(rounds[0], Scope(None, False)) == {}
    assert len(queries) == 0


def test_the_trend_ends_with_the_round_that_is_shown(rounds):
    other = past_round(make_contest(unit=make_root()))
    assert opened_rounds(rounds[1], [other, *reversed(rounds)]) == rounds[:2]


# --- The page ---------------------------------------------------------------------------------------


def test_the_live_part_comes_alone_for_htmx_and_repeats_while_the_round_is_open(client, rounds):
    signed_in(client, Role.SECRETARY)
    part = client.get(reverse("report-dashboard"), {"round": rounds[2].pk}, headers={"HX-Request": "true"})
    assert text(part).startswith('<section id="live"')
    assert 'hx-trigger="every 60s"' in text(part)
    assert "<h1" not in text(part)
    assert "hx-trigger" not in text(see(client, round=rounds[0].pk))


def test_units_are_filtered_by_kind_and_parent(client, rounds, units):
    signed_in(client, Role.SECRETARY)

    def shown(**parameters):
        rates = see(client, round=rounds[2].pk, **parameters).context["rates"]
        return [row.label for row in rates.rows] if rates else []

    everybody = shown()
    assert {"Sở Văn hóa", "Sở Ăn", "Đặc khu Lý Sơn"} <= set(everybody)
    assert shown(kind=units[1].kind_id) == ["Đặc khu Lý Sơn"]
    assert set(shown(parent="TINH")) == {"Sở Văn hóa", "Sở Ăn", "Đặc khu Lý Sơn"}
    for hostile in ("x", "9" * 30, "\x00", "²"):
        assert shown(kind=hostile) == shown(parent=hostile) == []


def test_many_units_come_in_pages(client, contest, monkeypatch):
    monkeypatch.setattr(views, "UNITS_PER_PAGE", 2)
    for number in range(5):
        make_unit(f"U{number}", parent=make_root())
    round = open_round(contest)
    signed_in(client, Role.SECRETARY)
    first = see(client, round=round.pk)
    assert len(first.context["rates"].rows) == 2
    assert first.context["page"].paginator.count == round.round_units.count()
    assert f"round={round.pk}&amp;page=2" in text(first)


@pytest.mark.parametrize("with_kept", [True, False])
def test_the_number_of_queries_does_not_grow_with_units(client, contest, with_kept):
    def queries(units):
        for _ in range(units):
            make_attempt(round, make_user(unit=make_unit(parent=make_root())))
        round.round_units.all().delete()
        views.RoundUnit.objects.bulk_create(
            views.RoundUnit(round=round, unit=unit, parent=unit.parent, kind=unit.kind, headcount=3)
            for unit in views.Unit.objects.select_related("kind", "parent")
        )
        if not with_kept:
            bounded.forget()
            cache.clear()
        with CaptureQueriesContext(connection) as captured:
            assert see(client, round=round.pk).status_code == 200
        return len(captured)

    past_round(contest)
    round = open_round(contest)
    signed_in(client, Role.SECRETARY)
    queries(1)
    assert queries(0) == queries(2) if not with_kept else queries(0) <= queries(2)


def test_a_round_that_nobody_entered_is_shown(client, contest):
    make_unit("A1", parent=make_root(), headcount=0)
    round = open_round(contest)
    signed_in(client, Role.SECRETARY)
    assert see(client, round=round.pk).status_code == 200


def test_hours_that_have_not_come_are_not_drawn(client, contest):
    unit = make_unit("A1", parent=make_root())
    now = server_now()
    round = open_round(contest, opens_at=now - timedelta(hours=2), closes_at=now + timedelta(days=3))
    make_attempt(round, make_user(unit=unit), started_at=now - timedelta(minutes=1), submitted_at=now)
    signed_in(client, Role.SECRETARY)
    latest = see(client, round=round.pk).context["latest"]
    assert len(latest.rows) == 3
    assert sum(int(row[2]) for row in latest.rows) == 1


# --- Once in a while --------------------------------------------------------------------------------


def test_many_viewers_of_a_scope_cost_one_computation(client, rounds, monkeypatch):
    made = []
    monkeypatch.setattr(views, "participation_of", lambda *given: made.append(1) or participation_of(*given))
    for _ in range(3):
        signed_in(client, Role.SECRETARY)
        see(client, round=rounds[2].pk)
    assert len(made) == 1


def test_control_without_keeping_every_viewer_costs_one(client, rounds, monkeypatch):
    made = []
    monkeypatch.setattr(views, "participation_of", lambda *given: made.append(1) or participation_of(*given))
    monkeypatch.setattr(views, "once_in_a_while", lambda key, make: make())
    for _ in range(3):
        signed_in(client, Role.SECRETARY)
        see(client, round=rounds[2].pk)
    assert len(made) == 3


def test_a_value_is_made_again_when_it_is_no_longer_fresh(monkeypatch):
    values = iter("abc")
    assert [once_in_a_while("k", lambda: next(values)) for _ in range(2)] == ["a", "a"]
    later = time.time() + bounded.FRESH_SECONDS + 1
    monkeypatch.setattr(bounded.time, "time", lambda: later)
    assert once_in_a_while("k", lambda: next(values)) == "b"


def test_what_took_long_rests_ten_times_as_long(monkeypatch):
    begin = time.monotonic()
    once_in_a_while("k", lambda: monkeypatch.setattr(bounded.time, "monotonic", lambda: begin + 8))
    monkeypatch.undo()
    assert bounded._kept["k"].fresh_until - time.time() == pytest.approx(80, abs=1)


def test_while_one_makes_a_new_value_the_others_get_the_old_one():
    bounded._kept["k"] = Made("old", 0.0)
    cache.add("k:making", 1, 60)
    assert once_in_a_while("k", lambda: pytest.fail("made twice")) == "old"


def test_who_comes_while_the_first_value_is_made_waits_for_it():
    cache.add("k:making", 1, 60)
    threading.Timer(0.2, lambda: cache.set("k", Made("new", time.time() + 30), 60)).start()
    assert once_in_a_while("k", lambda: pytest.fail("made twice")) == "new"


def test_a_maker_that_died_is_not_waited_for_forever(monkeypatch):
    monkeypatch.setattr(bounded, "WAIT_SECONDS", 0.2)
    cache.add("k:making", 1, 60)
    assert once_in_a_while("k", lambda: "own") == "own"


def test_a_failure_is_nobody_s_value_and_lets_the_next_one_try():
    with pytest.raises(ZeroDivisionError):
        once_in_a_while("k", lambda: 1 / 0)
    assert once_in_a_while("k", lambda: "made") == "made"


def test_without_the_cache_each_process_keeps_what_it_made(monkeypatch):
    class Away:
        add = staticmethod(lambda *given: True)
        get = staticmethod(lambda *given: None)
        set = delete = staticmethod(lambda *given: None)

    monkeypatch.setattr(bounded, "cache", Away)
    values = iter("ab")
    assert [once_in_a_while("k", lambda: next(values)) for _ in range(3)] == ["a", "a", "a"]


def test_threads_that_come_together_make_one_value():
    made, barrier = [], threading.Barrier(5)

    def come():
        barrier.wait()
        once_in_a_while("k", lambda: time.sleep(0.2) or made.append(1) or 1)

    threads = [threading.Thread(target=come) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_memory_of_a_process_is_bounded(monkeypatch):
    monkeypatch.setattr(bounded, "MOST_KEPT", 3)
    for number in range(6):
        once_in_a_while(f"k{number}", str)
    assert sorted(bounded._kept) == ["k3", "k4", "k5"]
    assert len(bounded._locks) <= 4
