"""A contest with secrets planted where a leak would show, its people by role, and what a leak looks like."""

import base64
import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.test import Client

from accounts.clock import server_now
from accounts.models import Role, RoleGrant, User
from contest.announcements import announce_due
from contest.closing import close_round
from contest.models import Attempt, Question, Round
from contest.services.content import key_digest
from contest.services.results import publish_round
from notifications.models import Notification
from reports.freezing import freeze_final_report, freeze_round_report
from reports.handin.content import PAPER_KINDS, NotYetSignable
from reports.models import TABLE_KINDS, ExportKind, RoundReport
from reports.problems import ExportNotAllowed
from reports.services import request_export, request_report_export, run_export
from tests.factories import (
    draft_round,
    grant,
    make_attempt,
    make_block,
    make_contest,
    make_questions,
    make_unit,
    make_user,
    open_round,
)
from tests.faults.quiz import browser_of, client_of

PERFECT = 1733  # people; printed by nothing else
EXPLANATION, LEGAL_SOURCE = "KIM-TUOC-GIAI-THICH", "KIM-TUOC-CAN-CU"
# Members of JSON that must be empty until the rules release what they hold.
SECRET_MEMBERS = {
    "score", "correct", "outcome", "perfect", "zero", "mean_score", "perfect_people", "prediction_target",
    "prediction_error", "rank", "prize", "key_at_opening", "salt", "secret", "explanation", "legal_source",
}  # fmt: skip


@dataclass
class World:
    """The round whose secrets are planted, a draft with the same secrets, and clients by who they are."""

    round: Round
    draft: Round
    people: dict[str, User]
    exports: dict[str, list[str]] = field(default_factory=dict)

    @property
    def clients(self) -> dict[str, Client]:
        quiet = {"raise_request_exception": False}
        browsers = {who: browser_of(user, **quiet) for who, user in self.people.items()}
        token = client_of(self.people["participant"], **quiet)
        return {"anonymous": Client(**quiet), "participant by token": token} | browsers

    def values(self, who: str) -> dict[str, list[str]]:
        """What `who` fills into addresses, see `Address.urls`: what is theirs, and some that is not."""
        rounds = [str(self.round.pk), str(self.draft.pk)]
        own = Attempt.objects.get(user=self.people["participant"])
        foreign = Attempt.objects.exclude(user__in=self.people.values()).first()
        question = Question.objects.filter(round_questions__round=self.round).first()
        foreign_files = [file for other, files in self.exports.items() if other != who for file in files]
        return {
            "rounds:int": rounds,
            "contests:int": [str(self.round.contest_id)],
            "contests:slug": [self.round.contest.slug],
            "attempts:uuid": [str(own.pk), str(foreign.pk if foreign else own.pk)],
            "banks:slug": [question.bank.slug],
            "questions:int": [str(question.pk), str(self.draft.round_questions.first().question_id)],
            "blocks:int": [str(self.round.contest.blocks.get().pk)],
            "roles:int": [str(RoleGrant.objects.first().pk)],
            "notifications:int": [str(pk) for pk in Notification.objects.values_list("pk", flat=True)[:2]],
            "messages:slug": ["round_opened", "result_prize"],
            "exports:uuid": [*self.exports.get(who, []), *foreign_files[:1], str(own.pk)],
            "units:int": [str(own.unit_id)],
            "record:str": ["record.json", "secret"],
            "int": ["1"],
            "slug": ["x"],
            "str": ["x"],
            "uuid": [str(own.pk)],
        }


def build_world(perfect: int = PERFECT) -> World:
    """An open round in which `perfect` people have every question right, and one each of every role."""
    unit, contest = make_unit("DV-CHINH"), make_contest()
    make_block(contest, "A")
    questions = make_questions(6)
    for question in questions:
        question.explanation, question.legal_source = (
            f"{EXPLANATION} {question.code}",
            f"{LEGAL_SOURCE} {question.code}",
        )
        question.save()
    participant = make_user(unit=unit)
    people = {str(role.value): make_user(unit=unit) for role in Role} | {"participant": participant}
    for role in Role:
        grant(people[role.value], role, unit if role == Role.COORDINATOR else None)
    round = open_round(contest, questions=questions[:3])
    Round.objects.filter(pk=round.pk).update(key_confirmed_digest=key_digest(round))
    draft = draft_round(contest, questions=questions[3:])
    round.refresh_from_db()
    _fill(round, unit, perfect)
    make_attempt(round, participant, answers="A", unit=unit)
    announce_due()
    return World(round, draft, people)


