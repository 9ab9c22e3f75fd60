"""Writing messages: in the caller's transaction, so that what was decided and what is told never differ."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp, server_now
from accounts.models import User
from accounts.problems import Refused
from accounts.text import nfc
from notifications.mail import quiet_hours
from notifications.models import (
    UNCERTAIN_STATES,
    URGENCY,
    Announcement,
    Kind,
    MailState,
    MessageText,
    Mute,
    Notification,
)
from notifications.quiet import mail_moment
from notifications.texts import SAMPLES, STANDARD, StandardText, fill_in, unknown_places

# --- One person -------------------------------------------------------------------------------------


def notify(*, user: User, kind: str, subject: str, body: str = "", path: str = "") -> Notification:
    """Tell `user` something: a row now, in the portal at once, by mail when the queue gets there.

    `path` is the portal's page with the details, starting with "/". A kind that the person has muted is in the
    portal's list, as read already, and brings no mail.
    """
    is_muted = Mute.objects.filter(user=user, kind=kind).exists()
    wants_mail = settings.MAIL_ENABLED and user.email and user.is_active and not is_muted
    return Notification.objects.create(
        user=user,
        kind=kind,
        own_subject=nfc(subject)[:255],
        own_body=body,
        own_path=path,
        mail_state=MailState.WAITING if wants_mail else MailState.NONE,
        urgency=URGENCY[Kind(kind)],
        read_at=ClockTimestamp() if is_muted else None,
    )


def read_notification(*, notification: Notification) -> None:
    """Note that it has been opened; the first time counts."""
    Notification.objects.filter(pk=notification.pk, read_at=None).update(read_at=ClockTimestamp())


def read_all(*, user: User) -> int:
    """Note everything unread as read; returns how many."""
    return Notification.objects.of(user).unread().update(read_at=ClockTimestamp())


def mute_kinds(*, user: User, kinds: Collection[str]) -> None:
    """Make `kinds` the ones that `user` has muted. Mails about them that still wait are called off."""
    with transaction.atomic():
        Mute.objects.filter(user=user).exclude(kind__in=kinds).delete()
        Mute.objects.bulk_create([Mute(user=user, kind=kind) for kind in kinds], ignore_conflicts=True)
        waiting = Notification.objects.of(user).filter(mail_state=MailState.WAITING, kind__in=kinds)
        waiting.update(mail_state=MailState.NONE)


# --- Many people ------------------------------------------------------------------------------------

# A window over people, by id: what a batch costs does not depend on how many people there are.
_WINDOW = "SELECT max(id) FROM (SELECT id FROM accounts_user WHERE id > %s ORDER BY id LIMIT %s) people"

# Whoever has been told already, by whatever way, is left alone by the constraint.
_TELL = """INSERT INTO notifications_notification (user_id, announcement_id, kind, own_subject, own_body, own_path,
        read_at, mail_state, due_at, urgency, attempts, error)
    SELECT u.id, %(announcement)s, %(kind)s, '', '', '', CASE WHEN m.id IS NOT NULL THEN clock_timestamp() END,
        CASE WHEN %(mail)s AND m.id IS NULL AND u.email <> '' AND u.is_active THEN 'waiting' ELSE 'none' END,
        %(due)s, %(urgency)s, 0, ''
    FROM ({audience}) audience JOIN accounts_user u ON u.id = audience.user_id
    LEFT JOIN notifications_mute m ON m.user_id = u.id AND m.kind = %(kind)s
    ON CONFLICT (announcement_id, user_id) WHERE announcement_id IS NOT NULL DO NOTHING"""


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom an announcement is for: SQL with its parameters, beside %(after)s and %(upto)s.

    It yields `user_id`, each person once, of people beyond `after` and up to `upto`, and should look at no others.
    """

    sql: str
    parameters: Mapping[str, Any]


def announce(
    *, key: str, kind: str, subject: str, body: str, path: str, expires_at: datetime | None = None
) -> Announcement:
    """Write down what is to be told to many, once: the same key again changes nothing."""
    announcement, _created = Announcement.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "subject": nfc(subject)[:255],
            "body": body,
            "path": path,
            "expires_at": expires_at,
        },
    )
    return announcement


def tell_next(*, announcement_id: int, audience: Audience, limit: int) -> bool:
    """Tell those of the next `limit` people whom it is for, in one transaction; whether there is more to do.

    Two callers exclude each other without waiting. A batch that is killed has told nobody. Mail waits for the end of
    quiet hours; where that would be too late, the message is in the portal only.
    """
    with transaction.atomic():
        announcement = (
            Announcement.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(pk=announcement_id, finished_at=None)
            .first()
        )
        if announcement is None:
            return False
        with connection.cursor() as cursor:
            cursor.execute(_WINDOW, [announcement.told_up_to, limit])
            (upto,) = cursor.fetchone()
            if upto is None:
                finish(announcement)
                return False
            cursor.execute(_TELL.format(audience=audience.sql), _parameters(announcement, audience, upto))
        Announcement.objects.filter(pk=announcement.pk).update(told_up_to=upto)
    return True


