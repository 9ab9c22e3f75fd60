"""The ranking of units as its readers see it: provisional, frozen, published; line by line; files."""

import csv
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEntry, Role
from accounts.problems import Refused
from contest.closing import close_round
from contest.models import CollectiveRule
from contest.models.round import RoundState
from reports.collective import views
from reports.collective.documents import awards_document, collective_document, year_end_document
from reports.collective.freezing import freeze_collective, frozen_ranking, publish_collective, ranking_now
from reports.exports.files import write_file
from reports.models import CollectiveResult, CollectiveStanding, Export, UnitReport
from reports.services import run_export
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, past_round
from tests.faults.quiz import browser_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
RIGHT, WRONG = "B", "A"


def finish(round, state=RoundState.FINAL):
    close_round(round.pk)
    round.refresh_from_db()
    round.state = state
    round.opens_at -= timedelta(days=30)  # the deadlines of units' reports are over
    round.closes_at -= timedelta(days=30)
    round.save(update_fields=["state", "opens_at", "closes_at"])
    return round


class World:
    """Two rounds of three questions. `A`: 2 of 2 people, all right, both rounds. `B`: 1 of 2 (right), then 2 of 2 (one
    right, one zero). `C`: headcount 4, nobody ever."""

    def __init__(self, codes="ABC", state=RoundState.FINAL):
        self.root = make_root()
        self.contest = make_contest(unit=self.root)
        CollectiveRule.objects.create(contest=self.contest, weight_participation=60, weight_report=0)
        self.units = [
            make_unit(code, name=f"Sở {code}", parent=self.root, headcount=headcount)
            for code, headcount in zip(codes, (2, 2, 4), strict=False)
        ]
        self.people = {unit.code: [make_user(unit=unit) for _each in range(2)] for unit in self.units}
        plan = [[[RIGHT, RIGHT], [RIGHT, RIGHT]], [[RIGHT], [RIGHT, WRONG]], [[], []]]
        self.rounds = []
        for number in range(2):
            round = past_round(self.contest)
            for unit, papers in zip(self.units, plan, strict=False):
                for person, answers in zip(self.people[unit.code], papers[number], strict=False):
                    make_attempt(round, person, answers=answers, unit=unit)
            self.rounds.append(finish(round, state))

    def person(self, role, unit=None):
        person = make_user(unit=unit or self.root)
        grant(person, role, unit or self.root)
        return person


def text_of(answer):
    return " ".join(answer.content.decode().split())


def test_the_calculation_is_what_one_gets_by_hand():
    world = World()
    ranking = ranking_now(world.contest)
    by_code = {one["code"]: one for _unit, one in ranking.standings}
    # A: 60 × 100 + 20 × 100 + 20 × 100 − 10 × 0, each by the hundred.
    assert (by_code["A"]["total"], by_code["A"]["rank"], by_code["A"]["prize"]) == ("100.0000", 1, "Giải Nhất")
    # B: participation (50 + 100)/2; score (100 + 50)/2; perfect 2 of 3; zero 1 of 3.
    lines = {line["input"]: (line["value"], line["points"]) for line in by_code["B"]["lines"]}
    assert lines == {
        "participation": ("75.00", "45.0000"),
        "score": ("75.00", "15.0000"),
        "perfect": ("66.67", "13.3340"),
        "report": ("0.00", "0.0000"),
        "clip_duty": (None, "0.0000"),
        "clip_score": (None, "0.0000"),
        "zero": ("33.33", "-3.3330"),
    }
    assert (by_code["B"]["total"], by_code["B"]["rank"]) == ("70.0010", 2)
    assert (by_code["C"]["rank"], by_code["C"]["unranked"]) == (None, "no_participants")


