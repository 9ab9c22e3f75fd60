"""Applying an import of questions."""

from django.db import transaction

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.imports.errors import ImportRefused, PlanChanged
from accounts.imports.plan import QUESTIONS_LOCK, lock_imports
from accounts.imports.tables import Table
from accounts.models import User
from contest.models import Bank, Choice, Question, Round, RoundQuestion
from contest.question_import.columns import FIELDS
from contest.question_import.planner import QuestionsPlan, Target, plan_questions
from contest.services.rounds import lock_draft

_BATCH = 1000


def import_questions(
    table: Table, *, target: Target, actor: User | None, file_name: str, expected: str | None = None
) -> QuestionsPlan:
    """Plan again under the lock and write all of it; with a round, its questions become those of the file.

    Raises ImportRefused when a row is bad, Refused when the round is no draft any more, PlanChanged when
    `expected` (a digest) is given and no longer holds.
    """
    with transaction.atomic():
        round = _lock(target)
        plan = plan_questions(table, target=target)
        if plan.errors:
            raise ImportRefused(plan.errors, plan)
        if expected is not None and plan.digest() != expected:
            raise PlanChanged(plan)
        bank = Bank.objects.get_or_create(slug=target.slug, defaults={"title": target.title, "unit": target.unit})[0]
        _write(plan, bank, actor)
        if round is not None and plan.reassigns:
            _assign(plan, bank, round, actor)
        # Texts and keys stay out of the trace: the round they are for has not been held yet.
        record_audit(
            actor=actor, verb="questions.import", object=round or bank, after={"file": file_name, **plan.counts}
        )
    return plan


def _lock(target: Target) -> Round | None:
    """Hold the draft round and the bank's questions, as scheduling does: neither changes while the other runs."""
    lock_imports(QUESTIONS_LOCK)
    round = lock_draft(Round(pk=target.round_id)) if target.round_id is not None else None
    questions = Question.objects.select_for_update().filter(bank__slug=target.slug).order_by("pk")
    list(questions.values_list("pk"))
    return round


def _write(plan: QuestionsPlan, bank: Bank, actor: User | None) -> None:
    now = server_now()

    def question(code: str) -> Question:
        state = plan.states[code]
        values = {name: state.values[name] for name in FIELDS}
        return Question(
            id=state.id,
            bank=bank,
            code=code,
            multiple=len(values["correct"]) > 1,
            edited_by=actor,
            edited_at=now,
            **values,
        )

    created = Question.objects.bulk_create([question(code) for code in plan.to_create], batch_size=_BATCH)
    for one in created:
        plan.states[one.code].id = one.pk
    Question.objects.bulk_create(
        [question(code) for code in plan.to_update],
        update_conflicts=True,
        unique_fields=["bank", "code"],
        update_fields=[*FIELDS, "multiple", "edited_by", "edited_at"],
        batch_size=_BATCH,
    )
    Choice.objects.filter(question__in=[plan.id_of(code) for code in plan.to_update]).delete()
    Choice.objects.bulk_create(
        [
            Choice(question_id=plan.id_of(code), position=position, text=choice)
            for code in plan.to_create + plan.to_update
            for position, choice in enumerate(plan.states[code].values["choices"], start=1)
        ],
        batch_size=_BATCH,
    )


def _assign(plan: QuestionsPlan, bank: Bank, round: Round, actor: User | None) -> None:
    """Make the file's questions the round's, in the file's order. A confirmed key is confirmed no longer."""
    round.round_questions.all().delete()
    RoundQuestion.objects.bulk_create(
        RoundQuestion(round=round, question_id=plan.id_of(code), position=position)
        for position, code in enumerate(plan.order, start=1)
    )
    round.key_confirmed_by = round.key_confirmed_at = None
    round.key_confirmed_digest = ""
    round.prepared_by = actor or round.prepared_by
    round.save(update_fields=["key_confirmed_by", "key_confirmed_at", "key_confirmed_digest", "prepared_by"])
