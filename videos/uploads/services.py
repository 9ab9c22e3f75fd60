"""Verbs about uploads. Each locks its upload's row: two requests about the same upload never work at the same time.

A file is received in one transaction per request: the row counts bytes only once they are synchronised to disk, so
whatever dies in between, offset and file agree as far as the offset goes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Max, Q, QuerySet, Sum
from psycopg2.errors import LockNotAvailable

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.models import Unit, User
from accounts.problems import not_found
from accounts.queue import prompt
from accounts.rights import Right, holders_over, units_with
from videos.models import Clip, ClipFile, FileState, Upload, UploadState
from videos.uploads import problems, store
from videos.uploads.body import Body
from videos.uploads.protocol import Checksum

PROCESS_TASK = "videos.tasks.process_file"
# Of a unit. Whoever has that many lying about has forgotten them, or is no person.
MOST_UNFINISHED = 20
# How long one that was given up, or whose time ran out, says so to whoever asks: then it is gone.
ENDED_KEPT = timedelta(days=30)


def create_upload(*, owner: User, clip_id: UUID, name: str, size: int) -> Upload:
    """Begin to receive a file of `size` bytes for a clip. Raises Problem.

    `name` has been cleaned (protocol.clean_name).
    """
    with transaction.atomic():
        clip = _clips_of(owner).select_related("clip_contest").filter(pk=clip_id).first()
        if clip is None:
            raise not_found()
        # The quota is the unit's: two uploads that begin together must see each other.
        Unit.objects.select_for_update(no_key=True).get(pk=clip.unit_id)
        now = server_now()
        _refuse_if_fixed(clip, now)
        if size == 0:
            raise problems.empty_file()
        if size > clip.clip_contest.max_bytes:
            raise problems.file_too_large(clip.clip_contest.max_bytes)
        _refuse_over_quota(clip, size, now)
        return Upload.objects.create(owner=owner, clip=clip, name=name, size=size, expires_at=_expiry(now))


def look_up(*, upload_id: UUID, owner: User) -> Upload:
    """The owner's upload as it stands. Raises Problem not_found, upload_gone, upload_locked."""
    with _locked(upload_id, owner) as upload:
        _refuse_if_gone(upload, server_now())
        return upload


def receive(*, upload_id: UUID, owner: User, offset: int, body: Body, checksum: Checksum | None) -> Upload:
    """Take in `body` from `offset` on; with the last byte the clip has its new file. Raises Problem.

    A body that breaks off counts as far as it came, except under a checksum: then nothing of it counts.
    """
    with _locked(upload_id, owner) as upload:
        now = server_now()
        _refuse_if_gone(upload, now)
        if offset != upload.offset:
            raise problems.wrong_offset(upload.offset)
        if offset + body.length > upload.size:
            raise problems.over_size(upload.size)
        if upload.state == UploadState.FINISHED:
            return upload  # the answer to the last piece was lost
        _refuse_if_fixed(upload.clip, now)
        upload.offset += _store(upload, body, checksum)
        upload.updated_at = server_now()
        upload.expires_at = _expiry(upload.updated_at)
        if upload.offset == upload.size:
            _finish(upload)
        upload.save()
    return upload


def terminate_upload(*, upload_id: UUID, owner: User) -> None:
    """Give up an unfinished upload; its file goes. Raises Problem."""
    with _locked(upload_id, owner) as upload:
        _refuse_if_gone(upload, server_now())
        if upload.state == UploadState.FINISHED:
            raise problems.upload_finished()
        upload.state = UploadState.TERMINATED
        upload.save(update_fields=["state"])
    store.discard(upload_id)  # afterwards: a row must never count bytes that are gone


def sweep_uploads() -> None:
    """End uploads whose time is up, delete files that no upload waits for, and rows of uploads that ended long ago.

    May run anywhere, and twice.
    """
    for upload_id in Upload.objects.filter(_overdue(server_now())).values_list("pk", flat=True):
        with transaction.atomic():
            overdue = Upload.objects.filter(_overdue(server_now()), pk=upload_id)
            for upload in overdue.select_for_update(skip_locked=True):  # a piece may be arriving
                upload.state = UploadState.EXPIRED
                upload.save(update_fields=["state"])
    # A row is there before its file, so a file that was listed first and has no row is nobody's. What is finished
    # belongs to processing.
    stored = store.stored_ids()
    kept = Upload.objects.filter(pk__in=stored, state__in=[UploadState.RECEIVING, UploadState.FINISHED])
    for upload_id in set(stored) - set(kept.values_list("pk", flat=True)):
        store.discard(upload_id)
    ended = Upload.objects.filter(state__in=[UploadState.TERMINATED, UploadState.EXPIRED])
    ended.filter(expires_at__lt=server_now() - ENDED_KEPT).delete()


