"""Grants with dates, their history, and the access review."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.clock import server_now
from accounts.models import AuditEntry, RoleGrant, RoleReview, User
from accounts.problems import Refused
from accounts.rights import roles_of
from accounts.services import grant_role, review_grants, revoke_role
from tests.factories import grant, make_root, make_unit, make_user

pytestmark = pytest.mark.django_db
HERE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.fixture
def unit():
    return make_unit("YT", name="Sở Y tế", parent=make_root())


@pytest.fixture
def administrator(unit):
    """Signed in just now, a member, over everything: nothing speaks against this grant."""
    user = make_user("quan-tri", full_name="Quản Trị", unit=unit, last_login=server_now())
    grant(user, "administrator")
    return user


def give(administrator, user, unit, **dates) -> RoleGrant:
    return grant_role(user=user, role="organiser", unit=unit, reason="QĐ 1", actor=administrator, **dates)


def set_times(given: RoleGrant, valid_from: datetime, valid_to: datetime | None) -> None:
    RoleGrant.objects.filter(pk=given.pk).update(valid_from=valid_from, valid_to=valid_to)


# --- Dates ------------------------------------------------------------------------------------------


def test_a_role_holds_from_its_first_moment_to_its_last(administrator, unit):
    user, now = make_user(), server_now()
    given = give(administrator, user, unit, valid_from=now + timedelta(days=1), valid_to=now + timedelta(days=2))
    assert roles_of(user) == set()
    set_times(given, now - timedelta(days=1), now + timedelta(minutes=1))
    assert roles_of(user) == {"organiser"}
    set_times(given, now - timedelta(days=2), now - timedelta(seconds=1))
    assert roles_of(user) == set()


def test_grants_of_the_same_kind_may_follow_each_other_but_not_overlap(administrator, unit):
    user, now = make_user(), server_now()
    start, end = now + timedelta(days=10), now + timedelta(days=20)
    give(administrator, user, unit, valid_from=start, valid_to=end)
    for first, last in ((None, None), (None, start + timedelta(seconds=1)), (end - timedelta(seconds=1), None)):
        with pytest.raises(Refused, match="đã có vai trò đó"):
            give(administrator, user, unit, valid_from=first, valid_to=last)
    give(administrator, user, unit, valid_to=start)
    give(administrator, user, unit, valid_from=end)
    assert RoleGrant.objects.filter(user=user).count() == 3


def test_an_end_before_the_start_or_in_the_past_is_refused(administrator, unit):
    now = server_now()
    for first, last in ((now + timedelta(days=2), now + timedelta(days=1)), (None, now - timedelta(days=1))):
        with pytest.raises(Refused, match="Ngày hết hiệu lực"):
            give(administrator, make_user(), unit, valid_from=first, valid_to=last)


def test_a_grant_revoked_before_it_begins_never_holds_and_can_be_given_again(administrator, unit):
    user, start = make_user(), server_now() + timedelta(days=3)
    given = give(administrator, user, unit, valid_from=start)
    revoke_role(grant=given, reason="Nhầm người", actor=administrator)
    given.refresh_from_db()
    assert given.valid_to == given.valid_from == start
    with pytest.raises(Refused, match="đã được thu hồi"):
        revoke_role(grant=given, reason="Lần nữa", actor=administrator)
    give(administrator, user, unit, valid_from=start)


def test_days_on_the_page_are_days_of_the_portals_time_zone(client, administrator, unit):
    client.force_login(administrator)
    make_user("NV-1")
    first = timezone.localdate() + timedelta(days=3)
    last = first + timedelta(days=1)
    values = {"employee_id": "NV-1", "role": "judge", "unit_code": "YT", "reason": "QĐ 2"}
    days = {"first_day": f"{first:%d/%m/%Y}", "last_day": f"{last:%d/%m/%Y}"}
    assert client.post(reverse("manage-role-grant"), values | days).status_code == 302
    given = RoleGrant.objects.get(user__employee_id="NV-1")
    midnight = datetime(first.year, first.month, first.day, tzinfo=HERE)
    assert (given.valid_from, given.valid_to) == (midnight, midnight + timedelta(days=2))
    assert "NV-1" in client.get(reverse("manage-roles"), {"state": "future"}).content.decode()
    assert "NV-1" not in client.get(reverse("manage-roles")).content.decode()
    page = client.post(reverse("manage-role-grant"), values | {"first_day": "01/02/2020"}).content.decode()
    assert "Ngày này đã qua" in page


def test_administrators_of_a_unit_give_roles_to_its_people_only(client):
    """A role asks its holder for a second factor, and takes them out of the reach of their own administrator."""
    ours, theirs = (make_unit(parent=make_root()) for _ in range(2))
    department = make_user(unit=ours)
    grant(department, "administrator", ours)
    for outsider in (make_user("NV-B", unit=theirs), make_user("NV-0")):
        with pytest.raises(Refused, match="ngoài phạm vi"):
            give(department, outsider, ours)
    client.force_login(department)
    values = {"employee_id": "NV-B", "role": "judge", "unit_code": ours.code, "reason": "QĐ 1"}
    assert "ngoài phạm vi" in client.post(reverse("manage-role-grant"), values).content.decode()
    everywhere = make_user()
    grant(everywhere, "administrator")
    give(everywhere, User.objects.get(employee_id="NV-B"), ours)


def test_nobody_grants_outside_their_scope_or_to_themselves(administrator, unit):
    department = make_user()
    grant(department, "administrator", unit)
    outside = make_unit("KHAC", parent=make_root())
    with pytest.raises(Refused, match="không có quyền cấp vai trò ở đơn vị này"):
        give(department, make_user(), outside)
    with pytest.raises(Refused, match="không có quyền cấp vai trò ở đơn vị này"):
        give(department, make_user(), make_root())
    with pytest.raises(Refused, match="chính mình"):
        give(administrator, administrator, unit)
    with pytest.raises(Refused, match="không có quyền thu hồi"):
        revoke_role(grant=give(administrator, make_user(), outside), reason="x", actor=department)
    give(department, make_user(unit=unit), make_unit(parent=unit))


def test_the_history_of_a_grant_tells_who_gave_reviewed_and_revoked_it_and_why(client, administrator, unit):
    given = give(administrator, make_user("NV-1"), unit)
    review_grants(grants=[given.pk], actor=administrator)
    revoke_role(grant=given, reason="Chuyển công tác", actor=administrator)
    client.force_login(administrator)
    page = client.get(reverse("manage-role", args=[given.pk])).content.decode()
    for text in ("QĐ 1", "Rà soát: vẫn cần", "Chuyển công tác", "Quản Trị", "Đã kết thúc"):
        assert text in page
    assert reverse("manage-role-revoke", args=[given.pk]) not in page
    assert client.get(reverse("manage-role-revoke", args=[given.pk])).status_code == 404
    assert "NV-1" in client.get(reverse("manage-roles"), {"state": "ended"}).content.decode()


# --- Review -----------------------------------------------------------------------------------------


def listed(client, **query) -> str:
    return client.get(reverse("manage-role-review"), query).content.decode()


def test_the_review_names_what_speaks_against_a_grant(client, administrator, unit):
    now = server_now()
    cases = {
        "con-dung": ({"unit": unit, "last_login": now}, ""),
        "da-khoa": ({"unit": unit, "last_login": now, "is_active": False}, "Tài khoản đã khóa"),
        "roi-don-vi": ({"last_login": now}, "Không còn thuộc đơn vị nào"),
        "44-ngay": ({"unit": unit, "last_login": now - timedelta(days=44, hours=23)}, ""),
        "45-ngay": ({"unit": unit, "last_login": now - timedelta(days=45, minutes=1)}, "45 ngày chưa đăng nhập"),
    }
    for name, (fields, _doubt) in cases.items():
        grant(make_user(name, **fields), "judge", unit)
    client.force_login(administrator)
    page = listed(client)
    assert {name for name in cases if name in page} == {name for name, (_fields, doubt) in cases.items() if doubt}
    assert all(doubt in page for _fields, doubt in cases.values())
    assert {name for name in cases if name in listed(client, all="1")} == set(cases)


def test_a_grant_that_nobody_reviewed_for_long_is_doubtful_until_somebody_does(client, administrator, unit):
    user = make_user("NV-1", unit=unit, last_login=server_now())
    given = grant(user, "judge", unit)
    set_times(given, server_now() - timedelta(days=91), None)
    client.force_login(administrator)
    assert "91 ngày chưa rà soát" in listed(client)
    assert client.post(reverse("manage-role-keep"), {"grant": [given.pk]}).status_code == 302
    assert "NV-1" not in listed(client)
    review = RoleReview.objects.get()
    assert (review.grant, review.reviewer) == (given, administrator)
    entry = AuditEntry.objects.get(verb="role.review")
    assert (entry.actor, entry.object_id) == (administrator, str(given.pk))


def test_nobody_reviews_their_own_grant_or_one_outside_their_scope(administrator, unit):
    department = make_user()
    own = grant(department, "administrator", unit)
    foreign = grant(make_user(), "judge", make_unit(parent=make_root()))
    over = grant(make_user(), "judge", unit)
    set_times(over, server_now() - timedelta(days=2), server_now() - timedelta(days=1))
    inside = grant(make_user(), "judge", unit)
    assert review_grants(grants=[own.pk, foreign.pk, over.pk, inside.pk], actor=department) == 1
    assert RoleReview.objects.get().grant == inside


def test_the_list_as_a_file_holds_no_formula_and_leaves_a_trace(client, administrator, unit):
    grant(make_user("NV-1", full_name="=HYPERLINK(1)", unit=unit), "judge", unit)
    client.force_login(administrator)
    lines = client.get(reverse("manage-role-review"), {"format": "csv"}).content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Mã nhân viên;Họ và tên;Vai trò;Phạm vi;")
    assert any(line.startswith("NV-1;'=HYPERLINK(1);Giám khảo;Sở Y tế;") for line in lines)
    assert AuditEntry.objects.get(verb="role.export").after == {"rows": 2}


def test_the_review_takes_as_many_queries_for_3_as_for_1(client, administrator, unit, django_assert_num_queries):
    client.force_login(administrator)
    client.get(reverse("manage-role-review"))
    with django_assert_num_queries(REVIEW_QUERIES):
        listed(client, all="1")
    for _ in range(2):
        review_grants(grants=[grant(make_user(unit=unit), "judge", unit).pk], actor=administrator)
    with django_assert_num_queries(REVIEW_QUERIES):
        listed(client, all="1")


REVIEW_QUERIES = 9


def test_a_role_that_ends_or_is_revoked_is_gone_at_the_next_request_of_the_same_session(client, administrator, unit):
    """Stale roles in live sessions; the control is the first request."""
    user = make_user()
    given = grant(user, "administrator")
    client.force_login(user)
    assert client.get(reverse("manage-roles")).status_code == 200
    set_times(given, given.valid_from, server_now())
    assert client.get(reverse("manage-roles")).status_code == 404
    assert client.post(reverse("manage-role-grant")).status_code == 404
