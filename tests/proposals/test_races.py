"""Two at once: of two who decide, or of one who decides and one who withdraws, one wins. Each test has its control."""

import threading
from unittest.mock import patch

import pytest
from django.db import connection
from django.db.models import QuerySet

from accounts.models import AuditEntry, Membership, User
from accounts.problems import Refused
from notifications.models import Notification
from proposals.diff import diff_of
from proposals.models import Proposal, StaffRow, UnitCorrection
from proposals.services import decisions, proposals
from proposals.services.decisions import accept_correction
from proposals.services.proposals import accept_proposal, draft_staff, send_proposal
from proposals.services.requests import request_unit_correction, withdraw_correction
from tests.together import at_once

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def together(*acts):
    """Run `acts`, each in a thread and connection of its own, and return how many were refused.

    Each waits behind the barrier after it has looked at the state, so that without a guard all would go on.
    """
    return sum(isinstance(outcome, Refused) for outcome in at_once(*acts, refused=(Refused,)))


class Meeting:
    """Stands in the place of locking: everybody looks first, waits for the others, and then goes on to write."""

    def __init__(self, parties):
        self.barrier = threading.Barrier(parties, timeout=10)

    def look(self, request):
        found = type(request)._default_manager.get(pk=request.pk)
        self.barrier.wait()
        return found


@pytest.fixture
def asked(units, people):
    return request_unit_correction(user=people.person, unit=units.clinic, note="Chuyển công tác")


def accept_as(asked, actor):
    return lambda: accept_correction(correction=UnitCorrection.objects.get(pk=asked.pk), actor=actor)


def told():
    return AuditEntry.objects.filter(verb="unit_correction.accept").count(), Notification.objects.count()


def test_of_two_organisers_who_accept_at_once_one_wins(asked, people):
    assert together(accept_as(asked, people.organiser), accept_as(asked, people.second)) == 1
    assert told() == (1, 1)
    assert Membership.objects.filter(user=people.person).count() == 2


def test_control_without_the_lock_both_accept(asked, people):
    meeting = Meeting(2)
    with (
        patch.object(decisions, "lock_open", meeting.look),
        patch.object(decisions, "lock_imports", lambda _: None),
        patch.object(decisions, "write_plan", lambda *_, **__: None),
    ):
        assert together(accept_as(asked, people.organiser), accept_as(asked, people.second)) == 0
    assert told() == (2, 2)


def withdraw(asked):
    return lambda: withdraw_correction(correction=UnitCorrection.objects.get(pk=asked.pk))


def test_of_withdrawing_and_accepting_one_wins(asked, people):
    assert together(accept_as(asked, people.organiser), withdraw(asked)) == 1
    asked.refresh_from_db()
    moved = Membership.objects.current().get(user=people.person).unit_id == asked.to_unit_id
    assert (asked.state, moved) in {("accepted", True), ("withdrawn", False)}


def test_control_who_looks_and_then_writes_withdraws_what_was_accepted(asked, people):
    meeting = Meeting(2)

    def look_then_withdraw():
        found = meeting.look(asked)
        assert found.is_open
        QuerySet.update(UnitCorrection.objects.filter(pk=found.pk), state="withdrawn", decided_at=None, decided_by=None)

    def look_then_accept():
        with patch.object(decisions, "lock_open", meeting.look):
            accept_as(asked, people.organiser)()

    assert together(look_then_accept, look_then_withdraw) == 0
    assert told()[0] == 1
    assert Membership.objects.current().get(user=people.person).unit_id == asked.to_unit_id


@pytest.fixture
def proposal(units, people):
    rows = [StaffRow(number=1, employee_id="NV-10", full_name="Lê Mười", unit_code="SYT")]
    proposal, _diff = draft_staff(unit=units.health, rows=rows, note="Vì", actor=people.coordinator)
    send_proposal(proposal=proposal, actor=people.coordinator)
    return proposal


def accept(proposal, actor):
    digest = diff_of(proposal, scope=None).digest()
    found = Proposal.objects.get(pk=proposal.pk)
    return lambda: accept_proposal(proposal=found, expected=digest, left_out={}, actor=actor)


def test_a_proposal_is_accepted_once(proposal, people):
    assert together(accept(proposal, people.organiser), accept(proposal, people.second)) == 1
    assert AuditEntry.objects.filter(verb="proposal.accept").count() == 1
    assert User.objects.filter(employee_id="NV-10").count() == 1


def test_control_a_proposal_that_is_only_looked_at_is_accepted_twice(proposal, people):
    meeting = Meeting(2)
    with (
        patch.object(proposals, "_lock_sent", lambda found, actor: meeting.look(found)),
        patch.object(proposals, "lock_imports", lambda _: None),
        patch.object(proposals, "write_plan", lambda *_, **__: None),
    ):
        assert together(accept(proposal, people.organiser), accept(proposal, people.second)) == 0
    assert AuditEntry.objects.filter(verb="proposal.accept").count() == 2


def test_one_person_asks_once_however_often_the_button_is_pressed(units, people):
    ask = lambda: request_unit_correction(user=people.person, unit=units.clinic, note="Vì")  # noqa: E731
    assert together(ask, ask) == 1
    assert UnitCorrection.objects.count() == 1


def test_control_without_the_constraint_there_are_two(units, people):
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX unit_correction_one_open")
    try:
        ask = lambda: request_unit_correction(user=people.person, unit=units.clinic, note="Vì")  # noqa: E731
        assert together(ask, ask) == 0
        assert UnitCorrection.objects.count() == 2
    finally:
        UnitCorrection.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX unit_correction_one_open ON proposals_unitcorrection (user_id)"
                " WHERE state IN ('waiting', 'forwarded')"
            )
