"""The pages of imports: upload, preview, apply; who may; what becomes of the file."""

import os
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.imports.uploads import MAX_AGE_SECONDS, MAX_BYTES
from accounts.models import AuditEntry, Membership, Role, Unit, User
from contest.models import Bank, Question
from contest.models.round import RoundState
from tests.accounts.tables import STAFF_HEADER, UNIT_HEADER, csv_bytes, replace_part, xlsx_bytes
from tests.factories import draft_round, grant, make_contest, make_root, make_unit, make_user

pytestmark = pytest.mark.django_db

AN = ["001", "Đặng Văn An", "SYT", "an@x.vn", "", ""]
QUESTION_HEADER = ["code", "text", "choice_a", "choice_b", "choice_c", "correct"]
QUESTION = ["C1", "Câu một?", "Một", "Hai", "Cả A và B", "C"]


@pytest.fixture
def office() -> Unit:
    return make_unit("SYT", name="Sở Y tế", parent=make_root())


@pytest.fixture
def organiser(client, office) -> User:
    user = make_user("BTC1")
    grant(user, Role.ORGANISER)
    client.force_login(user)
    return user


def kept_files() -> list[Path]:
    return sorted((Path(settings.DATA_DIR) / "imports").glob("*.bin"))


@pytest.fixture(autouse=True)
def _no_files():
    for path in kept_files():
        path.unlink()


def upload(client, name: str, data: bytes, file_name: str = "t.csv", **fields):
    file = SimpleUploadedFile(file_name, data)
    return client.post(reverse(f"manage-import-{name}"), {"file": file, **fields})


def apply(client, name: str, preview):
    ticket = {"preview": preview.context["ticket"], "digest": preview.context["digest"]}
    return client.post(reverse(f"manage-import-{name}"), ticket, follow=True)


def test_nothing_is_written_before_it_is_applied(client, organiser):
    preview = upload(client, "staff", csv_bytes(STAFF_HEADER, AN))
    assert preview.status_code == 200
    assert "001 – Đặng Văn An" in preview.content.decode()
    assert preview.context["plan"].summary() == "created=1 updated=0 moved=0 left=0 unchanged=0"
    assert not User.objects.filter(employee_id="001").exists()
    (path,) = kept_files()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)

    done = apply(client, "staff", preview)
    assert done.redirect_chain == [(reverse("manage-import-staff"), 302)]
    assert "Đã áp dụng. Mới: 1, Thay đổi: 0, Chuyển đơn vị: 0, Rời đơn vị: 0, Giữ nguyên: 0." in done.content.decode()
    assert Membership.objects.get(user__employee_id="001").unit.code == "SYT"
    assert AuditEntry.objects.get().actor == organiser
    assert kept_files() == []

    again = apply(client, "staff", preview)
    assert "đã hết hạn hoặc đã được áp dụng" in again.content.decode()


def test_changed_moved_and_left_are_shown_with_before_and_after(client, organiser, office):
    other = make_unit("SNV", name="Sở Nội vụ", parent=make_root())
    make_user("001", unit=other, full_name="Đặng Văn An", email="an@x.vn")
    make_user("002", unit=office, full_name="Cũ", email="cu@x.vn")
    make_user("003", unit=office, full_name="Người Đi")
    rows = (AN, ["002", "Mới", "SYT", "", "", ""], ["BTC1", organiser.full_name, "SYT", "", "", ""])
    preview = upload(client, "staff", csv_bytes(STAFF_HEADER, *rows), full="on")
    assert preview.context["plan"].summary() == "created=0 updated=1 moved=2 left=1 unchanged=0"
    page = " ".join(preview.content.decode().split())
    assert "<del>SNV – Sở Nội vụ</del>" in page
    assert "<ins>SYT – Sở Y tế</ins>" in page
    assert "<del>cu@x.vn</del>" in page
    assert "003 – Người Đi" in page
    apply(client, "staff", preview)
    assert not Membership.objects.current().filter(user__employee_id="003").exists()


