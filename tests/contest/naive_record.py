"""A contest round's result and record, worked out the slow and obvious way, from plain Python data.

This is the twin against which both the portal's ranking and the record's verifier are tested, so it shares
no code with either. Times are aware datetimes, predictions and the target are Decimals, answers are texts
like "AC" ("" for a blank). `entry` and `person` may be any texts that sort as they should, unless a record
is written. The rules are those that are printed with the record.
"""

import csv
import hashlib
import io
import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor, inf
from pathlib import Path
from typing import Any

OPENS = datetime(2023, 6, 4, 17, tzinfo=UTC)  # Monday 00:00 in Vietnam
CLOSES = OPENS + timedelta(days=7)
DEFAULT_CHAIN = ("score:desc", "prediction_error:asc", "submitted_at:asc")


@dataclass(frozen=True)
class Attempt:
    entry: str
    person: str
    answers: tuple[str, ...]
    prediction: Decimal | None = None
    started_at: datetime = OPENS
    submitted_at: datetime = OPENS
    ended: str = "submitted"
    number: int = 1
    eligible: bool = True
    block: str = ""
    unit_code: str = ""


@dataclass(frozen=True)
class Question:
    code: str
    options: str = "ABCD"
    multiple: bool = False


@dataclass(frozen=True)
class Change:
    """A key change: `to` is the new options as a text, "credited" or "void"."""

    question: str
    to: str
    decided_at: datetime = CLOSES


@dataclass(frozen=True)
class Round:
    """Everything that the result follows from. `key` is the key at opening, {question code: options}."""

    questions: Sequence[Question]
    key: Mapping[str, str]
    attempts: Sequence[Attempt]
    changes: Sequence[Change] = ()
    allowed: int | None = 1
    counts: str = "best"
    time_limit: timedelta | None = timedelta(minutes=30)
    asks: str = "perfect_people"
    decimals: int = 0
    prediction_required: bool = False
    tie_chain: Sequence[str] = DEFAULT_CHAIN
    prize_if_nobody_perfect: bool = True
    prizes: Sequence[tuple[str, int]] = (("first", 1), ("second", 2), ("third", 3), ("consolation", 5))
    blocks: Sequence[str] = ()
    excluded: frozenset[str] = frozenset()
    draws: Sequence[Sequence[str]] = ()
    opens_at: datetime = OPENS
    closes_at: datetime = CLOSES
    edition: str = "public"
    state: str = "published"
    salt: str = "5a" * 32


@dataclass(frozen=True)
class Result:
    scores: dict[str, int]
    counted: set[str]
    counts: dict[str, int]
    target: Decimal
    ranks: dict[str, int]
    prizes: dict[str, str]
    open_ties: list[set[str]] = field(default_factory=list)


def final_key(key: Mapping[str, str], changes: Iterable[Change]) -> dict[str, str]:
    """The key after all changes; later ones win."""
    return {**key, **{change.question: change.to for change in changes}}


def score_attempts(
    attempts: Iterable[Attempt], key: Mapping[str, str], changes: Iterable[Change] = ()
) -> dict[str, int]:
    """{entry: score}. `key` is in the order of the answers."""
    final = final_key(key, changes)
    return {
        attempt.entry: sum(
            right == "credited" or (right != "void" and set(chosen) == set(right))
            for chosen, right in zip(attempt.answers, final.values(), strict=True)
        )
        for attempt in attempts
    }


def pick_counted(attempts: Iterable[Attempt], scores: Mapping[str, int], counts: str) -> set[str]:
    """The entries that count, one per person, by the rule best, first or last."""
    by_person: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        by_person.setdefault(attempt.person, []).append(attempt)
    choose = {
        "best": lambda own: min(own, key=lambda a: (-scores[a.entry], a.submitted_at, a.entry)),
        "first": lambda own: min(own, key=lambda a: a.number),
        "last": lambda own: max(own, key=lambda a: a.number),
    }[counts]
    return {choose(own).entry for own in by_person.values()}


def totals(
    attempts: Iterable[Attempt], scores: Mapping[str, int], counted: set[str], full_score: int
) -> dict[str, int]:
    """The record's counts. `full_score` is the number of questions that are not void."""
    attempts = list(attempts)
    ranked = [a for a in attempts if a.entry in counted and a.eligible]
    return {
        "entries": len([a for a in attempts if a.eligible]),
        "people": len(ranked),
        "perfect_people": len([a for a in ranked if scores[a.entry] == full_score]),
        "zero": len([entry for entry in counted if scores[entry] == 0]),
    }


