"""Units tied where a prize ends: what the committee decides is recorded once, and told wherever prizes are."""

from datetime import date

import pytest
from django.urls import reverse

from accounts.models import AuditEntry, Role
from accounts.problems import Refused
from contest.models import CollectiveRule
from reports.collective.deciding import decide_tie
from reports.collective.documents import awards_document, year_end_document
from reports.collective.freezing import freeze_collective, frozen_ranking, publish_collective, ranking_now
from reports.models import CollectiveDecision
from tests.factories import make_attempt, make_contest, make_root, make_unit, make_user, past_round
from tests.faults.quiz import browser_of
from tests.reports.test_collective_pages import World, finish, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class Tied(World):
    """Three equal units and two prizes, frozen."""

    def __init__(self):
        self.root = make_root()
        self.contest = make_contest(unit=self.root)
        prizes = [["Giải Nhất", 1], ["Giải Nhì", 1]]
        CollectiveRule.objects.create(contest=self.contest, weight_participation=60, weight_report=0, prizes=prizes)
        self.units = [make_unit(code, name=f"Sở {code}", parent=self.root, headcount=1) for code in "ABC"]
        round = past_round(self.contest, prizes=())
        for unit in self.units:
            make_attempt(round, make_user(unit=unit))
        self.rounds = [finish(round)]
        self.organiser = self.person(Role.ORGANISER)
        self.result = freeze_collective(contest=self.contest, actor=self.organiser)

    def decide(self, codes="CAB", **fields):
        by_code = {unit.code: unit.pk for unit in self.units}
        fields = {"method": "lots", "reason": "Biên bản số 5", "actor": self.organiser} | fields
        return decide_tie(result=self.result, units=[by_code[code] for code in codes], **fields)

    def prizes(self, result=None):
        standings = frozen_ranking(result or self.result).standings
        return {one["code"]: (one["prize"], one["is_undecided"]) for _unit, one in standings}


def test_the_prizes_go_in_the_order_decided_and_the_frozen_calculation_stays_as_it_was():
    world = Tied()
    assert world.prizes() == dict.fromkeys("ABC", ("", True))
    world.decide("CAB")
    assert world.prizes() == {"C": ("Giải Nhất", False), "A": ("Giải Nhì", False), "B": ("", False)}
    assert frozen_ranking(world.result).digest == world.result.digest
    assert freeze_collective(contest=world.contest, actor=world.organiser) == world.result
    entry = AuditEntry.objects.get(verb="collective.decide_tie")
    assert entry.after == {
        "version": 1, "group": "Tất cả đơn vị", "rank": 1, "prizes": ["Giải Nhất", "Giải Nhì"],
        "units": ["C", "A", "B"], "method": "lots", "reason": "Biên bản số 5",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("codes", "fields"),
    [("CA", {}), ("CAA", {}), ("CAB", {"reason": " "}), ("CAB", {"method": "guess"}), ("CAB", {"method": ""})],
)
def test_half_a_tie_no_reason_and_no_method_are_refused(codes, fields):
    world = Tied()
    with pytest.raises(Refused):
        world.decide(codes, **fields)
    assert not CollectiveDecision.objects.exists()


def test_a_tie_is_decided_once_and_in_the_latest_version_only():
    world = Tied()
    world.decide("CAB")
    with pytest.raises(Refused, match="đang chờ quyết định"):
        world.decide("ABC")
    world.rounds[0].round_units.filter(unit=world.units[2]).update(headcount=2)
    second = freeze_collective(contest=world.contest, actor=world.organiser)
    assert second.version == 2
    with pytest.raises(Refused, match="bản mới hơn"):
        world.decide("ABC")


def test_a_decision_holds_in_a_later_version_as_long_as_the_very_tie_stands():
    world = Tied()
    world.decide("CAB")
    other = make_unit("D", name="Sở D", parent=world.root, headcount=4)
    world.rounds[0].round_units.create(unit=other, parent=world.root, kind=other.kind, headcount=4)
    make_person = make_user(unit=other)
    make_attempt(world.rounds[0], make_person, answers="A")
    second = freeze_collective(contest=world.contest, actor=world.organiser)
    assert second.version == 2
    kept = {"C": ("Giải Nhất", False), "A": ("Giải Nhì", False), "B": ("", False)}
    assert {code: world.prizes(second)[code] for code in "ABC"} == kept
    world.rounds[0].round_units.filter(unit=world.units[2]).update(headcount=2)  # C falls behind: another tie
    third = freeze_collective(contest=world.contest, actor=world.organiser)
    assert {code: world.prizes(third)[code] for code in "ABC"} == {"A": ("", True), "B": ("", True), "C": ("", False)}


