"""Coordinators propose staff and headcounts; organisers accept what a diff shows, all rows but those they leave out."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import AuditEntry, Membership, RoleGrant, Unit, User
from accounts.problems import Refused
from notifications.models import Notification
from proposals.diff import diff_for_proposer, diff_of
from proposals.models import HeadcountRow, Proposal, StaffRow
from proposals.problems import DiffChanged, RowsRefused
from proposals.services.proposals import (
    accept_proposal,
    decline_proposal,
    draft_headcounts,
    draft_staff,
    send_proposal,
    withdraw_proposal,
)
from tests.accounts.tables import csv_bytes, xlsx_bytes
from tests.factories import grant, make_user

pytestmark = pytest.mark.django_db


def row(number, employee_id, full_name="Nguyễn Mới", unit_code="SYT", *, leaves=False, **more):
    if leaves:
        return StaffRow(number=number, employee_id=employee_id, leaves=True)
    return StaffRow(number=number, employee_id=employee_id, full_name=full_name, unit_code=unit_code, **more)


def propose(people, units, *rows) -> Proposal:
    """A staff proposal of the department's coordinator, sent."""
    proposal, _diff = draft_staff(unit=units.health, rows=rows, note="Theo quyết định", actor=people.coordinator)
    send_proposal(proposal=proposal, actor=people.coordinator)
    return proposal


def accept(proposal, actor, left_out=None):
    proposal.refresh_from_db()
    digest = diff_of(proposal, scope=None).digest()
    return accept_proposal(proposal=proposal, expected=digest, left_out=left_out or {}, actor=actor)


def unit_code(employee_id):
    return (
        Membership.objects.current().filter(user__employee_id=employee_id).values_list("unit__code", flat=True).first()
    )


# --- What is proposed -------------------------------------------------------------------------------


def test_a_form_with_two_people_is_previewed_then_sent(as_, units, people):
    client = as_(people.coordinator)
    assert client.get("/requests/proposals/staff/new/?person=NV-1").status_code == 200
    values = {
        "scope": units.health.pk, "note": "Tuyển dụng mới", "lines": "3",
        "line-0-act": "put", "line-0-employee_id": "NV-10", "line-0-full_name": "Lê  Một", "line-0-unit_code": "SYT",
        "line-1-act": "put", "line-1-employee_id": "NV-11", "line-1-full_name": "Lê Hai", "line-1-unit_code": "TTYT",
        "line-1-position": "Y sĩ", "line-2-act": "put", "line-2-unit_code": "SYT",
    }  # fmt: skip
    response = client.post("/requests/proposals/staff/new/", values)
    proposal = Proposal.objects.get()
    assert (response.status_code, response["Location"]) == (302, reverse("proposal", args=[proposal.pk]))
    assert list(proposal.staff_rows.values_list("employee_id", "full_name", "unit_code", "position", "email")) == [
        ("NV-10", "Lê Một", "SYT", None, None), ("NV-11", "Lê Hai", "TTYT", "Y sĩ", None),
    ]  # fmt: skip
    assert proposal.state == "draft"
    assert as_(people.organiser).get(reverse("manage-proposal", args=[proposal.pk])).status_code == 404
    as_(people.coordinator).post(reverse("proposal-send", args=[proposal.pk]))
    page = as_(people.organiser).get(reverse("manage-proposal", args=[proposal.pk])).content.decode()
    assert "NV-10 – Lê Một" in page
    assert not User.objects.filter(employee_id="NV-10").exists()


def test_adding_a_line_keeps_what_was_typed(as_, units, people):
    values = {"lines": "2", "line-0-act": "leave", "line-0-employee_id": "  NV-7", "note": "Vì <b>", "more": "1"}
    page = as_(people.coordinator).post("/requests/proposals/staff/new/", values)
    text = page.content.decode()
    assert page.status_code == 200
    assert ('value="  NV-7"' in text, "line-2-employee_id" in text, "Vì &lt;b&gt;" in text) == (True, True, True)
    assert not Proposal.objects.exists()


