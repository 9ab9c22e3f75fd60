"""Frozen reports: numbered, the same for the same figures, whole or not at all, and never changed."""

import threading
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.clock import server_now
from accounts.models import AuditEntry, User
from accounts.problems import Refused
from contest.models import Attempt, Round
from reports import freezing, tasks
from reports.datasets import weekly
from reports.datasets.final import final_dataset
from reports.datasets.weekly import weekly_dataset
from reports.freezing import (
    digest_of,
    freeze_due_reports,
    freeze_final_report,
    freeze_round_report,
)
from reports.handin.reading import SCORES, without_scores
from reports.models import RoundReport
from tests.factories import make_attempt, make_contest, make_root, make_unit, make_user, open_round, past_round
from tests.together import at_once

WEEK = timedelta(days=7)


def ranked_round(contest=None, **fields) -> Round:
    """A round with two participants, as a finished close leaves it."""
    contest = contest or make_contest(unit=make_root())
    unit = make_unit(parent=contest.unit)
    round = past_round(contest, **fields)
    for answers in ("B", "A"):
        make_attempt(round, make_user(unit=unit), answers=answers)
    return set_state(round, "ranked")


def set_state(round: Round, state: str) -> Round:
    round.state, round.version = state, 1
    round.save()
    return round


@pytest.mark.django_db
def test_the_same_figures_make_no_new_report_and_have_the_same_digest():
    round = ranked_round()
    first = freeze_round_report(round=round, unit=round.contest.unit, actor=make_user())
    again = freeze_round_report(round=round, unit=round.contest.unit, actor=None)
    assert again == first
    assert first.number == 1
    assert RoundReport.objects.count() == 1
    assert digest_of(weekly_dataset(round, round.contest.unit)) == first.digest
    stored = RoundReport.objects.get()
    assert digest_of(stored.dataset) == stored.digest
    assert stored.dataset["as_of"] != weekly_dataset(round, round.contest.unit)["as_of"]


@pytest.mark.django_db
def test_other_figures_make_the_next_number_and_leave_the_report_before_as_it_was():
    round = ranked_round()
    unit = round.contest.unit
    first = freeze_round_report(round=round, unit=unit, actor=None)
    before = RoundReport.objects.get().dataset
    make_attempt(round, make_user(unit=make_unit(parent=unit)))
    User.objects.filter(attempts__round=round).update(linked_at=round.opens_at)
    second = freeze_round_report(round=round, unit=unit, actor=None)
    assert (first.number, second.number) == (1, 2)
    assert second.digest != first.digest
    assert RoundReport.objects.get(number=1).dataset == before
    assert RoundReport.objects.latest_first().first() == second


@pytest.mark.django_db
def test_freezing_is_in_the_trace_with_who_did_it_once_for_each_report():
    round, actor = ranked_round(), make_user()
    report = freeze_round_report(round=round, unit=round.contest.unit, actor=actor)
    freeze_round_report(round=round, unit=round.contest.unit, actor=actor)
    entry = AuditEntry.objects.get(verb="report.freeze")
    assert (entry.actor, entry.object_id, entry.unit_id) == (actor, str(report.pk), round.contest.unit_id)
    assert entry.after == {"number": 1, "digest": report.digest, "source": "1:ranked:1"}


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["draft", "scheduled", "closed"])
def test_a_round_without_a_result_is_refused_and_leaves_nothing(state):
    round = open_round(make_contest(unit=make_root()))
    set_state(round, state)
    with pytest.raises(Refused):
        freeze_round_report(round=round, unit=round.contest.unit, actor=None)
    with pytest.raises(Refused):
        freeze_final_report(contest=round.contest, unit=round.contest.unit, actor=None)
    assert not RoundReport.objects.exists()


@pytest.mark.django_db
def test_a_unit_that_has_no_part_in_the_round_is_refused():
    round = ranked_round()
    stranger = make_unit(parent=round.contest.unit)  # made after the round's units were copied
    with pytest.raises(Refused):
        freeze_round_report(round=round, unit=stranger, actor=None)


@pytest.mark.django_db
def test_a_departments_report_holds_its_own_units_only_and_has_its_own_numbers():
    root = make_root()
    health = make_unit("SYT", parent=root)
    make_unit("BV1", parent=health)
    make_unit("XA1", parent=root)
    round = ranked_round(make_contest(unit=root))
    whole = freeze_round_report(round=round, unit=root, actor=None)
    part = freeze_round_report(round=round, unit=health, actor=None)
    assert [unit["unit_code"] for unit in part.dataset["units"]] == ["BV1", "SYT"]
    assert {"BV1", "SYT", "XA1"} <= {unit["unit_code"] for unit in whole.dataset["units"]}
    assert (whole.number, part.number) == (1, 1)