def test_organisers_record_it_on_a_page_that_readers_of_results_see():
    world = Tied()
    page, ranking = (reverse(name, args=[world.contest.pk]) for name in ("report-collective-ties", "report-collective"))
    first, second, third = world.units
    sent = {
        "tie": first.pk, f"place-{first.pk}": "2", f"place-{second.pk}": "3", f"place-{third.pk}": "1",
        "method": "lots", "reason": "Bốc thăm lúc 9 giờ",
    }  # fmt: skip
    organiser, secretary = browser_of(world.organiser), browser_of(world.person(Role.SECRETARY))
    assert page in text_of(secretary.get(ranking))
    assert "<textarea" not in text_of(secretary.get(page))
    assert secretary.post(page, sent).status_code == 404
    wrong = organiser.post(page, sent | {f"place-{first.pk}": "3"})
    assert wrong.status_code == 422
    assert "không trùng và không bỏ trống" in text_of(wrong)
    assert "Bốc thăm lúc 9 giờ</textarea>" in text_of(wrong)
    assert organiser.post(page, sent).status_code == 302
    said = text_of(secretary.get(page))
    assert 'Sở C <span class="soft">(Giải Nhất)' in said
    assert 'Sở B <span class="soft">(không có giải)' in said
    assert page not in text_of(secretary.get(ranking))


def test_units_read_in_their_calculation_how_their_tie_was_decided():
    world = Tied()
    world.decide("CAB", method="decision", reason="Theo biên bản họp số 7")
    publish_collective(result=world.result, actor=world.organiser)
    for unit, words in zip(world.units, ("<strong>Giải Nhì</strong>", "Không còn giải cho thứ tự này."), strict=False):
        coordinator = browser_of(world.person(Role.COORDINATOR, unit))
        page = text_of(coordinator.get(reverse("report-collective-unit", args=[world.contest.pk, unit.pk])))
        assert "Quyết định của Ban Tổ chức: thứ tự" in page
        assert "Theo biên bản họp số 7" in page
        assert words in page


def test_proposals_and_year_end_figures_tell_the_prizes_that_were_decided():
    world = Tied()
    world.decide("CAB")
    rows = [row for row in awards_document(world.contest).tables[0].rows if row[0].code == "collective_prize"]
    place = "Hạng 1, Tất cả đơn vị (bốc thăm)"
    assert [(row[3], row[5], row[6]) for row in rows] == [("C", "Giải Nhất", place), ("A", "Giải Nhì", place)]
    year = {row[0]: row[-2] for row in year_end_document(world.contest).tables[0].rows}
    assert year == {"A": "Giải Nhì", "B": "", "C": "Giải Nhất"}


# --- Units that merged --------------------------------------------------------------------------------


def test_a_unit_that_merged_during_the_contest_brings_its_weeks_to_its_successor():
    world = World()
    ended, heir = world.units[1], world.units[0]
    world.rounds[1].round_units.filter(unit=ended).delete()
    ended.valid_to = date(2020, 1, 2)
    ended.save()
    ended.successors.add(heir)
    by_code = {one["code"]: one for _unit, one in ranking_now(world.contest).standings}
    assert set(by_code) == {"A", "C"}
    # Tuần 1: A 2 of 2 and B 1 of 2, all right; tuần 2: A's 2 of 2.
    lines = {line["input"]: line for line in by_code["A"]["lines"]}
    assert lines["participation"]["parts"] == [["Tuần 1", "3", "4"], ["Tuần 2", "2", "2"]]
    assert (lines["participation"]["value"], lines["score"]["value"]) == ("87.50", "100.00")
    assert by_code["A"]["predecessors"] == ["Sở B"]
    page = browser_of(world.person(Role.SECRETARY)).get(
        reverse("report-collective-unit", args=[world.contest.pk, heir.pk])
    )
    assert "Số liệu các tuần trước gồm cả: Sở B" in text_of(page)


def test_a_unit_that_was_split_keeps_its_weeks_to_itself_and_is_not_ranked():
    world = World()
    ended = world.units[1]
    world.rounds[1].round_units.filter(unit=ended).delete()
    ended.valid_to = date(2020, 1, 2)
    ended.save()
    ended.successors.add(world.units[0], world.units[2])
    by_code = {one["code"]: one for _unit, one in ranking_now(world.contest).standings}
    assert (by_code["B"]["unranked"], by_code["B"]["participants"]) == ("left", 1)
    assert "predecessors" not in by_code["A"]
