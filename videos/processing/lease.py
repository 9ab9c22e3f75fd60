"""Who processes a file: the run that is in its row, as long as its lease lasts by the database's clock.

Every write of a run is guarded by it. A run that has lost its lease, because it slept or was cut off, changes nothing
any more; whoever finds a lease that has run out goes on where the row stands.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q

from accounts.clock import ClockTimestamp
from videos.models import ClipFile, FileState

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)
BEAT_SECONDS = 20.0
MOST_TRIES = 3
TO_PROCESS = (FileState.RECEIVED, FileState.PROCESSING)


class LeaseLost(Exception):
    """Another run has taken over, or the file is no longer to be processed. Nothing was written."""


def due_files() -> Q:
    """What a run may take: nobody holds it, or whoever held it has died."""
    return Q(state__in=TO_PROCESS) & (Q(lease_until=None) | Q(lease_until__lt=ClockTimestamp()))


@dataclass(frozen=True, slots=True)
class Lease:
    file_id: UUID
    run: UUID

    def write(self, **fields: Any) -> None:
        """Change the file's row. Raises LeaseLost."""
        if not self._own().update(**fields):
            raise LeaseLost

    @contextmanager
    def locked(self) -> Iterator[None]:
        """A transaction in which nobody takes the file over. For short work. Raises LeaseLost."""
        with transaction.atomic():
            if self._own().select_for_update().first() is None:
                raise LeaseLost
            yield

    @contextmanager
    def kept(self) -> Iterator["Heart"]:
        """Renew the lease, in a thread with a connection of its own, until the block ends."""
        heart = Heart(self)
        thread = threading.Thread(target=heart.run, name=f"lease of {self.file_id}", daemon=True)
        thread.start()
        try:
            yield heart
        finally:
            heart.stop()
            thread.join()

    def renew(self) -> None:
        self.write(lease_until=ClockTimestamp() + LEASE)

    def _own(self) -> Any:
        return ClipFile.objects.filter(pk=self.file_id, run=self.run, state=FileState.PROCESSING)


class Heart:
    """Beats until it is stopped or the lease is lost; a database that is away for a moment does not stop it."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._stopped, self._lost = threading.Event(), threading.Event()

    def run(self) -> None:
        try:
            while not self._stopped.wait(BEAT_SECONDS):
                self._beat()
        finally:
            connection.close()

    def stop(self) -> None:
        self._stopped.set()

    def check(self) -> None:
        """Raises LeaseLost once the lease is known to be lost."""
        if self._lost.is_set():
            raise LeaseLost

    def _beat(self) -> None:
        try:
            self._lease.renew()
        except LeaseLost:
            self._lost.set()
            self._stopped.set()
        except DatabaseError as error:
            logger.warning("lease of %s not renewed: %s", self._lease.file_id, type(error).__name__)
            connection.close()


def claim(file_id: Any) -> Lease | None:
    """Take the file, for one more of its tries. None: somebody has it, or it is not to be processed (any more)."""
    run = uuid4()
    taken = ClipFile.objects.filter(due_files(), pk=file_id, tries__lt=MOST_TRIES).update(
        state=FileState.PROCESSING, run=run, lease_until=ClockTimestamp() + LEASE, tries=F("tries") + 1, progress=0
    )
    return Lease(file_id, run) if taken else None