@pytest.mark.django_db
def test_the_sweep_freezes_each_result_when_ranked_published_and_final_and_then_the_contest():
    round = ranked_round()
    assert freeze_due_reports() == 1
    assert freeze_due_reports() == 0
    for state in ("published", "final"):
        set_state(round, state)
        tasks.freeze_due_reports()
    assert freeze_due_reports() == 0
    weekly = RoundReport.objects.weekly().order_by("number")
    assert [report.dataset["round"]["state"] for report in weekly] == ["ranked", "published", "final"]
    assert [report.source for report in weekly] == ["1:ranked:1", "1:published:1", "1:final:1"]
    final = RoundReport.objects.final().get()
    assert (final.number, final.source, final.made_by) == (1, "1:final:1", None)


@pytest.mark.django_db
def test_practice_and_rounds_that_have_not_ended_are_not_swept():
    contest = make_contest(unit=make_root())
    set_state(past_round(contest, is_practice=True), "ranked")
    open_round(contest)
    assert freeze_due_reports() == 0


@pytest.mark.django_db
def test_one_report_that_fails_does_not_keep_the_others_from_being_frozen(monkeypatch, caplog):
    broken, sound = ranked_round(), ranked_round()
    real = freezing.weekly_dataset

    def dataset(round, unit):
        if round.pk == broken.pk:
            raise RuntimeError("broken")
        return real(round, unit)

    monkeypatch.setattr(freezing, "weekly_dataset", dataset)
    assert freeze_due_reports() == 2
    assert [report.round for report in RoundReport.objects.all()] == [sound]
    assert f"round {broken.pk} failed" in caplog.text


@pytest.mark.django_db
def test_a_crash_while_storing_leaves_neither_report_nor_trace(monkeypatch):
    round = ranked_round()

    def die(**values):
        raise KeyboardInterrupt

    monkeypatch.setattr(freezing, "record_audit", die)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        freeze_round_report(round=round, unit=round.contest.unit, actor=None)
    assert not RoundReport.objects.exists()
    assert not AuditEntry.objects.filter(verb="report.freeze").exists()


@pytest.mark.django_db
def test_a_result_that_changes_while_the_report_is_computed_is_read_again(monkeypatch):
    round = ranked_round()
    real, calls = freezing.weekly_dataset, []

    def dataset(round, unit):
        found = real(round, unit)
        if not calls:
            Round.objects.filter(pk=round.pk).update(state="published")
        calls.append(round)
        return found

    monkeypatch.setattr(freezing, "weekly_dataset", dataset)
    report = freeze_round_report(round=round, unit=round.contest.unit, actor=None)
    assert len(calls) == 2
    assert report.source == "1:published:1"


@pytest.mark.django_db
def test_a_result_that_never_rests_is_refused(monkeypatch):
    round = ranked_round()
    real = freezing.weekly_dataset

    def dataset(round, unit):
        found = real(round, unit)
        Round.objects.filter(pk=round.pk).update(version=found["round"]["version"] + 1)
        return found

    monkeypatch.setattr(freezing, "weekly_dataset", dataset)
    with pytest.raises(Refused):
        freeze_round_report(round=round, unit=round.contest.unit, actor=None)
    assert not RoundReport.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_those_who_freeze_at_once_get_one_and_the_same_report():
    round = ranked_round()
    reports = at_once(*[lambda: freeze_round_report(round=round, unit=round.contest.unit, actor=None)] * 4)
    assert {report.number for report in reports} == {1}
    assert RoundReport.objects.count() == 1
    assert AuditEntry.objects.filter(verb="report.freeze").count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_sweeps_that_come_together_freeze_each_result_once():
    first = ranked_round()
    ranked_round(first.contest)
    at_once(*[freeze_due_reports] * 3)
    assert freeze_due_reports() == 0
    assert sorted(RoundReport.objects.values_list("round__number", "number")) == [(1, 1), (2, 1)]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_control_those_who_only_look_are_stopped_by_the_constraint():
    round = ranked_round()
    dataset, looked = weekly_dataset(round, round.contest.unit), threading.Barrier(2)

    def look_then_write():
        assert not RoundReport.objects.exists()
        looked.wait()
        return RoundReport.objects.create(
            contest=round.contest,
            round=round,
            unit=round.contest.unit,
            number=1,
            as_of=round.closes_at,
            definitions=1,
            dataset=dataset,
            digest=digest_of(dataset),
        )

    outcomes = at_once(look_then_write, look_then_write, refused=(IntegrityError,))
    assert sorted(type(one).__name__ for one in outcomes) == ["IntegrityError", "RoundReport"]


