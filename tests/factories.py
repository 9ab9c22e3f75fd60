"""Small worlds for tests: units, people, a contest, a round that is open, attempts with answers.

Times of rounds are moved, never the clock: `open_round` opened an hour ago by the database's clock.
"""

import hashlib
from datetime import date, datetime, timedelta
from itertools import count

from accounts.clock import server_now
from accounts.models import Membership, Role, RoleGrant, Unit, UnitKind, User
from contest.models import Attempt, Bank, Block, Choice, Contest, Prize, Question, Round, RoundQuestion
from contest.models.round import RoundState
from contest.paper import compile_paper
from contest.services.attempts import new_nonce
from contest.services.rounds import copy_units, freeze_content

_numbers = count(1)
DEFAULT_PRIZES = (("first", "Giải Nhất", 1), ("second", "Giải Nhì", 2), ("third", "Giải Ba", 3))


def make_unit(
    code: str = "",
    *,
    name: str = "",
    kind: str = "Sở, ban, ngành",
    parent: Unit | None = None,
    headcount: int | None = 10,
    **fields,
) -> Unit:
    code = code or f"DV{next(_numbers):04}"
    unit_kind = UnitKind.objects.filter(name=kind).first() or UnitKind.objects.create(name=kind)
    return Unit.objects.create(
        code=code, name=name or f"Đơn vị {code}", kind=unit_kind, parent=parent, headcount=headcount, **fields
    )


def make_root() -> Unit:
    return Unit.objects.filter(parent=None).first() or make_unit(
        "TINH", name="Ủy ban nhân dân tỉnh", kind="Tỉnh, thành phố", headcount=None
    )


def make_user(
    employee_id: str = "",
    *,
    unit: Unit | None = None,
    full_name: str = "",
    password: str | None = None,
    **fields,
) -> User:
    employee_id = employee_id or f"NV{next(_numbers):05}"
    user = User.objects.create_user(
        employee_id, full_name=full_name or f"Nguyễn Văn {employee_id}", password=password, **fields
    )
    if unit is not None:
        Membership.objects.create(user=user, unit=unit, starts_on=date(2020, 1, 1))
    return user


def grant(user: User, role: Role | str, unit: Unit | None = None) -> RoleGrant:
    return RoleGrant.objects.create(user=user, role=role, unit=unit or make_root())


def make_contest(**fields) -> Contest:
    number = next(_numbers)
    defaults = {
        "slug": f"hoi-thi-{number}",
        "title": f"Hội thi tìm hiểu cải cách hành chính {number}",
        "is_public": True,
        "questions_per_round": 3,
    }
    if "unit" not in fields:
        fields["unit"] = make_root()
    return Contest.objects.create(**defaults | fields)


def make_questions(
    number: int = 3,
    *,
    correct: str = "B",
    choices: int = 4,
    multiple: bool | None = None,
    bank: Bank | None = None,
) -> list[Question]:
    bank = bank or Bank.objects.filter(slug="thu").first() or Bank.objects.create(slug="thu", title="Ngân hàng thử")
    codes = [f"C{next(_numbers):04}" for _ in range(number)]
    questions = Question.objects.bulk_create(
        Question(
            bank=bank,
            code=code,
            text=f"Nội dung câu {code}?",
            correct=list(correct),
            multiple=len(correct) > 1 if multiple is None else multiple,
            legal_source=f"CĂN CỨ {code}",
            explanation=f"GIẢI THÍCH {code}",
        )
        for code in codes
    )
    Choice.objects.bulk_create(
        Choice(question=question, position=position, text=f"{question.code} phương án {position}")
        for question in questions
        for position in range(1, choices + 1)
    )
    return questions


def draft_round(
    contest: Contest | None = None,
    *,
    questions: list[Question] | None = None,
    prizes=DEFAULT_PRIZES,
    **fields,
) -> Round:
    """A round in preparation: questions and prizes assigned, opening tomorrow."""
    contest = contest or make_contest()
    now = server_now()
    number = fields.pop("number", contest.rounds.count() + 1)
    round = Round.objects.create(
        **{
            "contest": contest,
            "number": number,
            "title": f"Tuần {number}",
            "opens_at": now + timedelta(days=1),
            "closes_at": now + timedelta(days=8),
        }
        | fields
    )
    chosen = make_questions(contest.questions_per_round) if questions is None else questions
    RoundQuestion.objects.bulk_create(
        RoundQuestion(round=round, question=question, position=position)
        for position, question in enumerate(chosen, start=1)
    )
    Prize.objects.bulk_create(
        Prize(round=round, position=position, code=code, title=title, count=number)
        for position, (code, title, number) in enumerate(prizes, start=1)
    )
    return round


def open_round(
    contest: Contest | None = None,
    *,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    **fields,
) -> Round:
    """A scheduled round that opened an hour ago and closes in a day. Units are copied as they are now."""
    now = server_now()
    round = draft_round(
        contest,
        opens_at=opens_at or now - timedelta(hours=1),
        closes_at=closes_at or now + timedelta(days=1),
        **fields,
    )
    salt, secret = (hashlib.sha256(f"{what} of round {round.pk}".encode()) for what in ("salt", "secret"))
    freeze_content(round, salt=salt.hexdigest(), secret=secret.digest())
    round.state, round.scheduled_at = RoundState.SCHEDULED, round.opens_at - timedelta(days=1)
    round.save()
    copy_units(round)
    return round


def past_round(contest: Contest | None = None, **fields) -> Round:
    """A scheduled round whose closing time and grace have just passed; nothing has closed it yet."""
    now = server_now()
    return open_round(
        contest, **{"opens_at": now - timedelta(days=7), "closes_at": now - timedelta(seconds=30)} | fields
    )


def make_block(contest: Contest, code: str, *kinds: str) -> Block:
    block = Block.objects.create(contest=contest, code=code, name=f"Bảng {code}")
    block.kinds.set(UnitKind.objects.filter(name__in=kinds))
    return block


def make_attempt(
    round: Round,
    user: User | None = None,
    *,
    answers: list[int] | str = "B",
    prediction: int | None = 1,
    state: str = "submitted",
    number: int = 1,
    started_at: datetime | None = None,
    submitted_at: datetime | None = None,
    block: str = "",
    unit: Unit | None = None,
    **fields,
) -> Attempt:
    """A stored attempt. `answers`: bit masks in bank order, or one letter chosen everywhere ("": blank)."""
    paper = compile_paper(round)
    user = user or make_user()
    if isinstance(answers, str):
        answers = [1 << "ABCDEF".index(answers) if answers else 0] * paper.size
    started_at = started_at or round.opens_at + timedelta(minutes=1)
    attempt = Attempt(
        round=round,
        user=user,
        number=number,
        block=block,
        nonce=new_nonce(),
        state=state,
        answers=answers,
        unit=unit or getattr(user.memberships.filter(ends_on=None).first(), "unit", None),
        sequences=[int(mask > 0) for mask in answers],
        prediction=prediction,
        started_at=started_at,
        deadline=fields.pop("deadline", round.deadline_for(started_at)),
        **fields,
    )
    if state in ("submitted", "cut_off"):
        attempt.submitted_at = submitted_at or started_at + timedelta(minutes=5)
    attempt.entry = paper.entry_of(attempt.pk)
    attempt.save()
    return attempt
