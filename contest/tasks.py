"""Celery's prompts. Each calls one service and is safe to run twice, late or never."""

from celery import shared_task
from django.db import connection

from contest.announcements import announce_due
from contest.closing import close_due_rounds
from contest.models import Round
from contest.models.round import PUBLIC_RESULT_STATES
from contest.record import build_public_record
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


@shared_task
def build_public_records() -> None:
    """Write the public records that published rounds still lack."""
    for round in Round.objects.filter(state__in=PUBLIC_RESULT_STATES).counted():
        build_public_record(round)


@shared_task
def announce() -> None:
    """Tell people of openings, closes and results. Apart from the tick: telling many must not delay a close."""
    announce_due()
