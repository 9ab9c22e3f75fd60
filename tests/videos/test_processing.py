"""A received file becomes one that can be watched: once, guarded by a lease, whatever dies on the way."""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.storage import InMemoryStorage
from django.db.models import F

from accounts.clock import ClockTimestamp, server_now
from accounts.models import AuditEntry, Role
from accounts.problems import Problem
from notifications.models import Notification
from tests.factories import grant, make_user
from tests.videos import media
from tests.videos.received import receive
from tests.videos.world import make_clip, make_clip_contest
from videos.models import ClipFile, FileState
from videos.processing import lease, services, steps, storing
from videos.processing.lease import LEASE, MOST_TRIES, LeaseLost, claim
from videos.processing.services import may_retry, process_file, retry_processing, sweep_files
from videos.storage import clip_storage, original_key, poster_key, rendition_key
from videos.uploads.store import path_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def contest():
    return make_clip_contest(min_height=180)


@pytest.fixture
def file(contest):
    return receive(media.clip(), clip_contest=contest)


def now_of(file: ClipFile) -> ClipFile:
    return ClipFile.objects.get(pk=file.pk)


def let_lease_run_out(file: ClipFile) -> None:
    """As if LEASE had passed: rows are moved, not the clock."""
    ClipFile.objects.filter(pk=file.pk).update(lease_until=F("lease_until") - LEASE - timedelta(seconds=1))


def stored(key: str) -> bytes:
    with clip_storage().open(key) as found:
        return found.read()


def left_to_clear() -> list[str]:
    root = Path(settings.CLIP_WORK_DIR)
    return sorted(path.name for path in root.iterdir()) if root.is_dir() else []


# --- The whole way ----------------------------------------------------------------------------------


def test_a_received_file_becomes_one_that_can_be_watched(file):
    data = media.clip().read_bytes()
    assert process_file(file.pk) is True
    ready = now_of(file)
    assert (ready.state, ready.progress, ready.reason, ready.tries) == (FileState.READY, 100, "", 1)
    assert (ready.sha256, str(ready.seconds)) == (sha256(data).hexdigest(), "2.000")
    assert (ready.run, ready.lease_until, ready.has_poster) == (None, None, True)
    assert ready.probe["streams"][0]["codec"] == "h264"
    assert stored(original_key(file.pk)) == data
    rows = [(row.height, row.pixels_wide, row.pixels_high) for row in ready.renditions.all()]
    assert rows == [(480, 320, 180)], "nothing is enlarged"
    made = stored(rendition_key(file.pk, 480))
    assert (ready.renditions.get().size, ready.renditions.get().sha256) == (len(made), sha256(made).hexdigest())
    assert stored(poster_key(file.pk)).startswith(b"\xff\xd8\xff")
    assert not path_of(file.upload.pk).exists()
    assert left_to_clear() == []
    assert Notification.objects.count() == 0


def test_processing_again_changes_nothing(file):
    process_file(file.pk)
    before = ClipFile.objects.values().get(pk=file.pk)
    assert process_file(file.pk) is False
    sweep_files()
    assert ClipFile.objects.values().get(pk=file.pk) == before


def test_a_refused_file_tells_its_sender_what_to_fix(contest):
    file = receive(media.clip(audio=None), clip_contest=contest)
    process_file(file.pk)
    refused = now_of(file)
    assert (refused.state, refused.progress) == (FileState.REFUSED, 0)
    assert refused.reason == "Video không có tiếng. Hãy xuất lại video kèm âm thanh rồi tải lên lại."
    assert refused.sha256 == sha256(media.clip(audio=None).read_bytes()).hexdigest(), "the receipt is owed all the same"
    told = Notification.objects.get()
    assert (told.user, told.own_body) == (file.received_by, refused.reason)
    assert told.own_path == f"/clips/mine/{file.clip_id}/"
    assert file.clip.title in told.own_subject
    assert process_file(file.pk) is False


