"""What the home page tells a secretary: who has not reported, what is to be read, what is to be compiled."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.clock import server_now
from contest.closing import close_round
from contest.models import Round
from reports.unit_reports.secretary import to_chase
from reports.unit_reports.services import accept_report, send_report
from tests.factories import grant, make_contest, make_root, make_unit, make_user, past_round
from tests.faults.quiz import browser_of

pytestmark = pytest.mark.django_db


class World:
    """A department with two units below it, another one beside it, and a published round."""

    def __init__(self, below=2):
        root = make_root()
        self.health = make_unit("SYT", name="Sở Y tế", parent=root)
        self.below = [make_unit(f"BV{n}", name=f"Bệnh viện {n}", parent=self.health) for n in range(below)]
        self.beside = make_unit("SNV", name="Sở Nội vụ", parent=root)
        self.round = past_round(make_contest())
        close_round(self.round.pk)
        Round.objects.filter(pk=self.round.pk).update(state="published", published_at=server_now())
        self.round.refresh_from_db()
        self.sender, self.of_contest, self.of_department = make_user(), make_user(), make_user()
        grant(self.of_contest, "secretary")
        grant(self.of_department, "secretary", self.health)

    def send(self, unit):
        return send_report(round=self.round, unit=unit, remarks={}, seen="", actor=self.sender)

    def waiting(self, person):
        return [
            (one.round.pk, one.missing, one.to_read, [unit.code for unit in one.to_compile])
            for one in to_chase(person, server_now())
        ]


def test_each_secretary_is_told_what_waits_in_their_scope():
    world = World()
    pk = world.round.pk
    assert world.waiting(world.of_contest) == [(pk, 4, 0, [])]
    assert world.waiting(world.of_department) == [(pk, 3, 0, ["SYT"])]
    first = world.send(world.below[0])
    assert world.waiting(world.of_department) == [(pk, 2, 1, ["SYT"])]
    accept_report(report=first, actor=world.of_department)
    assert world.waiting(world.of_department) == [(pk, 2, 0, ["SYT"])]
    world.send(world.below[1])
    department = world.send(world.health)
    assert world.waiting(world.of_department) == [(pk, 0, 1, [])]
    assert world.waiting(world.of_contest) == [(pk, 1, 2, [])]
    accept_report(report=department, actor=world.of_contest)
    world.send(world.beside)
    assert world.waiting(world.of_contest) == [(pk, 0, 2, [])]
    assert world.waiting(world.sender) == []


def test_what_is_older_than_a_month_or_practice_is_no_longer_chased():
    world = World()
    Round.objects.filter(pk=world.round.pk).update(is_practice=True)
    assert world.waiting(world.of_contest) == []


def test_the_home_page_leads_to_each_of_them():
    world = World()
    world.send(world.below[0])
    page = " ".join(browser_of(world.of_department).get(reverse("manage-home")).content.decode().split())
    units = f"{reverse('unit-reports')}?round={world.round.pk}&amp;show="
    assert f'href="{reverse("unit-report", args=[world.round.pk, world.health.pk])}">Tổng hợp và gửi báo cáo' in page
    assert f'href="{units}waiting">1 báo cáo Tuần 1 chờ xem' in page
    assert f'href="{units}to_do">2 đơn vị chưa gửi báo cáo Tuần 1, hạn' in page


def test_others_are_told_nothing_of_it():
    World()
    organiser = make_user()
    grant(organiser, "organiser")
    assert "chưa gửi báo cáo" not in browser_of(organiser).get(reverse("manage-home")).content.decode()


@pytest.mark.parametrize("below", [1, 3])
def test_the_desk_takes_eight_queries_however_many_units(below):
    world = World(below)
    world.send(world.below[0])
    with CaptureQueriesContext(connection) as queries:
        assert to_chase(world.of_department, server_now())
    assert len(queries) == 8
