"""Checks that an auditor asks for on the page and a worker carries out, and the nightly one."""

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.audit import record_audit
from accounts.audit.anchors import keep_anchor, kept_anchors
from accounts.audit.checking import verify_audit
from accounts.clock import ClockTimestamp, server_now
from accounts.models import AuditCheck, User
from accounts.queue import prompt

logger = logging.getLogger(__name__)

RUN_TASK = "accounts.tasks.run_audit_check"
# A check whose worker died, or whose message was lost, is begun again.
GIVEN_UP_AFTER = timedelta(minutes=30)
WAITS_TOO_LONG = timedelta(seconds=30)


def request_check(*, actor: User) -> AuditCheck:
    """Have the chain checked by a worker; a check that still waits is returned as it is."""
    with transaction.atomic():
        waiting = AuditCheck.objects.select_for_update().filter(started_at=None).first()
        check = waiting or AuditCheck.objects.create(requested_by=actor)
        record_audit(actor=actor, verb="audit.verify", object=check)
        prompt(RUN_TASK, check.pk)
    return check


def run_check(check_id: Any) -> bool:
    """Carry out a check that waits, with the anchors that are kept. False when somebody else has taken it."""
    claimed = AuditCheck.objects.filter(pk=check_id, started_at=None).update(started_at=ClockTimestamp())
    if not claimed:
        return False
    verdict = verify_audit(kept_anchors())
    fault = verdict.fault
    if fault is not None:
        logger.error("the audit trace is broken: %s", fault)
    AuditCheck.objects.filter(pk=check_id).update(
        finished_at=ClockTimestamp(),
        entries=verdict.entries,
        seals=verdict.seals,
        unsealed=verdict.unsealed,
        head=verdict.head,
        fault=fault and {"kind": fault.kind, "seal": fault.seal, "entry": fault.entry, "place": fault.place},
    )
    return True


def sweep_checks() -> None:
    """Prompt checks that wait, and put back those whose worker died."""
    unfinished = AuditCheck.objects.filter(finished_at=None)
    unfinished.filter(started_at__lt=ClockTimestamp() - GIVEN_UP_AFTER).update(started_at=None)
    for check in unfinished.filter(started_at=None, requested_at__lt=ClockTimestamp() - WAITS_TOO_LONG)[:5]:
        prompt(RUN_TASK, check.pk)


def check_nightly() -> None:
    """Check the chain without being asked; if it is intact, keep the day's anchor outside the database.

    Twice in a night does no harm.
    """
    check = AuditCheck.objects.create(requested_by=None)
    run_check(check.pk)
    check.refresh_from_db()
    if check.finished_at is not None and check.fault is None:
        keep_anchor(timezone.localdate(server_now()))
