"""The tus server, request by request: what it answers, and what it leaves behind."""

import base64
import os
import re
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.clock import server_now
from accounts.models import AuditEntry, Role, RoleGrant, User
from embedded.home import Home
from embedded.services import commands
from tests.factories import grant, make_unit, make_user
from tests.faults.quiz import client_of, problem_of
from tests.videos.uploads.tus import (
    MP4,
    PIECE_TYPE,
    URL,
    Tus,
    checksum,
    coordinator_of,
    draft,
    metadata,
    upload_at,
)
from tests.videos.world import make_clip, make_clip_contest, ready_file
from videos.models import Clip, ClipContest, ClipFile, FileState, Upload, UploadState
from videos.uploads import api, services, store
from videos.uploads.body import Body

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def upload_dir(settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return settings.UPLOAD_DIR


@pytest.fixture
def clip():
    return make_clip(ready=False)


@pytest.fixture
def tus(clip):
    return Tus(coordinator_of(clip))


def refused(response, *allowed):
    """A refusal in the API's form, which says it speaks tus too."""
    assert response["Tus-Resumable"] == "1.0.0"
    return problem_of(response, *allowed)


# --- What the server can ------------------------------------------------------------------------------


def test_options_tell_everybody_what_the_server_can(clip):
    ClipContest.objects.update(max_bytes=5_000_000)
    response = Client().options(URL)
    assert response.status_code == 204
    assert {name: response[name] for name in response.headers if name.startswith("Tus")} == {
        "Tus-Resumable": "1.0.0",
        "Tus-Version": "1.0.0",
        "Tus-Extension": "creation,expiration,checksum,termination",
        "Tus-Checksum-Algorithm": "sha1,sha256",
        "Tus-Max-Size": "5000000",
    }


def test_a_file_arrives_in_pieces_and_becomes_the_clips_next_version(clip, tus, django_capture_on_commit_callbacks):
    ready_file(clip)
    response = tus.begin(clip)
    assert (response.status_code, response["Upload-Offset"]) == (201, "0")
    assert "GMT" in response["Upload-Expires"]
    url = response["Location"].removeprefix("http://testserver")
    assert url.startswith(URL)
    first = tus.send(url, MP4[:1000])
    assert (first.status_code, first["Upload-Offset"], first["Tus-Resumable"]) == (204, "1000", "1.0.0")
    assert first["Upload-Expires"]
    look = tus.look(url)
    assert (look.status_code, look["Upload-Offset"], look["Upload-Length"]) == (200, "1000", str(len(MP4)))
    assert look["Cache-Control"] == "no-store"
    assert look["Upload-Metadata"] == metadata(clip)
    assert Clip.objects.get().current is None
    with django_capture_on_commit_callbacks() as prompts:
        last = tus.send(url, MP4[1000:], 1000)
    assert (last.status_code, last["Upload-Offset"]) == (204, str(len(MP4)))
    assert len(prompts) == 1
    upload = upload_at(url)
    file = ClipFile.objects.get(version=2)
    assert (upload.state, upload.file, Clip.objects.get().current) == (UploadState.FINISHED, file, file)
    assert (file.state, file.name, file.size, file.received_by) == (
        FileState.RECEIVED, "Một cửa.mp4", len(MP4), upload.owner,
    )  # fmt: skip
    assert abs(file.received_at - server_now()) < timedelta(seconds=10)
    assert store.path_of(upload.pk).read_bytes() == MP4
    entry = AuditEntry.objects.get(verb="clip.receive_file")
    assert (entry.actor, entry.object_id, entry.after["version"]) == (upload.owner, str(clip.pk), 2)
    assert entry.unit == clip.unit


def test_the_last_piece_sent_again_changes_nothing(clip, tus):
    url = tus.begun(clip)
    tus.send(url, MP4)
    again = tus.send(url, b"", len(MP4))
    assert (again.status_code, again["Upload-Offset"]) == (204, str(len(MP4)))
    refused(tus.send(url, MP4), (409, "wrong_offset"))
    refused(tus.send(url, b"x", len(MP4)), (413, "over_size"))
    refused(tus.call("DELETE", url), (409, "upload_finished"))
    assert ClipFile.objects.count() == 1
    assert tus.look(url)["Upload-Offset"] == str(len(MP4))
    assert store.path_of(upload_at(url).pk).read_bytes() == MP4


def test_clients_that_know_no_patch_may_say_so_in_a_header(clip, tus):
    url = tus.begun(clip)
    response = tus.call("POST", url, MP4[:10], Content_Type=PIECE_TYPE, Upload_Offset=0, X_HTTP_Method_Override="PATCH")
    assert (response.status_code, response["Upload-Offset"]) == (204, "10")
    assert tus.call("POST", url, X_HTTP_Method_Override="DELETE").status_code == 204
    assert upload_at(url).state == UploadState.TERMINATED


# --- Refusals -----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("version", [None, "0.2.2", "1.0.1", "1"])
def test_another_version_of_tus_is_refused(clip, tus, version):
    url = tus.begun(clip)
    for response in (
        tus.begin(clip, Tus_Resumable=version),
        tus.send(url, MP4, Tus_Resumable=version),
        tus.call("DELETE", url, Tus_Resumable=version),
    ):
        refused(response, (412, "wrong_tus_version"))
        assert response["Tus-Version"] == "1.0.0"
    assert tus.look(url, Tus_Resumable=version).status_code == 412
    assert tus.look(url)["Upload-Offset"] == "0"


def test_pieces_that_cannot_be_taken_are_refused_and_the_offset_stays(clip, tus):
    url = tus.begun(clip, size=40_000_000)
    assert tus.send(url, MP4[:500]).status_code == 204
    tellings = {
        (415, "wrong_content_type"): {"Content_Type": "application/octet-stream"},
        (413, "piece_too_large"): {"CONTENT_LENGTH": 16 * 1024 * 1024 + 1},
        (411, "length_required"): {"CONTENT_LENGTH": ""},
        (409, "wrong_offset"): {"Upload_Offset": 499},
        (400, "unknown_checksum"): {"Upload_Checksum": "md5 XUFAKrxLKna5cZ2REBfFkg=="},
        (460, "wrong_checksum"): {"Upload_Checksum": checksum(b"others")},
    }
    for (status, code), headers in tellings.items():
        length = headers.pop("CONTENT_LENGTH", None)
        if length is not None:
            response = tus.browser.patch(
                url, MP4[500:], content_type=PIECE_TYPE, CONTENT_LENGTH=str(length),
                headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "500"},
            )  # fmt: skip
        else:
            response = tus.send(url, MP4[500:], **{"Upload_Offset": 500} | headers)
        assert refused(response, (status, code))["detail"]
        assert tus.look(url)["Upload-Offset"] == "500", code
    assert refused(tus.send(url, MP4, 499), (409, "wrong_offset"))["offset"] == 500
    for text in ("", "-1", "1e3", "٥٠٠", "9" * 19, None):
        refused(tus.send(url, MP4, Upload_Offset=text), (400, "malformed"))
    for text in ("sha256", "sha256 !!!", "sha256 " + base64.b64encode(b"short").decode(), "sha256 "):
        refused(tus.send(url, MP4[500:], 500, Upload_Checksum=text), (400, "unknown_checksum"))
    # Control: the same piece, told truly, is taken.
    taken = tus.send(url, MP4[500:], 500, Upload_Checksum=checksum(MP4[500:], "sha1"))
    assert (taken.status_code, taken["Upload-Offset"]) == (204, str(len(MP4)))
    assert store.path_of(upload_at(url).pk).read_bytes() == MP4


