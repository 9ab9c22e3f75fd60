"""A person of whom the portal knows as much as it can, with words in every column that nothing else holds."""

from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from accounts.clock import server_now
from accounts.models import ApiToken, RoleGrant, RoleReview, User
from contest.closing import close_round
from contest.models import Ineligibility, Round
from contest.services.results import finalise_round, publish_round
from notifications.models import Kind, Mute
from notifications.services import notify
from privacy.models import DataRequest
from privacy.services import due_at
from proposals.models import AccountRequest, Proposal, StaffRow, UnitCorrection
from reports.models import Export, Reminder
from tests.factories import draft_round, grant, make_attempt, make_contest, make_root, make_unit, make_user, past_round
from tests.videos.world import make_clip_contest
from videos.models import ClipReminder

NAME, EMAIL, EMPLOYEE_ID = "Hoàng Yến Kim Tước", "kim.tuoc@canary.example", "KT-777001"
OTHER_WORDS = (
    "KIM-TUOC-CHUC-VU",
    "KIM-TUOC-UID",
    "KIM-TUOC-GHI-CHU",
    "KIM-TUOC-YEU-CAU",
    "203.0.113.77",
    "KIM-TUOC-UA",
)
CANARIES = (NAME, EMAIL, EMPLOYEE_ID, *OTHER_WORDS)
SECRETS = ("KIM-TUOC-TOTP", "kimtuocsession")


def build_person(**fields) -> User:
    unit = make_unit(parent=make_root())
    person = make_user(EMPLOYEE_ID, unit=unit, full_name=NAME, email=EMAIL, position=OTHER_WORDS[0], **fields)
    now, officer = server_now(), make_user()
    ApiToken.objects.issue(user=person, expires_at=now + timedelta(days=1))
    SocialAccount.objects.create(user=person, provider="sso", uid=OTHER_WORDS[1], extra_data={"name": NAME})
    Authenticator.objects.create(user=person, type="totp", data={"secret": SECRETS[0]})
    session = SessionStore()
    session["_auth_user_id"] = str(person.pk)
    session.create()
    UserSession.objects.create(
        user=person, ip=OTHER_WORDS[4], user_agent=OTHER_WORDS[5], session_key=session.session_key, data={}
    )
    notify(user=person, kind=Kind.REQUEST_DECIDED, subject=f"Chào {NAME}", body=EMPLOYEE_ID, path="/")
    given = grant(person, "judge", unit)
    RoleGrant.objects.filter(pk=given.pk).update(
        valid_from=now - timedelta(days=1), valid_to=now, reason=f"Theo đề nghị của {NAME}"
    )
    RoleReview.objects.create(grant=given, reviewer=officer)
    DataRequest.objects.create(user=person, unit=unit, kind="access", text=OTHER_WORDS[3], due_at=due_at(now))
    asked = {"state": "waiting", "unit": unit, "unit_text": unit.name, "note": OTHER_WORDS[2]}
    AccountRequest.objects.create(
        provider="sso", issuer="https://idp", subject=OTHER_WORDS[1], employee_id=EMPLOYEE_ID, full_name=NAME,
        told_email=EMAIL, user=person, **asked,
    )  # fmt: skip
    UnitCorrection.objects.create(user=person, state="waiting", from_unit=unit, to_unit=make_unit(), note=NAME)
    Proposal.objects.create(kind="staff", unit=unit, proposer=person, note=f"{NAME} đề nghị", file_name=f"{NAME}.csv")
    Mute.objects.create(user=person, kind=Kind.RESULT)
    proposal = Proposal.objects.create(kind="staff", unit=unit, proposer=officer, note="Đợt 1")
    StaffRow.objects.create(
        proposal=proposal, number=1, employee_id=EMPLOYEE_ID, full_name=NAME, email=EMAIL, position=OTHER_WORDS[0]
    )
    Export.objects.create(
        kind="participation", format="csv", parameters={"round": 1}, label="Báo cáo", requested_by=person
    )
    ClipReminder.objects.create(
        kind="score", user=person, clip_contest=make_clip_contest(), day=now.date(), asked_by=officer
    )
    Reminder.objects.create(kind="take_part", user=person, round=draft_round(), day=now.date(), asked_by=officer)
    return person


def final_round(person: User) -> Round:
    """A round that the person has won, final; with somebody else, and an organiser who ended it."""
    contest = make_contest()
    round = past_round(contest)
    make_attempt(round, person, answers="B")
    make_attempt(round, make_user(unit=make_unit()), answers="A")
    Ineligibility.objects.create(contest=make_contest(), user=person, reason=f"{NAME} ra đề")
    close_round(round.pk)
    round.refresh_from_db()
    organiser = make_user()
    grant(organiser, "organiser")
    publish_round(round=round, actor=organiser)
    round.refresh_from_db()
    finalise_round(round=round, actor=organiser)
    round.refresh_from_db()
    return round


def places_of(word: str) -> set[str]:
    """The tables in which `word` stands anywhere."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE position(%s IN t::text) > 0', [word])
            if cursor.fetchone()[0]:
                found.add(table)
    return found
