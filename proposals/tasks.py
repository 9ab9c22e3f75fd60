"""Celery's prompts; the work is in services and may run twice."""

from celery import shared_task

from proposals.retention import forget_old_requests as forget


@shared_task
def forget_old_requests() -> int:
    return forget()
