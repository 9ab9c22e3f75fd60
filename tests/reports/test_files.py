"""Files: safe cells, one whole file or none, and the same figures in every format."""

import csv
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest
from django.core.management import CommandError, call_command, execute_from_command_line
from xlsxwriter.worksheet import Worksheet

from contest.models import Round, Standing
from reports.api import participation_payload
from reports.documents import nonparticipants_document, participation_document
from reports.exports import files, xlsx
from reports.exports.csv import safe_text
from reports.exports.files import write_file
from reports.exports.table import Coded, Column, Document, FileTooLarge, Kind, Table
from reports.granting import DOCUMENTS
from reports.models import TABLE_KINDS
from reports.participation import participation_of
from reports.scope import Scope
from tests.factories import make_attempt, make_contest, make_root, make_unit, make_user, past_round

EVERYTHING = Scope(None, True)
EVIL = ['=HYPERLINK("http://evil","x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "http://evil.example", "＝1+1"]
COLUMNS = [
    Column("name", "Họ tên"),
    Column("count", "Số", Kind.INTEGER),
    Column("change", "Tăng", Kind.CHANGE),
    Column("rate", "Tỷ lệ", Kind.RATE),
    Column("at", "Lúc", Kind.TIME, width=30),
    Column("prize", "Giải", Kind.CODED),
    Column("over", "Ghi chú", Kind.FLAG, flag_text="Vượt"),
]
AT = datetime(2023, 6, 5, 17, 0, 1, 123456, tzinfo=UTC)


def document(names):
    rows = [(name, 1234, -5, Decimal("0.9533"), AT, Coded("first", "Giải Nhất"), True) for name in names]
    table = Table("rows", "Bảng", COLUMNS, rows, total=("Tổng cộng", 1, 0, None, None, None, False))
    return Document("=TIÊU ĐỀ", ["+dòng"], [table], row_count=len(rows), head={"round": 7}, notes=["=ghi chú"])


def cells(path):
    book = openpyxl.load_workbook(path)
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]


def header_row(sheet, label):
    return next(row[0].row for row in sheet.iter_rows() if any(cell.value == label for cell in row))


def test_no_cell_of_a_workbook_computes_or_links(tmp_path):
    path = tmp_path / "x.xlsx"
    write_file(document(EVIL), format="xlsx", target=path)
    found = cells(path)
    assert not [cell.coordinate for cell in found if cell.data_type == "f" or cell.hyperlink]
    texts = {cell.value for cell in found}
    assert {name.replace("\r", "_x000D_") for name in EVIL} <= {str(text).replace("\r", "_x000D_") for text in texts}
    with zipfile.ZipFile(path) as archive:
        assert not any("<f>" in archive.read(name).decode() for name in archive.namelist() if "sheet" in name)


