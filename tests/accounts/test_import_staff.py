"""Importing staff: who is new, changed, moved, left, and that it is all or nothing."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import CommandError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.clock import server_now
from accounts.imports import staff as staff_import
from accounts.imports.errors import PlanChanged
from accounts.imports.staff import COLUMNS, import_staff, plan_staff
from accounts.models import AuditEntry, Membership, User
from tests.accounts.tables import STAFF_HEADER, csv_bytes, read, run, xlsx_bytes
from tests.factories import make_unit, make_user

pytestmark = pytest.mark.django_db

AN = ["001", "Đặng Văn An", "SYT", "an@x.vn", "Chuyên viên", "CB"]
BINH = ["002", "Lê Thị Bình", "SNV", "", "", ""]
NOTHING = "created=0 updated=0 moved=0 left=0 unchanged=2"


@pytest.fixture(autouse=True)
def offices():
    root = make_unit("TINH", name="Ủy ban nhân dân tỉnh")
    return {code: make_unit(code, name=name, parent=root) for code, name in (("SYT", "Sở Y tế"), ("SNV", "Sở Nội vụ"))}


@pytest.fixture
def staff(capsys, tmp_path):
    return lambda *rows, **options: run(capsys, tmp_path, "import_staff", csv_bytes(STAFF_HEADER, *rows), **options)


def today():
    return timezone.localdate(server_now())


def belongings(employee_id: str) -> list[tuple]:
    rows = Membership.objects.filter(user__employee_id=employee_id).order_by("id")
    return list(rows.values_list("unit__code", "starts_on", "ends_on"))


def test_people_are_created_once_and_then_unchanged(staff):
    assert staff(AN, BINH) == (0, "created=2 updated=0 moved=0 left=0 unchanged=0", [])
    person = User.objects.get(employee_id="001")
    assert (person.full_name, person.email, person.position, person.block) == (
        "Đặng Văn An",
        "an@x.vn",
        "Chuyên viên",
        "CB",
    )
    assert not person.has_usable_password()
    assert (person.search_key, person.sort_key > "") == ("001 dang van an", True)
    assert belongings("001") == [("SYT", today(), None)]
    assert staff(AN, BINH) == (0, NOTHING, [])
    assert staff(AN, BINH, full=True) == (0, NOTHING, [])
    assert Membership.objects.count() == 2


def test_decomposed_padded_text_equals_composed(staff):
    staff(AN, BINH)
    assert staff([" 001 ", "Đa\u0323\u0306ng  Văn An", "SYT ", "AN@x.vn", "Chuyên viên", "CB"], BINH)[1] == NOTHING


def test_a_workbook_does_the_same(staff, capsys, tmp_path):
    staff(AN, BINH)
    header = ["Mã nhân viên", "Họ và tên", "Mã đơn vị", "Thư điện tử", "Chức vụ", "Bảng"]
    assert run(capsys, tmp_path, "import_staff", xlsx_bytes(header, AN, BINH)) == (0, NOTHING, [])


def test_other_details_are_an_update(staff):
    staff(AN, BINH)
    assert staff(["001", "Đặng Văn Ân", "SYT", "", "Phó phòng", ""], BINH)[1] == (
        "created=0 updated=1 moved=0 left=0 unchanged=1"
    )
    person = User.objects.get(employee_id="001")
    assert (person.full_name, person.email, person.position, person.search_key) == (
        "Đặng Văn Ân",
        "",
        "Phó phòng",
        "001 dang van an",
    )
    assert belongings("001") == [("SYT", today(), None)]


def test_another_unit_ends_one_membership_and_starts_another(staff):
    staff(AN, BINH)
    Membership.objects.update(starts_on=today() - timedelta(days=30))
    assert staff(["001", "Đặng Văn An", "SNV", "new@x.vn", "", ""])[1] == (
        "created=0 updated=0 moved=1 left=0 unchanged=0"
    )
    assert belongings("001") == [("SYT", today() - timedelta(days=30), today()), ("SNV", today(), None)]
    assert User.objects.get(employee_id="001").email == "new@x.vn"
    assert belongings("002") == [("SNV", today() - timedelta(days=30), None)]


def test_someone_who_has_only_just_joined_can_move_again(staff):
    staff(AN)
    staff([*AN[:2], "SNV", *AN[3:]])
    staff(AN)
    assert belongings("001") == [("SYT", today(), today()), ("SNV", today(), today()), ("SYT", today(), None)]
    Membership.objects.filter(ends_on=None).update(starts_on=today() + timedelta(days=3))
    assert staff([*AN[:2], "SNV", *AN[3:]])[0] == 0


def test_only_full_lets_absent_people_leave_and_they_come_back_as_moved(staff):
    staff(AN, BINH)
    assert staff(AN)[1] == "created=0 updated=0 moved=0 left=0 unchanged=1"
    assert belongings("002") == [("SNV", today(), None)]
    assert staff(AN, full=True)[1] == "created=0 updated=0 moved=0 left=1 unchanged=1"
    assert belongings("002") == [("SNV", today(), today())]
    assert staff(AN, full=True)[1] == "created=0 updated=0 moved=0 left=0 unchanged=1"
    assert staff(AN, BINH, full=True)[1] == "created=0 updated=0 moved=1 left=0 unchanged=1"
    assert belongings("002") == [("SNV", today(), today()), ("SNV", today(), None)]


def test_a_dry_run_writes_nothing(staff):
    staff(AN, BINH)
    assert staff([*AN[:2], "SNV", *AN[3:]], ["003", "C", "SYT", "", "", ""], full=True, dry_run=True) == (
        0,
        "created=1 updated=0 moved=1 left=1 unchanged=0",
        [],
    )
    assert (User.objects.count(), Membership.objects.count(), AuditEntry.objects.count()) == (2, 2, 1)


def test_every_error_is_told_and_nothing_is_written(staff):
    good = ["009", "Người Tốt", "SYT", "", "", ""]
    code, line, errors = staff(
        ["001", "A", "SYTT", "a@x.vn", "", ""],
        ["002", "B", "so noi vu", "A@x.vn", "", ""],
        ["001", "", "SYT", "", "", ""],
        good,
    )
    assert (code, line) == (1, "")
    assert errors == [
        "row 2, column unit_code: Không có đơn vị nào mang mã “SYTT”. Có phải “SYT” (Sở Y tế)?",
        "row 3, column email: Thư điện tử “a@x.vn” bị trùng ở dòng 2 và dòng 3.",
        "row 3, column unit_code: Không có đơn vị nào mang mã “so noi vu”. Có phải “SNV” (Sở Nội vụ)?",
        "row 4, column full_name: Ô bắt buộc đang để trống.",
        "row 4, column employee_id: Mã nhân viên “001” bị trùng ở dòng 2 và dòng 4.",
    ]
    assert (User.objects.count(), AuditEntry.objects.count()) == (0, 0)
    assert staff(good)[1] == "created=1 updated=0 moved=0 left=0 unchanged=0"  # the control


def test_all_of_a_hundred_errors_are_told(staff):
    errors = staff(*[[f"N{number}", "A", "", "", "", ""] for number in range(150)])[2]
    assert len(errors) == 150


def test_a_known_id_that_lost_its_zeros_is_recognised(staff):
    staff(AN)
    code, _line, (error,) = staff(["1", "Đặng Văn An", "SYT", "", "", ""])
    assert code == 1
    assert error.startswith("row 2, column employee_id: Đã có mã “001”: số 0 ở đầu có thể đã bị mất.")
    assert "định dạng Văn bản" in error


def test_ids_that_differ_only_in_case_are_one_persons(staff, offices):
    upper, lower = ["NV-Đ1", *AN[1:]], ["nv-đ1", *BINH[1:]]
    assert staff(upper, lower)[2] == [
        "row 3, column employee_id: Mã ở dòng 2 và dòng 3 chỉ khác nhau ở chữ hoa, chữ thường."
    ]
    assert not User.objects.exists()
    assert staff(["NV-1", *AN[1:]])[0] == 0
    for options in ({}, {"full": True}):  # few rows look up few people, whole lists everyone
        code, _summary, errors = staff(["nv-1", *BINH[1:]], **options)
        message = "Đã có mã “NV-1”, chỉ khác ở chữ hoa, chữ thường. Hãy ghi đúng như vậy."
        assert (code, errors) == (1, [f"row 2, column employee_id: {message}"])
    assert staff(["NV-1", *AN[1:]])[1] == "created=0 updated=0 moved=0 left=0 unchanged=1"
    with pytest.raises(IntegrityError, match="user_employee_id_unique_in_any_case"), transaction.atomic():
        make_user("nv-1")


def test_the_migration_names_people_whose_ids_differ_only_in_case():
    migration = import_module("accounts.migrations.0008_employee_id_in_any_case")
    make_user("nv-2")
    assert migration.refuse_doubles(apps, None) is None
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {migration.INDEX}")
    make_user("NV-2")
    with pytest.raises(CommandError, match=r"case: nv-2, NV-2\."):
        migration.refuse_doubles(apps, None)


def test_an_address_of_someone_else_is_refused_unless_they_give_it_up(staff):
    staff(AN, BINH)
    taken = ["002", "Lê Thị Bình", "SNV", "an@x.vn", "", ""]
    assert staff(taken)[2] == ["row 2, column email: Địa chỉ “an@x.vn” đang thuộc về người khác (001)."]
    assert staff([*AN[:3], "binh@x.vn", *AN[4:]], taken)[1] == "created=0 updated=2 moved=0 left=0 unchanged=0"
    swapped = ([*AN[:3], "an@x.vn", *AN[4:]], [*taken[:3], "binh@x.vn", "", ""])
    assert staff(*swapped)[1] == "created=0 updated=2 moved=0 left=0 unchanged=0"
    assert dict(User.objects.values_list("employee_id", "email")) == {"001": "an@x.vn", "002": "binh@x.vn"}


def test_joining_a_unit_that_has_ended_is_a_warning(staff, offices):
    offices["SYT"].valid_to = today()
    offices["SYT"].save()
    code, line, notes = staff(AN)
    assert (code, line) == (0, "created=1 updated=0 moved=0 left=0 unchanged=0")
    assert notes == [f"row 2, column unit_code: Lưu ý: đơn vị SYT – Sở Y tế đã hết hiệu lực từ {today():%d/%m/%Y}."]


@pytest.mark.slow
def test_an_account_without_a_unit_joins_as_moved_and_keeps_its_password(staff):
    make_user("001", full_name="Đặng Văn An", password="a good one")
    assert staff(AN)[1] == "created=0 updated=0 moved=1 left=0 unchanged=0"
    assert User.objects.get(employee_id="001").check_password("a good one")
    assert belongings("001") == [("SYT", today(), None)]


def test_one_trace_with_the_counts_and_no_names_is_left(staff):
    staff(AN, BINH, full=True)
    (entry,) = AuditEntry.objects.all()
    assert (entry.verb, entry.object_label) == ("staff.import", "Ủy ban nhân dân tỉnh")
    assert entry.after == {
        "file": "t.csv", "full": True, "created": 2, "updated": 0, "moved": 0, "left": 0, "unchanged": 0,
    }  # fmt: skip
    assert "Đặng" not in json.dumps(entry.after, ensure_ascii=False)


def test_queries_do_not_grow_with_rows(django_assert_num_queries):
    def table(count: int, unit: str, position: str):
        rows = [[f"N{number}", f"Người {number}", unit, f"n{number}@x.vn", position, ""] for number in range(count)]
        return read(csv_bytes(STAFF_HEADER, *rows), COLUMNS)

    counted: dict[int, list[int]] = {}
    for count in (1, 300):
        User.objects.all().delete()
        for unit, position in (("SYT", "A"), ("SYT", "A"), ("SYT", "B"), ("SNV", "C")):
            with django_assert_num_queries(30, exact=False) as queries:
                import_staff(table(count, unit, position), actor=None, file_name="t.csv", full=True)
            counted.setdefault(count, []).append(len(queries))
    assert counted[1] == counted[300]


def test_applying_refuses_what_was_not_previewed(offices):
    table = read(csv_bytes(STAFF_HEADER, AN), COLUMNS)
    promised = plan_staff(table).digest()
    make_user("001", unit=offices["SNV"], full_name="Đặng Văn An")
    with pytest.raises(PlanChanged):
        import_staff(table, actor=None, file_name="t.csv", expected=promised)
    assert belongings("001")[0][0] == "SNV"


class TestTwoAtOnce:
    """Two people apply the same new file; the second must find what the first has written."""

    @pytest.fixture
    def outcomes(self, monkeypatch, transactional_db):
        def run_two() -> list[str]:
            both_have_planned = threading.Barrier(2)

            def slow_plan(*args, **options):
                plan = plan_staff(*args, **options)
                with suppress(threading.BrokenBarrierError):
                    both_have_planned.wait(timeout=0.5)
                return plan

            monkeypatch.setattr(staff_import, "plan_staff", slow_plan)
            with ThreadPoolExecutor(2) as pool:
                return sorted(pool.map(self.outcome, [read(csv_bytes(STAFF_HEADER, AN), COLUMNS)] * 2))

        return run_two

    @staticmethod
    def outcome(table) -> str:
        try:
            return import_staff(table, actor=None, file_name="t.csv").summary()
        except IntegrityError:
            return "collision"
        finally:
            connection.close()

    def test_one_waits_for_the_other(self, outcomes):
        assert outcomes() == [
            "created=0 updated=0 moved=0 left=0 unchanged=1",
            "created=1 updated=0 moved=0 left=0 unchanged=0",
        ]

    def test_control_without_the_lock_they_collide(self, outcomes, monkeypatch):
        monkeypatch.setattr(staff_import, "lock_imports", lambda number: None)
        assert outcomes() == ["collision", "created=1 updated=0 moved=0 left=0 unchanged=0"]


class TestScope:
    def plan(self, scope, *rows, full=False):
        return plan_staff(read(csv_bytes(STAFF_HEADER, *rows), COLUMNS), scope=scope, full=full)

    def test_only_people_of_units_in_scope_can_be_touched(self, offices):
        make_user("010", unit=offices["SNV"], full_name="Của Nội vụ")
        gone = make_user("011", full_name="Đã nghỉ ở Nội vụ")
        Membership.objects.create(user=gone, unit=offices["SNV"], starts_on=today(), ends_on=today())
        make_user("012", full_name="Quản trị")
        mine = make_user("013", unit=offices["SYT"])
        plan = self.plan(
            {offices["SYT"].pk},
            ["001", "Mới", "SYT", "", "", ""],
            ["002", "Mới", "SNV", "", "", ""],
            ["010", "Kéo về", "SYT", "", "", ""],
            ["011", "Kéo về", "SYT", "", "", ""],
            ["012", "Chiếm", "SYT", "", "", ""],
            [mine.employee_id, "Sửa", "SYT", "", "", ""],
        )
        assert [(error.row, error.column) for error in plan.errors] == [
            (3, "unit_code"),
            (4, "employee_id"),
            (5, "employee_id"),
            (6, "employee_id"),
        ]
        assert (len(plan.created), len(plan.updated)) == (1, 1)

    def test_only_people_of_units_in_scope_can_leave(self, offices):
        make_user("010", unit=offices["SNV"])
        make_user("013", unit=offices["SYT"], full_name="Người Đi")
        plan = self.plan({offices["SYT"].pk}, AN, full=True)
        assert [change.label for change in plan.left] == ["013 – Người Đi"]
