"""What a panel signs: each judge's sheets (phiếu chấm) and the minutes of its meeting. Vietnamese in every language."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from reports.exports.table import Column, Kind, Row
from reports.handin.papers.words import NUMBER, clock, grouped, issuer_of, two_digits
from reports.models import IssuingBody
from reports.official.document import (
    Appendix,
    Block,
    Figures,
    Heading,
    OfficialDocument,
    Paragraph,
    Signature,
)
from reports.official.wording import figure

BOARD = "Ban Giám khảo"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One judge's submitted sheet for one clip; `points` by criterion, in the rubric's order."""

    number: int
    title: str
    unit: str
    points: Sequence[Decimal]
    total: Decimal
    comment: str
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class JudgeOfPanel:
    name: str
    full_name: str
    is_chair: bool
    sheets: int
    severity: Decimal | None
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip in the minutes."""

    rank: int | None
    group: str
    number: int
    title: str
    unit: str
    score: Decimal | None
    raw_mean: Decimal | None
    deviation: Decimal | None
    is_disputed: bool
    prize: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """What the minutes state, beside the issuing body; `method` and `rules` as videos/result/words.py says them."""

    contest: str
    judges: Sequence[JudgeOfPanel]
    rubric: str
    criteria: Sequence[tuple[str, Decimal]]
    method: str
    rules: Sequence[str]
    scoring_started_at: datetime | None
    locked_at: datetime | None
    clips: Sequence[Placed]
    without_score: Sequence[tuple[str, int, str, str]]
    changes: Sequence[str]
    decisions: Sequence[str]
    version: int
    input_hash: str
    result_hash: str
    is_adjusted: bool
    parts: int


# --- Sheets -----------------------------------------------------------------------------------------


def sheet_paper(
    body: IssuingBody, contest: str, criteria: Sequence[tuple[str, Decimal]], judge: JudgeOfPanel, sheet: Sheet
) -> OfficialDocument:
    """One sheet, for its judge to sign."""
    return OfficialDocument(
        issuer=_issuer(body),
        kind="Phiếu chấm",
        subject=f"Video số {sheet.number} dự thi {contest}",
        symbol="PC-BGK",
        blocks=[
            Paragraph(f"Giám khảo: {judge.full_name}" + (" (Trưởng ban Giám khảo)." if judge.is_chair else ".")),
            Paragraph(f"Tên video: {sheet.title}."),
            Paragraph(f"Đơn vị dự thi: {sheet.unit}."),
            *_sheet_blocks(criteria, sheet),
        ],
        signature=Signature(["Giám khảo"], judge.full_name),
    )


def sheets_paper(
    body: IssuingBody,
    contest: str,
    criteria: Sequence[tuple[str, Decimal]],
    judge: JudgeOfPanel,
    sheets: Sequence[Sheet],
) -> OfficialDocument:
    """All sheets of one judge: the list to be signed, and each sheet on a page of its own."""
    return OfficialDocument(
        issuer=_issuer(body),
        kind="Bảng tổng hợp phiếu chấm",
        subject=f"Của giám khảo {judge.full_name} tại {contest}",
        symbol="PC-BGK",
        blocks=[
            Paragraph(
                f"Giám khảo {judge.full_name} đã chấm và nộp {two_digits(len(sheets))} phiếu chấm trên hệ thống, kèm"
                " theo dưới đây:"
            ),
            Figures(
                (
                    NUMBER,
                    Column("clip", "Video số", Kind.INTEGER, width=8),
                    Column("title", "Tên video", width=34),
                    Column("unit", "Đơn vị", width=28),
                    Column("total", "Tổng điểm", Kind.DECIMAL, width=11, places=2),
                ),
                [(place, one.number, one.title, one.unit, one.total) for place, one in enumerate(sheets, start=1)],
            ),
        ],
        signature=Signature(["Giám khảo"], judge.full_name),
        appendices=[
            Appendix(
                label=f"Phiếu chấm video số {sheet.number}",
                title=sheet.title,
                blocks=[Paragraph(f"Đơn vị dự thi: {sheet.unit}."), *_sheet_blocks(criteria, sheet)],
            )
            for sheet in sheets
        ],
    )


def _sheet_blocks(criteria: Sequence[tuple[str, Decimal]], sheet: Sheet) -> Iterator[Block]:
    columns = (
        NUMBER,
        Column("criterion", "Tiêu chí", width=48),
        Column("maximum", "Điểm tối đa", Kind.DECIMAL, width=14, places=2),
        Column("points", "Điểm chấm", Kind.DECIMAL, width=14, places=2),
    )
    rows: list[Row] = [
        (place, title, maximum, points)
        for place, ((title, maximum), points) in enumerate(zip(criteria, sheet.points, strict=True), start=1)
    ]
    full_marks = sum((maximum for _title, maximum in criteria), Decimal(0))
    yield Figures(columns, rows, total=(None, "Tổng cộng", full_marks, sheet.total))
    yield Paragraph(f"Nhận xét: {sheet.comment or 'không.'}")
    if sheet.submitted_at:
        yield Paragraph(f"Phiếu được nộp trên hệ thống lúc {clock(sheet.submitted_at)}./.")


def _issuer(body: IssuingBody) -> Any:
    """The panel issues under the organising committee."""
    issuer = issuer_of(body)
    return type(issuer)(superior=body.name, body=BOARD, place=body.place)


# --- Minutes ----------------------------------------------------------------------------------------


def minutes_paper(body: IssuingBody, meeting: Meeting) -> OfficialDocument:
    """The minutes of the panel's meeting: who, how, what came out, what was decided; chair and secretary sign."""
    chair = next((judge for judge in meeting.judges if judge.is_chair), None)
    parts: list[tuple[str, Iterable[Block]]] = [
        ("THÀNH PHẦN BAN GIÁM KHẢO", _members(meeting)),
        ("CÁCH CHẤM ĐIỂM", _method(meeting)),
        ("KẾT QUẢ", _result(meeting)),
        ("PHIẾU KHÔNG CÓ ĐIỂM", _without_score(meeting)),
        ("QUYẾT ĐỊNH CỦA TRƯỞNG BAN GIÁM KHẢO", _decisions(meeting)),
        ("NIÊM PHONG SỐ LIỆU", _seals(meeting)),
    ]
    blocks: list[Block] = [
        Paragraph(
            f"Hồi …… giờ …… phút, ngày …… tháng …… năm ……, {BOARD} {meeting.contest} họp thống nhất kết quả chấm"
            " video dự thi và lập biên bản như sau:"
        )
    ]
    for roman, (title, said) in zip(("I", "II", "III", "IV", "V", "VI"), parts, strict=True):
        blocks += [Heading(f"{roman}. {title}"), *said]
    blocks.append(
        Paragraph(
            "Biên bản được lập thành 02 bản có giá trị như nhau, đã đọc lại cho các thành viên cùng nghe, thống nhất và"
            " ký tên./."
        )
    )
    return OfficialDocument(
        issuer=_issuer(body),
        kind="Biên bản",
        subject=f"Họp {BOARD} về kết quả chấm video dự thi {meeting.contest}",
        symbol="BB-BGK",
        blocks=blocks,
        signature=Signature(["Trưởng ban Giám khảo"], chair.full_name if chair else ""),
        second_signature=Signature([body.second_title], body.second_name),
        recipients=body.recipient_lines,
    )


