"""Load a demo: generate, write, and let the product's own code close, rank and publish. All or nothing."""

import io
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership, Unit, UnitKind, User
from accounts.problems import Refused
from contest.closing import close_round
from contest.demo import attempts, people, predictions, requests, roster, rounds, turnout, units, visitors
from contest.demo.copying import analyze, copy_rows, reset_sequences
from contest.demo.plan import Plan, RoundWindow
from contest.models import Attempt, Contest, Ineligibility, Round, Standing
from contest.paper import compile_paper
from contest.services.results import publish_round

Say = Callable[[str], None]

_NUMBERED = ("accounts", "proposals", "contest")
# How long after a round's close the demo's organisers do what follows.
_CLOSED_AFTER, _RANKED_AFTER, _PUBLISHED_AFTER = timedelta(seconds=7), timedelta(seconds=11), timedelta(hours=20)


def load_demo(plan: Plan, say: Say, *, before_contest: Callable[[Plan], None] = lambda plan: None) -> None:
    """Fill an empty portal; `say` is told of every step. Raises Refused when there is something already.

    `before_contest` is called once the people are there: what it writes comes before the contest, the latest one.
    """
    with transaction.atomic():
        _require_empty_portal()
        reset_sequences(*_NUMBERED)
        staff = _load_roster(plan, say)
        before_contest(plan)
        all_rounds = _load_contest(plan, staff, say)
        hint = None
        for window in plan.windows():
            if window.stage != "scheduled":
                hint = _load_attempts(plan, window, all_rounds[window.number], staff, hint, say)
            if window.stage == "published":
                _publish(plan, window, all_rounds[window.number], say)
        reset_sequences(*_NUMBERED)


def _require_empty_portal() -> None:
    if Contest.objects.exists():
        raise Refused(_("Đã có một hội thi: dữ liệu minh họa chỉ nạp được vào cổng còn trống."))
    if any(model.objects.exists() for model in (User, Unit, UnitKind)):
        raise Refused(_("Đã có đơn vị hoặc người dùng: dữ liệu minh họa chỉ nạp được vào cổng còn trống."))


def _load_roster(plan: Plan, say: Say) -> list[people.DemoPerson]:
    tree = units.make_units(plan)
    staff = people.make_people(plan, tree)
    roster.write_units(tree)
    roster.write_people(plan, staff)
    roster.write_grants(plan, staff)
    requests.write_requests(plan, tree, staff)
    analyze(Unit, User, Membership)
    say(f"{plan.units} units, {len(staff)} people")
    return staff


def _load_contest(plan: Plan, staff: list[people.DemoPerson], say: Say) -> dict[int, Round]:
    report = io.StringIO()
    rounds.load_bank(report)
    contest = rounds.write_contest()
    Ineligibility.objects.bulk_create(
        Ineligibility(contest=contest, user_id=person.id, reason="Tổ giúp việc Ban Tổ chức")
        for person in people.helpers(staff)
    )
    written = rounds.write_rounds(plan, contest)
    say(f"questions: {report.getvalue().strip()}; {plan.rounds} rounds and a practice round")
    return written


def _load_attempts(
    plan: Plan, window: RoundWindow, round: Round, staff: list[people.DemoPerson], hint: int | None, say: Say
) -> int:
    """Generate and write the attempts of a round; returns how many people who may be ranked are perfect."""
    sheet = attempts.make_sheet(plan.dice("sheet", window.number), round.paper, round.key_at_opening)
    taking_part = turnout.taking_part(plan, window, staff)
    made = attempts.make_attempts(
        plan, window, sheet, taking_part, time_limit=timedelta(seconds=round.rules["time_limit_seconds"])
    )
    ranked = {person.id for person in staff} - people.unranked(staff) - {p.id for p in people.helpers(staff)}
    logins = {person.employee_id: person.id for person in taking_part if person.role == "participant"}
    wins = window.stage == "published" and window.number == plan.rounds - 2
    winner = logins.get("participant") if wins else None
    learners = [user for user in logins.values() if user != winner]
    visitors.prepare(made, window, sheet, winner=winner, learners=learners)
    truth = predictions.predict(plan.dice("predictions", window.number), made, ranked=ranked, hint=hint)
    if winner is not None:
        visitors.place_winner(made, window, winner=winner, ranked=ranked, truth=truth)
    _write_attempts(round, made)
    say(f"round {window.number}: {len(made)} attempts")
    return truth


_ATTEMPT_FIELDS = (
    "id", "round_id", "user_id", "number", "unit_id", "block", "entry", "nonce", "state", "started_at", "deadline",
    "submitted_at", "answers", "sequences", "prediction", "prediction_sequence", "eligible",
)  # fmt: skip


def _write_attempts(round: Round, made: list[attempts.DemoAttempt]) -> None:
    paper = compile_paper(round)
    rows = (
        (
            attempt.id, round.pk, attempt.user, 1, attempt.unit, "", paper.entry_of(attempt.id), attempt.nonce,
            attempt.state, attempt.started_at, attempt.deadline, attempt.submitted_at, attempt.answers,
            attempt.sequences, attempt.prediction, int(attempt.prediction is not None), True,
        )
        for attempt in made
    )  # fmt: skip
    copy_rows(Attempt, _ATTEMPT_FIELDS, rows)
    analyze(Attempt)


def _publish(plan: Plan, window: RoundWindow, round: Round, say: Say) -> None:
    """Close, rank and publish by the product's own code; then put the times where they belong in the story."""
    close_round(round.pk, now=plan.at)
    publish_round(round=round, actor=User.objects.get(employee_id="organiser"))
    Round.objects.filter(pk=round.pk).update(
        closed_at=window.closes_at + _CLOSED_AFTER,
        ranked_at=window.closes_at + _RANKED_AFTER,
        published_at=window.closes_at + _PUBLISHED_AFTER,
    )
    analyze(Standing)
    say(f"round {window.number}: ranked and published")