def dataset_with_an_entry_written_meanwhile(round: Round, monkeypatch) -> dict:
    """The dataset of a round that gets a third entry between the reading of figures and hours."""
    unit = round.round_units.get(unit=Attempt.objects.filter(round=round).first().unit_id).unit
    real = weekly.hours_of

    def hours(round, scope):
        at_once(lambda: make_attempt(round, make_user(unit=unit)))
        return real(round, scope)

    monkeypatch.setattr(weekly, "hours_of", hours)
    return weekly_dataset(round, round.contest.unit)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_is_written_while_a_report_is_computed_is_not_in_it(monkeypatch):
    round = ranked_round()
    dataset = dataset_with_an_entry_written_meanwhile(round, monkeypatch)
    assert Attempt.objects.filter(round=round).count() == 3
    assert dataset["total"]["entries"] == 2
    assert sum(hour["submitted"] for hour in dataset["hours"]) == 2


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_control_without_a_snapshot_a_reports_figures_differ(monkeypatch):
    monkeypatch.setattr(weekly, "one_snapshot", nullcontext)
    dataset = dataset_with_an_entry_written_meanwhile(ranked_round(), monkeypatch)
    assert dataset["total"]["entries"] == 2
    assert sum(hour["submitted"] for hour in dataset["hours"]) == 3


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_units():
    counts = []
    for units in (1, 3):
        contest = make_contest(unit=make_root())
        for _ in range(units):
            make_unit(parent=contest.unit)
        round = ranked_round(contest)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            weekly_dataset(round, contest.unit)
            final_dataset(contest, contest.unit)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_a_reader_without_scores_finds_none_in_either_report():
    round = ranked_round()

    def scores_in(value) -> list:
        if isinstance(value, dict):
            here = [name for name in value if name in SCORES and value[name] is not None]
            return here + [name for one in value.values() for name in scores_in(one)]
        return [name for one in value for name in scores_in(one)] if isinstance(value, list) else []

    for dataset in (weekly_dataset(round, round.contest.unit), final_dataset(round.contest, round.contest.unit)):
        assert scores_in(dataset)
        assert scores_in(without_scores(dataset)) == []
        assert without_scores(dataset)["winners"] == []


@pytest.mark.django_db
def test_an_earlier_rounds_scores_are_told_only_once_it_is_published():
    contest = make_contest(unit=make_root())
    first, second = ranked_round(contest), ranked_round(contest)
    assert [one["perfect"] for one in weekly_dataset(second, contest.unit)["trend"]] == [None, 1]
    set_state(first, "published")
    assert [one["perfect"] for one in weekly_dataset(second, contest.unit)["trend"]] == [1, 1]


@pytest.mark.django_db
def test_the_trend_repeats_what_the_earlier_report_said_of_the_same_result():
    contest = make_contest(unit=make_root())
    first, second = set_state(ranked_round(contest), "published"), ranked_round(contest)
    computed = weekly_dataset(second, contest.unit)
    frozen = freeze_round_report(round=first, unit=contest.unit, actor=None)
    assert digest_of(weekly_dataset(second, contest.unit)) == digest_of(computed)
    User.objects.update(linked_at=first.opens_at)
    trend = weekly_dataset(second, contest.unit)["trend"]
    assert (frozen.dataset["total"]["accounts"], trend[0]["accounts"], trend[1]["accounts"]) == (0, 0, 4)
    Round.objects.filter(pk=first.pk).update(version=2)
    assert weekly_dataset(second, contest.unit)["trend"][0]["accounts"] == 2


@pytest.mark.django_db
def test_units_that_were_split_are_named_and_their_people_counted_for_nobody():
    root = make_root()
    old = make_unit("CU", name="Huyện Cũ", parent=root)
    contest = make_contest(unit=root)
    first = set_state(
        past_round(contest, opens_at=server_now() - 3 * WEEK, closes_at=server_now() - 2 * WEEK), "ranked"
    )
    make_attempt(first, make_user(unit=old))
    old.successors.set([make_unit("XA1", parent=root), make_unit("XA2", parent=root)])
    old.valid_to = timezone.localdate(server_now() - 1.5 * WEEK)
    old.save()
    second = ranked_round(contest)
    dataset = weekly_dataset(second, root)
    note = "Huyện Cũ (CU) đã tách thành nhiều đơn vị: số liệu các tuần trước không tính cho đơn vị nào."
    assert dataset["notes"] == [note]
    assert final_dataset(contest, root)["notes"] == [note]
    changes = {unit["unit_code"]: unit["change"] for unit in dataset["units"]}
    assert (changes["XA1"], changes["XA2"]) == (0, 0)
    assert dataset["total"]["change"] == 1


def test_the_beat_sweeps_for_reports_that_are_due(settings):
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert tasks.freeze_due_reports.name in scheduled
