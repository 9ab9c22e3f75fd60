"""Messages are kept for a time, and not longer."""

from datetime import timedelta

import pytest
from django.db.models import F

from accounts.clock import ClockTimestamp
from notifications import retention
from notifications.models import Announcement, Kind, MailRun, Notification
from notifications.tasks import delete_old_messages
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def messages(number: int, **fields) -> list[int]:
    person = make_user()
    rows = [Notification(user=person, kind=Kind.RESULT, own_subject="x", **fields) for _ in range(number)]
    return [row.pk for row in Notification.objects.bulk_create(rows)]


def age(days: float, **filters) -> None:
    Notification.objects.filter(**filters).update(created_at=ClockTimestamp() - timedelta(days=days))


def test_messages_older_than_the_setting_are_deleted_whatever_their_state(settings):
    settings.MESSAGES_KEPT_DAYS = 30
    old, young = messages(3), messages(2)
    age(30.1, pk__in=old)
    age(29.9, pk__in=young)
    delete_old_messages()
    assert sorted(Notification.objects.values_list("pk", flat=True)) == young


@pytest.mark.parametrize("number", [3, 6, 7])
def test_many_are_deleted_in_batches(settings, monkeypatch, number):
    settings.MESSAGES_KEPT_DAYS = 30
    monkeypatch.setattr(retention, "BATCH", 3)
    messages(number)
    age(31)
    assert retention.delete_old_messages() == number
    assert Notification.objects.count() == 0


def test_an_announcement_goes_with_the_last_of_its_messages(settings):
    settings.MESSAGES_KEPT_DAYS = 30
    _past, kept, young = (Announcement.objects.create(key=key, kind=Kind.RESULT, subject=key) for key in "abc")
    Announcement.objects.exclude(pk=young.pk).update(created_at=F("created_at") - timedelta(days=31))
    messages(1, announcement=kept)
    delete_old_messages()
    assert set(Announcement.objects.all()) == {kept, young}


def test_what_the_rate_no_longer_needs_is_deleted():
    MailRun.objects.create(at=ClockTimestamp() - timedelta(days=2))
    recent = MailRun.objects.create()
    delete_old_messages()
    assert list(MailRun.objects.all()) == [recent]