def test_a_piece_of_16_mib_is_taken(clip, tus):
    size = api.LARGEST_PIECE
    url = tus.begun(clip, size=size + 1)
    assert tus.send(url, bytes(size))["Upload-Offset"] == str(size)


def test_no_more_than_was_declared_is_taken(clip, tus):
    url = tus.begun(clip, size=10)
    assert refused(tus.send(url, b"x" * 25), (413, "over_size"))["size"] == 10
    assert tus.look(url)["Upload-Offset"] == "0"
    assert tus.send(url, b"x" * 4)["Upload-Offset"] == "4"
    refused(tus.send(url, b"x" * 7, 4), (413, "over_size"))
    assert upload_at(url).state == UploadState.RECEIVING


@pytest.mark.slow
@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({"Upload_Length": None}, (400, "malformed")),
        ({"Upload_Length": None, "Upload_Defer_Length": "1"}, (400, "malformed")),
        ({"Upload_Length": "-1"}, (400, "malformed")),
        ({"Upload_Length": "1e9"}, (400, "malformed")),
        ({"Upload_Length": "９"}, (400, "malformed")),
        ({"Upload_Length": "9" * 30}, (400, "malformed")),
        ({"Upload_Length": "0"}, (400, "empty_file")),
        ({"Upload_Length": 1024**3 + 1}, (413, "file_too_large")),
        ({"Upload_Metadata": None}, (400, "malformed_metadata")),
        ({"Upload_Metadata": "filename"}, (400, "unusable_name", "malformed_metadata")),
        ({"Upload_Metadata": "filename ???,clip ???"}, (400, "malformed_metadata")),
        ({"Upload_Metadata": "filename YQ==,filename YQ=="}, (400, "malformed_metadata")),
        ({"Upload_Metadata": "filename YQ==,clip YQ=="}, (400, "malformed_metadata")),
        ({"Upload_Metadata": "filename YQ==,clip /////w=="}, (400, "malformed_metadata")),
        ({"Upload_Metadata": ",,,"}, (400, "malformed_metadata")),
    ],
)
def test_what_cannot_be_begun_is_refused_and_leaves_nothing(clip, tus, headers, refusal):
    status, *codes = refusal
    refused(tus.begin(clip, **headers), *((status, code) for code in codes))
    assert Upload.objects.count() == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../x.mp4", "x.mp4"),
        ("..\\..\\x.mp4", "x.mp4"),
        ("/etc/passwd", "passwd"),
        ("phim\u202e4pm.exe", "phim4pm.exe"),
        ("a\u2066b\u200f\x07\x1b[0m.mp4", "ab[0m.mp4"),
        ("  Mo\u0302\u0323t \n cửa.mp4 ", "Một cửa.mp4"),
        ("x" * 300 + ".mp4", "x" * 251 + ".mp4"),
        ("ô" * 300, "ô" * 255),
    ],
)
def test_names_are_cleaned(clip, tus, sent, kept):
    assert upload_at(tus.begun(clip, name=sent)).name == kept


