"""A panel's result: computed once locked, frozen with its input, ordered by the chair, published, verified."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from accounts.models import AuditEntry, Role
from accounts.problems import Refused
from contest.record_format import canonical, digest
from notifications.models import Notification
from tests.factories import grant, make_unit, make_user
from tests.videos.panels import lock, organiser_of, panel, tied
from tests.videos.world import make_clip, make_clip_contest, start_scoring
from videos.models import (
    ChairDecision,
    ClipState,
    CriterionScore,
    PanelResult,
    ScoreSheet,
    SheetState,
)
from videos.result.computing import standings_of
from videos.result.services import compute_result, latest_result, open_ties, order_tied, publish_result

pytestmark = pytest.mark.django_db


def shown(result):
    return [
        (row.clip.number, row.rank, row.score, row.raw_mean, row.deviation, row.sheets, row.is_disputed, row.prize)
        for row in result.standings.select_related("clip")
    ]


# --- Computing --------------------------------------------------------------------------------------


def test_a_result_by_hand():
    """Totals: A 90 and 85, B 88 and 60, C 70 alone. B's sheets differ by 28 of 100, more than the 20% allowed."""
    clip_contest, _judges, _clips = panel(
        [(65, 25), (60, 25)], [(60, 28), (40, 20)], [(50, 20)], disagreement_percent=20
    )
    result = compute_result(clip_contest=clip_contest, actor=None)
    assert shown(result) == [
        (1, 1, Decimal("87.50"), Decimal("87.50"), Decimal("3.54"), 2, False, "Giải Nhất"),
        (2, 2, Decimal("74.00"), Decimal("74.00"), Decimal("19.80"), 2, True, "Giải Nhì"),
        (3, 3, Decimal("70.00"), Decimal("70.00"), None, 1, False, ""),
    ]
    assert result.version == 1
    assert result.input_hash == digest(canonical(result.input))
    assert result.result_hash == digest(canonical(standings_of(result.input)))


def test_an_adjusted_result_by_hand():
    """GK1 gives 10 more than GK2 on A; GK2 gives 10 more than GK3 on B: both are worth 80, the mean says 85 and 75."""
    clip_contest, _judges, _clips = panel(
        [(60, 30), (50, 30)], [None, (50, 30), (50, 20)], judges=3, combination="severity", tie_chain=["raw_mean:desc"]
    )
    result = compute_result(clip_contest=clip_contest, actor=None)
    assert [row[:4] for row in shown(result)] == [
        (1, 1, Decimal("80.00"), Decimal("85.00")),
        (2, 2, Decimal("80.00"), Decimal("75.00")),
    ]


def test_sheets_without_a_score_count_for_nothing():
    clip_contest, judges, clips = panel([(60, 20)], [], judges=3, locked=False)
    for judge, state in ((judges[1], SheetState.ABSTAINED), (judges[2], SheetState.CLOSED)):
        ScoreSheet.objects.create(clip=clips[0], judge=judge, state=state, reason="Bận công tác")
    result = compute_result(clip_contest=lock(clip_contest), actor=None)
    assert shown(result) == [
        (1, 1, Decimal("80.00"), Decimal("80.00"), None, 1, False, "Giải Nhất"),
        (2, None, None, None, None, 0, False, ""),
    ]
    assert [one["state"] for one in result.input["without_score"]] == ["abstained", "closed"]


def test_only_accepted_clips_are_in_the_result():
    clip_contest, _judges, _clips = panel([(60, 20)])
    for state in (ClipState.SUBMITTED, ClipState.REJECTED, ClipState.SENT_BACK, ClipState.DRAFT):
        make_clip(clip_contest, state=state)
    assert [row[0] for row in shown(compute_result(clip_contest=clip_contest, actor=None))] == [1]


def test_prizes_by_kind_of_unit():
    clip_contest, _judges, _clips = panel(
        [(60, 20)], [(50, 20)], [(40, 20)], kinds=("Sở", "Xã", "Sở"), prizes=(("Giải Nhất", 1),), prizes_by_kind=True
    )
    result = compute_result(clip_contest=clip_contest, actor=None)
    assert [(row.clip.number, row.group, row.rank, row.prize) for row in result.standings.all()] == [
        (1, "Sở", 1, "Giải Nhất"),
        (3, "Sở", 2, ""),
        (2, "Xã", 1, "Giải Nhất"),
    ]


def test_nothing_is_computed_before_the_panel_locks():
    clip_contest, _judges, _clips = panel([(60, 20)])
    contest = make_clip_contest()
    start_scoring(contest)
    with pytest.raises(Refused, match="sau khi Ban Giám khảo khóa"):
        compute_result(clip_contest=contest, actor=None)
    assert PanelResult.objects.count() == 0
    assert compute_result(clip_contest=clip_contest, actor=None)


