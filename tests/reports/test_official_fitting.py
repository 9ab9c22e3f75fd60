"""Titles fall into even lines, headings of columns are not broken, and short tables stay on one page."""

import subprocess
from dataclasses import replace
from decimal import Decimal

import pytest
from docx.oxml.ns import qn

from reports.exports.table import Column, Kind
from reports.official import docx, pdf
from reports.official.document import Figures, Heading, OfficialDocument, Paragraph, Signature
from reports.official.fitting import column_widths, is_short, lines_of
from reports.official.wording import side
from tests.reports.test_official import needs_poppler, needs_writer, opened, simple, text_of

BANDS = Figures(
    [
        Column("name", "Mức điểm", width=30),
        Column("value", "Số bài", Kind.INTEGER),
        Column("share", "Tỷ lệ", Kind.RATE),
    ],
    [(name, 7, Decimal("0.2")) for name in ("Mức 1", "Mức 2", "Mức 3", "Mức 4", "Mức 5")],
    total=("Tổng cộng", 35, Decimal(1)),
)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("BAN TỔ CHỨC HỘI THI", ["BAN TỔ CHỨC HỘI THI"]),
        ("ỦY BAN NHÂN DÂN TỈNH MINH GIANG", ["ỦY BAN NHÂN DÂN", "TỈNH MINH GIANG"]),
        ("  BAN\nTỔ CHỨC ", ["BAN TỔ CHỨC"]),
        ("", [""]),
        ("Â" * 60, ["Â" * 60]),
    ],
)
def test_a_name_that_needs_two_lines_falls_into_even_ones(text, lines):
    assert lines_of(text, room=73, points=12) == lines


def test_the_lines_of_a_name_are_those_of_both_formats():
    document = simple(subject="Công nhận kết quả tuần 2 và trao giải Hội thi trực tuyến tìm hiểu cải cách hành chính")
    expected = ["Công nhận kết quả tuần 2 và trao giải", "Hội thi trực tuyến tìm hiểu cải cách hành chính"]
    assert pdf.as_data(document)["subject"] == expected
    (subject,) = [one for one in opened(document).paragraphs if one.style and one.style.name == "Trích yếu"]
    assert subject.text.split("\n") == expected


def test_columns_are_as_wide_as_asked_unless_a_word_of_the_heading_would_break():
    table = Figures([Column("a", "A", width=30), Column("b", "B", width=10)], [])
    assert column_widths(table, width=160) == [120, 40]
    narrow = Figures([Column("a", "Đơn vị", width=60), Column("b", "Điểm", width=1)], [])
    unit, score = column_widths(narrow, width=165)
    assert unit + score == pytest.approx(165)
    assert score == pytest.approx(11.75, abs=0.01)


def test_capitals_of_a_heading_are_not_broken():
    table = Figures([Column("number", "TT", width=1), Column("b", "Đơn vị", width=60)], [])
    assert column_widths(table, width=165)[0] == pytest.approx(9.07, abs=0.01)


def test_names_of_two_signatures_stand_at_one_height():
    document = replace(
        simple(),
        signature=Signature(["Chủ trì", "Trưởng ban"], "Lê An"),
        second_signature=Signature(["Thư ký"], "Bùi Ba"),
    )
    data = pdf.as_data(document)
    assert data["signature"]["lines"] == ["CHỦ TRÌ", "TRƯỞNG BAN"]
    assert data["second_signature"]["lines"] == ["THƯ KÝ", "\u00a0"]
    left, right = opened(document).tables[-1].rows[0].cells
    assert [one.text for one in left.paragraphs] == ["THƯ KÝ", "\u00a0", "", "Bùi Ba"]
    assert [one.text for one in right.paragraphs] == ["CHỦ TRÌ", "TRƯỞNG BAN", "", "Lê An"]


def test_ranks_and_running_numbers_stand_in_the_middle():
    columns = [Column(key, "A", Kind.INTEGER) for key in ("number", "rank", "clip", "units")]
    assert [side(column) for column in columns] == ["center", "center", "center", "right"]


@pytest.mark.parametrize(("rows", "short"), [(0, True), (11, True), (13, False), (5000, False)])
def test_a_table_is_short_up_to_a_third_of_a_page(rows, short):
    columns = [Column("a", "Tên")]
    assert is_short(Figures(columns, []), [["Sở Y tế"]] * rows, width=165) is short


def test_a_table_of_long_texts_is_not_short():
    assert not is_short(Figures([Column("a", "Lý do")], []), [["dài " * 300]] * 3, width=165)


def test_each_row_of_a_short_table_stays_with_the_next_one_in_word():
    rows = opened(simple(blocks=[BANDS])).tables[1]._tbl.findall(qn("w:tr"))
    # The style of the header says so already; the last row stays with nothing.
    assert [row.find(f".//{qn('w:keepNext')}") is not None for row in rows] == [False] + [True] * 5 + [False]


def at_the_end_of_a_page() -> OfficialDocument:
    """The table would begin on the first page and end on the second."""
    return simple(blocks=[Paragraph("Nội dung.")] * 22 + [Heading("II. CHẤT LƯỢNG"), BANDS])


def pages_of(path) -> list[str]:
    return [page for page in text_of(path).split("\f") if page.strip()]


@needs_poppler
def test_a_short_table_and_its_heading_are_on_one_page_as_pdf(tmp_path):
    pdf.write(at_the_end_of_a_page(), tmp_path / "bands.pdf")
    first, second = pages_of(tmp_path / "bands.pdf")
    assert all(text not in first and text in second for text in ("II. CHẤT", "Mức 1", "Mức 5", "Tổng cộng"))


@pytest.mark.slow
@pytest.mark.xdist_group("libreoffice")
@needs_poppler
@needs_writer
def test_a_short_table_and_its_heading_are_on_one_page_in_word(tmp_path):
    docx.write(at_the_end_of_a_page(), tmp_path / "bands.docx")
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf",
         "--outdir", str(tmp_path), str(tmp_path / "bands.docx")],
        capture_output=True, check=True, timeout=180,
    )  # fmt: skip
    first, second = pages_of(tmp_path / "bands.pdf")
    assert all(text not in first and text in second for text in ("II. CHẤT", "Mức 1", "Mức 5", "Tổng cộng"))
