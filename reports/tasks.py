"""Celery's prompts. Each calls one service and is safe to run twice, late or never."""

from celery import shared_task

from reports import freezing, services
from reports.unit_reports import reminding


@shared_task(name=services.RUN_TASK)
def run_export(export_id: str) -> None:
    services.run_export(export_id)


@shared_task
def sweep_exports() -> None:
    services.sweep_exports()


@shared_task
def freeze_due_reports() -> None:
    """Freeze the reports of results that have appeared, been published or made final."""
    freezing.freeze_due_reports()


@shared_task
def tell_reminders() -> None:
    """Tell those of a reminder for whom the request that asked for it had no time."""
    reminding.tell_reminders()
