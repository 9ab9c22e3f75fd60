"""Celery's prompts. Each calls one service and is safe to run twice, late or never."""

from celery import shared_task

from accounts.audit import checks, sealing


@shared_task
def seal_audit() -> None:
    """Seal what has been traced, and see to checks that wait. The beat calls it every minute."""
    sealing.seal_audit()
    checks.sweep_checks()


@shared_task
def run_audit_check(check_id: int) -> None:
    checks.run_check(check_id)


@shared_task
def check_audit_nightly() -> None:
    checks.check_nightly()