def test_errors_of_the_form_stand_beside_their_fields_and_nothing_is_kept(as_, units, people):
    values = {
        "scope": units.health.pk, "note": "Vì", "lines": "3",
        "line-0-act": "put", "line-0-employee_id": "NV-10", "line-0-full_name": "=1+1", "line-0-unit_code": "SYT",
        "line-1-act": "put", "line-1-employee_id": "NV-11", "line-1-full_name": "a\0b", "line-1-unit_code": "SYT",
        "line-2-act": "put", "line-2-employee_id": "NV-12", "line-2-full_name": "Ba", "line-2-unit_code": "SGD",
    }  # fmt: skip
    page = as_(people.coordinator).post("/requests/proposals/staff/new/", values)
    assert page.status_code == 422
    values |= {"line-0-full_name": "Một", "line-1-full_name": "Hai"}
    page = as_(people.coordinator).post("/requests/proposals/staff/new/", values)
    assert page.status_code == 422
    assert "Hãy sửa các ô có lỗi." in page.content.decode()
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("scope", ["SGD", "TINH"])
def test_the_scope_cannot_be_another_s(as_, units, people, scope):
    values = {
        "scope": Unit.objects.get(code=scope).pk, "note": "Vì", "lines": "1",
        "line-0-act": "put", "line-0-employee_id": "NV-10", "line-0-full_name": "Một", "line-0-unit_code": "SGD",
    }  # fmt: skip
    assert as_(people.coordinator).post("/requests/proposals/staff/new/", values).status_code == 422
    assert not Proposal.objects.exists()


def upload(client, page, data, name="t.csv", **more):
    return client.post(page, {"file": SimpleUploadedFile(name, data), "note": "Theo tệp", **more})


@pytest.mark.parametrize(
    ("kind", "header", "line"),
    [
        ("staff", ["Mã nhân viên", "Họ và tên", "Mã đơn vị"], ["NV-{}", "Nguyễn Mới", "SYT"]),
        ("headcounts", ["Mã đơn vị", "Biên chế"], ["X{}", "1"]),
    ],
)
def test_too_many_lines_are_refused_before_they_are_compared_with_anything(
    as_, units, people, monkeypatch, kind, header, line
):
    for compare in ("proposals.diff.plan_staff", "proposals.reading.UnitFinder"):
        monkeypatch.setattr(compare, None)
    data = csv_bytes(header, *([cell.format(number) for cell in line] for number in range(1001)))
    values = {"scope": units.health.pk, "note": "Theo quyết định", "file": SimpleUploadedFile("nhieu.csv", data)}
    response = as_(people.coordinator).post(f"/requests/proposals/{kind}/file/", values)
    assert response.status_code == 422
    assert "tối đa 1000 dòng" in response.content.decode()


def test_a_file_has_the_format_of_the_import_of_staff(as_, units, people):
    client, page = as_(people.coordinator), "/requests/proposals/staff/file/"
    template = client.get(f"{page}?template=csv").content.decode("utf-8-sig").splitlines()
    assert template[0] == "Mã nhân viên;Họ và tên;Mã đơn vị;Thư điện tử;Chức vụ"
    data = csv_bytes(
        ("Mã nhân viên", "Họ và tên", "Mã đơn vị", "Chức vụ"),
        ("NV-10", "Lê Một", "TTYT", "Y sĩ"),
        ("NV-1", "Đặng Văn Ánh", "SYT", ""),
    )
    assert upload(client, page, data, scope=units.health.pk).status_code == 302
    proposal = Proposal.objects.get()
    diff = diff_for_proposer(proposal)
    assert diff.counts == {"created": 1, "updated": 1}
    assert diff.rows[1].details == [("Chức vụ", "Chuyên viên", "")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "name", "status", "words"),
    [
        (csv_bytes(("employee_id", "full_name", "unit_code"), ("NV-10", "=A1", "SYT")), "t.csv", 422, "công thức"),
        (xlsx_bytes(("employee_id", "full_name", "unit_code"), ("NV-10", "=A1", "SYT")), "t.xlsx", 422, "công thức"),
        (xlsx_bytes(("employee_id", "full_name", "unit_code"), (10, "Một", "SYT")), "t.xlsx", 422, "số 0 ở đầu"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "t.xls", 415, "Chỉ nhận tệp"),
        (b"a\0b", "t.csv", 415, "không phải là CSV"),
        (b"", "t.csv", 422, "Tệp rỗng"),
        (csv_bytes(("employee_id", "full_name", "unit_code"), ("NV-10", "Một", "SYY")), "t.csv", 422, "Có phải “SYT”"),
        (csv_bytes(("employee_id", "full_name", "unit_code"), ("NV-10", "Một", "SGD")), "t.csv", 422, "ngoài phạm vi"),
        (
            csv_bytes(("employee_id", "full_name", "unit_code", "block"), ("1a", "M", "SYT", "A")),
            "t.csv",
            422,
            "“block”",
        ),
        (csv_bytes(("employee_id", "full_name", "unit_code", "role"), ("1a", "M", "SYT", "x")), "t.csv", 422, "“role”"),
        (csv_bytes(("employee_id", "full_name", "unit_code"), ("NV-10", "x" * 256, "SYT")), "t.csv", 422, "256 ký tự"),
    ],
)
def test_bad_files_are_refused_with_what_to_do_and_nothing_is_kept(as_, units, people, data, name, status, words):
    page = upload(as_(people.coordinator), "/requests/proposals/staff/file/", data, name, scope=units.health.pk)
    assert page.status_code == status
    assert words in page.content.decode()
    assert not Proposal.objects.exists()