@pytest.mark.parametrize("sent", ["a\x00.mp4", "", "..", "/", "\u202e", " . "])
def test_names_of_which_nothing_remains_are_refused(clip, tus, sent):
    refused(tus.begin(clip, name=sent), (400, "unusable_name"))


def test_a_name_that_is_no_text_is_refused(clip, tus):
    refused(tus.begin(clip, name=b"\xff\xfe"), (400, "malformed_metadata"))


def test_refusals_are_in_the_callers_language(clip, tus):
    assert refused(tus.begin(clip, Upload_Length=0), (400, "empty_file"))["detail"].startswith("Tệp rỗng")
    english = refused(tus.begin(clip, Upload_Length=0, Accept_Language="en"), (400, "empty_file"))
    assert english["detail"].startswith("The file is empty")


# --- Who ----------------------------------------------------------------------------------------------


def everything_at(tus, url) -> list[int]:
    return [
        tus.look(url).status_code, tus.send(url, MP4).status_code, tus.call("DELETE", url).status_code,
    ]  # fmt: skip


@pytest.mark.slow
def test_nobody_but_its_owner_sees_or_touches_an_upload(clip, tus):
    url = tus.begun(clip)
    above = make_user(unit=clip.unit)
    grant(above, Role.COORDINATOR, clip.unit.parent)
    organiser = make_user(unit=clip.unit)
    grant(organiser, Role.ORGANISER, clip.clip_contest.contest.unit)
    strangers = [coordinator_of(clip), above, organiser, make_user(unit=clip.unit), draft()[1]]
    for stranger in strangers:
        assert everything_at(Tus(stranger), url) == [404, 404, 404]
        assert everything_at(Tus(stranger), f"{URL}{uuid4()}/") == [404, 404, 404]
    assert everything_at(Tus(None), url) == [401, 401, 401]
    assert upload_at(url).state == UploadState.RECEIVING
    assert everything_at(tus, url) == [200, 204, 409]


def test_only_coordinators_of_its_unit_begin_an_upload_for_a_clip(clip):
    for person in (make_user(unit=clip.unit), draft()[1]):
        refused(Tus(person).begin(clip), (404, "not_found"))
    refused(Tus(None).begin(clip), (401, "not_authenticated"))
    refused(Tus(coordinator_of(clip)).begin(clip, Upload_Metadata=metadata(uuid4())), (404, "not_found"))
    assert Upload.objects.count() == 0


