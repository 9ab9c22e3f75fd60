"""The verifier agrees with a separately written result, and names every tampering by file and line."""

import ast
import copy
import io
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contest import verify_record
from contest.verify_record import main, verify
from tests.contest import naive_record
from tests.contest.naive_record import CLOSES, OPENS, Attempt, Change, Question, Round, stamp

MINUTE = timedelta(minutes=1)
CHAIN_ITEMS = [
    "score:desc",
    "prediction_error:asc",
    "prediction_over:asc",
    "duration:asc",
    "submitted_at:asc",
]


def entry(number):
    return f"E{number:020x}"


def person(number):
    return f"P{number:020x}"


def attempt(which, who, answers, prediction=None, minute=0, **more):
    """The attempt entry(which) of person(who), submitted at `minute` after at most ten minutes."""
    guess = None if prediction is None else Decimal(prediction)
    submitted_at = OPENS + minute * MINUTE
    started_at = max(OPENS, submitted_at - 10 * MINUTE)
    times = {"started_at": started_at, "submitted_at": submitted_at, **more}
    return Attempt(entry(which), person(who), tuple(answers.split()), guess, **times)


QUESTIONS = [Question("Q01"), Question("Q02", "ABC"), Question("Q03", multiple=True)]
KEY = {"Q01": "B", "Q02": "C", "Q03": "AC"}

# Three perfect people are eligible (2, 3, 7). Person 2's second attempt is the best. Person 5 organises.
SAMPLE = Round(
    questions=QUESTIONS,
    key=KEY,
    attempts=[
        attempt(1, 2, "A A B", 4, 20, number=1),
        attempt(2, 2, "B C AC", 5, 50, number=2),
        attempt(3, 3, "B C AC", 3, 90),
        attempt(4, 4, "B C A", 3, 30),
        attempt(5, 5, "B C AC", 3, 15, eligible=False),
        attempt(6, 6, "A A B", None, 60),
        attempt(7, 7, "B C AC", 1, 40),
        attempt(8, 8, "B C A", None, 40, ended="cut_off", started_at=OPENS + 10 * MINUTE),
    ],
    allowed=2,
)
STANDINGS = """\
rank,entry,person,block,score,prediction_error,prize
1,E00000000000000000003,P00000000000000000003,,3,0,first
2,E00000000000000000007,P00000000000000000007,,3,2,second
3,E00000000000000000002,P00000000000000000002,,3,2,second
4,E00000000000000000004,P00000000000000000004,,2,0,third
5,E00000000000000000008,P00000000000000000008,,2,,third
6,E00000000000000000006,P00000000000000000006,,0,,third
"""


@dataclass
class Record:
    """A record directory that can be tampered with."""

    path: Path

    def bytes(self, file):
        return (self.path / file).read_bytes()

    def lines(self, file):
        return self.bytes(file).decode().split("\n")[:-1]

    def write_lines(self, file, lines):
        (self.path / file).write_bytes("".join(line + "\n" for line in lines).encode())

    def column(self, file, name):
        return self.lines(file)[0].split(",").index(name)

    def set_cell(self, file, line, column, value):
        lines = self.lines(file)
        cells = lines[line - 1].split(",")
        cells[self.column(file, column)] = value
        self.write_lines(file, [*lines[: line - 1], ",".join(cells), *lines[line:]])

    def json(self):
        return json.loads(self.bytes("record.json"))

    def write_json(self, value):
        text = json.dumps(value, ensure_ascii=False, indent=1)
        (self.path / "record.json").write_bytes(text.encode() + b"\n")

    def set(self, *path_and_value):
        *path, last, value = path_and_value
        data = self.json()
        place = data
        for step in path:
            place = place[step]
        place[last] = value
        self.write_json(data)

    def line_of(self, text):
        """The first line of record.json that contains the text."""
        return next(n for n, line in enumerate(self.lines("record.json"), 1) if text in line)

    def forge_hashes(self):
        """What a forger would do next: make the hashes of the changed files right again."""
        data = self.json()
        for file in data["files"]:
            data["files"][file] = naive_record.sha256(self.bytes(file))
        data["result_hash"] = data["files"]["standings.csv"]
        self.write_json(data)

    def forge_receipt(self, line):
        lines = self.lines("entries.csv")
        cells = lines[line - 1].split(",")
        receipt = naive_record.sha256(",".join([cells[0], cells[7], *cells[9:-3]]).encode())
        self.set_cell("entries.csv", line, "receipt", receipt)


def run(path, *arguments):
    """The command's exit code and the lines of its two outputs."""
    stdout, stderr = io.StringIO(), io.StringIO()
    code = main([str(path), *arguments], stdout, stderr)
    return SimpleNamespace(code=code, out=stdout.getvalue().splitlines(), err=stderr.getvalue().splitlines())


@pytest.fixture
def make(tmp_path):
    """Writes a round's record to a directory of its own."""
    numbers = itertools.count()

    def write(round_=SAMPLE, **changed):
        path = tmp_path / f"record{next(numbers)}"
        naive_record.write_record(path, replace(round_, **changed))
        return Record(path)

    return write


def assert_agrees(record):
    outcome = run(record.path)
    assert outcome.out == [f"OK {naive_record.sha256(record.bytes('standings.csv'))}"]
    assert outcome.code == 0


def assert_differs(record, file, line, fragment):
    """The command fails and says so at this file and line, in words that hold the fragment."""
    outcome = run(record.path)
    assert outcome.code == 1
    assert not any(text.startswith("OK") for text in outcome.out)
    at_place = [text for text in outcome.out if text.startswith(f"{file}:{line}: ")]
    assert any(fragment in text for text in at_place), "\n".join(outcome.out)
    return outcome


def standings_of(record, *columns):
    lines = [line.split(",") for line in record.lines("standings.csv")]
    places = [lines[0].index(column) for column in columns]
    return [tuple(cells[place] for place in places) for cells in lines[1:]]


# Records that are right


def test_a_right_record_agrees_and_its_standings_are_those_worked_out_by_hand(make):
    record = make()
    assert record.bytes("standings.csv").decode() == STANDINGS
    assert_agrees(record)


