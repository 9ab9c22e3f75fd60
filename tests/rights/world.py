"""Two departments alike, each with its own contest, people and objects: what "own" and "other" mean in the table.

The holders of roles belong to the first department and hold their role over it. Its objects belong to a unit one
level below, so that every "own" cell also shows that a grant reaches downwards. The second department, and what is
in it, is foreign to all of them. Which objects an address means is said in `World.values`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from accounts.clock import server_now
from accounts.models import Role, Unit, User
from accounts.sso.identity import Identity
from accounts.tokens import create_token
from contest.attempt_key import AttemptKey, sign_key
from contest.closing import close_round
from contest.models import Attempt, Contest, Round
from contest.models.round import RoundState
from contest.record import FILES, public_record_directory
from notifications.services import notify
from privacy.services import file_request
from proposals.models import StaffRow
from proposals.services.proposals import draft_staff, send_proposal
from proposals.services.requests import request_account, request_unit_correction
from reports.freezing import freeze_round_report
from reports.services import request_export, run_export
from reports.unit_reports.services import send_report
from tests.factories import (
    draft_round,
    grant,
    make_attempt,
    make_block,
    make_contest,
    make_questions,
    make_root,
    make_unit,
    make_user,
    open_round,
    past_round,
)
from tests.faults.quiz import browser_of, client_of
from tests.videos.panels import panel
from tests.videos.uploads.tus import tus_headers
from tests.videos.world import give_bytes, make_clip, make_clip_contest, make_sheet, start_scoring
from videos.models import Upload
from videos.result.services import compute_result


@dataclass
class Place:
    """A department, the unit below it that organises a contest, and one object of every kind in it."""

    department: Unit
    unit: Unit
    contest: Contest
    rounds: dict[str, Round]
    objects: dict[str, Any]
    people: dict[str, User] = field(default_factory=dict)


@dataclass
class World:
    own: Place
    other: Place
    people: dict[str, User]
    clients: dict[str, Client]
    filled: dict[tuple[str, str, str], Mapping[str, list[str]]] = field(default_factory=dict)

    def place(self, side: str) -> Place:
        return self.own if side == "own" else self.other

    def person(self, who: str, side: str) -> User:
        """Whose personal objects are meant: `who`, or somebody of the same role in the other department.

        Visitors are given the participant's: it must not help them.
        """
        role = {"anonymous": "participant", "token": "organiser"}.get(who, who)
        return self.people[role] if side == "own" else self.other.people[role]

    def values(self, who: str, side: str, variant: str) -> Mapping[str, list[str]]:
        """What fills the parameters of an address, by the part of the path before them or by converter.

        `variant` is the word after @ in the table: the state of the round that is meant.
        """
        cell = (who, side, variant)
        if cell not in self.filled:
            self.filled[cell] = self._values(*cell)
        return self.filled[cell]

    def _values(self, who: str, side: str, variant: str) -> Mapping[str, list[str]]:
        place, person = self.place(side), self.person(who, side)
        state = variant if variant in place.rounds else "draft"
        attempts = Attempt.objects.filter(user=person).order_by("-round_id")
        attempt = attempts.filter(round=place.rounds[state]).first() or attempts.first()
        objects = place.objects
        return {
            "contests:int": [str(place.contest.pk)],
            "contests:slug": [place.contest.slug],
            "rounds:int": [str(place.rounds[state].pk)],
            "attempts:uuid": [str(attempt.pk)],
            "answers:int": ["1"],
            "blocks:int": [str(objects["block"].pk)],
            "ineligible:int": [str(objects["ineligibility"].pk)],
            "close:int": [str(objects["extension"].pk)],
            "banks:slug": [objects["question"].bank.slug],
            "questions:int": [str(objects["question"].pk)],
            "tokens:int": [str(person.api_tokens.earliest("pk").pk)],
            "roles:int": [str(objects["grant"].pk)],
            "people:int": [str(place.people["participant"].pk)],
            "sessions:int": [str(person.usersession_set.get().pk)],
            "notifications:int": [str(person.notifications.latest("pk").pk)],
            "accounts:int": [str(objects["account request"].pk)],
            "corrections:int": [str(objects["correction"].pk)],
            "proposals:int": [str(objects["proposal"].pk)],
            "requests:int": [str(person.data_requests.get(kind="erase").pk)],
            "messages:slug": ["round_opened"],
            "mail:int": [str(person.notifications.latest("pk").pk)],
            "exports:uuid": [str(export.pk) for export in person.exports.all()[:1]] or [str(attempt.pk)],
            "units:int": [str(place.unit.pk)],
            "record:str": ["record.json"],
            "clips:int": [str(objects["locked panel" if variant == "locked" else "clip contest"].pk)],
            "new:int": [str(place.contest.pk)],
            "mine:uuid": [str(objects["clip"].pk)],
            "clip:uuid": [str(objects["clip"].pk)],
            "members:int": [str(objects["panel member"].pk)],
            "judging:int": [str(objects["sheet"].pk)],
            "missing:int": [str(objects["sheet"].clip.clip_contest_id)],
            "points:int": ["1"],
            "files:uuid": [str(objects["clip"].current_id)],
            "scripts:uuid": [str(objects["clip"].pk)],
            "name": ["poster.jpg" if variant == "poster" else "original"],
            "uploads:uuid": [str(objects["upload"].pk)],
            "int": ["1"],
            "uuid": [str(attempt.pk)],
            "slug": ["x"],
            "str": ["x"],
            "path": ["x"],
        }

    def query(self, text: str, side: str) -> str:
        """The query of a row with {unit} and {round} filled in."""
        place = self.place(side)
        return text.format(unit=place.unit.code, round=place.rounds["published"].pk, open=place.rounds["open"].pk)

    def body(self, name: str, who: str, side: str) -> dict[str, Any]:
        """What is sent to `name`: enough to be refused for nothing but a missing right."""
        make = BODIES.get(name)
        return make(self, who, side) if make else {}

    def headers(self, variant: str, who: str, side: str) -> dict[str, str]:
        """For @key: the key of one's own attempt, sent to one's own attempt or to another's. For @tus: what it says."""
        if variant == "tus":
            return tus_headers(self.place(side).objects["clip"])
        if variant != "key":
            return {}
        attempt = Attempt.objects.get(user=self.person(who, "own"), round=self.own.rounds["open"])
        return {"Attempt-Key": sign_key(AttemptKey(attempt.pk, attempt.round_id, attempt.nonce))}