def target(counts: Mapping[str, int], asks: str, decimals: int = 0) -> Decimal:
    """What was to be predicted, a percentage with exactly `decimals` places."""
    if asks != "perfect_percent":
        return Decimal({"participants": counts["people"], **counts}[asks])
    if counts["people"] == 0:
        return Decimal(0)
    percent = Fraction(100 * counts["perfect_people"], counts["people"])
    return Decimal(floor(percent * 10**decimals + Fraction(1, 2))).scaleb(-decimals)


def rank(
    attempts: Iterable[Attempt],
    scores: Mapping[str, int],
    counted: set[str],
    target: Decimal,
    tie_chain: Sequence[str] = DEFAULT_CHAIN,
) -> dict[str, int]:
    """{entry: rank} of counted and eligible attempts: 1 + how many of the same block are better."""

    def worth(attempt: Attempt) -> tuple[Any, ...]:
        guess = attempt.prediction
        values = {
            "score:desc": -scores[attempt.entry],
            "prediction_error:asc": inf if guess is None else abs(guess - target),
            "prediction_over:asc": 1 if guess is None or guess > target else 0,
            "duration:asc": attempt.submitted_at - attempt.started_at,
            "submitted_at:asc": attempt.submitted_at,
        }
        return tuple(values[item] for item in tie_chain)

    ranked = [a for a in attempts if a.entry in counted and a.eligible]
    ranks = {}
    for block in {a.block for a in ranked}:
        worths = sorted(worth(a) for a in ranked if a.block == block)
        ranks.update({a.entry: 1 + bisect_left(worths, worth(a)) for a in ranked if a.block == block})
    return ranks


def give_prizes(
    attempts: Iterable[Attempt],
    ranks: Mapping[str, int],
    prizes: Sequence[tuple[str, int]],
    excluded: Iterable[str] = (),
    draws: Sequence[Sequence[str]] = (),
) -> tuple[dict[str, str], list[set[str]]]:
    """({entry: prize}, ties that must be drawn before the round can be final).

    Each block has all the prizes. A tie that waits for its draw keeps its seats free.
    """
    seats = [name for name, count in prizes for _ in range(count)]
    given: dict[str, str] = {}
    open_ties: list[set[str]] = []
    queues: dict[str, dict[int, set[str]]] = {}
    for attempt in attempts:
        if attempt.entry in ranks and attempt.person not in set(excluded):
            queue = queues.setdefault(attempt.block, {})
            queue.setdefault(ranks[attempt.entry], set()).add(attempt.entry)
    for queue in queues.values():
        free = list(seats)
        for _, tied in sorted(queue.items()):
            theirs, free = free[: len(tied)], free[len(tied) :]
            theirs += [""] * (len(tied) - len(theirs))
            orders = [[entry for entry in draw if entry in tied] for draw in draws if tied <= set(draw)]
            if len(set(theirs)) == 1:
                given.update(dict.fromkeys(tied, theirs[0]))
            elif orders:
                given.update(zip(orders[0], theirs, strict=True))
            else:
                open_ties.append(tied)
    return {entry: prize for entry, prize in given.items() if prize}, open_ties


def work_out(round_: Round) -> Result:
    """The whole result of a round."""
    attempts = round_.attempts
    scores = score_attempts(attempts, round_.key, round_.changes)
    counted = pick_counted(attempts, scores, round_.counts)
    full_score = len([to for to in final_key(round_.key, round_.changes).values() if to != "void"])
    counts = totals(attempts, scores, counted, full_score)
    aim = target(counts, round_.asks, round_.decimals)
    ranks = rank(attempts, scores, counted, aim, round_.tie_chain)
    prizes: dict[str, str] = {}
    open_ties: list[set[str]] = []
    if round_.prize_if_nobody_perfect or counts["perfect_people"]:
        prizes, open_ties = give_prizes(attempts, ranks, round_.prizes, round_.excluded, round_.draws)
    return Result(scores, counted, counts, aim, ranks, prizes, open_ties)


# The record's files


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def csv_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def receipt(attempt: Attempt) -> str:
    guess = "" if attempt.prediction is None else str(attempt.prediction)
    return sha256(",".join([attempt.entry, stamp(attempt.submitted_at), *attempt.answers, guess]).encode())


