"""What the API tells of rounds and attempts, as plain values ready for JSON."""

from datetime import datetime
from typing import Any

from accounts.clock import iso
from contest.attempt_key import AttemptKey, sign_key
from contest.models import Attempt, Round
from contest.paper import Paper, compile_paper, mask_to_positions
from contest.ranking import key_of
from contest.services.attempts import shown_prediction, submission_of


def round_payload(round: Round, mine: list[Attempt], now: datetime) -> dict[str, Any]:
    """A round in the caller's list; `mine` are the caller's attempts at it."""
    running = next((a for a in mine if a.state == "in_progress" and not a.is_overdue(now)), None)
    return {
        "id": round.pk,
        "contest": round.contest.slug,
        "number": round.number,
        "title": round.title,
        "state": round.state_at(now),
        "opens_at": iso(round.opens_at),
        "closes_at": iso(round.closes_at),
        "server_time": iso(now),
        "commitment": round.commitment,
        "attempts_allowed": round.rules["attempts"],
        "attempts_used": len(mine),
        "attempt_in_progress": str(running.pk) if running else None,
    }


def attempt_payload(attempt: Attempt, now: datetime) -> dict[str, Any]:
    """An attempt as it was started: its questions in its own order with what the server holds."""
    paper = compile_paper(attempt.round)
    return {
        "id": str(attempt.pk),
        "round": attempt.round_id,
        "number": attempt.number,
        "state": attempt.state,
        "started_at": iso(attempt.started_at),
        "deadline": iso(attempt.deadline),
        "grace_seconds": attempt.round.grace_seconds,
        "server_time": iso(now),
        "questions": _questions(attempt, paper),
        "prediction": {
            **paper.rules["prediction"],
            "value": shown_prediction(attempt.prediction, paper),
            "sequence": attempt.prediction_sequence,
        },
    }


def started_payload(attempt: Attempt, now: datetime) -> dict[str, Any]:
    """The answer to a start: with the attempt key."""
    key = sign_key(AttemptKey(attempt.pk, attempt.round_id, attempt.nonce))
    return attempt_payload(attempt, now) | {"attempt_key": key}


def attempt_result_payload(attempt: Attempt, now: datetime) -> dict[str, Any]:
    """An attempt as its owner reads it later: receipt, and what the rules have released."""
    submission = submission_of(attempt)
    return attempt_payload(attempt, now) | {
        "submitted_at": iso(submission.submitted_at) if submission else None,
        "entry": submission.entry if submission else None,
        "receipt": submission.receipt if submission else None,
        "score": key_of(attempt.round).score(attempt.answers) if attempt.shows_score() else None,
        "correct": correct_answers(attempt) if attempt.shows_answers() else None,
    }


def correct_answers(attempt: Attempt) -> list[dict[str, Any]]:
    """Per shown position: the right choices as shown in this attempt, and what became of the answer."""
    paper, key = compile_paper(attempt.round), key_of(attempt.round)
    correct = []
    for position, index in enumerate(paper.question_order(attempt.pk), start=1):
        rule = key.rules[index]
        order = paper.choice_order(attempt.pk, index)
        correct.append(
            {
                "position": position,
                "choices": [] if isinstance(rule, str) else mask_to_positions(rule, order),
                "outcome": key.outcome(index, attempt.answers[index]),
            }
        )
    return correct


def _questions(attempt: Attempt, paper: Paper) -> list[dict[str, Any]]:
    questions = []
    for position, index in enumerate(paper.question_order(attempt.pk), start=1):
        question, order = paper.questions[index], paper.choice_order(attempt.pk, index)
        questions.append(
            {
                "position": position,
                "text": question["text"],
                "multiple": question["multiple"],
                "choices": [
                    {"position": place, "text": question["choices"][choice]["text"]}
                    for place, choice in enumerate(order, start=1)
                ],
                "answer": {
                    "choices": mask_to_positions(attempt.answers[index], order),
                    "sequence": attempt.sequences[index],
                },
            }
        )
    return questions
