"""Celery's prompts. Each calls one service and is safe to run twice, late or never."""

from celery import shared_task
from django.db import connection

from contest.closing import close_due_rounds
from contest.services.attempts import end_overdue_attempts


@shared_task
def tick() -> None:
    """End overdue attempts, close due rounds, and leave a heartbeat. The beat calls it every 15 s."""
    end_overdue_attempts()
    close_due_rounds()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contest_heartbeat (name, at) VALUES ('tick', clock_timestamp())"
            " ON CONFLICT (name) DO UPDATE SET at = excluded.at"
        )