def test_a_coordinator_learns_nothing_of_people_elsewhere(as_, units, people):
    proposal = propose(people, units, row(1, "NV-2", "Võ Thị Kín", "SYT", email="moi@example.vn"))
    page = as_(people.coordinator).get(reverse("proposal", args=[proposal.pk])).content.decode()
    assert "Sở Giáo dục và Đào tạo" in page
    assert "kin@example.vn" not in page
    shown = as_(people.organiser).get(reverse("manage-proposal", args=[proposal.pk])).content.decode()
    assert "kin@example.vn" in shown
    assert "Từ đơn vị ngoài phạm vi" in shown
    wrong = draft_errors(people, units, row(1, "NV-10", email="kin@example.vn"))
    assert wrong == ["Địa chỉ “kin@example.vn” đang thuộc về người khác."]


def draft_errors(people, units, *rows):
    with pytest.raises(RowsRefused) as refusal:
        draft_staff(unit=units.health, rows=rows, note="Vì", actor=people.coordinator)
    return [note.message for note in refusal.value.diff.errors]


def test_only_people_of_ones_own_units_can_leave(units, people):
    assert (
        draft_errors(people, units, row(1, "NV-2", leaves=True), row(2, "NV-99", leaves=True))
        == ["Không có ai mang mã này trong các đơn vị được giao cho bạn."] * 2
    )
    assert len(draft_errors(people, units, row(1, "NV-1"), row(2, "NV-1", leaves=True))) == 1


def test_what_changes_nothing_is_no_proposal(units, people):
    with pytest.raises(Refused):
        draft_staff(unit=units.health, rows=[row(1, "NV-1", "Đặng Văn Ánh")], note="Vì", actor=people.coordinator)


def test_twenty_proposals_of_one_coordinator_wait_at_most(units, people):
    for number in range(20):
        propose(people, units, row(1, f"X-{number}"))
    with pytest.raises(Refused):
        propose(people, units, row(1, "X-99"))


# --- Who sees what ----------------------------------------------------------------------------------


def test_coordinators_and_organisers_of_other_units_get_404(as_, units, people):
    proposal = propose(people, units, row(1, "NV-10"))
    theirs = [reverse(name, args=[proposal.pk]) for name in ("proposal", "proposal-send", "proposal-withdraw")]
    client = as_(people.neighbour)
    assert client.get(theirs[0]).status_code == 404
    assert [client.post(page).status_code for page in theirs[1:]] == [404, 404]
    decide = reverse("manage-proposal", args=[proposal.pk])
    for user in (people.neighbour, people.stranger, people.coordinator, people.person):
        client = as_(user)
        assert [client.get(decide).status_code, client.post(decide, {"act": "accept"}).status_code] == [404, 404]
    colleague = make_user(unit=units.health)
    grant(colleague, "coordinator", units.health)
    client = as_(colleague)
    assert client.get(theirs[0]).status_code == 200
    assert [client.post(page).status_code for page in theirs[1:]] == [404, 404]
    proposal.refresh_from_db()
    assert proposal.state == "sent"


def test_a_draft_is_its_author_s_alone(as_, units, people):
    draft, _ = draft_staff(unit=units.health, rows=[row(1, "NV-10")], note="Vì", actor=people.coordinator)
    colleague = make_user(unit=units.health)
    grant(colleague, "coordinator", units.health)
    assert as_(colleague).get(reverse("proposal", args=[draft.pk])).status_code == 404


def test_the_right_ends_with_the_grant(as_, units, people):
    proposal = propose(people, units, row(1, "NV-10"))
    RoleGrant.objects.filter(user=people.coordinator).update(
        valid_to="2020-01-01T00:00:00Z", valid_from="2019-01-01T00:00:00Z"
    )
    for page in ("/requests/", "/requests/proposals/", reverse("proposal", args=[proposal.pk]), "/requests/staff/"):
        assert as_(people.coordinator).get(page).status_code == 404


# --- Accepting --------------------------------------------------------------------------------------