def test_rules_are_those_of_the_moment(file):
    file.clip.clip_contest.max_seconds = 1
    file.clip.clip_contest.save()
    process_file(file.pk)
    assert "vượt quá thời lượng cho phép là 1 giây" in now_of(file).reason


def test_an_empty_file_is_refused(contest):
    file = receive(b"", clip_contest=contest)
    process_file(file.pk)
    assert (now_of(file).state, now_of(file).reason[:19]) == (FileState.REFUSED, "Tệp trống (0 byte).")


def test_bytes_that_were_never_acknowledged_are_no_part_of_the_file(file):
    with path_of(file.upload.pk).open("ab") as waiting:
        waiting.write(b"written by a server that died before it counted them")
    process_file(file.pk)
    assert now_of(file).sha256 == sha256(media.clip().read_bytes()).hexdigest()


def test_progress_grows_while_the_clip_is_encoded(contest, monkeypatch):
    file = receive(media.clip(seconds=20, size="640x360"), clip_contest=contest)
    shown = []
    write = lease.Lease.write

    def watched(self, **fields):
        write(self, **fields)
        if "progress" in fields:
            shown.append(now_of(file).progress)

    monkeypatch.setattr(lease.Lease, "write", watched)
    process_file(file.pk)
    assert shown == sorted(set(shown))
    assert (shown[0], shown[-1]) == (steps.PROBED, 100)
    assert len(shown) > 4


# --- The lease --------------------------------------------------------------------------------------


def test_only_one_run_has_a_file(file):
    first = claim(file.pk)
    assert first is not None
    assert claim(file.pk) is None
    assert process_file(file.pk) is False
    assert now_of(file).tries == 1


def test_a_lease_that_has_run_out_is_taken_over_and_the_first_run_writes_nothing_more(file):
    first = claim(file.pk)
    let_lease_run_out(file)
    second = claim(file.pk)
    assert second is not None
    second.write(progress=50)
    with pytest.raises(LeaseLost):
        first.write(progress=7)
    with pytest.raises(LeaseLost), first.locked():
        pass
    assert (now_of(file).progress, now_of(file).tries) == (50, 2)


def test_the_heart_renews_the_lease_and_notices_when_it_is_lost(file, monkeypatch):
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.05)
    mine = claim(file.pk)
    until = now_of(file).lease_until
    with mine.kept() as heart:
        wait(lambda: now_of(file).lease_until > until)
        heart.check()
        ClipFile.objects.filter(pk=file.pk).update(run=uuid4())
        wait(lambda: heart._lost.is_set())
        with pytest.raises(LeaseLost):
            heart.check()


def wait(condition) -> None:
    from tests.processes import wait_for

    wait_for(condition, "the heart to beat", seconds=10)


def test_a_run_that_loses_its_lease_while_it_encodes_leaves_everything_to_the_other(contest, monkeypatch):
    file = receive(media.clip(seconds=20, size="640x360"), clip_contest=contest)
    other = uuid4()
    transcode = steps.transcode

    def take_over_meanwhile(*arguments, **named):
        ClipFile.objects.filter(pk=file.pk).update(run=other, lease_until=ClockTimestamp() + LEASE)
        return transcode(*arguments, **named)

    monkeypatch.setattr(steps, "transcode", take_over_meanwhile)
    assert process_file(file.pk) is False
    now = now_of(file)
    assert (now.state, now.run, now.progress) == (FileState.PROCESSING, other, steps.PROBED)
    assert not now.renditions.exists()
    assert not clip_storage().exists(rendition_key(file.pk, 480))
    assert left_to_clear() == []


# --- What fails, and trying again -------------------------------------------------------------------


class Broken(Exception):
    pass


@pytest.fixture
def broken(monkeypatch):
    """The encoder fails: no fault of the file."""

    def fail(*arguments, **named):
        raise Broken

    monkeypatch.setattr(steps, "transcode", fail)


