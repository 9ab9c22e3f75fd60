"""Celery's prompts. Each calls one service and is safe to run twice, late or never."""

from celery import shared_task

from notifications import mail, retention


@shared_task(time_limit=180)
def send_mail() -> None:
    """Send what is due. The beat calls it every 15 s."""
    mail.send_waiting()


@shared_task
def delete_old_messages() -> None:
    """Delete messages that have been kept long enough. The beat calls it every 10 minutes."""
    retention.delete_old_messages()
