"""Official documents have the decree's layout, the same figures in both formats, and no text that does anything."""

import dataclasses
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import docx as python_docx
import pytest
from docx.document import Document as Word
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.exports.table import Coded, Column, Kind
from reports.official import docx, pdf, wording
from reports.official.document import (
    Appendix,
    Figures,
    Heading,
    Issuer,
    OfficialDocument,
    Paragraph,
    Signature,
)
from reports.official.typesetting import TypesettingFailed, typeset
from tests.reports.official_examples import UNIT_COLUMNS, minutes, unit_rows, weekly_report, winners

MM = 72 / 25.4  # points
DOCUMENTS = {"weekly": weekly_report, "winners": winners, "minutes": minutes}
HOSTILE = (
    '=1+1 {{ 7*7 }} {% now %} #import "/etc/passwd" #panic() *b* $x$ </w:t><w:fldSimple w:instr="DDEAUTO"/> '
    "{ HYPERLINK x } \\u{41} <b>&amp; [x] @y `z`"
)


class Printed(NamedTuple):
    """A word of a printed page, in points from the top left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def simple(**more: Any) -> OfficialDocument:
    values: dict[str, Any] = {
        "issuer": Issuer("Ban Tổ chức", "Huế"),
        "kind": "Báo cáo",
        "subject": "Kết quả tuần 1",
        "blocks": [Paragraph("Nội dung.")],
        "signature": Signature(("Trưởng ban",), "Nguyễn Văn Bình"),
    }
    return OfficialDocument(**(values | more))


def opened(document: OfficialDocument) -> Word:
    return python_docx.Document(BytesIO(docx.as_docx(document)))


class Page(list[Printed]):
    """The words of a page."""

    width: float


def words_on(path: Path) -> list[Page]:
    done = subprocess.run(["pdftotext", "-bbox", str(path), "-"], capture_output=True, check=True, text=True)
    found = re.compile(r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>')
    pages = []
    for source in re.split(r"<page ", done.stdout)[1:]:
        page = Page(Printed(text, *map(float, place)) for *place, text in found.findall(source))
        page.width = float(source.split('"')[1])
        pages.append(page)
    return pages


def text_of(path: Path) -> str:
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True, text=True)
    return done.stdout


needs_poppler = pytest.mark.skipif(
    not shutil.which("pdftotext"), reason="needs pdftotext: apt-get install poppler-utils"
)
# LibreOffice may be there without its writer, which alone opens DOCX.
WRITER = Path(os.path.realpath(shutil.which("soffice") or "/absent")).with_name("libswlo.so")
needs_writer = pytest.mark.skipif(
    not WRITER.exists(), reason="needs LibreOffice: apt-get install libreoffice-writer-nogui"
)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """Each example as PDF, by our writer ("pdf") and by LibreOffice from our DOCX ("docx")."""
    folder = tmp_path_factory.mktemp("printed")
    paths = {}
    for name, make in DOCUMENTS.items():
        paths[name, "pdf"] = folder / f"{name}.pdf"
        pdf.write(make(), paths[name, "pdf"])
        docx.write(make(), folder / f"{name}.docx")
        paths[name, "docx"] = folder / "word" / f"{name}.pdf"
    subprocess.run(
        [
            "soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf",
            "--outdir", str(folder / "word"), *(str(folder / f"{name}.docx") for name in DOCUMENTS),
        ],
        capture_output=True, check=True, timeout=180,
    )  # fmt: skip
    return paths


# --- Wording ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        (Column("a", "A", Kind.INTEGER), 1234567, "1.234.567"),
        (Column("a", "A", Kind.INTEGER), None, "-"),
        (Column("a", "A", Kind.CHANGE), 12, "+12"),
        (Column("a", "A", Kind.CHANGE), -1200, "-1.200"),
        (Column("a", "A", Kind.CHANGE), 0, "0"),
        (Column("a", "A", Kind.DECIMAL, places=2), Decimal("1234.565"), "1.234,57"),
        (Column("a", "A", Kind.RATE), Decimal("0.9533"), "95,33%"),
        (Column("a", "A", Kind.RATE), Decimal("1.0001"), "100,01%"),
        (Column("a", "A", Kind.TEXT), "  Sở \t Y\n tế\x00 ", "Sở Y tế"),
        (Column("a", "A", Kind.TEXT), None, ""),
        (Column("a", "A", Kind.CODED), Coded("x", "Xã"), "Xã"),
        (Column("a", "A", Kind.FLAG, flag_text="Vượt biên chế"), True, "Vượt biên chế"),
        (Column("a", "A", Kind.FLAG, flag_text="Vượt biên chế"), False, ""),
        (Column("a", "A", Kind.TIME), datetime(2023, 6, 11, 17, 0, 0, 999999, UTC), "00:00:00,999 12/06/2023"),
    ],
)
def test_cells_are_written_as_vietnamese_offices_write_them(column, value, text):
    assert wording.cell(column, value) == text


def test_days_and_the_first_months_have_two_digits():
    assert wording.in_words(date(2024, 2, 5)) == "ngày 05 tháng 02 năm 2024"
    assert wording.in_words(date(2023, 10, 12)) == "ngày 12 tháng 10 năm 2023"
    assert wording.in_words(date(2023, 3, 9)) == "ngày 09 tháng 3 năm 2023"


def test_what_is_not_known_yet_leaves_room_to_write():
    assert re.fullmatch(r"Số:\s{5,}/BB-BTC", wording.number_line(simple(symbol="BB-BTC")))
    assert re.fullmatch(r"Huế, ngày\s{4,}tháng\s{4,}năm\s{4,}", wording.place_and_date(simple()))
    assert wording.number_line(simple(number="12", symbol="BC-BTC")) == "Số: 12/BC-BTC"


@given(st.text())
def test_cleaned_texts_can_be_held_by_xml_and_are_one_line(text):
    clean = wording.clean(text)
    assert ElementTree.fromstring(f"<a>{wording.clean(text).translate({38: 'x', 60: 'x', 62: 'x'})}</a>") is not None
    assert wording.clean(clean) == clean
    assert not re.search("[\n\t\u202e\u2066]", clean)


# --- DOCX -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOCUMENTS)
def test_pages_have_the_margins_of_the_decree(name):
    word = opened(DOCUMENTS[name]())
    for section in word.sections:
        sizes = sorted((round(section.page_width.mm), round(section.page_height.mm)))
        assert sizes == [210, 297]
        margins = [section.top_margin, section.bottom_margin, section.left_margin, section.right_margin]
        assert [round(margin.mm) for margin in margins] == [20, 20, 30, 15]


def test_wide_tables_stand_across_the_page_in_an_appendix_with_its_own_page_numbers():
    word = opened(weekly_report())
    turned = [section.page_width > section.page_height for section in word.sections]
    assert turned == [False, True]
    numbers = [section._sectPr.find(qn("w:pgNumType")) for section in word.sections]
    assert [None if found is None else found.get(qn("w:start")) for found in numbers] == [None, "1"]


def test_the_end_of_a_section_needs_no_line_of_its_own():
    ends = [
        paragraph
        for paragraph in opened(weekly_report()).paragraphs
        if paragraph._p.find(f".//{qn('w:sectPr')}") is not None
    ]
    assert [paragraph.style.name for paragraph in ends] == ["Sau bảng"]


def test_the_only_field_is_the_page_number_top_centre_and_not_on_the_first_page():
    word = opened(weekly_report())
    assert all(section.different_first_page_header_footer for section in word.sections)
    (paragraph,) = word.sections[0].header.paragraphs
    (field,) = paragraph._p.findall(qn("w:fldSimple"))
    assert (field.get(qn("w:instr")), paragraph.style.name) == ("PAGE", "Header")
    assert paragraph.style.paragraph_format.alignment == 1
    assert word.sections[0].first_page_header.paragraphs[0].text == ""
    fields = [re.findall(r"<w:(fldSimple|instrText|fldChar)", source) for source in parts_of(weekly_report())]
    assert sum(map(len, fields)) == 1


def parts_of(document: OfficialDocument) -> list[str]:
    with zipfile.ZipFile(BytesIO(docx.as_docx(document))) as archive:
        return [archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("style", "points", "bold", "italic", "align"),
    [
        ("Quốc hiệu", 12, True, False, "CENTER"),
        ("Tiêu ngữ", 13, True, False, "CENTER"),
        ("Cơ quan chủ quản", 12, False, False, "CENTER"),
        ("Cơ quan ban hành", 12, True, False, "CENTER"),
        ("Số, ký hiệu", 13, False, False, "CENTER"),
        ("Địa danh, thời gian", 13, False, True, "CENTER"),
        ("Tên loại văn bản", 14, True, False, "CENTER"),
        ("Trích yếu", 14, True, False, "CENTER"),
        ("Căn cứ", 14, False, True, "JUSTIFY"),
        ("Nội dung", 14, False, False, "JUSTIFY"),
        ("Chữ ký", 14, True, False, "CENTER"),
        ("Nơi nhận", 12, True, True, "LEFT"),
        ("Danh sách nơi nhận", 11, False, False, "LEFT"),
    ],
)
def test_styles_have_the_letters_of_the_decree(style, points, bold, italic, align):
    found = opened(simple()).styles[style]
    assert (found.font.size.pt, bool(found.font.bold), bool(found.font.italic)) == (points, bold, italic)
    assert found.paragraph_format.alignment.name == align
    assert found.element.rPr.rFonts.get(qn("w:ascii")) == "Times New Roman"


def test_the_first_line_of_the_body_is_indented_by_a_centimetre():
    assert round(opened(simple()).styles["Nội dung"].paragraph_format.first_line_indent.mm) == 10


def test_tables_repeat_their_header_and_split_no_row():
    table = opened(weekly_report()).tables[1]._tbl
    rows = table.findall(qn("w:tr"))
    assert len(rows) == 14
    properties = [row.find(qn("w:trPr")) for row in rows]
    assert all(found.find(qn("w:cantSplit")) is not None for found in properties)
    assert [found.find(qn("w:tblHeader")) is not None for found in properties] == [True] + [False] * 13
    # The total stays with the row before it.
    assert [row.find(f".//{qn('w:keepNext')}") is not None for row in rows] == [False] * 12 + [True, False]


@pytest.mark.slow
@pytest.mark.parametrize("make", DOCUMENTS.values(), ids=list(DOCUMENTS))
def test_equal_documents_give_equal_bytes(make):
    assert docx.as_docx(make()) == docx.as_docx(make())
    assert pdf.as_pdf(make()) == pdf.as_pdf(make())


@pytest.mark.slow
def test_documents_that_differ_in_a_figure_differ():
    other = weekly_report(units=13)
    assert docx.as_docx(weekly_report()) != docx.as_docx(other)
    assert pdf.as_pdf(weekly_report()) != pdf.as_pdf(other)


def hostile() -> OfficialDocument:
    columns = (Column("a", HOSTILE), Column("b", "Số", Kind.INTEGER))
    return OfficialDocument(
        issuer=Issuer(HOSTILE, HOSTILE, HOSTILE),
        kind=HOSTILE,
        subject=HOSTILE,
        number=HOSTILE,
        symbol=HOSTILE,
        authority=HOSTILE,
        legal_bases=[HOSTILE],
        blocks=[
            Heading(HOSTILE),
            Paragraph(HOSTILE, HOSTILE),
            Figures(columns, [(HOSTILE, 1)], HOSTILE, (HOSTILE, 1), [HOSTILE]),
        ],
        signature=Signature([HOSTILE], HOSTILE),
        second_signature=Signature([HOSTILE], HOSTILE),
        recipients=[HOSTILE],
        appendices=[Appendix(HOSTILE, HOSTILE, [Paragraph(HOSTILE)])],
    )


def test_hostile_texts_stay_texts_in_word():
    sources = parts_of(hostile())
    assert sum(len(re.findall(r"<w:(?:fldSimple|instrText|hyperlink)", source)) for source in sources) == 1
    body = [paragraph.text for paragraph in opened(hostile()).paragraphs]
    assert HOSTILE in body
    assert f"{HOSTILE} {HOSTILE}" in body


@needs_poppler
def test_hostile_texts_stay_texts_in_pdf(tmp_path):
    path = tmp_path / "hostile.pdf"
    pdf.write(hostile(), path)
    flowing = re.sub(r"\s+", "", text_of(path))
    assert flowing.count(re.sub(r"\s+", "", HOSTILE)) >= 8
    raw = path.read_bytes()
    assert not re.search(rb"/(JavaScript|Launch|URI|EmbeddedFile)\b", raw)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_texts_of_any_kind_can_be_written(one, other):
    document = simple(
        subject=one, number=other, blocks=[Paragraph(one, other), Figures((Column("a", other),), [(one,)])]
    )
    assert opened(document).core_properties.language == "vi-VN"
    assert pdf.as_pdf(document).startswith(b"%PDF")


# --- PDF --------------------------------------------------------------------------------------------


def test_fonts_that_lack_vietnamese_letters_are_passed_over(tmp_path):
    assert pdf.writes_vietnamese(str(tmp_path)) is False
    assert pdf.writes_vietnamese(str(tmp_path / "absent")) is False


def test_a_layout_that_typst_refuses_is_a_named_failure():
    with pytest.raises(TypesettingFailed, match="unknown variable: nothing"):
        typeset("#nothing", document="{}", fonts=None, timestamp=0)


@pytest.mark.slow
def test_typesetting_leaves_nothing_in_the_memory_of_the_worker():
    document = dataclasses.replace(weekly_report(units=600), appendices=())
    pdf.as_pdf(document)
    before = resident()
    for count in (601, 602, 603):
        pdf.as_pdf(dataclasses.replace(weekly_report(units=count), appendices=()))
    # In this process each of them would leave some 45 MB.
    assert resident() - before < 25


def resident() -> float:
    """Megabytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@needs_poppler