def test_a_role_that_was_revoked_takes_its_uploads_with_it(clip, tus):
    url = tus.begun(clip)
    RoleGrant.objects.filter(role=Role.COORDINATOR).delete()
    assert everything_at(tus, url) == [404, 404, 404]
    refused(tus.begin(clip), (404, "not_found"))


def test_a_token_acts_as_a_participant_and_has_no_uploads(clip):
    person = coordinator_of(clip)
    program = client_of(person)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Metadata": metadata(clip)}
    refused(program.post(URL, headers=headers), (404, "not_found"))
    url = Tus(person).begun(clip)
    assert program.head(url, headers={"Tus-Resumable": "1.0.0"}).status_code == 404


def test_unsafe_requests_need_the_csrf_token(clip):
    strict = Tus(coordinator_of(clip))
    strict.browser.handler.enforce_csrf_checks = True
    refused(strict.begin(clip), (403, "forbidden"))
    strict.browser.get("/accounts/login/")
    strict.browser.cookies["csrftoken"] = token = "a" * 32
    url = strict.begun(clip, X_CSRFToken=token)
    refused(strict.send(url, MP4), (403, "forbidden"))
    refused(strict.call("DELETE", url), (403, "forbidden"))
    assert strict.look(url)["Upload-Offset"] == "0"
    assert strict.send(url, MP4, X_CSRFToken=token).status_code == 204


# --- When ---------------------------------------------------------------------------------------------


def close(clip: Clip) -> None:
    ClipContest.objects.filter(pk=clip.clip_contest_id).update(closes_at=server_now())


def test_after_the_deadline_nothing_is_taken(clip, tus):
    url = tus.begun(clip)
    tus.send(url, MP4[:10])
    close(clip)
    refused(tus.begin(clip), (409, "clip_not_editable"))
    assert "server_time" in refused(tus.send(url, MP4[10:], 10), (409, "clip_not_editable"))
    assert tus.look(url)["Upload-Offset"] == "10"
    # Sent back with a deadline of its own, it goes on where it was.
    Clip.objects.filter(pk=clip.pk).update(deadline=server_now() + timedelta(days=1))
    assert tus.send(url, MP4[10:], 10).status_code == 204
    assert upload_at(url).state == UploadState.FINISHED


def test_a_last_piece_that_began_before_the_deadline_and_ends_after_it_counts_for_nothing(clip, tus):
    upload = upload_at(tus.begun(clip))

    def read_on(size: int) -> bytes:
        close(clip)
        return MP4

    with pytest.raises(Exception, match="clip_not_editable"):
        services.receive(
            upload_id=upload.pk, owner=upload.owner, offset=0, checksum=None,
            body=InThread(read_on, len(MP4)),
        )  # fmt: skip
    upload.refresh_from_db()
    assert (upload.offset, upload.state, ClipFile.objects.count()) == (0, UploadState.RECEIVING, 0)


@pytest.mark.parametrize("ends", ["role", "account"])
def test_a_last_piece_that_began_within_a_role_and_ends_after_it_counts_for_nothing(clip, tus, ends):
    upload = upload_at(tus.begun(clip))

    def read_on(size: int) -> bytes:
        if ends == "role":
            RoleGrant.objects.filter(role=Role.COORDINATOR).update(valid_to=server_now())
        else:
            User.objects.filter(pk=upload.owner_id).update(is_active=False)
        return MP4

    with pytest.raises(Exception, match="not_found"):
        services.receive(
            upload_id=upload.pk, owner=upload.owner, offset=0, checksum=None,
            body=InThread(read_on, len(MP4)),
        )  # fmt: skip
    clip.refresh_from_db()
    assert (upload_at(str(upload.pk)).offset, clip.current, ClipFile.objects.count()) == (0, None, 0)


class InThread(Body):
    """A body that is read in the test's own thread, which has its transaction."""

    def __init__(self, read, length):
        super().__init__(read, length, patience=5)

    def __iter__(self):
        yield self._read(self.length)


def test_a_clip_that_was_accepted_takes_no_other_file_until_it_is_sent_back(tus, clip):
    url = tus.begun(clip)
    now = server_now()
    Clip.objects.update(state="accepted", number=1, submitted_at=now, rights_declared_at=now)
    refused(tus.begin(clip), (409, "clip_not_editable"))
    refused(tus.send(url, MP4), (409, "clip_not_editable"))
    Clip.objects.update(state="sent_back")
    assert tus.send(url, MP4).status_code == 204


