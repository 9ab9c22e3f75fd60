"""Writing a round's record: record.json, entries.csv and standings.csv, as docs/record.md describes them.

The public edition names nobody and no unit; the full edition adds unit codes for organisers and auditors.
Rows are streamed, so that a record of two million entries takes no more memory than one of twenty.
"""

import csv
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.db import connection, transaction

from accounts.clock import iso
from contest.models import Draw, Round
from contest.models.round import RESULT_STATES
from contest.paper import Paper, compile_paper
from contest.ranking import counted_sql, key_of, score_sql
from contest.record_format import receipt_of
from contest.scoring import number_text

FILES = ("record.json", "entries.csv", "standings.csv")
RULE_NAMES = (
    "attempts",
    "counts",
    "time_limit_seconds",
    "prediction",
    "tie_chain",
    "prize_if_nobody_perfect",
    "wins",
)
BATCH = 2000


class NoRecord(Exception):
    """The round has no result yet, so there is nothing to record."""


def write_record(round: Round, directory: Path, *, full: bool = False) -> str:
    """Write the three files into `directory` and return the result hash. Raises NoRecord.

    One snapshot of the database; a file appears whole or not at all, record.json last.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        round = Round.objects.select_related("contest").get(pk=round.pk)
        if round.state not in RESULT_STATES:
            raise NoRecord(round.pk)
        paper = compile_paper(round)
        hashes = {
            "entries.csv": _write_csv(directory / "entries.csv", _entry_rows(round, paper, full=full)),
            "standings.csv": _write_csv(directory / "standings.csv", _standing_rows(round, paper)),
        }
        head = _head(round, paper, hashes, full=full)
    _write_json(directory / "record.json", head)
    return hashes["standings.csv"]


# --- The public edition, kept ready for download -----------------------------------------------------


def public_record_directory(round: Round) -> Path:
    """Where the public record of the round's present version, state and result is kept.

    The result is part of the name: after a database has been restored, the same version may be another one.
    """
    return settings.RECORD_DIR / f"round-{round.pk}-v{round.version}-{round.state}-{round.result_hash[:16]}"


def public_record_file(round: Round, name: str) -> Path | None:
    """A file of the published round's public record, or None while it is still being written."""
    if not round.is_published or name not in FILES:
        return None
    path = public_record_directory(round) / name
    return path if path.is_file() else None


def build_public_record(round: Round) -> str | None:
    """Write the published round's public record if it is not there yet, and keep its result hash.

    Returns the hash, or None while another process is writing it: the sweep comes again before that is done.
    """
    if round.result_hash and (public_record_directory(round) / "record.json").is_file():
        return round.result_hash
    settings.RECORD_DIR.mkdir(parents=True, exist_ok=True)
    with sole_builder(round) as is_sole:
        if not is_sole:
            return None
        working = Path(tempfile.mkdtemp(prefix="building-", dir=settings.RECORD_DIR))
        try:
            round.result_hash = write_record(round, working)
            working.chmod(0o755)
            directory = public_record_directory(round)
            if not directory.exists():
                os.rename(working, directory)
        finally:
            shutil.rmtree(working, ignore_errors=True)
        Round.objects.filter(pk=round.pk, version=round.version).update(result_hash=round.result_hash)
    return round.result_hash


