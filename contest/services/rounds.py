"""Preparing a round: window, questions, prizes, the second organiser's confirmation, and scheduling it."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import iso, server_now
from accounts.models import AuditEntry, User
from accounts.problems import Refused
from accounts.rights import Right, holders_over
from accounts.text import nfc, search_key
from contest.models import Contest, Prize, Question, Round, RoundQuestion
from contest.models.round import RoundState
from contest.services.checklist import missing_for_schedule
from contest.services.content import copy_units, freeze_content, key_digest, paper_and_key, units_taking_part

__all__ = [
    "add_questions", "confirm_key", "copy_units", "create_round", "delete_round", "edit_round", "editors_of_key",
    "freeze_content", "key_digest", "missing_for_schedule", "move_question", "paper_and_key", "possible_confirmers",
    "propose_window", "remove_question", "schedule_round", "set_prizes", "units_taking_part",
]  # fmt: skip

PRACTICE_NUMBER = 0
DEFAULT_PRIZES = (("first", "Giải Nhất", 1), ("second", "Giải Nhì", 2), ("third", "Giải Ba", 3),
                  ("consolation", "Giải Khuyến khích", 5))  # fmt: skip
_CODE_OF_TITLE = {search_key(title): code for code, title, _count in DEFAULT_PRIZES}


def lock_draft(round: Round) -> Round:
    """The round as it stands now, with its contest, locked for this transaction. Raises Refused when scheduled."""
    round = Round.objects.select_for_update(of=("self", "contest")).select_related("contest").get(pk=round.pk)
    if round.state != RoundState.DRAFT:
        raise Refused(_("Tuần thi đã được lên lịch, nội dung đã được niêm phong."))
    return round


# --- Creating and editing ---------------------------------------------------------------------------


def propose_window(contest: Contest, *, now: datetime) -> tuple[datetime, datetime]:
    """The next window by the contest's settings: after `now`, and not before the last round has closed."""
    last = contest.rounds.counted().aggregate(at=Max("closes_at"))["at"]
    earliest = timezone.localtime(max(now, last) if last else now)
    days_ahead = (contest.opens_weekday - earliest.isoweekday()) % 7
    opens_at = _at(earliest + timedelta(days=days_ahead), contest)
    if opens_at < earliest:
        opens_at = _at(earliest + timedelta(days=days_ahead + 7), contest)
    return opens_at, opens_at + timedelta(minutes=contest.window_minutes)


def _at(day: datetime, contest: Contest) -> datetime:
    return timezone.make_aware(datetime.combine(day.date(), contest.opens_time))


def create_round(
    *,
    contest: Contest,
    actor: User,
    title: str = "",
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    is_practice: bool = False,
) -> Round:
    """Create the contest's next round, or its practice round, as a draft with the previous round's prizes.

    What is not given follows the contest: number, title, window. Raises Refused.
    """
    with transaction.atomic():
        contest = Contest.objects.select_for_update().get(pk=contest.pk)
        number = PRACTICE_NUMBER if is_practice else _next_number(contest)
        if contest.rounds.filter(number=number).exists():
            raise Refused(_("Hội thi đã có tuần thi thử."))
        proposed = propose_window(contest, now=server_now())
        round = Round(
            contest=contest,
            number=number,
            is_practice=is_practice,
            prepared_by=actor,
            title=nfc(title) or ("Thi thử" if is_practice else f"Tuần {number}"),
            opens_at=opens_at or proposed[0],
            closes_at=closes_at or proposed[1],
        )
        _check_window(round)
        round.save()
        if not is_practice:
            _copy_prizes(round)
        record_audit(actor=actor, verb="round.create", object=round, after=_calendar(round))
    return round


def _next_number(contest: Contest) -> int:
    return (contest.rounds.aggregate(last=Max("number"))["last"] or PRACTICE_NUMBER) + 1


def _copy_prizes(round: Round) -> None:
    """The prizes of the round before, or the usual 1, 2, 3 and 5."""
    before = round.contest.rounds.counted().filter(number__lt=round.number).order_by("number").last()
    prizes = list(before.prizes.values_list("code", "title", "count")) if before else []
    Prize.objects.bulk_create(
        Prize(round=round, position=position, code=code, title=title, count=count)
        for position, (code, title, count) in enumerate(prizes or DEFAULT_PRIZES, start=1)
    )


def _check_window(round: Round) -> None:
    if round.opens_at >= round.closes_at:
        raise Refused(_("Thời điểm đóng phải ở sau thời điểm mở."))


def _calendar(round: Round) -> dict[str, str]:
    return {"title": round.title, "opens_at": iso(round.opens_at), "closes_at": iso(round.closes_at)}


