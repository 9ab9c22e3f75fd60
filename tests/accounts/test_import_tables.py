"""Reading files: what is accepted, in every form people send it, and what is refused, with what to do."""

import io
import time
import zipfile
from datetime import date, datetime
from types import MappingProxyType

import pytest

from accounts.imports import packages, staff, units
from accounts.imports.errors import FileRefused
from tests.accounts.tables import (
    STAFF_HEADER,
    UNIT_HEADER,
    csv_bytes,
    part,
    read,
    replace_part,
    with_declared_size,
    xlsx_bytes,
)

SHEET = "xl/worksheets/sheet1.xml"
STAFF = (STAFF_HEADER, ["NV1", "Đặng Thị Hạnh", "SYT", "Hanh@x.vn", "Chuyên viên", ""])
PERSON = MappingProxyType(
    {
        "employee_id": "NV1",
        "full_name": "Đặng Thị Hạnh",
        "unit_code": "SYT",
        "email": "hanh@x.vn",
        "position": "Chuyên viên",
        "block": "",
    }
)


def refusal(data: bytes, name: str = "") -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        read(data, staff.COLUMNS, name)
    return caught.value


def errors_of(*rows, columns=staff.COLUMNS, file=csv_bytes, **options) -> list[str]:
    return [str(error) for error in read(file(*rows, **options), columns).errors]


@pytest.mark.parametrize(
    "data",
    [
        csv_bytes(*STAFF),
        csv_bytes(*STAFF, delimiter=";", bom=True),
        csv_bytes(*STAFF).replace(b"\r\n", b"\n").replace(b'"', b""),
        xlsx_bytes(*STAFF),
    ],
    ids=["commas", "semicolons and BOM", "bare", "workbook"],
)
def test_every_form_reads_alike(data):
    table = read(data, staff.COLUMNS)
    assert (table.errors, [row.number for row in table.rows]) == ([], [2])
    assert table.rows[0].values == PERSON


def test_headers_may_be_vietnamese_decomposed_padded_starred_and_of_any_case():
    header = ["  MÃ NHÂN VIÊN ", "Ho\u0323 va\u0300 te\u0302n *", "Mã đơn vị", "thư điện tử", "POSITION", "Bảng"]
    table = read(csv_bytes(header, STAFF[1], delimiter=";"), staff.COLUMNS)
    assert (table.errors, table.rows[0].values) == ([], PERSON)


def test_cells_are_composed_trimmed_and_freed_of_invisible_characters():
    row = ["\u00a0NV1\u200b ", " Đa\u0323\u0306ng   Thị\nHạnh", "SYT", "", "Chuyên\u00adviên", ""]
    values = read(csv_bytes(STAFF_HEADER, row), staff.COLUMNS).rows[0].values
    assert values["employee_id"] == "NV1"
    assert values["full_name"] == "Đặng Thị Hạnh"
    assert values["position"] == "Chuyênviên"


def test_blank_rows_are_skipped_and_still_counted():
    table = read(csv_bytes(STAFF_HEADER, [" "] * 6, STAFF[1]), staff.COLUMNS)
    assert [row.number for row in table.rows] == [3]


def test_unknown_missing_and_doubled_headers_are_named():
    header = ["employee_id", "Họ và tên", "full_name", "Đơn vịi"]
    assert errors_of(header, ["NV1", "A", "B", "C"]) == [
        "row 1, column full_name: Tiêu đề “Họ và tên” xuất hiện hai lần, ở cột B và cột C.",
        "row 1, column Đơn vịi: Không có cột nào tên là “Đơn vịi”. Có phải “Mã đơn vị”? Các cột được nhận: "
        "“Mã nhân viên”, “Họ và tên”, “Mã đơn vị”, “Thư điện tử”, “Chức vụ”, “Bảng”.",
        "row 1, column unit_code: Thiếu cột bắt buộc “Mã đơn vị” ở dòng tiêu đề.",
    ]


def test_a_cell_without_a_header_is_an_error():
    assert errors_of(STAFF_HEADER, [*STAFF[1], "thừa"]) == [
        "row 2, column G: Ô ở cột G không có tiêu đề. Hãy xóa ô này hoặc kiểm tra dấu phân cách."
    ]


@pytest.mark.parametrize("file", [csv_bytes, xlsx_bytes])
def test_required_cells_must_be_filled(file):
    assert errors_of(STAFF_HEADER, ["NV1", "", " ", "", "", ""], file=file) == [
        "row 2, column full_name: Ô bắt buộc đang để trống.",
        "row 2, column unit_code: Ô bắt buộc đang để trống.",
    ]


