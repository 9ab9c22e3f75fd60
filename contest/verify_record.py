#!/usr/bin/env python3
"""Recompute the result of one contest round from its public record.

    python verify_record.py DIR [--receipt HEX]

DIR holds record.json, entries.csv and standings.csv. Only Python 3.9 or later is needed: no package, no
network, no part of the portal. Everything that can be computed is computed again and compared: file format,
file hashes, the key's commitment, receipts, scores, counted attempts, totals, prediction target, ranks,
prizes. The last line is "OK <result_hash>", or every difference is listed as "file:line: message" (line 1
of a CSV file is its header). Exit codes: 0 it agrees, 1 differences, 2 wrong usage. Remarks that are no
differences go to stderr. --receipt adds the row of entries.csv that has this receipt, under its header.

What this file cannot know: whether the commitment in record.json is the one published when the round was
scheduled, and whether the result_hash is the one announced. Compare those two by eye.

How the points that the record's description leaves open are read here:

- Texts: Q01, Q02, … in the order of `questions`; option codes are single letters A to Z. `decimals` is 0
  unless the prediction is a percentage. Numbers have no needless zeros. Unknown fields are differences.
- Target of a percentage when nobody took part: the text "0", without decimals.
- Times: started_at in [opens_at, closes_at), submitted_at from started_at to closes_at. An attempt that was
  cut off ends at min(started_at + time limit, closes_at) or, if it was extended, later, but never earlier.
  Extensions are not in the record, so attempts over the time limit are a remark on stderr, not a difference.
- A submitted row has a prediction if the rules require one. An unanswered question is no difference.
- A person has each attempt number once, none above `attempts`. Gaps are abandoned attempts.
- Eligibility and block are read row by row. People without a block rank, and get prizes, among themselves.
- "Nobody is perfect" looks at all blocks together, as the prediction target does.
- Prizes: people in prize_excluded do not use a prize up, and do not make a tie. An undrawn tie that crosses
  the end of a prize keeps the places that its people would take: nobody in it gets a prize yet, and whoever
  ranks below gets what a draw would leave. So recording the draw changes nobody else's prize. A tie that
  crosses the end of the last prize crosses too. A final round with such a tie is a difference.
- A draw orders one tie: entries of one block and rank, each once, nobody left out but people in
  prize_excluded. Anything else is a difference; a tie that no draw names in full counts as not drawn.
  Winning only once per contest shows only through prize_excluded.
- With every question void, everyone is perfect with a score of 0.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import operator
import os
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import accumulate, groupby, islice, zip_longest
from typing import Any, BinaryIO, NamedTuple, NoReturn, TextIO

RECORD, ENTRIES, STANDINGS = FILES = ("record.json", "entries.csv", "standings.csv")
SHOWN_PER_FILE = 500
RECORD_LIMIT = 64 * 2**20  # bytes; a record of a real round has some tens of kilobytes
LOCATED_LIMIT = 2**20  # characters up to which the line of a field of record.json is looked up
ROW_LIMIT = 2**20  # bytes of one CSV row; more is an unclosed quote or no CSV file at all
COLUMNS_BEFORE = [
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
COLUMNS_AFTER = ["prediction", "score", "counted", "receipt"]
STANDING_COLUMNS = ["rank", "entry", "person", "block", "score", "prediction_error", "prize"]
CHAIN_ITEMS = [
    "score:desc",
    "prediction_error:asc",
    "prediction_over:asc",
    "duration:asc",
    "submitted_at:asc",
]
ASKS = ("perfect_people", "participants", "entries", "perfect_percent")
LAST = 1 << 62  # sorts after every real prediction error

Note = Callable[[int, str], None]  # (line, message) -> None
Path = tuple[Any, ...]  # names and indexes that lead to a value of record.json
Tie = tuple[int, "list[Row]"]  # a rank and everyone who has it, by entry


class Unreadable(Exception):
    """The file cannot be used any further; the reason is already among the differences."""


class Row(NamedTuple):
    """What is kept of one row of entries.csv; times in microseconds, prediction as a scaled integer."""

    entry: str
    person: str
    block: str
    eligible: bool
    counted: bool  # as the file says
    number: int
    submitted: int
    duration: int
    score: int  # as recomputed
    prediction: int | None
    line: int


class Verdict(NamedTuple):
    differences: list[str]  # "file:line: message", at most SHOWN_PER_FILE for each file
    hidden: int  # differences beyond those
    result_hash: str
    receipt_row: str | None  # header and row as they stand in entries.csv
    notes: list[str]

    @property
    def ok(self) -> bool:
        return not self.differences


class Differences:
    def __init__(self) -> None:
        self.found: dict[str, list[tuple[int, str]]] = {name: [] for name in FILES}
        self.hidden = 0

    def is_full(self, file: str) -> bool:
        return len(self.found[file]) >= SHOWN_PER_FILE

    def add(self, file: str, line: int, message: str) -> None:
        if self.is_full(file):
            self.hidden += 1
        else:
            self.found[file].append((line, message))

    def about(self, file: str) -> Note:
        return lambda line, message: self.add(file, line, message)

    def lines(self) -> list[str]:
        """By file, then line; differences of one line in the order in which they were found."""
        return [
            f"{file}:{line}: {message}"
            for file in FILES
            for line, message in sorted(self.found[file], key=operator.itemgetter(0))
        ]


# Texts and numbers


def show(value: object) -> str:
    """A value for a message: control characters escaped, so that a file cannot write to the terminal."""
    try:
        text = repr(value)
    except RecursionError:
        return "a deeply nested value"
    return text if len(text) <= 80 else text[:77] + "..."


def canonical(value: object) -> bytes:
    """The bytes that are hashed for the commitment."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
MICROSECOND = timedelta(microseconds=1)


