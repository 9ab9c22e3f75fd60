"""Celery's prompts. Each calls one service and is safe to run twice, late or never."""

from typing import Any

from celery import shared_task

from videos.processing import services as processing
from videos.uploads import services as uploads

LONGEST_SECONDS = 6 * 3600  # of a task on the queue of clips; its children have limits of their own


@shared_task(time_limit=LONGEST_SECONDS)
def process_file(file_id: Any) -> None:
    """Make a received file one that can be watched."""
    processing.process_file(file_id)


@shared_task(time_limit=LONGEST_SECONDS)
def sweep_files() -> None:
    """Process what waits, and what a killed worker has left."""
    processing.sweep_files()


@shared_task
def sweep_uploads() -> None:
    """End uploads whose time is up, and delete files that nobody waits for."""
    uploads.sweep_uploads()
