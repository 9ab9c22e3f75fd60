"""A close moves later only, by two people, before it has come, and takes the deadlines it had cut with it."""

from datetime import timedelta

import pytest

from accounts.clock import server_now
from accounts.models import AuditEntry
from accounts.problems import Refused
from contest.closing import close_round
from contest.models import Attempt, CloseExtension, Round
from contest.services.extensions import confirm_extension, propose_extension
from tests.factories import draft_round, make_attempt, make_contest, make_user, open_round, past_round

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def closes_at(round) -> object:
    return Round.objects.get(pk=round.pk).closes_at


def test_a_close_moves_when_a_second_person_confirms():
    round, proposer, confirmer = open_round(), make_user(), make_user()
    later = round.closes_at + HOUR
    extension = propose_extension(round=round, closes_at=later, reason="Mất điện diện rộng", actor=proposer)
    assert closes_at(round) == round.closes_at
    confirm_extension(extension=extension, actor=confirmer)
    assert closes_at(round) == later
    extension.refresh_from_db()
    assert extension.confirmed_by == confirmer
    assert list(AuditEntry.objects.order_by("id").values_list("verb", "actor")) == [
        ("round.propose_extension", proposer.pk),
        ("round.extend", confirmer.pk),
    ]
    assert AuditEntry.objects.get(verb="round.extend").after["reason"] == "Mất điện diện rộng"


def test_the_proposer_does_not_confirm_and_another_does():
    round, proposer = open_round(), make_user()
    extension = propose_extension(round=round, closes_at=round.closes_at + HOUR, reason="x", actor=proposer)
    with pytest.raises(Refused):
        confirm_extension(extension=extension, actor=proposer)
    assert closes_at(round) == round.closes_at
    confirm_extension(extension=extension, actor=make_user())
    assert closes_at(round) == round.closes_at + HOUR
    with pytest.raises(Refused):
        confirm_extension(extension=extension, actor=make_user())


@pytest.mark.parametrize("step", [timedelta(0), -HOUR, timedelta(days=-30)])
def test_a_close_is_never_moved_earlier(step):
    round = open_round()
    with pytest.raises(Refused):
        propose_extension(round=round, closes_at=round.closes_at + step, reason="x", actor=make_user())
    assert not CloseExtension.objects.exists()


def test_of_two_proposals_the_earlier_one_is_refused_after_the_later_one():
    round = open_round()
    near, far = (
        propose_extension(round=round, closes_at=round.closes_at + hours * HOUR, reason="x", actor=make_user())
        for hours in (1, 2)
    )
    confirm_extension(extension=far, actor=make_user())
    with pytest.raises(Refused):
        confirm_extension(extension=near, actor=make_user())
    assert closes_at(round) == round.closes_at + 2 * HOUR


def test_a_reason_is_needed_and_a_draft_is_simply_edited():
    round, draft = open_round(), draft_round()
    for target, reason in ((round, "  "), (draft, "x")):
        with pytest.raises(Refused):
            propose_extension(round=target, closes_at=target.closes_at + HOUR, reason=reason, actor=make_user())


def test_deadlines_cut_by_the_old_close_move_and_others_stay():
    contest = make_contest(time_limit_seconds=1800)
    now = server_now()
    round = open_round(contest, closes_at=now + timedelta(minutes=10))
    cut = make_attempt(round, state="in_progress", started_at=now - timedelta(minutes=5))
    long_ago = make_attempt(round, state="in_progress", started_at=now - timedelta(minutes=25))
    done = make_attempt(round, started_at=now - timedelta(minutes=5))
    assert cut.deadline == round.closes_at
    extension = propose_extension(round=round, closes_at=round.closes_at + HOUR, reason="x", actor=make_user())
    assert confirm_extension(extension=extension, actor=make_user()) == 1
    deadlines = dict(Attempt.objects.values_list("pk", "deadline"))
    assert deadlines == {
        cut.pk: cut.started_at + timedelta(minutes=30),
        long_ago.pk: long_ago.deadline,
        done.pk: done.deadline,
    }


def test_without_a_time_limit_deadlines_move_to_the_new_close():
    round = open_round(make_contest(time_limit_seconds=None))
    attempt = make_attempt(round, state="in_progress")
    extension = propose_extension(round=round, closes_at=round.closes_at + HOUR, reason="x", actor=make_user())
    confirm_extension(extension=extension, actor=make_user())
    attempt.refresh_from_db()
    assert attempt.deadline == round.closes_at + HOUR


def test_after_close_and_grace_nothing_moves_even_if_nothing_has_closed_the_round_yet():
    """The control: within the grace it still does."""
    over = past_round()
    extension = CloseExtension.objects.create(
        round=over, closes_at=over.closes_at + HOUR, reason="x", proposed_by=make_user()
    )
    with pytest.raises(Refused):
        confirm_extension(extension=extension, actor=make_user())
    with pytest.raises(Refused):
        propose_extension(round=over, closes_at=server_now() + HOUR, reason="x", actor=make_user())
    assert closes_at(over) == over.closes_at

    now = server_now()
    in_grace = open_round(opens_at=now - HOUR, closes_at=now - timedelta(seconds=1))
    Round.objects.filter(pk=in_grace.pk).update(grace_seconds=60)
    extension = propose_extension(round=in_grace, closes_at=now + HOUR, reason="x", actor=make_user())
    confirm_extension(extension=extension, actor=make_user())
    assert closes_at(in_grace) == now + HOUR


def test_a_round_that_was_closed_stays_closed():
    over = past_round()
    extension = CloseExtension.objects.create(
        round=over, closes_at=over.closes_at + HOUR, reason="x", proposed_by=make_user()
    )
    assert close_round(over.pk) is not None
    with pytest.raises(Refused):
        confirm_extension(extension=extension, actor=make_user())
    assert closes_at(over) == over.closes_at
