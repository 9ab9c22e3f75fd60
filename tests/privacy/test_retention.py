"""What has had its time goes by itself; people are only listed."""

from datetime import date, timedelta

import pytest
from django.conf import settings as portal_settings

from accounts.clock import server_now
from accounts.models import ApiToken, Membership, Unit
from privacy.models import DataRequest
from privacy.retention import enforce_retention, people_to_erase
from privacy.services import erase_person
from privacy.tasks import enforce_retention as task
from reports.models import Export
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, open_round

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_what_is_a_day_too_old_goes_and_what_is_a_day_younger_stays(settings):
    settings.ACCESS_KEPT_DAYS, settings.REQUESTS_KEPT_DAYS = 10, 20
    now, person, officer = server_now(), make_user(unit=make_unit()), make_user()
    for days in (9, 11):
        ApiToken.objects.issue(user=person, expires_at=now - days * DAY)
        ApiToken.objects.create(
            user=person, digest=f"{days:064}", expires_at=now + 99 * DAY, revoked_at=now - days * DAY
        )
        for state in ("expired", "waiting"):
            Export.objects.create(
                kind="participation", format="csv", parameters={"round": 1}, label="x", requested_by=person,
                requested_at=now - days * DAY, state=state,
            )  # fmt: skip
    for days in (19, 21):
        DataRequest.objects.create(
            user=person, kind="access", text=f"{days} ngày", answer="Đây", due_at=now, state="done",
            decided_by=officer, decided_at=now - days * DAY,
        )  # fmt: skip
    assert enforce_retention() == {"tokens": 2, "exports": 1, "requests": 1}
    assert enforce_retention() == {"tokens": 0, "exports": 0, "requests": 0}
    assert ApiToken.objects.count() == 2
    assert sorted(Export.objects.values_list("state", flat=True)) == ["expired", "waiting", "waiting"]
    assert sorted(DataRequest.objects.values_list("text", flat=True)) == ["", "19 ngày"]


def test_the_beat_calls_it_daily():
    entry = portal_settings.CELERY_BEAT_SCHEDULE["privacy.tasks.enforce_retention"]
    assert entry["task"] == task.name
    assert task() is None


def test_people_who_left_long_ago_and_took_part_in_nothing_since_are_listed_and_nobody_else(settings, client):
    settings.PEOPLE_KEPT_YEARS = 5
    now, root = server_now(), make_root()
    unit = make_unit(parent=root)
    long_ago, lately = (now - timedelta(days=days) for days in (6 * 366, 4 * 365))

    def person(name: str, ends_on: date | None):
        user = make_user(name)
        Membership.objects.create(user=user, unit=unit, starts_on=date(2010, 1, 1), ends_on=ends_on)
        return user

    gone = person("di-lau", long_ago.date())
    person("moi-di", lately.date())
    person("con-o", None)
    returned = person("quay-lai", long_ago.date())
    Membership.objects.create(user=returned, unit=unit, starts_on=lately.date())
    fresh = person("vua-thi", long_ago.date())
    make_attempt(open_round(make_contest()), fresh)
    elsewhere = make_user("noi-khac")
    Membership.objects.create(user=elsewhere, unit=make_unit("ZZ"), starts_on=date(2010, 1, 1), ends_on=long_ago.date())
    below = Unit.objects.at_or_below([root.pk])
    assert list(people_to_erase(below)) == [gone]

    administrator = make_user("quan-tri")
    grant(administrator, "administrator")
    client.force_login(administrator)
    text = client.get("/manage/privacy/people/").content.decode()
    assert "di-lau" in text
    assert "moi-di" not in text
    erase_person(user=gone, actor=administrator, reason="Hết thời hạn lưu")
    assert list(people_to_erase(below)) == []
