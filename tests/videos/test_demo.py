"""The demo's clips: every state once at least, a finished panel whose result can be computed again, bytes that fit."""

import hashlib
import io
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import transaction

from accounts.clock import server_now
from accounts.models import User
from contest.models import Contest
from tests.videos.panels import organiser_of
from videos.demo import loading
from videos.models import (
    ChairDecision,
    Clip,
    ClipContest,
    ClipFile,
    ClipStanding,
    ClipState,
    CriterionScore,
    FileState,
    PanelResult,
    Rendition,
    ScoreSheet,
    SheetState,
    Stage,
)
from videos.processing.services import process_file
from videos.result.services import compute_result
from videos.storage import captions_key, clip_storage, original_key, poster_key, rendition_key
from videos.watching.access import watchable_by

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

AT = datetime(2026, 11, 1, 10, tzinfo=UTC)


def load(**arguments):
    arguments = {"units": 30, "staff": 300, "rounds": 3, "at": AT.isoformat()} | arguments
    call_command("load_demo", stdout=io.StringIO(), stderr=io.StringIO(), **arguments)


def read(key):
    with clip_storage().open(key) as file:
        return file.read()


@pytest.fixture
def demo():
    load()
    return {contest.contest.slug: contest for contest in ClipContest.objects.select_related("contest")}


def test_there_are_24_clips_in_all_states_and_three_contests(demo):
    assert Clip.objects.count() == 24
    assert set(Clip.objects.values_list("state", flat=True)) == set(ClipState.values)
    assert Counter(ClipFile.objects.values_list("state", flat=True)) == {
        "ready": 21, "processing": 1, "refused": 1, "failed": 1,
    }  # fmt: skip
    assert Clip.objects.filter(current=None).count() == 1
    assert [contest.stage_at(AT) for _slug, contest in sorted(demo.items())] == [
        Stage.OPEN, Stage.PUBLISHED, Stage.SCORING,
    ]  # fmt: skip
    assert Contest.objects.first().slug == "tim-hieu-cai-cach-hanh-chinh"


def test_sheets_of_three_judges_are_in_every_state(demo):
    assert Counter(ScoreSheet.objects.values_list("state", flat=True)) == {
        "submitted": 34, "assigned": 4, "scoring": 2, "conflict": 2, "abstained": 2, "closed": 1,
    }  # fmt: skip
    assert set(ScoreSheet.objects.values_list("judge__employee_id", flat=True)) == {"judge1", "judge2", "judge3"}
    assert ChairDecision.objects.get().decided_by.employee_id == "judge1"
    for score in CriterionScore.objects.select_related("criterion"):
        assert score.criterion.allows(score.points)


def test_the_finished_panel_has_a_result_that_computes_again_to_the_same(demo):
    finished = demo["video-cai-cach-hanh-chinh-dot-1"]
    assert (finished.panel.count(), finished.panel.get(is_chair=True).judge.employee_id) == (3, "judge1")
    result = PanelResult.objects.get()
    assert compute_result(clip_contest=finished, actor=organiser_of(finished)) == result
    standings = ClipStanding.objects.filter(result=result).order_by("rank")
    assert [standing.prize for standing in standings] == [
        "Giải Nhất", "Giải Nhì", "Giải Nhì", "Giải Ba", "Giải Ba", *["Giải Khuyến khích"] * 3, "",
    ]  # fmt: skip
    assert [standing.rank for standing in standings] == [*range(1, 10)]
    assert [standing.sheets for standing in standings.order_by("sheets")] == [2, 2, 2, *[3] * 6]
    assert standings.filter(is_disputed=True).count() == 1


def test_receipts_are_those_of_the_stored_bytes(demo):
    for file in ClipFile.objects.all():
        data = read(original_key(file.pk))
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size, file.sha256)
    assert ClipFile.objects.values("sha256").distinct().count() == ClipFile.objects.count()
    for rendition in Rendition.objects.all():
        data = read(rendition_key(rendition.file_id, rendition.height))
        assert (len(data), hashlib.sha256(data).hexdigest()) == (rendition.size, rendition.sha256)
    for file in ClipFile.objects.filter(state=FileState.READY):
        assert [rendition.height for rendition in file.renditions.all()] == [720, 480]
        assert read(poster_key(file.pk)).startswith(b"\xff\xd8")
        assert clip_storage().exists(captions_key(file.pk)) == file.has_captions


def test_whoever_the_logins_are_finds_clips(demo):
    def count(login):
        return watchable_by(User.objects.get(employee_id=login)).count()

    published, handed_in, health_drafts = 9, 20, 3
    assert count("participant") == published
    assert (count("organiser"), count("secretary"), count("auditor")) == (handed_in,) * 3
    assert (count("judge1"), count("judge2")) == (published + 6, published + 5)  # one conflict in the panel at work
    assert count("coordinator") == published + health_drafts + 1 + 1  # sent back, and one that is being scored


def test_the_file_in_processing_is_taken_up_by_a_worker_and_gets_ready(demo):
    file = ClipFile.objects.get(state=FileState.PROCESSING)
    assert file.lease_until == AT + timedelta(minutes=3)
    ClipFile.objects.filter(pk=file.pk).update(lease_until=server_now() - timedelta(seconds=1))
    assert process_file(file.pk)
    file.refresh_from_db()
    assert (file.state, file.reason, file.clip.state) == ("ready", "", "draft")


def test_equal_arguments_give_equal_clips():
    def clips(**arguments):
        with transaction.atomic():
            load(**arguments)
            found = [
                *Clip.objects.order_by("pk").values_list(),
                *ClipFile.objects.order_by("pk").values_list(),
                *ScoreSheet.objects.order_by("pk").values_list(),
                *CriterionScore.objects.order_by("pk").values_list(),
                *PanelResult.objects.values_list(),
                *ClipStanding.objects.order_by("pk").values_list(),
            ]
            transaction.set_rollback(True)
        return found

    first = clips()
    assert clips() == first
    assert clips(seed=1) != first


@pytest.mark.parametrize("seed", range(3))
def test_other_seeds_have_a_finished_panel_too(seed):
    load(seed=seed, units=12, staff=120, rounds=1 + seed)
    assert ClipContest.objects.filter(published_at__isnull=False).count() == 1
    assert not ClipStanding.objects.filter(needs_draw=True).exists()
    assert ScoreSheet.objects.filter(state=SheetState.SUBMITTED).count() == 34


def test_a_very_small_demo_has_no_clips_and_no_further_contests():
    load(units=3, staff=30)
    assert (Contest.objects.count(), ClipContest.objects.count()) == (1, 0)


def test_a_failure_of_the_storage_leaves_nothing_behind(monkeypatch):
    put, stored = loading.put, []

    def fail_at_last(path, key):
        if len(stored) == 10:
            raise OSError(28, "No space left on device")
        stored.append(key)
        put(path, key)

    monkeypatch.setattr(loading, "put", fail_at_last)
    with pytest.raises(OSError, match="No space"):
        load()
    assert not Clip.objects.exists()
    assert not any(clip_storage().exists(key) for key in stored)
