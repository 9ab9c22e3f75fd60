"""“My unit is wrong”: the participant asks, a coordinator speaks, an organiser decides; the roster moves once."""

import pytest
from django.urls import reverse

from accounts.models import AuditEntry, Membership
from accounts.problems import Refused
from notifications.models import Notification
from proposals.models import UnitCorrection
from proposals.services.decisions import accept_correction, decline
from proposals.services.requests import recommend, request_unit_correction, withdraw_correction
from tests.factories import make_attempt, make_unit, make_user, open_round

pytestmark = pytest.mark.django_db
PAGE = "/requests/unit/"


@pytest.fixture
def asked(units, people):
    return request_unit_correction(user=people.person, unit=units.clinic, note="Chuyển công tác")


def unit_of(user):
    return Membership.objects.current().get(user=user).unit


def test_a_participant_asks_sees_the_state_and_withdraws(as_, units, people):
    client = as_(people.person)
    assert "Sở Y tế" in client.get(PAGE).content.decode()
    assert client.post(PAGE, {"unit": "trung tam y te", "note": "Chuyển công tác"}).status_code == 302
    asked = UnitCorrection.objects.get()
    assert (asked.from_unit, asked.to_unit, asked.state) == (units.health, units.clinic, "waiting")
    page = client.get(PAGE).content.decode()
    assert "Chờ ý kiến đầu mối" in page
    assert 'name="note"' not in page
    client.post(PAGE, {"unit": "SGD", "note": "Khác"})
    assert UnitCorrection.objects.count() == 1
    client.post(reverse("unit-correction-withdraw"))
    asked.refresh_from_db()
    assert asked.state == "withdrawn"
    assert 'name="note"' in client.get(PAGE).content.decode()


@pytest.mark.parametrize("bad", [{"unit": "SYT"}, {"unit": "KHONG-CO"}, {"unit": ""}, {"note": ""}, {"note": "a\0b"},
                                 {"note": "x" * 501}, {"unit": "x" * 300}])  # fmt: skip
def test_what_makes_no_sense_is_refused(as_, units, people, bad):
    assert as_(people.person).post(PAGE, {"unit": "TTYT", "note": "Vì"} | bad).status_code == 422
    assert not UnitCorrection.objects.exists()


def test_the_unit_of_another_request_is_never_taken_from_the_form(as_, units, people):
    as_(people.person).post(PAGE, {"unit": "TTYT", "note": "Vì", "user": people.elsewhere.pk, "state": "accepted"})
    asked = UnitCorrection.objects.get()
    assert (asked.user, asked.state) == (people.person, "waiting")


def test_without_a_coordinator_it_goes_straight_to_the_organisers(units, people):
    lonely, other = make_unit("XA1", parent=units.root), make_unit("XA2", parent=units.root)
    assert request_unit_correction(user=make_user(unit=lonely), unit=other, note="Vì").state == "forwarded"
    # The only coordinator of both is the one who asks.
    assert request_unit_correction(user=people.coordinator, unit=units.clinic, note="Vì").state == "forwarded"


def test_coordinators_of_the_old_and_of_the_new_unit_may_speak_and_others_get_404(as_, units, people):
    asked = request_unit_correction(user=people.person, unit=units.schools, note="Chuyển")
    page = reverse("recommend-correction", args=[asked.pk])
    assert [as_(user).get(page).status_code for user in (people.coordinator, people.neighbour)] == [200, 200]
    inner = request_unit_correction(user=make_user(unit=units.health), unit=units.clinic, note="Chuyển")
    page = reverse("recommend-correction", args=[inner.pk])
    client = as_(people.neighbour)
    assert [client.get(page).status_code, client.post(page, {"agrees": "1"}).status_code] == [404, 404]
    assert as_(people.person).get(page).status_code == 404
    response = as_(people.coordinator).post(page, {"agrees": "0", "comment": "Chưa có quyết định"})
    assert response.status_code == 302
    inner.refresh_from_db()
    assert (inner.state, inner.recommends, inner.comment) == ("forwarded", False, "Chưa có quyết định")