@contextmanager
def sole_builder(round: Round) -> Iterator[bool]:
    """Whether this is the one process at the round's record. The lock ends with its process, however that ends."""
    with (settings.RECORD_DIR / f".round-{round.pk}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


# --- record.json ------------------------------------------------------------------------------------


def _head(round: Round, paper: Paper, hashes: dict[str, str], *, full: bool) -> dict[str, Any]:
    rules = round.rules
    return {
        "format": 1,
        "edition": "full" if full else "public",
        "contest": {"slug": round.contest.slug, "title": round.contest.title},
        "round": {
            "id": round.pk,
            "number": round.number,
            "title": round.title,
            "opens_at": iso(round.opens_at),
            "closes_at": iso(round.closes_at),
            "grace_seconds": round.grace_seconds,
            "state": round.state,
        },
        "version": round.version,
        "rules": {name: rules[name] for name in RULE_NAMES},
        "prizes": [{"name": prize.code, "count": prize.count} for prize in round.prizes.order_by("position")],
        "blocks": list(round.blocks),
        "questions": list(paper.questions),
        "key_at_opening": round.key_at_opening,
        "key_changes": [],
        "salt": round.salt,
        "commitment": round.commitment,
        "prediction_target": target_text(round),
        "prize_excluded": sorted(paper.person_of(user_id) for user_id in round.prize_excluded),
        "draws": list(Draw.objects.filter(round=round).values_list("entries", flat=True)),
        "counts": {
            "entries": round.entries,
            "people": round.people,
            "perfect_people": round.perfect_people,
            "zero": round.zero,
        },
        "files": hashes,
        "result_hash": hashes["standings.csv"],
    }


def target_text(round: Round) -> str:
    """The prediction target as the record writes it; a percentage of nobody is plainly "0"."""
    rule = round.rules["prediction"]
    if rule["asks"] == "perfect_percent" and not round.people:
        return "0"
    return number_text(round.prediction_target, rule["decimals"])


def _write_json(path: Path, value: dict[str, Any]) -> None:
    with _WholeFile(path) as file:
        json.dump(value, file, ensure_ascii=False, indent=2)
        file.write("\n")


# --- The tables -------------------------------------------------------------------------------------


def _entry_rows(round: Round, paper: Paper, *, full: bool) -> Iterator[list[Any]]:
    yield [
        "entry",
        "person",
        "unit_code",
        "block",
        "eligible",
        "number",
        "started_at",
        "submitted_at",
        "ended",
        *(question["code"] for question in paper.questions),
        "prediction",
        "score",
        "counted",
        "receipt",
    ]
    counted = "true" if round.rules["attempts"] == 1 else f"a.id IN (SELECT id FROM ({counted_sql(round)}) c)"
    decimals = round.rules["prediction"]["decimals"]
    rows = _stream(
        f"""SELECT a.entry, a.user_id, u.code, a.block, a.eligible, a.number, a.started_at, a.submitted_at,
            a.state, a.answers, a.prediction, {score_sql(key_of(round))}, {counted}
            FROM contest_attempt a LEFT JOIN accounts_unit u ON u.id = a.unit_id
            WHERE a.round_id = {round.pk} AND a.state IN ('submitted', 'cut_off')
            ORDER BY a.entry COLLATE "C" """
    )
    for (
        entry,
        user,
        unit,
        block,
        eligible,
        number,
        started,
        submitted,
        ended,
        answers,
        guess,
        score,
        counts,
    ) in rows:
        chosen, prediction, submitted_at = (
            paper.chosen_codes(answers),
            number_text(guess, decimals),
            iso(submitted),
        )
        yield [
            entry,
            paper.person_of(user),
            unit or "" if full else "",
            block,
            int(eligible),
            number,
            iso(started),
            submitted_at,
            ended,
            *chosen,
            prediction,
            score,
            int(counts),
            receipt_of(entry, submitted_at, chosen, prediction),
        ]


def _standing_rows(round: Round, paper: Paper) -> Iterator[list[Any]]:
    yield ["rank", "entry", "person", "block", "score", "prediction_error", "prize"]
    decimals = round.rules["prediction"]["decimals"]
    rows = _stream(
        f"""SELECT s.rank, a.entry, a.user_id, s.block, s.score, s.prediction_error, coalesce(p.code, '')
            FROM contest_standing s JOIN contest_attempt a ON a.id = s.attempt_id
            LEFT JOIN contest_prize p ON p.id = s.prize_id
            WHERE s.round_id = {round.pk} ORDER BY s.position"""
    )
    for rank, entry, user, block, score, error, prize in rows:
        yield [rank, entry, paper.person_of(user), block, score, number_text(error, decimals), prize]


def _stream(sql: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, read from a cursor on the server in batches. Needs a transaction."""
    connection.ensure_connection()
    with connection.connection.cursor(name="record") as cursor:
        cursor.itersize = BATCH
        cursor.execute(sql)
        yield from cursor


def _write_csv(path: Path, rows: Iterable[list[Any]]) -> str:
    """Write `rows` as RFC 4180 with LF; returns the file's SHA-256."""
    with _WholeFile(path) as file:
        hashing = _Hashing(file)
        csv.writer(hashing, lineterminator="\n").writerows(rows)
    return hashing.sha256.hexdigest()


class _Hashing:
    """A text file that also hashes what is written to it."""

    def __init__(self, file: TextIO):
        self.file, self.sha256 = file, hashlib.sha256()

    def write(self, text: str) -> int:
        self.sha256.update(text.encode())
        return self.file.write(text)


class _WholeFile:
    """A text file that takes its name only when it is complete."""

    def __init__(self, path: Path):
        self.path, self.partial = path, path.with_name(f".{path.name}.partial")

    def __enter__(self) -> TextIO:
        self.file = self.partial.open("w", encoding="utf-8", newline="")
        return self.file

    def __exit__(self, error_type: Any, error: Any, traceback: Any) -> None:
        self.file.close()
        if error_type is None:
            os.replace(self.partial, self.path)
        else:
            self.partial.unlink(missing_ok=True)