def test_the_file_alone_verifies_a_record_without_the_project(make, tmp_path):
    program = shutil.copy(verify_record.__file__, tmp_path / "alone.py")
    record = make()
    done = subprocess.run(
        [sys.executable, "-I", "-S", program, str(record.path)], capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"OK {record.json()['result_hash']}\n"


def test_the_file_imports_only_the_standard_library():
    tree = ast.parse(Path(verify_record.__file__).read_text(encoding="utf-8"), feature_version=(3, 9))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {name.name for node in imports if isinstance(node, ast.Import) for name in node.names}
    names |= {node.module for node in imports if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_the_result_is_the_same_in_both_editions(make):
    attempts = [replace(one, unit_code="SYT") for one in SAMPLE.attempts]
    public, full = make(attempts=attempts), make(attempts=attempts, edition="full")
    assert "SYT" in full.lines("entries.csv")[1]
    assert run(public.path).out == run(full.path).out
    assert_agrees(full)


def test_a_record_nobody_took_part_in_agrees(make):
    for asks in ("perfect_people", "perfect_percent"):
        record = make(attempts=[], asks=asks)
        assert record.json()["prediction_target"] == "0"
        assert_agrees(record)


@pytest.mark.parametrize("chain", list(itertools.permutations(CHAIN_ITEMS, 2)))
def test_every_pair_of_a_tie_chain_agrees(make, chain):
    assert_agrees(make(tie_chain=chain))


@pytest.mark.parametrize(
    ("chain", "order"),
    [
        (["score:desc"], [1, 1, 1, 4, 4, 6]),
        (["score:desc", "prediction_error:asc"], [1, 2, 2, 4, 5, 6]),
        (["prediction_error:asc"], [1, 1, 3, 3, 5, 5]),
        (["prediction_over:asc", "submitted_at:asc"], [1, 2, 3, 4, 5, 6]),
    ],
)
def test_equal_keys_share_a_rank_and_the_next_rank_skips(make, chain, order):
    record = make(tie_chain=chain)
    assert [int(rank) for (rank,) in standings_of(record, "rank")] == order
    assert_agrees(record)


@pytest.mark.parametrize(("counts", "counted"), [("best", entry(2)), ("first", entry(1)), ("last", entry(2))])
def test_every_rule_of_which_attempt_counts_agrees(make, counts, counted):
    record = make(counts=counts)
    assert counted in {found for (found,) in standings_of(record, "entry")}
    assert_agrees(record)


def test_of_equally_good_attempts_the_earliest_counts_then_the_smaller_entry(make):
    attempts = [
        attempt(1, 1, "B C AC", 1, 50, number=1),
        attempt(2, 1, "B C AC", 1, 40, number=3),
        attempt(3, 1, "B C AC", 1, 40, number=2),
    ]
    record = make(attempts=attempts, allowed=None)
    assert standings_of(record, "entry") == [(entry(2),)]
    assert_agrees(record)


@pytest.mark.parametrize(
    ("asks", "decimals", "guess", "target", "error"),
    [
        ("perfect_people", 0, "4", "3", "1"),
        ("participants", 0, "4", "6", "2"),
        ("entries", 0, "0", "7", "7"),
        ("perfect_percent", 0, "51", "50", "1"),
        ("perfect_percent", 2, "49.50", "50.00", "0.50"),
        ("perfect_percent", 5, "100.00000", "50.00000", "50.00000"),
    ],
)
def test_every_kind_of_prediction_agrees(make, asks, decimals, guess, target, error):
    attempts = [replace(one, prediction=Decimal(guess)) for one in SAMPLE.attempts]
    record = make(attempts=attempts, asks=asks, decimals=decimals)
    assert record.json()["prediction_target"] == target
    assert {found for (found,) in standings_of(record, "prediction_error")} == {error}
    assert_agrees(record)


def some_perfect(perfect, people):
    """As many people, of whom the first ones are perfect."""
    answers = ["B C AC"] * perfect + ["A C AC"] * (people - perfect)
    return [attempt(n, n, text, minute=n) for n, text in enumerate(answers, 1)]


@pytest.mark.parametrize(
    ("perfect", "people", "decimals", "right", "wrong"),
    [
        (1, 8, 0, "13", "12"),  # 12.5 half up, not half to even
        (1, 3, 2, "33.33", "33.34"),
        (2, 3, 5, "66.66667", "66.66666"),
        (1, 16, 1, "6.3", "6.2"),  # 6.25
        (3, 8, 3, "37.500", "37.5"),
        (1, 1, 5, "100.00000", "100"),
    ],
)
def test_a_percentage_is_rounded_half_up_to_its_places(make, perfect, people, decimals, right, wrong):
    record = make(attempts=some_perfect(perfect, people), asks="perfect_percent", decimals=decimals)
    assert record.json()["prediction_target"] == right
    assert_agrees(record)
    record.set("prediction_target", wrong)
    assert_differs(record, "record.json", record.line_of("prediction_target"), f"should be '{right}'")


def test_blocks_rank_and_get_prizes_separately_and_may_need_quotes(make):
    blocks = ["Khối A", 'Khối "B", C']
    attempts = [replace(one, block=blocks[n % 2]) for n, one in enumerate(SAMPLE.attempts)]
    record = make(attempts=attempts, blocks=blocks)
    assert '"Khối ""B"", C"' in record.lines("standings.csv")[1]
    assert [line.split(",")[0] for line in record.lines("standings.csv")].count("1") == 2
    assert_agrees(record)


def test_later_key_changes_win_credited_is_a_point_for_all_and_void_for_none(make):
    changes = [Change("Q01", "void"), Change("Q02", "void"), Change("Q01", "A"), Change("Q03", "credited")]
    record = make(changes=changes)
    scores = dict(standings_of(record, "entry", "score"))
    assert scores[entry(6)] == "2"  # Q01 is now A, Q02 void, Q03 credited
    assert scores[entry(3)] == "1"
    assert record.json()["counts"] == {"entries": 7, "people": 6, "perfect_people": 2, "zero": 0}
    assert_agrees(record)


def test_with_every_question_void_everyone_is_perfect_with_no_points(make):
    record = make(changes=[Change(code, "void") for code in KEY])
    assert record.json()["counts"] == {"entries": 7, "people": 6, "perfect_people": 6, "zero": 7}
    assert_agrees(record)


def test_nobody_perfect_leaves_prizes_only_if_the_rules_say_so(make):
    attempts = some_perfect(0, 3)
    withheld = make(attempts=attempts, prize_if_nobody_perfect=False)
    assert {prize for (prize,) in standings_of(withheld, "prize")} == {""}
    assert_agrees(withheld)
    given = make(attempts=attempts, prize_if_nobody_perfect=True)
    assert standings_of(given, "prize") == [("first",), ("second",), ("second",)]
    assert_agrees(given)


def test_an_excluded_person_keeps_the_rank_and_passes_the_prize_on(make):
    record = make(excluded=frozenset([person(3)]))
    assert standings_of(record, "rank", "prize")[:4] == [
        ("1", ""),
        ("2", "first"),
        ("3", "second"),
        ("4", "second"),
    ]
    assert_agrees(record)


def tied(count):
    """Perfect people at the same time with the same prediction."""
    return [attempt(n, n, "B C AC", 3, 30) for n in range(1, count + 1)]


PRIZES = (("first", 1), ("second", 2), ("third", 1))


def test_a_tie_inside_one_prize_needs_no_draw(make):
    attempts = [attempt(9, 9, "B C AC", 3, 20), *tied(2)]
    record = make(attempts=attempts, prizes=PRIZES, state="final")
    assert standings_of(record, "prize") == [("first",), ("second",), ("second",)]
    assert_agrees(record)


def test_an_undrawn_tie_across_prizes_gets_none_and_keeps_its_places(make):
    attempts = [*tied(2), attempt(9, 9, "B C AC", 3, 40), attempt(10, 10, "B C AC", 3, 50)]
    record = make(attempts=attempts, prizes=PRIZES)
    assert standings_of(record, "rank", "prize") == [("1", ""), ("1", ""), ("3", "second"), ("4", "third")]
    assert_agrees(record)


def test_an_undrawn_tie_across_the_end_of_the_last_prize_gets_none(make):
    record = make(attempts=tied(3), prizes=(("first", 2),))
    assert {prize for (prize,) in standings_of(record, "prize")} == {""}
    assert_agrees(record)


def test_a_drawn_tie_gets_prizes_in_drawn_order(make):
    draw = [entry(n) for n in (3, 1, 4, 2, 5)]
    record = make(attempts=tied(5), prizes=PRIZES, draws=[draw], state="final")
    assert [prize for (prize,) in standings_of(record, "prize")] == ["second", "third", "first", "second", ""]
    assert_agrees(record)


def test_excluded_people_make_no_tie_and_need_not_be_drawn(make):
    alone = make(attempts=tied(2), prizes=PRIZES, excluded=frozenset([person(1)]), state="final")
    assert standings_of(alone, "prize") == [("",), ("first",)]
    assert_agrees(alone)
    draw = [entry(3), entry(2)]
    drawn = make(attempts=tied(3), prizes=PRIZES, excluded=frozenset([person(1)]), draws=[draw], state="final")
    assert standings_of(drawn, "prize") == [("",), ("second",), ("first",)]
    assert_agrees(drawn)


def test_an_attempt_over_the_time_limit_is_a_remark_because_it_may_have_been_extended(make):
    late = attempt(9, 9, "B C AC", 3, 60, started_at=OPENS)
    record = make(attempts=[*SAMPLE.attempts, late])
    assert_agrees(record)
    assert run(record.path).err == ["note: 1 attempts lasted longer than the time limit; only extended ones may"]


def test_quoted_line_breaks_keep_the_line_numbers_of_the_file(make):
    attempts = [replace(one, block="A\nB") for one in SAMPLE.attempts]
    record = make(attempts=attempts, blocks=["A\nB"])
    assert_agrees(record)
    text = record.bytes("entries.csv").decode()
    (record.path / "entries.csv").write_bytes(text.replace(",B,C,A,3,2,1,", ",B,C,A,3,1,1,").encode())
    assert_differs(record, "entries.csv", 8, "score is '1', should be 2")


# Random rounds


ANSWERS = {"Q01": ["", "A", "B", "C", "D"], "Q02": ["", "A", "C"], "Q03": ["", "A", "AC", "ABC", "CD"]}


@st.composite
def attempts_of(draw, rules):
    """Attempts with few different values, so that ties are common."""
    found = []
    entries = itertools.count(1)
    guesses = st.none() | st.integers(0, 5).map(
        lambda n: Decimal(20 * n).scaleb(0).quantize(Decimal(1).scaleb(-rules["decimals"]))
    )
    for who in range(draw(st.integers(0, 7))):
        eligible = draw(st.sampled_from([True, True, True, False]))
        block = draw(st.sampled_from(["", *rules["blocks"]]))
        for number in range(1, 1 + draw(st.integers(1, rules["allowed"] or 3))):
            started_at = draw(st.sampled_from([OPENS, OPENS + MINUTE, CLOSES - 5 * MINUTE]))
            ended = draw(st.sampled_from(["submitted", "submitted", "cut_off"]))
            limit = rules["time_limit"] or CLOSES - started_at
            deadline = min(started_at + limit, CLOSES)
            submitted_at = draw(st.sampled_from([started_at + MINUTE, started_at + 2 * MINUTE]))
            guess = draw(guesses)
            if guess is None and rules["prediction_required"] and ended == "submitted":
                guess = Decimal(0).quantize(Decimal(1).scaleb(-rules["decimals"]))
            found.append(
                Attempt(
                    entry=f"E{draw(st.integers(0, 255)):02x}{next(entries):018x}",
                    person=person(who),
                    answers=tuple(draw(st.sampled_from(texts)) for texts in ANSWERS.values()),
                    prediction=guess,
                    started_at=started_at,
                    submitted_at=deadline if ended == "cut_off" else submitted_at,
                    ended=ended,
                    number=number,
                    eligible=eligible,
                    block=block,
                )
            )
    return found


CHANGES = st.builds(Change, st.sampled_from(list(KEY)), st.sampled_from(["A", "C", "AC", "credited", "void"]))


@st.composite
def rounds(draw):
    asks = draw(st.sampled_from(["perfect_people", "participants", "entries", "perfect_percent"]))
    rules = {
        "allowed": draw(st.sampled_from([1, 2, None])),
        "counts": draw(st.sampled_from(["best", "first", "last"])),
        "time_limit": draw(st.sampled_from([None, 10 * MINUTE, 30 * MINUTE])),
        "asks": asks,
        "decimals": draw(st.integers(0, 5)) if asks == "perfect_percent" else 0,
        "prediction_required": draw(st.booleans()),
        "tie_chain": draw(st.lists(st.sampled_from(CHAIN_ITEMS), min_size=1, unique=True)),
        "prize_if_nobody_perfect": draw(st.booleans()),
        "prizes": [(name, draw(st.integers(0, 3))) for name in draw(st.sampled_from([[], ["first", "second"]]))],
        "blocks": draw(st.sampled_from([(), ("CB", 'Dân, "cư"')])),
        "changes": draw(st.lists(CHANGES, max_size=3)),
        "excluded": frozenset(draw(st.sets(st.integers(0, 7).map(person), max_size=2))),
    }
    round_ = Round(questions=QUESTIONS, key=KEY, attempts=draw(attempts_of(rules)), **rules)
    ties = {}
    for one in round_.attempts:
        if rank := naive_record.work_out(round_).ranks.get(one.entry):
            ties.setdefault((one.block, rank), []).append(one.entry)
    draws = [draw(st.permutations(tie)) for tie in ties.values() if len(tie) > 1 and draw(st.booleans())]
    round_ = replace(round_, draws=draws)
    final = draw(st.booleans()) and not naive_record.work_out(round_).open_ties
    return replace(round_, state="final" if final else "published")


quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.slow
@quick
@given(rounds())
def test_any_round_agrees_with_the_result_worked_out_separately(round_):
    with tempfile.TemporaryDirectory() as directory:
        naive_record.write_record(Path(directory), round_)
        verdict = verify(directory)
        assert verdict.differences == []
        assert verdict.result_hash == naive_record.sha256((Path(directory) / "standings.csv").read_bytes())


@pytest.mark.slow
@quick
@given(rounds(), st.randoms(use_true_random=False))
def test_any_changed_cell_of_the_standings_is_found_even_with_forged_hashes(round_, chance):
    with tempfile.TemporaryDirectory() as directory:
        naive_record.write_record(Path(directory), replace(round_, blocks=()) if not round_.attempts else round_)
        record = Record(Path(directory))
        rows = list(naive_record.csv.reader(record.lines("standings.csv")))
        if len(rows) == 1:
            return
        line, column = chance.randrange(1, len(rows)), chance.randrange(len(rows[0]))
        rows[line][column] = chance.choice(["", "0", "1", "2", "first", entry(1)] + rows[-1]) + chance.choice("x ")
        (record.path / "standings.csv").write_bytes(naive_record.csv_bytes(rows))
        record.forge_hashes()
        assert any(text.startswith(f"standings.csv:{line + 1}: ") for text in verify(directory).differences)


@pytest.mark.slow
@quick
@given(rounds(), st.sampled_from(["entries.csv", "standings.csv"]), st.randoms(use_true_random=False))
def test_any_changed_byte_of_a_csv_file_is_found(round_, file, chance):
    with tempfile.TemporaryDirectory() as directory:
        naive_record.write_record(Path(directory), round_)
        data = bytearray((Path(directory) / file).read_bytes())
        at = chance.randrange(len(data))
        data[at] ^= chance.randrange(1, 256)
        (Path(directory) / file).write_bytes(data)
        assert not verify(directory).ok


# Tampering with entries.csv. The sample's row of entry(n) stands on line n + 1.


def test_a_changed_answer_breaks_the_receipt_the_score_and_the_file_hash(make):
    record = make()
    record.set_cell("entries.csv", 5, "Q03", "AC")
    assert_differs(record, "entries.csv", 5, "receipt is not that of this row")
    assert_differs(record, "entries.csv", 5, "score is '2', should be 3")
    assert_differs(record, "record.json", record.line_of('"entries.csv"'), "the SHA-256 of the file")


def test_a_changed_answer_with_forged_receipt_score_and_hashes_moves_the_standings(make):
    record = make()
    record.set_cell("entries.csv", 5, "Q03", "AC")
    record.set_cell("entries.csv", 5, "score", "3")
    record.forge_receipt(5)
    record.forge_hashes()
    assert_differs(record, "record.json", record.line_of('"perfect_people": 3'), "is 3, should be 4")
    assert_differs(record, "record.json", record.line_of("prediction_target"), "is '3', should be '4'")
    assert_differs(record, "standings.csv", 5, "score is '2', should be '3'")


@pytest.mark.parametrize(
    ("column", "value", "fragment"),
    [
        ("entry", "E0000000000000000000G", "entry is 'E0000000000000000000G', should be E and 20"),
        ("entry", "E00000000000000000004", "receipt is not that of this row"),
        ("person", "P1", "person is 'P1', should be P and 20"),
        ("unit_code", "SYT", "unit_code should be empty in the public edition"),
        ("block", "CB", "block is 'CB', which is not among the record's blocks"),
        ("eligible", "yes", "eligible is 'yes', should be 0 or 1"),
        ("number", "0", "number is '0', should be an integer from 1"),
        ("number", "01", "number is '01', should be an integer from 1"),
        ("number", "３", "number is '３', should be an integer from 1"),
        ("number", "3", "number is 3, only 2 allowed"),
        ("started_at", "2023-06-04 18:00", "started_at is '2023-06-04 18:00', should be a time"),
        ("started_at", "2023-02-30T18:00:00.000000Z", "should be a time"),
        ("started_at", "2023-06-04T16:59:59.999999Z", "started_at is not between opens_at and closes_at"),
        ("started_at", "2023-06-11T17:00:00.000000Z", "started_at is not between opens_at and closes_at"),
        ("started_at", "2023-06-05T00:00:00.000000Z", "submitted_at is earlier than started_at"),
        ("submitted_at", "2023-06-04T16:59:59.999999Z", "submitted_at is earlier than opens_at"),
        ("submitted_at", "2023-06-11T17:00:00.000001Z", "submitted_at is later than closes_at"),
        ("submitted_at", "2023-06-04T18:30:00.0Z", "should be a time"),
        ("submitted_at", "2023-06-04T18:30:00.000001Z", "receipt is not that of this row"),
        ("ended", "abandoned", "ended is 'abandoned', should be submitted or cut_off"),
        ("Q01", "E", "Q01 is 'E': 'E' is no option of the question"),
        ("Q01", "BC", "Q01 is 'BC': the question takes one option"),
        ("Q02", "D", "Q02 is 'D': 'D' is no option of the question"),
        ("Q03", "CA", "Q03 is 'CA': options should stand in alphabetical order"),
        ("Q03", "AAC", "Q03 is 'AAC': options should stand in alphabetical order, each once"),
        ("prediction", "-3", "prediction is '-3', not a number as the rules ask for it"),
        ("prediction", "3.0", "prediction is '3.0', not a number"),
        ("prediction", "03", "prediction is '03', not a number"),
        ("prediction", "1000000000", "prediction is '1000000000', not a number"),
        ("prediction", "４", "prediction is '４', not a number"),
        ("prediction", "4", "receipt is not that of this row"),
        ("score", "2", "score is '2', should be 3"),
        ("score", "", "score is '', should be 3"),
        ("score", "3.0", "score is '3.0', should be 3"),
        ("counted", "0", "counted is 0, should be 1"),
        ("counted", "", "counted is '', should be 0 or 1"),
        ("receipt", "0" * 64, "receipt is not that of this row"),
        ("receipt", "", "receipt is not that of this row"),
    ],
)
def test_a_changed_cell_of_an_entry_is_named_with_its_line(make, column, value, fragment):
    record = make()
    record.set_cell("entries.csv", 4, column, value)
    record.forge_hashes()
    assert_differs(record, "entries.csv", 4, fragment)


@pytest.mark.parametrize(
    ("decimals", "guess"),
    [(2, "50"), (2, "50.0"), (2, "100.01"), (2, "050.00"), (0, "101"), (0, "50.0"), (5, "1e1"), (2, "-1.00")],
)
def test_a_percentage_outside_its_form_is_named(make, decimals, guess):
    attempts = [replace(SAMPLE.attempts[2], prediction=Decimal(1).quantize(Decimal(1).scaleb(-decimals)))]
    record = make(attempts=attempts, asks="perfect_percent", decimals=decimals)
    assert_agrees(record)
    record.set_cell("entries.csv", 2, "prediction", guess)
    record.forge_receipt(2)
    assert_differs(record, "entries.csv", 2, f"prediction is '{guess}', not a number as the rules ask for it")


def test_a_submitted_row_without_the_required_prediction_is_named_a_cut_off_one_is_not(make):
    record = make(prediction_required=True)
    outcome = assert_differs(record, "entries.csv", 7, "prediction is empty, but the rules require one")
    assert len(outcome.out) == 1  # entry(8), cut off without a prediction, is right


def test_an_attempt_cut_off_before_its_deadline_is_named(make):
    record = make()
    record.set_cell("entries.csv", 9, "submitted_at", "2023-06-04T17:39:59.999999Z")
    record.forge_receipt(9)
    assert_differs(record, "entries.csv", 9, "earlier than the deadline at which an attempt is cut off")


@pytest.mark.parametrize("limit", [None, 30 * MINUTE])
def test_a_later_closes_at_contradicts_attempts_that_were_cut_off_at_the_real_one(make, limit):
    cut = replace(SAMPLE.attempts[7], started_at=CLOSES - 5 * MINUTE, submitted_at=CLOSES)
    record = make(attempts=[*SAMPLE.attempts[:7], cut], time_limit=limit)
    assert_agrees(record)
    record.set("round", "closes_at", "2023-06-11T18:00:00.000000Z")
    assert_differs(record, "entries.csv", 9, "earlier than the deadline at which an attempt is cut off")


def test_an_earlier_closes_at_contradicts_later_submissions(make):
    record = make()
    record.set("round", "closes_at", "2023-06-04T18:00:00.000000Z")
    assert_differs(record, "entries.csv", 4, "submitted_at is later than closes_at")


def test_a_removed_row_is_missed_in_the_totals_the_standings_and_the_hash(make):
    record = make()
    lines = record.lines("entries.csv")
    record.write_lines("entries.csv", lines[:3] + lines[4:])
    assert_differs(record, "standings.csv", 2, "is not that of a counted and eligible row")
    assert_differs(record, "record.json", record.line_of('"entries": 7'), "is 7, should be 6")
    assert_differs(record, "record.json", record.line_of('"entries.csv"'), "the SHA-256 of the file")


def test_a_removed_row_of_someone_not_eligible_is_missed_in_the_hash(make):
    record = make()
    lines = record.lines("entries.csv")
    record.write_lines("entries.csv", lines[:5] + lines[6:])
    outcome = assert_differs(record, "record.json", record.line_of('"entries.csv"'), "the SHA-256 of the file")
    assert len(outcome.out) == 1


def test_an_added_row_is_missed_in_the_standings_even_with_forged_hashes(make):
    record = make()
    added = make(attempts=[attempt(9, 9, "B C AC", 3, 99)]).lines("entries.csv")[1]
    record.write_lines("entries.csv", [*record.lines("entries.csv"), added])
    record.forge_hashes()
    assert_differs(record, "standings.csv", 4, f"the row of entry {entry(9)} is missing")
    assert_differs(record, "record.json", record.line_of('"people": 6'), "is 6, should be 7")


def test_reordered_entries_are_named(make):
    record = make()
    lines = record.lines("entries.csv")
    record.write_lines("entries.csv", [*lines[:3], lines[4], lines[3], *lines[5:]])
    record.forge_hashes()
    outcome = assert_differs(record, "entries.csv", 5, "is out of order: rows are sorted by entry")
    assert len(outcome.out) == 1


def test_a_doubled_row_is_named(make):
    record = make()
    lines = record.lines("entries.csv")
    record.write_lines("entries.csv", [*lines[:4], lines[3], *lines[4:]])
    assert_differs(record, "entries.csv", 5, f"entry {entry(3)} stands there twice")
    assert_differs(record, "entries.csv", 5, f"person {person(3)} has the attempt number 1 twice")


def test_two_attempts_of_a_person_with_one_number_are_named(make):
    record = make()
    record.set_cell("entries.csv", 3, "number", "1")
    record.forge_hashes()
    assert_differs(record, "entries.csv", 3, f"person {person(2)} has the attempt number 1 twice")


def test_counting_the_wrong_attempt_is_named_on_both_rows(make):
    record = make()
    record.set_cell("entries.csv", 2, "counted", "1")
    record.set_cell("entries.csv", 3, "counted", "0")
    record.forge_hashes()
    assert_differs(record, "entries.csv", 2, "counted is 1, should be 0")
    assert_differs(record, "entries.csv", 3, "counted is 0, should be 1")


def test_making_an_organiser_eligible_shows_in_standings_and_totals(make):
    record = make()
    record.set_cell("entries.csv", 6, "eligible", "1")
    record.forge_hashes()
    assert_differs(record, "standings.csv", 2, f"the row of entry {entry(5)} is missing")
    assert_differs(record, "record.json", record.line_of('"perfect_people": 3'), "is 3, should be 4")


def test_giving_an_attempt_to_someone_else_shows_in_the_standings(make):
    record = make()
    record.set_cell("entries.csv", 4, "person", person(99))
    record.forge_hashes()
    assert_differs(record, "standings.csv", 2, f"person is '{person(3)}', should be '{person(99)}'")


# Tampering with standings.csv


@pytest.mark.parametrize(
    ("line", "column", "value", "fragment"),
    [
        (2, "rank", "2", "rank is '2', should be '1'"),
        (3, "prize", "first", "prize is 'first', should be 'second'"),
        (7, "prize", "", "prize is '', should be 'third'"),
        (4, "score", "2", "score is '2', should be '3'"),
        (4, "prediction_error", "2.0", "prediction_error is '2.0', should be '2'"),
        (6, "prediction_error", "0", "prediction_error is '0', should be ''"),
        (5, "person", person(9), f"person is '{person(9)}', should be '{person(4)}'"),
        (5, "block", "CB", "block is 'CB', should be ''"),
        (5, "entry", entry(5), "is not that of a counted and eligible row"),
    ],
)
def test_a_changed_cell_of_the_standings_is_named_with_its_line(make, line, column, value, fragment):
    record = make()
    record.set_cell("standings.csv", line, column, value)
    record.forge_hashes()
    assert_differs(record, "standings.csv", line, fragment)


def test_a_moved_prize_is_named_on_both_rows(make):
    record = make()
    record.set_cell("standings.csv", 2, "prize", "second")
    record.set_cell("standings.csv", 3, "prize", "first")
    record.forge_hashes()
    outcome = assert_differs(record, "standings.csv", 2, "prize is 'second', should be 'first'")
    assert len(outcome.out) == 2


def test_a_changed_standing_without_forged_hashes_breaks_both_hashes(make):
    record = make()
    record.set_cell("standings.csv", 2, "prize", "second")
    assert_differs(record, "record.json", record.line_of('"standings.csv"'), "the SHA-256 of the file")
    assert_differs(record, "record.json", record.line_of("result_hash"), "the SHA-256 of standings.csv")


def test_removed_added_doubled_and_reordered_standings_are_named(make):
    lines = make().lines("standings.csv")
    removed = make()
    removed.write_lines("standings.csv", lines[:3] + lines[4:])
    assert_differs(removed, "standings.csv", 4, f"the row of entry {entry(2)} is missing")
    added = make()
    added.write_lines("standings.csv", [*lines, f"7,{entry(77)},{person(7)},,0,,"])
    assert_differs(added, "standings.csv", 8, f"entry '{entry(77)}' is not that of a counted and eligible row")
    doubled = make()
    doubled.write_lines("standings.csv", [*lines, lines[-1]])
    assert_differs(doubled, "standings.csv", 8, f"entry {entry(6)} stands there twice")
    reordered = make()
    reordered.write_lines("standings.csv", [*lines[:2], lines[3], lines[2], *lines[4:]])
    reordered.forge_hashes()
    assert_differs(reordered, "standings.csv", 4, f"entry {entry(7)} is out of order")


def test_a_draw_that_was_not_recorded_gives_nobody_a_prize(make):
    drawn = make(attempts=tied(2), prizes=PRIZES, draws=[[entry(1), entry(2)]], state="final")
    drawn.set("draws", [])
    assert_differs(drawn, "standings.csv", 2, "prize is 'first', should be ''")
    fragment = "is final, but the tie of block '' at rank 1 needs a draw"
    assert_differs(drawn, "record.json", drawn.line_of('"state"'), fragment)


def test_prizes_given_although_nobody_is_perfect_are_named(make):
    record = make(attempts=some_perfect(0, 2))
    record.set("rules", "prize_if_nobody_perfect", False)
    assert_differs(record, "standings.csv", 2, "prize is 'first', should be ''")


def test_a_prize_for_an_excluded_person_is_named(make):
    record = make()
    record.set("prize_excluded", [person(3)])
    assert_differs(record, "standings.csv", 2, "prize is 'first', should be ''")
    assert_differs(record, "standings.csv", 3, "prize is 'second', should be 'first'")


# Tampering with record.json


def test_a_key_edited_after_opening_breaks_the_commitment_and_the_scores(make):
    record = make()
    record.set("key_at_opening", "Q01", ["A"])
    assert_differs(record, "record.json", record.line_of('"commitment"'), "not those that were committed to")
    assert_differs(record, "entries.csv", 4, "score is '3', should be 2")


@pytest.mark.parametrize(
    "change",
    [
        ("salt", "6b" * 32),
        ("commitment", "0" * 64),
        ("questions", 0, "text", "Câu hỏi khác?"),
        ("questions", 1, "choices", 0, "text", "Phương án khác"),
        ("questions", 0, "multiple", True),
    ],
)
def test_edited_questions_salt_or_commitment_break_the_commitment(make, change):
    record = make()
    record.set(*change)
    assert_differs(record, "record.json", record.line_of('"commitment"'), "not those that were committed to")


def test_a_dropped_or_added_key_change_shows_in_the_scores(make):
    record = make(changes=[Change("Q01", "credited")])
    record.set("key_changes", [])
    assert_differs(record, "entries.csv", 7, "score is '1', should be 0")
    untouched = make()
    change = {"question": "Q01", "to": "void", "decided_at": "2023-06-12T00:00:00.000000Z", "reason": ""}
    untouched.set("key_changes", [change])
    assert_differs(untouched, "entries.csv", 4, "score is '3', should be 2")


@pytest.mark.parametrize(
    ("change", "where", "fragment"),
    [
        (("counts", "entries", 8), '"entries": 8', "counts.entries is 8, should be 7"),
        (("counts", "people", 5), '"people": 5', "counts.people is 5, should be 6"),
        (("counts", "zero", 0), '"zero"', "counts.zero is 0, should be 1"),
        (("prediction_target", "4"), "prediction_target", "is '4', should be '3'"),
        (("prediction_target", "3.0"), "prediction_target", "is '3.0', should be '3'"),
        (("files", "entries.csv", "0" * 64), '"entries.csv"', "the SHA-256 of the file"),
        (("files", "standings.csv", "0" * 64), '"standings.csv"', "the SHA-256 of the file"),
        (("result_hash", "0" * 64), "result_hash", "the SHA-256 of standings.csv"),
        (("result_hash", "A" * 64), "result_hash", "should be 64 lower-case hexadecimal digits"),
        (("format", 2), '"format"', "format is 2, should be 1"),
        (("format", True), '"format"', "format is True, should be 1"),
        (("edition", "secret"), '"edition"', 'should be "public" or "full"'),
        (("version", 0), '"version"', "should be an integer from 1"),
        (("version", "1"), '"version"', "version is '1', should be an integer from 1"),
        (("round", "grace_seconds", -1), "grace_seconds", "should be an integer from 0"),
        (("round", "state", "open"), '"state"', "should be"),
        (("round", "opens_at", "2023-06-04"), '"opens_at"', "should be a time"),
        (("round", "opens_at", "2023-07-04T17:00:00.000000Z"), '"closes_at"', "is not later than opens_at"),
        (("round", "opens_at", stamp(CLOSES)), '"closes_at"', "is not later than opens_at"),
        (("round", "title", None), '"title": null', "round.title is None, should be a text"),
        (("round", "title", "\ud800"), "ud800", "should be a text"),
        (("contest", []), '"contest"', "is [], should be an object"),
        (("contest", "more", 1), '"contest"', "contest has an unknown field 'more'"),
        (("rules", "attempts", 0), '"attempts"', "should be an integer from 1, or null"),
        (("rules", "counts", "worst"), '"counts"', "should be"),
        (("rules", "tie_chain", []), '"tie_chain"', "rules.tie_chain is empty"),
        (("rules", "tie_chain", ["score:desc", "score:desc"]), '"tie_chain"', "has 'score:desc' twice"),
        (("rules", "tie_chain", 1, "score:asc"), "score:asc", "rules.tie_chain[1] is 'score:asc', should be"),
        (("rules", "prediction", "decimals", 2), '"decimals"', "should be 0: the prediction is an integer"),
        (("rules", "prediction", "decimals", 6), '"decimals"', "should be an integer from 0 to 5"),
        (("prizes", 1, "name", "first"), '"prizes"', "has 'first' twice"),
        (("prizes", 1, "name", ""), '"name": ""', "should be a text that is not empty"),
        (("prizes", 1, "count", -1), '"count": -1', "should be an integer from 0"),
        (("blocks", ["A", "A"]), '"blocks"', "has 'A' twice"),
        (("questions", []), '"questions"', "is empty"),
        (("questions", 1, "code", "Q07"), '"Q07"', "should be 'Q02'"),
        (("questions", 0, "choices", 1, "code", "A"), '"choices"', "has 'A' twice"),
        (("key_at_opening", "Q02", ["D"]), '"Q02": [', "names 'D', which is no option of Q02"),
        (("key_at_opening", "Q02", []), '"Q02": []', "should be a list of different options"),
        (("key_at_opening", "Q09", ["A"]), '"key_at_opening"', "has an unknown field 'Q09'"),
        (("prize_excluded", [person(1), person(1)]), '"prize_excluded"', "twice"),
        (("prize_excluded", [entry(1)]), entry(1), "should be P and 20 lower-case hexadecimal digits"),
        (("draws", [entry(1)]), entry(1), "draws[0] is"),
        (("draws", [[entry(2), entry(99)]]), entry(99), f"draws[0][1] is {entry(99)}, which does not rank"),
        (("draws", [[entry(5)]]), entry(5), f"draws[0][0] is {entry(5)}, which does not rank"),
        (("draws", [[], [entry(3)]]), "  []", "draws[0] is empty"),
        (("draws", [[entry(2)], [entry(2)]]), '"draws"', f"draws has '{entry(2)}' twice"),
        (("more", 1), None, "has an unknown field 'more'"),
    ],
)
def test_a_changed_field_of_the_record_is_named_with_its_line(make, change, where, fragment):
    record = make()
    if change == ("round", "title", "\ud800"):  # written as an escape: no UTF-8 text can hold it
        text = record.bytes("record.json").decode().replace('"Tuần 1"', '"\\ud800"')
        (record.path / "record.json").write_bytes(text.encode())
    else:
        record.set(*change)
    assert_differs(record, "record.json", record.line_of(where) if where else 1, fragment)


@pytest.mark.parametrize(
    ("change", "where", "fragment"),
    [
        (("question", "Q09"), "Q09", "no question of the round"),
        (("to", ["E"]), '"to"', "names 'E', which is no option of Q02"),
        (("to", []), '"to"', 'should be a list of different options, "credited" or "void"'),
        (("to", "A"), '"to"', 'should be a list of different options, "credited" or "void"'),
        (("to", ["A", "A"]), '"to"', "should be a list of different options"),
        (("to", [["A"]]), '"to"', "should be a list of different options"),
        (("decided_at", "2023-06-01T00:00:00.000000Z"), "2023-06-01", "is earlier than that of the change"),
    ],
)
def test_a_wrong_key_change_is_named(make, change, where, fragment):
    record = make(changes=[Change("Q01", "B"), Change("Q02", "C")])
    record.set("key_changes", 1, *change)
    data = record.json()["key_changes"][1]
    assert data[change[0]] == change[1]
    line = record.line_of(where)
    if where == '"to"':  # that of the second change
        line = next(n for n, text in enumerate(record.lines("record.json"), 1) if where in text and n > line)
    assert_differs(record, "record.json", line, fragment)


def test_a_draw_that_mixes_ranks_is_named(make):
    record = make()
    record.set("draws", [[entry(2), entry(7)]])
    fragment = "draws[0] mixes entries of different blocks or ranks"
    assert_differs(record, "record.json", record.line_of('"draws"') + 1, fragment)


def test_a_draw_that_leaves_out_a_tied_entry_is_named_and_orders_nothing(make):
    record = make(attempts=tied(3), prizes=PRIZES, draws=[[entry(2), entry(1), entry(3)]])
    assert_agrees(record)
    record.set("draws", [[entry(2), entry(1)]])
    assert_differs(record, "record.json", record.line_of('"draws"') + 1, f"leaves out {entry(3)}")
    assert_differs(record, "standings.csv", 3, "prize is 'first', should be ''")


@pytest.mark.parametrize("field", ["salt", "draws", "rules", "result_hash"])
def test_a_missing_field_is_named(make, field):
    record = make()
    data = record.json()
    del data[field]
    record.write_json(data)
    outcome = assert_differs(record, "record.json", 1, f"has no field {field}")
    assert len(outcome.out) == 1


@pytest.mark.parametrize(
    ("rules", "fragment"),
    [
        ({"counts": "first"}, "counted is 1, should be 0: the first attempt of the person counts"),
        ({"attempts": 1}, "number is 2, only 1 allowed"),
    ],
)
def test_other_rules_than_those_applied_show_in_the_entries(make, rules, fragment):
    record = make()
    for name, value in rules.items():
        record.set("rules", name, value)
    assert_differs(record, "entries.csv", 3, fragment)


def test_another_tie_chain_than_that_applied_shows_in_the_standings(make):
    record = make()
    record.set("rules", "tie_chain", ["score:desc", "submitted_at:asc"])
    assert_differs(record, "standings.csv", 2, "rank is '1', should be '3'")


# Files that are not as they should be


def rewrite(record, file, change):
    (record.path / file).write_bytes(change(record.bytes(file)))


def in_place_of_person_1(new):
    return lambda data: data.replace(b"P00000000000000000001", new)


@pytest.mark.parametrize("file", ["entries.csv", "standings.csv"])
@pytest.mark.parametrize(
    ("change", "line", "fragment"),
    [
        (lambda data: data.replace(b"\n", b"\r\n"), 2, "ends with CR LF, should end with LF alone"),
        (lambda data: b"\xef\xbb\xbf" + data, 1, "begins with a byte order mark, should have none"),
        (lambda data: data[:-1], 7, "does not end with LF"),
        (lambda data: data.replace(b",", b";"), 1, "the header is"),
        (lambda data: data.partition(b"\n")[2], 1, "the header is"),
        (in_place_of_person_1(b'"P00000000000000000001"'), 2, "has quotes"),
        (
            in_place_of_person_1(b'P00000"000000"0000001'),
            2,
            "has quotes where",
        ),
        (in_place_of_person_1(b'"P0"0'), 2, "is not CSV"),
        (in_place_of_person_1(b'"P0'), 2, "a quoted text does not end"),
        (in_place_of_person_1(b"P\xff"), 2, "is not UTF-8 text"),
        (in_place_of_person_1(b"P\0"), 2, "contains a NUL character"),
        (in_place_of_person_1(b"P\r0"), 2, "has a carriage return"),
        (in_place_of_person_1(b"P0,"), 2, "cells, should have"),
        (in_place_of_person_1(b"P" * 2**21), 2, "the line is too long"),
        (lambda data: b"", 1, "the file is empty"),
        (lambda data: data + b"\n", 8, "has 1 cells, should have"),
    ],
)
def test_a_csv_file_in_another_format_is_named(make, file, change, line, fragment):
    record = make(attempts=some_perfect(6, 6))  # person 1 stands on line 2 of both files, 7 lines in all
    assert_agrees(record)
    rewrite(record, file, change)
    record.forge_hashes()
    assert_differs(record, file, line, fragment)


@pytest.mark.parametrize(
    ("data", "line", "fragment"),
    [
        (b"", 1, "is not JSON"),
        (b"{}", 1, "has no field salt"),
        (b"[]", 1, "is [], should be an object"),
        (b"null", 1, "is None, should be an object"),
        (b'{\n"format": 1,\n}', 3, "is not JSON"),
        (b'{"format": 1, "format": 1}', 1, "the field 'format' stands there twice"),
        (b'{"format": 1.0}', 1, "the number '1.0' is not an integer"),
        (b'{"format": NaN}', 1, "the number 'NaN' is not an integer"),
        (b'{"format": 1e400}', 1, "is not an integer"),
        (b'{"format": ' + b"9" * 100_000 + b"}", 1, "is not an integer of at most 18 digits"),
        (b"\n\xff", 2, "is not UTF-8 text"),
        (b"\xef\xbb\xbf{}", 1, "is not JSON"),
        (b"[" * 100_000, 1, "nested too deeply"),
        (b'{"a":' * 100_000, 1, "nested too deeply"),
        (b"\0", 1, "is not JSON"),
        (b'{"format": "\0"}', 1, "is not JSON"),
    ],
)
def test_a_record_that_is_no_good_json_is_named(make, data, line, fragment):
    record = make()
    (record.path / "record.json").write_bytes(data)
    assert_differs(record, "record.json", line, fragment)


@pytest.mark.parametrize("depth", [300, 900, 960, 980])
def test_a_value_nested_almost_too_deeply_is_only_a_difference(make, depth):
    record = make()
    text = record.bytes("record.json").decode().replace('"draws": []', f'"draws": {"[" * depth}{"]" * depth}')
    (record.path / "record.json").write_bytes(text.encode())
    outcome = run(record.path)
    assert outcome.code == 1
    assert outcome.out[0].startswith("record.json:")


def test_a_record_that_is_far_too_large_is_named(make, monkeypatch):
    record = make()
    monkeypatch.setattr(verify_record, "RECORD_LIMIT", 100)
    assert_differs(record, "record.json", 1, "the file is larger than 100 bytes")


def test_every_missing_file_is_named(make):
    record = make()
    for file in ("record.json", "standings.csv"):
        (record.path / file).unlink()
    assert run(record.path).out == [
        "record.json:1: cannot be read: No such file or directory",
        "standings.csv:1: cannot be read: No such file or directory",
    ]
    assert run(record.path).code == 1


def test_a_directory_or_pipe_in_place_of_a_file_is_named(make):
    record = make()
    (record.path / "entries.csv").unlink()
    (record.path / "entries.csv").mkdir()
    assert_differs(record, "entries.csv", 1, "cannot be read: not a regular file")
    (record.path / "entries.csv").rmdir()
    os.mkfifo(record.path / "entries.csv")
    assert_differs(record, "entries.csv", 1, "cannot be read: not a regular file")


def test_messages_cannot_write_control_characters_to_a_terminal(make):
    record = make()
    record.set_cell("entries.csv", 4, "block", "\x1b[2J\u202e")
    outcome = assert_differs(record, "entries.csv", 4, r"block is '\x1b[2J\u202e', which is not among")
    assert all(text.isprintable() for text in outcome.out)


JUNK = [None, True, 0, -1, 10**17, "", "A", "\0", [], [[]], {}, {"a": 1}, ["A", 1], [{}], "credited"]


def nodes(value, path=()):
    yield path
    for step, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, dict | list):
            yield from nodes(item, (*path, step))
        else:
            yield (*path, step)


def test_junk_anywhere_in_the_record_is_a_difference_or_harmless_never_an_error(make):
    record = make(changes=[Change("Q02", "C")], draws=[[entry(3)]], blocks=["CB"])
    assert_agrees(record)
    right, chance = record.json(), random.Random(5)
    harmless = {"text", "title", "slug", "reason", "id", "number", "version", "grace_seconds", "wins"}
    harmless |= {"attempts", "time_limit_seconds", "blocks", "draws", "count", "name"}
    for path in list(nodes(right))[1:]:
        data = copy.deepcopy(right)
        place = data
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = chance.choice([junk for junk in JUNK if junk != place[path[-1]]])
        record.write_json(data)
        assert run(record.path).code == 1 or path[-1] in harmless, path


def test_at_least_the_first_hundred_differences_are_listed_and_the_rest_counted(make):
    record = make(attempts=some_perfect(600, 600))
    rewrite(record, "entries.csv", lambda data: data.replace(b",3,1,", b",2,1,"))
    outcome = run(record.path)
    assert [text for text in outcome.out if text.startswith("entries.csv:")] == [
        f"entries.csv:{line}: score is '2', should be 3" for line in range(2, 502)
    ]
    assert outcome.err == ["note: 100 more differences are not shown"]


def test_differences_are_listed_by_file_and_line(make):
    record = make()
    record.set_cell("standings.csv", 3, "rank", "9")
    record.set_cell("standings.csv", 2, "rank", "9")
    record.set_cell("entries.csv", 5, "score", "9")
    record.set_cell("entries.csv", 3, "counted", "0")
    places = [tuple(text.split(":")[:2]) for text in run(record.path).out]
    assert [file for file, _ in places] == sorted(
        (file for file, _ in places), key=["record.json", "entries.csv", "standings.csv"].index
    )
    for name in ("record.json", "entries.csv", "standings.csv"):
        lines = [int(line) for file, line in places if file == name]
        assert lines == sorted(lines) != []


# The command


def test_a_receipt_shows_its_row_under_the_header_before_the_last_line(make):
    record = make()
    header, row = record.lines("entries.csv")[0], record.lines("entries.csv")[4]
    for receipt in (row[-64:], f" {row[-64:].upper()} "):
        outcome = run(record.path, "--receipt", receipt)
        assert outcome.out == [header, row, f"OK {record.json()['result_hash']}"]
        assert outcome.code == 0


@pytest.mark.parametrize("receipt", ["0" * 64, "abc", "", "receipt", "không"])
def test_a_receipt_that_no_row_has_fails(make, receipt):
    outcome = run(make().path, "--receipt", receipt)
    assert outcome.out == [f"entries.csv:1: no row has the receipt '{receipt}'"]
    assert outcome.code == 1


def test_a_receipt_in_a_record_that_differs_shows_only_the_differences(make):
    record = make()
    receipt = record.lines("entries.csv")[4][-64:]
    record.set("prediction_target", "4")
    outcome = run(record.path, "--receipt", receipt)
    assert len(outcome.out) == 1
    assert outcome.err == ["note: the receipt is that of entries.csv line 5"]
    assert outcome.code == 1


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--what"], ["/no/such/directory"], [__file__]])
def test_wrong_usage_exits_2_with_nothing_on_stdout(arguments, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err != ""


def test_help_exits_0(capsys):
    assert main(["--help"]) == 0
    assert "--receipt" in capsys.readouterr().out