def test_nobody_speaks_about_or_decides_their_own(units, people):
    asked = request_unit_correction(user=people.coordinator, unit=units.schools, note="Vì")
    with pytest.raises(Refused):
        recommend(request=asked, agrees=True, comment="", actor=people.coordinator)
    own = request_unit_correction(user=people.organiser, unit=units.clinic, note="Vì")
    with pytest.raises(Refused):
        accept_correction(correction=own, actor=people.organiser)
    with pytest.raises(Refused):
        decline(request=own, reason="Vì", actor=people.organiser)
    accept_correction(correction=own, actor=people.second)
    assert unit_of(people.organiser) == units.clinic


def test_accepted_moves_from_today_and_an_attempt_keeps_its_unit(as_, asked, units, people):
    round = open_round()
    attempt = make_attempt(round, people.person, unit=units.health)
    page = reverse("manage-correction", args=[asked.pk])
    assert as_(people.organiser).post(page, {"act": "accept"}).status_code == 302
    ended, present = Membership.objects.filter(user=people.person).order_by("pk")
    assert (ended.unit, ended.ends_on, present.unit, present.ends_on) == (
        units.health, present.starts_on, units.clinic, None,
    )  # fmt: skip
    attempt.refresh_from_db()
    assert attempt.unit == units.health
    entry = AuditEntry.objects.get(verb="unit_correction.accept")
    assert (entry.before, entry.after) == ({"unit": "SYT"}, {"unit": "TTYT", "employee_id": "NV-1"})
    told = Notification.objects.get(user=people.person)
    assert (told.kind, told.path) == ("request_decided", PAGE)


def test_declined_needs_a_reason_that_the_person_reads(as_, asked, units, people):
    page = reverse("manage-correction", args=[asked.pk])
    assert as_(people.organiser).post(page, {"act": "decline", "reason": " "}).status_code == 422
    assert as_(people.organiser).post(page, {"act": "decline", "reason": "Chưa có quyết định"}).status_code == 302
    assert unit_of(people.person) == units.health
    assert "Chưa có quyết định" in as_(people.person).get(PAGE).content.decode()


def test_an_organiser_decides_only_when_both_units_are_theirs(as_, units, people):
    asked = request_unit_correction(user=people.person, unit=units.schools, note="Chuyển")
    page = reverse("manage-correction", args=[asked.pk])
    client = as_(people.stranger)  # an organiser of the new unit alone
    assert [client.get(page).status_code, client.post(page, {"act": "accept"}).status_code] == [404, 404]
    assert unit_of(people.person) == units.health
    for user in (people.coordinator, people.person):
        assert as_(user).get(page).status_code == 404


def test_a_person_moved_meanwhile_is_not_moved_again(asked, units, people):
    Membership.objects.filter(user=people.person).update(unit=units.schools)
    with pytest.raises(Refused):
        accept_correction(correction=asked, actor=people.organiser)
    assert unit_of(people.person) == units.schools


def test_what_is_withdrawn_is_not_accepted_and_what_is_accepted_not_withdrawn(units, people):
    first = request_unit_correction(user=people.person, unit=units.clinic, note="Vì")
    withdraw_correction(correction=first)
    with pytest.raises(Refused):
        accept_correction(correction=first, actor=people.organiser)
    second = request_unit_correction(user=people.person, unit=units.clinic, note="Vì")
    accept_correction(correction=second, actor=people.organiser)
    with pytest.raises(Refused):
        withdraw_correction(correction=second)
    with pytest.raises(Refused):
        accept_correction(correction=second, actor=people.second)
    assert AuditEntry.objects.filter(verb="unit_correction.accept").count() == 1


def test_a_person_asks_three_times_a_day_at_most(units, people):
    for _ in range(3):
        withdraw_correction(correction=request_unit_correction(user=people.person, unit=units.clinic, note="Vì"))
    with pytest.raises(Refused):
        request_unit_correction(user=people.person, unit=units.clinic, note="Vì")
