"""Questions are stored whole, or refused with everything that is wrong; a scheduled round freezes them."""

import pytest

from accounts.models import AuditEntry
from accounts.problems import Refused
from contest.models import Bank, Question
from contest.services.bank import create_bank, delete_question, save_question
from tests.factories import draft_round, make_questions, make_user, open_round

pytestmark = pytest.mark.django_db


def new_question(bank: Bank, **fields) -> Question:
    return Question(**{"bank": bank, "text": "Thủ đô của nước ta?", "correct": ["A"]} | fields)


@pytest.fixture
def bank():
    return Bank.objects.create(slug="b", title="Ngân hàng")


def test_a_question_is_stored_with_a_code_its_choices_and_its_editor(bank):
    actor = make_user()
    first = save_question(question=new_question(bank), choices=["Hà  Nội", "Huế"], actor=actor)
    second = save_question(question=new_question(bank, correct=["B"]), choices=["Huế", "Hà Nội"], actor=actor)
    assert (first.code, second.code, second.edited_by) == ("C001", "C002", actor)
    assert [str(choice) for choice in first.choices.all()] == ["A. Hà Nội", "B. Huế"]


def test_all_faults_of_a_question_are_named_together(bank):
    save_question(question=new_question(bank, code="C7"), choices=["1", "2"], actor=make_user())
    before = AuditEntry.objects.count()
    question = new_question(bank, code="C7", text=" ", correct=["A", "D"])
    with pytest.raises(Refused) as refusal:
        save_question(question=question, choices=["Một", "", "một"], actor=make_user())
    assert [str(reason) for reason in refusal.value.reasons] == [
        "Cần ghi nội dung câu hỏi.",
        "Câu hỏi cần từ 2 đến 6 phương án, ghi liền nhau từ phương án A.",
        "Các phương án phải khác nhau.",
        "Cần chọn đáp án đúng trong các phương án đã ghi.",
        "Câu chọn một phương án chỉ có một đáp án đúng.",
        "Mã câu C7 đã có trong ngân hàng này.",
    ]
    assert Question.objects.count() == 1
    assert AuditEntry.objects.count() == before


def test_the_trace_names_what_changed_and_never_the_text_or_key(bank):
    question = save_question(question=new_question(bank), choices=["BÍ MẬT", "2"], actor=make_user())
    question.correct, question.legal_source = ["B"], "Nghị quyết 76/NQ-CP"
    save_question(question=question, choices=["BÍ MẬT", "3"], actor=make_user())
    entry = AuditEntry.objects.first()
    assert entry.after == {"question": "C001", "changed": ["legal_source", "correct", "choices"]}
    traces = "".join(f"{entry.object_label}{entry.before}{entry.after}" for entry in AuditEntry.objects.all())
    assert "BÍ MẬT" not in traces
    assert "Thủ đô" not in traces


def test_saving_without_a_change_leaves_the_editor_as_it_was(bank):
    editor = make_user()
    question = save_question(question=new_question(bank), choices=["1", "2"], actor=editor)
    save_question(question=Question.objects.get(pk=question.pk), choices=["1", "2"], actor=make_user())
    assert Question.objects.get().edited_by == editor
    assert AuditEntry.objects.count() == 1


def test_a_question_of_a_scheduled_round_is_neither_edited_nor_deleted():
    drafted, frozen = make_questions(2)
    draft_round(questions=[drafted])
    open_round(questions=[frozen])
    for question in (drafted, frozen):
        question.correct = ["C"]
    save_question(question=drafted, choices=["1", "2", "3"], actor=make_user())
    with pytest.raises(Refused):
        save_question(question=frozen, choices=["1", "2", "3"], actor=make_user())
    for question in (drafted, frozen):
        with pytest.raises(Refused):
            delete_question(question=question, actor=make_user())
    free = make_questions(1)[0]
    delete_question(question=free, actor=make_user())
    assert dict(Question.objects.values_list("code", "correct")) == {drafted.code: ["C"], frozen.code: ["B"]}


def test_a_bank_is_created_with_a_trace():
    bank = create_bank(bank=Bank(slug="moi", title="Ngân hàng  mới"), actor=make_user())
    assert bank.title == "Ngân hàng mới"
    assert AuditEntry.objects.get().verb == "bank.create"
