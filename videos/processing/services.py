"""Processing a file, finding what got stuck, and trying again. Every move is guarded by the lease."""

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp
from accounts.models import User
from accounts.problems import Refused, not_found
from accounts.queue import prompt
from accounts.rights import Right, has_over
from notifications.models import Kind
from notifications.services import notify
from videos.models import ClipFile, FileState
from videos.processing import refusals
from videos.processing.lease import MOST_TRIES, Lease, LeaseLost, claim, due_files
from videos.processing.refusals import Refusal
from videos.processing.steps import STEPS, ContentLost, Work

logger = logging.getLogger(__name__)

PROCESS_TASK = "videos.tasks.process_file"
# Before a file is tried again after a fault of ours: a full disk, a storage that does not answer.
PAUSE = timedelta(minutes=1)
# A sweep starts no further file after that; the next one goes on.
SWEEP_SECONDS = 1800.0


def process_file(file_id: Any) -> bool:
    """Bring a file as far as it gets: ready, refused, failed, or back to wait for another try.

    False when there was nothing to do, or another run has taken over. May run any number of times, at once too.
    """
    lease = claim(file_id)
    if lease is None:
        return False
    file = ClipFile.objects.select_related("clip__clip_contest", "received_by").get(pk=file_id)
    with translation.override("vi"):  # reasons are stored
        try:
            with working_directory(lease) as directory, lease.kept() as heart:
                work = Work(file, lease, heart, directory)
                for step in STEPS:
                    heart.check()
                    step(work)
            return True
        except LeaseLost:
            logger.info("file %s: another run has taken over", file.pk)
            return False
        except Refusal as refusal:
            return _end(file, lease, FileState.REFUSED, refusal.text)
        except ContentLost:
            logger.error("file %s: what was received is not there", file.pk)
            return _end(file, lease, FileState.FAILED, refusals.lost())
        except Exception:
            logger.exception("file %s: try %s failed", file.pk, file.tries)
            if file.tries >= MOST_TRIES:
                return _end(file, lease, FileState.FAILED, refusals.given_up(file.tries))
            return _wait_for_another_try(lease)


def _end(file: ClipFile, lease: Lease, state: FileState, reason: str) -> bool:
    """End without a clip to watch, and tell who sent it. False when the lease was lost."""
    try:
        with transaction.atomic():
            lease.write(
                state=state, reason=reason, progress=0, processed_at=ClockTimestamp(), run=None, lease_until=None
            )
            tell_sender(file, reason)
    except LeaseLost:
        return False
    return True


def _wait_for_another_try(lease: Lease) -> bool:
    try:
        lease.write(state=FileState.RECEIVED, run=None, progress=0, lease_until=ClockTimestamp() + PAUSE)
    except LeaseLost:
        return False
    return True


def tell_sender(file: ClipFile, reason: str) -> None:
    if file.clip.current_id != file.pk:
        return
    subject = _("Tệp video “%(name)s” chưa dùng được") % {"name": file.clip.title}
    path = reverse("clip", args=[file.clip_id])
    notify(user=file.received_by, kind=Kind.CLIP, subject=subject, body=reason, path=path)


@contextmanager
def working_directory(lease: Lease) -> Iterator[Path]:
    """A directory of this run's own, gone afterwards."""
    directory = Path(settings.CLIP_WORK_DIR) / str(lease.run)
    directory.mkdir(mode=0o700, parents=True)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


# --- What got stuck ---------------------------------------------------------------------------------


def sweep_files() -> None:
    """Give up what has used up its tries, clear away after killed runs, process what is due, oldest first."""
    with translation.override("vi"):
        give_up_worn_out()
    remove_loose_directories()
    end = time.monotonic() + SWEEP_SECONDS
    tried: set[Any] = set()
    while time.monotonic() < end:
        due = ClipFile.objects.filter(due_files(), tries__lt=MOST_TRIES).exclude(pk__in=tried)
        file_id = due.order_by("received_at").values_list("pk", flat=True).first()
        if file_id is None:
            return
        tried.add(file_id)
        process_file(file_id)


def give_up_worn_out() -> None:
    """Files whose runs died, each without a word, as often as they may."""
    for file in ClipFile.objects.filter(due_files(), tries__gte=MOST_TRIES).select_related("clip", "received_by"):
        with transaction.atomic():
            reason = refusals.given_up(file.tries)
            moved = ClipFile.objects.filter(due_files(), pk=file.pk, tries__gte=MOST_TRIES).update(
                state=FileState.FAILED, reason=reason, progress=0, run=None, lease_until=None,
                processed_at=ClockTimestamp(),
            )  # fmt: skip
            if moved:
                tell_sender(file, reason)


def remove_loose_directories() -> None:
    """Those of runs that nobody waits for any more."""
    root = Path(settings.CLIP_WORK_DIR)
    if not root.is_dir():
        return
    found = {path.name: path for path in root.iterdir()}  # before the rows: a directory found is older than they
    alive = ClipFile.objects.filter(state=FileState.PROCESSING).values_list("run", flat=True)
    for name in set(found) - {str(run) for run in alive}:
        shutil.rmtree(found[name], ignore_errors=True)


# --- Trying again -----------------------------------------------------------------------------------


def may_retry(*, file: ClipFile, actor: User) -> bool:
    """The unit and the organisers when we failed; organisers also a refused one, once the rules have changed.

    Only the version that counts is worth it.
    """
    if file.clip.current_id != file.pk:
        return False
    is_organiser = has_over(actor, Right.SCREEN_CLIPS, file.clip.clip_contest.contest.unit_id)
    if file.state == FileState.FAILED:
        return is_organiser or has_over(actor, Right.HAND_IN_CLIPS, file.clip.unit_id)
    return file.state == FileState.REFUSED and is_organiser


def retry_processing(*, file: ClipFile, actor: User) -> None:
    """Process a file anew, with all its tries. Raises not_found for strangers, Refused when there is nothing to do."""
    unit_id = file.clip.clip_contest.contest.unit_id
    if not has_over(actor, Right.SCREEN_CLIPS, unit_id) and not has_over(actor, Right.HAND_IN_CLIPS, file.clip.unit_id):
        raise not_found()
    with transaction.atomic():
        locked = ClipFile.objects.select_for_update(of=("self",)).select_related("clip__clip_contest__contest")
        file = locked.get(pk=file.pk)
        if not may_retry(file=file, actor=actor):
            raise Refused(_("Tệp này không cần hoặc không thể xử lý lại."))
        before = {"state": file.state, "reason": file.reason}
        ClipFile.objects.filter(pk=file.pk).update(
            state=FileState.RECEIVED, reason="", tries=0, progress=0, probe={}, lease_until=None, processed_at=None
        )
        record_audit(
            actor=actor, verb="clip.retry_file", object=file.clip, before=before,
            after={"version": file.version, "state": FileState.RECEIVED},
        )  # fmt: skip
        prompt(PROCESS_TASK, str(file.pk))
