"""The demo's last year: the published totals of 2022, shared out over units, repeatable."""

import io
from datetime import UTC, datetime

import pytest
from django.core.management import call_command

from contest.demo.plan import Plan
from contest.demo.units import make_units
from contest.models import Contest, Round
from reports import demo
from reports.baselines import baseline_of
from reports.demo import make_last_year
from reports.models import Baseline

AT = datetime(2026, 11, 1, 10, tzinfo=UTC)


def last_year(**arguments):
    plan = Plan(**{"units": 189, "staff": 20_058, "rounds": 4, "seed": 2023, "at": AT} | arguments)
    return make_last_year(plan, make_units(plan))


def load(**arguments):
    arguments = {"units": 12, "staff": 120, "rounds": 3, "at": AT.isoformat()} | arguments
    call_command("load_demo", stdout=io.StringIO(), stderr=io.StringIO(), **arguments)


def test_at_full_size_it_has_the_published_totals():
    rows = last_year()
    assert (len(rows), sum(row.entries for row in rows)) == (171, 26_915)


def test_every_unit_has_people_and_no_more_people_than_entries():
    staff = {unit.id: unit.staff for unit in make_units(Plan(189, 20_058, 4, 2023, AT))}
    for row in last_year():
        assert 1 <= row.participants <= min(row.entries, staff[row.unit])


def test_equal_arguments_give_equal_figures_and_others_do_not():
    assert last_year() == last_year(at=AT.replace(year=2030))
    assert last_year(seed=1) != last_year()


@pytest.mark.parametrize(("units", "staff"), [(1, 11), (3, 11), (12, 120)])
def test_small_demos_have_a_last_year_too(units, staff):
    rows = last_year(units=units, staff=staff)
    assert 1 <= len(rows) <= units
    assert all(row.entries >= row.participants >= 1 for row in rows)


@pytest.mark.slow
@pytest.mark.django_db
def test_the_command_writes_it_for_its_contest():
    load()
    figures = baseline_of(Contest.objects.get())
    assert (figures.label, figures.units, figures.entries) == ("Hội thi năm 2022", 11, 161)
    assert figures.source.startswith("Số liệu công bố năm 2022")
    assert len(figures.by_unit) == 11
    assert sum(unit.entries for unit in figures.by_unit.values()) == 161
    assert figures.notes == []


@pytest.mark.slow
@pytest.mark.django_db
def test_a_failure_in_it_leaves_no_contest_behind(monkeypatch):
    monkeypatch.setattr(demo, "_write", lambda rows: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        load()
    assert [model.objects.count() for model in (Contest, Round, Baseline)] == [0, 0, 0]