def instant(text: str) -> int | None:
    """Microseconds since 1970 of YYYY-MM-DDTHH:MM:SS.ffffffZ; None for anything else."""
    if not INSTANT.fullmatch(text):
        return None
    try:
        return (datetime.fromisoformat(text[:-1] + "+00:00") - EPOCH) // MICROSECOND
    except ValueError:
        return None


def known_instant(text: str) -> int:
    """The same for a text that was checked before."""
    moment = instant(text)
    if moment is None:
        raise ValueError(text)
    return moment


def in_places(scaled: int, places: int) -> str:
    """A scaled integer as decimal text: 2288, 2 places -> "22.88"."""
    if not places:
        return str(scaled)
    return f"{scaled // 10**places}.{scaled % 10**places:0{places}d}"


def percentage(part: int, whole: int, places: int) -> int:
    """100 * part / whole as an integer scaled by 10**places, half up."""
    scale = int(10**places)
    return (2 * 100 * part * scale + whole) // (2 * whole)


# record.json: reading and structure


class Leaf(NamedTuple):
    wanted: str
    accepts: Callable[[Any], bool]


def is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_text(value: object) -> bool:
    """A string that can stand in a UTF-8 file: no NUL, no half of a surrogate pair."""
    return isinstance(value, str) and "\0" not in value and not re.search("[\ud800-\udfff]", value)


def text_like(pattern: str, wanted: str) -> Leaf:
    return Leaf(wanted, lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None)


def one_of(*values: object) -> Leaf:
    wanted = " or ".join(json.dumps(value) for value in values)
    return Leaf(wanted, lambda value: any(type(value) is type(other) and value == other for other in values))


def integer_from(least: int) -> Leaf:
    return Leaf(f"an integer from {least}", lambda value: is_integer(value) and value >= least)


def or_null(leaf: Leaf) -> Leaf:
    return Leaf(f"{leaf.wanted}, or null", lambda value: value is None or leaf.accepts(value))


TEXT = Leaf("a text", is_text)
NAME = Leaf("a text that is not empty", lambda value: is_text(value) and value != "")
BOOLEAN = Leaf("true or false", lambda value: isinstance(value, bool))
HASH = text_like("[0-9a-f]{64}", "64 lower-case hexadecimal digits")
MOMENT = Leaf("a time YYYY-MM-DDTHH:MM:SS.ffffffZ", lambda v: isinstance(v, str) and instant(v) is not None)
ENTRY = text_like("E[0-9a-f]{20}", "E and 20 lower-case hexadecimal digits")
PERSON = text_like("P[0-9a-f]{20}", "P and 20 lower-case hexadecimal digits")
LETTER = text_like("[A-Z]", "one letter A to Z")
OPTIONS = Leaf(
    "a list of different options",
    lambda v: isinstance(v, list) and v != [] and all(map(LETTER.accepts, v)) and len(set(v)) == len(v),
)

SHAPE: dict[str, Any] = {
    "format": one_of(1),
    "edition": one_of("public", "full"),
    "contest": {"slug": TEXT, "title": TEXT},
    "round": {
        "id": integer_from(0),
        "number": integer_from(0),
        "title": TEXT,
        "opens_at": MOMENT,
        "closes_at": MOMENT,
        "grace_seconds": integer_from(0),
        "state": one_of("ranked", "published", "final"),
    },
    "version": integer_from(1),
    "rules": {
        "attempts": or_null(integer_from(1)),
        "counts": one_of("best", "first", "last"),
        "time_limit_seconds": or_null(integer_from(1)),
        "prediction": {
            "asks": one_of(*ASKS),
            "decimals": Leaf("an integer from 0 to 5", lambda v: is_integer(v) and 0 <= v <= 5),
            "required": BOOLEAN,
        },
        "tie_chain": [one_of(*CHAIN_ITEMS)],
        "prize_if_nobody_perfect": BOOLEAN,
        "wins": one_of("many", "once"),
    },
    "prizes": [{"name": NAME, "count": integer_from(0)}],
    "blocks": [NAME],
    "questions": [{"code": TEXT, "text": TEXT, "multiple": BOOLEAN, "choices": [{"code": LETTER, "text": TEXT}]}],
    "key_at_opening": Leaf("an object", lambda value: isinstance(value, dict)),
    "key_changes": [
        {
            "question": TEXT,
            "to": Leaf(
                'a list of different options, "credited" or "void"',
                lambda v: v in ("credited", "void") or OPTIONS.accepts(v),
            ),
            "decided_at": MOMENT,
            "reason": TEXT,
        }
    ],
    "salt": HASH,
    "commitment": HASH,
    "prediction_target": TEXT,
    "prize_excluded": [PERSON],
    "draws": [[ENTRY]],
    "counts": {name: integer_from(0) for name in ("entries", "people", "perfect_people", "zero")},
    "files": {ENTRIES: HASH, STANDINGS: HASH},
    "result_hash": HASH,
}


