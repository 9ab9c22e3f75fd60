"""Requests about one's own data: filed, due in two working days, answered by those who may, never by oneself."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.clock import server_now
from accounts.models import AuditEntry
from accounts.problems import Refused
from notifications.models import Notification
from privacy.models import DataRequest
from privacy.services import answer_request, due_at, file_request
from tests.factories import grant, make_root, make_unit, make_user

pytestmark = pytest.mark.django_db

LIST = "/manage/privacy/requests/"


@pytest.fixture
def person():
    return make_user("NV-1", unit=make_unit(parent=make_root()), full_name="Lê Thị Ánh")


@pytest.fixture
def organiser():
    user = make_user("TC-1", full_name="Nguyễn Thu Hà")
    grant(user, "organiser")
    return user


def test_a_request_is_filed_seen_and_due_in_two_working_days(client, person):
    client.force_login(person)
    sent = client.post("/privacy/requests/", {"kind": "correct", "text": " Sai chức vụ "}, follow=True)
    asked = DataRequest.objects.get()
    assert (asked.user, asked.unit, asked.text, asked.state) == (
        person,
        person.memberships.get().unit,
        "Sai chức vụ",
        "open",
    )
    assert asked.due_at == due_at(asked.received_at)
    assert sent.redirect_chain == [(f"/privacy/requests/{asked.pk}/", 302)]
    assert "Sai chức vụ" in sent.content.decode()
    assert "Chỉnh sửa dữ liệu" in client.get("/privacy/requests/").content.decode()


def test_a_request_without_words_or_a_second_one_of_the_kind_is_refused_with_the_reason(client, person):
    client.force_login(person)
    empty = client.post("/privacy/requests/", {"kind": "erase", "text": " "}).content.decode()
    assert "Không được để trống mục này" in empty
    file_request(user=person, kind="erase", text="Xin xóa")
    with pytest.raises(Refused, match="đang chờ trả lời"):
        file_request(user=person, kind="erase", text="Xin xóa")
    again = client.post("/privacy/requests/", {"kind": "erase", "text": "Xin xóa"})
    assert "Yêu cầu cùng loại của bạn đang chờ trả lời." in again.content.decode()
    file_request(user=person, kind="object", text="Không gửi thư")
    assert DataRequest.objects.count() == 2


def test_an_answer_is_told_to_the_person_and_leaves_a_trace(client, person, organiser):
    asked = file_request(user=person, kind="correct", text="Sai chức vụ")
    client.force_login(organiser)
    page = f"{LIST}{asked.pk}/"
    assert "Sai chức vụ" in client.get(page).content.decode()
    assert client.post(page, {"state": "done", "answer": "Đã sửa."}).url == LIST
    asked.refresh_from_db()
    assert (asked.state, asked.answer, asked.decided_by) == ("done", "Đã sửa.", organiser)
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.after["state"]) == ("privacy.answer", organiser, "done")
    assert "Sai chức vụ" not in str(entry.after)
    assert Notification.objects.get(user=person).path == f"/privacy/requests/{asked.pk}/"
    with pytest.raises(Refused, match="đã được trả lời"):
        answer_request(request=asked, state="refused", answer="x", actor=organiser)


def test_nobody_answers_their_own_request(organiser):
    own = file_request(user=organiser, kind="access", text="Cho xem")
    with pytest.raises(Refused, match="chính mình"):
        answer_request(request=own, state="done", answer="x", actor=organiser)


def test_an_answer_without_words_or_outcome_is_refused(person, organiser):
    asked = file_request(user=person, kind="access", text="Cho xem")
    with pytest.raises(Refused) as refusal:
        answer_request(request=asked, state="open", answer=" ", actor=organiser)
    assert list(refusal.value.reasons) == ["Cần chọn đã thực hiện hay không thực hiện.", "Cần ghi câu trả lời."]


@pytest.mark.slow
def test_requests_are_for_their_person_and_those_who_decide_over_their_unit(client, person):
    asked = file_request(user=person, kind="access", text="Cho xem")
    beside = make_unit(parent=make_root())
    readers = {"participant": make_user(unit=beside)}
    for role in ("coordinator", "judge", "secretary", "auditor", "organiser", "administrator"):
        readers[role] = make_user()
        grant(readers[role], role, asked.unit)
    readers["organiser elsewhere"] = make_user()
    grant(readers["organiser elsewhere"], "organiser", beside)
    seen = {}
    for who, reader in readers.items():
        client.force_login(reader)
        own, listed, one = (
            client.get(url).status_code for url in (f"/privacy/requests/{asked.pk}/", LIST, f"{LIST}{asked.pk}/")
        )
        seen[who] = (own, listed, one)
    stranger = (404, 404, 404)
    assert seen == {
        "participant": stranger, "coordinator": stranger, "judge": stranger, "secretary": stranger,
        "auditor": stranger, "organiser": (404, 200, 200), "administrator": (404, 200, 200),
        "organiser elsewhere": (404, 200, 404),
    }  # fmt: skip


def test_what_is_overdue_says_so_and_comes_first(client, person, organiser):
    fresh = file_request(user=make_user(unit=make_unit(parent=make_root())), kind="access", text="Mới")
    late = file_request(user=person, kind="access", text="Cũ")
    DataRequest.objects.filter(pk=late.pk).update(due_at=server_now() - timedelta(minutes=1))
    client.force_login(organiser)
    text = client.get(LIST).content.decode()
    assert text.count("Quá hạn") == 1
    assert text.index(f"{LIST}{late.pk}/") < text.index(f"{LIST}{fresh.pk}/")
    answer_request(request=late, state="refused", answer="Không có căn cứ", actor=organiser)
    assert "Quá hạn" not in client.get(LIST).content.decode()


def test_queries_do_not_grow_with_the_rows(client, organiser):
    client.force_login(organiser)
    counts = []
    for number in (1, 2):
        for _ in range(number):
            file_request(user=make_user(unit=make_unit(parent=make_root())), kind="access", text="Cho xem")
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        counts.append(len(captured))
    assert counts[0] == counts[1]
