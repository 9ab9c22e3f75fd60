"""Every act of power leaves a trace, and both stand or fall together."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.audit import record_audit
from accounts.audit.wording import GROUPS
from accounts.models import AuditEntry, User
from contest.models import Bank, Question, Round
from tests.audit.acts import ACTS
from tests.factories import make_contest, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# Tested elsewhere: with the unlisted admin, the close (test_closing.py), the command line (test_origins.py) and
# reports, which are frozen in a snapshot of their own (reports/test_freezing.py).
ELSEWHERE = {"admin.change", "round.close", "round.award_anew", "report.export", "record.export", "report.freeze"}


@pytest.fixture
def actor() -> User:
    return make_user("nguoi-lam")


def test_the_acts_below_are_all_there_are():
    groups = ("contest", "round", "result", "question", "roster", "clip_result", "panel", "export", "audit")
    verbs = {verb for name in groups for verb in GROUPS[name][1]}
    assert verbs - ELSEWHERE <= ACTS.keys()
    assert {"role.grant", "role.revoke", "user.deactivate"} <= ACTS.keys()


@pytest.mark.parametrize("verb", ACTS)
def test_an_act_leaves_one_entry_that_names_who_did_it_and_nothing_secret(actor, verb):
    act = ACTS[verb](actor)
    before = set(AuditEntry.objects.values_list("pk", flat=True))
    act()
    (entry,) = AuditEntry.objects.exclude(pk__in=before)
    assert (entry.verb, entry.actor) == (verb, actor)
    assert entry.object_label
    # Texts and keys of questions stay out: whoever reads the trace need not be one who may read the key.
    traced = everything_traced()
    assert [text for text in secrets_there_are() if text in traced] == []
    assert "KIM-" not in traced


# --- Both or neither ----------------------------------------------------------------------------------


def refuse_traces() -> None:
    """From here on the database takes no further entry."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE accounts_auditentry ADD CONSTRAINT full_up CHECK (false) NOT VALID")


def everything() -> dict[str, str]:
    """A digest of every table."""
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        parts = [
            f"SELECT '{table}', md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM \"{table}\" t"
            for table in tables
        ]
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


@pytest.mark.parametrize("verb", ACTS)
def test_an_act_whose_trace_cannot_be_written_does_not_happen(actor, verb):
    act = ACTS[verb](actor)
    refuse_traces()
    before = everything()
    with pytest.raises(IntegrityError), transaction.atomic():
        act()
    assert everything() == before


def test_control_an_act_that_traces_afterwards_happens_without_one(actor):
    contest = make_contest()
    refuse_traces()
    before = everything()
    type(contest).objects.filter(pk=contest.pk).update(title="Tên khác")
    with pytest.raises(DatabaseError), transaction.atomic():
        record_audit(actor=actor, verb="contest.edit", object=contest)
    assert {table for table, digest in everything().items() if digest != before[table]} == {"contest_contest"}


# --- Nothing secret -----------------------------------------------------------------------------------


def everything_traced() -> str:
    rows = AuditEntry.objects.values_list("object_label", "before", "after", "request_id", "origin")
    return "\n".join(map(str, rows))


def secrets_there_are() -> set[str]:
    """What the tables hold that no trace may: keys of attempts and results, texts and keys of questions."""
    found = set()
    for round in Round.objects.all():
        found |= {round.salt, bytes(round.secret or b"").hex(), round.key_confirmed_digest}
    for question in Question.objects.all():
        found |= {question.text, question.explanation, *question.choices.values_list("text", flat=True)}
        found.add(str(question.correct))
    found |= set(User.objects.values_list("password", flat=True))
    return {text for text in found if text}


def test_control_a_trace_that_holds_a_question_is_found(actor):
    question = Question.objects.create(
        bank=Bank.objects.create(slug="thu", title="Thử"), code="C1", text="KIM-CAU?", correct=["B"]
    )
    record_audit(
        actor=actor, verb="question.create", object=question.bank, after={"correct": ["B"], "text": "KIM-CAU?"}
    )
    assert {"KIM-CAU?", "['B']"} == {text for text in secrets_there_are() if text in everything_traced()}
