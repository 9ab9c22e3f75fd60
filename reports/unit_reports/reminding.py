"""Reminders through the outbox: coordinators of units that have not reported, and people who have not taken part.

The database decides that nobody is reminded twice a day: a row of `Reminder` is written first, and only those for
whom there is a new one are told. The day is that of the database's clock, in local time.
"""

import time
import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.models import Unit, User
from accounts.problems import Refused
from accounts.rights import Right, nearest_holders
from contest.announcements import audience_of
from contest.models import Round
from contest.templatetags.portal import closing, moment
from notifications.models import Announcement, Kind
from notifications.services import Audience, announce, finish, notify, tell_next
from reports.models import Reminder, ReminderKind
from reports.scope import Scope
from reports.unit_reports.deadlines import deadline_of
from reports.unit_reports.overview import compiling_units

MOST_NAMES = 20  # of units in one message
BATCH = 2000
RUN_SECONDS = 3.0
KEY = "reminder:"  # with the round's id, where contest.announcements.call_off_needless looks for it

_DAY = "(clock_timestamp() AT TIME ZONE %(zone)s)::date"


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many people were told now, and how many had been told today already."""

    told: int
    already: int


# --- Coordinators -----------------------------------------------------------------------------------

_NOTE_COORDINATORS = f"""INSERT INTO reports_reminder (kind, user_id, round_id, day, asked_by_id)
    SELECT %(kind)s, u, %(round)s, {_DAY}, %(asked_by)s FROM unnest(%(users)s::bigint[]) u ORDER BY u
    ON CONFLICT DO NOTHING RETURNING user_id"""


def remind_units(*, round: Round, units: Collection[int], actor: User) -> Reminded:
    """Remind the nearest coordinators of `units` (ids) to send their reports: each person once, of all their units.

    Raises Refused when none of the units has a coordinator.
    """
    of_person = {user_id: ids for user_id, ids in coordinators_of(round, units).items() if user_id != actor.pk}
    if not of_person:
        raise Refused(_("Các đơn vị này chưa có đầu mối để nhắc."))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                _NOTE_COORDINATORS,
                {
                    "kind": ReminderKind.UNIT_REPORT.value,
                    "round": round.pk,
                    "asked_by": actor.pk,
                    "users": sorted(of_person),
                    "zone": timezone.get_default_timezone_name(),
                },
            )
            told = {user_id for (user_id,) in cursor}
        names = dict(Unit.objects.filter(pk__in=units).values_list("pk", "name"))
        due = moment(deadline_of(round))
        for user in User.objects.filter(pk__in=told).order_by("pk"):
            _remind_of_report(user, round, sorted(names[unit_id] for unit_id in of_person[user.pk]), due)
        if told:
            record_audit(
                actor=actor,
                verb="unit_report.remind",
                object=round,
                after={"units": len(set(units)), "people": len(told)},
            )
    return Reminded(len(told), len(of_person) - len(told))


def _remind_of_report(user: User, round: Round, names: list[str], due: str) -> None:
    listed = "\n".join(f"- {name}" for name in names[:MOST_NAMES])
    if len(names) > MOST_NAMES:
        listed += "\n" + _("- … và %(number)s đơn vị nữa") % {"number": len(names) - MOST_NAMES}
    notify(
        user=user,
        kind=Kind.UNIT_REPORT,
        subject=_("Nhắc gửi báo cáo %(round)s") % {"round": round.title},
        body=_("Hạn gửi: %(due)s. Các đơn vị chưa gửi báo cáo:\n%(units)s") % {"due": due, "units": listed},
        path=f"{reverse('unit-reports')}?round={round.pk}&show=to_do",
    )


def coordinators_of(round: Round, unit_ids: Collection[int]) -> dict[int, set[int]]:
    """{person id: units} of the coordinators nearest to each unit: its own, else those of the next unit above.

    A unit that stands above others is also its own secretary's, who compiles its report.
    """
    of_person = defaultdict(set, nearest_holders(unit_ids, Right.SEND_UNIT_REPORT))
    for unit_id, user_ids in compiling_units(round).items():
        if unit_id in unit_ids:
            for user_id in user_ids:
                of_person[user_id].add(unit_id)
    return dict(of_person)


# --- People who have not taken part -----------------------------------------------------------------

_NOTE_PEOPLE = """INSERT INTO reports_reminder (kind, user_id, round_id, day, announcement_id, asked_by_id)
    SELECT DISTINCT %(kind)s, a.user_id, %(round)s::bigint, {day}, %(announcement)s::bigint, %(asked_by)s::bigint
    FROM ({audience}) a JOIN accounts_membership m ON m.user_id = a.user_id AND m.ends_on IS NULL
    WHERE %(units)s::bigint[] IS NULL OR m.unit_id = ANY (%(units)s::bigint[])
    ORDER BY a.user_id ON CONFLICT DO NOTHING"""  # in one order, so that two who ask at once do not lock each other out
_REMINDED = """SELECT r.user_id FROM reports_reminder r
    WHERE r.announcement_id = %(announcement)s AND r.user_id > %(after)s AND r.user_id <= %(upto)s"""


def remind_people(*, round: Round, scope: Scope, actor: User) -> int:
    """Remind people of `scope` who can still take part in the open round and have not; returns how many.

    Whoever has been reminded today, of whatever round, is left alone. Raises Refused unless the round is open.
    Those are told first who fit into a few seconds; `tell_reminders` tells the others.
    """
    now = server_now()
    if round.is_practice or round.state_at(now) != "open":
        raise Refused(_("Chỉ nhắc được khi tuần thi đang mở."))
    audience = audience_of(f"round:{round.pk}:{Kind.CLOSING_2H}")
    with transaction.atomic():
        reminder = _announce(round)
        with connection.cursor() as cursor:
            cursor.execute(
                _NOTE_PEOPLE.format(day=_DAY, audience=audience.sql),
                {
                    **audience.parameters,
                    "kind": ReminderKind.TAKE_PART.value,
                    "round": round.pk,
                    "after": 0,
                    "upto": 2**62,
                    "units": scope.sql_units,
                    "announcement": reminder.pk,
                    "asked_by": actor.pk,
                    "zone": timezone.get_default_timezone_name(),
                },
            )
            number = cursor.rowcount
        if number:
            record_audit(actor=actor, verb="round.remind_people", object=round, after={"people": number})
        else:
            reminder.delete()
    if number:
        tell_reminders()
    return number


def _announce(round: Round) -> Announcement:
    return announce(
        key=f"{KEY}{round.pk}:{uuid.uuid4()}",
        kind=Kind.TAKE_PART,
        subject=_("Mời bạn dự thi %(round)s") % {"round": round.title},
        body=_(
            "%(round)s của %(contest)s đóng lúc %(closes)s. Bạn chưa có bài thi. "
            "Nên làm bài sớm, tránh những giờ cuối có nhiều người truy cập."
        )
        % {"round": round.title, "contest": round.contest.title, "closes": closing(round.closes_at)},
        path=reverse("round-start", args=[round.pk]),
        expires_at=round.closes_at,
    )


def tell_reminders(*, seconds: float = RUN_SECONDS) -> int:
    """Tell those who are still to be told, for about `seconds`; returns how many batches. May run twice, or at once.

    What was noted of reminders goes when their messages go.
    """
    now, end, batches = server_now(), time.monotonic() + seconds, 0
    Reminder.objects.filter(day__lt=now - timedelta(days=settings.MESSAGES_KEPT_DAYS + 1)).delete()
    for reminder in Announcement.objects.filter(key__startswith=KEY, finished_at=None).order_by("pk"):
        if reminder.expires_at is not None and reminder.expires_at <= now:
            finish(reminder)
            continue
        more = True
        while more:
            if time.monotonic() >= end:
                return batches
            more = tell_next(announcement_id=reminder.pk, audience=Audience(_REMINDED, {}), limit=BATCH)
            batches += 1
    return batches
