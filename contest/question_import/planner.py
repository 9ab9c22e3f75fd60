"""What importing a file of questions would do to a bank, and to a draft round."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from accounts.imports.errors import RowNote
from accounts.imports.plan import Change, Plan, find_doubles, shown
from accounts.imports.tables import Row, Table
from accounts.models import Unit
from accounts.problems import Refused
from contest.models import Bank, Choice, Question, Round, RoundQuestion
from contest.models.bank import CHOICE_CODES
from contest.models.round import RoundState
from contest.question_import.columns import BLANKS, CHOICE_COLUMNS, FIELDS, LABELS
from contest.question_import.references import needs_fixed_order

_GENERATED = re.compile(r"CH-(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """Where questions go: a bank, made when missing with this title and unit, and perhaps a draft round."""

    slug: str
    title: str
    unit: Unit | None = None
    round_id: int | None = None


def bank_target(slug: str, *, unit: Unit | None = None) -> Target:
    """The bank called `slug`."""
    return Target(slug, slug, unit)


def round_target(round: Round) -> Target:
    """The round, whose questions are kept in a bank of its own: weekly files may number them from 1 each time."""
    slug = f"{round.contest.slug}-tuan-{round.number}"
    if len(slug) > 50:
        slug = f"hoi-thi-{round.contest_id}-tuan-{round.number}"
    return Target(slug, f"{round.contest.title} – {round.title}"[:255], round.contest.unit, round.pk)


@dataclass(slots=True)
class State:
    """A question as it is or will be: `values` of FIELDS, and `choices` in order."""

    values: dict[str, Any]
    id: int | None = None


@dataclass
class QuestionsPlan(Plan):
    """Also holds what applying needs. `order`: the codes in the order of the file."""

    order: list[str] = field(default_factory=list)
    states: dict[str, State] = field(default_factory=dict)
    to_create: list[str] = field(default_factory=list)
    to_update: list[str] = field(default_factory=list)
    reassigns: bool = False

    @property
    def changes_nothing(self) -> bool:
        return super().changes_nothing and not self.reassigns

    def id_of(self, code: str) -> int:
        """The id of a question that is there or has just been made."""
        id = self.states[code].id
        if id is None:
            raise LookupError(code)
        return id

    def digest(self) -> str:
        return f"{super().digest()}{self.reassigns}"


def plan_questions(table: Table, *, target: Target) -> QuestionsPlan:
    """What importing `table` would do. Raises Refused when the round is no draft any more.

    A column that the file does not have stays as it is, except that choices are always those of the file.
    """
    if target.round_id is not None and Round.objects.get(pk=target.round_id).state != RoundState.DRAFT:
        raise Refused(_("Tuần thi đã được lên lịch, không thay được câu hỏi."))
    bank = Bank.objects.filter(slug=target.slug).first()
    return _QuestionsPlanner(table, bank, target).plan()


class _QuestionsPlanner:
    def __init__(self, table: Table, bank: Bank | None, target: Target):
        self.table, self.target = table, target
        self.result = QuestionsPlan(errors=list(table.errors))
        self.present = _present_states(bank)
        self.frozen = set(Question.objects.filter(bank=bank).frozen().values_list("code", flat=True)) if bank else set()
        self.assigned = _assigned_codes(target, bank)
        self.by_text = {
            state.values["text"].casefold(): code for code, state in sorted(self.present.items(), reverse=True)
        }
        named = {row.values.get("code") for row in table.rows} | self.present.keys()
        numbers = [int(found[1]) for code in named if code and (found := _GENERATED.fullmatch(code))]
        self.next_number = max(numbers, default=0) + 1

    def plan(self) -> QuestionsPlan:
        result = self.result
        _rows, doubles = find_doubles(self.table.rows, "code", LABELS["code"])
        result.errors += doubles
        without_code = [row for row in self.table.rows if not row.values.get("code")]
        _rows, doubles = find_doubles(without_code, "text", LABELS["text"], key=str.casefold)
        result.errors += doubles
        taken: dict[str, Row] = {}
        for row in self.table.rows:
            if not row.is_bad and self._check(row):
                self._plan_row(row, self._code_of(row), taken)
        result.reassigns = self.target.round_id is not None and result.order != self.assigned
        result.sort_notes()
        return result

    def _error(self, row: Row, column: str, message: str) -> None:
        self.result.errors.append(RowNote(row.number, column, message))

    def _code_of(self, row: Row) -> str:
        code = row.values.get("code") or self.by_text.get(row.values["text"].casefold())
        if not code:
            code = f"CH-{self.next_number:04}"
            self.next_number += 1
        return code

    def _check(self, row: Row) -> bool:
        """Whether the choices are distinct, without gaps, and the key is among them."""
        present = len(self.result.errors)
        texts = [row.values.get(name, "") for name in CHOICE_COLUMNS]
        filled = [bool(choice) for choice in texts]
        count = sum(filled)
        if False in filled[:count] or not all(filled[:count]):
            empty = filled.index(False)
            message = _("Phương án %(empty)s đang trống trong khi có phương án sau nó.") % {
                "empty": CHOICE_CODES[empty]
            }
            self._error(row, CHOICE_COLUMNS[empty], message)
        met: dict[str, str] = {}
        for letter, name, choice in zip(CHOICE_CODES, CHOICE_COLUMNS, texts, strict=True):
            if choice and (same := met.setdefault(choice.casefold(), letter)) != letter:
                self._error(
                    row, name, _("Phương án %(one)s giống phương án %(other)s.") % {"one": letter, "other": same}
                )
        for letter in row.values["correct"]:
            if not filled[CHOICE_CODES.index(letter)]:
                message = _("Đáp án %(letter)s không có trong các phương án của câu này.") % {"letter": letter}
                self._error(row, "correct", message)
        return len(self.result.errors) == present

    def _plan_row(self, row: Row, code: str, taken: dict[str, Row]) -> None:
        result = self.result
        if taken.setdefault(code, row) is not row:
            message = _("Câu này trùng với câu mã “%(code)s” ở dòng %(row)s.")
            return self._error(row, "text", message % {"code": code, "row": taken[code].number})
        present = self.present.get(code)
        new = self._merge(row, present)
        result.order.append(code)
        result.states[code] = State(new, present.id if present else None)
        label = f"{code}. {new['text']}"
        if present is None:
            details = [
                (LABELS[name], "", _told(name, value))
                for name, value in new.items()
                if name != "text" and _told(name, value)
            ]
            result.created.append(Change(row.number, label, details))
            result.to_create.append(code)
            return None
        details = [
            (LABELS[name], _told(name, present.values[name]), _told(name, value))
            for name, value in new.items()
            if value != present.values[name]
        ]
        if not details:
            result.unchanged += 1
        elif code in self.frozen:
            message = _(
                "Câu “%(code)s” đã dùng trong một tuần thi đã lên lịch nên không sửa được. Hãy dùng mã câu khác."
            )
            self._error(row, "code", message % {"code": code})
        else:
            result.updated.append(Change(row.number, label, details))
            result.to_update.append(code)
        return None

    def _merge(self, row: Row, present: State | None) -> dict[str, Any]:
        """The values the row asks for; the order is kept where a choice speaks of others."""
        new = dict(present.values) if present else dict(BLANKS)
        new |= {name: row.values[name] for name in FIELDS if name in row.values}
        new["choices"] = [row.values[name] for name in CHOICE_COLUMNS if row.values.get(name)]
        if not new["fixed_order"] and needs_fixed_order(new["choices"]):
            new["fixed_order"] = True
            note = _("Lưu ý: có phương án nhắc đến phương án khác nên câu này được tự động giữ thứ tự phương án.")
            self.result.warnings.append(RowNote(row.number, "fixed_order", note))
        return new


def _told(name: str, value: Any) -> Any:
    """A value as the preview shows it."""
    if name == "correct":
        return "".join(value)
    if name == "choices":
        return " · ".join(f"{letter}. {choice}" for letter, choice in zip(CHOICE_CODES, value, strict=False))
    return shown(value)


def _present_states(bank: Bank | None) -> dict[str, State]:
    """Every question of the bank by code. Two queries."""
    if bank is None:
        return {}
    choices: dict[int, list[str]] = {}
    rows = Choice.objects.filter(question__bank=bank).order_by("question_id", "position")
    for question_id, choice in rows.values_list("question_id", "text"):
        choices.setdefault(question_id, []).append(choice)
    questions = Question.objects.filter(bank=bank).order_by("code")
    return {
        question.code: State(
            {name: getattr(question, name) for name in FIELDS} | {"choices": choices.get(question.pk, [])}, question.pk
        )
        for question in questions
    }


def _assigned_codes(target: Target, bank: Bank | None) -> list[str]:
    """The codes of the round's present questions in order; one of another bank counts as "?"."""
    if target.round_id is None:
        return []
    places = RoundQuestion.objects.filter(round_id=target.round_id).order_by("position")
    rows = places.values_list("question__bank_id", "question__code")
    return [code if bank and bank_id == bank.pk else "?" for bank_id, code in rows]
