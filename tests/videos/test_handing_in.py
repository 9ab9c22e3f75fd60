"""Units prepare clips and hand them in: what is stored, who may, until when, and what leaves a trace."""

import re
from datetime import timedelta
from functools import partial
from io import BytesIO

import pytest
from django.db import connection, transaction

from accounts.clock import ClockTimestamp, server_now
from accounts.models import AuditEntry, Role
from accounts.problems import Problem, Refused
from tests.factories import grant, make_root, make_unit, make_user
from tests.videos.uploads.tus import coordinator_of, draft
from tests.videos.world import give_bytes, make_clip, make_clip_contest, ready_file
from videos.handing_in import services
from videos.handing_in.attachments import Script
from videos.handing_in.services import (
    Entry,
    delete_draft,
    draft_clip,
    edit_clip,
    remove_captions,
    save_captions,
    submit_clip,
)
from videos.models import Clip, ClipContest, ClipFile, ClipState, FileState, Upload
from videos.storage import captions_key, clip_storage, original_key, rendition_key
from videos.uploads import store

pytestmark = pytest.mark.django_db

CAPTIONS = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nXin chào\n".encode()


@pytest.fixture
def contest():
    return make_clip_contest()


@pytest.fixture
def clip(contest):
    return make_clip(contest)


@pytest.fixture
def coordinator(clip):
    return coordinator_of(clip)


def entry(contest: ClipContest, **fields) -> Entry:
    return Entry(**{"title": "Một cửa", "genre": contest.genres.first(), "authors": "Tổ truyền thông"} | fields)


def stored(clip: Clip) -> Clip:
    return Clip.objects.select_related("clip_contest", "current").get(pk=clip.pk)


def verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))


def sentences(refused) -> list[str]:
    return [str(reason) for reason in refused.value.reasons]


def end(contest: ClipContest) -> None:
    ClipContest.objects.filter(pk=contest.pk).update(closes_at=server_now())


# --- Preparing --------------------------------------------------------------------------------------


def test_a_draft_is_stored_with_its_script_and_leaves_a_trace(contest, coordinator, clip):
    script = Script("pdf", "Kịch bản.pdf", BytesIO(b"%PDF-1.7 %%EOF"))
    made = draft_clip(
        clip_contest=contest, unit=clip.unit, entry=entry(contest, summary="Phóng sự"), script=script, actor=coordinator
    )
    made = stored(made)
    assert (made.state, made.number, made.title, made.summary) == (ClipState.DRAFT, None, "Một cửa", "Phóng sự")
    assert (made.unit, made.created_by, made.script_name) == (clip.unit, coordinator, "Kịch bản.pdf")
    assert re.fullmatch(rf"scripts/{made.pk}/[0-9a-f-]{{36}}\.pdf", made.script.name)
    assert made.script.read() == b"%PDF-1.7 %%EOF"
    trace = AuditEntry.objects.get()
    assert (trace.verb, trace.actor, trace.unit, trace.object_id) == (
        "clip.draft",
        coordinator,
        clip.unit,
        str(made.pk),
    )


def test_nobody_drafts_for_a_foreign_unit_or_in_a_foreign_contest(contest, coordinator, clip):
    elsewhere = make_clip().clip_contest
    foreign = make_unit(parent=make_root())
    for unit, where in ((foreign, contest), (clip.unit, hidden(elsewhere))):
        with pytest.raises(Problem) as problem:
            draft_clip(clip_contest=where, unit=unit, entry=entry(where), actor=coordinator)
        assert problem.value.status == 404
    with pytest.raises(Problem) as problem:
        draft_clip(clip_contest=contest, unit=clip.unit, entry=entry(elsewhere), actor=coordinator)
    assert (problem.value.status, Clip.objects.filter(title="Một cửa").count()) == (404, 0)


def test_a_unit_has_only_so_many_clips(contest, coordinator, clip, monkeypatch):
    monkeypatch.setattr(services, "MOST_CLIPS", 2)
    make_clip(contest)  # another unit's
    make_clip(make_clip_contest(), unit=clip.unit)  # in another contest
    begin = partial(draft_clip, clip_contest=contest, unit=clip.unit, entry=entry(contest), actor=coordinator)
    made = begin()
    with pytest.raises(Refused) as refused:
        begin()
    assert sentences(refused)[0].startswith("Đơn vị đã có 2 hồ sơ video.")
    delete_draft(clip=made, actor=coordinator)
    begin()


