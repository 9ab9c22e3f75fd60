"""`load_demo`: what it writes, that it is all or nothing, and that it can be repeated byte for byte."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, F

from accounts.models import Membership, RoleGrant, Unit, User
from accounts.rights import Right, units_with
from contest.closing import close_due_rounds
from contest.demo import loading
from contest.demo.plan import LOGINS
from contest.models import Attempt, Bank, Contest, Round, Standing
from contest.record import write_record
from proposals.diff import diff_of
from proposals.inbox import to_decide, to_recommend
from proposals.models import Proposal
from tests.factories import make_unit

pytestmark = pytest.mark.slow

AT = "2026-11-01T10:00:00Z"
NOW = datetime(2026, 11, 1, 10, tzinfo=UTC)


def load(at=AT, **arguments):
    output = io.StringIO()
    arguments = {"units": 12, "staff": 120, "rounds": 3, "at": at} | arguments
    call_command("load_demo", stdout=output, stderr=io.StringIO(), **arguments)
    return output.getvalue().splitlines()


@pytest.mark.django_db
def test_logins_are_printed_and_their_password_works(settings):
    assert load() == [
        f"participant participant {settings.DEMO_PASSWORD}",
        f"participant participant2 {settings.DEMO_PASSWORD}",
        f"coordinator coordinator {settings.DEMO_PASSWORD}",
        f"judge judge1 {settings.DEMO_PASSWORD}",
        f"judge judge2 {settings.DEMO_PASSWORD}",
        f"judge judge3 {settings.DEMO_PASSWORD}",
        f"organiser organiser {settings.DEMO_PASSWORD}",
        f"organiser organiser2 {settings.DEMO_PASSWORD}",
        f"secretary secretary {settings.DEMO_PASSWORD}",
        f"auditor auditor {settings.DEMO_PASSWORD}",
        f"administrator administrator {settings.DEMO_PASSWORD}",
    ]
    users = User.objects.all()
    can_sign_in = [user.employee_id for user in users if user.has_usable_password()]
    assert len(can_sign_in) == 11
    assert User.objects.get(employee_id="secretary").check_password(settings.DEMO_PASSWORD)


@pytest.mark.django_db
def test_people_units_and_roles():
    load()
    root = Unit.objects.get(parent=None)
    assert Unit.objects.exclude(pk=root.pk).count() == 12
    assert User.objects.count() == Membership.objects.current().count() == 120
    logins = [login for login, _role in LOGINS]
    grants = RoleGrant.objects.in_force().filter(user__employee_id__in=logins).select_related("user")
    grants = {grant.user.employee_id: grant for grant in grants}
    coordinator = grants.pop("coordinator")
    assert coordinator.unit.memberships.filter(user__employee_id="participant2").exists()
    assert {grant.unit for grant in grants.values()} == {root}
    assert sorted(grants) == [
        "administrator", "auditor", "judge1", "judge2", "judge3", "organiser", "organiser2", "secretary"
    ]  # fmt: skip


@pytest.mark.django_db
def test_rounds_stand_as_an_open_contest_between_the_close_of_one_and_the_opening_of_the_next():
    load(rounds=4)
    rounds = {round.number: round for round in Round.objects.all()}
    assert {number: round.state_at(NOW) for number, round in rounds.items()} == {
        0: "open", 1: "published", 2: "published", 3: "open", 4: "scheduled"
    }  # fmt: skip
    assert rounds[3].closes_at == rounds[4].opens_at == NOW + timedelta(seconds=180)
    assert rounds[0].is_practice
    assert not Attempt.objects.filter(round=rounds[0]).exists()
    assert all(round.commitment and round.round_units.count() == 12 for round in rounds.values())
    assert rounds[2].published_at == rounds[2].closes_at + timedelta(hours=20)


@pytest.mark.django_db
def test_published_rounds_carry_results_of_the_product_s_own_closing():
    load(rounds=4)
    for round in Round.objects.filter(state="published"):
        assert (round.version, round.entries) == (1, Standing.objects.filter(round=round).count())
        assert round.perfect_people == Standing.objects.filter(round=round, score=15).count() > 0
        prizes = Standing.objects.with_prize().filter(round=round).values_list("prize__code").annotate(Count("pk"))
        assert dict(prizes) == {"first": 1, "second": 2, "third": 3, "consolation": 5}
    won = Standing.objects.with_prize().filter(attempt__user__employee_id="participant")
    assert list(won.values_list("round__number", "prize__code")) == [(2, "third")]


@pytest.mark.django_db
def test_visitors_can_take_the_open_round_and_see_its_close():
    load()
    open_round = Round.objects.get(number=2)
    assert not Attempt.objects.filter(round=open_round, user__employee_id__startswith="participant").exists()
    assert Attempt.objects.filter(round=open_round, state="in_progress").exists()
    assert [closed.round_id for closed in close_due_rounds(now=NOW + timedelta(seconds=186))] == [open_round.pk]
    assert not Attempt.objects.filter(round=open_round, state="in_progress").exists()


@pytest.mark.django_db
def test_questions_are_fit_and_no_round_repeats_another_s():
    load()
    rounds = Round.objects.prefetch_related("round_questions__question")
    questions = [place.question for round in rounds for place in round.round_questions.all()]
    assert len({question.pk for question in questions}) == len(questions) == 4 * 15
    assert not any(question.multiple for question in questions)
    for round in rounds:
        assert len(round.paper) == 15
        assert round.key_confirmed_by.employee_id == "organiser2"
        for place in round.round_questions.all():
            until = place.question.effective_until
            assert until is None or until >= round.closes_at.date()


@pytest.mark.django_db
def test_the_bank_belongs_to_the_organisers():
    load()
    bank = Bank.objects.get()
    assert (bank.slug, bank.unit.parent, bank.title) == ("cchc", None, "Ngân hàng câu hỏi cải cách hành chính")


@pytest.mark.django_db
def test_a_single_round_is_open():
    load(rounds=1, units=3, staff=30)
    assert [round.state_at(NOW) for round in Round.objects.counted()] == ["open"]


@pytest.mark.django_db
def test_numbering_goes_on_after_the_demo():
    load()
    last = User.objects.order_by("pk").last()
    assert User.objects.create_user("NEW").pk == last.pk + 1
    assert Unit.objects.filter(pk=make_unit().pk - 1).exists()


@pytest.mark.django_db
def test_attempts_keep_the_unit_of_their_person():
    load()
    assert not Attempt.objects.exclude(user__memberships__unit=F("unit")).exists()


@pytest.mark.django_db
def test_a_second_demo_is_refused_and_changes_nothing():
    load()
    before = Attempt.objects.count()
    with pytest.raises(CommandError) as refused:
        load()
    assert refused.value.returncode == 1
    assert (Contest.objects.count(), Attempt.objects.count()) == (3, before)


@pytest.mark.django_db
def test_a_portal_with_units_of_its_own_is_left_alone():
    make_unit()
    with pytest.raises(CommandError) as refused:
        load()
    assert refused.value.returncode == 1
    assert not Contest.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [{"staff": 10}, {"units": 0}, {"rounds": 0}, {"at": "tomorrow"}])
def test_impossible_arguments_are_a_matter_of_usage(arguments):
    with pytest.raises(CommandError) as refused:
        load(**arguments)
    assert refused.value.returncode == 2
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_failure_at_the_end_leaves_nothing_behind(monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(loading, "publish_round", fail)
    with pytest.raises(RuntimeError):
        load()
    assert [model.objects.count() for model in (User, Unit, Contest, Bank)] == [0, 0, 0, 0]


@pytest.mark.django_db(transaction=True)
def test_equal_arguments_give_byte_equal_records(tmp_path):
    def record(name, **arguments):
        load(**arguments)
        directory = tmp_path / name
        write_record(Round.objects.get(number=1), directory, full=True)
        call_command("flush", interactive=False, verbosity=0)
        return {path.name: path.read_bytes() for path in directory.iterdir()}

    first = record("first")
    assert set(first) == {"record.json", "entries.csv", "standings.csv"}
    assert record("again") == first
    assert record("other", seed=1)["entries.csv"] != first["entries.csv"]


@pytest.mark.django_db
def test_the_coordinator_and_the_organisers_find_something_to_decide():
    load()
    coordinator, organiser = (User.objects.get(employee_id=login) for login in ("coordinator", "organiser"))
    accounts, corrections = to_recommend(units_with(coordinator, Right.PROPOSE), user=coordinator)
    assert (len(accounts), len(corrections)) == (1, 1)
    waiting = to_decide(units_with(organiser, Right.DECIDE_REQUESTS), user=organiser)
    assert (waiting.accounts, waiting.corrections, waiting.proposals) == (1, 1, 2)
    for proposal in Proposal.objects.all():
        diff = diff_of(proposal, scope=None)
        assert (diff.errors, diff.changes_nothing) == ([], False)