def test_errors_are_a_table_of_row_column_and_what_to_do(client, organiser):
    answer = upload(client, "staff", csv_bytes(STAFF_HEADER, ["001", "An", "SYTT", "", "", ""]))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Dòng 2" in page
    assert "Mã đơn vị" in page
    assert "Có phải “SYT” (Sở Y tế)?" in page
    assert "Áp dụng" not in page.split("<main")[1].split("</main>")[0].replace("chưa áp dụng", "")
    assert kept_files() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "file_name", "status"),
    [
        (b"", "t.csv", 422),
        (b"MZ\0\0", "t.exe", 415),
        (xlsx_bytes(STAFF_HEADER, AN), "t.xlsm", 415),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "t.xls", 415),
        (replace_part(xlsx_bytes(STAFF_HEADER, AN), "xl/worksheets/sheet1.xml", b"<!DOCTYPE a><a/>"), "t.xlsx", 422),
        (replace_part(xlsx_bytes(STAFF_HEADER, AN), "xl/styles.xml", b" " * 70_000_000), "t.xlsx", 413),
        (b"x" * (MAX_BYTES + 1), "t.csv", 413),
        (csv_bytes(["employee_id", "full_name", "lạ"], AN[:3]), "t.csv", 422),
        (csv_bytes(STAFF_HEADER, ["001", "=1+1", "SYT", "", "", ""]), "t.csv", 422),
    ],
    ids=["empty", "exe", "xlsm", "xls", "dtd", "bomb", "over size", "header", "formula"],
)
def test_bad_files_have_the_status_that_programs_expect(client, organiser, data, file_name, status):
    answer = upload(client, "staff", data, file_name)
    assert answer.status_code == status
    assert answer["X-Request-Id"] in answer.content.decode()
    assert kept_files() == []
    assert not User.objects.filter(employee_id="001").exists()


def test_a_form_without_a_file_is_told_so(client, organiser):
    answer = client.post(reverse("manage-import-units"), {})
    assert answer.status_code == 422
    assert "file" in answer.context["form"].errors


def test_what_changed_since_the_preview_is_shown_again_and_not_applied(client, organiser, office):
    preview = upload(client, "staff", csv_bytes(STAFF_HEADER, AN))
    make_user("001", unit=office, full_name="Người Khác")
    answer = apply(client, "staff", preview)
    assert answer.status_code == 409
    assert User.objects.get(employee_id="001").full_name == "Người Khác"
    assert apply(client, "staff", answer).status_code == 200
    assert User.objects.get(employee_id="001").full_name == "Đặng Văn An"


def test_a_row_that_has_gone_bad_since_the_preview_is_told(client, organiser, office):
    preview = upload(client, "staff", csv_bytes(STAFF_HEADER, AN))
    office.code = "KHAC"
    office.save()
    assert apply(client, "staff", preview).status_code == 422
    assert not User.objects.filter(employee_id="001").exists()


def test_a_preview_belongs_to_one_person_and_one_import(client, organiser):
    preview = upload(client, "staff", csv_bytes(STAFF_HEADER, AN))
    assert apply(client, "units", preview).status_code == 404
    other = make_user("BTC2")
    grant(other, Role.ORGANISER)
    client.force_login(other)
    assert apply(client, "staff", preview).status_code == 404
    tampered = {"preview": preview.context["ticket"][:-1] + "_", "digest": ""}
    assert client.post(reverse("manage-import-staff"), tampered).status_code == 404


def test_a_preview_and_its_file_last_an_hour(client, organiser):
    preview = upload(client, "staff", csv_bytes(STAFF_HEADER, AN))
    (path,) = kept_files()
    hour_ago = time.time() - MAX_AGE_SECONDS - 5
    os.utime(path, (hour_ago, hour_ago))
    upload(client, "staff", csv_bytes(STAFF_HEADER, AN))
    assert not path.exists()
    assert len(kept_files()) == 1
    assert "đã hết hạn" in apply(client, "staff", preview).content.decode()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["units", "staff", "questions"])
def test_strangers_are_kept_out(client, office, name):
    address = reverse(f"manage-import-{name}")
    assert client.get(address).status_code == 302
    for role in (None, Role.COORDINATOR, Role.SECRETARY, Role.AUDITOR, Role.JUDGE):
        user = make_user()
        if role:
            grant(user, role)
        client.force_login(user)
        for answer in (client.get(address), client.get(address, {"template": "csv"}), client.post(address)):
            assert answer.status_code == 404


def test_administrators_import_people_and_units_and_no_questions(client, office):
    user = make_user()
    grant(user, Role.ADMINISTRATOR)
    client.force_login(user)
    statuses = [client.get(reverse(f"manage-import-{name}")).status_code for name in ("units", "staff", "questions")]
    assert statuses == [200, 200, 404]