def hidden(contest: ClipContest) -> ClipContest:
    contest.contest.is_public = False
    contest.contest.save()
    return contest


@pytest.mark.parametrize("opens_in", [timedelta(hours=1), timedelta(days=-9)])
def test_nothing_is_drafted_before_the_opening_or_from_the_close_on(contest, coordinator, clip, opens_in):
    now = server_now()
    closes = now + opens_in + timedelta(days=9)
    ClipContest.objects.filter(pk=contest.pk).update(opens_at=now + opens_in, closes_at=closes)
    with pytest.raises(Refused):
        draft_clip(clip_contest=contest, unit=clip.unit, entry=entry(contest), actor=coordinator)


def test_an_edit_tells_what_has_changed_and_only_then(contest, clip, coordinator):
    same = Entry(title=clip.title, genre=clip.genre, authors=clip.authors)
    edit_clip(clip=clip, entry=same, actor=coordinator)
    assert verbs() == []
    other = contest.genres.last()
    edit_clip(clip=clip, entry=Entry("Tên mới", other, clip.authors, outside_link="https://a.vn/"), actor=coordinator)
    after = stored(clip)
    assert (after.title, after.genre, after.outside_link) == ("Tên mới", other, "https://a.vn/")
    assert AuditEntry.objects.get().after == {"changed": ["title", "genre", "outside_link"]}


def test_a_replaced_script_goes_from_the_storage_once_the_new_one_is_there(
    clip, coordinator, django_capture_on_commit_callbacks
):
    said = Entry(clip.title, clip.genre, clip.authors)

    def give(content):
        script = Script("docx", "Lời bình.docx", BytesIO(content))
        edit_clip(clip=clip, entry=said, script=script, actor=coordinator)
        return stored(clip).script.name

    first = give(b"mot")
    with django_capture_on_commit_callbacks(execute=True):
        second = give(b"hai")
        assert clip_storage().exists(first)
    assert not clip_storage().exists(first)
    assert clip_storage().open(second).read() == b"hai"
    with django_capture_on_commit_callbacks(execute=True):
        edit_clip(clip=clip, entry=said, removes_script=True, actor=coordinator)
    assert (bool(stored(clip).script), stored(clip).script_name) == (False, "")
    assert not clip_storage().exists(second)


# --- Handing in -------------------------------------------------------------------------------------


def test_a_clip_is_handed_in_with_the_next_number_its_time_and_the_declaration(contest, clip, coordinator):
    make_clip(contest, state=ClipState.ACCEPTED)
    submit_clip(clip=clip, declares_rights=True, actor=coordinator)
    after = stored(clip)
    assert (after.state, after.number) == (ClipState.SUBMITTED, 2)
    assert (after.submitted_by, after.rights_declared_by) == (coordinator, coordinator)
    assert abs(after.submitted_at - server_now()) < timedelta(seconds=10)
    trace = AuditEntry.objects.get()
    assert (trace.verb, trace.after) == ("clip.submit", {"state": "submitted", "clip": 2, "version": 1})


def test_handing_in_twice_changes_nothing(clip, coordinator):
    submit_clip(clip=clip, declares_rights=True, actor=coordinator)
    first = stored(clip).submitted_at
    submit_clip(clip=clip, declares_rights=True, actor=coordinator)
    assert (stored(clip).submitted_at, verbs()) == (first, ["clip.submit"])


@pytest.mark.parametrize("state", [FileState.RECEIVED, FileState.PROCESSING])
def test_a_file_that_is_still_being_processed_can_be_handed_in(clip, coordinator, state):
    ClipFile.objects.update(state=state)
    assert submit_clip(clip=clip, declares_rights=True, actor=coordinator).state == ClipState.SUBMITTED


