"""What somebody with the database's own rights could do to the trace, past the guards of the tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from accounts.audit import record_audit
from accounts.audit.chain import COLUMNS, GENESIS, entries_digest, entry_digest
from accounts.audit.sealing import digest_of, seal_audit
from accounts.models import AuditEntry, AuditLink, AuditSeal, User
from tests.factories import make_root, make_unit, make_user


def act(number: int, actor: User) -> AuditEntry:
    """An act with something in every column."""
    unit = make_unit(f"DV-{number}", parent=make_root())
    return record_audit(
        actor=actor, verb="unit.set_headcount", object=unit, before={"headcount": 1}, after={"headcount": number}
    )


def sealed_trace(*, seals: int = 3, each: int = 3) -> list[AuditEntry]:
    """The entries of `seals` seals of `each` entries."""
    actor = make_user("nguoi-lam")
    entries = []
    for _ in range(seals):
        entries += [act(len(entries) + number, actor) for number in range(1, each + 1)]
        seal_audit()
    return entries


TABLES = ("accounts_auditentry", "accounts_auditlink", "accounts_auditseal")
FOREIGN_KEYS = "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = 'accounts_auditlink'::regclass"


@contextmanager
def unguarded() -> Iterator[None]:
    """As the owner of the tables, who switches the triggers off and drops the foreign keys of the links."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(FOREIGN_KEYS)
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE accounts_auditlink DROP CONSTRAINT "{name}"')
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def edit(entry: AuditEntry, **values) -> None:
    with unguarded():
        AuditEntry.objects.filter(pk=entry.pk).update(**values)


def delete(entry: AuditEntry, *, link: bool = True) -> None:
    with unguarded():
        if link:
            AuditLink.objects.filter(entry=entry)._raw_delete("default")
        AuditEntry.objects.filter(pk=entry.pk)._raw_delete("default")


def cut_off(number: int, *, entries: bool = True) -> None:
    """Remove the seals after `number`, with their entries or without."""
    with unguarded():
        links = AuditLink.objects.filter(seal__gt=number)
        ids = list(links.values_list("entry_id", flat=True))
        links._raw_delete("default")
        AuditSeal.objects.filter(number__gt=number)._raw_delete("default")
        if entries:
            AuditEntry.objects.filter(pk__in=ids)._raw_delete("default")


def recompute(*, first: int = 1, links_only: bool = False, last: int | None = None) -> None:
    """Make every digest from seal `first` to `last` fit what the tables hold now."""
    with unguarded():
        before = AuditSeal.objects.filter(number__lt=first).order_by("number").last()
        head = before.digest if before else GENESIS
        for seal in AuditSeal.objects.filter(number__gte=first, number__lte=last or 10**6).order_by("number"):
            digests = []
            rows = AuditEntry.objects.filter(link__seal=seal).order_by("link__position").values_list(*COLUMNS)
            for row in rows:
                digests.append(entry_digest(row))
                AuditLink.objects.filter(entry=row[0]).update(digest=digests[-1], position=len(digests))
            if links_only:
                continue
            seal.count, seal.entries, seal.previous = len(digests), entries_digest(digests), head
            seal.digest = head = digest_of(seal)
            AuditSeal.objects.filter(pk=seal.pk).update(
                count=seal.count, entries=seal.entries, previous=seal.previous, digest=seal.digest
            )
