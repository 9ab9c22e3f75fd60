"""Every committed entry gets exactly one place in the chain, however transactions overlap."""

import threading
from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.audit.checking import verify_audit
from accounts.audit.sealing import seal_audit
from accounts.clock import server_now
from accounts.models import AuditEntry, AuditLink, AuditSeal
from accounts.tasks import seal_audit as seal_task
from tests.audit.tampering import act, sealed_trace
from tests.factories import make_root, make_unit, make_user


def places() -> list[tuple[int, int, int]]:
    return list(AuditLink.objects.order_by("seal", "position").values_list("seal", "position", "entry"))


@pytest.mark.django_db
def test_what_was_traced_is_sealed_once_in_parts_that_follow_each_other():
    entries = [act(number, make_user()) for number in range(5)]
    assert seal_audit(most_per_seal=2) == 5
    ids = [entry.pk for entry in entries]
    assert places() == [(1, 1, ids[0]), (1, 2, ids[1]), (2, 1, ids[2]), (2, 2, ids[3]), (3, 1, ids[4])]
    assert list(AuditSeal.objects.values_list("is_complete", flat=True)) == [False, False, True]
    seal_task()
    assert seal_audit() == 0
    assert AuditSeal.objects.count() == 3
    assert (verify_audit().entries, verify_audit().fault) == (5, None)


@pytest.mark.django_db
def test_a_run_that_does_not_come_to_the_end_says_so():
    for number in range(3):
        act(number, make_user())
    assert seal_audit(most_per_run=2) == 2
    assert not AuditSeal.objects.get(number=1).is_complete
    assert seal_audit(most_per_run=2) == 1
    assert AuditSeal.objects.get(number=2).is_complete


# --- Transactions that overlap -------------------------------------------------------------------------


def commit_out_of_order(seal: Callable[[], object]) -> tuple[int, int]:
    """An entry that commits after one with a higher id has been sealed; returns both ids, the early one first."""
    actor = make_user()
    make_unit(parent=make_root())  # its kind is there, so the two do not wait for each other
    written, may_commit = threading.Event(), threading.Event()
    late: list[int] = []

    def slow_act() -> None:
        try:
            with transaction.atomic():
                late.append(act(1, actor).pk)
                written.set()
                may_commit.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=slow_act)
    thread.start()
    assert written.wait(20)
    early = act(2, actor).pk
    seal()
    may_commit.set()
    thread.join(20)
    seal()
    assert late[0] < early
    return early, late[0]


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_commits_late_with_a_smaller_id_is_sealed_late():
    early, late = commit_out_of_order(seal_audit)
    assert places() == [(1, 1, early), (2, 1, late)]
    assert (verify_audit().fault, verify_audit().unsealed) == (None, 0)


@pytest.mark.django_db(transaction=True)
def test_control_a_seal_of_what_is_above_the_last_id_loses_it():
    sealed: set[int] = set()

    def seal_by_range() -> None:
        ids = AuditEntry.objects.filter(pk__gt=max(sealed, default=0)).values_list("pk", flat=True)
        sealed.update(ids)

    early, _late = commit_out_of_order(seal_by_range)
    assert sealed == {early}


def together(*, before: Callable[[], object], after: Callable[[], object]) -> list[str]:
    """Two sealers in transactions that overlap; returns the names of their errors."""
    errors = []

    def run() -> None:
        try:
            with transaction.atomic():
                before()
                seal_audit()
                after()
        except (DatabaseError, threading.BrokenBarrierError) as error:
            errors.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return errors


@pytest.mark.django_db(transaction=True)
def test_two_sealers_that_come_together_seal_once():
    """Neither commits before both have tried."""
    entry = act(1, make_user())
    both = threading.Barrier(2, timeout=20)
    assert together(before=both.wait, after=both.wait) == []
    assert places() == [(1, 1, entry.pk)]
    assert verify_audit().fault is None


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_they_collide(monkeypatch):
    """Both have read what is to be sealed before either writes; the numbers of seals are the second guard."""
    entry = act(1, make_user())
    both = threading.Barrier(2, timeout=20)

    def now_for_both():
        both.wait()
        return server_now()

    monkeypatch.setattr("accounts.audit.sealing._is_alone", lambda: True)
    monkeypatch.setattr("accounts.audit.sealing.server_now", now_for_both)
    assert together(before=bool, after=bool) == ["IntegrityError"]
    assert places() == [(1, 1, entry.pk)]


# --- The tables refuse ------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["accounts_auditentry", "accounts_auditlink", "accounts_auditseal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET digest = digest", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_to_change_what_was_traced(table, statement):
    sealed_trace(seals=1)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    column = "verb" if table == "accounts_auditentry" else "digest"
    sql = statement.format(table).replace("digest", column)
    if "TRUNCATE" in sql:
        # In a test database TRUNCATE is let through, as that empties it between tests; elsewhere it is not.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_functiondef('accounts_audit_is_append_only'::regproc)")
            definition = cursor.fetchone()[0].replace("test\\_%", "another\\_%")
            cursor.execute(definition)
    with pytest.raises(DatabaseError, match="only added to"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert AuditEntry.objects.count() == AuditLink.objects.count() == 3