def misfits(value: Any, shape: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every place where a JSON value has not the shape: missing and unknown fields, wrong types."""
    if isinstance(shape, Leaf):
        if not shape.accepts(value):
            yield path, f"is {show(value)}, should be {shape.wanted}"
    elif not isinstance(value, type(shape)):
        yield path, f"is {show(value)}, should be {'an object' if isinstance(shape, dict) else 'a list'}"
    elif isinstance(shape, list):
        for index, item in enumerate(value):
            yield from misfits(item, shape[0], (*path, index))
    else:
        for name in sorted(shape.keys() - value.keys()):
            yield path, f"has no field {name}"
        for name in sorted(value.keys() - shape.keys()):
            yield path, f"has an unknown field {show(name)}"
        for name in shape.keys() & value.keys():
            yield from misfits(value[name], shape[name], (*path, name))


def after_space(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at


def member_at(text: str, at: int, step: str | int) -> int:
    """Where the member `step` of the object or list that begins at `at` begins. The text is valid JSON."""
    decode = json.JSONDecoder().raw_decode
    in_object = text[at] == "{"
    index = 0
    while True:
        at = after_space(text, at + 1)
        key: str | int = index
        if in_object:
            key, at = decode(text, at)
            at = after_space(text, after_space(text, at) + 1)
        if key == step:
            return at
        at = after_space(text, decode(text, at)[1])
        index += 1


class Record:
    """record.json: its value, and the line on which a value stands."""

    def __init__(self, text: str, value: dict[str, Any], differences: Differences) -> None:
        self.text, self.value, self.differences = text, value, differences

    def __getitem__(self, name: str) -> Any:
        return self.value[name]

    def line_of(self, path: Path) -> int:
        if len(self.text) > LOCATED_LIMIT:
            return 1
        at = after_space(self.text, 0)
        try:
            for step in path:
                at = member_at(self.text, at, step)
        except RecursionError:
            return 1
        return self.text.count("\n", 0, at) + 1

    def differs(self, path: Path, message: str) -> None:
        name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
        line = 1 if self.differences.is_full(RECORD) else self.line_of(path)
        self.differences.add(RECORD, line, f"{name} {message}".lstrip())

    def expects(self, path: Path, wanted: object, why: str) -> None:
        """A difference unless the record says at this path what was computed."""
        value = self.value
        for step in path:
            value = value[step]
        if value != wanted:
            self.differs(path, f"is {show(value)}, should be {show(wanted)}: {why}")


def first_doubled(values: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None


def open_file(directory: str, name: str, differences: Differences) -> BinaryIO:
    path = os.path.join(directory, name)
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # opening a pipe would wait for ever
            raise OSError(None, "not a regular file")
        return open(path, "rb")
    except OSError as error:
        differences.add(name, 1, f"cannot be read: {error.strerror}")
        raise Unreadable from error


def check_files(directory: str, differences: Differences) -> None:
    """Every file can be opened. Names all that cannot, then raises Unreadable."""
    missing = []
    for name in FILES:
        try:
            open_file(directory, name, differences).close()
        except Unreadable:
            missing.append(name)
    if missing:
        raise Unreadable


def refuse_number(text: str) -> NoReturn:
    raise ValueError(f"the number {show(text)} is not an integer of at most 18 digits")


def short_integer(text: str) -> int:
    if len(text) > 18:
        refuse_number(text)
    return int(text)


def object_without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    doubled = first_doubled(name for name, _ in pairs)
    if doubled is not None:
        raise ValueError(f"the field {show(doubled)} stands there twice")
    return dict(pairs)


def parse_json(text: str) -> Any:
    """Strict JSON: no field twice, no fractions (decimals are texts), no NaN. Raises ValueError."""
    return json.loads(
        text,
        object_pairs_hook=object_without_doubles,
        parse_int=short_integer,
        parse_float=refuse_number,
        parse_constant=refuse_number,
    )


def read_record(directory: str, differences: Differences) -> Record:
    """record.json with the right structure. Raises Unreadable."""
    with open_file(directory, RECORD, differences) as file:
        data = file.read(RECORD_LIMIT + 1)
    try:
        if len(data) > RECORD_LIMIT:
            raise ValueError(f"the file is larger than {RECORD_LIMIT} bytes")
        text = data.decode()
        value = parse_json(text)
    except UnicodeDecodeError as error:
        differences.add(RECORD, data.count(b"\n", 0, error.start) + 1, "is not UTF-8 text")
        raise Unreadable from error
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        differences.add(RECORD, line, f"is not JSON as expected: {reason}")
        raise Unreadable from error
    record = Record(text, value, differences)
    faults = list(islice(misfits(value, SHAPE), SHOWN_PER_FILE))
    for path, message in faults:
        record.differs(path, message)
    if faults:
        raise Unreadable
    return record


# record.json: rules that need no other file


def check_unique(record: Record, path: Path, values: Iterable[str]) -> None:
    doubled = first_doubled(values)
    if doubled is not None:
        record.differs(path, f"has {show(doubled)} twice")


def check_rules(record: Record) -> None:
    """Names are not repeated, the window is not empty, decimals belong to percentages."""
    rules = record["rules"]
    check_unique(record, ("rules", "tie_chain"), rules["tie_chain"])
    if not rules["tie_chain"]:
        record.differs(("rules", "tie_chain"), "is empty")
    check_unique(record, ("prizes",), [prize["name"] for prize in record["prizes"]])
    check_unique(record, ("blocks",), record["blocks"])
    if record["round"]["opens_at"] >= record["round"]["closes_at"]:
        record.differs(("round", "closes_at"), "is not later than opens_at")
    if rules["prediction"]["asks"] != "perfect_percent" and rules["prediction"]["decimals"]:
        record.differs(("rules", "prediction", "decimals"), "should be 0: the prediction is an integer")


def check_questions(record: Record) -> None:
    """Questions are called Q01, Q02, … and have different options."""
    if not record["questions"]:
        record.differs(("questions",), "is empty")
    for index, question in enumerate(record["questions"]):
        record.expects(("questions", index, "code"), f"Q{index + 1:02d}", "questions are numbered in order")
        if not question["choices"]:
            record.differs(("questions", index, "choices"), "is empty")
        check_unique(record, ("questions", index, "choices"), [c["code"] for c in question["choices"]])


def check_options(record: Record, path: Path, options: list[str], question: dict[str, Any]) -> None:
    for option in sorted(set(options) - {choice["code"] for choice in question["choices"]}):
        record.differs(path, f"names {show(option)}, which is no option of {question['code']}")


def check_key_at_opening(record: Record) -> None:
    """The key has the right options of every question, and of nothing else. Raises Unreadable."""
    key = record["key_at_opening"]
    questions = {question["code"]: question for question in record["questions"]}
    faults = list(misfits(key, dict.fromkeys(questions, OPTIONS), ("key_at_opening",)))
    for path, message in faults:
        record.differs(path, message)
    if faults:
        raise Unreadable
    for code, question in questions.items():
        check_options(record, ("key_at_opening", code), key[code], question)


def check_key_changes(record: Record) -> None:
    """Changes name questions and options of the round, in the order in which they were decided."""
    questions = {question["code"]: question for question in record["questions"]}
    earlier = ""
    for index, change in enumerate(record["key_changes"]):
        path: Path = ("key_changes", index)
        if change["question"] not in questions:
            record.differs((*path, "question"), f"is {show(change['question'])}, no question of the round")
        elif isinstance(change["to"], list):
            check_options(record, (*path, "to"), change["to"], questions[change["question"]])
        if change["decided_at"] < earlier:
            record.differs((*path, "decided_at"), "is earlier than that of the change before it")
        earlier = change["decided_at"]


def check_commitment(record: Record) -> None:
    """commitment = SHA-256 of the canonical key at opening, questions and salt."""
    committed = {"key": record["key_at_opening"], "questions": record["questions"], "salt": record["salt"]}
    why = "key_at_opening, questions or salt are not those that were committed to"
    record.expects(("commitment",), sha256(canonical(committed)), why)


def final_key(record: Record) -> dict[str, Any]:
    """The key after key_changes, of which later ones win: {question: options, "credited" or "void"}."""
    key = dict(record["key_at_opening"])
    key.update((change["question"], change["to"]) for change in record["key_changes"])
    return key


# CSV files


def csv_text(cells: list[str]) -> str:
    """One row with quotes only where they are needed."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)  # both characters need quotes
    return buffer.getvalue()[:-2]


def decoded(raw: bytes, line: int, note: Note) -> str:
    """One line without its end. Faults of the text are noted, never raised."""
    if not raw.endswith(b"\n"):
        note(line, "does not end with LF")
    elif raw.endswith(b"\r\n"):
        note(line, "ends with CR LF, should end with LF alone")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        note(line, "is not UTF-8 text")
        text = raw.decode(errors="replace")
    if line == 1 and text.startswith("\ufeff"):
        note(line, "begins with a byte order mark, should have none")
        text = text[1:]
    if "\0" in text:
        note(line, "contains a NUL character")
    return text[:-2] if text.endswith("\r\n") else text[:-1] if text.endswith("\n") else text


def logical_rows(file: BinaryIO, digest: Any, note: Note) -> Iterator[tuple[int, str]]:
    """(first line, text) of every row; a quoted line break does not end one. Feeds the file's hash."""
    line = 0
    while True:
        first, size, quotes = line + 1, 0, 0
        parts: list[str] = []
        while not parts or quotes % 2:
            raw = file.readline(ROW_LIMIT)
            digest.update(raw)
            size += len(raw)
            if not raw and not parts:
                return
            if not raw or size >= ROW_LIMIT:
                note(first, "a quoted text does not end" if quotes % 2 else "the line is too long")
                raise Unreadable
            line += 1
            parts.append(decoded(raw, line, note))
            quotes += raw.count(b'"')
        yield first, "\n".join(parts)


def split_row(line: int, text: str, note: Note) -> list[str] | None:
    """The cells of one row; None if its quotes make no sense."""
    if '"' not in text:
        if "\r" in text:
            note(line, "has a carriage return outside quotes")
        return text.split(",")
    try:
        cells = next(csv.reader([text], strict=True))
    except csv.Error as error:
        note(line, f"is not CSV: {error}")
        return None
    if csv_text(cells) != text:
        note(line, "has quotes where none are needed")
    return cells


def read_rows(file: BinaryIO, digest: Any, columns: list[str], note: Note) -> Iterator[tuple[int, list[str], str]]:
    """(line, cells, text) of every row below the header that has as many cells as there are columns."""
    rows = logical_rows(file, digest, note)
    for line, text in rows:
        cells = split_row(line, text, note)
        if line == 1:
            if cells != columns:
                note(1, f"the header is {show(text)}, should be {csv_text(columns)}")
        elif cells is None:
            continue
        elif len(cells) != len(columns):
            note(line, f"has {len(cells)} cells, should have {len(columns)}")
        else:
            yield line, cells, text


def check_not_empty(file: BinaryIO, note: Note) -> None:
    if not file.read(1):
        note(1, "the file is empty")
        raise Unreadable
    file.seek(0)


# entries.csv: one row


class AnswerPoints(dict[str, int]):
    """Points of every text that may stand under one question. Others raise KeyError."""

    def __init__(self, question: dict[str, Any], right: Any) -> None:
        super().__init__()
        self.options = "".join(sorted(choice["code"] for choice in question["choices"]))
        self.multiple = question["multiple"]
        self.right = right

    def fault(self, answer: str) -> str | None:
        """What is wrong with the text itself, whatever the key says."""
        unknown = sorted(set(answer) - set(self.options))
        if unknown:
            return f"is {show(answer)}: {show(unknown[0])} is no option of the question"
        if list(answer) != sorted(set(answer)):
            return f"is {show(answer)}: options should stand in alphabetical order, each once"
        if len(answer) > 1 and not self.multiple:
            return f"is {show(answer)}: the question takes one option"
        return None

    def point(self, answer: str) -> int:
        """credited: 1 for all, void: 0 for all, else 1 if the chosen set equals the key."""
        if isinstance(self.right, str):
            return int(self.right == "credited")
        return int(set(answer) == set(self.right))

    def __missing__(self, answer: str) -> int:
        if self.fault(answer):
            raise KeyError(answer)
        self[answer] = self.point(answer)
        return self[answer]


class EntryRules(NamedTuple):
    """What the record says about the rows of entries.csv; times in microseconds."""

    columns: list[str]
    points: list[AnswerPoints]
    prediction: re.Pattern[str]
    prediction_required: bool
    blocks: frozenset[str]
    public: bool
    opens: int
    closes: int
    limit: int | None
    attempts: int | None
    counts: str


def prediction_pattern(asks: str, decimals: int) -> re.Pattern[str]:
    """An integer of at most nine digits, or a percentage with exactly `decimals` places."""
    if asks != "perfect_percent":
        return re.compile("0|[1-9][0-9]{0,8}")
    if not decimals:
        return re.compile("100|[1-9]?[0-9]")
    return re.compile(rf"100\.0{{{decimals}}}|[1-9]?[0-9]\.[0-9]{{{decimals}}}")


def entry_rules(record: Record) -> EntryRules:
    rules, key = record["rules"], final_key(record)
    limit = rules["time_limit_seconds"]
    codes = [question["code"] for question in record["questions"]]
    return EntryRules(
        columns=[*COLUMNS_BEFORE, *codes, *COLUMNS_AFTER],
        points=[AnswerPoints(question, key[question["code"]]) for question in record["questions"]],
        prediction=prediction_pattern(rules["prediction"]["asks"], rules["prediction"]["decimals"]),
        prediction_required=rules["prediction"]["required"],
        blocks=frozenset(["", *record["blocks"]]),
        public=record["edition"] == "public",
        opens=known_instant(record["round"]["opens_at"]),
        closes=known_instant(record["round"]["closes_at"]),
        limit=None if limit is None else limit * 1_000_000,
        attempts=rules["attempts"],
        counts=rules["counts"],
    )


FORMS = [
    (0, re.compile("E[0-9a-f]{20}"), ENTRY.wanted),
    (1, re.compile("P[0-9a-f]{20}"), PERSON.wanted),
    (4, re.compile("[01]"), "0 or 1"),
    (5, re.compile("[1-9][0-9]{0,8}"), "an integer from 1"),
    (6, INSTANT, MOMENT.wanted),
    (7, INSTANT, MOMENT.wanted),
    (8, re.compile("submitted|cut_off"), "submitted or cut_off"),
    (-2, re.compile("[01]"), "0 or 1"),
]


def form_faults(cells: list[str], columns: list[str]) -> Iterator[str]:
    """Cells on which the result rests and which cannot be read."""
    for at, pattern, wanted in FORMS:
        if not pattern.fullmatch(cells[at]) or (pattern is INSTANT and instant(cells[at]) is None):
            yield f"{columns[at]} is {show(cells[at])}, should be {wanted}"


def time_faults(started: int, submitted: int, ended: str, rules: EntryRules) -> Iterator[str]:
    """Started inside the window, ended not after it, cut off not before the time was up."""
    if not rules.opens <= started < rules.closes:
        yield "started_at is not between opens_at and closes_at"
    if submitted < started:
        yield "submitted_at is earlier than started_at"
    if submitted > rules.closes:
        yield "submitted_at is later than closes_at"
    if submitted < rules.opens:
        yield "submitted_at is earlier than opens_at"
    if ended == "cut_off" and submitted < deadline(started, rules):
        yield "submitted_at is earlier than the deadline at which an attempt is cut off"


def deadline(started: int, rules: EntryRules) -> int:
    """min(started_at + time limit, closes_at), without an extension."""
    return rules.closes if rules.limit is None else min(started + rules.limit, rules.closes)


def place_faults(cells: list[str], rules: EntryRules) -> Iterator[str]:
    """The block is one of the record's, the unit is not public, the number is allowed."""
    if rules.public and cells[2]:
        yield "unit_code should be empty in the public edition"
    if cells[3] not in rules.blocks:
        yield f"block is {show(cells[3])}, which is not among the record's blocks"
    if rules.attempts is not None and int(cells[5]) > rules.attempts:
        yield f"number is {cells[5]}, only {rules.attempts} allowed"


def read_prediction(text: str, ended: str, rules: EntryRules) -> tuple[int | None, str | None]:
    """(scaled integer or None, fault or None)."""
    if not text:
        missing = rules.prediction_required and ended == "submitted"
        return None, "prediction is empty, but the rules require one to submit" if missing else None
    if not rules.prediction.fullmatch(text):
        return None, f"prediction is {show(text)}, not a number as the rules ask for it"
    return int(text.replace(".", "")), None


def score_of(answers: list[str], points: list[AnswerPoints]) -> tuple[int, list[str]]:
    """(score, faults): the number of questions where the chosen set equals the key after key_changes."""
    try:
        return sum(map(operator.getitem, points, answers)), []
    except KeyError:
        faults = [known.fault(answers[at]) for at, known in enumerate(points)]
        score = sum(known.point(answers[at]) for at, known in enumerate(points))
        return score, [f"Q{at:02d} {fault}" for at, fault in enumerate(faults, 1) if fault]


def receipt_of(entry: str, submitted_at: str, answers: list[str], prediction: str) -> str:
    """SHA-256 of entry, submitted_at, all answers and the prediction, joined by commas."""
    return sha256(",".join([entry, submitted_at, *answers, prediction]).encode())


def read_entry(line: int, cells: list[str], rules: EntryRules, note: Note) -> Row | None:
    """One row, checked by itself. None when it cannot be read, so cannot take part in the result."""
    unreadable = list(form_faults(cells, rules.columns))
    for fault in unreadable:
        note(line, fault)
    if unreadable:
        return None
    answers, ended = cells[9:-4], cells[8]
    started, submitted = known_instant(cells[6]), known_instant(cells[7])
    prediction, prediction_fault = read_prediction(cells[-4], ended, rules)
    score, faults = score_of(answers, rules.points)
    faults += place_faults(cells, rules)
    faults += time_faults(started, submitted, ended, rules)
    if prediction_fault:
        faults.append(prediction_fault)
    if cells[-3] != str(score):
        faults.append(f"score is {show(cells[-3])}, should be {score}")
    if cells[-1] != receipt_of(cells[0], cells[7], answers, cells[-4]):
        faults.append("receipt is not that of this row's entry, submitted_at, answers and prediction")
    for fault in faults:
        note(line, fault)
    return Row(
        entry=cells[0],
        person=cells[1],
        block=sys.intern(cells[3]),
        eligible=cells[4] == "1",
        counted=cells[-2] == "1",
        number=int(cells[5]),
        submitted=submitted,
        duration=submitted - started,
        score=score,
        prediction=prediction,
        line=line,
    )


# entries.csv: all rows


class Tally:
    """What one pass over entries.csv gathers: one attempt per person, and totals."""

    def __init__(self) -> None:
        self.people: dict[str, Row] = {}
        self.numbers: dict[str, set[int]] = {}  # only of people with several attempts
        self.entries = 0
        self.over_limit = 0
        self.receipt_row: str | None = None
        self.receipt_line = 0
        self.hash = ""


COUNTED_FIRST: dict[str, Callable[[Row], Any]] = {
    "best": lambda row: (-row.score, row.submitted, row.entry),
    "first": lambda row: row.number,
    "last": lambda row: -row.number,
}


def keep_counted(tally: Tally, row: Row, counts: str, note: Note) -> None:
    """One attempt per person counts: best = highest score, then earliest, then entry; first, last by number.

    The attempt that is dropped here cannot count any more, so its flag is checked at once.
    """
    held = tally.people.setdefault(row.person, row)
    if held is row:
        return
    numbers = tally.numbers.setdefault(row.person, {held.number})
    if row.number in numbers:
        note(row.line, f"person {row.person} has the attempt number {row.number} twice")
    numbers.add(row.number)
    kept, dropped = sorted((held, row), key=COUNTED_FIRST[counts])
    if dropped.counted:
        note(dropped.line, f"counted is 1, should be 0: the {counts} attempt of the person counts")
    tally.people[row.person] = kept


def check_counted_flags(tally: Tally, note: Note) -> None:
    for row in tally.people.values():
        if not row.counted:
            note(row.line, "counted is 0, should be 1: this attempt of the person counts")


def check_order(entry: str, previous: str, line: int, note: Note) -> None:
    if entry == previous:
        note(line, f"entry {entry} stands there twice")
    elif entry < previous:
        note(line, f"entry {entry} is out of order: rows are sorted by entry")


def read_entries(directory: str, rules: EntryRules, receipt: str | None, differences: Differences) -> Tally:
    """entries.csv in one pass, keeping one attempt per person. Raises Unreadable."""
    note, tally, digest, previous = differences.about(ENTRIES), Tally(), hashlib.sha256(), ""
    with open_file(directory, ENTRIES, differences) as file:
        check_not_empty(file, note)
        for line, cells, text in read_rows(file, digest, rules.columns, note):
            if receipt is not None and cells[-1] == receipt:
                tally.receipt_row, tally.receipt_line = f"{csv_text(rules.columns)}\n{text}", line
            row = read_entry(line, cells, rules, note)
            if row is None:
                continue
            check_order(row.entry, previous, line, note)
            previous = row.entry
            tally.entries += row.eligible
            tally.over_limit += rules.limit is not None and row.duration > rules.limit
            keep_counted(tally, row, rules.counts, note)
    check_counted_flags(tally, note)
    tally.hash = digest.hexdigest()
    return tally


# Totals and target


def full_score(record: Record) -> int:
    """The score of a perfect attempt: the number of questions that are not void."""
    return sum(to != "void" for to in final_key(record).values())


def totals(tally: Tally, perfect: int) -> dict[str, int]:
    """entries: eligible rows; people: counted and eligible ones; perfect_people: the perfect of these;
    zero: counted rows with score 0."""
    rows = tally.people.values()
    return {
        "entries": tally.entries,
        "people": sum(row.eligible for row in rows),
        "perfect_people": sum(row.eligible and row.score == perfect for row in rows),
        "zero": sum(row.score == 0 for row in rows),
    }


def prediction_target(counts: dict[str, int], asks: str, decimals: int) -> tuple[int, str]:
    """(scaled integer, text) of what the prediction asks for; a percentage is rounded half up."""
    if asks != "perfect_percent":
        target = counts["people" if asks == "participants" else asks]
        return target, str(target)
    if not counts["people"]:
        return 0, "0"
    target = percentage(counts["perfect_people"], counts["people"], decimals)
    return target, in_places(target, decimals)


def check_totals(record: Record, counts: dict[str, int], target: str) -> None:
    for name, value in counts.items():
        record.expects(("counts", name), value, f"counted in {ENTRIES}")
    record.expects(("prediction_target",), target, f"computed from {ENTRIES}")


# Ranks


def chain_keys(chain: list[str], target: int) -> list[Callable[[Row], int]]:
    """The tie chain as functions of a row; less is better. No prediction: last in error, over = 1."""
    keys: dict[str, Callable[[Row], int]] = {
        "score:desc": lambda row: -row.score,
        "prediction_error:asc": lambda row: LAST if row.prediction is None else abs(row.prediction - target),
        "prediction_over:asc": lambda row: int(row.prediction is None or row.prediction > target),
        "duration:asc": lambda row: row.duration,
        "submitted_at:asc": lambda row: row.submitted,
    }
    return [keys[item] for item in chain]


def sort_by_chain(rows: list[Row], keys: list[Callable[[Row], int]]) -> None:
    """Sorts by the chain, ties by entry. One stable sort per key needs less memory than one of tuples."""
    rows.sort(key=lambda row: row.entry)
    for key in reversed(keys):
        rows.sort(key=key)


def ties_of(rows: list[Row], keys: list[Callable[[Row], int]]) -> Iterator[Tie]:
    """Competition ranks (1, 1, 3): as many as are better, plus one, for everyone who is equal."""
    rank = 1
    for _, group in groupby(rows, lambda row: [key(row) for key in keys]):
        tied = list(group)
        yield rank, tied
        rank += len(tied)


class Ranking:
    """Counted and eligible attempts in blocks, each in rank order."""

    def __init__(self, rows: Iterable[Row], chain: list[str], target: int) -> None:
        self.keys = chain_keys(chain, target)
        self.blocks: dict[str, list[Row]] = {}
        for row in rows:
            if row.eligible:
                self.blocks.setdefault(row.block, []).append(row)
        for block in self.blocks.values():
            sort_by_chain(block, self.keys)

    def ties(self, block: str) -> Iterator[Tie]:
        return ties_of(self.blocks[block], self.keys)


# Prizes


def draw_positions(draws: list[list[str]]) -> dict[str, tuple[int, int]]:
    """{entry: (draw, position in it)}."""
    return {entry: (index, at) for index, draw in enumerate(draws) for at, entry in enumerate(draw)}


def drawn_order(candidates: list[Row], drawn: dict[str, tuple[int, int]]) -> list[Row] | None:
    """Tied candidates in drawn order; None unless one draw names them all."""
    draws = {drawn[row.entry][0] if row.entry in drawn else -1 for row in candidates}
    if len(draws) != 1 or draws == {-1}:
        return None
    return sorted(candidates, key=lambda row: drawn[row.entry])


def prize_ends(prizes: list[dict[str, Any]]) -> list[int]:
    """The place after the last one of every prize."""
    return list(accumulate(prize["count"] for prize in prizes))


def give_prizes(
    ties: Iterator[Tie], prizes: list[dict[str, Any]], excluded: set[str], drawn: dict[str, tuple[int, int]]
) -> tuple[dict[str, str], list[int]]:
    """({entry: prize}, ranks of ties that wait for a draw) of one block, in rank order.

    Excluded people are passed over. A tie inside one prize needs no draw; one that crosses its end does,
    and until then keeps the places that its candidates would take.
    """
    given: dict[str, str] = {}
    waiting: list[int] = []
    ends, place = prize_ends(prizes), 0
    for rank, tied in ties:
        if not ends or place >= ends[-1]:
            break
        candidates = [row for row in tied if row.person not in excluded]
        crosses = place + len(candidates) > ends[bisect_right(ends, place)]
        order = drawn_order(candidates, drawn) if crosses else candidates
        if order is None:
            waiting.append(rank)
        else:
            for at, row in enumerate(order[: ends[-1] - place], place):
                given[row.entry] = prizes[bisect_right(ends, at)]["name"]
        place += len(candidates)
    return given, waiting


def prizes_are_given(record: Record, counts: dict[str, int]) -> bool:
    """Nobody perfect: no prizes, unless the rules give them to the next highest score."""
    return bool(record["rules"]["prize_if_nobody_perfect"] or counts["perfect_people"])


def all_prizes(record: Record, ranking: Ranking, counts: dict[str, int]) -> dict[str, str]:
    """{entry: prize} over all blocks. A final round has no tie that waits for a draw."""
    given: dict[str, str] = {}
    if not prizes_are_given(record, counts):
        return given
    drawn, excluded = draw_positions(record["draws"]), set(record["prize_excluded"])
    for block in sorted(ranking.blocks):
        winners, waiting = give_prizes(ranking.ties(block), record["prizes"], excluded, drawn)
        given.update(winners)
        if record["round"]["state"] == "final":
            for rank in waiting:
                message = f"is final, but the tie of block {show(block)} at rank {rank} needs a draw"
                record.differs(("round", "state"), message)
    return given


def check_draws(record: Record, ranking: Ranking) -> None:
    """A draw orders one tie: entries of one block and rank, each once, nobody left out."""
    drawn = [entry for draw in record["draws"] for entry in draw]
    check_unique(record, ("draws",), drawn)
    ties = ties_with(set(drawn), ranking)
    excluded = set(record["prize_excluded"])
    for index, draw in enumerate(record["draws"]):
        order = set(draw)
        if not draw:
            record.differs(("draws", index), "is empty")
        for at, entry in enumerate(draw):
            if entry not in ties:
                record.differs(("draws", index, at), f"is {entry}, which does not rank in {ENTRIES}")
        named = [ties[entry] for entry in draw if entry in ties]
        if any(tie is not named[0] for tie in named):
            record.differs(("draws", index), "mixes entries of different blocks or ranks")
        elif named:
            for row in named[0][1]:
                if row.entry not in order and row.person not in excluded:
                    record.differs(("draws", index), f"leaves out {row.entry}, which has the same rank")


def ties_with(entries: set[str], ranking: Ranking) -> dict[str, Tie]:
    """{entry: the tie in which it stands}."""
    if not entries:
        return {}
    ties = (tie for block in ranking.blocks for tie in ranking.ties(block))
    return {row.entry: tie for tie in ties for row in tie[1] if row.entry in entries}


# standings.csv


class Standings(NamedTuple):
    """The rows of standings.csv as they should be, made one by one as often as they are asked for."""

    ranking: Ranking
    prizes: dict[str, str]
    target: int
    places: int

    def error_of(self, row: Row) -> str:
        """|prediction - target| with the rules' places; empty without prediction."""
        return "" if row.prediction is None else in_places(abs(row.prediction - self.target), self.places)

    def rows(self) -> Iterator[list[str]]:
        """By block, rank, entry."""
        for block in sorted(self.ranking.blocks):
            for rank, tied in self.ranking.ties(block):
                for row in tied:
                    prize = self.prizes.get(row.entry, "")
                    error = self.error_of(row)
                    yield [str(rank), row.entry, row.person, block, str(row.score), error, prize]


def check_standings(directory: str, standings: Standings, differences: Differences) -> str:
    """Compares row by row, explains only if something differs. The file's hash. Raises Unreadable."""
    note, digest = differences.about(STANDINGS), hashlib.sha256()
    with open_file(directory, STANDINGS, differences) as file:
        check_not_empty(file, note)
        found = (cells for _, cells, _ in read_rows(file, digest, STANDING_COLUMNS, note))
        same = True
        for cells, wanted in zip_longest(found, standings.rows()):  # to the end: the hash needs every byte
            same = same and cells == wanted
        if not same:
            file.seek(0)
            silent: Note = lambda line, message: None  # noqa: E731
            again = read_rows(file, hashlib.sha256(), STANDING_COLUMNS, silent)
            explain_standings(((line, cells) for line, cells, _ in again), standings, note)
    return digest.hexdigest()


def explain_standings(found: Iterable[tuple[int, list[str]]], standings: Standings, note: Note) -> None:
    """Which rows are wrong, out of order, unknown, doubled or missing."""
    wanted = {cells[1]: (at, cells) for at, cells in enumerate(standings.rows(), 2)}
    seen: set[str] = set()
    last = 0
    for line, cells in found:
        entry = cells[1]
        if entry in seen:
            note(line, f"entry {entry} stands there twice")
        elif entry not in wanted:
            note(line, f"entry {show(entry)} is not that of a counted and eligible row of {ENTRIES}")
        else:
            seen.add(entry)
            at, right = wanted[entry]
            for column, name in enumerate(STANDING_COLUMNS):
                if cells[column] != right[column]:
                    note(line, f"{name} is {show(cells[column])}, should be {show(right[column])}")
            if at < last:
                note(line, f"entry {entry} is out of order: rows are sorted by block, rank, entry")
            last = max(last, at)
    for entry, (at, _) in wanted.items():
        if entry not in seen:
            note(at, f"the row of entry {entry} is missing")


# All of it


def check_record(record: Record) -> None:
    """Everything that record.json must fulfil by itself. Raises Unreadable."""
    check_rules(record)
    check_questions(record)
    check_key_at_opening(record)
    check_key_changes(record)
    check_commitment(record)
    check_unique(record, ("prize_excluded",), record["prize_excluded"])


def check_result(directory: str, record: Record, tally: Tally, differences: Differences) -> None:
    """Totals, target, ranks, prizes, standings and hashes from the counted attempts. Raises Unreadable."""
    asks, decimals = record["rules"]["prediction"]["asks"], record["rules"]["prediction"]["decimals"]
    counts = totals(tally, full_score(record))
    target, target_text = prediction_target(counts, asks, decimals)
    check_totals(record, counts, target_text)
    ranking = Ranking(tally.people.values(), record["rules"]["tie_chain"], target)
    check_draws(record, ranking)
    places = decimals if asks == "perfect_percent" else 0
    standings = Standings(ranking, all_prizes(record, ranking, counts), target, places)
    record.expects(("files", ENTRIES), tally.hash, "the SHA-256 of the file")
    result_hash = check_standings(directory, standings, differences)
    record.expects(("files", STANDINGS), result_hash, "the SHA-256 of the file")
    record.expects(("result_hash",), result_hash, f"the SHA-256 of {STANDINGS}")


def find_receipt(tally: Tally, receipt: str | None, differences: Differences) -> None:
    if receipt is not None and tally.receipt_row is None:
        differences.add(ENTRIES, 1, f"no row has the receipt {show(receipt)}")


def remarks(tally: Tally) -> list[str]:
    found = []
    if tally.over_limit:
        found.append(f"{tally.over_limit} attempts lasted longer than the time limit; only extended ones may")
    if tally.receipt_row:
        found.append(f"the receipt is that of {ENTRIES} line {tally.receipt_line}")
    return found


def verify(directory: str | os.PathLike[str], receipt: str | None = None) -> Verdict:
    """Recompute the record in the directory. Whatever the files hold, faults are differences, not errors."""
    directory, differences, tally, result_hash = os.fspath(directory), Differences(), Tally(), ""
    receipt = receipt if receipt is None else receipt.strip().lower()
    try:
        check_files(directory, differences)
        record = read_record(directory, differences)
        check_record(record)
        result_hash = record["result_hash"]
        tally = read_entries(directory, entry_rules(record), receipt, differences)
        find_receipt(tally, receipt, differences)
        check_result(directory, record, tally, differences)
    except Unreadable:
        pass  # the reason is a difference; nothing that rests on this file can be said
    return Verdict(differences.lines(), differences.hidden, result_hash, tally.receipt_row, remarks(tally))


def print_verdict(verdict: Verdict, stdout: TextIO, stderr: TextIO) -> None:
    hidden = [f"{verdict.hidden} more differences are not shown"] if verdict.hidden else []
    for note in verdict.notes + hidden:
        stderr.write(f"note: {note}\n")
    if verdict.ok:
        if verdict.receipt_row is not None:
            stdout.write(f"{verdict.receipt_row}\n")
        stdout.write(f"OK {verdict.result_hash}\n")
    for difference in verdict.differences:
        stdout.write(f"{difference}\n")


def main(argv: list[str] | None = None, stdout: TextIO | None = None, stderr: TextIO | None = None) -> int:
    """The exit code: 0 it agrees, 1 differences, 2 wrong usage."""
    stdout, stderr = stdout or sys.stdout, stderr or sys.stderr
    if isinstance(stdout, io.TextIOWrapper):  # a console that lacks Vietnamese letters must not stop us
        stdout.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(
        prog="verify_record", description="Recompute the result of a contest round from its public record."
    )
    parser.add_argument("directory", metavar="DIR", help="holds record.json, entries.csv, standings.csv")
    parser.add_argument("--receipt", metavar="HEX", help="also show the row that has this receipt")
    try:
        arguments = parser.parse_args(argv)
    except SystemExit as stop:  # argparse has printed why
        return int(stop.code or 0)
    if not os.path.isdir(arguments.directory):
        stderr.write(f"verify_record: {arguments.directory} is not a directory\n")
        return 2
    verdict = verify(arguments.directory, arguments.receipt)
    print_verdict(verdict, stdout, stderr)
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main())