def test_everything_that_is_missing_is_said_at_once(contest, coordinator, clip):
    empty = make_clip(contest, unit=clip.unit, ready=False)
    end(contest)
    with pytest.raises(Refused) as refused:
        submit_clip(clip=empty, declares_rights=False, actor=coordinator)
    missing = sentences(refused)
    assert [sentence.split()[:3] for sentence in missing] == [
        ["Chưa", "có", "tệp"], ["Chưa", "cam", "đoan"], ["Đã", "hết", "hạn"],
    ]  # fmt: skip
    assert (stored(empty).state, verbs()) == (ClipState.DRAFT, [])


@pytest.mark.parametrize("state", [FileState.REFUSED, FileState.FAILED])
def test_a_file_that_was_found_wrong_is_not_handed_in(clip, coordinator, state):
    ClipFile.objects.update(state=state, reason="Video không có tiếng.")
    with pytest.raises(Refused) as refused:
        submit_clip(clip=clip, declares_rights=True, actor=coordinator)
    assert "Video không có tiếng." in sentences(refused)[0]


def test_a_clip_that_was_sent_back_is_handed_in_again_under_its_number_until_its_own_deadline(
    contest, coordinator, clip
):
    clip = make_clip(contest, unit=clip.unit, state=ClipState.SENT_BACK, deadline=server_now() + timedelta(days=2))
    first = clip.submitted_at
    end(contest)
    ready_file(clip)
    submit_clip(clip=clip, declares_rights=True, actor=coordinator)
    after = stored(clip)
    assert (after.state, after.number) == (ClipState.SUBMITTED, clip.number)
    assert after.submitted_at > first
    Clip.objects.filter(pk=clip.pk).update(state=ClipState.SENT_BACK, deadline=server_now())
    with pytest.raises(Refused):
        submit_clip(clip=clip, declares_rights=True, actor=coordinator)


@pytest.mark.parametrize("state", [ClipState.ACCEPTED, ClipState.REJECTED])
def test_what_was_screened_is_neither_edited_nor_handed_in_again(contest, clip, coordinator, state):
    screened = make_clip(contest, unit=clip.unit, state=state)
    for act in (
        lambda: edit_clip(clip=screened, entry=entry(contest), actor=coordinator),
        lambda: submit_clip(clip=screened, declares_rights=True, actor=coordinator),
        lambda: save_captions(clip=screened, data=CAPTIONS, actor=coordinator),
        lambda: delete_draft(clip=screened, actor=coordinator),
    ):
        with pytest.raises(Refused):
            act()
    assert verbs() == []


def test_a_coordinator_of_another_unit_finds_nothing(contest, clip):
    stranger = coordinator_of(make_clip(contest))
    for act in (
        lambda: edit_clip(clip=clip, entry=entry(contest), actor=stranger),
        lambda: submit_clip(clip=clip, declares_rights=True, actor=stranger),
        lambda: save_captions(clip=clip, data=CAPTIONS, actor=stranger),
        lambda: remove_captions(clip=clip, actor=stranger),
        lambda: delete_draft(clip=clip, actor=stranger),
    ):
        with pytest.raises(Problem) as problem:
            act()
        assert problem.value.code == "not_found"


def test_a_right_that_has_ended_counts_at_once(clip, coordinator):
    coordinator.role_grants.update(valid_to=ClockTimestamp())
    with pytest.raises(Problem) as problem:
        submit_clip(clip=clip, declares_rights=True, actor=coordinator)
    assert problem.value.code == "not_found"


# --- Captions ---------------------------------------------------------------------------------------


def test_captions_belong_to_the_version_that_counts(clip, coordinator, django_capture_on_commit_callbacks):
    save_captions(clip=clip, data=b"\xef\xbb\xbf" + CAPTIONS.replace(b"\n", b"\r\n"), actor=coordinator)
    file = ClipFile.objects.get()
    assert file.has_captions
    assert clip_storage().open(captions_key(file.pk)).read() == CAPTIONS
    save_captions(clip=clip, data=CAPTIONS.replace("Xin chào".encode(), b"Hai"), actor=coordinator)
    assert b"Hai" in clip_storage().open(captions_key(file.pk)).read()
    with django_capture_on_commit_callbacks(execute=True):
        remove_captions(clip=clip, actor=coordinator)
    assert not ClipFile.objects.get().has_captions
    assert not clip_storage().exists(captions_key(file.pk))
    assert verbs() == ["clip.save_captions", "clip.save_captions", "clip.remove_captions"]


