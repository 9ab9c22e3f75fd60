"""The one place that decides who may do what. Rights are read from the database at every request."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import TypeGuard

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Membership, Role, RoleGrant, RoleGrantQuerySet, Unit, User

Visitor = User | AnonymousUser

# Over the contest's unit, they may not take the quiz at all, and those who may take it but are never ranked.
BARRED_ROLES = (Role.AUDITOR, Role.ADMINISTRATOR)
UNRANKED_ROLES = (Role.ORGANISER, Role.SECRETARY)
# In production they work with a second factor only.
SECOND_FACTOR_ROLES = (Role.ORGANISER, Role.SECRETARY, Role.AUDITOR, Role.ADMINISTRATOR)


class Right(StrEnum):
    """What roles give, with what it means. Each holds over the units of the grant and everything below them."""

    meaning: str

    def __new__(cls, word: str, meaning: str) -> "Right":
        right = str.__new__(cls, word)
        right._value_, right.meaning = word, meaning
        return right

    SEE_COUNTS = "see_counts", "See participation figures"
    SEE_PEOPLE = "see_people", "See who has and has not taken part, and export it"
    READ_CONTESTS = "read_contests", "Read contests, rounds, papers, keys and banks in preparation"
    EDIT_CONTESTS = "edit_contests", "Prepare contests, rounds, keys and banks; publish and finalise results"
    READ_RESULTS = "read_results", "See everybody's scores after publication"
    READ_EARLY_RESULTS = "read_early_results", "See everybody's scores as soon as a round is ranked"
    IMPORT_ROSTER = "import_roster", "Import units and staff"
    PROPOSE = "propose", "Propose staff and headcounts, recommend requests"
    DECIDE_REQUESTS = "decide_requests", "Decide account requests, unit corrections and what coordinators propose"
    BREAK_GLASS = "break_glass", "Sign in with a password when no provider of the organisation answers"
    GRANT_ROLES = "grant_roles", "Grant, review and revoke roles"
    MANAGE_PEOPLE = "manage_people", "Deactivate people, end their sessions and tokens, erase personal data"
    WATCH_MAIL = "watch_mail", "See which mails wait, failed or perhaps arrived, and send one again"
    READ_AUDIT = "read_audit", "Read the trace"
    VERIFY_AUDIT = "verify_audit", "Verify the trace"
    FULL_RECORD = "full_record", "Download the full record of a round"
    FREEZE_REPORTS = "freeze_reports", "Freeze the figures of a report, and make the documents that are signed"
    READ_UNIT_REPORTS = "read_unit_reports", "Read what units report after a round, and who has and has not reported"
    SEND_UNIT_REPORT = "send_unit_report", "Write a unit's report and send it to the secretary"
    COMPILE_UNIT_REPORTS = (
        "compile_unit_reports",
        "Compile a department's report from its units' and send it up",
    )
    RETURN_UNIT_REPORT = (
        "return_unit_report",
        "Return or accept units' reports, remind who has not sent",
    )
    SET_REPORT_DEADLINE = "set_report_deadline", "Set by when the units report about a round"
    HAND_IN_CLIPS = "hand_in_clips", "Upload a unit's clips and hand them in"
    WATCH_CLIPS = "watch_clips", "Watch units' clips before publication, and read where they stand"
    READ_CLIP_CONTESTS = (
        "read_clip_contests",
        "Read a clip contest in preparation, what is handed in, how it is screened",
    )
    SCREEN_CLIPS = "screen_clips", "Screen clips: accept them, send them back, reject them"
    RUN_PANEL = "run_panel", "Appoint the panel, assign clips, start and lock its scoring, publish its result"
    SCORE_CLIPS = "score_clips", "Be appointed to a panel and score the clips assigned"
    READ_SCORE_SHEETS = "read_score_sheets", "Read the panel's sheets and result, once the panel has locked"


_ORGANISERS = frozenset({Role.ORGANISER})
HOLDERS: Mapping[Right, frozenset[Role]] = {
    Right.SEE_COUNTS: frozenset({Role.COORDINATOR, Role.ORGANISER, Role.SECRETARY, Role.AUDITOR}),
    Right.SEE_PEOPLE: frozenset({Role.COORDINATOR, Role.ORGANISER, Role.SECRETARY}),
    Right.READ_CONTESTS: frozenset({Role.ORGANISER, Role.AUDITOR}),
    Right.EDIT_CONTESTS: _ORGANISERS,
    Right.READ_RESULTS: frozenset({Role.ORGANISER, Role.SECRETARY, Role.AUDITOR}),
    Right.READ_EARLY_RESULTS: frozenset({Role.AUDITOR}),
    Right.IMPORT_ROSTER: frozenset({Role.ORGANISER, Role.ADMINISTRATOR}),
    Right.PROPOSE: frozenset({Role.COORDINATOR}),
    Right.DECIDE_REQUESTS: frozenset({Role.ORGANISER, Role.ADMINISTRATOR}),
    Right.BREAK_GLASS: frozenset({Role.ADMINISTRATOR}),
    Right.GRANT_ROLES: frozenset({Role.ADMINISTRATOR}),
    Right.MANAGE_PEOPLE: frozenset({Role.ADMINISTRATOR}),
    Right.WATCH_MAIL: frozenset({Role.ORGANISER, Role.ADMINISTRATOR}),
    Right.READ_AUDIT: frozenset({Role.ORGANISER, Role.AUDITOR}),
    Right.VERIFY_AUDIT: frozenset({Role.AUDITOR}),
    Right.FULL_RECORD: frozenset({Role.ORGANISER, Role.AUDITOR}),
    Right.FREEZE_REPORTS: frozenset({Role.ORGANISER, Role.SECRETARY}),
    Right.READ_UNIT_REPORTS: frozenset({Role.COORDINATOR, Role.ORGANISER, Role.SECRETARY, Role.AUDITOR}),
    Right.SEND_UNIT_REPORT: frozenset({Role.COORDINATOR}),
    Right.COMPILE_UNIT_REPORTS: frozenset({Role.COORDINATOR, Role.SECRETARY}),
    Right.RETURN_UNIT_REPORT: frozenset({Role.SECRETARY}),
    Right.SET_REPORT_DEADLINE: frozenset({Role.ORGANISER, Role.SECRETARY}),
    Right.HAND_IN_CLIPS: frozenset({Role.COORDINATOR}),
    Right.WATCH_CLIPS: frozenset({Role.COORDINATOR, Role.ORGANISER, Role.SECRETARY, Role.AUDITOR}),
    Right.READ_CLIP_CONTESTS: frozenset({Role.ORGANISER, Role.SECRETARY, Role.AUDITOR}),
    Right.SCREEN_CLIPS: _ORGANISERS,
    Right.RUN_PANEL: _ORGANISERS,
    Right.SCORE_CLIPS: frozenset({Role.JUDGE}),
    Right.READ_SCORE_SHEETS: frozenset({Role.ORGANISER, Role.SECRETARY, Role.AUDITOR}),
}


def roles_of(user: Visitor) -> set[str]:
    """The roles `user` holds now, whatever their scope; none before the second factor that they need."""
    if not _may_hold_roles(user):
        return set()
    return set(RoleGrant.objects.in_force().filter(user_id=user.pk).values_list("role", flat=True))


def rights_of(user: Visitor) -> set[Right]:
    """The rights `user` has over some unit now."""
    return _rights_from(roles_of(user))


def rights_everywhere(user: Visitor) -> set[Right]:
    """The rights `user` has over a root unit now."""
    return _rights_from(roles_everywhere(user))


def _rights_from(roles: set[str]) -> set[Right]:
    return {right for right, holders in HOLDERS.items() if not holders.isdisjoint(roles)}


def has(user: Visitor, right: Right) -> bool:
    """Whether `user` has the right over some unit now."""
    return not HOLDERS[right].isdisjoint(roles_of(user))


def roles_everywhere(user: Visitor) -> set[str]:
    """The roles that `user` holds now over a root unit: what belongs to no unit is for them."""
    if not _may_hold_roles(user):
        return set()
    grants = RoleGrant.objects.in_force().filter(user_id=user.pk, unit__parent=None)
    return set(grants.values_list("role", flat=True))


def has_everywhere(user: Visitor, right: Right) -> bool:
    """Whether `user` has the right over a root unit now."""
    return not HOLDERS[right].isdisjoint(roles_everywhere(user))


def units_with(user: Visitor, right: Right) -> QuerySet[Unit]:
    """The units over which `user` has the right now."""
    return units_in_scope(user, HOLDERS[right])


def units_in_scope(user: Visitor, roles: Iterable[str]) -> QuerySet[Unit]:
    """The units over which `user` holds one of `roles` now, with everything below them."""
    if not _may_hold_roles(user):
        return Unit.objects.none()
    granted = RoleGrant.objects.in_force().filter(user_id=user.pk, role__in=list(roles))
    unit_ids = list(granted.values_list("unit_id", flat=True))
    return Unit.objects.at_or_below(unit_ids) if unit_ids else Unit.objects.none()


def has_over(user: Visitor, right: Right, unit_id: int | None) -> bool:
    """Whether `user` has the right over the unit now."""
    return unit_id is not None and units_with(user, right).filter(pk=unit_id).exists()


def barring_grants(unit_id: int) -> RoleGrantQuerySet:
    """Grants whose holders, while they are in force, may not take part in contests of the unit."""
    return _grants_over(unit_id, BARRED_ROLES)


def unranking_grants(unit_id: int) -> RoleGrantQuerySet:
    """Grants whose holders, while they are in force, are never ranked in contests of the unit.

    They are those through which its contests can be prepared or read before the others see them. Who organises for
    another department, or for one below, is a participant here like everybody.
    """
    return _grants_over(unit_id, (*BARRED_ROLES, *UNRANKED_ROLES))


def _grants_over(unit_id: int, roles: Iterable[str]) -> RoleGrantQuerySet:
    return RoleGrant.objects.filter(role__in=list(roles), unit__in=Unit.objects.at_or_above([unit_id]))


def holders_over(unit_id: int, right: Right) -> QuerySet[User]:
    """The active people who have the right over the unit now."""
    grants = _grants_over(unit_id, HOLDERS[right]).in_force()
    return User.objects.filter(pk__in=grants.values("user_id"), is_active=True)


def grants_of_active(right: Right) -> RoleGrantQuerySet:
    """Grants in force that give active people the right, over whatever unit."""
    return RoleGrant.objects.in_force().filter(role__in=list(HOLDERS[right]), user__is_active=True)


def nearest_holders(unit_ids: Collection[int], right: Right) -> dict[int, set[int]]:
    """{person id: units} of the active people nearest to each unit with the right: its own, else those next above."""
    parents = dict(Unit.objects.at_or_above(list(unit_ids)).values_list("pk", "parent"))
    granted: dict[int, set[int]] = defaultdict(set)
    for unit_id, user_id in grants_of_active(right).values_list("unit", "user"):
        granted[unit_id].add(user_id)
    of_person: dict[int, set[int]] = defaultdict(set)
    for unit_id in unit_ids:
        at: int | None = unit_id
        while at is not None and at not in granted:
            at = parents.get(at)
        for user_id in granted[at] if at is not None else ():
            of_person[user_id].add(unit_id)
    return dict(of_person)


def first_unit_with(user: User, right: Right) -> Unit | None:
    """The unit of the person's oldest grant that gives the right now."""
    grants = RoleGrant.objects.in_force().filter(user_id=user.pk, role__in=list(HOLDERS[right]))
    grant = grants.select_related("unit").order_by("pk").first()
    return grant.unit if grant else None


