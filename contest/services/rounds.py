"""Preparing a round: its questions, the second organiser's confirmation of the key, and scheduling it."""

import secrets
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.models import Membership, Unit, User
from contest.models import Block, Round, RoundQuestion, RoundUnit
from contest.models.round import RoundState
from contest.problems import Refused
from contest.record_format import canonical, commitment_of, digest


def paper_and_key(round: Round) -> tuple[list[dict[str, Any]], dict[str, list[str]]]:
    """The record's `questions` (bank order) and `key_at_opening` as the round's questions stand now."""
    places = _places(round)
    questions = [
        {
            "code": place.code,
            "text": place.question.text,
            "multiple": place.question.multiple,
            "choices": [{"code": choice.code, "text": choice.text} for choice in place.question.choices.all()],
        }
        for place in places
    ]
    return questions, {place.code: list(place.question.correct) for place in places}


def key_digest(round: Round) -> str:
    """What a second organiser confirms: changes with any edit of a question, a choice or the key."""
    questions, key = paper_and_key(round)
    return digest(canonical({"key": key, "questions": questions}))


def _places(round: Round) -> list[RoundQuestion]:
    return list(round.round_questions.select_related("question").prefetch_related("question__choices"))


def units_taking_part(round: Round):
    """Units of the contest in force at some time of the round that have a headcount or members."""
    below = Unit.objects.at_or_below([round.contest.unit_id])
    members = Membership.objects.current().filter(unit=OuterRef("pk"))
    return (
        below.filter(
            Q(valid_from=None) | Q(valid_from__lt=round.closes_at), Q(valid_to=None) | Q(valid_to__gt=round.opens_at)
        )
        .annotate(has_members=Exists(members))
        .filter(Q(has_members=True) | Q(headcount__isnull=False))
    )


def freeze_content(round: Round, *, salt: str, secret: bytes) -> None:
    """Copy rules, paper, key and units into the round and commit to the key. The caller saves the round."""
    round.rules = round.contest.rules()
    round.grace_seconds = round.contest.grace_seconds
    round.blocks = list(Block.objects.filter(contest=round.contest_id).order_by("code").values_list("code", flat=True))
    round.paper, round.key_at_opening = paper_and_key(round)
    round.fixed_order = [place.code for place in _places(round) if place.question.fixed_order]
    round.salt, round.secret = salt, secret
    round.commitment = commitment_of(round.key_at_opening, round.paper, salt)


def copy_units(round: Round) -> int:
    """Copy the units taking part, with parent, kind and headcount, as every report of the round reads them."""
    copies = [
        RoundUnit(
            round=round, unit_id=unit.pk, parent_id=unit.parent_id, kind_id=unit.kind_id, headcount=unit.headcount or 0
        )
        for unit in units_taking_part(round)
    ]
    return len(RoundUnit.objects.bulk_create(copies, batch_size=2000))


def missing_for_schedule(round: Round) -> list[str]:
    """What must still be done before the round can be scheduled, as sentences; empty when complete."""
    missing = []
    places = _places(round)
    wanted = round.contest.questions_per_round
    if len(places) != wanted:
        missing.append(
            _("Cần đúng %(wanted)s câu hỏi, hiện có %(present)s câu.") % {"wanted": wanted, "present": len(places)}
        )
    missing += _unfit_questions(round, places)
    if places and round.key_confirmed_digest != key_digest(round):
        missing.append(_("Đáp án chưa được một thành viên Ban Tổ chức thứ hai xác nhận."))
    if not round.is_practice and not round.prizes.exists():
        missing.append(_("Chưa có cơ cấu giải thưởng."))
    if round.opens_at <= server_now():
        missing.append(_("Thời điểm mở phải ở sau thời điểm hiện tại."))
    missing += [] if round.is_practice else _unfit_units(round)
    return missing


def _unfit_questions(round: Round, places: list[RoundQuestion]) -> list[str]:
    unfit = []
    for place in places:
        question = place.question
        if question.effective_until and question.effective_until < round.closes_at.date():
            unfit.append(
                _("Câu %(code)s (%(bank)s) hết hiệu lực ngày %(day)s, trước khi tuần thi kết thúc.")
                % {"code": place.code, "bank": question.code, "day": f"{question.effective_until:%d/%m/%Y}"}
            )
        if len(question.correct) > round.contest.max_correct:
            unfit.append(
                _("Câu %(code)s (%(bank)s) có nhiều đáp án đúng hơn thể lệ cho phép.")
                % {"code": place.code, "bank": question.code}
            )
    return unfit


def _unfit_units(round: Round) -> list[str]:
    units = list(units_taking_part(round))
    if not units:
        return [_("Chưa có đơn vị nào tham gia: hãy nhập danh sách đơn vị và nhân sự.")]
    without = [unit.name for unit in units if unit.headcount is None]
    if not without:
        return []
    names = ", ".join(without[:5]) + ("…" if len(without) > 5 else "")
    return [_("%(count)s đơn vị chưa có biên chế: %(names)s.") % {"count": len(without), "names": names}]


def confirm_key(*, round: Round, actor: User) -> None:
    """Confirm, as a second organiser, the questions and key as they stand. Raises Refused."""
    if round.state != RoundState.DRAFT:
        raise Refused(_("Tuần thi đã được lên lịch, đáp án đã được niêm phong."))
    editors = set(round.round_questions.values_list("question__edited_by", flat=True)) | {round.prepared_by_id}
    if actor.pk in editors:
        raise Refused(_("Người xác nhận phải là một thành viên Ban Tổ chức khác với người đã soạn đề hoặc đáp án."))
    with transaction.atomic():
        round.key_confirmed_by, round.key_confirmed_at = actor, server_now()
        round.key_confirmed_digest = key_digest(round)
        round.save(update_fields=["key_confirmed_by", "key_confirmed_at", "key_confirmed_digest"])
        record_audit(actor=actor, verb="round.confirm_key", object=round)


def schedule_round(*, round: Round, actor: User) -> Round:
    """Freeze the round's content, publish the commitment to its key and put it on the calendar.

    Raises Refused with everything that is missing; then nothing has been written.
    """
    with transaction.atomic():
        round = Round.objects.select_for_update().select_related("contest").get(pk=round.pk)
        if round.state != RoundState.DRAFT:
            raise Refused(_("Tuần thi đã được lên lịch."))
        missing = missing_for_schedule(round)
        if missing:
            raise Refused(*missing)
        freeze_content(round, salt=secrets.token_hex(32), secret=secrets.token_bytes(32))
        round.state, round.scheduled_at = RoundState.SCHEDULED, server_now()
        round.save()
        copy_units(round)
        record_audit(actor=actor, verb="round.schedule", object=round, after={"commitment": round.commitment})
    return round
