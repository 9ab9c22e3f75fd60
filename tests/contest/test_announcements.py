"""What people are told about rounds: once each, in time, to the right ones, and nothing that gives a result away."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.clock import server_now
from accounts.models import User
from contest import announcements
from contest.announcements import announce_due, audience_of, call_off_needless, kind_due
from contest.closing import close_round
from contest.models import Contest, Round, Standing
from contest.services.extensions import confirm_extension, propose_extension
from contest.services.results import publish_round
from notifications import services
from notifications.models import Announcement, Kind, Mute, Notification
from notifications.services import tell_next
from tests.factories import grant, make_attempt, make_contest, make_unit, make_user, open_round, past_round

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NOON = datetime(2023, 6, 5, 12, tzinfo=UTC)


@pytest.fixture
def unit():
    return make_unit()


@pytest.fixture(autouse=True)
def mail_enabled(settings):
    settings.MAIL_ENABLED = True
    settings.QUIET_HOURS = ""


def week(opened: timedelta = HOUR, left: timedelta = timedelta(days=6), **fields) -> Round:
    now = server_now()
    return open_round(opens_at=now - opened, closes_at=now + left, **fields)


def told(kind: Kind | None = None) -> list[str]:
    rows = Notification.objects.order_by("user__employee_id", "id")
    return list((rows.filter(kind=kind) if kind else rows).values_list("user__employee_id", flat=True))


# --- When -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "kind"),
    [
        (-1, None),
        (0, Kind.ROUND_OPENED),
        (23, Kind.ROUND_OPENED),
        (24, None),
        (143, None),
        (144, Kind.CLOSING_24H),
        (165, Kind.CLOSING_24H),
        (166, Kind.CLOSING_2H),
        (167, Kind.CLOSING_2H),
        (168, None),
    ],
)
def test_a_week_has_an_opening_a_day_before_the_close_and_two_hours_before(hours, kind):
    assert kind_due(opens_at=NOON, closes_at=NOON + 168 * HOUR, now=NOON + hours * HOUR) == kind


moments = st.integers(0, 400).map(lambda quarter: NOON + quarter * HOUR / 4)


@given(opens=moments, closes=moments, now=moments)
def test_nothing_is_told_outside_the_window_and_no_reminder_of_half_of_it(opens, closes, now):
    kind = kind_due(opens_at=opens, closes_at=closes, now=now)
    if not opens <= now < closes:
        assert kind is None
    if kind in announcements.REMINDERS:
        span = announcements.REMINDERS[kind]
        assert closes - now <= span <= now + span - opens
        assert (closes - opens) >= 2 * span


# --- Whom -------------------------------------------------------------------------------------------


def test_an_opening_is_told_once_to_everybody_who_may_take_part(unit):
    for name in ("an", "binh"):
        make_user(name, unit=unit, email=f"{name}@example.vn")
    make_user("gone", unit=unit, is_active=False)
    make_user("nowhere")
    grant(make_user("auditor", unit=unit), "auditor")
    contest = make_contest(title="Hội thi <b>CCHC</b>")
    round = week(contest=contest, title="Tuần 1")
    make_user("elsewhere", unit=make_unit())
    for _ in range(3):
        announce_due()
    assert told() == ["an", "binh"]
    row = Notification.objects.select_related("announcement").first()
    assert (row.kind, row.mail_state, row.path) == ("round_opened", "waiting", reverse("round-start", args=[round.pk]))
    assert row.subject == "Tuần 1 đã mở, mời bạn dự thi"
    assert "Tuần 1 của Hội thi <b>CCHC</b> đã mở từ" in row.body


def test_only_those_are_reminded_who_can_still_take_part_and_have_not(unit):
    people = {name: make_user(name, unit=unit) for name in ("none", "running", "submitted", "cut_off", "blank")}
    round = week(opened=160 * HOUR, left=HOUR)
    for name, state in (("running", "in_progress"), ("submitted",) * 2, ("cut_off",) * 2, ("blank", "abandoned")):
        make_attempt(round, people[name], state=state)
    announce_due()
    assert told() == ["none"]
    assert Notification.objects.get().kind == "closing_2h"


def test_who_opened_a_paper_in_vain_is_reminded_where_another_attempt_is_left(unit):
    round = week(contest=make_contest(attempts_allowed=2), opened=160 * HOUR, left=HOUR)
    make_attempt(round, make_user("once", unit=unit), state="abandoned")
    announce_due()
    assert told() == ["once"]


@pytest.mark.parametrize("hide", ["practice", "hidden", "draft"])
def test_nothing_is_told_of_practice_hidden_contests_and_drafts(unit, hide):
    make_user(unit=unit)
    round = week()
    if hide == "practice":
        Round.objects.update(is_practice=True)
    elif hide == "hidden":
        Contest.objects.update(is_public=False)
    else:
        Round.objects.filter(pk=round.pk).update(state="draft")
    announce_due()
    assert told() == []


def test_after_the_close_no_reminder_goes_out_any_more(unit):
    for number in range(3):
        make_user(f"p{number}", unit=unit)
    round = week(opened=160 * HOUR, left=HOUR)
    announce_due(seconds=0)
    assert (Announcement.objects.count(), told()) == (1, []), "the reminder is written down, and nobody told yet"
    Round.objects.filter(pk=round.pk).update(closes_at=server_now() - HOUR, state="ranked", version=1)
    Announcement.objects.update(expires_at=server_now() - HOUR)
    announce_due()
    assert told() == []
    assert Announcement.objects.filter(finished_at=None).count() == 0


def test_muted_kinds_come_read_and_without_mail(unit):
    for name in ("an", "binh", "chi"):
        make_user(name, unit=unit, email=f"{name}@example.vn" if name != "chi" else "")
    Mute.objects.create(user=User.objects.get(employee_id="an"), kind="round_opened")
    week()
    announce_due()
    rows = Notification.objects.order_by("user__employee_id")
    assert [(row.mail_state, row.read_at is None) for row in rows] == [
        ("none", False), ("waiting", True), ("none", True),
    ]  # fmt: skip


def quiet_from_now(settings, hours: int) -> datetime:
    """Quiet hours that began two hours ago and end in `hours`; returns their end."""
    begin, end = server_now() - 2 * HOUR, (server_now() + hours * HOUR).replace(second=0, microsecond=0)
    settings.QUIET_HOURS = "-".join(f"{timezone.localtime(moment):%H:%M}" for moment in (begin, end))
    return end


def test_a_reminder_that_quiet_hours_would_hold_beyond_the_close_is_in_the_portal_only(unit, settings):
    make_user("an", unit=unit, email="an@example.vn")
    quiet_from_now(settings, 3)
    week(opened=160 * HOUR, left=HOUR)
    announce_due()
    assert Notification.objects.get().mail_state == "none"


def test_an_opening_in_quiet_hours_waits_for_their_end(unit, settings):
    make_user("an", unit=unit, email="an@example.vn")
    end = quiet_from_now(settings, 3)
    week()
    announce_due()
    row = Notification.objects.get()
    assert (row.mail_state, row.due_at) == ("waiting", end)


def test_a_reminder_is_not_mailed_to_who_has_taken_part_meanwhile(unit):
    people = [make_user(name, unit=unit, email=f"{name}@example.vn") for name in ("an", "binh")]
    round = week(opened=160 * HOUR, left=HOUR)
    announce_due()
    make_attempt(round, people[0])
    assert call_off_needless() == 1
    states = dict(Notification.objects.values_list("user__employee_id", "mail_state"))
    assert states == {"an": "none", "binh": "waiting"}


# --- A close that moves -----------------------------------------------------------------------------


def move_close(round: Round, by: timedelta) -> Round:
    one, other = (make_user(f"btc-{number}-{by.total_seconds()}") for number in (1, 2))
    later = Round.objects.get(pk=round.pk).closes_at + by
    extension = propose_extension(round=round, closes_at=later, reason="Mất mạng", actor=one)
    confirm_extension(extension=extension, actor=other)
    return Round.objects.get(pk=round.pk)


def test_a_reminder_not_sent_yet_follows_the_close(unit):
    make_user(unit=unit)
    round = week(opened=100 * HOUR, left=3 * HOUR)
    move_close(round, 48 * HOUR)
    announce_due()
    assert told() == []


def test_a_close_moved_a_little_changes_the_words_and_reminds_nobody_again(unit):
    make_user("an", unit=unit)
    round = week(opened=160 * HOUR, left=HOUR)
    announce_due()
    before = Announcement.objects.get()
    round = move_close(round, HOUR)
    announce_due()
    after = Announcement.objects.get()
    assert told() == ["an"]
    assert after.expires_at == round.closes_at
    assert after.body != before.body
    assert announcements.closing(round.closes_at) in after.body


def test_a_close_moved_by_days_is_reminded_of_again(unit):
    make_user("an", unit=unit)
    round = week(opened=160 * HOUR, left=HOUR)
    announce_due()
    move_close(round, 72 * HOUR)
    announce_due()
    assert told(Kind.CLOSING_2H) == ["an"]
    Round.objects.filter(pk=round.pk).update(closes_at=server_now() + HOUR + timedelta(seconds=1))
    Announcement.objects.update(key=f"round:{round.pk}:closing_2h:{(server_now() - 80 * HOUR).isoformat()}")
    announce_due()
    assert told(Kind.CLOSING_2H) == ["an", "an"]


# --- Results ----------------------------------------------------------------------------------------


def published(unit, **fields) -> Round:
    """Three who took part, of whom one wins; one who did not."""
    round = past_round(make_contest(), prizes=(("first", "Giải Nhất", 1),), **fields)
    for number, (name, answers) in enumerate((("winner", "B"), ("second", "A"), ("third", "A"))):
        person = make_user(name, unit=unit, email=f"{name}@example.vn")
        at = round.opens_at + timedelta(minutes=number + 2)
        make_attempt(round, person, answers=answers, submitted_at=at)
    make_user("absent", unit=unit)
    close_round(round.pk)
    return publish_round(round=Round.objects.get(pk=round.pk), actor=make_user("btc"))


def test_a_result_is_told_to_those_who_took_part_and_a_prize_to_who_won_it(unit):
    published(unit)
    for _ in range(2):
        announce_due()
    subjects = {row.user.employee_id: row.subject for row in Notification.objects.select_related("user")}
    assert told() == ["second", "third", "winner"]
    assert subjects["second"] == subjects["third"] == "Đã công bố kết quả Tuần 1"
    assert subjects["winner"] == "Chúc mừng bạn đoạt Giải Nhất Tuần 1"


def test_nothing_of_a_result_is_told_before_publication(unit):
    round = past_round()
    make_attempt(round, make_user("an", unit=unit))
    close_round(round.pk)
    announce_due()
    assert Announcement.objects.count() == 0


def test_a_result_published_long_ago_is_no_news(unit):
    round = published(unit)
    Round.objects.filter(pk=round.pk).update(published_at=server_now() - timedelta(days=3))
    announce_due()
    assert told() == []


def test_lots_drawn_later_tell_the_new_winners_and_nobody_twice(unit):
    round = published(unit)
    announce_due()
    other = Standing.objects.get(attempt__user__employee_id="second")
    Standing.objects.filter(pk=other.pk).update(prize=round.prizes.get())
    Round.objects.filter(pk=round.pk).update(version=2)
    announce_due()
    assert told() == ["second", "second", "third", "winner"]
    assert Notification.objects.filter(user__employee_id="second").first().subject.startswith("Chúc mừng")


# --- Once, however often and whoever comes ----------------------------------------------------------


def tell_in_batches(round: Round, limit: int) -> None:
    announcement = Announcement.objects.get()
    while tell_next(announcement_id=announcement.pk, audience=audience_of(announcement.key), limit=limit):
        pass


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_batches_of_any_size_tell_everybody_once(unit, limit):
    for number in range(5):
        make_user(f"p{number}", unit=unit)
    round = week()
    announce_due(seconds=0)
    tell_in_batches(round, limit)
    assert told() == [f"p{number}" for number in range(5)]


def killed_between_batches(unit) -> None:
    """Two batches; the second dies after its rows were written and before it could note how far it came."""
    for number in range(4):
        make_user(f"p{number}", unit=unit)
    week()
    announce_due(seconds=0)
    announcement = Announcement.objects.get()
    audience = audience_of(announcement.key)
    tell_next(announcement_id=announcement.pk, audience=audience, limit=2)
    Announcement.objects.update(told_up_to=0)
    tell_next(announcement_id=announcement.pk, audience=audience, limit=100)


def test_who_has_been_told_is_not_told_again_after_a_lost_place(unit):
    killed_between_batches(unit)
    assert told() == ["p0", "p1", "p2", "p3"]


def test_control_without_the_constraint_they_are_told_twice(unit):
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX notification_once_per_announcement")
    guard = "ON CONFLICT (announcement_id, user_id) WHERE announcement_id IS NOT NULL DO NOTHING"
    told_with_guard = services._TELL
    assert guard in told_with_guard
    services._TELL = told_with_guard.replace(guard, "")
    try:
        killed_between_batches(unit)
    finally:
        services._TELL = told_with_guard
    assert told() == ["p0", "p0", "p1", "p1", "p2", "p3"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_tell_everybody_once_and_wait_for_nobody(unit):
    for number in range(6):
        make_user(f"p{number}", unit=unit)
    week()
    announce_due(seconds=0)
    announcement = Announcement.objects.get()
    results = []

    def other() -> None:
        results.append(tell_next(announcement_id=announcement.pk, audience=audience_of(announcement.key), limit=100))
        connection.close()

    with transaction.atomic():
        Announcement.objects.select_for_update().get(pk=announcement.pk)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)
    assert (results, told()) == ([False], []), "the second comer leaves at once"
    announce_due()
    assert told() == [f"p{number}" for number in range(6)]


def test_people_are_not_told_while_a_round_waits_to_be_closed(unit):
    make_user("an", unit=unit)
    week()
    due = past_round()
    announce_due()
    assert told() == []
    close_round(due.pk)
    announce_due()
    assert told() == ["an"]


def test_a_quiet_tick_costs_as_many_queries_with_three_rounds_as_with_one(unit, django_assert_max_num_queries):
    week()
    announce_due()
    with django_assert_max_num_queries(6):
        announce_due()