@pytest.mark.skipif(not shutil.which("pdffonts"), reason="needs pdffonts: apt-get install poppler-utils")
@pytest.mark.parametrize(
    ("directories", "family"),
    [(pdf.FONT_DIRECTORIES, "LiberationSerif"), ((), "LibertinusSerif")],
    ids=["system", "bundled"],
)
def test_one_family_of_letters_writes_all_vietnamese(tmp_path, directories, family):
    path = tmp_path / "all.pdf"
    letters = " ".join(pdf.VIETNAMESE + pdf.VIETNAMESE.upper())
    pdf.write(simple(blocks=[Paragraph(letters)]), path, font_directories=directories)
    listed = subprocess.run(["pdffonts", str(path)], capture_output=True, check=True, text=True).stdout
    names = {line.split()[0].partition("+")[2] for line in listed.splitlines()[2:]}
    assert {name.partition("-")[0] for name in names} == {family}
    assert re.sub(r"\s", "", letters) in re.sub(r"\s", "", text_of(path))
    motto = [word for word in words_on(path)[0] if word.text in ("CỘNG", "NAM", "Độc", "phúc")]
    assert len({round(word.top) for word in motto}) == 2


@pytest.mark.slow
@needs_poppler
def test_pdf_is_tagged_titled_and_of_the_documents_day(tmp_path):
    path = tmp_path / "weekly.pdf"
    pdf.write(weekly_report(), path)
    told = subprocess.run(["pdfinfo", str(path)], capture_output=True, check=True, text=True, env={"TZ": "UTC"}).stdout
    assert re.search(r"Tagged: +yes", told)
    assert re.search(r"Title: +Báo cáo Kết quả tuần 1", told)
    assert re.search(r"Page size: +595.\d+ x 841.\d+ pts \(A4\)", told)
    assert pdf.as_pdf(weekly_report()) != pdf.as_pdf(weekly_report(day=date(2023, 6, 13)))


