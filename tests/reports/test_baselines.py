"""Last year's figures: merges, splits, renames and chains of units, both origins, and the page that enters them."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEntry, Role
from contest.models import Round
from reports.baselines import Loss, YearFigures, baseline_of, carried_over
from reports.models import Baseline, BaselineUnit
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

TODAY = date(2026, 8, 1)

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


# --- Both origins -----------------------------------------------------------------------------------


def unit(code, *heirs, ended=None):
    made = make_unit(code, parent=make_root(), valid_to=ended)
    made.successors.set(heirs)
    return made


def entered(contest, *rows, **totals):
    totals = {"units": 9, "participants": 90, "entries": 99, "label": "Hội thi 2022", "source": "Báo cáo 12"} | totals
    baseline = Baseline.objects.create(contest=contest, **totals)
    BaselineUnit.objects.bulk_create(
        BaselineUnit(baseline=baseline, unit=unit, participants=people, entries=entries)
        for unit, people, entries in rows
    )
    return baseline


@pytest.mark.django_db
def test_without_a_baseline_there_is_nothing_to_compare_with():
    assert baseline_of(make_contest()) is None


@pytest.mark.django_db
def test_entered_figures_follow_merger_rename_and_split_and_name_what_nobody_gets():
    commune, renamed, half, other_half = unit("XA"), unit("MOI"), unit("T1"), unit("T2")
    ended = date(2026, 7, 1)
    one, two = unit("X1", commune, ended=ended), unit("X2", commune, ended=ended)
    old = unit("CU", renamed, ended=ended)
    split = unit("TACH", half, other_half, ended=ended)
    contest = make_contest()
    entered(contest, (one, 3, 5), (two, 4, 7), (commune, 1, 1), (old, 2, 2), (split, 6, 8))
    figures = baseline_of(contest, on=TODAY)
    assert (figures.label, figures.source, figures.units, figures.participants, figures.entries) == (
        "Hội thi 2022", "Báo cáo 12", 9, 90, 99
    )  # fmt: skip
    assert figures.by_unit == {"XA": year(13, 8), "MOI": year(2, 2)}
    assert [(lost.code, lost.loss, lost.figures) for lost in figures.lost] == [("TACH", Loss.SPLIT, year(8, 6))]
    (note,) = figures.notes
    assert note.startswith("Đơn vị TACH (TACH) đã tách thành nhiều đơn vị")


@pytest.mark.django_db
def test_the_day_decides_which_units_have_ended():
    new = unit("MOI")
    old = unit("CU", new, ended=date(2026, 7, 1))
    contest = make_contest()
    entered(contest, (old, 2, 2))
    assert baseline_of(contest, on=date(2026, 6, 30)).by_unit == {"CU": year(2, 2)}
    assert baseline_of(contest, on=date(2026, 7, 1)).by_unit == {"MOI": year(2, 2)}


@pytest.mark.django_db
def test_an_earlier_contest_is_counted_over_its_rounds_people_once_entries_all():
    a, b = unit("A1"), unit("B2")
    unit("C3")
    earlier = make_contest(unit=make_root(), title="Hội thi 2025", attempts_allowed=2)
    first, second, running = past_round(earlier), past_round(earlier), open_round(earlier)
    practice = past_round(earlier, number=0, is_practice=True)
    moved, faithful = make_user(unit=a), make_user(unit=a)
    make_attempt(first, moved)
    make_attempt(second, moved, unit=b)
    make_attempt(first, faithful)
    make_attempt(first, faithful, number=2)
    make_attempt(first, make_user(unit=b), state="abandoned", answers="")
    make_attempt(running, faithful)
    make_attempt(practice, make_user(unit=b))
    Round.objects.filter(pk__in=[first.pk, second.pk, practice.pk]).update(state="final", version=1)
    contest = make_contest()
    Baseline.objects.create(contest=contest, label="Hội thi năm ngoái", earlier=earlier)
    figures = baseline_of(contest)
    assert (figures.units, figures.participants, figures.entries) == (2, 2, 4)
    assert figures.by_unit == {"A1": year(3, 2), "B2": year(1, 1)}
    assert figures.source == "Hội thi “Hội thi 2025” trong cổng"


@pytest.mark.django_db
def test_an_earlier_contest_that_nobody_entered_is_all_zero():
    contest = make_contest()
    Baseline.objects.create(contest=contest, label="Năm ngoái", earlier=make_contest())
    figures = baseline_of(contest)
    assert (figures.units, figures.participants, figures.entries, figures.has_units) == (0, 0, 0, False)


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_units():
    contest = make_contest()
    baseline = entered(contest, (unit("A0"), 1, 1))

    def queries():
        with CaptureQueriesContext(connection) as captured:
            baseline_of(contest)
        return len(captured)

    before = queries()
    for number in range(1, 4):
        old = unit(f"A{number}", unit(f"B{number}"), ended=date(2026, 7, 1))
        BaselineUnit.objects.create(baseline=baseline, unit=old, participants=1, entries=1)
    assert queries() == before <= 6


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"source": "", "units": 1, "entries": 1},
        {"source": "Báo cáo", "entries": 1},
        {"source": "Báo cáo", "units": 1},
    ],
)
def test_the_database_refuses_totals_without_source_or_without_figures(fields):
    contest = make_contest()
    with pytest.raises(IntegrityError), transaction.atomic():
        Baseline.objects.create(contest=contest, label="2022", **fields)


@pytest.mark.django_db
def test_the_database_refuses_a_contest_as_its_own_year_before():
    contest = make_contest()
    with pytest.raises(IntegrityError), transaction.atomic():
        Baseline.objects.create(contest=contest, label="2022", earlier=contest)


# --- The page ---------------------------------------------------------------------------------------

TOTALS = {"label": "Hội thi năm 2022", "source": "Báo cáo 12/BC", "units": 2, "participants": 8, "entries": 12}


@pytest.fixture
def contest():
    return make_contest(unit=make_root())


@pytest.fixture
def organiser(client, contest):
    user = make_user()
    grant(user, Role.ORGANISER)
    client.force_login(user)
    return user


def page(contest):
    return reverse("report-baseline", args=[contest.pk])


def csv_of(text, name="nam-truoc.csv"):
    return SimpleUploadedFile(name, text.encode())


def send(client, contest, file=None, **values):
    return client.post(page(contest), TOTALS | values | ({"file": csv_of(file)} if file is not None else {}))


@pytest.mark.django_db
def test_totals_and_units_are_stored_with_a_trace(client, contest, organiser):
    make_unit("A1", parent=contest.unit)
    make_unit("B2", parent=contest.unit)
    answer = send(client, contest, "unit_code,participants,entries\nA1,3,5\nB2,,7\n")
    assert answer.url == page(contest)
    figures = baseline_of(contest)
    assert (figures.label, figures.source, figures.units, figures.participants, figures.entries) == (
        "Hội thi năm 2022", "Báo cáo 12/BC", 2, 8, 12
    )  # fmt: skip
    assert figures.by_unit == {"A1": year(5, 3), "B2": year(7)}
    entry = AuditEntry.objects.get(verb="baseline.save")
    assert (entry.actor, entry.after["entries"], entry.after["unit_rows"]) == (organiser, 12, 2)
    assert entry.after["file"] == "nam-truoc.csv"
    assert "12" in client.get(page(contest)).content.decode()


@pytest.mark.django_db
def test_without_a_file_the_units_stay_and_with_one_they_are_replaced(client, contest, organiser):
    make_unit("A1", parent=contest.unit)
    make_unit("B2", parent=contest.unit)
    send(client, contest, "unit_code,entries\nA1,5\n")
    send(client, contest, label="Năm 2022")
    assert (baseline_of(contest).label, baseline_of(contest).by_unit) == ("Năm 2022", {"A1": year(5)})
    send(client, contest, "Mã đơn vị;Số lượt dự thi\nB2;7\n")
    assert baseline_of(contest).by_unit == {"B2": year(7)}


@pytest.mark.django_db
def test_a_bad_row_writes_nothing_and_every_error_is_listed(client, contest, organiser):
    make_unit("A1", parent=contest.unit)
    make_unit("SO-Y-TE", name="Sở Y tế", parent=contest.unit)
    send(client, contest, "unit_code,entries\nA1,5\n")
    file = "unit_code,participants,entries\nA1,9,5\nSO-Y-TEE,1,1\nA1,1,1\n,1,1\nA1,x,-1\n"
    answer = send(client, contest, file, label="Nhãn mới")
    assert answer.status_code == 422
    assert {(note["row"], note["column"]) for note in answer.context["notes"]} >= {
        (2, "Số người tham gia"), (3, "Mã đơn vị"), (4, "Mã đơn vị"), (5, "Mã đơn vị"),
        (6, "Số người tham gia"), (6, "Số lượt dự thi"),
    }  # fmt: skip
    assert "Có phải “SO-Y-TE” (Sở Y tế)?" in answer.content.decode()
    assert (baseline_of(contest).label, baseline_of(contest).by_unit) == ("Hội thi năm 2022", {"A1": year(5)})
    assert AuditEntry.objects.filter(verb="baseline.save").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "file",
    [
        "unit_code,entries\nA1,5\nB2,8\n",
        "unit_code,entries\nA1,5\nB2,5\nC3,1\n",
        "unit_code,entries\nA1,x\n",
        "",
        "x\n1\n",
    ],
)
def test_units_that_say_more_than_the_totals_and_unreadable_files_are_refused(client, contest, organiser, file):
    for code in ("A1", "B2", "C3"):
        make_unit(code, parent=contest.unit)
    assert send(client, contest, file).status_code == 422
    assert not Baseline.objects.exists()
    assert not BaselineUnit.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize(
    "values",
    [{"label": ""}, {"source": ""}, {"units": ""}, {"entries": ""}, {"entries": "-1"}, {"participants": 13},
     {"units": 2**31}, {"source": "x" * 501}, {"label": "\x00"}],
)  # fmt: skip
def test_incomplete_or_impossible_totals_are_refused(client, contest, organiser, values):
    assert send(client, contest, **values).status_code == 422
    assert not Baseline.objects.exists()


@pytest.mark.django_db
def test_an_earlier_contest_takes_the_place_of_totals_and_units(client, contest, organiser):
    make_unit("A1", parent=contest.unit)
    send(client, contest, "unit_code,entries\nA1,5\n")
    earlier = make_contest(unit=make_root())
    assert send(client, contest, earlier=earlier.pk).status_code == 302
    stored = Baseline.objects.get()
    assert (stored.earlier, stored.source, stored.units, stored.participants, stored.entries) == (
        earlier, "", None, None, None
    )  # fmt: skip
    assert not BaselineUnit.objects.exists()


@pytest.mark.django_db
def test_only_contests_within_reach_are_on_offer(client):
    own, other = make_unit("SO-A", parent=make_root()), make_unit("SO-B", parent=make_root())
    contest, foreign = make_contest(unit=own), make_contest(unit=other)
    user = make_user()
    grant(user, Role.ORGANISER, own)
    client.force_login(user)
    make_unit("X9", parent=other)
    assert send(client, contest, earlier=foreign.pk).status_code in (302, 422)
    assert not Baseline.objects.filter(earlier=foreign).exists()
    answer = send(client, contest, "unit_code,entries\nX9,1\n")
    assert answer.status_code == 422
    assert "Không có đơn vị nào mang mã “X9”" in answer.content.decode()
    assert client.get(page(foreign)).status_code == 404


@pytest.mark.django_db
def test_figures_can_be_removed_and_that_is_traced(client, contest, organiser):
    send(client, contest)
    client.post(page(contest), {"remove": "1"})
    assert baseline_of(contest) is None
    assert AuditEntry.objects.get(verb="baseline.remove").before["entries"] == 12
    client.post(page(contest), {"remove": "1"})
    assert AuditEntry.objects.filter(verb="baseline.remove").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "reads", "writes"), [
    (Role.ORGANISER, 200, 302), (Role.AUDITOR, 200, 404), (Role.SECRETARY, 404, 404), (Role.COORDINATOR, 404, 404)
])  # fmt: skip
def test_organisers_enter_and_auditors_read(client, contest, role, reads, writes):
    user = make_user()
    grant(user, role)
    client.force_login(user)
    assert client.get(page(contest)).status_code == reads
    assert send(client, contest).status_code == writes


@pytest.mark.django_db
def test_a_sample_file_is_offered(client, contest, organiser):
    answer = client.get(page(contest), {"template": "csv"})
    assert answer.content.decode("utf-8-sig").splitlines()[0] == "Mã đơn vị;Số người tham gia;Số lượt dự thi"