@pytest.mark.parametrize("file", [csv_bytes, xlsx_bytes])
def test_a_formula_is_an_error_of_its_row(file):
    assert errors_of(STAFF_HEADER, ["NV1", '=HYPERLINK("http://x","y")', "SYT", "", "", ""], file=file) == [
        "row 2, column full_name: Ô chứa công thức. Hãy sao chép rồi dán lại dưới dạng giá trị (Paste Special, Values)."
    ]


def test_a_code_stored_as_a_number_is_refused_with_the_way_out():
    rows = (STAFF_HEADER, [123, "A", "SYT", "", "", ""], ["1,23E+11", "B", "SYT", "", "", ""])
    for error in errors_of(*rows, file=xlsx_bytes):
        assert "column employee_id" in error
        assert "định dạng Văn bản" in error
    assert [error.split(":")[0] for error in errors_of(*rows, file=xlsx_bytes)] == [
        "row 2, column employee_id",
        "row 3, column employee_id",
    ]


def test_a_number_in_a_text_column_is_taken_only_as_it_is_shown():
    header = ["code", "name", "kind"]
    assert read(xlsx_bytes(header, ["A", 12, "Sở"]), units.COLUMNS).rows[0].values["name"] == "12"
    for shown in ({(1, 1): "0%"}, {(1, 1): "000"}):
        (error,) = errors_of(header, ["A", 1, "Sở"], columns=units.COLUMNS, file=xlsx_bytes, formats=shown)
        assert error.startswith("row 2, column name: Ô đang được lưu dưới dạng số hoặc ngày.")


def test_dates_in_both_forms_and_as_date_cells():
    header = ["code", "name", "kind", "valid_from", "valid_to"]
    text = csv_bytes(header, ["A", "A", "Sở", "2025-07-01", "1/8/2026"])
    cells = xlsx_bytes(header, ["A", "A", "Sở", datetime(2025, 7, 1), date(2026, 8, 1)])
    for data in (text, cells):
        values = read(data, units.COLUMNS).rows[0].values
        assert (values["valid_from"], values["valid_to"]) == (date(2025, 7, 1), date(2026, 8, 1))


@pytest.mark.parametrize("wrong", ["31/02/2025", "2025-13-01", "07/2025", "01-07-2025", "20250701"])
def test_what_is_no_date_is_an_error(wrong):
    (error,) = errors_of(["code", "name", "kind", "valid_from"], ["A", "A", "Sở", wrong], columns=units.COLUMNS)
    assert error.startswith("row 2, column valid_from: ")


@pytest.mark.parametrize("wrong", ["-1", "1.5", "1.200", "１２", "3000000000", "x"])
def test_a_headcount_is_a_whole_number_from_0(wrong):
    (error,) = errors_of(UNIT_HEADER, ["A", "A", "Sở", "", wrong], columns=units.COLUMNS)
    assert error.startswith(f"row 2, column headcount: “{wrong}” không phải là số nguyên từ 0 trở lên.")


def test_a_number_cell_is_a_headcount():
    assert read(xlsx_bytes(UNIT_HEADER, ["A", "A", "Sở", "", 120.0]), units.COLUMNS).rows[0].values["headcount"] == 120


def test_control_characters_and_bad_addresses_are_errors():
    assert errors_of(STAFF_HEADER, ["NV1", "A\u202eB", "SYT", "a@b", "", ""]) == [
        "row 2, column full_name: Ô có ký tự điều khiển U+202E. Hãy xóa ký tự này hoặc gõ lại nội dung.",
        "row 2, column email: “a@b” không phải là địa chỉ thư điện tử hợp lệ.",
    ]


@pytest.mark.parametrize(
    ("data", "name", "status"),
    [
        (b"", "t.csv", 422),
        (b"MZ\x90\x00" * 50, "t.csv", 415),
        (b"MZ\x90\x00" * 50, "t.xlsx", 415),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "t.xls", 415),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "t.csv", 415),
        (xlsx_bytes(*STAFF), "t.xlsm", 415),
        (replace_part(xlsx_bytes(*STAFF), "xl/vbaProject.bin", b"macro"), "t.xlsx", 415),
        (csv_bytes(*STAFF), "t.xlsx", 415),
        (replace_part(xlsx_bytes(*STAFF), "[Content_Types].xml", None), "t.xlsx", 415),
        (xlsx_bytes(*STAFF)[:-40], "t.xlsx", 422),
        (replace_part(xlsx_bytes(*STAFF), SHEET, b"<worksheet"), "t.xlsx", 422),
        (replace_part(xlsx_bytes(*STAFF), "xl/workbook.xml", b"<workbook/>"), "t.xlsx", 422),
        ("Mã;Họ".encode()[:-1], "t.csv", 422),
        ("\ufeffMã,Họ".encode("utf-16"), "t.csv", 422),
        (csv_bytes(STAFF_HEADER), "t.csv", 422),
        (csv_bytes(STAFF_HEADER) + b'"NV1,"A" b', "t.csv", 422),
        (csv_bytes(STAFF_HEADER, ["x" * 200_000]), "t.csv", 422),
        (csv_bytes(STAFF_HEADER, [""] * 2000), "t.csv", 413),
    ],
    ids=["empty", "exe", "exe.xlsx", "xls", "xls.csv", "xlsm", "macro", "csv.xlsx", "other zip", "cut", "broken sheet",
         "no sheet", "old encoding", "utf-16", "no rows", "quotes", "huge cell", "wide"],
)  # fmt: skip
def test_a_file_of_the_wrong_kind_is_refused_as_a_whole(data, name, status):
    assert refusal(data, name).status == status


