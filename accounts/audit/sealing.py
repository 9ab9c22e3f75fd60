"""Sealing the trace: what has been committed since the last time is bound into the chain."""

import logging

from django.db import connection, transaction

from accounts.audit.chain import COLUMNS, FORMAT, GENESIS, entries_digest, entry_digest, seal_digest
from accounts.clock import server_now
from accounts.models import AuditEntry, AuditLink, AuditSeal

logger = logging.getLogger(__name__)

MOST_PER_SEAL = 5_000
MOST_PER_RUN = 100_000
_LOCK = 0x5EA1


def seal_audit(*, most_per_seal: int = MOST_PER_SEAL, most_per_run: int = MOST_PER_RUN) -> int:
    """Seal every committed entry that is not sealed; returns how many. Safe to run twice, late or beside itself.

    An entry whose transaction commits later is found by the next run, whatever its id: what counts is that it
    has no place in a seal yet. Of two sealers that come together one leaves at once.
    """
    with transaction.atomic():
        if not _is_alone():
            return 0
        ids = list(AuditEntry.objects.filter(link=None).order_by("id").values_list("id", flat=True)[:most_per_run])
        seal = AuditSeal.objects.order_by("number").last()
        for start in range(0, len(ids), most_per_seal):
            part = ids[start : start + most_per_seal]
            is_last = start + most_per_seal >= len(ids) and len(ids) < most_per_run
            seal = _seal(part, seal, is_complete=is_last)
    if ids and seal is not None:
        # The log leaves the database, so the head of the chain is known outside of it too.
        logger.info("audit seal %s: %s entries, head %s", seal.number, len(ids), seal.digest)
    return len(ids)


def _is_alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _seal(ids: list[int], last: AuditSeal | None, *, is_complete: bool) -> AuditSeal:
    """Make the next seal, of these entries in this order."""
    rows = AuditEntry.objects.filter(pk__in=ids).order_by("id").values_list(*COLUMNS)
    digests = [(row[0], entry_digest(row)) for row in rows.iterator(chunk_size=1000)]
    seal = AuditSeal(
        number=last.number + 1 if last else 1,
        format=FORMAT,
        previous=last.digest if last else GENESIS,
        count=len(digests),
        entries=entries_digest(digest for _id, digest in digests),
        is_complete=is_complete,
        sealed_at=server_now(),
    )
    seal.digest = digest_of(seal)
    seal.save(force_insert=True)
    AuditLink.objects.bulk_create(
        [
            AuditLink(entry_id=entry_id, seal=seal, position=position, digest=digest)
            for position, (entry_id, digest) in enumerate(digests, start=1)
        ],
        batch_size=5_000,
    )
    return seal


def digest_of(seal: AuditSeal) -> str:
    """The hash that the seal's own columns give."""
    return seal_digest(
        number=seal.number,
        previous=seal.previous,
        count=seal.count,
        entries=seal.entries,
        is_complete=seal.is_complete,
        sealed_at=seal.sealed_at,
    )
