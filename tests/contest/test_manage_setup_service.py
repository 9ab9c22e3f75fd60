"""Contest, blocks, people outside the ranking and headcounts: stored with a trace, or refused whole."""

import pytest

from accounts.models import AuditEntry, Unit, UnitKind
from accounts.problems import Refused
from contest.models import Block, Contest
from contest.services import setup
from tests.factories import (
    draft_round,
    make_block,
    make_contest,
    make_root,
    make_unit,
    make_user,
    open_round,
    past_round,
)  # fmt: skip

pytestmark = pytest.mark.django_db


def kind(name: str) -> UnitKind:
    return UnitKind.objects.get_or_create(name=name)[0]


# --- The contest ------------------------------------------------------------------------------------


def test_a_contest_is_stored_and_the_trace_names_what_changed():
    actor = make_user()
    contest = setup.save_contest(contest=Contest(slug="a", title="Hội thi A", unit=make_root()), actor=actor)
    contest.attempts_allowed = 2
    setup.save_contest(contest=contest, actor=actor)
    setup.save_contest(contest=contest, actor=actor)
    created, edited = AuditEntry.objects.order_by("id")
    assert (created.verb, created.after["opens_time"]) == ("contest.create", "00:00:00")
    assert (edited.verb, edited.before, edited.after) == (
        "contest.edit",
        {"attempts_allowed": 1},
        {"attempts_allowed": 2},
    )


def test_settings_that_do_not_fit_are_refused_together():
    contest = make_contest()
    contest.prediction_decimals, contest.window_minutes = 2, 10
    with pytest.raises(Refused) as refusal:
        setup.save_contest(contest=contest, actor=make_user())
    assert len(refusal.value.reasons) == 2
    contest.refresh_from_db()
    assert (contest.prediction_decimals, contest.window_minutes) == (0, 10080)
    assert AuditEntry.objects.count() == 0


def test_address_and_unit_are_fixed_once_a_round_is_scheduled():
    contest = make_contest(slug="cu")
    draft_round(contest)
    contest.slug = "moi"
    setup.save_contest(contest=contest, actor=make_user())  # the control: a draft fixes nothing
    open_round(contest)
    contest.slug, contest.unit = "khac", make_unit(parent=make_root())
    with pytest.raises(Refused) as refusal:
        setup.save_contest(contest=contest, actor=make_user())
    assert len(refusal.value.reasons) == 2
    contest.refresh_from_db()
    assert contest.slug == "moi"


def test_a_contest_with_an_open_round_is_not_hidden():
    busy, quiet = make_contest(), make_contest()
    open_round(busy)
    past_round(quiet)
    with pytest.raises(Refused):
        setup.hide_contest(contest=busy, actor=make_user())
    setup.hide_contest(contest=quiet, actor=make_user())
    setup.hide_contest(contest=quiet, actor=make_user())
    assert dict(Contest.objects.values_list("pk", "is_public")) == {busy.pk: True, quiet.pk: False}
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["contest.hide"]
    setup.show_contest(contest=quiet, actor=make_user())
    assert Contest.objects.get(pk=quiet.pk).is_public


# --- Blocks -----------------------------------------------------------------------------------------


def test_a_kind_belongs_to_one_block_of_a_contest():
    contest, health, school = make_contest(), kind("Bệnh viện"), kind("Trường học")
    setup.save_block(block=Block(contest=contest, code="A", name="Bảng A"), kinds=[health], actor=make_user())
    with pytest.raises(Refused) as refusal:
        setup.save_block(
            block=Block(contest=contest, code="A", name="Bảng B"), kinds=[health, school], actor=make_user()
        )
    assert [str(reason) for reason in refusal.value.reasons] == [
        "Mã bảng A đã có.",
        "Loại đơn vị “Bệnh viện” đã thuộc bảng khác.",
    ]
    setup.save_block(block=Block(contest=contest, code="B", name="Bảng B"), kinds=[school], actor=make_user())
    other = Block(contest=make_contest(), code="A", name="Bảng A")
    setup.save_block(block=other, kinds=[health], actor=make_user())
    assert Block.objects.count() == 3


def test_a_block_that_a_round_rests_on_keeps_code_and_kinds_while_it_runs():
    contest = make_contest()
    kind("Bệnh viện")
    block = make_block(contest, "A", "Bệnh viện")
    open_round(contest)
    block.name = "Tên mới"
    setup.save_block(block=block, kinds=block.kinds.all(), actor=make_user())
    block.code = "Z"
    with pytest.raises(Refused) as refusal:
        setup.save_block(block=block, kinds=[], actor=make_user())
    assert len(refusal.value.reasons) == 2
    with pytest.raises(Refused):
        setup.delete_block(block=Block.objects.get(), actor=make_user())
    assert list(Block.objects.values_list("code", "name")) == [("A", "Tên mới")]
    free = make_block(contest, "B")
    setup.delete_block(block=free, actor=make_user())
    assert Block.objects.count() == 1


# --- People outside the ranking ---------------------------------------------------------------------


def test_people_are_taken_out_of_the_ranking_by_employee_id_all_or_none():
    unit = make_unit(parent=make_root())
    contest = make_contest(unit=unit)
    one, two = make_user("NV-1", unit=unit), make_user("NV-2", unit=unit)
    make_user("NV-3", unit=make_unit(parent=make_root()))
    actor = make_user()
    with pytest.raises(Refused) as refusal:
        setup.exclude_people(contest=contest, employee_ids=["NV-1", "NV-3", "NV-9"], reason="Tổ ra đề", actor=actor)
    assert [str(reason) for reason in refusal.value.reasons] == [
        "Không có ai mang mã nhân viên NV-3 trong các đơn vị của hội thi.",
        "Không có ai mang mã nhân viên NV-9 trong các đơn vị của hội thi.",
    ]
    assert contest.ineligibilities.count() == 0
    assert setup.exclude_people(contest=contest, employee_ids=[" NV-1 "], reason="Tổ ra đề", actor=actor) == 1
    assert setup.exclude_people(contest=contest, employee_ids=["NV-1", "NV-2"], reason="Tổ ra đề", actor=actor) == 1
    assert set(contest.ineligibilities.values_list("user", flat=True)) == {one.pk, two.pk}
    setup.readmit_person(ineligibility=contest.ineligibilities.get(user=one), actor=actor)
    assert list(contest.ineligibilities.values_list("user", flat=True)) == [two.pk]
    assert AuditEntry.objects.count() == 3


# --- Headcounts -------------------------------------------------------------------------------------


def test_headcounts_of_a_draft_are_set_with_a_trace_of_what_changed():
    same, changed = make_unit(parent=make_root()), make_unit(parent=make_root(), headcount=5)
    round, actor = draft_round(), make_user()
    assert setup.set_headcounts(round=round, headcounts={same.pk: 10, changed.pk: 7}, actor=actor) == 1
    assert Unit.objects.get(pk=changed.pk).headcount == 7
    entry = AuditEntry.objects.get()
    assert (entry.object_id, entry.before, entry.after) == (str(changed.pk), {"headcount": 5}, {"headcount": 7})


def test_headcounts_of_other_units_or_a_scheduled_round_are_refused():
    ours, theirs = make_unit(parent=make_root()), make_unit(parent=make_root())
    contest = make_contest(unit=ours)
    for round, unit in ((draft_round(contest), theirs), (open_round(contest), ours)):
        with pytest.raises(Refused):
            setup.set_headcounts(round=round, headcounts={ours.pk: 99, unit.pk: 99}, actor=make_user())
    assert set(Unit.objects.exclude(parent=None).values_list("headcount", flat=True)) == {10}
