"""How long messages are kept."""

import time
from datetime import timedelta

from django.conf import settings
from django.db import connection

from accounts.clock import ClockTimestamp
from notifications.models import Announcement, MailRun

BATCH = 5000
RUN_SECONDS = 5.0

# Ids grow with time: the oldest rows come first, and a look at one batch of them is enough.
_DELETE = """DELETE FROM notifications_notification WHERE id IN (
    SELECT id FROM (SELECT id, created_at FROM notifications_notification ORDER BY id LIMIT %(limit)s) oldest
    WHERE created_at < clock_timestamp() - make_interval(days => %(kept)s))"""


def delete_old_messages(*, seconds: float = RUN_SECONDS) -> int:
    """Delete messages older than MESSAGES_KEPT_DAYS, read or not, for about `seconds`; returns how many.

    An announcement goes when nobody has it any more and its time is over too: its row keeps it from being made again.
    """
    kept, end, deleted = timedelta(days=settings.MESSAGES_KEPT_DAYS), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute(_DELETE, {"limit": BATCH, "kept": settings.MESSAGES_KEPT_DAYS})
            deleted += cursor.rowcount
            if cursor.rowcount < BATCH:
                break
    for announcement in Announcement.objects.filter(created_at__lt=ClockTimestamp() - kept):
        if not announcement.notification_set.exists():
            announcement.delete()
    MailRun.objects.filter(at__lt=ClockTimestamp() - timedelta(days=1)).delete()
    return deleted
