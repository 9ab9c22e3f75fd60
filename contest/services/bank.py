"""Keeping banks of questions."""

import re
import unicodedata
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.models import User
from accounts.problems import Refused
from accounts.text import nfc
from contest.models import Bank, Choice, Question
from contest.models.bank import CHOICE_CODES

_TEXTS = ("code", "text", "topic", "legal_source")
_FIELDS = (*_TEXTS, "explanation", "multiple", "correct", "fixed_order", "effective_until")


def create_bank(*, bank: Bank, actor: User) -> Bank:
    """Store a new, empty bank."""
    with transaction.atomic():
        bank.title = nfc(bank.title)
        bank.save()
        record_audit(actor=actor, verb="bank.create", object=bank)
    return bank


def save_question(*, question: Question, choices: Sequence[str], actor: User) -> Question:
    """Store a new or changed question with its choices, in order. Any confirmation of its key lapses.

    Raises Refused with every fault, and for a question that a scheduled round rests on.
    """
    texts = [nfc(text) for text in choices]
    for name in _TEXTS:
        setattr(question, name, nfc(getattr(question, name)))
    question.explanation = unicodedata.normalize("NFC", question.explanation).strip()
    question.correct = sorted(set(question.correct))
    with transaction.atomic():
        stored = Question.objects.select_for_update().filter(pk=question.pk).first() if question.pk else None
        if stored and stored.is_frozen():
            raise Refused(_("Câu hỏi đã dùng trong một tuần thi đã lên lịch nên không sửa được."))
        question.code = question.code or next_code(question.bank)
        reasons = _faults(question, texts)
        if reasons:
            raise Refused(*reasons)
        changed = _changes(question, stored, texts)
        if changed:
            _write(question, texts, actor)
            # Texts and key stay out of the trace: the round they are for has not been held yet.
            record_audit(
                actor=actor,
                verb="question.edit" if stored else "question.create",
                object=question.bank,
                after={"question": question.code, "changed": changed},
            )
    return question


def next_code(bank: Bank) -> str:
    """The code after the highest C-number of the bank."""
    numbers = [int(code[1:]) for code in bank.questions.values_list("code", flat=True) if re.fullmatch(r"C\d+", code)]
    return f"C{max(numbers, default=0) + 1:03}"


def _faults(question: Question, texts: Sequence[str]) -> list[str]:
    faults = []
    if not question.text:
        faults.append(_("Cần ghi nội dung câu hỏi."))
    if not 2 <= len(texts) <= len(CHOICE_CODES) or not all(texts):
        faults.append(_("Câu hỏi cần từ 2 đến 6 phương án, ghi liền nhau từ phương án A."))
    if len({text.casefold() for text in texts}) < len(texts):
        faults.append(_("Các phương án phải khác nhau."))
    if not question.correct or not set(question.correct) <= set(CHOICE_CODES[: len(texts)]):
        faults.append(_("Cần chọn đáp án đúng trong các phương án đã ghi."))
    if not question.multiple and len(question.correct) > 1:
        faults.append(_("Câu chọn một phương án chỉ có một đáp án đúng."))
    if question.bank.questions.filter(code=question.code).exclude(pk=question.pk).exists():
        faults.append(_("Mã câu %(code)s đã có trong ngân hàng này.") % {"code": question.code})
    return faults


def _changes(question: Question, stored: Question | None, texts: Sequence[str]) -> list[str]:
    if stored is None:
        return [*_FIELDS, "choices"]
    changed = [name for name in _FIELDS if getattr(question, name) != getattr(stored, name)]
    same = list(stored.choices.values_list("text", flat=True)) == list(texts)
    return changed if same else [*changed, "choices"]


def _write(question: Question, texts: Sequence[str], actor: User) -> None:
    question.edited_by, question.edited_at = actor, server_now()
    question.save()
    question.choices.all().delete()
    Choice.objects.bulk_create(
        Choice(question=question, position=position, text=text) for position, text in enumerate(texts, start=1)
    )


def delete_question(*, question: Question, actor: User) -> None:
    """Delete a question that no round holds. Raises Refused."""
    with transaction.atomic():
        question = Question.objects.select_for_update().select_related("bank").get(pk=question.pk)
        if question.round_questions.exists():
            raise Refused(_("Câu hỏi đang nằm trong một tuần thi nên không xóa được."))
        record_audit(actor=actor, verb="question.delete", object=question.bank, before={"question": question.code})
        question.delete()
