"""Reminders about clips: a row of `ClipReminder` first, which the database gives once a day, then the message."""

from collections.abc import Collection
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import User
from notifications.models import Kind
from notifications.services import notify
from videos.models import ClipContest, ClipReminderKind

_NOTE = """INSERT INTO videos_clipreminder (clip_contest_id, kind, user_id, day, asked_by_id)
    SELECT %(clip_contest)s, %(kind)s, u, (clock_timestamp() AT TIME ZONE %(zone)s)::date, %(asked_by)s
    FROM unnest(%(users)s::bigint[]) u ORDER BY u
    ON CONFLICT DO NOTHING RETURNING user_id"""  # in one order, so that two who ask at once do not lock each other out


def remind(
    *, clip_contest: ClipContest, kind: ClipReminderKind, users: Collection[int], subject: str, body: str, path: str,
    actor: User,
) -> int:  # fmt: skip
    """Tell those of `users` (ids) who have not been told today; returns how many. To be called in a transaction."""
    values: dict[str, Any] = {
        "clip_contest": clip_contest.pk,
        "kind": kind.value,
        "users": sorted(users),
        "asked_by": actor.pk,
        "zone": timezone.get_default_timezone_name(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, values)
        told = [user_id for (user_id,) in cursor]
    for user in User.objects.filter(pk__in=told).order_by("pk"):
        notify(user=user, kind=Kind.CLIP, subject=subject, body=body, path=path)
    return len(told)