def edit_round(*, round: Round, actor: User, title: str, opens_at: datetime, closes_at: datetime) -> Round:
    """Change a draft's title and window. Raises Refused."""
    with transaction.atomic():
        round = lock_draft(round)
        before = _calendar(round)
        round.title, round.opens_at, round.closes_at = nfc(title) or round.title, opens_at, closes_at
        _check_window(round)
        if _calendar(round) != before:
            round.save(update_fields=["title", "opens_at", "closes_at"])
            record_audit(actor=actor, verb="round.edit", object=round, before=before, after=_calendar(round))
    return round


def delete_round(*, round: Round, actor: User) -> None:
    """Delete a draft. Only the last one goes, so that the numbers stay without a gap. Raises Refused."""
    with transaction.atomic():
        round = lock_draft(round)
        if round.contest.rounds.filter(number__gt=round.number).exists() and not round.is_practice:
            raise Refused(_("Chỉ xóa được tuần thi cuối cùng, để số thứ tự các tuần không bị ngắt quãng."))
        record_audit(actor=actor, verb="round.delete", object=round, before=_calendar(round))
        round.delete()


# --- Questions and prizes ---------------------------------------------------------------------------


def add_questions(*, round: Round, questions: Sequence[Question], actor: User) -> int:
    """Append questions that the round does not hold yet; returns how many. Raises Refused."""
    with transaction.atomic():
        round = lock_draft(round)
        held = _question_ids(round)
        new = [question.pk for question in questions if question.pk not in held]
        if len(held) + len(new) > round.contest.questions_per_round:
            raise Refused(
                _("Tuần thi chỉ có %(wanted)s câu hỏi: đã có %(held)s câu, không thể thêm %(new)s câu.")
                % {"wanted": round.contest.questions_per_round, "held": len(held), "new": len(new)}
            )
        if new:
            _place_questions(round, held + new, actor)
    return len(new)


def remove_question(*, round: Round, question_id: int, actor: User) -> None:
    """Take a question out of the draft; the others move up. Raises Refused."""
    with transaction.atomic():
        round = lock_draft(round)
        held = _question_ids(round)
        if question_id in held:
            _place_questions(round, [pk for pk in held if pk != question_id], actor)


def move_question(*, round: Round, question_id: int, to: int, actor: User) -> None:
    """Move a question of the draft to position `to` (from 1). Raises Refused."""
    with transaction.atomic():
        round = lock_draft(round)
        held = _question_ids(round)
        if question_id not in held or not 1 <= to <= len(held):
            raise Refused(_("Câu hỏi không còn ở vị trí đó, vui lòng tải lại trang."))
        order = [pk for pk in held if pk != question_id]
        order.insert(to - 1, question_id)
        if order != held:
            _place_questions(round, order, actor)


def _question_ids(round: Round) -> list[int]:
    return list(round.round_questions.order_by("position").values_list("question_id", flat=True))


def _place_questions(round: Round, question_ids: Sequence[int], actor: User) -> None:
    """Put exactly these questions into the round, in this order. Whoever confirmed before must do so again."""
    codes = dict(Question.objects.in_bulk(question_ids))
    before = list(round.round_questions.order_by("position").values_list("question__code", flat=True))
    round.round_questions.all().delete()
    RoundQuestion.objects.bulk_create(
        RoundQuestion(round=round, question_id=pk, position=position)
        for position, pk in enumerate(question_ids, start=1)
    )
    round.prepared_by = actor
    round.key_confirmed_by = round.key_confirmed_at = None
    round.key_confirmed_digest = ""
    round.save(update_fields=["prepared_by", "key_confirmed_by", "key_confirmed_at", "key_confirmed_digest"])
    record_audit(
        actor=actor,
        verb="round.assign_questions",
        object=round,
        before={"questions": before},
        after={"questions": [codes[pk].code for pk in question_ids]},
    )


def set_prizes(*, round: Round, prizes: Sequence[tuple[str, int]], actor: User) -> None:
    """Replace a draft's prizes by (title, count), from the highest down. Raises Refused."""
    with transaction.atomic():
        round = lock_draft(round)
        if round.is_practice and prizes:
            raise Refused(_("Tuần thi thử không có giải thưởng."))
        codes = [_prize_code(title) for title, _count in prizes]
        _refuse_bad_prizes(prizes, codes)
        before = _prizes_as_text(round)
        round.prizes.all().delete()
        Prize.objects.bulk_create(
            Prize(round=round, position=position, code=code, title=nfc(title), count=count)
            for position, (code, (title, count)) in enumerate(zip(codes, prizes, strict=True), start=1)
        )
        record_audit(
            actor=actor,
            verb="round.set_prizes",
            object=round,
            before={"prizes": before},
            after={"prizes": _prizes_as_text(round)},
        )