def test_the_same_figures_keep_the_version_and_other_figures_make_a_new_one():
    world = World()
    organiser = world.person(Role.ORGANISER)
    first = freeze_collective(contest=world.contest, actor=organiser)
    assert freeze_collective(contest=world.contest, actor=organiser) == first
    assert first.digest == ranking_now(world.contest).digest
    assert list(first.standings.values_list("position", "unit__code")) == [(1, "A"), (2, "B"), (3, "C")]
    world.rounds[0].round_units.filter(unit=world.units[1]).update(headcount=1)
    second = freeze_collective(contest=world.contest, actor=organiser)
    assert (second.version, CollectiveResult.objects.count(), CollectiveStanding.objects.count()) == (2, 2, 6)
    assert second.digest != first.digest
    verbs = AuditEntry.objects.filter(verb__startswith="collective").values_list("verb", "after__version")
    assert list(verbs.order_by("pk")) == [("collective.freeze", 1), ("collective.freeze", 2)]
    with pytest.raises(Refused, match="bản mới hơn"):
        publish_collective(result=first, actor=organiser)


def test_a_contest_that_is_not_over_or_ranks_nobody_is_not_frozen():
    world = World(state=RoundState.PUBLISHED)
    organiser = world.person(Role.ORGANISER)
    with pytest.raises(Refused, match="Tuần 1, Tuần 2"):
        freeze_collective(contest=world.contest, actor=organiser)
    with pytest.raises(Refused, match="không xếp hạng tập thể"):
        freeze_collective(contest=make_contest(), actor=organiser)
    assert not CollectiveResult.objects.exists()


def test_readers_of_results_see_all_and_coordinators_only_what_is_published_and_their_own_points():
    world = World()
    organiser, secretary = world.person(Role.ORGANISER), world.person(Role.SECRETARY)
    coordinator = world.person(Role.COORDINATOR, world.units[1])
    address = reverse("report-collective", args=[world.contest.pk])
    unit_page = [reverse("report-collective-unit", args=[world.contest.pk, unit.pk]) for unit in world.units]
    for person in (organiser, secretary, world.person(Role.AUDITOR)):
        page = text_of(browser_of(person).get(address))
        assert "Tạm tính" in page
        assert "100,0000" in page
        assert browser_of(person).get(unit_page[0]).status_code == 200
    assert browser_of(coordinator).get(address).status_code == 404
    assert browser_of(secretary).post(reverse("report-collective-freeze", args=[world.contest.pk])).status_code == 404
    browser_of(organiser).post(reverse("report-collective-freeze", args=[world.contest.pk]))
    assert browser_of(coordinator).get(address).status_code == 404
    browser_of(organiser).post(reverse("report-collective-publish", args=[world.contest.pk]), {"version": 1})
    page = text_of(browser_of(coordinator).get(address))
    assert "Sở A" in page
    assert "70,0010" in page
    assert "100,0000" not in page
    assert browser_of(coordinator).get(unit_page[1]).status_code == 200
    assert browser_of(coordinator).get(unit_page[0]).status_code == 404
    assert browser_of(coordinator).get(reverse("report-awards", args=[world.contest.pk])).status_code == 404
    elsewhere = make_unit("KHAC", parent=world.root)
    for stranger in (make_user(), world.person(Role.COORDINATOR, elsewhere), world.person(Role.ADMINISTRATOR)):
        assert browser_of(stranger).get(address).status_code == 404


def test_only_the_version_that_was_looked_at_is_published():
    world = World()
    organiser = world.person(Role.ORGANISER)
    first = freeze_collective(contest=world.contest, actor=organiser)
    page = text_of(browser_of(organiser).get(reverse("report-collective", args=[world.contest.pk])))
    assert '<input type="hidden" name="version" value="1">' in page
    world.rounds[0].round_units.filter(unit=world.units[1]).update(headcount=1)
    unseen = freeze_collective(contest=world.contest, actor=world.person(Role.ORGANISER))
    publish = reverse("report-collective-publish", args=[world.contest.pk])
    assert "bản mới hơn" in text_of(browser_of(organiser).post(publish, {"version": first.version}, follow=True))
    for unknown in ("", "3", "²", "9" * 40, "-1"):
        browser_of(organiser).post(publish, {"version": unknown})
    assert not CollectiveResult.objects.published().exists()
    browser_of(organiser).post(publish, {"version": unseen.version})
    assert CollectiveResult.objects.published().get() == unseen


