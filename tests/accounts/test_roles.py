"""Granting and revoking roles: administrators only, within their scope, with a reason and a trace."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import AuditEntry, Role, RoleGrant
from accounts.problems import Refused
from accounts.rights import roles_of
from accounts.services import grant_role, revoke_role
from tests.factories import grant, make_root, make_unit, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator():
    user = make_user("quan-tri", full_name="Quản Trị")
    grant(user, "administrator")
    return user


def test_a_role_is_granted_and_revoked_with_a_trace(administrator):
    user, unit = make_user("NV-1"), make_unit("YT", parent=make_root())
    given = grant_role(user=user, role=Role.ORGANISER, unit=unit, reason="QĐ 12", actor=administrator)
    assert roles_of(user) == {"organiser"}
    revoke_role(grant=given, reason="Chuyển công tác", actor=administrator)
    assert roles_of(user) == set()
    granted, revoked = AuditEntry.objects.order_by("id")
    facts = {"employee_id": "NV-1", "role": "organiser", "unit": "YT", "reason": "QĐ 12"}
    assert (granted.verb, granted.after) == ("role.grant", facts)
    assert (revoked.verb, revoked.before, revoked.after) == ("role.revoke", facts, {"reason": "Chuyển công tác"})
    again = grant_role(user=user, role=Role.ORGANISER, unit=unit, reason="QĐ 13", actor=administrator)
    assert again.pk != given.pk


def test_a_grant_without_reason_or_twice_or_to_someone_gone_is_refused_with_all_reasons(administrator):
    user = make_user()
    grant(user, "judge")
    user.is_active = False
    user.save()
    with pytest.raises(Refused) as refusal:
        grant_role(user=user, role="judge", unit=make_root(), reason=" ", actor=administrator)
    assert list(refusal.value.reasons) == [
        "Tài khoản này đã ngừng hoạt động.",
        "Cần ghi lý do.",
        "Người này đã có vai trò đó trong phạm vi đó.",
    ]
    assert AuditEntry.objects.count() == 0


def test_nobody_revokes_their_own_last_administrator_grant(administrator):
    """The control: with a second grant of one's own, the first goes."""
    mine = RoleGrant.objects.get(user=administrator)
    with pytest.raises(Refused):
        revoke_role(grant=mine, reason="x", actor=administrator)
    grant(make_user(), "administrator")
    with pytest.raises(Refused):
        revoke_role(grant=mine, reason="x", actor=administrator)
    grant(administrator, "administrator", make_unit(parent=make_root()))
    revoke_role(grant=mine, reason="x", actor=administrator)
    assert roles_of(administrator) == {"administrator"}


def test_the_last_administrator_of_all_is_kept_and_a_grant_ends_once(administrator):
    outsider = make_user()
    with pytest.raises(Refused, match="không có quyền"):
        revoke_role(grant=RoleGrant.objects.get(), reason="x", actor=outsider)
    with pytest.raises(Refused, match="cuối cùng"):
        revoke_role(grant=RoleGrant.objects.get(), reason="x", actor=administrator)
    judge = grant(make_user(), "judge")
    with pytest.raises(Refused):
        revoke_role(grant=judge, reason=" ", actor=administrator)
    revoke_role(grant=judge, reason="x", actor=administrator)
    with pytest.raises(Refused):
        revoke_role(grant=judge, reason="x", actor=administrator)


# --- Pages ------------------------------------------------------------------------------------------


