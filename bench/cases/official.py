"""An official report with a table of many rows, as PDF and as DOCX; the goal is a number of seconds for the PDF."""

from decimal import Decimal

from bench.results import Result
from bench.timing import median_seconds
from reports.exports.table import Column, Kind
from reports.official import docx, pdf
from reports.official.document import Figures, Issuer, OfficialDocument, Signature

LONGEST = 5.0
COLUMNS = (
    Column("number", "TT", Kind.INTEGER, width=5),
    Column("unit", "Đơn vị", width=32),
    Column("headcount", "Biên chế", Kind.INTEGER, width=10),
    Column("participants", "Người dự thi", Kind.INTEGER, width=10),
    Column("rate", "Tỷ lệ", Kind.RATE, width=11),
    Column("score", "Điểm trung bình", Kind.DECIMAL, width=10, places=2),
    Column("change", "So với tuần trước", Kind.CHANGE, width=11),
)


def run(*, quick: bool) -> list[Result]:
    rows = 200 if quick else 5_000
    document = _report(rows)
    repeats = 1 if quick else 3
    printed = median_seconds(lambda: pdf.as_pdf(document), repeats=repeats)
    word = median_seconds(lambda: docx.as_docx(document), repeats=repeats)
    return [
        Result("official PDF", printed, "s", goal=("<=", LONGEST), note=f"{rows} rows of {len(COLUMNS)} columns"),
        Result("official DOCX", word, "s", note=f"{rows} rows of {len(COLUMNS)} columns"),
    ]


def _report(count: int) -> OfficialDocument:
    unit = "Trung tâm Y tế khu vực Phú Lộc và các trạm y tế trực thuộc"
    score = Decimal("11.25")
    rows = [(number, unit, 120, 100, Decimal("0.8333"), score, number % 9 - 4) for number in range(1, count + 1)]
    total = (None, "Tổng cộng", 120 * count, 100 * count, Decimal("0.8333"), score, 0)
    return OfficialDocument(
        issuer=Issuer("Ban Tổ chức Hội thi", "Huế"),
        kind="Báo cáo",
        subject="Kết quả tham gia của các đơn vị",
        blocks=[Figures(COLUMNS, rows, total=total)],
        signature=Signature(("Trưởng ban",)),
    )
