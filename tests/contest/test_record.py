"""The record that the portal writes verifies, byte for byte, in every kind of round."""

import csv
import fcntl
import json
import random
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.clock import server_now
from contest.closing import close_round
from contest.models import Attempt, Draw, Ineligibility, Round
from contest.paper import compile_paper
from contest.record import FILES, build_public_record, public_record_file, write_record
from contest.services.attempts import submission_of
from contest.services.results import publish_round, record_draw, undrawn_ties
from contest.tasks import build_public_records
from contest.verify_record import main as verify
from tests.factories import (
    draft_round,
    make_attempt,
    make_block,
    make_contest,
    make_questions,
    make_unit,
    make_user,
    open_round,
    past_round,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def verdict(directory, *arguments) -> tuple[int, str]:
    out = StringIO()
    return verify([str(directory), *arguments], out, StringIO()), out.getvalue()


def busy_round(rng: random.Random, people: int = 25, **settings) -> Round:
    """A closed round in which much happens: several attempts, ties, cut-offs, blanks, ineligible people."""
    contest = make_contest(**settings)
    for code in ("A", "B") if settings.get("wins") else ():
        make_block(contest, code)
    questions = [*make_questions(2, correct="B"), *make_questions(1, correct="AC")]
    round = past_round(contest, questions=questions)
    percent = contest.prediction_asks == "perfect_percent"
    for number in range(people):
        person = make_user(unit=make_unit())
        if number % 9 == 0:
            Ineligibility.objects.create(contest=contest, user=person, reason="Tổ chuyên gia")
        for attempt in range(1, 1 + (contest.attempts_allowed or rng.randint(1, 4))):
            started = round.opens_at + timedelta(minutes=rng.randint(0, 5), microseconds=rng.randint(0, 2))
            make_attempt(
                round,
                person,
                number=attempt,
                answers=[rng.choice([1, 2]), rng.choice([2, 4]), rng.choice([5, 1])],
                prediction=None
                if number % 7 == 0 and not contest.prediction_required
                else rng.randint(0, 9)
                if not percent
                else rng.randint(0, 900) / 100,
                block=rng.choice(round.blocks or [""]),
                started_at=started,
                submitted_at=started + timedelta(minutes=rng.randint(1, 9)),
            )
    make_attempt(round, make_user(unit=make_unit()), answers=[2, 0, 0], prediction=None, state="in_progress")
    make_attempt(round, make_user(unit=make_unit()), answers="", state="in_progress")
    close_round(round.pk)
    round.refresh_from_db()
    return round


SETTINGS = [
    {},
    {"attempts_allowed": None, "counts": "last", "prediction_required": False},
    {"attempts_allowed": 3, "counts": "first", "tie_chain": ["score:desc", "duration:asc", "submitted_at:asc"]},
    {"attempts_allowed": None, "counts": "best", "prediction_asks": "entries", "wins": "once"},
    {"prediction_asks": "participants", "tie_chain": ["score:desc", "prediction_error:asc", "prediction_over:asc"]},
    {"prediction_asks": "perfect_percent", "prediction_decimals": 2, "prize_if_nobody_perfect": False},
    {"time_limit_seconds": None, "tie_chain": ["score:desc"]},
]


@pytest.mark.parametrize("number", range(len(SETTINGS)))
@pytest.mark.parametrize("full", [False, True])
def test_the_record_of_every_kind_of_round_verifies(number, full, tmp_path):
    round = busy_round(random.Random(number), **{"max_correct": 2} | SETTINGS[number])
    result_hash = write_record(round, tmp_path, full=full)
    code, text = verdict(tmp_path)
    assert (code, text) == (0, f"OK {result_hash}\n")


def test_both_editions_have_one_result_and_only_the_full_one_names_units(tmp_path):
    round = busy_round(random.Random(9))
    public, full = write_record(round, tmp_path / "public"), write_record(round, tmp_path / "full", full=True)
    assert public == full
    codes = {row["unit_code"] for row in rows(tmp_path / "full")}
    assert all(codes)
    assert {row["unit_code"] for row in rows(tmp_path / "public")} == {""}


def rows(directory, name="entries.csv") -> list[dict]:
    with (directory / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_public_record_holds_nothing_that_names_a_person_or_tells_the_secret(tmp_path):
    round = past_round()
    person = make_user("NV-BÍ-MẬT", full_name="Trần Thị Bí Mật", unit=make_unit("DVBIMAT", name="Sở Bí Mật"),
                       email="bi-mat@example.vn")  # fmt: skip
    attempt = make_attempt(round, person)
    close_round(round.pk)
    write_record(round, tmp_path)
    everything = "".join((tmp_path / name).read_text(encoding="utf-8") for name in FILES)
    hidden = [person.full_name, person.employee_id, person.email, "DVBIMAT", "Sở Bí Mật", str(attempt.pk),
              bytes(round.secret).hex(), str(attempt.nonce)]  # fmt: skip
    assert [text for text in hidden if text in everything] == []


def test_a_receipt_finds_its_row(tmp_path):
    round = busy_round(random.Random(3))
    attempt = Attempt.objects.filter(round=round, state="submitted").first()
    submission = submission_of(attempt)
    write_record(round, tmp_path)
    code, text = verdict(tmp_path, "--receipt", submission.receipt)
    assert code == 0
    assert submission.entry in text
    assert verdict(tmp_path, "--receipt", "0" * 64)[0] == 1


def test_equal_rounds_give_equal_bytes(tmp_path):
    round = busy_round(random.Random(4))
    for name in ("one", "two"):
        write_record(round, tmp_path / name)
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_changed_answer_is_found(tmp_path):
    round = busy_round(random.Random(5))
    write_record(round, tmp_path)
    path = tmp_path / "entries.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",B,", ",C,", 1), encoding="utf-8")
    code, text = verdict(tmp_path)
    assert code == 1
    assert "entries.csv:" in text


def test_drawn_lots_are_in_the_record_as_a_new_version(tmp_path):
    round = past_round(prizes=(("first", "Giải Nhất", 1),))
    for _ in range(2):
        make_attempt(round, make_user(unit=make_unit()), submitted_at=round.opens_at + timedelta(minutes=5))
    close_round(round.pk)
    write_record(round, tmp_path / "before")
    round.refresh_from_db()
    drawn = list(undrawn_ties(round)[0].entries)[::-1]
    record_draw(round=round, actor=make_user(), entries=drawn, minutes="Biên bản")
    write_record(round, tmp_path / "after")
    assert verdict(tmp_path / "before")[0] == verdict(tmp_path / "after")[0] == 0
    head = json.loads((tmp_path / "after/record.json").read_text(encoding="utf-8"))
    assert (head["version"], head["draws"]) == (2, [drawn])
    assert [row["prize"] for row in rows(tmp_path / "after", "standings.csv") if row["entry"] == drawn[0]] == ["first"]


def test_a_round_of_nobody_has_a_record_that_verifies(tmp_path):
    round = past_round(make_contest(prediction_asks="perfect_percent", prediction_decimals=3))
    close_round(round.pk)
    write_record(round, tmp_path)
    assert json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))["prediction_target"] == "0"
    assert verdict(tmp_path)[0] == 0