def test_a_unit_s_page_shows_every_line_and_the_sum():
    world = World()
    page = text_of(
        browser_of(world.person(Role.ORGANISER)).get(
            reverse("report-collective-unit", args=[world.contest.pk, world.units[1].pk])
        )
    )
    parts = ("Tuần 1: 1 ÷ 2", "Tuần 2: 2 ÷ 2")
    for text in (*parts, "75,00", "45,0000", "66,67", "13,3340", "−10%", "-3,3330", "70,0010"):
        assert text in page


@pytest.mark.parametrize(("days", "value"), [(1, "50.00"), (20, "0.00")])
def test_a_report_in_time_counts_and_a_late_one_does_not(days, value):
    world = World()
    sender = world.person(Role.COORDINATOR, world.units[0])
    closes = world.rounds[0].closes_at
    world.rounds[0].published_at = closes
    world.rounds[0].save(update_fields=["published_at"])
    UnitReport.objects.create(
        round=world.rounds[0], unit=world.units[0], version=1, state="sent", edited_by=sender, sent_by=sender,
        sent_at=closes + timedelta(days=days), digest="0" * 64,
    )  # fmt: skip
    lines = ranking_now(world.contest).standings[0][1]["lines"]
    report = next(line for line in lines if line["input"] == "report")
    assert report["value"] == value


def test_proposals_are_winners_people_always_perfect_prized_units_and_full_units(tmp_path):
    world = World()
    document = awards_document(world.contest)
    rows = [(row[0].code, row[1], row[3], row[5]) for row in document.tables[0].rows]
    assert [row for row in rows if row[0] == "collective_prize"] == [
        ("collective_prize", "", "A", "Giải Nhất"),
        ("collective_prize", "", "B", "Giải Nhì"),
    ]
    assert [row[2] for row in rows if row[0] == "full_unit"] == ["A"]
    perfect = {row[1] for row in rows if row[0] == "perfect"}
    always = [*world.people["A"], world.people["B"][0]]
    assert perfect == {person.full_name for person in always}
    assert {row[0] for row in rows} >= {"winner"}
    page = text_of(browser_of(world.person(Role.SECRETARY)).get(reverse("report-awards", args=[world.contest.pk])))
    for person in always:
        assert person.full_name in page