# --- Printed, by both ways --------------------------------------------------------------------------


def both(*names: str) -> Any:
    return pytest.mark.parametrize(("name", "way"), [(name, way) for name in names for way in ("pdf", "docx")])


@pytest.mark.slow
@pytest.mark.xdist_group("libreoffice")  # one conversion for all
@needs_poppler
@needs_writer
class TestPrinted:
    @both(*DOCUMENTS)
    def test_the_nation_and_the_motto_stand_on_one_line_each(self, printed, name, way):
        first = words_on(printed[name, way])[0]
        begin = next(place for place, word in enumerate(first) if word.text == "CỘNG")
        nation = first[begin : begin + 8]
        begin = next(place for place, word in enumerate(first) if word.text == "Độc")
        motto = first[begin : begin + 8]
        assert [word.text for word in nation] == wording.NATION.split()
        assert [word.text for word in motto] == wording.MOTTO.split()
        assert len({round(word.top) for word in nation}) == len({round(word.top) for word in motto}) == 1
        middles = [(line[0].left + line[-1].right) / 2 for line in (nation, motto)]
        assert middles[0] == pytest.approx(middles[1], abs=1)

    @both(*DOCUMENTS)
    def test_nothing_stands_outside_the_margins(self, printed, name, way):
        for page, words in enumerate(words_on(printed[name, way])):
            body = [word for word in words if word.top > 19 * MM]
            assert min(word.left for word in body) >= 29.9 * MM, page
            assert max(word.right for word in body) <= words.width - 14.8 * MM, page
            if page == 0:
                assert min(word.left for word in body) <= 30.5 * MM
                assert min(word.top for word in words) == pytest.approx(20 * MM, abs=4)

    @both("weekly")
    def test_pages_are_numbered_top_centre_from_the_second_on(self, printed, name, way):
        numbers = []
        for words in words_on(printed[name, way]):
            above = [word for word in words if word.bottom < 20 * MM]
            numbers.append([word.text for word in above])
            for word in above:
                middle = (words.width + (30 - 15) * MM) / 2
                assert (word.left + word.right) / 2 == pytest.approx(middle, abs=1)
        # The appendix counts anew, and its first page has no number either.
        assert numbers[:3] == [[], ["2"], []]
        assert numbers[3:] == [[str(number)] for number in range(2, 2 + len(numbers) - 3)]

    @both(*DOCUMENTS)
    def test_a_rule_is_drawn_under_the_motto(self, printed, name, way, tmp_path):
        first = words_on(printed[name, way])[0]
        begin = next(place for place, word in enumerate(first) if word.text == "Độc")
        left, right, bottom = first[begin].left, first[begin + 7].right, first[begin].bottom
        rules = [rule for rule in dark_rows(printed[name, way], tmp_path, bottom, bottom + 8) if rule[0]]
        assert rules
        _row, start, end = max(rules, key=lambda rule: rule[2] - rule[1])
        assert (start, end) == (pytest.approx(left, abs=3), pytest.approx(right, abs=3))

    def test_totals_are_equal_in_both(self, printed):
        head, people = (sum(row[place] for row in unit_rows(60)) for place in (2, 3))
        expected = f"{head:,} {people:,}".replace(",", ".")
        for way in ("pdf", "docx"):
            lines = [" ".join(line.split()) for line in text_of(printed["weekly", way]).splitlines()]
            totals = [line for line in lines if line.startswith("Tổng cộng")]
            assert len(totals) == 2
            assert totals[1].startswith(f"Tổng cộng {expected} ")

    def test_both_have_the_same_words_in_the_same_number_of_pages(self, printed):
        for name in DOCUMENTS:
            ours, words = words_on(printed[name, "pdf"]), words_on(printed[name, "docx"])
            assert len(ours) == len(words), name
            flat = [
                sorted(word.text for page in pages for word in page if word.top > 19 * MM and not repeated(word.text))
                for pages in (ours, words)
            ]
            assert flat[0] == flat[1], name

    @both("weekly")
    def test_no_total_stands_alone_on_a_page(self, printed, name, way):
        for page in text_of(printed[name, way]).split("\f"):
            rows = [line.split()[0] for line in page.splitlines() if re.match(r" *(Tổng cộng|\d+ .*%)", line)]
            assert rows != ["Tổng"]

    @both("minutes")
    def test_signatures_stand_side_by_side_and_names_below_them(self, printed, name, way):
        (first,) = words_on(printed[name, way])
        left, right = ([word for word in first if word.text == text][-1] for text in ("THƯ", "CHỦ"))
        assert left.top == pytest.approx(right.top, abs=1)
        assert left.right < right.left
        name_below = [word for word in first if word.text == "Bình"][-1]
        assert name_below.top - right.bottom > 20 * MM