def test_a_document_type_is_refused_in_any_part_and_encoding():
    sheet = part(xlsx_bytes(*STAFF), SHEET).decode()
    doctype = '<!DOCTYPE worksheet [<!ENTITY a "b">]>'
    head, _, body = sheet.partition("?>")
    for encoding in ("utf-8", "utf-16"):
        told = f"{head.replace('UTF-8', encoding)}?>{doctype}{body}"
        refused = refusal(replace_part(xlsx_bytes(*STAFF), SHEET, told.encode(encoding)))
        assert refused.status == 422
        assert "DTD" in refused.message


@pytest.mark.slow
def test_a_size_bomb_is_measured_whatever_size_it_declares():
    content = b"<worksheet>" + b" " * (packages.MAX_UNPACKED + 1)
    bomb = replace_part(xlsx_bytes(*STAFF), SHEET, content)
    assert len(bomb) < 200_000
    started = time.monotonic()
    for declared in (len(content), 1000, 2**31):
        assert refusal(with_declared_size(bomb, SHEET, declared)).status == 413
    assert time.monotonic() - started < 3


def test_a_declared_size_that_lies_is_a_damaged_file():
    honest = xlsx_bytes(*STAFF)
    read(with_declared_size(honest, SHEET, len(part(honest, SHEET))), staff.COLUMNS)
    assert refusal(with_declared_size(honest, SHEET, 10)).status == 422


@pytest.mark.slow
def test_one_kernel_unpacked_under_many_names_counts_each_time():
    buffer = io.BytesIO(xlsx_bytes(*STAFF))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as package:
        for number in range(9):
            package.writestr(f"xl/media/{number}.png", b"\0" * (packages.MAX_UNPACKED // 8))
    assert refusal(buffer.getvalue()).status == 413


@pytest.mark.slow
@pytest.mark.parametrize("row", ['<row r="{}"/>', "<row/>", '<row r="{}" spans="1:1"><c r="A{}" s="0"/></row>'])
def test_a_million_empty_rows_are_refused_at_once(row):
    rows = "".join(row.format(number, number) for number in range(3, 1_000_003))
    sheet = part(xlsx_bytes(*STAFF), SHEET).replace(b"</sheetData>", rows.encode() + b"</sheetData>")
    data = replace_part(xlsx_bytes(*STAFF), SHEET, sheet)
    started = time.monotonic()
    refused = refusal(data)
    assert time.monotonic() - started < 2
    assert refused.status == 413
    assert "dòng trống" in refused.message


def test_a_last_row_far_below_and_a_forged_dimension_do_not_hang():
    sheet = part(xlsx_bytes(*STAFF), SHEET)
    far = sheet.replace(b"</sheetData>", b'<row r="1048576"><c r="A1048576" t="str"><v>x</v></c></row></sheetData>')
    started = time.monotonic()
    assert refusal(replace_part(xlsx_bytes(*STAFF), SHEET, far)).status == 413
    forged = sheet.replace(b'ref="A1:F2"', b'ref="A1:XFD1048576"')
    assert forged != sheet
    assert len(read(replace_part(xlsx_bytes(*STAFF), SHEET, forged), staff.COLUMNS).rows) == 1
    assert time.monotonic() - started < 2


def test_some_thousand_empty_rows_below_the_table_are_harmless():
    rows = "".join(f'<row r="{number}"/>' for number in range(3, 20_003))
    sheet = part(xlsx_bytes(*STAFF), SHEET).replace(b"</sheetData>", rows.encode() + b"</sheetData>")
    assert len(read(replace_part(xlsx_bytes(*STAFF), SHEET, sheet), staff.COLUMNS).rows) == 1


def test_a_million_lines_of_csv_are_refused_at_once():
    started = time.monotonic()
    assert refusal(csv_bytes(*STAFF) + b",,,,,\r\n" * 1_000_000).status == 413
    assert time.monotonic() - started < 2
