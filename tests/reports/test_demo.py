"""The demo's last year: the published totals of 2022, shared out over units, repeatable."""

import io
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import transaction

from accounts.models import RoleGrant, Unit, User
from contest.demo.plan import Plan
from contest.demo.rounds import SLUG
from contest.demo.units import make_units
from contest.models import Contest, Round
from reports import demo
from reports.baselines import baseline_of
from reports.demo import make_last_year
from reports.freezing import freeze_due_reports
from reports.issuing import issuing_body_of
from reports.models import Baseline, ReportState, RoundReport, UnitReport
from reports.unit_reports.figures import unit_dataset
from reports.unit_reports.overview import MISSING, overview_of

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
    figures = baseline_of(Contest.objects.get(slug=SLUG))
    assert (figures.label, figures.units, figures.entries) == ("Hội thi năm 2022", 11, 161)
    assert figures.source.startswith("Số liệu công bố năm 2022")
    assert len(figures.by_unit) == 11
    assert sum(unit.entries for unit in figures.by_unit.values()) == 161
    assert figures.notes == []


@pytest.mark.slow
@pytest.mark.django_db
def test_units_have_reported_in_every_way_that_there_is():
    load(units=60, staff=400, rounds=4)
    root = Unit.objects.get(parent=None)
    found = {round.number: overview_of(round, Unit.objects.all()) for round in Round.objects.filter(number__in=(1, 2))}
    assert found[2].counts | {"units": 60} == found[2].counts
    assert all(found[2].counts[name] for name in ("sent", "late", "to_do", "waiting", "nobody"))
    assert {line.state for line in found[2].lines} == {MISSING, "sent", "returned", "accepted"}
    assert {line.state for line in found[1].lines} == {MISSING, "accepted"}
    assert {line.version for line in found[2].lines} == {None, 1, 2}
    own = RoleGrant.objects.get(user__employee_id="coordinator").unit
    report = UnitReport.objects.get(round=found[2].round, unit=own)
    assert (report.state, report.decided_by.employee_id) == (ReportState.RETURNED, "secretary")
    counted = unit_dataset(found[2].round, own)
    assert {**report.dataset, "as_of": ""} == {**counted, "as_of": "", "remarks": report.dataset["remarks"]}
    assert list(RoundReport.objects.values_list("round__number", "unit", "number")) == [
        (1, root.pk, 1),
        (2, root.pk, 1),
    ]
    assert freeze_due_reports() == 0
    body = issuing_body_of(Contest.objects.get(slug=SLUG))
    assert body.pk
    assert body.signer_name == User.objects.get(employee_id="organiser").full_name
    assert "76/NQ-CP" in body.basis_lines[0]


@pytest.mark.slow
@pytest.mark.django_db
def test_equal_arguments_give_equal_paperwork():
    def paperwork():
        with transaction.atomic():
            load()
            reports = UnitReport.objects.values_list(
                "unit__code", "version", "state", "sent_at", "decided_at", "digest"
            )
            rows = [*reports.order_by("pk"), *RoundReport.objects.order_by("pk").values_list("dataset", "as_of")]
            transaction.set_rollback(True)
        return rows

    first = paperwork()
    assert len(first) > 5
    assert paperwork() == first


@pytest.mark.slow
@pytest.mark.django_db
def test_a_failure_in_it_leaves_no_contest_behind(monkeypatch):
    monkeypatch.setattr(demo, "_write", lambda rows: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        load()
    assert [model.objects.count() for model in (Contest, Round, Baseline, UnitReport)] == [0, 0, 0, 0]