def test_an_upload_expires_and_each_piece_gives_it_more_time(clip, tus, upload_dir, settings):
    url = tus.begun(clip)
    Upload.objects.update(expires_at=server_now() + timedelta(minutes=1))
    tus.send(url, MP4[:10])
    upload = upload_at(url)
    assert timedelta(hours=23) < upload.expires_at - server_now() <= timedelta(hours=24)
    Upload.objects.update(expires_at=server_now())
    assert tus.look(url).status_code == 410
    refused(tus.send(url, MP4[10:], 10), (410, "upload_gone"))
    refused(tus.call("DELETE", url), (410, "upload_gone"))


def test_a_terminated_upload_is_gone_with_its_file(clip, tus, upload_dir):
    url = tus.begun(clip)
    tus.send(url, MP4[:10])
    assert len(list(upload_dir.iterdir())) == 1
    response = tus.call("DELETE", url)
    assert (response.status_code, response["Tus-Resumable"]) == (204, "1.0.0")
    assert list(upload_dir.iterdir()) == []
    assert tus.look(url).status_code == 410
    refused(tus.send(url, MP4[10:], 10), (410, "upload_gone"))


def test_an_upload_whose_bytes_are_lost_is_gone(clip, tus):
    url = tus.begun(clip)
    tus.send(url, MP4[:10])
    os.truncate(store.path_of(upload_at(url).pk), 9)
    refused(tus.send(url, MP4[10:], 10), (410, "upload_gone"))
    store.discard(upload_at(url).pk)
    refused(tus.send(url, MP4[10:], 10), (410, "upload_gone"))


# --- How much -----------------------------------------------------------------------------------------


def test_a_unit_stays_within_its_quota_files_and_running_uploads_together():
    contest = make_clip_contest(unit_quota_bytes=10 * 1024**2)
    unit = make_unit(parent=contest.contest.unit)
    clip, other = make_clip(contest, unit=unit, ready=False), make_clip(contest, unit=unit, ready=False)
    ready_file(clip, size=4 * 1024**2)
    ready_file(clip, size=3 * 1024**2, state=FileState.REFUSED, reason="Không có tiếng")
    neighbour = make_clip(contest, ready=False)
    ready_file(neighbour, size=50 * 1024**2)
    tus, colleague = Tus(coordinator_of(clip)), Tus(coordinator_of(clip))
    url = tus.begun(clip, size=5 * 1024**2)
    refusal = refused(colleague.begin(other, 1024**2 + 1), (413, "quota_exceeded"))
    assert (refusal["limit"], refusal["used"]) == (10 * 1024**2, 9 * 1024**2)
    assert refusal["detail"].startswith("Đơn vị đã dùng 9 MB trong 10 MB")
    colleague.begun(other, size=1024**2)
    refused(tus.begin(clip, 1), (413, "quota_exceeded"))
    tus.call("DELETE", url)
    Upload.objects.filter(state=UploadState.RECEIVING).update(expires_at=server_now())
    tus.begun(clip, size=6 * 1024**2)


def test_what_was_refused_or_replaced_unprocessed_fills_no_more_than_a_quota_of_its_own():
    contest = make_clip_contest(unit_quota_bytes=10 * 1024**2)
    clip = make_clip(contest, ready=False)
    tus = Tus(coordinator_of(clip))
    for _number in range(2):  # nothing of it is in use, all of it is kept
        ready_file(clip, size=4 * 1024**2, state=FileState.REFUSED, reason="Đã được thay bằng tệp khác")
    tus.call("DELETE", tus.begun(clip, size=2 * 1024**2))
    refusal = refused(tus.begin(clip, 2 * 1024**2 + 1), (413, "quota_exceeded"))
    assert (refusal["limit"], refusal["used"]) == (10 * 1024**2, 8 * 1024**2)
    assert refusal["detail"].startswith("Các tệp không đạt hoặc đã thay của đơn vị chiếm 8 MB trong 10 MB")
    ClipFile.objects.filter(version=1).delete()
    tus.begun(clip, size=2 * 1024**2 + 1)


