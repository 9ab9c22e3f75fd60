"""An erased person is nowhere, apart from the sealed trace; every published result stays what it was."""

import pytest
from django.apps import apps

from accounts.audit import record_audit
from accounts.models import AuditEntry, Membership, RoleGrant, User
from accounts.problems import Refused
from contest.models import Round, Standing
from contest.record import write_record
from contest.verify_record import main as verify
from privacy.register import REGISTER, Erasure
from privacy.services import ERASED_NAME, erase_person
from tests.factories import grant, make_attempt, make_contest, make_root, make_unit, make_user, open_round
from tests.privacy.world import CANARIES, EMAIL, EMPLOYEE_ID, NAME, build_person, final_round, places_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator():
    user = make_user("quan-tri")
    grant(user, "administrator")
    return user


@pytest.mark.slow
def test_after_an_erasure_the_person_is_in_no_table_but_the_trace(administrator):
    person = build_person(password="mat-khau-thu")
    final_round(person)
    record_audit(actor=administrator, verb="role.grant", object=person, after={"employee_id": EMPLOYEE_ID})
    assert {"accounts_user", "proposals_staffrow", "notifications_notification"} <= places_of(NAME)
    erase_person(user=person, actor=administrator, reason="Yêu cầu số 1")
    places = {word: places_of(word) for word in CANARIES}
    assert {word: tables for word, tables in places.items() if tables} == {
        NAME: {"accounts_auditentry"},
        EMPLOYEE_ID: {"accounts_auditentry"},
    }
    person.refresh_from_db()
    assert person.full_name.startswith(ERASED_NAME)
    assert (person.email, person.position, person.is_active) == ("", "", False)
    assert not person.has_usable_password()
    assert not Membership.objects.current().filter(user=person).exists()


def test_rows_go_stay_or_lose_their_words_as_the_register_says(administrator):
    person = build_person()
    final_round(person)
    erased = User.objects.get(pk=person.pk)
    erase_person(user=person, actor=administrator, reason="Yêu cầu số 1")
    for label, table in REGISTER.items():
        condition = table.rows_of(erased)
        if condition is None or not table.personal:
            continue
        rows = apps.get_model(label)._default_manager.filter(condition)
        if any(column.erasure == Erasure.DELETED for column in table.personal.values()):
            assert not rows.exists(), label
        for row in rows:
            blank = [name for name, column in table.personal.items() if column.erasure == Erasure.BLANKED]
            assert [name for name in blank if getattr(row, name) not in ("", None) and name != "password"] == []


@pytest.mark.django_db(transaction=True)
def test_the_record_is_equal_byte_by_byte_and_verifies(administrator, tmp_path):
    person = build_person()
    round = final_round(person)
    for when in ("before", "after"):
        write_record(round, tmp_path / when)
        assert verify([str(tmp_path / when)]) == 0
        if when == "before":
            erase_person(user=person, actor=administrator, reason="Yêu cầu số 1")
    for name in ("record.json", "entries.csv", "standings.csv"):
        assert (tmp_path / "before" / name).read_bytes() == (tmp_path / "after" / name).read_bytes()


def test_the_results_page_shows_the_winner_under_the_pseudonym(administrator, client):
    person = build_person()
    round = final_round(person)
    assert Standing.objects.get(attempt__user=person).prize.code == "first"
    page = f"/rounds/{round.pk}/results/"
    assert NAME in client.get(page).content.decode()
    erased = erase_person(user=person, actor=administrator, reason="Yêu cầu số 1")
    text = client.get(page).content.decode()
    assert NAME not in text
    assert erased.full_name in text


def test_an_erasure_is_refused_with_every_reason(administrator):
    person = make_user(unit=make_unit())
    grant(person, "judge")
    make_attempt(open_round(make_contest()), person)
    with pytest.raises(Refused) as refusal:
        erase_person(user=person, actor=administrator, reason=" ")
    assert list(refusal.value.reasons) == [
        "Người này đang giữ vai trò. Thu hồi vai trò trước.",
        "Người này có bài thi ở tuần thi chưa có kết quả chính thức. Hãy xóa sau khi chốt kết quả tuần thi đó.",
        "Cần ghi lý do.",
    ]
    with pytest.raises(Refused, match="chính mình"):
        erase_person(user=administrator, actor=administrator, reason="x")
    assert AuditEntry.objects.count() == 0
    assert User.objects.filter(full_name__startswith=ERASED_NAME).count() == 0


def test_control_without_these_hindrances_it_is_done_once(administrator):
    person = make_user(unit=make_unit())
    given = grant(person, "judge")
    make_attempt(open_round(make_contest()), person)
    RoleGrant.objects.filter(pk=given.pk).delete()
    Round.objects.update(state="final", version=1)
    erase_person(user=person, actor=administrator, reason="Yêu cầu số 1")
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.after, entry.actor) == ("privacy.erase", {"reason": "Yêu cầu số 1"}, administrator)
    with pytest.raises(Refused, match="đã được xóa"):
        erase_person(user=person, actor=administrator, reason="Yêu cầu số 1")


# --- The pages ------------------------------------------------------------------------------------------


def test_the_page_says_what_will_happen_and_then_it_does(administrator, client):
    person = build_person()
    final_round(person)
    client.force_login(administrator)
    assert person.employee_id in client.get("/manage/privacy/people/?q=kim tuoc").content.decode()
    page = f"/manage/privacy/people/{person.pk}/erase/"
    text = client.get(page).content.decode()
    assert NAME in text
    assert all(title in text for title in ("Hồ sơ", "Lượt thi", "Xác thực hai lớp", "Thông báo"))
    assert client.post(page, {"reason": "Yêu cầu số 1"}).status_code == 200  # not yet sure
    assert places_of(EMAIL)
    assert client.post(page, {"reason": "Yêu cầu số 1", "sure": "on"}).url == "/manage/privacy/people/"
    assert places_of(EMAIL) == set()


def test_nobody_but_administrators_of_the_persons_unit_may_erase(client):
    unit, person = make_unit(parent=make_root()), build_person()
    for role in ("organiser", "secretary", "auditor", "coordinator", "judge"):
        officer = make_user()
        grant(officer, role)
        client.force_login(officer)
        assert client.get(f"/manage/privacy/people/{person.pk}/erase/").status_code == 404
        assert client.get("/manage/privacy/people/").status_code == 404
    elsewhere = make_user()
    grant(elsewhere, "administrator", unit)
    client.force_login(elsewhere)
    assert client.get("/manage/privacy/people/").status_code == 200
    assert client.get(f"/manage/privacy/people/{person.pk}/erase/").status_code == 404
    assert client.post(f"/manage/privacy/people/{person.pk}/erase/", {"reason": "x", "sure": "on"}).status_code == 404