def _fill(round: Round, unit: Any, perfect: int) -> None:
    template = make_attempt(round, make_user(unit=unit), answers="B", prediction=7, unit=unit)
    crowd = User.objects.bulk_create(
        User(employee_id=f"HL{number}", full_name="Người Hoàn Hảo", password="!") for number in range(perfect - 1)
    )
    Attempt.objects.bulk_create(
        Attempt(
            round=round, user=user, number=1, unit=unit, nonce=1, state="submitted", answers=template.answers,
            sequences=template.sequences, prediction=7, entry=f"E{user.pk:020x}", started_at=template.started_at,
            deadline=template.deadline, submitted_at=template.submitted_at + timedelta(milliseconds=number),
        )
        for number, user in enumerate(crowd)
    )  # fmt: skip


def rank(world: World) -> None:
    """Close the round and rank it; nothing is published."""
    end = server_now() - timedelta(minutes=1)
    Round.objects.filter(pk=world.round.pk).update(closes_at=end)
    Attempt.objects.filter(deadline__gt=end).update(deadline=end)
    close_round(world.round.pk)
    world.round.refresh_from_db()
    assert world.round.state == "ranked"


def publish(world: World) -> None:
    publish_round(round=world.round, actor=world.people["organiser"])
    world.round.refresh_from_db()


def freeze(world: World) -> None:
    """Keep the weekly and the final report with all their figures, over the contest and over the one unit."""
    contest = world.round.contest
    for unit in (contest.unit, world.round.round_units.get(unit__code="DV-CHINH").unit):
        freeze_round_report(round=world.round, unit=unit, actor=None)
        freeze_final_report(contest=contest, unit=unit, actor=None)


def make_exports(world: World) -> None:
    """Every file that every person may ask for, made."""
    for who, person in world.people.items():
        for kind in TABLE_KINDS:
            for format in ("json", "xlsx") if kind == ExportKind.PARTICIPATION else ("csv",):
                _make(world, who, request_export, actor=person, kind=kind, round=world.round, format=format)
        for report in RoundReport.objects.select_related("contest__unit", "round", "unit"):
            wish = {"actor": person, "report": report, "knows_outdated": True}
            kind = ExportKind.FINAL_REPORT if report.is_final else ExportKind.WEEKLY_REPORT
            for format in ("json", "xlsx", "docx"):
                _make(world, who, request_report_export, **wish, kind=kind, format=format)
            for kind in PAPER_KINDS:
                _make(world, who, request_report_export, **wish, kind=kind, format="docx")


def _make(world: World, who: str, request: Any, *, actor: User, **wish: Any) -> None:
    try:
        export = request(actor=actor, **wish)
    except (ExportNotAllowed, NotYetSignable):
        return
    assert run_export(export.pk)
    world.exports.setdefault(who, []).append(str(export.pk))


# --- What a leak looks like ---------------------------------------------------------------------------


def content_of(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def text_of(content: bytes) -> str:
    """The text of a page, of JSON with its escapes undone, or of a workbook's parts."""
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return "\n".join(book.read(name).decode() for name in book.namelist())
    text = content.decode(errors="replace")
    return json.dumps(value, ensure_ascii=False) if (value := json_of(text)) is not None else text


def json_of(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def secrets_in(text: str, world: World) -> set[str]:
    """The names of planted secrets that `text` holds, in any usual spelling."""
    found = set()
    for round in (world.round, world.draft):
        secret = bytes(round.secret or b"")
        spellings = {
            "salt": [round.salt],
            "secret": [secret.hex(), base64.b64encode(secret).decode(), base64.urlsafe_b64encode(secret).decode()],
            "digest of the key": [round.key_confirmed_digest],
        }
        found |= {name for name, texts in spellings.items() if any(one and one in text for one in texts)}
    found |= {word for word in (EXPLANATION, LEGAL_SOURCE, "key_at_opening") if word in text}
    if re.search(r"(?<![\w.,:-])1[.,\u00a0\u202f]?733(?![\w:-]|[.,]\d)", text):
        found.add("count of perfect people")
    return found | {f"member {name}" for name in _filled_members(json_of(text))}


def _filled_members(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_filled_members, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    filled = {name for name in SECRET_MEMBERS & value.keys() if value[name] not in (None, "", [])}
    return filled.union(*map(_filled_members, value.values()))
