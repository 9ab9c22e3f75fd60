"""The verifier names the first entry that was edited, deleted, put in, cut off or rewritten."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.audit.anchors import present_anchor
from accounts.audit.chain import COLUMNS
from accounts.audit.checking import verify_audit
from accounts.audit.sealing import seal_audit
from accounts.models import AuditEntry, AuditLink, AuditSeal
from tests.audit.tampering import act, cut_off, delete, edit, recompute, sealed_trace, unguarded
from tests.factories import make_unit, make_user

pytestmark = pytest.mark.django_db


def fault(anchors=()):
    """(kind, seal, entry) of what the verifier finds, or None."""
    found = verify_audit(anchors).fault
    return found and (str(found.kind), found.seal, found.entry)


def unchained_fault():
    """The control: what a look without the chain sees. Counts and numbers without gaps are all there is."""
    ids = list(AuditEntry.objects.order_by("id").values_list("id", flat=True))
    return None if ids == list(range(ids[0], ids[-1] + 1)) else "gap"


def test_an_untouched_trace_is_in_order():
    entries = sealed_trace()
    act(99, entries[0].actor)
    verdict = verify_audit([present_anchor()])
    assert (verdict.entries, verdict.seals, verdict.unsealed, verdict.fault) == (9, 3, 1, None)
    assert verdict.head == AuditSeal.objects.get(number=3).digest


CHANGES = {
    "actor_id": lambda entry: {"actor_id": make_user().pk},
    "unit_id": lambda entry: {"unit_id": make_unit().pk},
    "verb": lambda entry: {"verb": "unit.edit"},
    "object_type": lambda entry: {"object_type": "accounts.user"},
    "object_id": lambda entry: {"object_id": "0"},
    "object_label": lambda entry: {"object_label": f"{entry.object_label} "},
    "before": lambda entry: {"before": {"headcount": 2}},
    "after": lambda entry: {"after": {**entry.after, "x": None}},
    "at": lambda entry: {"at": entry.at + timedelta(microseconds=1)},
    "request_id": lambda entry: {"request_id": "another"},
    "origin": lambda entry: {"origin": "task:x"},
}


def test_the_changes_below_are_of_every_column():
    assert {*CHANGES, "id"} == set(COLUMNS)


@pytest.mark.parametrize("column", CHANGES)
def test_an_edited_entry_is_named_and_without_the_chain_it_is_unseen(column):
    entries = sealed_trace()
    edit(entries[4], **CHANGES[column](entries[4]))
    assert fault() == ("changed", 2, entries[4].pk)
    edit(entries[1], verb="x.y")
    assert fault() == ("changed", 1, entries[1].pk), "the first one is named"
    assert unchained_fault() is None


def test_an_entry_under_another_number_is_named():
    entries = sealed_trace()
    with unguarded():
        AuditEntry.objects.filter(pk=entries[4].pk).update(id=10**9)
    assert fault() == ("deleted", 2, entries[4].pk)
    with unguarded():
        AuditLink.objects.filter(pk=entries[4].pk).update(entry_id=10**9)
    assert fault() == ("changed", 2, 10**9)


@pytest.mark.parametrize("place", [0, 4, 8])
def test_a_deleted_entry_is_named(place):
    """With its link the id is gone too: then its place is named."""
    entries = sealed_trace()
    delete(entries[place], link=False)
    assert fault() == ("deleted", place // 3 + 1, entries[place].pk)
    with unguarded():
        AuditLink.objects.filter(pk=entries[place].pk)._raw_delete("default")
    found = verify_audit().fault
    assert (str(found.kind), found.seal, found.place) == ("deleted", place // 3 + 1, place % 3 + 1)
    assert str(found) == (
        f"entry at place {place % 3 + 1} of seal {place // 3 + 1}: deleted after it was sealed (seal {place // 3 + 1})"
    )


def test_entries_that_change_places_are_named():
    entries = sealed_trace()
    first, second = entries[3:5]
    with unguarded():
        for link, entry in ((10**9, first.pk), (first.pk, second.pk), (second.pk, 10**9)):
            AuditEntry.objects.filter(pk=entry).update(id=link)
    assert fault() == ("changed", 2, first.pk)


def test_links_that_change_places_are_seen_by_the_seal():
    entries = sealed_trace()
    with unguarded():
        for entry, position in ((entries[3], 9), (entries[4], 1), (entries[3], 2)):
            AuditLink.objects.filter(entry=entry).update(position=position)
    found = verify_audit().fault
    assert (str(found.kind), found.seal) == ("reordered", 2)
    assert found.about == f"entries {entries[3].pk} to {entries[5].pk}"


def test_an_edited_entry_whose_own_hash_was_made_anew_is_seen_by_the_seal():
    entries = sealed_trace()
    edit(entries[4], verb="x.y")
    recompute(first=2, last=2, links_only=True)
    assert fault() == ("reordered", 2, None)


def test_a_seal_made_anew_no_longer_fits_the_next_one():
    entries = sealed_trace()
    edit(entries[4], verb="x.y")
    recompute(first=2, last=2)
    assert fault() == ("unchained", 3, None)


@pytest.mark.slow
@pytest.mark.parametrize(
    "values",
    [{"previous": "1" * 64}, {"entries": "1" * 64}, {"digest": "1" * 64}, {"is_complete": False}, {"format": 2},
     {"count": 2}, {"count": 4}, {"sealed_at": None}],
    ids=str,
)  # fmt: skip
def test_an_edited_seal_is_named(values):
    sealed_trace()
    if "sealed_at" in values:
        values = {"sealed_at": AuditSeal.objects.get(number=2).sealed_at + timedelta(seconds=1)}
    with unguarded():
        AuditSeal.objects.filter(number=2).update(**values)
    assert fault() == ("seal_changed", 2, None)


def test_a_deleted_seal_is_named():
    sealed_trace()
    with unguarded():
        AuditSeal.objects.filter(number=2)._raw_delete("default")
    assert fault() == ("seal_deleted", 2, None)
    with unguarded():
        AuditSeal.objects.filter(number=3)._raw_delete("default")
    assert fault() == ("seal_deleted", 2, None), "its links are still there"


# --- Put in later -------------------------------------------------------------------------------------


def put_in(entry: AuditEntry, at) -> AuditEntry:
    """A forged copy of an entry that claims another time."""
    return AuditEntry.objects.create(
        actor=entry.actor, verb=entry.verb, object_type=entry.object_type, object_id=entry.object_id,
        object_label=entry.object_label, at=at,
    )  # fmt: skip


def test_an_entry_put_in_with_an_old_time_is_named_before_and_after_it_is_sealed():
    """The control: one that tells its true time is in order."""
    entries = sealed_trace()
    put_in(entries[0], AuditSeal.objects.get(number=3).sealed_at)
    seal_audit()
    assert fault() is None
    forged = put_in(entries[0], entries[0].at - timedelta(hours=2))
    assert fault() == ("inserted", 4, forged.pk)
    seal_audit()
    assert fault() == ("inserted", 5, forged.pk)


def test_an_entry_put_into_a_seal_is_seen():
    entries = sealed_trace()
    forged = put_in(entries[0], entries[4].at)
    AuditLink.objects.create(entry=forged, seal_id=2, position=4, digest="1" * 64)
    assert fault() == ("changed", 2, forged.pk)
    recompute(first=2, last=2, links_only=True)
    assert fault() == ("reordered", 2, None)


# --- Cut off and rewritten: what only an anchor proves -------------------------------------------------


@pytest.mark.parametrize("entries_too", [True, False])
def test_a_chain_cut_off_is_seen_with_an_anchor_and_unseen_without(entries_too):
    sealed_trace()
    early = present_anchor()
    act(50, make_user())
    seal_audit()
    anchor = present_anchor()
    assert fault([early, anchor]) is None
    cut_off(3, entries=entries_too)
    assert fault() is None
    assert fault([early]) is None
    assert fault([anchor]) == ("cut_off", 4, None)
    if not entries_too:
        seal_audit()
        assert fault() is None
        assert fault([anchor]) == ("rewritten", 4, None)


def test_a_chain_made_anew_is_seen_with_an_anchor_and_unseen_without():
    entries = sealed_trace()
    first, last = AuditSeal.objects.get(number=1), present_anchor()
    edit(entries[4], verb="x.y")
    delete(entries[5])
    recompute()
    assert fault() is None
    assert fault([last]) == ("rewritten", 3, None)
    assert first.digest == AuditSeal.objects.get(number=1).digest


# --- The commands -------------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, str]:
    """(exit code, what was said) of verify_audit."""
    out, err = StringIO(), StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, str(error)
    return 0, err.getvalue() + out.getvalue()


def test_the_command_tells_what_it_found(tmp_path):
    assert run() == (0, f"OK 0 entries, 0 seals, head {'0' * 64}\n")
    entries = sealed_trace(seals=2)
    path = tmp_path / "a.json"
    call_command("export_audit_anchor", "--out", str(path), stdout=StringIO())
    head = AuditSeal.objects.get(number=2)
    taken = {"kind": "cchc-audit-anchor", "format": 1, "seal": 2, "digest": head.digest, "count": 6}
    assert json.loads(path.read_text()) == {**taken, "at": head.sealed_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
    trace = AuditEntry.objects.get(verb="audit.take_anchor")
    assert (trace.actor, trace.origin, trace.object_id) == (None, "command:export_audit_anchor", "2")
    assert run("--anchor", str(path)) == (
        0, f"1 entries are not sealed yet\nOK 6 entries, 2 seals, head {head.digest}\n",
    )  # fmt: skip
    edit(entries[4], verb="x.y")
    assert run() == (
        1,
        f"entry {entries[4].pk} ({entries[4].at.astimezone().strftime('%Y-%m-%d')}"
        f" {local(entries[4].at)}, x.y Đơn vị DV-5): changed after it was sealed (seal 2)",
    )


def local(at) -> str:
    from django.utils import timezone

    return f"{timezone.localtime(at):%H:%M}"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "x", "format": 1}', "\udc80"])
def test_a_file_that_is_no_anchor_is_refused(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    assert run("--anchor", str(path))[0] == 2
    assert run("--anchor", str(tmp_path / "missing"))[0] == 2


def test_nothing_sealed_is_no_anchor(tmp_path):
    with pytest.raises(CommandError, match="nothing has been sealed yet"):
        call_command("export_audit_anchor", "--out", str(tmp_path / "a.json"))
