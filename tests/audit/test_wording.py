"""The trace is told in words: every verb in the code has a sentence, and every sentence a verb."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.utils import translation

from accounts.audit.checking import FaultKind
from accounts.audit.wording import _FAULTS, SENTENCES, Change, changes_of, fault_in_words, sentence_of
from accounts.models import AuditEntry

# Made from parts in proposals/services, which the walk below cannot read.
MADE_FROM_PARTS = {
    f"{what}.{act}" for what in ("account_request", "unit_correction") for act in ("recommend", "accept", "decline")
}
# Functions that hand a verb on, and where among their arguments it stands.
HELPERS = {"_set_public": 3, "_trace_of_power": 1}


def verbs_of_code() -> set[str]:
    """Every verb that a call writes down in the portal's own apps."""
    found = set()
    for app in apps.get_app_configs():
        folder = Path(app.path)
        if folder.parent == settings.BASE_DIR:
            for path in folder.rglob("*.py"):
                found |= set(_verbs(ast.parse(path.read_text())))
    return found | set(_verbs(ast.parse((settings.BASE_DIR / "config/admin.py").read_text())))


def _verbs(tree: ast.AST) -> Iterator[str]:
    """Texts given as `verb`, in a call or to one of the helpers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "verb":
            yield from _texts(node.value)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in HELPERS:
            yield from _texts(node.args[HELPERS[node.func.id]])


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


@pytest.mark.slow
def test_every_verb_has_a_sentence():
    verbs = verbs_of_code() | MADE_FROM_PARTS
    assert {"role.grant", "contest.hide", "question.create", "proposal.decline"} <= verbs
    assert sorted(verbs - SENTENCES.keys()) == [], "give them a sentence in accounts/audit/wording.py"


@pytest.mark.slow
def test_every_sentence_has_a_verb():
    assert sorted(SENTENCES.keys() - verbs_of_code() - MADE_FROM_PARTS) == []


def test_a_verb_without_a_sentence_is_shown_as_it_is():
    assert (sentence_of("role.grant"), sentence_of("x.y")) == ("đã cấp vai trò", "x.y")


def test_changes_are_told_side_by_side():
    entry = AuditEntry(
        object_type="contest.contest",
        before={"title": "Cũ", "closes_at": "2026-11-22T01:31:05.000000Z", "grace_seconds": 5},
        after={"title": "Mới", "prediction_required": True, "prizes": ["Nhất: 1", "Nhì: 2"], "unknown": None},
    )
    assert changes_of(entry) == [
        Change("Đóng", "08:31:05, 22/11/2026", ""),
        Change("Thời gian du di (giây)", "5", ""),
        Change("bắt buộc dự đoán", "", "Có"),
        Change("Giải thưởng", "", "Nhất: 1, Nhì: 2"),
        Change("Tiêu đề", "Cũ", "Mới"),
        Change("unknown", "", "–"),
    ]


@pytest.mark.parametrize("text", ["Z", "2026-13-45T00:00:00Z", "khôngZ", "2026-11-22Z"])
def test_a_text_that_is_no_instant_stays_as_it_is(text):
    (change,) = changes_of(AuditEntry(object_type="x.y", before={}, after={"file": text}))
    assert change.after == text


@pytest.mark.parametrize("kind", FaultKind)
def test_every_fault_can_be_told(kind):
    fault = {"kind": str(kind), "seal": 3, "entry": 7 if (kind, True) in _FAULTS else None, "place": 2}
    for language in ("vi", "en"):
        with translation.override(language):
            assert "3" in fault_in_words(fault)