# --- Bodies by URL name; an address that is not here is sent an empty form ----------------------------

BODIES: dict[str, Callable[[World, str, str], dict[str, Any]]] = {
    "manage-role-grant": lambda world, who, side: {
        "employee_id": world.place(side).people["participant"].employee_id,
        "role": "judge",
        "unit_code": world.place(side).unit.code,
        "reason": "Quyết định 1",
    },
    "manage-role-revoke": lambda world, who, side: {"reason": "Hết nhiệm kỳ"},
    **{
        f"manage-person-{act}": lambda world, who, side: {"reason": "Đơn ngày 1/6"}
        for act in ("deactivate", "reactivate", "end-sessions", "reset-second-factor")
    },
    "unit-report": lambda world, who, side: {"act": "save", "done": "Đã nhắc"},
    "unit-report-decide": lambda world, who, side: {"act": "return", "comment": "Bổ sung", "version": 1},
    "report-file-request": lambda world, who, side: {
        "report": world.place(side).objects["report"].pk,
        "kind": "weekly_report",
        "format": "csv",
    },
    "report-awards-paper": lambda world, who, side: {"format": "docx"},
    "manage-clips-settings": lambda world, who, side: {"part": "genres", "names": "Phóng sự"},
    "judging-points": lambda world, who, side: {"points": "7", "sequence": 1},
    "judging-comment": lambda world, who, side: {"comment": "Hay", "sequence": 1},
    "judging-conflict": lambda world, who, side: {"reason": "Người nhà"},
    "judging-abstain": lambda world, who, side: {"reason": "Ốm"},
    "manage-rubric-choose": lambda world, who, side: {"ready": "noi-dung-70"},
    "clip-new": lambda world, who, side: {
        "unit": world.place(side).unit.pk,
        "title": "Một cửa",
        "genre": world.place(side).objects["clip"].genre_id,
        "authors": "Tổ truyền thông",
    },
    "clip-submit": lambda world, who, side: {"declares_rights": "on"},
    "manage-clip": lambda world, who, side: {"decision": "rejected", "reason": "Quá thời lượng"},
    "report-clips": lambda world, who, side: {"kind": "clip_list", "format": "csv"},
    "report-exports": lambda world, who, side: {
        "kind": "participation",
        "round": world.place(side).rounds["open"].pk,
        "format": "csv",
    },
}


