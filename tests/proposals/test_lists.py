"""Lists: what is on them, for whom, and as many queries for three rows as for one."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.clock import server_now
from proposals.models import AccountRequest, Proposal, StaffRow, UnitCorrection
from proposals.retention import forget_old_requests
from proposals.services.decisions import decline
from proposals.services.proposals import decline_proposal, draft_staff, send_proposal, withdraw_proposal
from proposals.services.requests import request_unit_correction, withdraw_correction
from tests.factories import make_attempt, make_contest, make_user, open_round
from tests.proposals.test_account_requests import ask

pytestmark = pytest.mark.django_db


def fill(units, people, numbers):
    """For each number a request for an account, a correction and a sent proposal of the department."""
    for number in numbers:
        ask(units.health, subject=f"sub-{number}", employee_id=f"NV-9{number}")
        request_unit_correction(user=make_user(unit=units.health), unit=units.clinic, note="Chuyển")
        row = StaffRow(number=1, employee_id=f"MOI-{number}", full_name="Người Mới", unit_code="SYT")
        proposal, _diff = draft_staff(unit=units.health, rows=[row], note=f"Lý do {number}", actor=people.coordinator)
        send_proposal(proposal=proposal, actor=people.coordinator)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("organiser", "/manage/requests/?kind=accounts"),
        ("organiser", "/manage/requests/?kind=corrections"),
        ("organiser", "/manage/requests/?kind=proposals"),
        ("coordinator", "/requests/"),
        ("coordinator", "/requests/proposals/"),
        ("coordinator", "/requests/staff/"),
    ],
)
def test_lists_take_as_many_queries_for_3_as_for_1(as_, units, people, who, address):
    client = as_(getattr(people, who))
    fill(units, people, [1])
    numbers = []
    for more in ([], [2, 3]):
        fill(units, people, more)
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] <= 18  # the frame of the page takes five, what waits about clips three


def test_the_inbox_counts_by_kind_and_opens_where_something_waits(as_, units, people):
    fill(units, people, [1])
    request_unit_correction(user=people.person, unit=units.schools, note="Chuyển")
    page = as_(people.organiser).get("/manage/requests/")
    assert [(name, number) for name, _title, number in page.context["tabs"]] == [
        ("accounts", 1), ("corrections", 2), ("proposals", 1),
    ]  # fmt: skip
    local = as_(people.stranger).get("/manage/requests/")
    assert [number for _name, _title, number in local.context["tabs"]] == [0, 0, 0]
    for asked in AccountRequest.objects.all():
        decline(request=asked, reason="Sai", actor=people.organiser)
    page = as_(people.organiser).get("/manage/requests/")
    assert page.context["kind"] == "corrections"
    page = as_(people.organiser).get("/manage/requests/?kind=accounts&state=decided")
    assert [row.employee_id for row in page.context["page"]] == ["NV-91"]


@pytest.mark.parametrize("query", ["kind=x&state=y", "kind=%00", "page=%00", "kind=proposals&state=waiting", "page=-1"])
def test_strange_filters_mean_the_default(as_, units, people, query):
    assert as_(people.organiser).get(f"/manage/requests/?{query}").status_code == 200


def test_a_coordinator_sees_the_staff_of_their_units_alone_and_finds_them_without_accents(as_, units, people):
    client = as_(people.coordinator)
    page = client.get("/requests/staff/").content.decode()
    assert ("NV-1" in page, "NV-2" in page) == (True, False)
    assert [m.user.employee_id for m in client.get("/requests/staff/?q=dang van anh").context["page"]] == ["NV-1"]
    assert client.get("/requests/staff/?q=%00").status_code == 200


def test_a_person_of_another_unit_is_not_filled_into_the_form(as_, people):
    page = as_(people.coordinator).get("/requests/proposals/staff/new/?person=NV-2").content.decode()
    assert ("Võ Thị Kín" in page, "kin@example.vn" in page) == (False, False)
    page = as_(people.coordinator).get("/requests/proposals/staff/new/?leave=NV-1").content.decode()
    assert 'value="NV-1"' in page


# --- The coordinators' home -------------------------------------------------------------------------


@pytest.fixture
def round(units, people, settings):
    settings.PUBLIC_URL = "https://thi.example.vn"
    return open_round(make_contest(unit=units.root, title="Hội thi CCHC"), title="Tuần 1")


def test_the_home_shows_participation_and_a_reminder_that_names_nobody(as_, units, people, round):
    make_attempt(round, people.coordinator, unit=units.health)
    page = as_(people.coordinator).get("/requests/")
    desk = page.context["on_desk"]
    assert (desk.participation.total.participants, desk.missing) == (1, 1)
    lines = desk.reminder.splitlines()
    assert lines[1].startswith("Tuần 1 của Hội thi CCHC sẽ đóng lúc ")
    assert lines[2] == (
        "Hiện Sở Y tế còn 1 người chưa có bài thi. Anh/chị nào chưa thi xin vào thi tại: "
        f"https://thi.example.vn/rounds/{round.pk}/start/"
    )
    assert "Đặng Văn Ánh" not in desk.reminder
    assert "- Đặng Văn Ánh" in desk.reminder_with_names


def test_no_reminder_when_everybody_has_taken_part_or_the_round_is_over(as_, units, people, round):
    for user in (people.coordinator, people.person):
        make_attempt(round, user, unit=units.health)
    assert as_(people.coordinator).get("/requests/").context["on_desk"].reminder == ""
    round.__class__.objects.filter(pk=round.pk).update(closes_at=server_now() - timedelta(minutes=1))
    desk = as_(people.neighbour).get("/requests/").context["on_desk"]
    assert (desk.state, desk.missing, desk.reminder) == ("closed", 3, "")


def test_without_a_round_the_home_still_shows_what_waits(as_, units, people):
    fill(units, people, [1])
    page = as_(people.coordinator).get("/requests/")
    assert (page.context["on_desk"], page.context["waiting"]) == (None, 2)
    for user in (people.organiser, people.person):
        assert as_(user).get("/requests/").status_code == 404


# --- Retention --------------------------------------------------------------------------------------


def test_what_has_served_its_time_is_forgotten_and_what_waits_is_not(units, people):
    fill(units, people, [1, 2])
    first = AccountRequest.objects.first()
    decline(request=first, reason="Sai", actor=people.organiser)
    decline(request=UnitCorrection.objects.first(), reason="Sai", actor=people.organiser)
    withdraw_correction(correction=UnitCorrection.objects.last())
    decline_proposal(proposal=Proposal.objects.first(), reason="Sai", actor=people.organiser)
    withdraw_proposal(proposal=Proposal.objects.last(), actor=people.coordinator)
    assert forget_old_requests() == 0
    long_ago = server_now() - timedelta(days=366)
    for model in (AccountRequest, UnitCorrection, Proposal):
        model.objects.filter(decided_at__isnull=False).update(decided_at=long_ago)
        model.objects.update(created_at=long_ago)
    Proposal.objects.update(sent_at=long_ago)
    assert forget_old_requests() == 5
    assert forget_old_requests() == 0
    kept = [model.objects.count() for model in (AccountRequest, UnitCorrection, Proposal)]
    assert kept == [1, 0, 0]
