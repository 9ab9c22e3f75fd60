"""Celery's prompts. Each calls one service and is safe to run twice, late or never."""

from celery import shared_task

from reports import services


@shared_task(name=services.RUN_TASK)
def run_export(export_id: str) -> None:
    services.run_export(export_id)


@shared_task
def sweep_exports() -> None:
    services.sweep_exports()