def _members(meeting: Meeting) -> Iterator[Block]:
    columns = [
        NUMBER,
        Column("name", "Ký hiệu", width=9),
        Column("full_name", "Họ và tên", width=32),
        Column("office", "Chức danh", width=22),
        Column("sheets", "Số phiếu", Kind.INTEGER, width=10),
        *([Column("severity", "Mức lệch", Kind.DECIMAL, width=12, places=4)] if meeting.is_adjusted else []),
    ]
    rows = [
        (
            place,
            judge.name,
            judge.full_name,
            "Trưởng ban" if judge.is_chair else "Đã rời Ban" if judge.has_left else "Thành viên",
            judge.sheets,
            *([judge.severity] if meeting.is_adjusted else []),
        )
        for place, judge in enumerate(meeting.judges, start=1)
    ]
    yield Figures(columns, rows)
    if meeting.changes:
        yield Paragraph("Thay đổi thành viên trong quá trình chấm:")
        for text in meeting.changes:
            yield Paragraph(text)


def _marks(value: Decimal) -> str:
    """12; 12,5."""
    return figure(value, 0 if value == value.to_integral_value() else 2).rstrip("0" if value % 1 else "")


def _method(meeting: Meeting) -> Iterator[Block]:
    criteria = "; ".join(f"{title} ({_marks(maximum)} điểm)" for title, maximum in meeting.criteria)
    yield Paragraph(f"- Thang điểm: {meeting.rubric}, gồm: {criteria}.")
    yield Paragraph(f"- {meeting.method}.")
    for sentence in meeting.rules:
        yield Paragraph(f"- {sentence}")
    if meeting.parts > 1:
        yield Paragraph(
            f"- Các giám khảo chia thành {two_digits(meeting.parts)} nhóm không chấm chung video nào; độ chặt, lỏng"
            " được hiệu chỉnh riêng trong từng nhóm."
        )
    yield Paragraph(f"- Thời gian chấm: từ {clock(meeting.scoring_started_at)} đến {clock(meeting.locked_at)}.")