def test_captions_that_are_none_and_captions_of_no_file_are_refused(contest, clip, coordinator):
    with pytest.raises(Problem) as problem:
        save_captions(clip=clip, data=b"1\n00:01 --> 00:02\nSRT", actor=coordinator)
    assert problem.value.code == "captions_not_webvtt"
    empty = make_clip(contest, unit=clip.unit, ready=False)
    with pytest.raises(Refused):
        save_captions(clip=empty, data=CAPTIONS, actor=coordinator)


# --- Deleting a draft -------------------------------------------------------------------------------


def test_a_deleted_draft_leaves_nothing_but_its_trace(
    clip, coordinator, settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.UPLOAD_DIR = tmp_path
    give_bytes(clip)
    file, script = clip.current, clip.script.name
    upload = Upload.objects.create(owner=coordinator, clip=clip, name="a.mp4", size=9, expires_at=server_now())
    store.path_of(upload.pk).write_bytes(b"x")
    with django_capture_on_commit_callbacks(execute=True):
        delete_draft(clip=clip, actor=coordinator)
    assert (Clip.objects.count(), ClipFile.objects.count(), Upload.objects.count()) == (0, 0, 0)
    for key in (original_key(file.pk), rendition_key(file.pk, 720), captions_key(file.pk), script):
        assert not clip_storage().exists(key)
    assert not store.path_of(upload.pk).exists()
    trace = AuditEntry.objects.get()
    assert (trace.verb, trace.object_label) == ("clip.delete", clip.title)


def test_a_clip_that_was_ever_handed_in_is_not_deleted(contest, clip, coordinator):
    back = make_clip(contest, unit=clip.unit, state=ClipState.SENT_BACK)
    with pytest.raises(Refused):
        delete_draft(clip=back, actor=coordinator)
    ClipFile.objects.filter(clip=clip).update(state=FileState.PROCESSING)
    with pytest.raises(Refused):
        delete_draft(clip=clip, actor=coordinator)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("begins", ["receiving", "processing"])
def test_a_draft_whose_file_is_arriving_or_taken_for_processing_is_not_deleted(begins):
    """A piece holds its upload's row, a worker the file's; the page that deletes does not wait for them."""
    from threading import Event, Thread

    clip, coordinator = draft()
    upload = Upload.objects.create(owner=coordinator, clip=clip, name="a.mp4", size=9, expires_at=server_now())
    file = ready_file(clip, state=FileState.RECEIVED, processed_at=None)
    holds, may_go = Event(), Event()

    def receive() -> None:
        try:
            with transaction.atomic():
                if begins == "receiving":
                    Upload.objects.select_for_update().get(pk=upload.pk)
                else:
                    ClipFile.objects.filter(pk=file.pk).update(state=FileState.PROCESSING)
                    transaction.set_rollback(True)
                holds.set()
                may_go.wait(20)
        finally:
            connection.close()

    thread = Thread(target=receive)
    thread.start()
    try:
        assert holds.wait(20)
        with pytest.raises(Refused):
            delete_draft(clip=clip, actor=coordinator)
    finally:
        may_go.set()
        thread.join()
    delete_draft(clip=clip, actor=coordinator)
    assert not Clip.objects.exists()


# --- Numbers ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_clips_that_are_handed_in_together_get_different_numbers():
    from threading import Barrier, Thread

    contest = make_clip_contest()
    clips = [make_clip(contest) for _ in range(4)]
    people = [coordinator_of(clip) for clip in clips]
    barrier = Barrier(len(clips))

    def hand_in(clip, person) -> None:
        try:
            barrier.wait(20)
            submit_clip(clip=clip, declares_rights=True, actor=person)
        finally:
            connection.close()

    threads = [Thread(target=hand_in, args=pair) for pair in zip(clips, people, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Clip.objects.values_list("number", flat=True)) == [1, 2, 3, 4]


def test_a_coordinator_of_a_department_hands_in_for_a_unit_below(contest):
    department = make_unit("SO", parent=contest.contest.unit)
    below = make_unit("PHONG", parent=department)
    grant(person := make_user(unit=department), Role.COORDINATOR, department)
    made = draft_clip(clip_contest=contest, unit=below, entry=entry(contest), actor=person)
    assert made.unit == below