def pages(given) -> list[str]:
    return [
        reverse("manage-roles"),
        reverse("manage-role-grant"),
        reverse("manage-role-revoke", args=[given.pk]),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("role", [None, "coordinator", "judge", "organiser", "secretary", "auditor"])
def test_only_administrators_see_and_grant_roles(client, administrator, role):
    user, given = make_user(), RoleGrant.objects.get()
    if role:
        grant(user, role)
    for page in pages(given):
        assert client.get(page).status_code == 302
    client.force_login(user)
    for page in pages(given):
        assert client.get(page).status_code == 404
    number = RoleGrant.objects.count()
    values = {"employee_id": user.employee_id, "role": "administrator", "unit_code": "TINH", "reason": "x"}
    assert client.post(pages(given)[1], values).status_code == 404
    assert client.post(pages(given)[2], {"reason": "x"}).status_code == 404
    assert RoleGrant.objects.in_force().count() == number
    client.force_login(administrator)
    assert [client.get(page).status_code for page in pages(given)] == [200, 200, 200]


def test_a_role_is_granted_on_the_page(client, administrator):
    user, unit = make_user("NV-7"), make_unit("YT", name="Sở Y tế", parent=make_root())
    client.force_login(administrator)
    values = {"employee_id": "NV-7", "role": "organiser", "unit_code": "YT", "reason": "QĐ 12"}
    assert client.post(reverse("manage-role-grant"), values).status_code == 302
    given = RoleGrant.objects.get(user=user)
    assert (given.role, given.unit, given.granted_by) == ("organiser", unit, administrator)
    page = client.get(reverse("manage-roles"), {"q": "so y te"}).content.decode()
    assert "NV-7" in page
    assert "Quản Trị</th>" not in page
    client.post(reverse("manage-role-revoke", args=[given.pk]), {"reason": "Nghỉ hưu"})
    assert not RoleGrant.objects.in_force().filter(user=user).exists()


def test_unknown_people_and_units_outside_the_scope_are_named(client):
    department = make_unit("YT", parent=make_root())
    make_unit("KHAC", parent=make_root())
    administrator, other = make_user(), make_user()
    grant(administrator, "administrator", department)
    foreign = grant(other, "judge")
    client.force_login(administrator)
    values = {"employee_id": "NV-KHONG", "role": "organiser", "unit_code": "KHAC", "reason": "x"}
    page = client.post(reverse("manage-role-grant"), values).content.decode()
    assert "Không có ai mang mã nhân viên này." in page
    assert "Không có đơn vị mang mã này trong phạm vi của bạn." in page
    assert client.get(reverse("manage-role-revoke", args=[foreign.pk])).status_code == 404


def test_ones_own_last_administrator_grant_stays_and_the_page_says_why(client, administrator):
    client.force_login(administrator)
    given = RoleGrant.objects.get()
    page = client.post(reverse("manage-role-revoke", args=[given.pk]), {"reason": "x"}).content.decode()
    assert "không thể thu hồi" in page
    assert RoleGrant.objects.in_force().count() == 1


def test_the_list_takes_as_many_queries_for_3_as_for_1(client, administrator, django_assert_num_queries):
    client.force_login(administrator)
    with django_assert_num_queries(9):
        client.get(reverse("manage-roles"))
    for _ in range(2):
        grant(make_user(), "judge", make_unit(parent=make_root()))
    with django_assert_num_queries(9):
        client.get(reverse("manage-roles"))


def test_the_first_administrator_is_made_on_the_server():
    root = make_root()
    user = make_user("quantri")
    call_command("grant_role", "quantri", "administrator", stdout=StringIO())
    given = RoleGrant.objects.get(user=user)
    assert (given.role, given.unit, given.granted_by) == ("administrator", root, None)
    for wrong in (["nobody", "administrator"], ["quantri", "administrator"], ["quantri", "judge", "--unit", "X"]):
        with pytest.raises(CommandError):
            call_command("grant_role", *wrong, stdout=StringIO())
    assert RoleGrant.objects.count() == 1


def test_the_last_administrator_over_everything_is_kept_beside_administrators_of_units(administrator):
    over_everything = RoleGrant.objects.get(user=administrator)
    department = make_unit("YT", parent=make_root())
    grant(administrator, "administrator", department)
    grant(make_user(), "administrator", department)
    with pytest.raises(Refused, match="cuối cùng"):
        revoke_role(grant=over_everything, reason="Thử", actor=administrator)
    grant(make_user(), "administrator")
    revoke_role(grant=over_everything, reason="Thử", actor=administrator)


def test_the_last_day_of_the_calendar_is_no_end(client, administrator):
    make_user("NV-1")
    client.force_login(administrator)
    values = {"employee_id": "NV-1", "role": "judge", "unit_code": "TINH", "reason": "QĐ 12", "last_day": "31/12/9999"}
    assert client.post(reverse("manage-role-grant"), values).status_code == 302
    assert RoleGrant.objects.get(role="judge").valid_to is None