def test_rows_outside_ones_scope_are_errors(client, office):
    make_unit("SNV", name="Sở Nội vụ", parent=make_root())
    user = make_user("BTC2")
    grant(user, Role.ORGANISER, office)
    client.force_login(user)
    rows = (["010", "Ngoài", "SNV", "", "", ""], ["011", "Trong", "SYT", "", "", ""])
    answer = upload(client, "staff", csv_bytes(STAFF_HEADER, *rows))
    assert answer.status_code == 422
    assert [error["row"] for error in answer.context["errors"]] == [2]
    rows = (["SNV", "Sở Nội vụ", "Sở", "", ""], ["MOI", "Mới", "Sở", "SYT", ""])
    answer = upload(client, "units", csv_bytes(UNIT_HEADER, *rows))
    assert [error["row"] for error in answer.context["errors"]] == [2]


def test_units_come_in_through_the_page(client, organiser):
    preview = upload(client, "units", csv_bytes(UNIT_HEADER, ["MOI", "Đơn vị mới", "Trung tâm", "SYT", "7"]))
    assert apply(client, "units", preview).status_code == 200
    assert Unit.objects.get(code="MOI").parent.code == "SYT"


@pytest.mark.parametrize("name", ["units", "staff", "questions"])
def test_the_template_that_is_handed_out_can_be_read_back(client, organiser, name):
    answer = client.get(reverse(f"manage-import-{name}"), {"template": "csv"})
    assert answer["Content-Disposition"] == f'attachment; filename="mau-{name}.csv"'
    fields = {"target": "new", "new_slug": "thu"} if name == "questions" else {}
    preview = upload(client, name, answer.content, **fields)
    assert preview.context["plan"].counts["created"] + preview.context["plan"].counts["updated"] == 1


class TestQuestions:
    def test_into_a_new_bank(self, client, organiser):
        preview = upload(client, "questions", csv_bytes(QUESTION_HEADER, QUESTION), target="new", new_slug="thu")
        assert "tự động giữ thứ tự" in preview.content.decode()
        assert apply(client, "questions", preview).status_code == 200
        question = Question.objects.get(bank__slug="thu")
        assert (question.correct, question.fixed_order, question.edited_by) == (["C"], True, organiser)
        assert question.bank.unit == make_root()

    def test_a_new_bank_needs_a_name_of_its_own(self, client, organiser):
        Bank.objects.create(slug="thu", title="Thử")
        for slug in ("", "thu", "không hợp lệ"):
            data = csv_bytes(QUESTION_HEADER, QUESTION)
            answer = upload(client, "questions", data, target="new", new_slug=slug)
            assert "new_slug" in answer.context["form"].errors

    def test_into_a_draft_round(self, client, organiser):
        round = draft_round()
        data = csv_bytes(QUESTION_HEADER, QUESTION)
        preview = upload(client, "questions", data, target=f"round:{round.pk}")
        assert "sẽ được thay bằng các câu trong tệp" in preview.content.decode()
        assert apply(client, "questions", preview).status_code == 200
        assert [place.question.code for place in round.round_questions.all()] == ["C1"]
        round.refresh_from_db()
        assert round.prepared_by == organiser

    def test_a_round_scheduled_since_the_preview_is_refused(self, client, organiser):
        round = draft_round()
        preview = upload(client, "questions", csv_bytes(QUESTION_HEADER, QUESTION), target=f"round:{round.pk}")
        round.rules, round.paper, round.key_at_opening, round.secret = {}, [], {}, b"x"
        round.commitment, round.state = "c", RoundState.SCHEDULED
        round.save()
        assert apply(client, "questions", preview).status_code == 409
        assert not Question.objects.filter(code="C1").exists()

    def test_others_rounds_and_banks_are_not_offered(self, client, office):
        elsewhere = make_unit("SNV", parent=make_root())
        foreign = draft_round(make_contest(unit=elsewhere))
        bank = Bank.objects.create(slug="la", title="Lạ", unit=elsewhere)
        Bank.objects.create(slug="chung", title="Chung")
        user = make_user()
        grant(user, Role.ORGANISER, office)
        client.force_login(user)
        page = client.get(reverse("manage-import-questions"))
        assert [value for value, _label in page.context["form"].fields["target"].choices] == ["new"]
        for target in (f"round:{foreign.pk}", f"bank:{bank.slug}"):
            answer = upload(client, "questions", csv_bytes(QUESTION_HEADER, QUESTION), target=target)
            assert answer.status_code == 422
