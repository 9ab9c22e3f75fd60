"""The mails of messages: which are due, who may send them, and what became of each.

A mail is claimed twice over. A worker first takes a few that are due and puts their next moment off, so that no
other takes them; if it dies, they are due again later. Then, one by one and right before it is handed over, a mail
is moved to `sending` by a guarded UPDATE that is committed before the mail server hears of it. So each mail is
handed over by one worker at a time, and one that was being handed over when its worker died may have arrived:
it becomes `perhaps_sent` and is never sent again by itself.
"""

import logging
import time
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, Sum
from django.urls import reverse
from django.utils import timezone

from accounts.clock import ClockTimestamp, server_now
from notifications.models import MailRun, MailState, Mute, Notification
from notifications.quiet import QuietHours, mail_moment, parse_quiet_hours
from notifications.smtp import Mailer, MailServerAway, Outcome

logger = logging.getLogger(__name__)

RUN_SECONDS = 10.0  # a run of the task takes on nothing new after that
BATCH = 20
LEASE = timedelta(minutes=5)  # longer than a batch can take
DEAD_AFTER = timedelta(minutes=10)  # longer than one mail can take
REST = timedelta(minutes=1)  # for a mail server that is away
MOST_ATTEMPTS = 10
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=4)


def quiet_hours() -> QuietHours | None:
    return parse_quiet_hours(settings.QUIET_HOURS, timezone.get_default_timezone())


def send_waiting(*, seconds: float = RUN_SECONDS) -> int:
    """Send what is due for about `seconds`, within the rate and outside quiet hours; returns how many were sent."""
    settle_dead()
    now = server_now()
    if not settings.MAIL_ENABLED or mail_moment(now, quiet_hours()) != now:
        return 0
    end, sent = time.monotonic() + seconds, 0
    while time.monotonic() < end and (claimed := claim_due(limit=BATCH)):
        sent += _send_batch(_wanted(claimed), end)
    return sent


def settle_dead(*, after: timedelta = DEAD_AFTER) -> int:
    """Mails whose worker died while it handed them over: nobody can know. Returns how many."""
    dead = Notification.objects.filter(mail_state=MailState.SENDING, claimed_at__lt=ClockTimestamp() - after)
    return dead.update(mail_state=MailState.PERHAPS_SENT, error="WORKER")


def mail_figures() -> dict[str, int]:
    """How many mails stand where; `sent` are those of the last 24 hours. Five counts over partial indexes."""
    day = Q(mail_state=MailState.SENT, sent_at__gt=ClockTimestamp() - timedelta(days=1))
    states = (MailState.WAITING, MailState.SENDING, MailState.FAILED, MailState.PERHAPS_SENT)
    counted = {state.value: Notification.objects.filter(mail_state=state).count() for state in states}
    return counted | {"sent": Notification.objects.filter(day).count()}


# --- Taking on --------------------------------------------------------------------------------------


def claim_due(*, limit: int) -> list[int]:
    """Take on at most `limit` mails that are due, the most urgent first, as many as the common rate leaves.

    In any 60 seconds all workers together take on no more than MAIL_PER_MINUTE, by the database's clock. The
    lock lets one worker count at a time; it lasts as long as this transaction.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE notifications_mailrun IN SHARE ROW EXCLUSIVE MODE")
        if MailRun.objects.filter(rest_until__gt=ClockTimestamp()).exists():
            return []
        recent = MailRun.objects.filter(at__gt=ClockTimestamp() - timedelta(minutes=1))
        left = settings.MAIL_PER_MINUTE - (recent.aggregate(n=Sum("claimed"))["n"] or 0)
        if left <= 0:
            return []
        cursor.execute(
            # Materialised: within a join the selection may be run once for every row, and each time finds others.
            "WITH due AS MATERIALIZED (SELECT id FROM notifications_notification"
            "  WHERE mail_state = 'waiting' AND due_at <= clock_timestamp()"
            "  ORDER BY urgency, due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)"
            " UPDATE notifications_notification n SET due_at = clock_timestamp() + make_interval(secs => %(lease)s)"
            " FROM due WHERE n.id = due.id RETURNING n.id, n.urgency",
            {"lease": LEASE.total_seconds(), "limit": min(limit, left)},
        )
        claimed = [pk for pk, _urgency in sorted(cursor.fetchall(), key=lambda row: (row[1], row[0]))]
        if claimed:
            MailRun.objects.create(claimed=len(claimed))
    return claimed


# --- Sending ----------------------------------------------------------------------------------------


def _send_batch(batch: list[Notification], end: float) -> int:
    """Send the mails over one connection, opened again when it breaks; returns how many were sent."""
    mailer: Mailer | None = None
    sent = 0
    for place, notification in enumerate(batch):
        if time.monotonic() >= end:
            _give_back(batch[place:])
            break
        try:
            mailer = mailer or Mailer()
        except MailServerAway as away:
            _rest(away.error)
            _postpone(batch[place:], away.error)
            break
        outcome = _send_one(mailer, notification)
        sent += outcome.state == MailState.SENT
        if not outcome.alive:
            mailer.drop()
            mailer = None
            if place == 0:  # a server that breaks off at once would break off every mail
                _rest(outcome.error)
                _give_back(batch[1:])
                break
    if mailer is not None:
        mailer.close()
    return sent


def _wanted(ids: list[int]) -> list[Notification]:
    """The claimed ones that still make sense; the others stay in the portal's list only."""
    now, hours = server_now(), quiet_hours()
    rows = Notification.objects.filter(pk__in=ids).select_related("user", "announcement").in_bulk()
    muted = set(Mute.objects.filter(user__notifications__in=ids).values_list("user_id", "kind"))
    wanted: list[Notification] = []
    pointless: list[Notification] = []
    for row in (rows[pk] for pk in ids if pk in rows):
        has_address = bool(row.user.email and row.user.is_active)
        is_in_time = mail_moment(now, hours, row.expires_at) is not None
        makes_sense = has_address and is_in_time and (row.user_id, row.kind) not in muted
        (wanted if makes_sense else pointless).append(row)
    waiting = Notification.objects.filter(pk__in=[row.pk for row in pointless], mail_state=MailState.WAITING)
    waiting.update(mail_state=MailState.NONE)
    return wanted


