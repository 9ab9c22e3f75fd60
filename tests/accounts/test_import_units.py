"""Importing units: the tree as the file says, all of it or nothing."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command

from accounts.imports.errors import PlanChanged
from accounts.imports.units import COLUMNS, import_units, plan_units
from accounts.models import AuditEntry, Unit, UnitKind
from tests.accounts.tables import UNIT_HEADER, csv_bytes, read, run, xlsx_bytes
from tests.factories import make_unit

pytestmark = pytest.mark.django_db

HEADER = [*UNIT_HEADER, "valid_from", "valid_to", "successors"]
TREE = (
    HEADER,
    ["BV1", "Bệnh viện Một", "Đơn vị sự nghiệp", "SYT", "120", "", "", ""],  # before its parent
    ["TINH", "Ủy ban nhân dân tỉnh", "Tỉnh", "", "", "", "", ""],
    ["SYT", "Sở Y tế", "Sở, ban, ngành", "TINH", "80", "", "", ""],
    ["H01", "Huyện Cũ", "Huyện", "TINH", "0", "01/01/2020", "2025-07-01", "X01; X02"],
    ["X01", "Xã Một", "Xã", "TINH", "30", "2025-07-01", "", ""],
    ["X02", "Xã Hai", "Xã", "TINH", "31", "2025-07-01", "", ""],
)


@pytest.fixture
def units(capsys, tmp_path):
    return lambda *rows, **options: run(capsys, tmp_path, "import_units", csv_bytes(*rows), **options)


def state() -> list[tuple]:
    rows = Unit.objects.values_list("code", "name", "kind__name", "parent__code", "headcount", "valid_from", "valid_to")
    return [(*row, sorted(Unit.objects.get(code=row[0]).successors.values_list("code", flat=True))) for row in rows]


def test_a_tree_is_created_once_and_then_unchanged(units):
    assert units(*TREE) == (0, "created=6 updated=0 moved=0 left=0 unchanged=0", [])
    stored = state()
    assert stored == [
        ("BV1", "Bệnh viện Một", "Đơn vị sự nghiệp", "SYT", 120, None, None, []),
        ("H01", "Huyện Cũ", "Huyện", "TINH", 0, date(2020, 1, 1), date(2025, 7, 1), ["X01", "X02"]),
        ("SYT", "Sở Y tế", "Sở, ban, ngành", "TINH", 80, None, None, []),
        ("TINH", "Ủy ban nhân dân tỉnh", "Tỉnh", None, None, None, None, []),
        ("X01", "Xã Một", "Xã", "TINH", 30, date(2025, 7, 1), None, []),
        ("X02", "Xã Hai", "Xã", "TINH", 31, date(2025, 7, 1), None, []),
    ]
    assert units(*TREE) == (0, "created=0 updated=0 moved=0 left=0 unchanged=6", [])
    assert state() == stored
    assert Unit.objects.get(code="SYT").search_key == "syt so y te"


def test_vietnamese_headers_and_a_workbook(capsys, tmp_path):
    header = ["Mã đơn vị", "Tên đơn vị", "Loại đơn vị", "Mã đơn vị cấp trên", "Biên chế", "Hiệu lực từ",
              "Hiệu lực đến", "Đơn vị kế thừa"]  # fmt: skip
    data = xlsx_bytes(header, *TREE[1:3], [*TREE[3][:4], 80, *TREE[3][5:]])
    assert run(capsys, tmp_path, "import_units", data)[:2] == (0, "created=3 updated=0 moved=0 left=0 unchanged=0")


def test_a_new_kind_is_created_once_and_an_old_one_found_in_any_case(units):
    make_unit("A", kind="Sở, ban, ngành")
    units(UNIT_HEADER, ["B", "B", "SỞ, BAN, NGÀNH", "", ""], ["C", "C", "Xã", "", ""], ["D", "D", "xã", "", ""])
    assert list(UnitKind.objects.values_list("name", flat=True)) == ["Sở, ban, ngành", "Xã"]


def test_another_parent_is_a_move_and_anything_else_an_update(units):
    units(*TREE)
    code, line, _errors = units(
        UNIT_HEADER,
        ["BV1", "Bệnh viện Một (mới)", "Đơn vị sự nghiệp", "TINH", "121"],
        ["SYT", "Sở Y tế", "Sở, ban, ngành", "TINH", ""],
        ["X01", "Xã Một", "Xã", "TINH", "30"],
    )
    assert (code, line) == (0, "created=0 updated=1 moved=1 left=0 unchanged=1")
    moved = Unit.objects.get(code="BV1")
    assert (moved.name, moved.parent.code, moved.headcount) == ("Bệnh viện Một (mới)", "TINH", 121)
    assert Unit.objects.get(code="SYT").headcount is None


def test_a_column_that_the_file_does_not_have_stays(units):
    units(*TREE)
    assert units(UNIT_HEADER[:3], ["H01", "Huyện Cũ", "Huyện"])[1] == "created=0 updated=0 moved=0 left=0 unchanged=1"


def test_successors_are_replaced(units):
    units(*TREE)
    changed = list(TREE[4])
    changed[-1] = "X02"
    assert units(HEADER, changed)[1] == "created=0 updated=1 moved=0 left=0 unchanged=0"
    assert [unit.code for unit in Unit.objects.get(code="H01").successors.all()] == ["X02"]


def test_every_error_is_told_and_nothing_is_written(units):
    make_unit("TINH", name="Ủy ban nhân dân tỉnh")
    code, line, errors = units(
        HEADER,
        ["A", "Đơn vị A", "Sở", "TIHN", "", "", "", ""],
        ["B", "Đơn vị B", "Sở", "TINH", "-3", "", "", ""],
        ["C", "Đơn vị C", "Sở", "TINH", "", "2025-07-01", "01/07/2025", "C;XX"],
        ["A", "Đơn vị A", "Sở", "TINH", "", "", "", ""],
        ["D", "Đơn vị D", "Sở", "E", "", "", "", ""],
        ["E", "Đơn vị E", "Sở", "D", "", "", "", ""],
        ["F", "Đơn vị F", "Sở", "", "", "", "", ""],
    )
    assert (code, line) == (1, "")
    assert errors == [
        "row 2, column parent_code: Không có đơn vị nào mang mã “TIHN”. Có phải “TINH” (Ủy ban nhân dân tỉnh)?",
        "row 3, column headcount: “-3” không phải là số nguyên từ 0 trở lên. Hãy chỉ ghi chữ số, không ghi dấu "
        "phân cách.",
        "row 4, column successors: Không có đơn vị nào mang mã “XX”.",
        "row 4, column successors: Đơn vị không thể kế thừa chính mình.",
        "row 4, column valid_to: Ngày hết hiệu lực (01/07/2025) phải sau ngày bắt đầu hiệu lực (01/07/2025).",
        "row 5, column code: Mã đơn vị “A” bị trùng ở dòng 2 và dòng 5.",
        "row 6, column parent_code: Các đơn vị là cấp trên của nhau thành vòng: D → E → D.",
        "row 7, column parent_code: Các đơn vị là cấp trên của nhau thành vòng: E → D → E.",
    ]
    assert [unit.code for unit in Unit.objects.all()] == ["TINH"]
    assert not AuditEntry.objects.exists()
    # The control: the one good row of the same file is taken when it comes alone.
    assert units(HEADER, ["F", "Đơn vị F", "Sở", "", "", "", "", ""])[:2] == (
        0,
        "created=1 updated=0 moved=0 left=0 unchanged=0",
    )


def test_a_loop_through_present_units_is_found(units):
    units(*TREE)
    code, _line, errors = units(UNIT_HEADER, ["TINH", "Ủy ban nhân dân tỉnh", "Tỉnh", "BV1", ""])
    assert (code, len(errors)) == (1, 1)
    assert "TINH → BV1 → SYT → TINH" in errors[0]


def test_a_unit_is_not_its_own_parent(units):
    assert units(UNIT_HEADER, ["A", "A", "Sở", "A", ""])[0] == 1


def test_codes_that_lost_their_zeros_are_recognised(units):
    make_unit("0012", name="Xã Mười Hai")
    (error,) = units(UNIT_HEADER, ["A", "A", "Sở", "12", ""])[2]
    assert "Có phải “0012” (Xã Mười Hai)?" in error
    assert "định dạng Văn bản" in error


def test_a_dry_run_checks_all_and_writes_nothing(units):
    assert units(*TREE, dry_run=True) == (0, "created=6 updated=0 moved=0 left=0 unchanged=0", [])
    assert not Unit.objects.exists()
    assert units(HEADER, ["A", "", "Sở", "", "", "", "", ""], dry_run=True)[0] == 1


def test_usage_errors_are_told_apart_from_bad_data(tmp_path, capsys):
    with pytest.raises(CommandError) as caught:
        call_command("import_units", str(tmp_path / "absent.csv"))
    assert caught.value.returncode == 2
    (tmp_path / "t.xls").write_bytes(b"anything")
    with pytest.raises(SystemExit) as ended:
        call_command("import_units", str(tmp_path / "t.xls"))
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("t.xls: Chỉ nhận tệp CSV")


def test_queries_do_not_grow_with_rows(django_assert_num_queries):
    def tree(count: int, headcount: int):
        rows = [[f"U{number}", f"Đơn vị {number}", "Sở", "R" if number else "", headcount] for number in range(count)]
        return read(csv_bytes(UNIT_HEADER, ["R", "Gốc", "Tỉnh", "", ""], *rows), COLUMNS)

    counted = []
    for count in (1, 300):
        Unit.objects.all().update(parent=None)
        Unit.objects.all().delete()
        UnitKind.objects.all().delete()
        for headcount in (1, 2, 2):
            with django_assert_num_queries(20, exact=False) as queries:
                import_units(tree(count, headcount), actor=None, file_name="t.csv")
            counted.append(len(queries))
    assert counted[:3] == counted[3:]


def test_one_trace_with_the_counts_is_left(units):
    units(*TREE)
    (entry,) = AuditEntry.objects.all()
    assert (entry.verb, entry.object_label) == ("units.import", "Ủy ban nhân dân tỉnh")
    assert entry.after == {"file": "t.csv", "created": 6, "updated": 0, "moved": 0, "left": 0, "unchanged": 0}


def test_applying_refuses_what_was_not_previewed():
    make_unit("R")
    table = read(csv_bytes(UNIT_HEADER, ["A", "A", "Sở", "R", ""]), COLUMNS)
    promised = plan_units(table).digest()
    made = make_unit("A", name="A", kind="Sở", headcount=None)
    with pytest.raises(PlanChanged):
        import_units(table, actor=None, file_name="t.csv", expected=promised)
    made.delete()
    import_units(table, actor=None, file_name="t.csv", expected=promised)
    assert Unit.objects.filter(code="A").exists()


class TestScope:
    @pytest.fixture
    def scope(self):
        root = make_unit("R")
        mine = make_unit("MINE", parent=root)
        below = make_unit("BELOW", parent=mine)
        make_unit("OTHER", parent=root, name="Bí mật")
        return {mine.pk, below.pk}

    def errors(self, scope, *rows) -> list[str]:
        return [str(error) for error in plan_units(read(csv_bytes(UNIT_HEADER, *rows), COLUMNS), scope=scope).errors]

    def test_inside_the_scope_everything_is_possible(self, scope):
        rows = (
            ["MINE", "Mới", "Sở", "R", "1"],
            ["NEW", "Mới", "Sở", "BELOW", ""],
            ["NEWER", "Mới", "Sở", "NEW", ""],
            ["BELOW", "Mới", "Sở", "MINE", ""],
        )
        assert self.errors(scope, *rows) == []

    def test_outside_the_scope_nothing_is(self, scope):
        rows = (
            ["OTHER", "X", "Sở", "R", ""],
            ["NEW", "X", "Sở", "OTHER", ""],
            ["ROOT", "X", "Sở", "", ""],
            ["BELOW", "X", "Sở", "R", ""],
        )
        assert [error.split(":")[0] for error in self.errors(scope, *rows)] == [
            "row 2, column code",
            "row 3, column parent_code",
            "row 4, column parent_code",
            "row 5, column parent_code",
        ]

    def test_suggestions_name_no_unit_outside_the_scope(self, scope):
        (error, _second) = self.errors(scope, ["NEW", "X", "Sở", "OTHEE", ""])
        assert "Bí mật" not in error