def test_the_same_input_keeps_the_same_version():
    clip_contest, _judges, _clips = panel([(60, 20)])
    actor = organiser_of(clip_contest)
    first = compute_result(clip_contest=clip_contest, actor=actor)
    assert compute_result(clip_contest=clip_contest, actor=actor) == first
    assert AuditEntry.objects.filter(verb="clip_result.compute").count() == 1


def test_a_unit_that_changes_its_kind_afterwards_moves_no_clip_to_another_group():
    clip_contest, _judges, clips = panel([(60, 20)], kinds=("Sở",), prizes_by_kind=True)
    first = compute_result(clip_contest=clip_contest, actor=None)
    clips[0].unit.kind = make_unit(kind="Xã").kind
    clips[0].unit.save()
    assert compute_result(clip_contest=clip_contest, actor=None) == first


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["videos_clipstanding", "videos_panelresult"])
def test_no_statement_changes_a_frozen_result(table, statement):
    clip_contest, _judges, _clips = panel([(60, 20)])
    compute_result(clip_contest=clip_contest, actor=None)
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


# --- Ties -------------------------------------------------------------------------------------------


def test_the_chairs_order_makes_the_next_version_and_leaves_the_first_as_it_was():
    clip_contest, _judges, clips = tied()
    actor = organiser_of(clip_contest)
    first = compute_result(clip_contest=clip_contest, actor=actor)
    assert [(row.clip.number, row.rank, row.prize, row.needs_draw) for row in first.standings.all()] == [
        (1, 1, "", True),
        (2, 1, "", True),
        (3, 3, "", False),
    ]
    assert len(open_ties(first)) == 1
    order = [str(clips[1].pk), str(clips[0].pk)]
    second = order_tied(clip_contest=clip_contest, clips=order, reason="Bốc thăm ngày 12/6", actor=actor)
    assert second.version == 2
    assert [(row.clip.number, row.rank, row.prize, row.needs_draw) for row in second.standings.all()] == [
        (1, 1, "Giải Nhì", False),
        (2, 1, "Giải Nhất", False),
        (3, 3, "", False),
    ]
    assert open_ties(second) == []
    first.refresh_from_db()
    assert first.standings.filter(needs_draw=True).count() == 2
    assert ChairDecision.objects.get().order == order
    assert AuditEntry.objects.get(verb="clip_result.order_tied").after["order"] == [2, 1]


@pytest.mark.slow
@pytest.mark.parametrize("chosen", [[0], [0, 2], [0, 1, 2], [0, 0], []])
def test_an_order_must_be_of_exactly_the_tied_clips(chosen):
    clip_contest, _judges, clips = tied()
    actor = organiser_of(clip_contest)
    compute_result(clip_contest=clip_contest, actor=actor)
    order = [str(clips[place].pk) for place in chosen]
    with pytest.raises(Refused, match="đúng những video bằng điểm"):
        order_tied(clip_contest=clip_contest, clips=order, reason="Bốc thăm", actor=actor)
    assert ChairDecision.objects.count() == 0


def test_an_order_needs_its_reason():
    clip_contest, _judges, clips = tied()
    actor = organiser_of(clip_contest)
    compute_result(clip_contest=clip_contest, actor=actor)
    with pytest.raises(Refused, match="Cần ghi lý do"):
        order_tied(clip_contest=clip_contest, clips=[str(clip.pk) for clip in clips[:2]], reason=" ", actor=actor)


# --- Publishing -------------------------------------------------------------------------------------


def test_publishing_tells_every_units_coordinators_once():
    clip_contest, _judges, clips = panel([(60, 20)], [(50, 20)], [(40, 20)])
    actor = organiser_of(clip_contest)
    coordinators = [make_user(), make_user()]
    for user, clip in zip(coordinators, (clips[0], clips[2]), strict=True):
        grant(user, Role.COORDINATOR, clip.unit)
    result = compute_result(clip_contest=clip_contest, actor=actor)
    publish_result(clip_contest=clip_contest, version=result.version, actor=actor)
    clip_contest.refresh_from_db()
    assert clip_contest.published_at is not None
    texts = {note.user_id: note.own_body for note in Notification.objects.all()}
    assert texts == {
        coordinators[0].pk: f"Video số 1 “{clips[0].title}”: Giải Nhất.",
        coordinators[1].pk: f"Video số 3 “{clips[2].title}” không đạt giải.",
    }
    assert AuditEntry.objects.get(verb="clip_result.publish").actor == actor


def test_an_open_tie_across_a_prize_keeps_the_result_from_being_published():
    clip_contest, _judges, clips = tied()
    actor = organiser_of(clip_contest)
    compute_result(clip_contest=clip_contest, actor=actor)
    with pytest.raises(Refused, match="2 video đồng hạng 1 cần Trưởng ban"):
        publish_result(clip_contest=clip_contest, actor=actor)
    order_tied(clip_contest=clip_contest, clips=[str(c.pk) for c in clips[:2]], reason="Bốc thăm", actor=actor)
    assert publish_result(clip_contest=clip_contest, actor=actor).version == 2


