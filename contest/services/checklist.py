"""What a draft still lacks before it can be scheduled, and what deserves a second look."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.clock import server_now
from contest.models import Question, Round, RoundQuestion
from contest.models.round import PUBLIC_RESULT_STATES, RoundState
from contest.rules import cautions_of, faults_of, settings_of
from contest.services.content import key_digest, last_day_of, places_of, units_taking_part


def missing_for_schedule(round: Round) -> list[str]:
    """What must still be done before the round can be scheduled, as sentences; empty when complete."""
    places = places_of(round)
    missing = missing_in_rules(round) + missing_in_questions(round, places)
    if places and round.key_confirmed_digest != key_digest(round, places):
        missing.append(_("Đáp án chưa được một thành viên Ban Tổ chức thứ hai xác nhận."))
    if not round.is_practice and not round.prizes.exists():
        missing.append(_("Chưa có cơ cấu giải thưởng."))
    missing += missing_in_secrecy(round) + missing_in_time(round, server_now())
    missing += [] if round.is_practice else missing_in_units(round)
    return missing


def missing_in_rules(round: Round) -> list[str]:
    return [_("Thể lệ: %(fault)s") % {"fault": fault.message} for fault in faults_of(settings_of(round.contest))]


def missing_in_secrecy(round: Round) -> list[str]:
    """Questions whose key a practice round gives away: it shows right answers to whoever has ended an attempt."""
    elsewhere = RoundQuestion.objects.filter(question__round_questions__round=round).exclude(round=round)
    if round.is_practice:
        elsewhere = elsewhere.filter(round__is_practice=False).exclude(round__state__in=PUBLIC_RESULT_STATES)
        text = _("Câu %(bank)s còn phải giữ kín cho %(other)s: thi thử sẽ làm lộ đáp án.")
    else:
        elsewhere = elsewhere.filter(round__is_practice=True, round__scheduled_at__isnull=False)
        text = _("Câu %(bank)s đã dùng ở %(other)s nên đáp án không còn kín.")
    names = elsewhere.order_by("question__code", "round_id").values_list("question__code", "round__title")
    return [text % {"bank": code, "other": title} for code, title in names]


def missing_in_time(round: Round, now: datetime) -> list[str]:
    if round.closes_at <= round.opens_at:
        return [_("Thời điểm đóng phải ở sau thời điểm mở.")]
    if round.opens_at <= now:
        return [_("Thời điểm mở phải ở sau thời điểm hiện tại.")]
    return []


def missing_in_questions(round: Round, places: Sequence[RoundQuestion]) -> list[str]:
    """Faults of the number of questions, of their texts taken together, and of each of them."""
    wanted, missing = round.contest.questions_per_round, []
    if len(places) != wanted:
        missing.append(
            _("Cần đúng %(wanted)s câu hỏi, hiện có %(present)s câu.") % {"wanted": wanted, "present": len(places)}
        )
    missing += _doubled_texts(places)
    for place in places:
        missing += [
            _("Câu %(code)s (%(bank)s): %(fault)s") % {"code": place.code, "bank": place.question.code, "fault": fault}
            for fault in faults_of_question(place.question, round)
        ]
    return missing


def _doubled_texts(places: Sequence[RoundQuestion]) -> list[str]:
    texts = [_as_read(place.question.text) for place in places]
    doubled = [text for text, number in Counter(texts).items() if number > 1]
    return [
        _("Các câu %(codes)s có nội dung giống nhau.")
        % {"codes": ", ".join(place.code for place, text in zip(places, texts, strict=True) if text == same)}
        for same in doubled
    ]


def faults_of_question(question: Question, round: Round) -> list[str]:
    """Why the question cannot be asked in this round. Reads its choices, which should be prefetched."""
    faults, choices = [], list(question.choices.all())
    if question.effective_until and question.effective_until < last_day_of(round):
        faults.append(
            _("hết hiệu lực ngày %(day)s, trước khi tuần thi kết thúc.")
            % {"day": f"{question.effective_until:%d/%m/%Y}"}
        )
    if len(question.correct) > round.contest.max_correct:
        faults.append(
            _("có %(number)s đáp án đúng, thể lệ chỉ cho phép %(allowed)s.")
            % {"number": len(question.correct), "allowed": round.contest.max_correct}
        )
    if len(choices) < 2:
        faults.append(_("phải có ít nhất hai phương án."))
    if not set(question.correct) <= {choice.code for choice in choices}:
        faults.append(_("đáp án không nằm trong các phương án."))
    if len({_as_read(choice.text) for choice in choices}) < len(choices):
        faults.append(_("có hai phương án giống nhau."))
    return faults


def _as_read(text: str) -> str:
    """What a reader takes for the same text: case and spacing apart, but every diacritic counts."""
    return " ".join(text.split()).casefold()


def missing_in_units(round: Round) -> list[str]:
    units = list(units_taking_part(round).only("name", "headcount").order_by("sort_key"))
    if not units:
        return [_("Chưa có đơn vị nào tham gia: hãy nhập danh sách đơn vị và nhân sự.")]
    without = [unit.name for unit in units if unit.headcount is None]
    if not without:
        return []
    names = ", ".join(without[:5]) + ("…" if len(without) > 5 else "")
    return [_("%(count)s đơn vị chưa có biên chế: %(names)s.") % {"count": len(without), "names": names}]


def cautions_for_schedule(round: Round) -> list[str]:
    """What does not stop the round from being scheduled and yet is often a slip, as sentences."""
    contest, cautions = round.contest, []
    if not contest.is_public:
        cautions.append(_("Hội thi đang ẩn: người dự thi chưa nhìn thấy tuần thi này."))
    overlapping = (
        contest.rounds.counted()
        .exclude(pk=round.pk)
        .exclude(state=RoundState.DRAFT)
        .filter(opens_at__lt=round.closes_at, closes_at__gt=round.opens_at)
    )
    if not round.is_practice:
        cautions += [_("Thời gian trùng với %(other)s.") % {"other": other} for other in overlapping]
    unsourced = [place.code for place in places_of(round) if not place.question.legal_source]
    if unsourced:
        cautions.append(_("Chưa ghi căn cứ pháp lý: %(codes)s.") % {"codes": ", ".join(unsourced)})
    reused = (
        contest.rounds.counted()
        .exclude(pk=round.pk)
        .filter(round_questions__question__round_questions__round=round)
        .distinct()
    )
    cautions += (
        [] if round.is_practice else [_("Có câu hỏi đã dùng ở %(other)s.") % {"other": other} for other in reused]
    )
    return cautions + cautions_of(settings_of(contest))