def is_held_over(unit: Unit, right: Right, *, apart_from: User | None = None) -> bool:
    """Whether anybody, apart from one person, has the right over `unit` now."""
    grants = RoleGrant.objects.in_force().filter(
        role__in=HOLDERS[right], unit__in=Unit.objects.at_or_above([unit.pk]), user__is_active=True
    )
    return grants.exclude(user=apart_from).exists()


def people_with(user: Visitor, right: Right) -> QuerySet[User]:
    """The people over whom `user` has the right now: members of units in scope who hold no role beyond that scope.

    People without a unit are for those whose scope holds a root unit.
    """
    units = units_with(user, right)
    beyond = RoleGrant.objects.in_force().filter(user_id=OuterRef("pk")).exclude(unit__in=units)
    member = Membership.objects.current().filter(user_id=OuterRef("pk"))
    reached = Q(Exists(member.filter(unit__in=units)))
    if units.filter(parent=None).exists():
        reached |= Q(~Exists(member))
    return User.objects.filter(reached, ~Exists(beyond))


def belongs_within(user: Visitor, right: Right) -> Q:
    """A condition on people: members of units over which `user` has the right; everybody where a root is among them.

    Unlike `people_with` whatever roles these people hold elsewhere.
    """
    units = units_with(user, right)
    if units.filter(parent=None).exists():
        return Q()
    return Q(Exists(Membership.objects.current().filter(user_id=OuterRef("pk"), unit__in=units)))


def _may_hold_roles(user: Visitor) -> TypeGuard[User]:
    return user.is_authenticated and user.is_active and not user.awaits_second_factor