def test_a_fault_of_ours_is_tried_again_after_a_pause_and_then_told(file, broken):
    for number in range(1, MOST_TRIES):
        process_file(file.pk)
        waiting = now_of(file)
        assert (waiting.state, waiting.tries, waiting.reason) == (FileState.RECEIVED, number, "")
        sweep_files()
        assert now_of(file).tries == number, "the pause"
        let_lease_run_out(file)
    process_file(file.pk)
    failed = now_of(file)
    assert (failed.state, failed.tries) == (FileState.FAILED, MOST_TRIES)
    assert failed.reason.startswith("Hệ thống chưa xử lý được tệp sau 3 lần thử. Tệp của bạn vẫn được lưu giữ")
    assert Notification.objects.get().own_body == failed.reason
    assert stored(original_key(file.pk)) == media.clip().read_bytes()


def test_the_sweep_gives_up_a_file_whose_workers_died_too_often(file):
    ClipFile.objects.filter(pk=file.pk).update(
        state=FileState.PROCESSING, run=uuid4(), tries=MOST_TRIES, lease_until=ClockTimestamp() + LEASE
    )
    sweep_files()
    assert now_of(file).state == FileState.PROCESSING, "its last run still lives"
    let_lease_run_out(file)
    sweep_files()
    failed = now_of(file)
    assert (failed.state, failed.run) == (FileState.FAILED, None)
    assert "sau 3 lần thử" in failed.reason
    sweep_files()
    assert Notification.objects.count() == 1


def test_what_was_received_and_is_gone_fails_with_a_reason(file):
    path_of(file.upload.pk).unlink()
    process_file(file.pk)
    assert now_of(file).state == FileState.FAILED
    assert "không tìm thấy nội dung đầy đủ" in now_of(file).reason


def test_the_sweep_processes_what_waits_and_clears_away_after_killed_runs(contest):
    files = [receive(media.clip(), clip_contest=contest) for _ in range(2)]
    loose = Path(settings.CLIP_WORK_DIR) / str(uuid4())
    loose.mkdir(parents=True)
    sweep_files()
    assert [now_of(file).state for file in files] == [FileState.READY, FileState.READY]
    assert left_to_clear() == []


def failed_file(file: ClipFile, state: str = FileState.FAILED) -> ClipFile:
    ClipFile.objects.filter(pk=file.pk).update(state=state, reason="Lỗi.", tries=MOST_TRIES)
    return now_of(file)


def test_the_unit_and_the_organisers_have_a_failed_file_processed_again(file):
    unit, root = file.clip.unit, file.clip.clip_contest.contest.unit
    for role, over in ((Role.COORDINATOR, unit), (Role.ORGANISER, root)):
        failed = failed_file(file)
        actor = make_user(unit=unit)
        grant(actor, role, over)
        assert may_retry(file=failed, actor=actor)
        retry_processing(file=failed, actor=actor)
        again = now_of(file)
        assert (again.state, again.tries, again.reason, again.probe) == (FileState.RECEIVED, 0, "", {})
        entry = AuditEntry.objects.latest("pk")
        assert (entry.actor, entry.verb, entry.before) == (
            actor, "clip.retry_file", {"state": "failed", "reason": "Lỗi."},
        )  # fmt: skip
    process_file(file.pk)
    assert now_of(file).state == FileState.READY


def test_only_organisers_have_a_refused_file_processed_again(file):
    refused = failed_file(file, FileState.REFUSED)
    coordinator, organiser = make_user(unit=file.clip.unit), make_user(unit=file.clip.unit)
    grant(coordinator, Role.COORDINATOR, file.clip.unit)
    grant(organiser, Role.ORGANISER, file.clip.clip_contest.contest.unit)
    with pytest.raises(Problem) as no:
        retry_processing(file=refused, actor=coordinator)
    assert no.value.code == "refused"
    retry_processing(file=refused, actor=organiser)
    assert now_of(file).state == FileState.RECEIVED
    with pytest.raises(Problem) as no:
        retry_processing(file=now_of(file), actor=organiser)
    assert no.value.code == "refused"


