"""Writing the demo's contest and its rounds, frozen as if organisers had scheduled them."""

from datetime import timedelta
from pathlib import Path

from django.core.management import call_command

from accounts.models import User
from contest.demo.plan import Plan, RoundWindow
from contest.demo.units import PROVINCE, ROOT_ID
from contest.models import Bank, CollectiveRule, Contest, Prize, Question, Round, RoundQuestion
from contest.models.round import RoundState
from contest.services.rounds import copy_units, freeze_content, key_digest

BANK = Path(__file__).resolve().parent.parent / "bank" / "cchc.csv"
BANK_SLUG, BANK_TITLE = "cchc", "Ngân hàng câu hỏi cải cách hành chính"
PRIZES = (
    ("first", "Giải Nhất", 1),
    ("second", "Giải Nhì", 2),
    ("third", "Giải Ba", 3),
    ("consolation", "Giải Khuyến khích", 5),
)
SLUG = "tim-hieu-cai-cach-hanh-chinh"
TITLE = "Hội thi trực tuyến tìm hiểu công tác cải cách hành chính"
INTRODUCTION = (
    f"Hội thi dành cho cán bộ, công chức, viên chức và người lao động của các cơ quan, đơn vị trên địa bàn tỉnh "
    f"{PROVINCE}. Mỗi tuần có 15 câu hỏi trắc nghiệm và một câu dự đoán số người trả lời đúng tất cả các câu hỏi. "
    "Đây là dữ liệu minh họa: tỉnh, đơn vị và người dự thi đều là hư cấu."
)
_SCHEDULED_BEFORE, _CONFIRMED_BEFORE = timedelta(days=4), timedelta(days=5)


def load_bank(output) -> None:
    """Import the shipped questions the way an organiser would. `output` receives the import's report."""
    call_command("import_questions", str(BANK), bank=BANK_SLUG, stdout=output)
    Bank.objects.filter(slug=BANK_SLUG).update(title=BANK_TITLE, unit=ROOT_ID)


def write_contest() -> Contest:
    contest = Contest.objects.create(slug=SLUG, title=TITLE, unit_id=ROOT_ID, introduction=INTRODUCTION, is_public=True)
    CollectiveRule.objects.create(contest=contest)
    return contest


def write_rounds(plan: Plan, contest: Contest) -> dict[int, Round]:
    """All rounds by number, the practice round (0) among them, scheduled with frozen content."""
    questions = Questions(plan, contest)
    windows = plan.windows()
    practice = RoundWindow(0, windows[0].opens_at - timedelta(days=3), plan.at + timedelta(days=365), "open")
    return {window.number: _write_round(plan, contest, window, questions) for window in [*windows, practice]}


class Questions:
    """Hands out questions to rounds: none twice while the bank lasts, then those used least."""

    def __init__(self, plan: Plan, contest: Contest) -> None:
        self._wanted = contest.questions_per_round
        fit = [
            question
            for question in Question.objects.filter(bank__slug=BANK_SLUG).order_by("code")
            if len(question.correct) <= contest.max_correct and not question.multiple
        ]
        self._pool = plan.dice("questions").shuffled(fit)
        self._used = dict.fromkeys((question.pk for question in self._pool), 0)

    def take(self, window: RoundWindow) -> list[Question]:
        """Questions that are still law when the round closes."""
        last_day = window.closes_at.date()
        fit = [
            question
            for question in self._pool
            if question.effective_until is None or question.effective_until >= last_day
        ]
        chosen = sorted(fit, key=lambda question: self._used[question.pk])[: self._wanted]
        for question in chosen:
            self._used[question.pk] += 1
        return chosen


def _write_round(plan: Plan, contest: Contest, window: RoundWindow, questions: Questions) -> Round:
    people = dict(User.objects.filter(employee_id__startswith="organiser").values_list("employee_id", "pk"))
    is_practice = window.number == 0
    round = Round.objects.create(
        contest=contest, number=window.number, is_practice=is_practice,
        title="Thi thử" if is_practice else f"Tuần {window.number}",
        opens_at=window.opens_at, closes_at=window.closes_at, prepared_by_id=people["organiser"],
    )  # fmt: skip
    RoundQuestion.objects.bulk_create(
        RoundQuestion(round=round, question=question, position=position)
        for position, question in enumerate(questions.take(window), start=1)
    )
    if not is_practice:
        Prize.objects.bulk_create(
            Prize(round=round, position=position, code=code, title=title, count=count)
            for position, (code, title, count) in enumerate(PRIZES, start=1)
        )
    round.key_confirmed_by_id, round.key_confirmed_digest = people["organiser2"], key_digest(round)
    round.key_confirmed_at = window.opens_at - _CONFIRMED_BEFORE
    freeze_content(
        round, salt=plan.secret(f"salt {window.number}").hex(), secret=plan.secret(f"secret {window.number}")
    )
    round.state, round.scheduled_at = RoundState.SCHEDULED, window.opens_at - _SCHEDULED_BEFORE
    round.save()
    copy_units(round)
    return round