def test_a_workbook_with_formulas_allowed_would_compute(tmp_path):
    """The control: the library's defaults do write live formulas."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(tmp_path / "x.xlsx")) as book:
        book.add_worksheet().write(0, 0, "=1+1")
    assert [cell.data_type for cell in cells(tmp_path / "x.xlsx")] == ["f"]


def test_texts_of_a_csv_that_look_like_formulas_are_quoted_and_numbers_are_not(tmp_path):
    path = tmp_path / "x.csv"
    write_file(document(EVIL), format="csv", target=path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfname,count,change,rate,at,prize,over\r\n")
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows[:-1]] == [
        f"'{name}" if name != "http://evil.example" else name for name in EVIL
    ]
    assert list(rows[0].values())[1:] == ["1234", "-5", "0.9533", "2023-06-05T17:00:01.123456Z", "first", "1"]
    assert list(rows[-1].values()) == ["Tổng cộng", "1", "0", "", "", "", "0"]


def test_ordinary_texts_stay_as_they_are():
    assert [safe_text(text) for text in ("Đặng Văn A", "", "NV-01", "012")] == ["Đặng Văn A", "", "NV-01", "012"]


def test_json_writes_decimals_as_strings_and_texts_as_they_are(tmp_path):
    path = tmp_path / "x.json"
    write_file(document(EVIL[:1]), format="json", target=path)
    body = json.loads(path.read_text(encoding="utf-8"))
    assert list(body) == ["round", "total", "rows"]
    assert body["rows"] == [
        {
            "name": EVIL[0],
            "count": 1234,
            "change": -5,
            "rate": "0.9533",
            "at": "2023-06-05T17:00:01.123456Z",
            "prize": "first",
            "over": True,
        }
    ]


def test_a_workbook_is_laid_out_for_reading_and_printing(tmp_path):
    path = tmp_path / "x.xlsx"
    write_file(document(["An", "Bình"]), format="xlsx", target=path)
    sheet = openpyxl.load_workbook(path)["Bảng"]
    row = header_row(sheet, "Họ tên")
    assert (row, sheet.freeze_panes, sheet.auto_filter.ref) == (4, "C5", "A4:G6")
    assert [cell.value for cell in sheet[row + 1]] == [
        "An", 1234, -5, 0.9533, datetime(2023, 6, 6, 0, 0, 1, 123000), "Giải Nhất", "Vượt",
    ]  # fmt: skip
    formats = [cell.number_format for cell in sheet[row + 1]]
    assert formats[1:5] == ["#,##0", "+#,##0;-#,##0;0", "0.00%", "dd/mm/yyyy hh:mm:ss.000"]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight) == (
        "landscape", 9, 0,
    )  # fmt: skip
    assert (sheet.print_title_rows, sheet.column_dimensions["E"].width > 25) == ("$4:$4", True)


def test_rows_are_as_high_as_their_longest_text_needs(tmp_path):
    columns = [Column("name", "Tên", width=20), Column("n", "Số", Kind.INTEGER)]
    rows = [("Xã, phường, thị trấn", 1), ("Cơ quan Trung ương trên địa bàn", 2), (None, 3), ("dài " * 14, 4)]
    write_file(
        Document("Báo cáo", [], [Table("t", "Bảng", columns, rows)], 4), format="xlsx", target=tmp_path / "a.xlsx"
    )
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]
    assert [sheet.row_dimensions[number].height for number in range(4, 8)] == [None, 30, None, 45]


def test_rows_excel_cannot_hold_are_an_error_not_a_loss(tmp_path, monkeypatch):
    checked = Worksheet._check_dimensions
    monkeypatch.setattr(
        Worksheet, "_check_dimensions", lambda self, row, *rest: -1 if row > 50 else checked(self, row, *rest)
    )
    with pytest.raises(FileTooLarge):
        write_file(document(["An"] * 60), format="xlsx", target=tmp_path / "x.xlsx")
    with pytest.raises(FileTooLarge):
        write_file(document(["A" * 40_000]), format="xlsx", target=tmp_path / "x.xlsx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", ["xlsx", "csv", "json"])
def test_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(tmp_path, format):
    path = tmp_path / f"x.{format}"
    path.write_text("the old one")

    def stop(rows):
        raise RuntimeError(rows)

    with pytest.raises(RuntimeError, match="500"):
        write_file(document(["An"] * 1200), format=format, target=path, progress=stop)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "the old one"


def test_writing_straight_to_the_target_would_leave_half_a_file(tmp_path):
    """The control: without the part and the rename, a stopped writer does leave a file."""

    def stop(rows):
        raise RuntimeError(rows)

    with pytest.raises(RuntimeError):
        files.WRITERS["csv"](document(["An"] * 1200), tmp_path / "x.csv", stop)
    assert (tmp_path / "x.csv").stat().st_size > 0


def test_progress_counts_the_rows_of_all_tables(tmp_path):
    seen = []
    table = document(["An"] * 700).tables[0]
    both = Document("T", [], [table, replace(table, key="more", name="Nữa")], row_count=1400)
    for format in ("xlsx", "json"):
        write_file(both, format=format, target=tmp_path / "x", progress=seen.append)
    assert seen == [500, 1000, 500, 1000]


# --- The reports themselves ---------------------------------------------------------------------------


@pytest.fixture
def published(db):
    root = make_root()
    one = make_unit("A1", name="=cmd|' /C calc'!A0", parent=root, headcount=3)
    two = make_unit("B2", name="Xã Vinh Hà", kind="Xã, phường", parent=root, headcount=1)
    round = past_round(make_contest(unit=root, title="@Hội thi"))
    winner = make_user("0012", full_name="+Nguyễn Văn Thắng", unit=one)
    first = make_attempt(round, winner, answers="B")
    make_attempt(round, make_user(unit=two), answers="A")
    make_attempt(round, make_user(unit=two), answers="A")
    make_user("=1+1", full_name="-Trần Thị Vắng", unit=one)
    Standing.objects.create(
        attempt=first, round=round, position=1, rank=1, score=3, prediction_error=Decimal("0"),
        prize=round.prizes.first(),
    )  # fmt: skip
    Round.objects.filter(pk=round.pk).update(state="published", version=1)
    round.refresh_from_db()
    return round


def export(kind, round, format, path):
    call_command("export_report", kind, "--round", str(round.pk), "--format", format, "--out", str(path))


def test_totals_are_equal_in_the_api_and_every_file(published, tmp_path):
    payload = participation_payload(participation_of(published, EVERYTHING))
    for format in ("xlsx", "csv", "json"):
        export("participation", published, format, tmp_path / f"p.{format}")

    body = json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))
    kinds = body.pop("kinds")
    assert body | {"as_of": ""} == payload | {"as_of": ""}
    assert [(kind["kind"], kind["units"], kind["participants"]) for kind in kinds] == [
        ("Sở, ban, ngành", 1, 1), ("Xã, phường", 1, 2),
    ]  # fmt: skip

    with open(tmp_path / "p.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = {key: "" if value is None else str(value) for key, value in payload["total"].items()}
    assert rows[-1]["unit_name"] == "Tổng cộng"
    assert {key: rows[-1][key] for key in expected} == expected | {"over_headcount": "0"}
    assert [row["unit_code"] for row in rows] == ["A1", "B2", ""]

    book = openpyxl.load_workbook(tmp_path / "p.xlsx")
    assert book.sheetnames == ["Theo đơn vị", "Theo loại đơn vị", "Cách tính"]
    for sheet in book.worksheets[:2]:
        total = next(row for row in sheet.iter_rows(values_only=True) if "Tổng cộng" in row)
        figures = [value for value in total[-11:] if value is not None]
        wanted = [payload["total"][key] for key in list(payload["total"])[:-1]]
        assert figures == pytest.approx([float(value) for value in wanted if value is not None])


def test_names_that_look_like_formulas_are_harmless_in_every_report(published, tmp_path):
    for kind in ("participation", "nonparticipants", "standings"):
        export(kind, published, "xlsx", tmp_path / "x.xlsx")
        assert not [cell for cell in cells(tmp_path / "x.xlsx") if cell.data_type == "f"], kind
        export(kind, published, "csv", tmp_path / "x.csv")
        with open(tmp_path / "x.csv", encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        evil = [value for row in rows for value in row.values() if value.startswith(("=", "+", "@"))]
        assert evil == [], kind


def test_who_has_not_taken_part_as_a_file(published, tmp_path):
    export("nonparticipants", published, "json", tmp_path / "n.json")
    body = json.loads((tmp_path / "n.json").read_text(encoding="utf-8"))
    assert [(row["employee_id"], row["full_name"], row["status"]) for row in body["people"]] == [
        ("=1+1", "-Trần Thị Vắng", "not_started"),
    ]


def test_the_standings_as_a_file_have_the_fields_of_the_api(published, tmp_path):
    export("standings", published, "json", tmp_path / "s.json")
    (row,) = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))["results"]
    submitted_at = row.pop("submitted_at")
    assert submitted_at.endswith("Z")
    assert row == {
        "rank": 1, "block": "", "full_name": "+Nguyễn Văn Thắng", "unit_code": "A1", "unit_name": "=cmd|' /C calc'!A0",
        "score": 3, "prediction": 1, "prediction_error": "0", "prize": "first",
    }  # fmt: skip
    export("standings", published, "xlsx", tmp_path / "s.xlsx")
    assert "Giải Nhất" in {cell.value for cell in cells(tmp_path / "s.xlsx")}


def test_unreleased_scores_are_in_no_file(published, tmp_path):
    participation = participation_of(published, Scope(None, False))
    write_file(participation_document(participation), format="xlsx", target=tmp_path / "x.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0]
    row = header_row(sheet, "Điểm trung bình")
    hidden = [
        cell.column for cell in sheet[row] if cell.value in ("Điểm trung bình", "Số bài đúng tất cả", "Số bài 0 điểm")
    ]
    assert len(hidden) == 3
    assert {line[column - 1] for line in sheet.iter_rows(min_row=row + 1, values_only=True) for column in hidden} == {
        None
    }


def test_the_standings_are_read_as_a_stream(published, tmp_path, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        export("standings", published, "csv", tmp_path / "s.csv")


# --- The command -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "state", "code"),
    [
        ("participation", "draft", 2), ("standings", "scheduled", 2), ("standings", "closed", 2),
        ("standings", "ranked", 2), ("participation", "scheduled", 0), ("standings", "final", 0),
    ],
)  # fmt: skip
def test_the_command_refuses_what_is_not_out_yet(published, tmp_path, kind, state, code):
    Round.objects.filter(pk=published.pk).update(state=state)
    if code == 0:
        export(kind, published, "csv", tmp_path / "x.csv")
        return
    with pytest.raises(CommandError) as refusal:
        export(kind, published, "csv", tmp_path / "x.csv")
    assert refusal.value.returncode == code
    assert list(tmp_path.iterdir()) == []


def test_the_command_knows_bad_data_from_bad_use(published, tmp_path):
    with pytest.raises(CommandError) as unknown:
        call_command("export_report", "participation", "--round", "999999", "--format", "csv", "--out", "x.csv")
    assert unknown.value.returncode == 1
    with pytest.raises(CommandError) as nowhere:
        export("participation", published, "csv", tmp_path / "no" / "x.csv")
    assert nowhere.value.returncode == 2


@pytest.mark.parametrize(
    ("kind", "format"), [("year_end", "json"), ("weekly_report", "json"), ("clip_list", "csv"), ("standings", "pdf")]
)
def test_the_command_refuses_what_it_does_not_write_and_says_what_it_does(published, tmp_path, capsys, kind, format):
    told = ["--round", str(published.pk), "--format", format, "--out", str(tmp_path / "x")]
    with pytest.raises(SystemExit) as refusal:
        execute_from_command_line(["manage.py", "export_report", kind, *told])
    assert refusal.value.code == 2
    assert "participation,nonparticipants,staff_results,standings" in "".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


def test_every_kind_of_table_is_the_one_that_was_asked_for(published):
    assert {kind: DOCUMENTS[kind](published, EVERYTHING).title for kind in TABLE_KINDS} == {
        "participation": "BÁO CÁO KẾT QUẢ THAM GIA",
        "nonparticipants": "DANH SÁCH NGƯỜI CHƯA THAM GIA",
        "staff_results": "DANH SÁCH NHÂN SỰ VÀ KẾT QUẢ THI",
        "unit_reports": "TÌNH HÌNH GỬI BÁO CÁO CỦA CÁC ĐƠN VỊ",
        "standings": "BẢNG XẾP HẠNG CÁ NHÂN",
        "collective_ranking": "BẢNG XẾP HẠNG TẬP THỂ",
        "award_proposals": "DANH SÁCH ĐỀ NGHỊ KHEN THƯỞNG",
        "year_end": "KẾT QUẢ HỘI THI CỦA CÁC ĐƠN VỊ",
    }


def test_the_command_shows_scores_only_of_a_ranked_round(published, tmp_path):
    for state, mean in (("scheduled", None), ("closed", None), ("ranked", "1.00")):
        Round.objects.filter(pk=published.pk).update(state=state)
        export("participation", published, "json", tmp_path / "x.json")
        assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))["total"]["mean_score"] == mean


def test_the_list_of_people_is_not_held_in_memory(published):
    from reports.absentees import Absentees

    rows = nonparticipants_document(Absentees(published, EVERYTHING)).tables[0].rows
    assert iter(rows) is rows


def test_styles_are_made_once_per_look(tmp_path, monkeypatch):
    made = []
    original = xlsx._Styles.named
    monkeypatch.setattr(xlsx._Styles, "named", lambda self, **look: made.append(original(self, **look)) or made[-1])
    write_file(document(["An"] * 100), format="xlsx", target=tmp_path / "x.xlsx")
    assert len({id(style) for style in made}) < 20