def _result(meeting: Meeting) -> Iterator[Block]:
    groups = len({one.group for one in meeting.clips}) > 1
    columns = [
        Column("rank", "Hạng", Kind.INTEGER, width=9),
        *([Column("group", "Loại đơn vị", width=16)] if groups else []),
        Column("clip", "Video số", Kind.INTEGER, width=8),
        Column("title", "Tên video", width=28),
        Column("unit", "Đơn vị", width=24),
        Column("score", "Điểm", Kind.DECIMAL, width=9, places=2),
        Column("raw_mean", "Trung bình", Kind.DECIMAL, width=9, places=2),
        Column("deviation", "Độ lệch chuẩn", Kind.DECIMAL, width=9, places=2),
        Column("prize", "Giải", width=13),
    ]
    rows = [
        (
            one.rank,
            *([one.group] if groups else []),
            one.number,
            one.title,
            one.unit,
            one.score,
            one.raw_mean,
            one.deviation,
            one.prize.removeprefix("Giải "),
        )
        for one in meeting.clips
    ]
    scored = sum(one.score is not None for one in meeting.clips)
    yield Paragraph(f"Tổng số {two_digits(len(meeting.clips))} video được chấm, {two_digits(scored)} video có điểm:")
    yield Figures(columns, rows)
    disputed = ", ".join(str(one.number) for one in meeting.clips if one.is_disputed)
    if disputed:
        yield Paragraph(f"Video có mức chênh lệch cần lưu ý giữa các phiếu chấm: số {disputed}.")


def _without_score(meeting: Meeting) -> Iterator[Block]:
    if not meeting.without_score:
        yield Paragraph("Không có.")
        return
    columns = (
        NUMBER,
        Column("judge", "Giám khảo", width=26),
        Column("clip", "Video số", Kind.INTEGER, width=9),
        Column("state", "Tình trạng", width=22),
        Column("reason", "Lý do", width=36),
    )
    yield Figures(columns, [(place, *one) for place, one in enumerate(meeting.without_score, start=1)])


def _decisions(meeting: Meeting) -> Iterator[Block]:
    for text in meeting.decisions or ("Không có trường hợp phải quyết định.",):
        yield Paragraph(text)


def _seals(meeting: Meeting) -> Iterator[Block]:
    yield Paragraph(f"- Kết quả bản số {meeting.version}, tính từ số liệu đã khóa trên hệ thống.")
    yield Paragraph(f"- Mã băm số liệu đầu vào: {grouped(meeting.input_hash)}.")
    yield Paragraph(f"- Mã băm kết quả: {grouped(meeting.result_hash)}.")