def test_strangers_find_nothing_to_process_again(file):
    failed = failed_file(file)
    stranger = make_user(unit=file.clip.unit)
    other = make_clip(file.clip.clip_contest, ready=False)
    grant(stranger, Role.COORDINATOR, other.unit)
    with pytest.raises(Problem) as no:
        retry_processing(file=failed, actor=stranger)
    assert (no.value.status, now_of(file).state) == (404, FileState.FAILED)


# --- Newer versions ---------------------------------------------------------------------------------


def test_a_newer_version_stops_an_older_one_but_not_its_receipt(file):
    newer = receive(media.clip(seconds=3), clip=file.clip)
    process_file(file.pk)
    old = now_of(file)
    assert (old.state, old.sha256) == (FileState.REFUSED, sha256(media.clip().read_bytes()).hexdigest())
    assert old.reason == "Đã có phiên bản mới hơn thay cho tệp này nên tệp không được xử lý tiếp."
    assert stored(original_key(file.pk)) == media.clip().read_bytes()
    assert not old.renditions.exists()
    assert Notification.objects.count() == 0, "who sent the newer one knows"
    process_file(newer.pk)
    assert now_of(newer).state == FileState.READY


def test_a_version_that_arrives_while_the_other_is_encoded_wins(file, monkeypatch):
    encode = steps.encode

    def replaced_meanwhile(work):
        encode(work)
        receive(media.clip(seconds=3), clip=file.clip)

    monkeypatch.setattr(services, "STEPS", tuple(replaced_meanwhile if s is encode else s for s in services.STEPS))
    process_file(file.pk)
    assert (now_of(file).state, now_of(file).has_poster) == (FileState.REFUSED, False)


# --- The storage ------------------------------------------------------------------------------------


@pytest.fixture
def objects(monkeypatch):
    """A storage without paths, as S3 is."""
    storage = InMemoryStorage()
    for module in ("videos.processing.storing.clip_storage", f"{__name__}.clip_storage"):
        monkeypatch.setattr(module, lambda: storage)
    return storage


def test_an_object_storage_serves_as_well(objects, file):
    process_file(file.pk)
    assert now_of(file).state == FileState.READY
    assert stored(original_key(file.pk)) == media.clip().read_bytes()
    assert len(stored(rendition_key(file.pk, 480))) == now_of(file).renditions.get().size
    assert left_to_clear() == []


def test_what_is_put_again_takes_the_place_of_the_first(objects, tmp_path):
    for data in (b"one", b"two"):
        (tmp_path / "f").write_bytes(data)
        storing.put(tmp_path / "f", "some/key")
        assert stored("some/key") == data
        assert not (tmp_path / "f").exists()


def test_a_file_from_another_file_system_shows_only_when_it_is_whole(tmp_path, monkeypatch):
    """Moving is copying then: the copy is made under a name that nobody asks for."""
    (tmp_path / "f").write_bytes(b"x" * 3_000_000)
    key, seen = f"{uuid4()}/original", []
    copy, replace = storing.shutil.copyfileobj, storing.os.replace

    def other_file_system(source, target):
        if Path(source).parent == tmp_path:
            raise OSError(18, "Invalid cross-device link")
        replace(source, target)

    def watched(*arguments):
        copy(*arguments)
        seen.append(clip_storage().exists(key))

    monkeypatch.setattr(storing.os, "replace", other_file_system)
    monkeypatch.setattr(storing.shutil, "copyfileobj", watched)
    storing.put(tmp_path / "f", key)
    assert seen == [False]
    assert stored(key) == b"x" * 3_000_000
    assert not (tmp_path / "f").exists()
    assert [path.name for path in Path(clip_storage().path(key)).parent.iterdir()] == ["original"]


def test_server_time_is_the_time_of_processing(file):
    before = server_now()
    process_file(file.pk)
    assert before < now_of(file).processed_at < server_now()