def _prize_code(title: str) -> str:
    """The prize's name in the record: first, second, … for the usual titles, else the title without marks."""
    key = search_key(title)
    return _CODE_OF_TITLE.get(key) or slugify(re.sub(r"^giai ", "", key))[:30]


def _refuse_bad_prizes(prizes: Sequence[tuple[str, int]], codes: Sequence[str]) -> None:
    reasons = []
    if not all(codes):
        reasons.append(_("Mỗi giải phải có tên."))
    if len(set(codes)) < len(codes):
        reasons.append(_("Hai giải không được trùng tên."))
    if any(not 1 <= count <= 1000 for _title, count in prizes):
        reasons.append(_("Số giải phải từ 1 đến 1.000."))
    if reasons:
        raise Refused(*reasons)


def _prizes_as_text(round: Round) -> list[str]:
    return [f"{title}: {count}" for title, count in round.prizes.values_list("title", "count")]


# --- The key and the schedule -----------------------------------------------------------------------


PAPER_VERBS = ("round.assign_questions", "questions.import")


def editors_of_key(round: Round) -> set[int]:
    """Ids of everybody who has had a hand in the paper: placed, wrote, edited or imported its questions.

    The trace is asked as well as the last editor, so that a colleague's later touch clears nobody.
    """
    places = list(round.round_questions.values_list("question__edited_by", "question__bank_id", "question__code"))
    acts = Q(object_type="contest.round", object_id=str(round.pk), verb__in=PAPER_VERBS)
    for bank_id in {place[1] for place in places}:
        codes = [code for _editor, bank, code in places if bank == bank_id]
        of_bank = Q(object_type="contest.bank", object_id=str(bank_id))
        acts |= of_bank & Q(verb__in=("question.create", "question.edit"), after__question__in=codes)
        acts |= of_bank & Q(verb="questions.import")
    traced = AuditEntry.objects.filter(acts).order_by().values_list("actor", flat=True).distinct()
    editors = {*(place[0] for place in places), round.prepared_by_id, *traced}
    return {pk for pk in editors if pk is not None}


def possible_confirmers(round: Round) -> list[User]:
    """Organisers of the contest who may confirm the key, by name."""
    people = holders_over(round.contest.unit_id, Right.EDIT_CONTESTS)
    return list(people.exclude(pk__in=editors_of_key(round)).order_by("sort_key"))


def confirm_key(*, round: Round, actor: User, seen: str | None = None) -> None:
    """Confirm, as a second organiser, the questions and key as they stand. Raises Refused.

    `seen` is the digest of what the person had before their eyes; anything newer is not confirmed blindly.
    """
    with transaction.atomic():
        if Round.objects.filter(pk=round.pk).exclude(state=RoundState.DRAFT).exists():
            raise Refused(_("Tuần thi đã được lên lịch, đáp án đã được niêm phong."))
        round = lock_draft(round)
        _lock_questions(round)
        if actor.pk in editors_of_key(round):
            raise Refused(_("Người xác nhận phải là một thành viên Ban Tổ chức khác với người đã soạn đề hoặc đáp án."))
        present = key_digest(round)
        if not round.round_questions.exists():
            raise Refused(_("Chưa có câu hỏi nào để xác nhận."))
        if seen is not None and seen != present:
            raise Refused(_("Câu hỏi hoặc đáp án vừa được sửa. Vui lòng xem lại rồi xác nhận."))
        round.key_confirmed_by, round.key_confirmed_at = actor, server_now()
        round.key_confirmed_digest = present
        round.save(update_fields=["key_confirmed_by", "key_confirmed_at", "key_confirmed_digest"])
        record_audit(actor=actor, verb="round.confirm_key", object=round)


def _lock_questions(round: Round) -> None:
    """Hold the round's questions: an edit under way is waited for, and the next one waits for us."""
    ids = round.round_questions.values("question_id")
    list(Question.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def schedule_round(*, round: Round, actor: User) -> Round:
    """Freeze the round's content, publish the commitment to its key and put it on the calendar.

    Raises Refused with everything that is missing; then nothing has been written.
    """
    with transaction.atomic():
        round = lock_draft(round)
        _lock_questions(round)
        missing = missing_for_schedule(round)
        if missing:
            raise Refused(*missing)
        freeze_content(round, salt=secrets.token_hex(32), secret=secrets.token_bytes(32))
        round.state, round.scheduled_at = RoundState.SCHEDULED, server_now()
        round.save()
        units = copy_units(round)
        record_audit(
            actor=actor,
            verb="round.schedule",
            object=round,
            after={**_calendar(round), "commitment": round.commitment, "units": units},
        )
    return round
