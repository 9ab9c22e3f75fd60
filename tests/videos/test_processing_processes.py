"""Processing by real workers: killed at every point, doubled by the broker, and always done once."""

import os
import subprocess
import sys
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.db.models import F

from accounts.queue import prompt
from embedded.home import ROOT
from embedded.processes import all_pids
from tests.processes import environment, wait_for
from tests.videos import media
from tests.videos.received import receive
from tests.videos.world import make_clip_contest
from videos.models import ClipFile, FileState
from videos.processing.lease import LEASE
from videos.processing.services import PROCESS_TASK
from videos.processing.steps import ENCODED, PROBED, STEPS
from videos.storage import clip_storage, original_key, poster_key, rendition_key
from videos.uploads.store import path_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def contest():
    return make_clip_contest(min_height=180)


def now_of(file: ClipFile) -> ClipFile:
    return ClipFile.objects.get(pk=file.pk)


def let_leases_run_out() -> None:
    ClipFile.objects.filter(lease_until__isnull=False).update(
        lease_until=F("lease_until") - LEASE - timedelta(seconds=1)
    )


def assert_is_done_once(file: ClipFile, data: bytes, *, tries: int) -> None:
    done = now_of(file)
    assert (done.state, done.progress, done.tries, done.run) == (FileState.READY, 100, tries, None)
    assert done.sha256 == sha256(data).hexdigest()
    assert not path_of(file.upload.pk).exists()
    names = [original_key(file.pk), poster_key(file.pk)]
    for row in done.renditions.all():
        names.append(rendition_key(file.pk, row.height))
        with clip_storage().open(names[-1]) as made:
            assert sha256(made.read()).hexdigest() == row.sha256
    directory = Path(clip_storage().path(original_key(file.pk))).parent
    assert sorted(path.name for path in directory.iterdir()) == sorted(name.split("/")[1] for name in names)


def children_at_work() -> list[int]:
    """Processes that work in the directory of any run."""
    found = []
    for pid in all_pids():
        try:
            if os.readlink(f"/proc/{pid}/cwd").startswith(str(settings.CLIP_WORK_DIR)):
                found.append(pid)
        except OSError:
            continue
    return found


def test_killed_between_any_two_steps_a_file_is_found_and_finished_once(start, broker, contest):
    data = media.clip().read_bytes()
    files = [receive(data, clip_contest=contest) for _ in range(len(STEPS))]
    for steps, file in enumerate(files):
        killed = [sys.executable, "-m", "tests.videos.killed_between_steps", str(file.pk), str(steps)]
        assert subprocess.run(killed, env=environment(), cwd=ROOT, check=False).returncode == -9, steps
    assert {now_of(file).state for file in files} == {FileState.PROCESSING}, "the fault is real"
    assert len(list(Path(settings.CLIP_WORK_DIR).iterdir())) == len(files)
    let_leases_run_out()
    start("clips")
    start("beat")
    wait_for(lambda: all(now_of(file).state == FileState.READY for file in files), "the files to be ready", 120)
    for file in files:
        assert_is_done_once(file, data, tries=2)
    wait_for(lambda: list(Path(settings.CLIP_WORK_DIR).iterdir()) == [], "what killed runs left to be cleared away")


def test_a_worker_killed_while_it_encodes_leaves_no_child_and_another_finishes(start, broker, contest):
    source = media.clip(seconds=20, size="960x540")
    file = receive(source, clip_contest=contest)
    prompt(PROCESS_TASK, str(file.pk))
    worker = start("clips")
    wait_for(lambda: now_of(file).progress > PROBED, "the encoding to begin")
    assert children_at_work() != []
    worker.kill()
    wait_for(lambda: children_at_work() == [], "the children to end", seconds=10)
    killed = now_of(file)
    assert (killed.state, killed.tries) == (FileState.PROCESSING, 1)
    assert PROBED < killed.progress < ENCODED
    assert not clip_storage().exists(rendition_key(file.pk, 720)), "no half file is seen"
    start("clips")
    start("beat")
    let_leases_run_out()
    wait_for(lambda: now_of(file).state == FileState.READY, "the file to be ready", 180)
    assert_is_done_once(file, source.read_bytes(), tries=2)
    assert [row.height for row in file.renditions.all()] == [720, 480]


def test_a_task_that_the_broker_hands_out_again_and_again_is_done_once(start, broker, contest):
    source = media.clip(seconds=20, size="960x540")
    file = receive(source, clip_contest=contest)
    prompt(PROCESS_TASK, str(file.pk))
    short = {"DJANGO_SETTINGS_MODULE": "tests.videos.settings_with_short_visibility"}
    workers = [start("clips", **short), start("clips", **short)]
    wait_for(lambda: now_of(file).state == FileState.READY, "the file to be ready", 180)
    # The fault is real: it was handed out more than once, and one run of the task had nothing to do.
    done = f"{PROCESS_TASK} success"
    wait_for(lambda: sum(worker.log.read_text().count(done) for worker in workers) >= 2, "the task to end twice")
    assert_is_done_once(file, source.read_bytes(), tries=1)


def test_clips_wait_in_a_queue_of_their_own(broker):
    prompt(PROCESS_TASK, str(UUID(int=0)))
    assert (broker.llen("clips"), broker.llen("celery")) == (1, 0)
