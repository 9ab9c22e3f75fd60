"""Celery's prompts. Each calls one service and is safe to run twice, late or never."""

from celery import shared_task

from privacy import retention


@shared_task
def enforce_retention() -> None:
    retention.enforce_retention()