def test_what_was_not_looked_at_is_not_published():
    clip_contest, _judges, clips = tied()
    actor = organiser_of(clip_contest)
    with pytest.raises(Refused, match="Chưa có kết quả"):
        publish_result(clip_contest=clip_contest, actor=actor)
    compute_result(clip_contest=clip_contest, actor=actor)
    order_tied(clip_contest=clip_contest, clips=[str(c.pk) for c in clips[:2]], reason="Bốc thăm", actor=actor)
    with pytest.raises(Refused, match="Đã có bản kết quả mới hơn"):
        publish_result(clip_contest=clip_contest, version=1, actor=actor)


def test_a_published_result_is_published_once_and_ordered_no_more():
    clip_contest, _judges, clips = panel([(60, 20)], [(50, 20)])
    actor = organiser_of(clip_contest)
    compute_result(clip_contest=clip_contest, actor=actor)
    publish_result(clip_contest=clip_contest, actor=actor)
    with pytest.raises(Refused, match="đã được công bố"):
        publish_result(clip_contest=clip_contest, actor=actor)
    with pytest.raises(Refused, match="đã công bố"):
        order_tied(clip_contest=clip_contest, clips=[str(clips[0].pk)], reason="Sửa", actor=actor)
    assert compute_result(clip_contest=clip_contest, actor=actor) == latest_result(clip_contest)


# --- Verifying --------------------------------------------------------------------------------------


def verify(clip_contest):
    out, err = StringIO(), StringIO()
    try:
        call_command("verify_panel_result", str(clip_contest.pk), stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, err.getvalue()
    return 0, out.getvalue()


def test_a_result_can_be_computed_again():
    clip_contest, _judges, _clips = panel([(60, 20), (50, 25)], [(55, 15), (45, 20)])
    result = compute_result(clip_contest=clip_contest, actor=None)
    assert verify(clip_contest) == (0, f"OK {result.result_hash}\n")


def tamper(table, statement, *values):
    """As somebody with the database in their hands would, past every trigger."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE {table} SET {statement}", values)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_the_verifier_names_a_sheet_that_was_changed_afterwards():
    clip_contest, judges, clips = panel([(60, 20), (50, 25)])
    compute_result(clip_contest=clip_contest, actor=None)
    score = CriterionScore.objects.get(sheet__judge=judges[1], criterion__position=1)
    tamper("videos_criterionscore", "points = 70 WHERE id = %s", score.pk)
    code, said = verify(clip_contest)
    assert code == 1
    assert said.startswith(f"sheets, clip and judge {clips[0].pk} GK2: now ")
    assert "'70.00'" in said.split("frozen")[0]
    assert "'50.00'" in said.split("frozen")[1]
    assert len(said.splitlines()) == 1


def test_the_verifier_names_a_standing_that_was_changed_afterwards():
    clip_contest, _judges, clips = panel([(60, 20)], [(50, 20)])
    compute_result(clip_contest=clip_contest, actor=None)
    tamper("videos_clipstanding", "prize = 'Giải Nhất' WHERE rank = 2")
    code, said = verify(clip_contest)
    assert code == 1
    assert said.startswith(f"standing of clip {clips[1].pk}: ")


def test_the_verifier_names_an_input_that_was_changed_afterwards():
    clip_contest, _judges, _clips = panel([(60, 20)], [(50, 20)])
    result = compute_result(clip_contest=clip_contest, actor=None)
    tamper("videos_panelresult", "input = jsonb_set(input, '{sheets,0,points,0}', '\"10.00\"')")
    code, said = verify(clip_contest)
    assert code == 1
    lines = said.splitlines()
    assert lines[0].startswith(f"input: stored hash {result.input_hash}, recomputed ")
    assert lines[1].startswith(f"standings: stored hash {result.result_hash}, recomputed from the frozen input ")


def test_there_is_nothing_to_verify_before_there_is_a_result():
    clip_contest, _judges, _clips = panel([(60, 20)])
    assert verify(clip_contest)[0] == 1


# --- Cost -------------------------------------------------------------------------------------------


def test_computing_asks_the_database_as_often_for_one_clip_as_for_three(django_assert_num_queries):
    one, _judges, _clips = panel([(60, 20), (50, 20)])
    three, _judges, _clips = panel(*[[(60 - number, 20), (50, 20)] for number in range(3)])
    with django_assert_num_queries(16) as counted:
        compute_result(clip_contest=one, actor=None)
    with django_assert_num_queries(len(counted.captured_queries)):
        compute_result(clip_contest=three, actor=None)