def entries_csv(round_: Round, result: Result) -> bytes:
    codes = [question.code for question in round_.questions]
    before = [
        "entry",
        "person",
        "unit_code",
        "block",
        "eligible",
        "number",
        "started_at",
        "submitted_at",
        "ended",
    ]
    rows = [[*before, *codes, "prediction", "score", "counted", "receipt"]]
    for attempt in sorted(round_.attempts, key=lambda a: a.entry):
        rows.append(
            [
                attempt.entry,
                attempt.person,
                attempt.unit_code if round_.edition == "full" else "",
                attempt.block,
                "1" if attempt.eligible else "0",
                str(attempt.number),
                stamp(attempt.started_at),
                stamp(attempt.submitted_at),
                attempt.ended,
                *attempt.answers,
                "" if attempt.prediction is None else str(attempt.prediction),
                str(result.scores[attempt.entry]),
                "1" if attempt.entry in result.counted else "0",
                receipt(attempt),
            ]
        )
    return csv_bytes(rows)


def standings_csv(round_: Round, result: Result) -> bytes:
    rows = [["rank", "entry", "person", "block", "score", "prediction_error", "prize"]]
    ranked = [a for a in round_.attempts if a.entry in result.ranks]
    for attempt in sorted(ranked, key=lambda a: (a.block, result.ranks[a.entry], a.entry)):
        guess, prize = attempt.prediction, result.prizes.get(attempt.entry, "")
        error = "" if guess is None else str(abs(guess - result.target))
        place, score = str(result.ranks[attempt.entry]), str(result.scores[attempt.entry])
        rows.append([place, attempt.entry, attempt.person, attempt.block, score, error, prize])
    return csv_bytes(rows)


def question_data(question: Question) -> dict[str, Any]:
    choices = [{"code": letter, "text": f"Phương án {letter}"} for letter in question.options]
    text = f"Câu hỏi {question.code}?"
    return {"code": question.code, "text": text, "multiple": question.multiple, "choices": choices}


def commitment(questions: list[dict[str, Any]], key: dict[str, list[str]], salt: str) -> str:
    committed = {"key": key, "questions": questions, "salt": salt}
    text = json.dumps(committed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode())


def record_data(round_: Round, result: Result, entries: bytes, standings: bytes) -> dict[str, Any]:
    """The value of record.json."""
    questions = [question_data(question) for question in round_.questions]
    key = {code: list(options) for code, options in round_.key.items()}
    limit = round_.time_limit
    return {
        "format": 1,
        "edition": round_.edition,
        "contest": {"slug": "cchc-2023", "title": "Tìm hiểu cải cách hành chính"},
        "round": {
            "id": 7,
            "number": 1,
            "title": "Tuần 1",
            "opens_at": stamp(round_.opens_at),
            "closes_at": stamp(round_.closes_at),
            "grace_seconds": 5,
            "state": round_.state,
        },
        "version": 1,
        "rules": {
            "attempts": round_.allowed,
            "counts": round_.counts,
            "time_limit_seconds": None if limit is None else limit // timedelta(seconds=1),
            "prediction": {
                "asks": round_.asks,
                "decimals": round_.decimals,
                "required": round_.prediction_required,
            },
            "tie_chain": list(round_.tie_chain),
            "prize_if_nobody_perfect": round_.prize_if_nobody_perfect,
            "wins": "once" if round_.excluded else "many",
        },
        "prizes": [{"name": name, "count": count} for name, count in round_.prizes],
        "blocks": list(round_.blocks),
        "questions": questions,
        "key_at_opening": key,
        "key_changes": [
            {
                "question": change.question,
                "to": change.to if change.to in ("credited", "void") else list(change.to),
                "decided_at": stamp(change.decided_at),
                "reason": "Đáp án sai",
            }
            for change in round_.changes
        ],
        "salt": round_.salt,
        "commitment": commitment(questions, key, round_.salt),
        "prediction_target": str(result.target),
        "prize_excluded": sorted(round_.excluded),
        "draws": [list(draw) for draw in round_.draws],
        "counts": result.counts,
        "files": {"entries.csv": sha256(entries), "standings.csv": sha256(standings)},
        "result_hash": sha256(standings),
    }


def write_record(directory: Path, round_: Round) -> dict[str, Any]:
    """Writes record.json, entries.csv and standings.csv; returns the value of record.json."""
    result = work_out(round_)
    entries, standings = entries_csv(round_, result), standings_csv(round_, result)
    record = record_data(round_, result, entries, standings)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "entries.csv").write_bytes(entries)
    (directory / "standings.csv").write_bytes(standings)
    text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
    (directory / "record.json").write_bytes(text.encode())
    return record