def test_the_year_end_file_has_a_row_per_unit_and_no_cell_that_computes(tmp_path):
    world = World()
    world.units[0].name = '=HYPERLINK("http://x")'
    world.units[0].save()
    write_file(year_end_document(world.contest), format="csv", target=tmp_path / "x.csv")
    with open(tmp_path / "x.csv", encoding="utf-8-sig", newline="") as file:
        rows = {row["unit_code"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["A", "B", "C"]
    assert rows["A"]["unit_name"] == '\'=HYPERLINK("http://x")'
    assert {key: rows["B"][key] for key in ("participation", "participants", "perfect", "zero", "mean_score", "total",
                                            "rank", "collective_prize")} == {
        "participation": "75.00", "participants": "3", "perfect": "2", "zero": "1", "mean_score": "75.00",
        "total": "70.0010", "rank": "2", "collective_prize": "Giải Nhì",
    }  # fmt: skip
    assert rows["C"]["mean_score"] == ""
    write_file(collective_document(world.contest), format="xlsx", target=tmp_path / "x.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert {'=HYPERLINK("http://x")', Decimal("70.001")} <= {
        Decimal(str(cell.value)) if isinstance(cell.value, float) else cell.value for cell in cells
    }


@pytest.mark.parametrize("kind", ["collective_ranking", "award_proposals", "year_end"])
def test_files_are_for_who_reads_the_contest_s_results(kind, settings, tmp_path):
    settings.EXPORT_DIR = tmp_path
    world = World()
    wish = {"kind": kind, "round": world.rounds[-1].pk, "format": "xlsx"}
    coordinator = world.person(Role.COORDINATOR, world.units[0])
    assert browser_of(coordinator).post(reverse("report-exports"), wish).status_code == 400
    secretary = world.person(Role.SECRETARY)
    assert browser_of(secretary).post(reverse("report-exports"), wish).status_code == 302
    export = Export.objects.get()
    assert run_export(export.pk)
    export.refresh_from_db()
    assert export.state == "done"
    answer = browser_of(secretary).get(reverse("report-export-download", args=[export.pk]))
    assert answer.status_code == 200


@pytest.mark.parametrize("is_frozen", [False, True])
@pytest.mark.parametrize("name", ["report-collective", "report-awards", "report-collective-unit"])
def test_a_page_takes_the_same_queries_for_one_unit_and_for_three(name, is_frozen):
    taken = []
    for codes in ("P", "XYZ"):
        world = World(codes)
        secretary = world.person(Role.SECRETARY)
        if is_frozen:
            freeze_collective(contest=world.contest, actor=secretary)
        browser = browser_of(secretary)
        of_unit = [world.units[0].pk] if name == "report-collective-unit" else []
        address = reverse(name, args=[world.contest.pk, *of_unit])
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        taken.append(len(queries))
    assert taken[0] == taken[1]


def test_a_frozen_ranking_is_read_a_page_at_a_time(monkeypatch):
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    world = World()
    secretary = world.person(Role.SECRETARY)
    result = freeze_collective(contest=world.contest, actor=secretary)
    publish_collective(result=result, actor=secretary)
    address = reverse("report-collective", args=[world.contest.pk])
    coordinator = world.person(Role.COORDINATOR, world.units[1])
    for person, own in ((secretary, []), (coordinator, ["B"])):
        browser = browser_of(person)
        with CaptureQueriesContext(connection) as queries:
            first = browser.get(address)
        second = browser.get(address, {"page": 2})
        assert [row["code"] for row in first.context["rows"]] == ["A", "B"]
        assert [row["code"] for row in second.context["rows"]] == ["C"]
        assert [row["code"] for row in first.context["own"]] == own
        whole = [query["sql"] for query in queries if '"calculation" FROM' in query["sql"]]
        assert [sql for sql in whole if "LIMIT" not in sql and "unit_id" not in sql.partition("WHERE")[2]] == []
    assert first.context["digest"] == result.digest == frozen_ranking(result).digest


def test_a_frozen_tie_at_the_end_of_a_prize_is_told_whatever_page_it_is_on():
    world = World()
    secretary = world.person(Role.SECRETARY)
    freeze_collective(contest=world.contest, actor=secretary)
    browser, address = browser_of(secretary), reverse("report-collective", args=[world.contest.pk])
    assert browser.get(address).context["undecided"] is False
    tied = CollectiveStanding.objects.get(unit__code="B")
    tied.calculation["is_undecided"] = True
    tied.save()
    assert browser.get(address).context["undecided"] is True


def test_long_lists_of_proposals_are_cut_and_paged(monkeypatch):
    monkeypatch.setattr(views, "PAGE_SIZE", 1)
    world = World()
    world.rounds[0].round_units.update(headcount=1)
    world.rounds[1].round_units.update(headcount=1)
    browser = browser_of(world.person(Role.SECRETARY))
    pages = [browser.get(reverse("report-awards", args=[world.contest.pk]), {"page": n}) for n in (1, 2, 3)]
    assert [one["code"] for one in pages[0].context["full"]] == ["A"]
    assert "Và 1 đơn vị khác, có đủ trong tệp tải về." in text_of(pages[0])
    always = [*world.people["A"], world.people["B"][0]]
    names = [person.full_name for person in sorted(always, key=lambda person: (person.sort_key, person.pk))]
    assert [[one.full_name for one in page.context["perfect"]] for page in pages] == [[name] for name in names]
    assert pages[0].context["perfect"].paginator.count == 3


def test_the_page_of_participation_leads_to_the_ranking_once_there_is_something_to_see():
    world = World()
    coordinator, secretary = world.person(Role.COORDINATOR, world.units[0]), world.person(Role.SECRETARY)
    link, page = reverse("report-collective", args=[world.contest.pk]), reverse("report-participation")
    assert link in text_of(browser_of(secretary).get(page))
    assert link not in text_of(browser_of(coordinator).get(page))
    result = freeze_collective(contest=world.contest, actor=secretary)
    publish_collective(result=result, actor=secretary)
    assert link in text_of(browser_of(coordinator).get(page))
