"""An attempt's question sheet as its pages show it: in the attempt's own order, with what is stored."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.clock import iso
from contest.attempt_key import AttemptKey, sign_key
from contest.models import Attempt, Round, RoundQuestion
from contest.paper import Paper, mask_to_positions
from contest.ranking import key_of
from contest.services.attempts import shown_prediction
from contest.templatetags.portal import number


@dataclass(frozen=True, slots=True)
class ShownChoice:
    position: int
    text: str
    chosen: bool
    right: bool | None = None  # None: not released


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    position: int
    text: str
    multiple: bool
    choices: list[ShownChoice]
    sequence: int
    outcome: str = ""  # right, wrong, blank, credited, void; "" while not released
    explanation: str = ""
    legal_source: str = ""

    @property
    def chosen(self) -> list[int]:
        return [choice.position for choice in self.choices if choice.chosen]

    @property
    def answered(self) -> bool:
        return any(choice.chosen for choice in self.choices)


def shown_questions(attempt: Attempt, paper: Paper) -> list[ShownQuestion]:
    """The questions with the stored answers, and nothing about what is right."""
    return [
        _shown(attempt, paper, position, index)
        for position, index in enumerate(paper.question_order(attempt.pk), start=1)
    ]


def _shown(attempt: Attempt, paper: Paper, position: int, index: int, *, key: Any = None, **more: str) -> ShownQuestion:
    question, order = paper.questions[index], paper.choice_order(attempt.pk, index)
    chosen = mask_to_positions(attempt.answers[index], order)
    rule = None if key is None else key.rules[index]
    choices = [
        ShownChoice(
            place,
            question["choices"][canonical]["text"],
            place in chosen,
            bool(rule >> canonical & 1) if isinstance(rule, int) else None,
        )
        for place, canonical in enumerate(order, start=1)
    ]
    return ShownQuestion(position, question["text"], question["multiple"], choices, attempt.sequences[index], **more)


def graded_questions(attempt: Attempt, paper: Paper, round: Round) -> list[ShownQuestion]:
    """The questions with outcome, right choices, explanation and source. Only for released answers. One query."""
    key = key_of(round)
    sources = {
        place.code: place.question for place in RoundQuestion.objects.filter(round=round).select_related("question")
    }
    graded = []
    for position, index in enumerate(paper.question_order(attempt.pk), start=1):
        question = sources.get(paper.questions[index]["code"])
        graded.append(
            _shown(
                attempt,
                paper,
                position,
                index,
                key=key,
                outcome=key.outcome(index, attempt.answers[index]),
                explanation=question.explanation if question else "",
                legal_source=question.legal_source if question else "",
            )
        )
    return graded


def page_config(attempt: Attempt, paper: Paper, questions: list[ShownQuestion], url: str) -> dict[str, Any]:
    """What the quiz client needs to know: the key, the times and what the server holds."""
    return {
        "attempt_id": str(attempt.pk),
        "attempt_key": sign_key(AttemptKey(attempt.pk, attempt.round_id, attempt.nonce)),
        "api_base": "/api/v1/",
        "attempt_url": url,
        "deadline": iso(attempt.deadline),
        "grace_seconds": paper.grace_seconds,
        "server_time": iso(attempt.server_time),
        "questions": [
            {"position": q.position, "multiple": q.multiple, "sequence": q.sequence, "choices": q.chosen}
            for q in questions
        ],
        "prediction": {
            **paper.rules["prediction"],
            "value": shown_prediction(attempt.prediction, paper),
            "sequence": attempt.prediction_sequence,
        },
    }


def prediction_question(paper: Paper) -> str:
    """The prediction question of this round, as asked."""
    return {
        "perfect_people": _("Theo bạn, tuần thi này có bao nhiêu người trả lời đúng tất cả %(count)s câu hỏi?"),
        "participants": _("Theo bạn, tuần thi này có bao nhiêu người tham gia dự thi?"),
        "entries": _("Theo bạn, tuần thi này có bao nhiêu lượt dự thi?"),
        "perfect_percent": _(
            "Theo bạn, trong tuần thi này có bao nhiêu phần trăm người dự thi trả lời đúng tất cả %(count)s câu hỏi?"
        ),
    }[paper.rules["prediction"]["asks"]] % {"count": paper.size}


def prediction_unit(rules: dict[str, Any]) -> str:
    return {
        "perfect_people": _("người"),
        "participants": _("người"),
        "entries": _("lượt"),
        "perfect_percent": "%",
    }[rules["prediction"]["asks"]]


def prediction_text(attempt: Attempt, paper: Paper) -> str:
    """The stored prediction as people write it: "1.234" or "22,88"; empty when there is none."""
    return number(shown_prediction(attempt.prediction, paper))