def test_accepting_adds_changes_moves_and_ends_with_a_trace_and_a_message(as_, units, people):
    leaver = make_user("NV-3", unit=units.clinic)
    proposal = propose(
        people, units, row(1, "NV-10", "Lê Mười"), row(2, "NV-1", "Đặng Văn Anh", position="Phó phòng"),
        row(3, "NV-2", "Võ Thị Kín", "TTYT"), row(4, "NV-3", leaves=True),
    )  # fmt: skip
    client, page = as_(people.organiser), reverse("manage-proposal", args=[proposal.pk])
    digest = client.get(page).context["digest"]
    assert client.post(page, {"act": "accept", "digest": digest}).status_code == 302
    assert [unit_code(one) for one in ("NV-10", "NV-1", "NV-2", "NV-3")] == ["SYT", "SYT", "TTYT", None]
    person = User.objects.get(employee_id="NV-1")
    assert (person.full_name, person.position, person.is_active) == ("Đặng Văn Anh", "Phó phòng", True)
    assert User.objects.get(pk=leaver.pk).is_active
    proposal.refresh_from_db()
    assert proposal.outcome == {"created": 1, "moved": 1, "updated": 1, "left": 1}
    entry = AuditEntry.objects.get(verb="proposal.accept")
    assert {kind: entry.after[kind] for kind in ("created", "moved", "updated", "left")} == {
        "created": ["NV-10"], "moved": ["NV-2"], "updated": ["NV-1"], "left": ["NV-3"],
    }  # fmt: skip
    assert Notification.objects.filter(user=people.coordinator, kind="request_decided").count() == 1
    assert client.get(page).status_code == 200
    assert as_(people.coordinator).get(reverse("proposal", args=[proposal.pk])).status_code == 200


def test_a_roster_that_changed_since_is_shown_anew_and_nothing_is_written(as_, units, people):
    proposal = propose(people, units, row(1, "NV-10"), row(2, "NV-1", "Đặng Văn Anh"))
    client, page = as_(people.organiser), reverse("manage-proposal", args=[proposal.pk])
    digest = client.get(page).context["digest"]
    User.objects.filter(employee_id="NV-1").update(full_name="Đặng Văn Khác")
    response = client.post(page, {"act": "accept", "digest": digest})
    assert response.status_code == 409
    assert "Danh sách đã thay đổi" in response.content.decode()
    assert "Đặng Văn Khác" in response.content.decode()
    assert not User.objects.filter(employee_id="NV-10").exists()
    assert client.post(page, {"act": "accept", "digest": response.context["digest"]}).status_code == 302
    with pytest.raises(Refused):
        accept_proposal(proposal=proposal, expected=digest, left_out={}, actor=people.organiser)


def test_rows_are_left_out_with_a_reason_and_the_others_applied(as_, units, people):
    proposal = propose(people, units, row(1, "NV-10"), row(2, "NV-11"))
    client, page = as_(people.organiser), reverse("manage-proposal", args=[proposal.pk])
    wish = {"act": "accept", "digest": client.get(page).context["digest"], "without": "2"}
    assert client.post(page, wish).status_code == 409
    assert client.post(page, wish | {"reason-2": "Chưa có quyết định"}).status_code == 302
    assert [unit_code("NV-10"), unit_code("NV-11")] == ["SYT", None]
    assert proposal.staff_rows.get(number=2).left_out_reason == "Chưa có quyết định"
    assert "Chưa có quyết định" in as_(people.coordinator).get(reverse("proposal", args=[proposal.pk])).content.decode()
    assert AuditEntry.objects.get(verb="proposal.accept").after["left_out"] == ["2: Chưa có quyết định"]


def test_a_row_that_has_become_wrong_stops_all_unless_it_is_left_out(units, people):
    proposal = propose(people, units, row(1, "NV-10"), row(2, "NV-11", email="moi@example.vn"))
    make_user(email="moi@example.vn")
    with pytest.raises(RowsRefused):
        accept(proposal, people.organiser)
    assert unit_code("NV-10") is None
    accept(proposal, people.organiser, {2: "Trùng thư"})
    assert unit_code("NV-10") == "SYT"
    with pytest.raises(Refused):
        accept(propose(people, units, row(1, "NV-12")), people.organiser, {1: "Bỏ hết"})


def test_people_of_units_outside_the_decider_s_scope_stop_the_acceptance(units, people):
    local = make_user()
    grant(local, "organiser", units.health)
    proposal = propose(people, units, row(1, "NV-2", "Võ Thị Kín", "SYT"))
    digest = diff_of(proposal, scope={units.health.pk, units.clinic.pk}).digest()
    with pytest.raises(RowsRefused):
        accept_proposal(proposal=proposal, expected=digest, left_out={}, actor=local)
    assert unit_code("NV-2") == "SGD"