def _parameters(announcement: Announcement, audience: Audience, upto: int) -> dict[str, Any]:
    now = server_now()
    moment = mail_moment(now, quiet_hours(), announcement.expires_at)
    return {
        **audience.parameters,
        "after": announcement.told_up_to,
        "upto": upto,
        "announcement": announcement.pk,
        "kind": announcement.kind,
        "mail": settings.MAIL_ENABLED and moment is not None,
        "due": moment or now,
        "urgency": URGENCY[Kind(announcement.kind)],
    }


def reword(*, announcement: Announcement, subject: str, body: str, expires_at: datetime) -> None:
    """What is told has changed: for those not told yet, for mails that still wait, and in the portal's lists."""
    Announcement.objects.filter(pk=announcement.pk).update(subject=nfc(subject)[:255], body=body, expires_at=expires_at)


def finish(announcement: Announcement) -> None:
    """Tell nobody else."""
    Announcement.objects.filter(pk=announcement.pk, finished_at=None).update(finished_at=ClockTimestamp())


# --- Texts ------------------------------------------------------------------------------------------


def own_or_standard(name: str) -> MessageText | StandardText:
    """The organisers' words for a message if there are any, else the portal's.

    Words that no longer fit the allowed places (after an update of the portal) give way to the portal's own.
    """
    standard = STANDARD[name]
    own = MessageText.objects.filter(name=name).first()
    if own is None or unknown_places(own.subject + own.body, standard.places):
        return standard
    return own


def text_of(name: str, values: Mapping[str, str]) -> tuple[str, str]:
    """Subject and body of a message, filled in."""
    words = own_or_standard(name)
    return fill_in(words.subject, values), fill_in(words.body, values)


def preview_of(name: str, subject: str, body: str) -> tuple[str, str]:
    """How words would read, with samples filled in. Raises Refused for places that are not allowed."""
    _check_places(STANDARD[name], subject + body)
    return fill_in(subject, SAMPLES), fill_in(body, SAMPLES)


def _check_places(standard: StandardText, text: str) -> None:
    unknown = unknown_places(text, standard.places)
    if unknown:
        raise Refused(
            _("Không dùng được %(unknown)s. Chỉ được dùng: %(allowed)s.")
            % {"unknown": ", ".join(unknown), "allowed": ", ".join("{" + place + "}" for place in standard.places)}
        )


def save_text(*, name: str, subject: str, body: str, actor: User) -> MessageText:
    """Use the organisers' words for a message from now on. Raises Refused for places that are not allowed."""
    _check_places(STANDARD[name], subject + body)
    with transaction.atomic():
        before = MessageText.objects.select_for_update().filter(name=name).first()
        text, _created = MessageText.objects.update_or_create(
            name=name,
            defaults={
                "subject": nfc(subject),
                "body": body,
                "changed_by": actor,
                "changed_at": ClockTimestamp(),
            },
        )
        record_audit(
            actor=actor,
            verb="message.edit",
            object=text,
            before={"subject": before.subject, "body": before.body} if before else {},
            after={"subject": text.subject, "body": text.body},
        )
    return text


def reset_text(*, name: str, actor: User) -> None:
    """Use the portal's own words for a message again."""
    with transaction.atomic():
        own = MessageText.objects.select_for_update().filter(name=name).first()
        if own is None:
            return
        record_audit(actor=actor, verb="message.reset", object=own, before={"subject": own.subject, "body": own.body})
        own.delete()


# --- Mail that went wrong ---------------------------------------------------------------------------


def retry_mail(*, notification: Notification, actor: User) -> None:
    """Send the mail of a message again although it failed, or perhaps did. Raises Refused.

    It carries the same Message-ID: a receiver that has the first one can drop the second.
    """
    with transaction.atomic():
        stored = Notification.objects.select_for_update().select_related("user").get(pk=notification.pk)
        before = {"mail_state": stored.mail_state, "attempts": stored.attempts, "error": stored.error}
        if stored.mail_state not in UNCERTAIN_STATES:
            raise Refused(_("Thư này không ở trạng thái có thể gửi lại."))
        if not stored.user.email or not stored.user.is_active:
            raise Refused(_("Người nhận không có địa chỉ thư điện tử hoặc đã ngừng hoạt động."))
        Notification.objects.filter(pk=stored.pk).update(
            mail_state=MailState.WAITING, attempts=0, due_at=ClockTimestamp(), error=""
        )
        record_audit(
            actor=actor, verb="mail.retry", object=stored, before=before, after={"mail_state": MailState.WAITING.value}
        )
