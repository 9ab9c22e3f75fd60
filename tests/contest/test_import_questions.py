"""Importing questions into a bank or a draft round."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.imports.errors import PlanChanged
from accounts.models import AuditEntry
from contest.models import Bank, Question, RoundQuestion
from contest.question_import.columns import COLUMNS
from contest.question_import.planner import bank_target, plan_questions
from contest.question_import.references import refers_to_others
from contest.question_import.service import import_questions
from contest.services.rounds import confirm_key
from tests.accounts.tables import csv_bytes, read, run, xlsx_bytes
from tests.factories import draft_round, make_questions, make_user, open_round

pytestmark = pytest.mark.django_db

HEADER = ["code", "text", "choice_a", "choice_b", "choice_c", "correct", "topic"]
ONE = ["C1", "Câu một?", "Đúng", "Sai", "", "A", "Thể chế"]
TWO = ["C2", "Câu hai?", "Một", "Hai", "Ba", "c, a", ""]
UNCHANGED = "created=0 updated=0 moved=0 left=0 unchanged=2"


@pytest.fixture
def questions(capsys, tmp_path):
    def imported(*rows, header=HEADER, **options):
        if not options.get("round"):
            options.setdefault("bank", "thu")
        return run(capsys, tmp_path, "import_questions", csv_bytes(header, *rows), **options)

    return imported


def stored(code: str) -> tuple:
    question = Question.objects.get(code=code)
    choices = list(question.choices.values_list("text", flat=True))
    return question.text, choices, question.correct, question.multiple, question.fixed_order


def test_a_bank_is_created_with_its_questions_once(questions):
    assert questions(ONE, TWO) == (0, "created=2 updated=0 moved=0 left=0 unchanged=0", [])
    assert Bank.objects.get().title == "thu"
    assert stored("C1") == ("Câu một?", ["Đúng", "Sai"], ["A"], False, False)
    assert stored("C2") == ("Câu hai?", ["Một", "Hai", "Ba"], ["A", "C"], True, False)
    assert questions(ONE, TWO) == (0, UNCHANGED, [])


def test_vietnamese_headers_and_a_workbook(questions, capsys, tmp_path):
    questions(ONE, TWO)
    header = ["Mã câu", "Câu hỏi", "Phương án A", "Phương án B", "Phương án C", "Đáp án", "Chủ đề"]
    assert run(capsys, tmp_path, "import_questions", xlsx_bytes(header, ONE, TWO), bank="thu") == (0, UNCHANGED, [])


def test_numbers_as_codes_of_questions_are_taken_as_typed(capsys, tmp_path):
    data = xlsx_bytes(HEADER, [1, *ONE[1:]], [2, *TWO[1:]])
    assert run(capsys, tmp_path, "import_questions", data, bank="thu")[0] == 0
    assert list(Question.objects.values_list("code", flat=True)) == ["1", "2"]


def test_changed_questions_are_updated_with_their_choices(questions):
    questions(ONE, TWO)
    changed = ["C2", "Câu hai?", "Một", "Hai", "", "B", "Tổ chức"]
    assert questions(ONE, changed)[1] == "created=0 updated=1 moved=0 left=0 unchanged=1"
    assert stored("C2") == ("Câu hai?", ["Một", "Hai"], ["B"], False, False)


def test_rows_without_a_code_are_known_by_their_text_or_get_the_next_code(questions):
    questions(["CH-0007", *ONE[1:]])
    assert questions(["", *ONE[1:]], ["", *TWO[1:]])[1] == "created=1 updated=0 moved=0 left=0 unchanged=1"
    assert list(Question.objects.values_list("code", flat=True)) == ["CH-0007", "CH-0008"]
    assert questions(ONE[1:], TWO[1:], header=HEADER[1:])[1] == UNCHANGED


def test_every_error_is_told_and_nothing_is_written(questions):
    code, line, errors = questions(
        ["1", "Một?", "A", "a", "", "A", ""],
        ["2", "Hai?", "A", "", "C", "A", ""],
        ["3", "Ba?", "A", "B", "", "C", ""],
        ["4", "Bốn?", "A", "B", "", "AA", ""],
        ["5", "Năm?", "A", "B", "", "1", ""],
        ["1", "Sáu?", "A", "B", "", "A", ""],
        ["", "Bảy?", "A", "B", "", "A", ""],
        ["", "bảy?", "A", "B", "", "A", ""],
        ["8", "Tám?", "A", "B", "", "A", ""],
    )
    assert (code, line) == (1, "")
    assert errors == [
        "row 2, column choice_b: Phương án B giống phương án A.",
        "row 3, column choice_b: Ô bắt buộc đang để trống.",
        "row 4, column correct: Đáp án C không có trong các phương án của câu này.",
        "row 5, column correct: Đáp án ghi trùng một chữ cái.",
        "row 6, column correct: Đáp án phải là các chữ cái từ A đến F, ví dụ B hoặc AC.",
        "row 7, column code: Mã câu “1” bị trùng ở dòng 2 và dòng 7.",
        "row 9, column text: Câu hỏi “bảy?” bị trùng ở dòng 8 và dòng 9.",
    ]
    assert not Bank.objects.exists()
    assert questions(["8", "Tám?", "A", "B", "", "A", ""])[0] == 0  # the control


def test_choices_leave_no_gap(questions):
    header = ["text", "choice_a", "choice_b", "choice_c", "choice_d", "correct"]
    (error,) = questions(["Một?", "A", "B", "", "D", "A"], header=header)[2]
    assert error == "row 2, column choice_c: Phương án C đang trống trong khi có phương án sau nó."


def test_a_row_that_is_another_rows_question_is_refused(questions):
    questions(ONE)
    (error,) = questions(ONE, ["", *ONE[1:]])[2]
    assert error == "row 3, column text: Câu này trùng với câu mã “C1” ở dòng 2."


def test_order_is_kept_with_a_warning_where_a_choice_speaks_of_others(questions):
    row = ["C1", "Câu?", "Một", "Hai", "Cả A và B", "C", ""]
    code, line, notes = questions(row)
    assert (code, line) == (0, "created=1 updated=0 moved=0 left=0 unchanged=0")
    assert notes == [
        "row 2, column fixed_order: Lưu ý: có phương án nhắc đến phương án khác nên câu này được tự động giữ thứ tự "
        "phương án."
    ]
    assert stored("C1")[4] is True
    assert questions(row)[1] == "created=0 updated=0 moved=0 left=0 unchanged=1"
    assert questions([*row, "x"], header=[*HEADER, "fixed_order"])[2] == []


@pytest.mark.parametrize(
    "choice",
    [
        "Cả A và B", "cả A, B và C", "A và B", "a, c", "A và C đều đúng.", "Chỉ A và B", "Đáp án A và B",
        "Cả hai phương án trên", "Cả hai phương án trên đều đúng", "Cả 3 phương án trên đều đúng", "Cả ba",
        "Cả 2 đều sai", "Cả hai ý trên", "Tất cả các đáp án trên", "Tất cả các phương án trên", "Tất cả đều đúng",
        "Tất cả các câu trên đều sai", "Tất cả các nội dung nêu trên", "Toàn bộ các ý trên", "Tất cả",
        "Không có đáp án nào đúng", "Không phương án nào đúng", "Không có phương án nào ở trên",
        "Các phương án còn lại đều sai", "Đáp án khác", "Phương án B và C", "Cả đáp án A và đáp án C",
        "Ca\u0309 A va\u0300 B", "All of the above", "Tất cả các trường hợp trên",
    ],
)  # fmt: skip
def test_choices_that_speak_of_others_are_recognised(choice):
    assert refers_to_others(choice)


@pytest.mark.parametrize(
    "choice",
    [
        "Tất cả các cơ quan hành chính nhà nước", "Cả nước có 34 đơn vị hành chính cấp tỉnh", "02 ngày", "Đúng",
        "Không có thời hạn", "Cán bộ, công chức", "Cả hai cấp chính quyền địa phương", "A", "Chính phủ và Quốc hội",
        "Từ 80% trở lên", "Ủy ban nhân dân cấp trên trực tiếp", "Điểm a khoản 1 Điều 5", "Bảng A",
    ],
)  # fmt: skip
def test_choices_that_do_not_are_left_alone(choice):
    assert not refers_to_others(choice)


class TestRounds:
    def test_the_files_questions_become_the_drafts_in_order(self, questions):
        round = draft_round()
        assert questions(TWO, ONE, round=round.pk) == (0, "created=2 updated=0 moved=0 left=0 unchanged=0", [])
        places = RoundQuestion.objects.filter(round=round).order_by("position")
        assert list(places.values_list("position", "question__code")) == [(1, "C2"), (2, "C1")]
        assert questions(TWO, ONE, round=round.pk)[1] == UNCHANGED

    def test_a_confirmed_key_stands_only_while_nothing_changes(self, questions):
        round = draft_round()
        questions(ONE, TWO, round=round.pk)
        confirm_key(round=round, actor=make_user())
        questions(ONE, TWO, round=round.pk)
        round.refresh_from_db()
        assert round.key_confirmed_at
        questions(TWO, ONE, round=round.pk)
        round.refresh_from_db()
        assert (round.key_confirmed_at, round.key_confirmed_by, round.key_confirmed_digest) == (None, None, "")

    def test_weeks_may_both_number_their_questions_from_1(self, questions):
        first = draft_round()
        second = draft_round(first.contest)
        questions(ONE, TWO, round=first.pk)
        assert questions(["C1", "Khác?", "Một", "Hai", "", "B", ""], round=second.pk)[0] == 0
        assert first.round_questions.get(position=1).question.text == "Câu một?"

    def test_a_scheduled_round_takes_none(self, questions):
        round = open_round()
        before = list(round.round_questions.values_list("question_id", flat=True))
        with pytest.raises(CommandError) as caught:
            questions(ONE, round=round.pk)
        assert caught.value.returncode == 1
        assert list(round.round_questions.values_list("question_id", flat=True)) == before
        assert not Question.objects.filter(code="C1").exists()

    def test_a_question_of_a_scheduled_round_may_only_come_unchanged(self, questions):
        bank = Bank.objects.create(slug="thu", title="Thử")
        (question,) = make_questions(1, bank=bank, choices=2)
        same = [question.code, question.text, *question.choices.values_list("text", flat=True), "", "B", ""]
        changed = [*same[:5], "A", ""]
        assert questions(changed, dry_run=True)[0] == 0  # the control: before it is scheduled
        open_round(questions=[question])
        assert questions(same)[1] == "created=0 updated=0 moved=0 left=0 unchanged=1"
        code, _line, (error,) = questions(changed, ONE)
        assert code == 1
        assert error.startswith(f"row 2, column code: Câu “{question.code}” đã dùng trong một tuần thi đã lên lịch")
        assert not Question.objects.filter(code="C1").exists()


def test_one_trace_is_left_without_texts_or_key(questions):
    questions(ONE)
    (entry,) = AuditEntry.objects.all()
    assert (entry.verb, entry.object_type, entry.object_label) == ("questions.import", "contest.bank", "thu")
    assert entry.after == {"file": "t.csv", "created": 1, "updated": 0, "moved": 0, "left": 0, "unchanged": 0}


def test_a_dry_run_writes_nothing(questions):
    assert questions(ONE, dry_run=True) == (0, "created=1 updated=0 moved=0 left=0 unchanged=0", [])
    assert not Bank.objects.exists()


@pytest.mark.parametrize("options", [{}, {"bank": "a", "round": 1}, {"round": 999_999}, {"bank": "không hợp lệ"}])
def test_wrong_options_are_usage_errors(tmp_path, options):
    (tmp_path / "t.csv").write_bytes(csv_bytes(HEADER, ONE))
    with pytest.raises(CommandError) as caught:
        call_command("import_questions", str(tmp_path / "t.csv"), **options)
    assert options in ({}, {"bank": "a", "round": 1}) or caught.value.returncode == 2


def test_queries_do_not_grow_with_rows(django_assert_num_queries):
    def table(count: int, topic: str):
        rows = [[f"C{number}", f"Câu {number}?", "Một", "Hai", "", "A", topic] for number in range(count)]
        return read(csv_bytes(HEADER, *rows), COLUMNS)

    counted: dict[int, list[int]] = {}
    for count in (1, 100):
        for topic in ("A", "A", "B"):
            with django_assert_num_queries(30, exact=False) as queries:
                target = bank_target(f"thu-{count}")
                import_questions(table(count, topic), target=target, actor=None, file_name="t.csv")
            counted.setdefault(count, []).append(len(queries))
    assert counted[1] == counted[100]


def test_applying_refuses_what_was_not_previewed(questions):
    table = read(csv_bytes(HEADER, ONE), COLUMNS)
    promised = plan_questions(table, target=bank_target("thu")).digest()
    questions([*ONE[:-1], "Khác"])
    with pytest.raises(PlanChanged):
        import_questions(table, target=bank_target("thu"), actor=None, file_name="t.csv", expected=promised)
    assert Question.objects.get().topic == "Khác"


def test_the_shipped_bank_comes_in_whole(capsys):
    path = Path(__file__).parents[2] / "contest" / "bank" / "cchc.csv"
    with path.open("rb") as file:
        rows = sum(1 for _ in file) - 1
    call_command("import_questions", str(path), bank="cchc")
    assert capsys.readouterr().out.splitlines()[-1] == f"created={rows} updated=0 moved=0 left=0 unchanged=0"
    assert rows >= 75
