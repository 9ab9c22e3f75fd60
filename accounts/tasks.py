"""Celery's prompts. Each calls one service and is safe to run twice, late or never."""

from celery import shared_task

from accounts.audit import checks, sealing
from accounts.sessions import forget_ended_sessions
from accounts.sign_in_limits import forget_old_failures


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


@shared_task
def forget_sessions() -> None:
    """Delete what ended sessions and wrong passwords left behind."""
    forget_ended_sessions()
    forget_old_failures()
