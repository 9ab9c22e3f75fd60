"""A person whom the provider knows and the roster does not: asking, recommending, accepting, joining, declining."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.clock import server_now
from accounts.models import AuditEntry, Membership, RoleGrant, User
from accounts.problems import Refused
from accounts.sso.identity import Identity, has_identity, link_identity
from notifications.models import Notification
from proposals.models import AccountRequest
from proposals.services.decisions import accept_account, decline, join_account
from proposals.services.requests import recommend, request_account
from tests.factories import grant, make_user
from tests.proposals.identity import IDENTITY

pytestmark = pytest.mark.django_db
PAGE = "/requests/account/"
WISH = {"employee_id": "NV-9", "full_name": "Đặng Văn Ánh", "unit": "SYT", "note": "Mới tuyển dụng"}


@pytest.fixture
def asked(units, people):
    return ask(units.health)


def ask(unit, *, employee_id="NV-9", **more) -> AccountRequest:
    identity = Identity(**IDENTITY | more)
    text = unit.name if unit else "Đâu đó"
    return request_account(
        identity=identity, employee_id=employee_id, full_name="Đặng Văn Ánh", unit=unit, unit_text=text, note="Mới"
    )


# --- The person -------------------------------------------------------------------------------------


def test_without_an_identity_there_is_nothing_to_ask(client):
    response = client.get(PAGE)
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/")


def test_the_page_says_that_sign_in_worked_and_what_the_provider_told(stranger_at, units):
    page = stranger_at().get(PAGE)
    text = page.content.decode()
    assert page.status_code == 200
    for words in ("Bạn đã đăng nhập thành công.", "NV-9", "anh@example.vn"):
        assert words in text
    assert "no-store" in page["Cache-Control"]


def test_a_request_waits_for_the_coordinator_and_the_page_shows_it_instead_of_the_form(stranger_at, units, people):
    client = stranger_at()
    assert client.post(PAGE, WISH).status_code == 302
    asked = AccountRequest.objects.get()
    assert (asked.state, asked.unit, asked.told_email) == ("waiting", units.health, "anh@example.vn")
    page = client.get(PAGE).content.decode()
    assert "Chờ ý kiến đầu mối" in page
    assert 'name="employee_id"' not in page
    client.post(PAGE, WISH)
    assert AccountRequest.objects.count() == 1


def test_a_unit_is_found_by_words_without_accents_and_an_unknown_one_goes_to_the_root(stranger_at, units, people):
    stranger_at().post(PAGE, WISH | {"unit": "so giao duc"})
    stranger_at(subject="sub-2").post(PAGE, WISH | {"unit": "Hội không tên"})
    found, unknown = AccountRequest.objects.order_by("pk")
    assert (found.unit, found.state) == (units.schools, "waiting")
    assert (unknown.unit, unknown.unit_text, unknown.state) == (None, "Hội không tên", "forwarded")
    assert list(AccountRequest.objects.for_units(type(units.root).objects.filter(pk=units.schools.pk))) == [found]


def test_words_that_fit_several_units_are_answered_with_their_codes(stranger_at, units, people):
    page = stranger_at().post(PAGE, WISH | {"unit": "so"})
    assert page.status_code == 422
    assert "SGD – Sở Giáo dục và Đào tạo" in page.content.decode()
    assert not AccountRequest.objects.exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"full_name": "Đặng\0Ánh"},
        {"full_name": "x" * 256},
        {"employee_id": ""},
        {"employee_id": "1\u202e2"},
        {"note": "a" * 501},
        {"unit": ""},
        {"unit": "\0"},
    ],
)
def test_hostile_input_is_refused_and_nothing_is_written(stranger_at, units, bad):
    assert stranger_at().post(PAGE, WISH | bad).status_code == 422
    assert not AccountRequest.objects.exists()


def test_one_identity_asks_three_times_a_day_at_most(units, people):
    for _ in range(3):
        decline(request=ask(units.health), reason="Sai mã", actor=people.organiser)
    with pytest.raises(Refused):
        ask(units.health)
    assert ask(units.health, subject="sub-2").pk


def test_a_declined_person_reads_why_and_may_ask_again(stranger_at, asked, people):
    decline(request=asked, reason="Mã nhân viên không khớp", actor=people.organiser)
    client = stranger_at()
    assert "Mã nhân viên không khớp" in client.get(PAGE).content.decode()
    client.post(PAGE, WISH)
    assert AccountRequest.objects.open().count() == 1


# --- The coordinator --------------------------------------------------------------------------------


def test_the_coordinator_of_the_unit_recommends_and_another_gets_404(as_, asked, people):
    page = reverse("recommend-account", args=[asked.pk])
    assert as_(people.neighbour).get(page).status_code == 404
    assert as_(people.neighbour).post(page, {"agrees": "1"}).status_code == 404
    client = as_(people.coordinator)
    assert "anh@example.vn" not in client.get(page).content.decode()
    assert client.post(page, {"agrees": "0", "comment": ""}).status_code == 422  # a no needs a word
    assert client.post(page, {"agrees": "1", "comment": "Đúng người của đơn vị"}).status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.recommends, asked.recommended_by) == ("forwarded", True, people.coordinator)
    with pytest.raises(Refused):
        decline(request=asked, reason=" ", actor=people.organiser)


# --- The organiser ----------------------------------------------------------------------------------


def test_accepted_as_a_new_person_with_a_membership_a_link_a_trace_and_a_message(as_, asked, units, people):
    values = {"act": "accept", "employee_id": "NV-9", "full_name": "Đặng Văn Ánh", "unit": "TTYT"}
    response = as_(people.organiser).post(reverse("manage-account-request", args=[asked.pk]), values)
    assert response.status_code == 302
    user = User.objects.get(employee_id="NV-9")
    assert list(user.memberships.values_list("unit__code", "ends_on")) == [("TTYT", None)]
    assert (has_identity(user), user.has_usable_password(), user.email) == (True, False, "")
    asked.refresh_from_db()
    assert (asked.state, asked.user, asked.decided_by) == ("accepted", user, people.organiser)
    assert (asked.told_email, asked.note) == ("", "")
    entry = AuditEntry.objects.get(verb="account_request.accept")
    assert entry.after == {"person": "new", "employee_id": "NV-9", "unit": "TTYT"}
    assert Notification.objects.filter(user=user, kind="request_decided").count() == 1


def test_an_employee_id_that_is_taken_is_not_made_anew(asked, units, people):
    with pytest.raises(Refused):
        accept_account(
            request=asked, employee_id="NV-1", full_name="Đặng Văn Ánh", unit=units.health, actor=people.organiser
        )
    asked.refresh_from_db()
    assert asked.state == "waiting"
    assert Membership.objects.filter(user=people.person).count() == 1


def test_matches_are_by_employee_id_and_by_name_in_the_unit_never_by_e_mail_alone(as_, units, people):
    people.elsewhere.email = "anh@example.vn"
    people.elsewhere.save()
    asked = ask(units.health)
    page = as_(people.organiser).get(reverse("manage-account-request", args=[asked.pk])).content.decode()
    assert "NV-1" in page  # the same name in the unit
    assert "NV-2" not in page  # the same e-mail, elsewhere
    people.person.email, people.elsewhere.email = "anh@example.vn", ""
    people.elsewhere.save()
    people.person.save()
    page = as_(people.organiser).get(reverse("manage-account-request", args=[asked.pk])).content.decode()
    assert "chỉ để tham khảo" in page


def test_joined_to_a_person_after_a_tick_and_only_to_one_who_was_shown(as_, asked, people):
    client, page = as_(people.organiser), reverse("manage-account-request", args=[asked.pk])
    wish = {"act": "join", "user": str(people.person.pk), "confirm": "1"}
    assert client.post(page, wish | {"confirm": ""}).status_code == 422
    assert client.post(page, wish | {"user": str(people.elsewhere.pk)}).status_code == 422
    assert not has_identity(people.person)
    assert client.post(page, wish).status_code == 302
    assert (has_identity(people.person), has_identity(people.elsewhere)) == (True, False)
    assert AuditEntry.objects.get(verb="account_request.accept").after["person"] == "joined"


def test_an_account_with_a_role_is_joined_by_an_administrator_only(asked, units, people):
    grant(people.person, "coordinator", units.health)
    with pytest.raises(Refused):
        join_account(request=asked, user=people.person, actor=people.organiser)
    assert not has_identity(people.person)
    administrator = make_user()
    grant(administrator, "administrator")
    join_account(request=asked, user=people.person, actor=administrator)
    assert has_identity(people.person)


def test_a_role_still_to_come_counts_as_held(asked, units, people):
    given = grant(people.person, "administrator")
    RoleGrant.objects.filter(pk=given.pk).update(valid_from=server_now() + timedelta(days=1))
    with pytest.raises(Refused):
        join_account(request=asked, user=people.person, actor=people.organiser)
    assert not has_identity(people.person)


def test_somebody_who_left_is_joined_by_those_of_the_unit_they_left(as_, units, people):
    Membership.objects.filter(user=people.person).update(ends_on=server_now().date())
    never = make_user("NV-0")
    statuses = []
    for number, employee_id in enumerate(("NV-1", "NV-0")):
        theirs = ask(units.schools, employee_id=employee_id, subject=f"sub-{number}")
        person = User.objects.get(employee_id=employee_id)
        page = reverse("manage-account-request", args=[theirs.pk])
        shown = as_(people.stranger).get(page).content.decode()
        assert (people.person.position in shown, "ngoài phạm vi của bạn" in shown) == (False, True)
        statuses.append(as_(people.stranger).post(page, {"act": "join", "user": person.pk, "confirm": "1"}).status_code)
        with pytest.raises(Refused, match="ngoài phạm vi"):
            join_account(request=theirs, user=person, actor=people.stranger)
        join_account(request=theirs, user=person, actor=people.organiser)
    assert statuses == [422, 422]
    assert has_identity(people.person)
    assert has_identity(never)


def test_a_linked_account_is_not_joined_again(asked, people):
    link_identity(user=people.person, identity=Identity("sso", IDENTITY["issuer"], "other"), actor=people.organiser)
    with pytest.raises(Refused):
        join_account(request=asked, user=people.person, actor=people.organiser)
    asked.refresh_from_db()
    assert asked.state == "waiting"


def test_an_organiser_of_another_tree_gets_404_and_a_unit_outside_the_scope_is_refused(as_, asked, units, people):
    page = reverse("manage-account-request", args=[asked.pk])
    values = {"act": "accept", "employee_id": "NV-9", "full_name": "Đặng Văn Ánh", "unit": "SYT"}
    client = as_(people.stranger)
    assert [client.get(page).status_code, client.post(page, values).status_code] == [404, 404]
    theirs = ask(units.schools, subject="sub-3")
    assert client.post(reverse("manage-account-request", args=[theirs.pk]), values).status_code == 422
    assert not User.objects.filter(employee_id="NV-9").exists()
    unknown = ask(None, subject="sub-4")
    assert client.get(reverse("manage-account-request", args=[unknown.pk])).status_code == 404


def test_the_employee_id_of_somebody_out_of_sight_is_told_without_a_name(as_, units, people):
    asked = ask(units.schools, employee_id="NV-1")
    page = as_(people.stranger).get(reverse("manage-account-request", args=[asked.pk])).content.decode()
    assert "ngoài phạm vi của bạn" in page
    assert "Chuyên viên" not in page  # NV-1's position


def test_what_was_recommended_is_recommended_once(asked, people):
    recommend(request=asked, agrees=True, comment="", actor=people.coordinator)
    decline(request=asked, reason="Không", actor=people.organiser)
    with pytest.raises(Refused):
        recommend(request=asked, agrees=True, comment="", actor=people.coordinator)