@pytest.mark.parametrize("make", [draft_round, open_round])
def test_a_round_without_result_has_no_record(make, tmp_path):
    round = make()
    with pytest.raises(CommandError, match="not ranked"):
        call_command("export_record", round.pk, out=tmp_path / "out")
    assert list((tmp_path / "out").glob("*")) == []


def test_the_command_writes_the_full_record(tmp_path):
    round = busy_round(random.Random(6))
    call_command("export_record", round.pk, "--out", str(tmp_path), "--full", stdout=StringIO())
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    assert verdict(tmp_path)[0] == 0


def test_the_public_record_is_ready_after_publication_and_not_before(settings, tmp_path):
    settings.RECORD_DIR = tmp_path
    round = busy_round(random.Random(7))
    build_public_records()
    assert public_record_file(round, "record.json") is None
    round = publish_round(round=round, actor=make_user())
    assert public_record_file(round, "record.json") is None
    build_public_records()
    round.refresh_from_db()
    path = public_record_file(round, "record.json")
    assert verdict(path.parent)[0] == 0
    assert round.result_hash == json.loads(path.read_text(encoding="utf-8"))["result_hash"]
    assert build_public_record(round) == round.result_hash
    assert public_record_file(round, "../record.json") is None


def test_a_record_that_one_process_is_writing_is_left_to_it(settings, tmp_path):
    settings.RECORD_DIR = tmp_path
    round = busy_round(random.Random(8))
    round = publish_round(round=round, actor=make_user())
    with (tmp_path / f".round-{round.pk}.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert build_public_record(round) is None
        assert list(tmp_path.glob("[!.]*")) == []
    assert build_public_record(round) is not None
    assert public_record_file(round, "record.json") is not None


def test_a_restored_database_is_not_told_by_the_files_of_the_one_before(settings, tmp_path):
    settings.RECORD_DIR = tmp_path
    round = past_round(make_contest(), prizes=(("first", "Giải Nhất", 1),))
    at = round.opens_at + timedelta(minutes=9)
    entries = [make_attempt(round, submitted_at=at).entry for _ in range(2)]
    close_round(round.pk)
    publish_round(round=round, actor=make_user())
    hashes = []
    for drawn in (entries, entries[::-1]):
        Draw.objects.all().delete()  # back to before the lots were drawn
        Round.objects.update(version=1, result_hash="")
        record_draw(round=round, actor=make_user(), entries=drawn, minutes="Biên bản")
        hashes.append(build_public_record(Round.objects.get()))
    restored = Round.objects.get()
    assert (restored.version, restored.result_hash) == (2, hashes[1])
    assert hashes[0] != hashes[1]
    told = json.loads(public_record_file(restored, "record.json").read_text(encoding="utf-8"))
    assert (told["result_hash"], told["draws"]) == (hashes[1], [entries[::-1]])


def test_times_and_choices_are_written_as_the_interface_says(tmp_path):
    round = past_round(make_contest(max_correct=2), questions=[*make_questions(2), *make_questions(1, correct="AC")])
    started = round.opens_at + timedelta(seconds=1)
    attempt = make_attempt(round, answers=[2, 0, 5], started_at=started, state="in_progress", prediction=7)
    close_round(round.pk)
    write_record(round, tmp_path)
    (row,) = rows(tmp_path)
    paper = compile_paper(round)
    assert (row["Q01"], row["Q02"], row["Q03"], row["prediction"], row["ended"]) == ("B", "", "AC", "7", "cut_off")
    assert (row["entry"], row["person"]) == (paper.entry_of(attempt.pk), paper.person_of(attempt.user_id))
    assert row["started_at"] == started.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert server_now() > round.closes_at