def _send_one(mailer: Mailer, notification: Notification) -> Outcome:
    """Hand one mail over and write down at once what became of it."""
    if not _start(notification):
        return Outcome(MailState.NONE)
    try:
        recipient, message = line_address(notification.user.email), compose(notification)
    except ValueError as error:  # an address that no mail can have
        outcome = Outcome(MailState.FAILED, f"ADDRESS {type(error).__name__}"[:40])
    else:
        sender = line_address(settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip("> "))
        outcome = mailer.send(sender=sender, recipient=recipient, message=message)
    _note(notification, outcome)
    return outcome


def _start(notification: Notification) -> bool:
    """Move to `sending`, committed before the mail server hears of it. False when somebody else came first."""
    waiting = Notification.objects.filter(pk=notification.pk, mail_state=MailState.WAITING)
    return bool(waiting.update(mail_state=MailState.SENDING, claimed_at=ClockTimestamp(), attempts=F("attempts") + 1))


def _note(notification: Notification, outcome: Outcome) -> None:
    """Write down what became of a mail. One that was given up for lost meanwhile is corrected."""
    state = outcome.state
    fields: dict[str, Any] = {"error": outcome.error}
    attempts = notification.attempts + 1
    if state == MailState.WAITING and attempts >= MOST_ATTEMPTS:
        state = MailState.FAILED
    if state == MailState.WAITING:
        fields["due_at"] = ClockTimestamp() + pause_after(attempts)
    if state == MailState.SENT:
        fields["sent_at"] = ClockTimestamp()
    if state != MailState.SENT:
        logger.info("mail %s: %s %s", notification.pk, state, outcome.error)
    handed_over = Q(mail_state=MailState.SENDING) | Q(mail_state=MailState.PERHAPS_SENT, error="WORKER")
    Notification.objects.filter(handed_over, pk=notification.pk).update(mail_state=state, **fields)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after that many attempts: 1, 2, 4, 8 … minutes, at most 4 hours."""
    return min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)


def _give_back(rows: list[Notification]) -> None:
    """Those not begun are due again at once."""
    waiting = Notification.objects.filter(pk__in=[row.pk for row in rows], mail_state=MailState.WAITING)
    waiting.update(due_at=ClockTimestamp())


def _postpone(rows: list[Notification], error: str) -> None:
    """The mail server was not there for them: that was an attempt."""
    for row in rows:
        if _start(row):
            _note(row, Outcome(MailState.WAITING, error))


def _rest(error: str) -> None:
    """Nobody tries anything for a minute: a mail server that hangs must not hold up the closing of rounds."""
    MailRun.objects.create(rest_until=ClockTimestamp() + REST)
    logger.warning("the mail server is away: %s", error)


# --- Composing --------------------------------------------------------------------------------------


def compose(notification: Notification) -> bytes:
    """The mail as it goes over the line. Raises ValueError for an address that no mail can have.

    The receiver's name is in the text only, never in a header. The Message-ID follows from the row: a second
    copy of the same mail can be known as one.
    """
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = " ".join(notification.subject.split())
    mail["From"] = settings.DEFAULT_FROM_EMAIL
    mail["To"] = line_address(notification.user.email)
    mail["Date"] = format_datetime(server_now())
    mail["Message-ID"] = message_id(notification)
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Unsubscribe"] = f"<{_settings_url()}>"
    mail.set_content(_text(notification), cte="base64")
    return mail.as_bytes().removesuffix(b"\r\n")


def message_id(notification: Notification) -> str:
    """The same for every copy of this mail. The time keeps numbers apart that a restored database gives again."""
    host = urlsplit(settings.PUBLIC_URL).hostname
    return f"<{notification.pk}.{int(notification.created_at.timestamp() * 1_000_000)}@{host}>"


def _text(notification: Notification) -> str:
    name = " ".join(notification.user.full_name.split())
    parts = [f"Kính gửi {name}," if name else "Kính gửi bạn,", notification.body or notification.subject]
    if notification.path:
        parts.append(f"Xem trên cổng thông tin:\n{settings.PUBLIC_URL}{notification.path}")
    parts.append(f"--\nThư gửi tự động, vui lòng không trả lời. Tắt loại thông báo này tại:\n{_settings_url()}")
    return "\n\n".join(parts) + "\n"


def _settings_url() -> str:
    return settings.PUBLIC_URL + reverse("notification-settings")


def line_address(address: str) -> str:
    """`address` in ASCII, as mail servers speak it. Raises ValueError where that cannot be."""
    name, _at, domain = address.rpartition("@")
    if not name or not name.isascii() or not name.isprintable() or " " in address:
        raise ValueError("no mail address")
    return f"{name}@{domain.encode('idna').decode()}"