def test_a_unit_has_only_so_many_unfinished_uploads(clip, tus, monkeypatch):
    monkeypatch.setattr(services, "MOST_UNFINISHED", 2)
    urls = [tus.begun(clip), tus.begun(clip)]
    refused(tus.begin(clip), (409, "too_many_unfinished"))
    tus.send(urls[0], MP4)
    tus.begun(clip)


def test_a_body_beyond_the_processs_places_is_to_come_again(clip, tus):
    url = tus.begun(clip)
    with api._slot():
        response = tus.send(url, MP4)
        refused(response, (429, "too_many_uploads"))
        assert response["Retry-After"] == "2"
        assert tus.look(url)["Upload-Offset"] == "0"
    assert tus.send(url, MP4).status_code == 204
    with api._slot():  # every piece gave its place back, the refused ones too
        pass


@pytest.mark.slow
def test_a_body_that_never_pauses_and_never_ends_lets_go_of_its_place():
    body, began = Body(lambda size: b"x" * size, 10**15, patience=0.1), time.monotonic()
    for _piece in body:
        assert time.monotonic() < began + 20, "it would hold its place for ever"
    body.leave()
    assert body.has_stalled
    whole = Body(lambda size: b"x" * size, 200_000, patience=20)
    assert (sum(map(len, whole)), whole.has_stalled) == (200_000, False)
    whole.leave()


def test_the_places_for_bodies_are_fewer_than_half_of_the_threads(settings):
    command = commands(8000, Home(Path("unused")))["web"]
    assert int(command[command.index("--blocking-threads") + 1]) > 2 * settings.UPLOADS_AT_ONCE
    production = (settings.BASE_DIR / "docker-compose.yml").read_text()
    places, threads = re.search(r"UPLOADS_AT_ONCE:-(\d+)", production), re.search(r"blocking-threads=(\d+)", production)
    assert 2 * int(places[1]) < int(threads[1])


# --- Sweeping -----------------------------------------------------------------------------------------


def test_the_sweep_ends_what_expired_and_deletes_what_nobody_waits_for(clip, tus, upload_dir):
    running, old, finished, terminated = (tus.begun(clip) for _ in range(4))
    for url in (running, old, terminated):
        tus.send(url, MP4[:10])
    tus.send(finished, MP4)
    Upload.objects.filter(pk=upload_at(old).pk).update(expires_at=server_now())
    Upload.objects.filter(pk=upload_at(terminated).pk).update(state=UploadState.TERMINATED)
    orphan = uuid4()
    store.path_of(orphan).write_bytes(b"x")
    strange = upload_dir / "README"
    strange.write_bytes(b"not ours")
    services.sweep_uploads()
    services.sweep_uploads()
    assert upload_at(old).state == UploadState.EXPIRED
    assert upload_at(running).state == UploadState.RECEIVING
    assert {path.name for path in upload_dir.iterdir()} == {
        str(upload_at(running).pk), str(upload_at(finished).pk), "README"
    }  # fmt: skip


def test_uploads_that_came_to_nothing_are_forgotten_after_a_month(clip, tus):
    lately, given_up, overdue, finished = (tus.begun(clip) for _ in range(4))
    tus.send(finished, MP4)
    tus.call("DELETE", lately), tus.call("DELETE", given_up)
    Upload.objects.exclude(pk=upload_at(lately).pk).update(expires_at=server_now() - timedelta(days=31))
    gone = [upload_at(url).pk for url in (given_up, overdue)]
    services.sweep_uploads()
    assert not Upload.objects.filter(pk__in=gone).exists()
    assert (upload_at(lately).state, upload_at(finished).state) == (UploadState.TERMINATED, UploadState.FINISHED)


@pytest.mark.django_db(transaction=True)
def test_the_sweep_leaves_an_upload_alone_of_which_a_piece_is_arriving(upload_dir):
    clip, person = draft()
    upload = upload_at(Tus(person).begun(clip))
    Upload.objects.update(expires_at=server_now())
    with transaction.atomic():
        Upload.objects.select_for_update().get(pk=upload.pk)
        in_another_connection(services.sweep_uploads)
    upload.refresh_from_db()
    assert upload.state == UploadState.RECEIVING
    services.sweep_uploads()
    upload.refresh_from_db()
    assert upload.state == UploadState.EXPIRED


def in_another_connection(act):
    from concurrent.futures import ThreadPoolExecutor

    def run():
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(30)
