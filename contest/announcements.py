"""What people are told about a round: that it opens, that it closes while they have not taken part, its result.

Each is an `Announcement` whose key names round and occasion, so that it is made once, whoever comes and however
often. People are told in short batches within a bounded time, and not at all while a round waits to be closed.
Nothing that is told before publication says anything of scores, perfect papers or answers.

Keys: round:12:round_opened   round:12:closing_24h:CLOSE   round:12:result   round:12:result_prize:PRIZE:VERSION
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Q
from django.urls import reverse

from accounts.clock import iso, server_now
from accounts.rights import barring_grants
from contest.models import Contest, Prize, Round
from contest.models.round import PUBLIC_RESULT_STATES
from contest.templatetags.portal import closing, moment
from notifications.models import Announcement, Kind
from notifications.services import Audience, announce, finish, reword, tell_next, text_of

RUN_SECONDS = 5.0
BATCH = 2000
OPENING_IS_NEWS = timedelta(hours=24)
RESULT_IS_NEWS = timedelta(days=2)
# How long before the close; the later one first, as it takes the place of the earlier one.
REMINDERS = {Kind.CLOSING_2H: timedelta(hours=2), Kind.CLOSING_24H: timedelta(hours=24)}
BEFORE_CLOSE = (Kind.ROUND_OPENED, *REMINDERS)


class Occasion(NamedTuple):
    """Something to be told: the rest of its key, the name of its text, and the prize it is about."""

    key: str
    text: str
    prize: str = ""


def announce_due(*, seconds: float = RUN_SECONDS) -> int:
    """Write down what is to be told now, then tell people for about `seconds`; returns how many batches were told.

    Safe to run twice, at once, late and never: what was missed is told as long as it makes sense.
    """
    now, end, batches = server_now(), time.monotonic() + seconds, 0
    for round in Round.objects.public().counted().open_at(now).select_related("contest"):
        _announce_open(round, now)
    for round in _freshly_published(now):
        _announce_result(round, now)
    call_off_needless()
    for announcement in Announcement.objects.filter(key__startswith="round:", finished_at=None).order_by("pk"):
        if announcement.expires_at is not None and announcement.expires_at <= now:
            finish(announcement)
            continue
        audience, more = audience_of(announcement.key), True
        while more:
            if time.monotonic() >= end or Round.objects.due_at(server_now()).exists():
                return batches
            more = tell_next(announcement_id=announcement.pk, audience=audience, limit=BATCH)
            batches += 1
    return batches


# --- Before the close -------------------------------------------------------------------------------


def kind_due(*, opens_at: datetime, closes_at: datetime, now: datetime) -> Kind | None:
    """What people should hear of a round at `now`: at most one thing, and nothing outside its window.

    A reminder needs a window of twice its span: in a round of a day nobody is told after a minute that a day is
    left. The opening is news for a day.
    """
    if not opens_at <= now < closes_at:
        return None
    for kind, span in REMINDERS.items():
        if now >= closes_at - span and closes_at - opens_at >= 2 * span:
            return kind
    return Kind.ROUND_OPENED if now < opens_at + OPENING_IS_NEWS else None


def _announce_open(round: Round, now: datetime) -> None:
    """The opening or a reminder, if it is time; earlier texts learn of a close that has moved."""
    made = list(Announcement.objects.filter(key__startswith=f"round:{round.pk}:", kind__in=BEFORE_CLOSE))
    for announcement in made:
        if announcement.expires_at != round.closes_at:
            subject, body = text_of(announcement.kind, _values(round))
            reword(announcement=announcement, subject=subject, body=body, expires_at=round.closes_at)
    kind = kind_due(opens_at=round.opens_at, closes_at=round.closes_at, now=now)
    if kind is None or any(_stands_for(announcement, kind, round.closes_at) for announcement in made):
        return
    tail = f":{iso(round.closes_at)}" if kind in REMINDERS else ""
    _write(
        round, Occasion(f"{kind}{tail}", kind), path=reverse("round-start", args=[round.pk]), expires_at=round.closes_at
    )


def _stands_for(announcement: Announcement, kind: Kind, closes_at: datetime) -> bool:
    """Whether it makes another of the kind needless: a close moved by less than the span needs no new reminder."""
    if announcement.kind != kind:
        return False
    if kind not in REMINDERS:
        return True
    reminded_of = datetime.fromisoformat(announcement.key.split(":", 3)[3])
    return closes_at - reminded_of < REMINDERS[kind]


# --- After publication ------------------------------------------------------------------------------


def _freshly_published(now: datetime) -> Iterator[Round]:
    """Rounds whose result, or a prize in it, may be new to people."""
    since = now - RESULT_IS_NEWS
    fresh = Q(published_at__gt=since) | Q(finalised_at__gt=since) | Q(draws__drawn_at__gt=since)
    rounds = Round.objects.public().counted().filter(fresh, state__in=PUBLIC_RESULT_STATES)
    yield from rounds.select_related("contest").distinct()


def _announce_result(round: Round, now: datetime) -> None:
    """To each kind of winners their prize, to everybody else who took part that the result is there."""
    path = reverse("results", args=[round.pk])
    for prize in Prize.objects.filter(round=round, standings__isnull=False).distinct():
        occasion = Occasion(f"result_prize:{prize.pk}:{round.version}", "result_prize", prize.title)
        _write(round, occasion, path=path)
    if round.published_at is not None and round.published_at > now - RESULT_IS_NEWS:
        _write(round, Occasion("result", "result"), path=path)


# --- Writing ----------------------------------------------------------------------------------------


def _write(round: Round, occasion: Occasion, *, path: str, expires_at: datetime | None = None) -> None:
    key = f"round:{round.pk}:{occasion.key}"
    if Announcement.objects.filter(key=key).exists():
        return
    subject, body = text_of(occasion.text, _values(round) | {"giai": occasion.prize})
    kind = Kind.RESULT if occasion.text.startswith("result") else Kind(occasion.text)
    announce(key=key, kind=kind, subject=subject, body=body, path=path, expires_at=expires_at)


def _values(round: Round) -> dict[str, str]:
    return {
        "hoi_thi": round.contest.title,
        "tuan_thi": round.title,
        "mo_luc": moment(round.opens_at),
        "dong_luc": closing(round.closes_at),
    }


# --- Whom -------------------------------------------------------------------------------------------

# Those who may take part: as `_place_of` in contest/services/attempts.py decides for one person.
_ROSTER = """SELECT m.user_id FROM accounts_membership m
    JOIN contest_roundunit ru ON ru.round_id = %(round)s AND ru.unit_id = m.unit_id
    JOIN accounts_user p ON p.id = m.user_id AND p.is_active
    WHERE m.ends_on IS NULL AND m.user_id > %(after)s AND m.user_id <= %(upto)s
    AND m.user_id <> ALL (%(barred)s::bigint[])"""
_TAKEN = """SELECT a.user_id FROM contest_attempt a
    WHERE a.round_id = %(round)s AND a.user_id > %(after)s AND a.user_id <= %(upto)s"""
# Who has used up all attempts without an answer cannot take part any more either.
_NOT_YET = f"""{_ROSTER} AND m.user_id NOT IN ({_TAKEN} GROUP BY a.user_id
        HAVING bool_or(a.state <> 'abandoned') OR count(*) >= %(allowed)s::int)"""
_PRIZED = """SELECT a.user_id FROM contest_standing s JOIN contest_attempt a ON a.id = s.attempt_id
    WHERE s.round_id = %(round)s AND s.prize_id IS NOT NULL AND a.user_id > %(after)s AND a.user_id <= %(upto)s"""
_TOOK_PART = f"{_TAKEN} AND a.state IN ('submitted', 'cut_off') AND a.user_id NOT IN ({_PRIZED}) GROUP BY a.user_id"
# A later version tells those only whom no earlier one has told of this prize.
_WINNERS = f"""{_PRIZED} AND s.prize_id = %(prize)s
    AND NOT EXISTS (SELECT FROM notifications_announcement earlier
        JOIN notifications_notification n ON n.announcement_id = earlier.id AND n.user_id = a.user_id
        WHERE starts_with(earlier.key, %(prize_key)s))"""


def audience_of(key: str) -> Audience:
    """Whom the announcement of that key is for, at the moment of each batch."""
    _round, number, occasion, *rest = key.split(":", 3)
    parameters = {"round": int(number)}
    if occasion == "result":
        return Audience(_TOOK_PART, parameters)
    if occasion == "result_prize":
        prize = rest[0].split(":")[0]
        told = f"round:{number}:result_prize:{prize}:"
        return Audience(_WINNERS, parameters | {"prize": int(prize), "prize_key": told})
    unit_id = Contest.objects.values_list("unit", flat=True).get(rounds=int(number))
    barred = barring_grants(unit_id).in_force().values_list("user_id", flat=True)
    roster = parameters | {"barred": list(barred)}
    if occasion == Kind.ROUND_OPENED:
        return Audience(_ROSTER, roster)
    rules = Round.objects.values_list("rules", flat=True).get(pk=number)
    return Audience(_NOT_YET, roster | {"allowed": rules["attempts"]})


# Looks at the head of the queue only: what is sent in the next minutes.
_CALL_OFF = """UPDATE notifications_notification n SET mail_state = 'none'
    FROM (SELECT id, user_id, announcement_id FROM notifications_notification
        WHERE mail_state = 'waiting' AND due_at <= clock_timestamp() ORDER BY urgency, due_at LIMIT %(limit)s) head
    JOIN notifications_announcement told ON told.id = head.announcement_id
    WHERE n.id = head.id AND n.mail_state = 'waiting' AND told.kind = ANY (%(kinds)s)
    AND EXISTS (SELECT FROM contest_attempt a WHERE a.user_id = head.user_id
        AND a.round_id = split_part(told.key, ':', 2)::bigint AND a.state <> 'abandoned')"""


def call_off_needless(*, limit: int = 1000) -> int:
    """Reminders about to be mailed to people who have taken part meanwhile stay in the portal; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_CALL_OFF, {"limit": limit, "kinds": [kind.value for kind in (*REMINDERS, Kind.TAKE_PART)]})
        return cursor.rowcount
