"""Reminders: one action for all, once a day for each person, decided by the database; never a score in them."""

import threading
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.clock import server_now
from accounts.models import AuditEntry, Role
from accounts.problems import Refused
from contest.announcements import call_off_needless
from contest.models import Round
from notifications.models import Announcement, MailState, Mute, Notification
from reports.models import Reminder
from reports.scope import Scope
from reports.unit_reports import reminding
from reports.unit_reports.reminding import Reminded, coordinators_of, remind_people, remind_units, tell_reminders
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, open_round, past_round
from tests.together import at_once


@pytest.fixture
def health():
    return make_unit("SYT", name="Sở Y tế", parent=make_root())


@pytest.fixture
def hospitals(health):
    return [make_unit(f"BV{number}", name=f"Bệnh viện {number}", parent=health) for number in (1, 2, 3)]


@pytest.fixture
def round(hospitals):
    round = past_round(make_contest(unit=make_root(), title="Hội thi"))
    Round.objects.filter(pk=round.pk).update(state="published", version=1)
    round.refresh_from_db()
    return round


def holder(role, unit, **fields):
    user = make_user(**fields)
    grant(user, role, unit)
    return user


def everybody(hospitals):
    return [unit.pk for unit in hospitals]


# --- Coordinators -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_nearest_coordinators_are_reminded_of_all_their_units_in_one_message(round, health, hospitals):
    near, above = holder(Role.COORDINATOR, hospitals[0]), holder(Role.COORDINATOR, health)
    holder(Role.COORDINATOR, hospitals[1], is_active=False)
    assert coordinators_of(round, everybody(hospitals)) == {
        near.pk: {hospitals[0].pk},
        above.pk: {hospitals[1].pk, hospitals[2].pk},
    }
    actor = make_user()
    assert remind_units(round=round, units=everybody(hospitals), actor=actor) == Reminded(2, 0)
    message = Notification.objects.get(user=above)
    assert message.kind == "unit_report"
    assert "- Bệnh viện 2\n- Bệnh viện 3" in message.body
    assert "Bệnh viện 1" not in message.body
    assert AuditEntry.objects.get(verb="unit_report.remind").after == {"units": 3, "people": 2}
    assert remind_units(round=round, units=everybody(hospitals), actor=actor) == Reminded(0, 2)
    assert Notification.objects.count() == 2
    Reminder.objects.update(day=server_now().date() - timedelta(days=3))
    assert remind_units(round=round, units=everybody(hospitals), actor=actor) == Reminded(2, 0)


@pytest.mark.django_db
def test_a_departments_secretary_is_reminded_of_the_departments_report_alone(round, health, hospitals):
    compiles = holder(Role.SECRETARY, health)
    holder(Role.SECRETARY, hospitals[0])
    assert coordinators_of(round, [health.pk, *everybody(hospitals)]) == {compiles.pk: {health.pk}}


@pytest.mark.django_db
def test_units_without_anybody_to_remind_are_said(round, hospitals):
    with pytest.raises(Refused, match="chưa có đầu mối"):
        remind_units(round=round, units=everybody(hospitals), actor=make_user())


@pytest.mark.django_db
def test_the_secretary_reminds_all_within_the_scope_in_one_action(client, round, health, hospitals):
    for unit in hospitals:
        holder(Role.COORDINATOR, unit)
    other = make_unit("KHAC", parent=make_root())
    holder(Role.COORDINATOR, other)
    secretary = holder(Role.SECRETARY, health)
    client.force_login(secretary)
    for said in ("Đã nhắc 3 đầu mối.", "3 đầu mối đã được nhắc trong hôm nay"):
        page = client.post(reverse("unit-reports-remind", args=[round.pk]), follow=True)
        assert said in page.content.decode()
    assert Notification.objects.filter(kind="unit_report").count() == 3


@pytest.mark.django_db(transaction=True)
def test_secretaries_who_press_together_remind_each_coordinator_once(round, hospitals):
    for unit in hospitals:
        holder(Role.COORDINATOR, unit)
    actor, units = make_user(), everybody(hospitals)
    told = at_once(*[lambda: remind_units(round=round, units=units, actor=actor)] * 6)
    assert sorted(one.told for one in told) == [0, 0, 0, 0, 0, 3]
    assert Notification.objects.filter(kind="unit_report").count() == 3


@pytest.mark.django_db(transaction=True)
def test_control_looking_first_reminds_twice(round, hospitals):
    user = holder(Role.COORDINATOR, hospitals[0])
    seen = threading.Barrier(2)

    def look_then_tell():
        known = Notification.objects.filter(user=user).exists()
        seen.wait()
        if not known:
            Notification.objects.create(user=user, kind="unit_report", own_subject="Nhắc")

    at_once(look_then_tell, look_then_tell)
    assert Notification.objects.filter(user=user).count() == 2


