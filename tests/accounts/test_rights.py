"""Rights: one place decides, and whose grants count for which contest."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from accounts.clock import server_now
from accounts.models import Role, RoleGrant
from accounts.problems import Problem
from accounts.rights import HOLDERS, Right, has, has_over, units_with
from contest.closing import close_round
from contest.services.attempts import start_attempt
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, open_round, past_round

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "notifications", "proposals", "contest", "videos", "reports", "privacy", "config")
# What a role is, and the rights themselves. Commands and the demo make people with roles.
NAMES_ROLES = {"accounts/models.py", "accounts/rights.py"}
A_ROLE = re.compile(rf"\bRole\.({'|'.join(role.name for role in Role)})\b|\brole(__in)?=[\[(\"'](?!img)")


def deciding_on_roles() -> set[str]:
    """Modules that name a role, apart from those that may."""
    found = set()
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            name = str(path.relative_to(ROOT))
            if "/migrations/" in name or "/demo" in name or "/management/" in name or name in NAMES_ROLES:
                continue
            if A_ROLE.search(path.read_text()):
                found.add(name)
    return found


def test_no_module_but_rights_decides_by_the_name_of_a_role():
    assert deciding_on_roles() == set()


def test_every_right_has_holders_and_a_meaning():
    assert set(HOLDERS) == set(Right)
    assert all(HOLDERS[right] and right.meaning for right in Right)


@pytest.mark.django_db
def test_a_right_holds_over_the_unit_of_the_grant_and_below_and_nowhere_else():
    department = make_unit(parent=make_root())
    below, beside = make_unit(parent=department), make_unit(parent=make_root())
    user = make_user()
    grant(user, "organiser", department)
    assert set(units_with(user, Right.EDIT_CONTESTS)) == {department, below}
    assert [has_over(user, Right.EDIT_CONTESTS, unit.pk) for unit in (below, beside, make_root())] == [
        True,
        False,
        False,
    ]
    assert (has(user, Right.EDIT_CONTESTS), has(user, Right.GRANT_ROLES)) == (True, False)
    user.is_active = False
    assert not has(user, Right.EDIT_CONTESTS)
    assert not units_with(user, Right.EDIT_CONTESTS).exists()


# --- Who takes part and is ranked --------------------------------------------------------------------


@pytest.fixture
def department():
    return make_unit("SO", parent=make_root())


def eligible(role: str, unit, department, **dates) -> bool:
    """Whether somebody with that grant is ranked in a contest of the department."""
    round = past_round(make_contest(unit=department))
    person = make_user(unit=department)
    given = grant(person, role, unit)
    RoleGrant.objects.filter(pk=given.pk).update(valid_from=round.opens_at, **dates)
    attempt = make_attempt(round, person)
    close_round(round.pk)
    attempt.refresh_from_db()
    return attempt.eligible


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["organiser", "secretary", "auditor", "administrator"])
def test_grants_over_the_contests_unit_or_above_keep_out_of_its_ranking(department, role):
    assert not eligible(role, department, department)
    assert not eligible(role, make_root(), department)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["organiser", "secretary", "auditor", "administrator"])
def test_grants_over_another_department_or_below_do_not(department, role):
    assert eligible(role, make_unit(parent=make_root()), department)
    assert eligible(role, make_unit(parent=department), department)


@pytest.mark.django_db
def test_a_grant_revoked_before_its_first_moment_keeps_nobody_out(department):
    moment = server_now() - timedelta(days=2)
    round = past_round(make_contest(unit=department))
    person = make_user(unit=department)
    given = grant(person, "organiser", department)
    RoleGrant.objects.filter(pk=given.pk).update(valid_from=moment, valid_to=moment)
    attempt = make_attempt(round, person)
    close_round(round.pk)
    attempt.refresh_from_db()
    assert attempt.eligible


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_auditors_and_administrators_take_no_part_in_contests_of_their_scope_only(department, role):
    elsewhere = make_unit(parent=make_root())
    inside, outside = make_user(unit=department), make_user(unit=department)
    grant(inside, role, department)
    grant(outside, role, elsewhere)
    round = open_round(make_contest(unit=department))
    with pytest.raises(Problem) as refused:
        start_attempt(user=inside, round_id=round.pk)
    assert refused.value.code == "not_a_participant"
    _attempt, is_new = start_attempt(user=outside, round_id=round.pk)
    assert is_new
