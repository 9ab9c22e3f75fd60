"""A task that fails and quotes what it was given."""

from celery import shared_task


@shared_task
def fail(name: str) -> None:
    raise ValueError(f"cannot do it for {name}")