def repeated(text: str) -> bool:
    """Words of table headers, which come once a page: where pages break differs by a line."""
    return text in {word for column in UNIT_COLUMNS for word in column.label.split()}


def dark_rows(path: Path, folder: Path, top: float, bottom: float) -> Iterator[tuple[bool, float, float]]:
    """(dark, left, right) of each row of dots of the first page between `top` and `bottom`, in points."""
    subprocess.run(
        ["pdftoppm", "-r", "144", "-gray", "-f", "1", "-l", "1", str(path), str(folder / "page")], check=True
    )
    raw = next(folder.glob("page*.pgm")).read_bytes()
    head = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", raw)
    assert head
    width = int(head[1])
    for row in range(round(top * 2), round(bottom * 2)):
        dots = raw[head.end() + row * width : head.end() + (row + 1) * width]
        dark = [place / 2 for place, dot in enumerate(dots) if dot < 160 and place > width / 2]
        yield bool(dark), min(dark, default=0), max(dark, default=0)


@needs_poppler
@pytest.mark.parametrize("count", [0, 1, 2])
def test_short_tables_have_their_rows_once_and_their_total(tmp_path, count):
    rows = unit_rows(count)
    table = Figures(UNIT_COLUMNS, rows, total=(None, "Tổng cộng", 7, 7, Decimal(1), None, 0))
    pdf.write(simple(blocks=[table]), tmp_path / "short.pdf")
    lines = [
        line.split()[0]
        for line in text_of(tmp_path / "short.pdf").splitlines()
        if line.rstrip().endswith(("0", "-3", "-2"))
    ]
    assert lines == [str(number) for number in range(1, count + 1)] + ["Tổng"]


@pytest.mark.slow
@needs_poppler
def test_five_thousand_rows_are_whole_in_both(tmp_path):
    document = dataclasses.replace(weekly_report(units=5000), appendices=())
    table = opened(document).tables[1]._tbl
    assert len(table.findall(qn("w:tr"))) == 5002
    pdf.write(document, tmp_path / "many.pdf")
    lines = text_of(tmp_path / "many.pdf").splitlines()
    numbers = [int(line.split()[0].replace(".", "")) for line in lines if re.match(r" *[\d.]+ .*%", line)]
    assert numbers == list(range(1, 5001))