# --- People -----------------------------------------------------------------------------------------


@pytest.fixture
def running(hospitals):
    return open_round(make_contest(unit=make_root(), title="Hội thi"))


@pytest.mark.django_db
def test_people_who_have_not_taken_part_are_reminded_once_a_day(running, hospitals):
    away = make_user("VANG", unit=hospitals[0])
    started = make_user("DANG-LAM", unit=hospitals[0])
    done = make_user("XONG", unit=hospitals[0])
    make_attempt(running, started, state="in_progress", started_at=server_now())
    make_attempt(running, done)
    elsewhere = make_user("KHAC", unit=hospitals[1])
    make_user("NGHI", unit=hospitals[0], is_active=False)
    scope = Scope(frozenset({hospitals[0].pk}), scores=False)
    actor = make_user()
    assert remind_people(round=running, scope=scope, actor=actor) == 1
    (message,) = Notification.objects.all()
    assert (message.user, message.kind) == (away, "take_part")
    assert message.path == reverse("round-start", args=[running.pk])
    assert "điểm" not in message.subject + message.body
    assert AuditEntry.objects.get(verb="round.remind_people").after == {"people": 1}
    assert remind_people(round=running, scope=scope, actor=actor) == 0
    another = open_round(running.contest)
    assert remind_people(round=another, scope=scope, actor=actor) == 2  # the two who took part in the other round
    assert not Notification.objects.filter(user=elsewhere).exists()
    assert Notification.objects.filter(user=away).count() == 1


@pytest.mark.django_db
def test_a_round_that_is_over_reminds_nobody(round):
    with pytest.raises(Refused):
        remind_people(round=round, scope=Scope(None, scores=True), actor=make_user())
    assert not Reminder.objects.exists()


@pytest.mark.django_db
def test_who_muted_reminders_reads_no_mail(running, hospitals, settings):
    settings.MAIL_ENABLED, settings.QUIET_HOURS = True, ""
    muted = make_user("TAT", unit=hospitals[0], email="tat@example.vn")
    other = make_user("BAT", unit=hospitals[0], email="bat@example.vn")
    Mute.objects.create(user=muted, kind="take_part")
    assert remind_people(round=running, scope=Scope(None, scores=False), actor=make_user()) == 2
    states = dict(Notification.objects.values_list("user__employee_id", "mail_state"))
    assert states == {"TAT": "none", "BAT": "waiting"}
    make_attempt(running, other)
    assert call_off_needless() == 1
    assert Notification.objects.get(user=other).mail_state == MailState.NONE


@pytest.mark.django_db
def test_whom_the_request_had_no_time_for_is_told_later(running, hospitals, monkeypatch):
    for _ in range(3):
        make_user(unit=hospitals[0])
    with monkeypatch.context() as patch:
        patch.setattr(reminding, "tell_reminders", lambda: 0)
        assert remind_people(round=running, scope=Scope(None, scores=False), actor=make_user()) == 3
    assert Notification.objects.count() == 0
    for _ in range(2):
        tell_reminders()
    assert Notification.objects.filter(kind="take_part").count() == 3
    assert Announcement.objects.get().finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_coordinators_who_press_together_remind_each_person_once(running, hospitals):
    for _ in range(5):
        make_user(unit=hospitals[0])
    actor = make_user()
    told = at_once(*[lambda: remind_people(round=running, scope=Scope(None, scores=False), actor=actor)] * 6)
    assert sorted(told) == [0, 0, 0, 0, 0, 5]
    tell_reminders()
    assert Notification.objects.filter(kind="take_part").count() == 5


@pytest.mark.django_db
def test_the_page_reminds_the_people_of_the_unit_that_is_shown(client, running, hospitals):
    for unit in hospitals[:2]:
        make_user(unit=unit)
    coordinator = holder(Role.COORDINATOR, hospitals[0].parent)
    client.force_login(coordinator)
    page = client.get(reverse("report-nonparticipants"), {"round": running.pk, "unit": "BV1"}).content.decode()
    assert reverse("nonparticipants-remind", args=[running.pk]) in page
    url = reverse("nonparticipants-remind", args=[running.pk])
    page = client.post(url, {"unit": "BV1"}, follow=True).content.decode()
    assert "Đã nhắc 1 người." in page
    assert client.post(url, {"unit": "TINH"}).status_code == 404
    page = client.post(url, {"unit": "BV1"}, follow=True).content.decode()
    assert "đã được nhắc hôm nay" in page