def test_nobody_decides_their_own_proposal(units, people):
    grant(people.coordinator, "organiser")
    proposal = propose(people, units, row(1, "NV-10"))
    for act in (
        lambda: accept(proposal, people.coordinator),
        lambda: decline_proposal(proposal=proposal, reason="Vì", actor=people.coordinator),
    ):
        with pytest.raises(Refused):
            act()
    decline_proposal(proposal=proposal, reason="Chưa đủ giấy tờ", actor=people.organiser)
    assert Notification.objects.get(user=people.coordinator).body == "Lý do: Chưa đủ giấy tờ"


def test_what_is_withdrawn_is_gone_from_the_inbox(as_, units, people):
    proposal = propose(people, units, row(1, "NV-10"))
    withdraw_proposal(proposal=proposal, actor=people.coordinator)
    assert as_(people.organiser).get(reverse("manage-proposal", args=[proposal.pk])).status_code == 404
    with pytest.raises(Refused):
        accept(proposal, people.organiser)
    draft, _ = draft_staff(unit=units.health, rows=[row(1, "NV-10")], note="Vì", actor=people.coordinator)
    withdraw_proposal(proposal=draft, actor=people.coordinator)
    assert not Proposal.objects.filter(pk=draft.pk).exists()


# --- Headcounts -------------------------------------------------------------------------------------


def test_headcounts_are_proposed_by_form_and_set_when_accepted(as_, units, people):
    values = {
        "scope": units.health.pk, "note": "Giao biên chế 2026",
        f"unit-{units.health.pk}": "25", f"was-{units.health.pk}": "20",
        f"unit-{units.clinic.pk}": "8", f"was-{units.clinic.pk}": "8", f"unit-{units.schools.pk}": "1",
    }  # fmt: skip
    assert as_(people.coordinator).post("/requests/proposals/headcounts/new/", values).status_code == 302
    proposal = Proposal.objects.get()
    as_(people.coordinator).post(reverse("proposal-send", args=[proposal.pk]))
    assert list(proposal.headcount_rows.values_list("unit__code", "headcount")) == [("SYT", 25)]
    client, page = as_(people.organiser), reverse("manage-proposal", args=[proposal.pk])
    digest = client.get(page).context["digest"]
    assert client.post(page, {"act": "accept", "digest": digest}).status_code == 302
    assert list(Unit.objects.order_by("code").values_list("code", "headcount")) == [
        ("SGD", 30), ("SYT", 25), ("TINH", None), ("TTYT", 8),
    ]  # fmt: skip
    entry = AuditEntry.objects.get(verb="unit.set_headcount")
    assert (entry.before, entry.after) == ({"headcount": 20}, {"headcount": 25, "proposal": proposal.pk})


@pytest.mark.parametrize("text", ["-1", "2,5", "abc", "9" * 12, "1000001", "２５"])
def test_a_headcount_is_a_whole_number(as_, units, people, text):
    values = {"scope": units.health.pk, "note": "Vì", f"unit-{units.health.pk}": text}
    page = as_(people.coordinator).post("/requests/proposals/headcounts/new/", values)
    assert page.status_code == 422
    assert not Proposal.objects.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("SGD", 5)], "ngoài phạm vi"),
        ([("SYY", 5)], "Có phải “SYT”"),
        ([("SYT", -5)], "số nguyên"),
        ([("SYT", 5_000_000)], "1.000.000"),
        ([("SYT", "")], "để trống"),
        ([("SYT", 5), ("SYT", 6)], "bị trùng"),
    ],
)
def test_a_file_of_headcounts_names_what_is_wrong(as_, units, people, rows, words):
    client, page = as_(people.coordinator), "/requests/proposals/headcounts/file/"
    data = csv_bytes(("Mã đơn vị", "Biên chế"), *rows)
    response = upload(client, page, data, scope=units.health.pk)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert upload(client, page, csv_bytes(("code", "headcount"), ("TTYT", 9)), scope=units.health.pk).status_code == 302


def test_a_headcount_that_changed_since_stops_the_acceptance(units, people):
    rows = [HeadcountRow(number=1, unit=units.health, headcount=25)]
    proposal, _ = draft_headcounts(unit=units.health, rows=rows, note="Vì", actor=people.coordinator)
    send_proposal(proposal=proposal, actor=people.coordinator)
    digest = diff_of(proposal, scope=None).digest()
    Unit.objects.filter(pk=units.health.pk).update(headcount=22)
    with pytest.raises(DiffChanged):
        accept_proposal(proposal=proposal, expected=digest, left_out={}, actor=people.organiser)
    assert Unit.objects.get(pk=units.health.pk).headcount == 22