# --- Making it ----------------------------------------------------------------------------------------


def build_world() -> World:
    """Both departments, with one person of every role in each. About two seconds."""
    root = make_root()
    own, other = _place("A", root), _place("B", root)
    for place in (own, other):
        place.people = _people(place)
        for person in place.people.values():
            create_token(user=person, label="Siêu ứng dụng", days=30)
        _attempts(place)
        _exports(place)
        _sessions(place)
        _messages(place)
        _requests(place)
        _unit_report(place)
        _clips(place)
        _locked_panel(place)
        _public_record(place.rounds["published"])
    clients = {who: browser_of(person, raise_request_exception=False) for who, person in own.people.items()}
    clients["anonymous"] = Client(raise_request_exception=False)
    clients["token"] = client_of(own.people["organiser"], raise_request_exception=False)
    return World(own, other, own.people, clients)


def _place(code: str, root: Unit) -> Place:
    department = make_unit(f"SO-{code}", parent=root)
    unit = make_unit(f"DV-{code}", parent=department)
    contest = make_contest(slug=f"hoi-thi-{code.lower()}", unit=unit)
    rounds = {
        "published": past_round(contest),
        "ranked": past_round(contest),
        "open": open_round(contest),
        "draft": draft_round(contest),
    }
    question = make_questions(1)[0]
    question.bank = question.bank.__class__.objects.create(slug=f"nh-{code.lower()}", title=f"NH {code}", unit=unit)
    question.save()
    running = rounds["open"]
    objects = {
        "question": question,
        "block": make_block(contest, "KHOI"),
        "ineligibility": contest.ineligibilities.create(user=make_user(unit=unit), reason="Tổ giúp việc"),
        "extension": running.close_extensions.create(
            closes_at=running.closes_at + timedelta(hours=1), reason="Sự cố", proposed_by=make_user(unit=unit)
        ),
        "grant": grant(make_user(unit=unit), Role.JUDGE, unit),
    }
    return Place(department, unit, contest, rounds, objects)


def _people(place: Place) -> dict[str, User]:
    """Everyone sits in the unit below; the roles are held over the department above it."""
    people = {"participant": make_user(unit=place.unit)}
    for role in Role:
        people[role.value] = make_user(unit=place.unit)
        grant(people[role.value], role, place.department)
    return people


def _attempts(place: Place) -> None:
    """An attempt in progress for everybody, and for participants results of the rounds that are over."""
    now = server_now()
    for person in place.people.values():
        make_attempt(place.rounds["open"], person, state="in_progress", started_at=now, unit=place.unit)
    for name in ("published", "ranked"):
        make_attempt(place.rounds[name], place.people["participant"], unit=place.unit)
        close_round(place.rounds[name].pk)
        Round.objects.filter(pk=place.rounds[name].pk).update(state=RoundState[name.upper()])
        place.rounds[name].refresh_from_db()