def _clips_of(person: User):
    """The clips whose files the person may hand in."""
    return Clip.objects.filter(unit__in=units_with(person, Right.HAND_IN_CLIPS))


@contextmanager
def _locked(upload_id: UUID, owner: User) -> Iterator[Upload]:
    """The owner's upload, locked until the end of the block's transaction. Raises Problem not_found, upload_locked."""
    with transaction.atomic():
        mine = Upload.objects.filter(pk=upload_id, owner=owner, clip__in=_clips_of(owner))
        try:
            upload = mine.select_related("clip__clip_contest").select_for_update(nowait=True, of=("self",)).first()
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise problems.upload_locked() from error
            raise
        if upload is None:
            raise not_found()
        yield upload


def _store(upload: Upload, body: Body, checksum: Checksum | None) -> int:
    """Write the body to the upload's file; how many bytes count. Raises Problem."""
    digest = checksum.new_hash() if checksum else None
    try:
        written = store.append(upload.pk, offset=upload.offset, pieces=body, digest=digest)
    except store.DiskFull:
        raise problems.disk_full() from None
    except store.Lost:
        raise problems.upload_gone() from None
    if checksum is None or digest is None:
        return written
    if written < body.length:
        return 0
    if digest.digest() != checksum.digest:
        raise problems.wrong_checksum(upload.offset)
    return written


def _finish(upload: Upload) -> None:
    """Give the clip its new file. The receipt's time is that of the last byte; after the deadline nothing counts.

    A body takes minutes to arrive, in which a role can end as well as the time.
    """
    clip = Clip.objects.select_for_update(of=("self",)).select_related("clip_contest").get(pk=upload.clip_id)
    if not holders_over(clip.unit_id, Right.HAND_IN_CLIPS).filter(pk=upload.owner_id).exists():
        raise not_found()
    _refuse_if_fixed(clip, server_now())
    versions = clip.files.aggregate(last=Max("version"))
    file = ClipFile.objects.create(
        clip=clip, version=(versions["last"] or 0) + 1, name=upload.name, size=upload.size, received_by=upload.owner
    )
    upload.state, upload.file = UploadState.FINISHED, file
    before = {"version": clip.current.version} if clip.current else {}
    clip.current = file
    clip.save(update_fields=["current"])
    after = {"version": file.version, "name": file.name, "size": file.size}
    record_audit(actor=upload.owner, verb="clip.receive_file", object=clip, before=before, after=after)
    prompt(PROCESS_TASK, str(file.pk))


def _refuse_if_gone(upload: Upload, now: datetime) -> None:
    if upload.state in (UploadState.TERMINATED, UploadState.EXPIRED):
        raise problems.upload_gone()
    if upload.state == UploadState.RECEIVING and upload.expires_at <= now:
        raise problems.upload_gone()


def _refuse_if_fixed(clip: Clip, now: datetime) -> None:
    if not clip.is_editable_at(now):
        raise problems.clip_not_editable(now)


def _refuse_over_quota(clip: Clip, size: int, now: datetime) -> None:
    """What lies here of the unit's files, and what it is about to send, must stay within its quota."""
    of_unit = Q(clip__unit=clip.unit_id, clip__clip_contest=clip.clip_contest_id)
    unfinished = Upload.objects.filter(of_unit, state=UploadState.RECEIVING, expires_at__gt=now)
    if unfinished.count() >= MOST_UNFINISHED:
        raise problems.too_many_unfinished(MOST_UNFINISHED)
    files = ClipFile.objects.filter(of_unit)
    # A refused file must not stand in the way of the one that puts it right. It is kept all the same, and so is one
    # that was replaced before it was processed: without a bound of their own they would fill the storage.
    refused = _sum_of(files.filter(state=FileState.REFUSED))
    used = _sum_of(files.exclude(state=FileState.REFUSED)) + _sum_of(unfinished)
    limit = clip.clip_contest.unit_quota_bytes
    if used + size > limit:
        raise problems.quota_exceeded(limit=limit, used=used)
    if refused + size > limit:
        raise problems.too_much_refused(limit=limit, used=refused)


def _sum_of(rows: QuerySet[ClipFile] | QuerySet[Upload]) -> int:
    return rows.aggregate(sum=Sum("size"))["sum"] or 0


def _overdue(now: datetime) -> Q:
    return Q(state=UploadState.RECEIVING, expires_at__lte=now)


def _expiry(now: datetime) -> datetime:
    return now + timedelta(hours=settings.UPLOAD_HOURS)
