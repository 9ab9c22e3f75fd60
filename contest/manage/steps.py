"""What an organiser has to do next about a round. Pure over rows already read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from contest.models import CloseExtension, Contest, Question, Round, RoundQuestion
from contest.models.round import RoundState
from contest.services.checklist import missing_in_questions
from contest.services.content import key_digest

HEAVY = ("paper", "key_at_opening", "salt", "secret", "rules", "fixed_order")


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do, in words, and the page where it is done. `kind` is that of a badge."""

    text: str
    url: str
    kind: str = "warn"


def with_what_steps_need(rounds: QuerySet[Round]) -> QuerySet[Round]:
    """Rounds with everything `next_step` reads. Five queries, however many rounds."""
    places = RoundQuestion.objects.filter(round__state=RoundState.DRAFT).select_related("question__bank")
    return rounds.defer(*HEAVY).prefetch_related(
        Prefetch("round_questions", places.prefetch_related("question__choices"), to_attr="places"),
        Prefetch("prizes", to_attr="prize_list"),
        Prefetch("close_extensions", CloseExtension.objects.filter(confirmed_at=None), to_attr="open_extensions"),
    )


def next_step(round: Round, now: datetime) -> Step | None:
    """The next thing to do about the round, or None when there is only waiting."""
    if round.state == RoundState.DRAFT:
        return _step_of_draft(round, now)
    if round.state == RoundState.SCHEDULED and now <= round.accepts_until:
        waiting = [extension for extension in round.open_extensions if extension.closes_at > round.closes_at]
        return Step(_("Xác nhận gia hạn"), _page("close", round), "danger") if waiting else None
    if round.is_practice:
        return None
    if round.state == RoundState.RANKED:
        return Step(_("Xem lại và công bố kết quả"), _page("", round))
    if round.state == RoundState.PUBLISHED:
        return Step(_("Bốc thăm nếu có người đồng hạng, rồi chốt kết quả"), _page("", round), "soon")
    return None


def _step_of_draft(round: Round, now: datetime) -> Step:
    wanted, places = round.contest.questions_per_round, round.places
    if len(places) != wanted:
        text = _("Chọn câu hỏi (%(present)s/%(wanted)s)") % {"present": len(places), "wanted": wanted}
        return Step(text, _page("questions", round))
    if missing_in_questions(round, places):
        return Step(_("Sửa hoặc thay câu hỏi chưa đạt"), _page("questions", round))
    if round.key_confirmed_digest != key_digest(round, places):
        return Step(_("Người thứ hai xác nhận đáp án"), _page("key", round))
    if not round.is_practice and not round.prize_list:
        return Step(_("Đặt cơ cấu giải thưởng"), _page("prizes", round))
    if round.opens_at <= now:
        return Step(_("Sửa thời gian mở"), _page("edit", round), "danger")
    return Step(_("Kiểm tra lần cuối và lên lịch"), _page("", round), "open")


def _page(name: str, round: Round) -> str:
    return reverse(f"manage-round-{name}" if name else "manage-round", args=[round.pk])


def steps_of(contest: Contest) -> list[Step]:
    """What is to be done for a contest whose `round_list` is marked with steps and states.

    One without any round may be of clips alone: no round is proposed.
    """
    steps = [] if contest.is_public else [Step(_("Công khai hội thi"), reverse("manage-contest", args=[contest.pk]))]
    steps += [
        Step(f"{round.title}: {round.step.text}", round.step.url, round.step.kind)
        for round in contest.round_list
        if round.step
    ]
    ahead = (RoundState.DRAFT, RoundState.SCHEDULED)
    is_ahead = any(round.state_now in ahead for round in contest.round_list if not round.is_practice)
    if contest.round_list and not is_ahead:
        steps.append(Step(_("Tạo tuần thi tiếp theo"), reverse("manage-round-create", args=[contest.pk]), "soon"))
    return steps


def uses_of(questions: Sequence[Question], contest_id: int) -> dict[int, list[str]]:
    """Titles of the contest's rounds that hold each question, by question id. One query."""
    uses: dict[int, list[str]] = {}
    places = RoundQuestion.objects.filter(question__in=questions, round__contest=contest_id)
    for question_id, title in places.order_by("round__number").values_list("question_id", "round__title"):
        uses.setdefault(question_id, []).append(title)
    return uses