def _requests(place: Place) -> None:
    """A stranger who asks for an account, a person who asks to be moved, and what the coordinator has proposed."""
    identity = Identity(provider="sso", issuer="https://idp.example.vn", subject=place.unit.code)
    place.objects["account request"] = request_account(
        identity=identity,
        employee_id=f"LA-{place.unit.code}",
        full_name="Người Lạ",
        unit=place.unit,
        unit_text="",
        note="",
    )
    place.objects["correction"] = request_unit_correction(
        user=make_user(unit=place.unit), unit=place.department, note="Chuyển công tác"
    )
    row = StaffRow(number=1, employee_id=f"MOI-{place.unit.code}", full_name="Người Mới", unit_code=place.unit.code)
    coordinator = place.people["coordinator"]
    proposal, _diff = draft_staff(unit=place.department, rows=[row], note="Tuyển dụng", actor=coordinator)
    send_proposal(proposal=proposal, actor=coordinator)
    place.objects["proposal"] = proposal


def _sessions(place: Place) -> None:
    """A browser besides, in which each person is signed in too."""
    for person in place.people.values():
        store = SessionStore()
        store.create()
        person.usersession_set.create(ip="192.0.2.1", session_key=store.session_key, user_agent="Firefox/140")


def _messages(place: Place) -> None:
    """A message to everybody, and a request of everybody about their own data."""
    for person in place.people.values():
        notify(user=person, kind="result", subject="Đã công bố kết quả")
        file_request(user=person, kind="erase", text="Xin xóa dữ liệu")


def _exports(place: Place) -> None:
    for role in ("coordinator", "organiser", "secretary", "auditor"):
        export = request_export(
            actor=place.people[role], kind="participation", round=place.rounds["published"], format="csv"
        )
        assert run_export(export.pk)
    place.objects["report"] = freeze_round_report(
        round=place.rounds["published"], unit=place.unit, actor=place.people["secretary"]
    )


def _unit_report(place: Place) -> None:
    """What the coordinator has sent about the published round, waiting for the secretary."""
    sent = {"round": place.rounds["published"], "unit": place.unit, "actor": place.people["coordinator"]}
    send_report(**sent, remarks={"done": "Đã nhắc trong giao ban"}, seen="")


def _locked_panel(place: Place) -> None:
    """A clip contest of the unit whose panel has locked, with the result of its one clip."""
    contest = make_contest(slug=f"chot-{place.unit.code.lower()}", unit=place.unit, is_public=False)
    place.objects["locked panel"], _judges, _clips = panel([(60, 20)], contest=contest)
    compute_result(clip_contest=place.objects["locked panel"], actor=place.people["organiser"])


def _clips(place: Place) -> None:
    """A clip contest that receives, and a clip of the unit waiting to be screened."""
    contest = make_clip_contest(place.contest)
    place.objects["clip contest"] = contest
    coordinator = place.people["coordinator"]
    place.objects["clip"] = clip = make_clip(contest, unit=place.unit, state="submitted", by=coordinator)
    give_bytes(clip)
    place.objects["upload"] = Upload.objects.create(
        owner=coordinator, clip=clip, name="a.mp4", size=10, expires_at=server_now() + timedelta(days=1)
    )
    _panel(place)


def _panel(place: Place) -> None:
    """The judge is appointed in that clip contest, and at work, in the chair, in another one of the unit."""
    judge = place.people["judge"]
    place.objects["panel member"] = place.objects["clip contest"].panel.create(judge=judge)
    other = make_contest(slug=f"{place.contest.slug}-khac", unit=place.unit, is_public=False)
    contest = make_clip_contest(other)
    start_scoring(contest)
    contest.panel.create(judge=judge, is_chair=True)
    clip = make_clip(contest, unit=place.unit, state="accepted", by=place.people["coordinator"])
    place.objects["sheet"] = make_sheet(clip, judge)


def _public_record(round: Round) -> None:
    directory = public_record_directory(round)
    directory.mkdir(parents=True, exist_ok=True)
    write_stand_in(round, directory)


def write_stand_in(round: Round, directory: Path, *, full: bool = False) -> str:
    """In the place of a record, which needs a transaction of its own."""
    for name in FILES:
        (directory / name).write_text("{}")
    return ""
