"""The minutes of a round's close."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reports.exports.table import Column, Kind, Row
from reports.handin.papers.words import clock, contest_of, grouped, issuer_of, low, signature_of, source_note
from reports.handin.reading import Dataset
from reports.handin.tables import Report
from reports.models import IssuingBody
from reports.official.document import Figures, Heading, OfficialDocument, Paragraph, Signature

DOTS = "." * 40  # to be filled in by hand


@dataclass(frozen=True, slots=True)
class Closing:
    """What the round itself tells of its close, beside the dataset. A round is always closed by the server."""

    opens_at: datetime
    closes_at: datetime
    grace_seconds: int
    closed_at: datetime | None
    counts: Sequence[tuple[str, int | None]]
    prediction_target: str
    commitment: str
    version: int
    result_hash: str
    extensions: Sequence[str] = ()
    draws: Sequence[str] = ()


def minutes_paper(dataset: Dataset, report: Report, body: IssuingBody, closing: Closing) -> OfficialDocument:
    """The minutes of the round's close: times, counts, seals, lots."""
    title = low(dataset["round"]["title"])
    total = dataset["total"]
    counts: list[Row] = [
        ("Đơn vị có người dự thi", total["units_taking_part"]),
        ("Người dự thi", total["participants"]),
        ("Lượt dự thi", total["entries"]),
        ("Người đã mở đề nhưng không trả lời", total["abandoned"]),
        *closing.counts,
    ]
    return OfficialDocument(
        issuer=issuer_of(body),
        kind="Biên bản",
        subject=f"Đóng {title} {contest_of(dataset)}",
        symbol=body.minutes_symbol,
        blocks=(
            Paragraph(
                f"Hồi {clock(closing.closed_at)}, hệ thống thi trực tuyến tự động đóng {title} {contest_of(dataset)}"
                f" theo lịch đã công bố. {body.name} lập biên bản ghi nhận như sau:"
            ),
            Paragraph(f"Chủ trì: {body.signer_name or DOTS}, {body.signer_title}."),
            Paragraph(f"{body.second_title}: {body.second_name or DOTS}."),
            Heading("I. THỜI GIAN"),
            Paragraph(f"- Mở: {clock(closing.opens_at)}."),
            Paragraph(
                f"- Hết thời gian dự thi: {clock(closing.closes_at, closing=True)}; thời gian du di cho bài đang trên"
                f" đường truyền là {closing.grace_seconds} giây."
            ),
            *(Paragraph(f"- {text}") for text in closing.extensions),
            Heading("II. SỐ LIỆU KHI ĐÓNG"),
            Figures((Column("name", "Chỉ tiêu", width=44), Column("value", "Số liệu", Kind.INTEGER, width=14)), counts),
            Heading("III. NIÊM PHONG ĐỀ VÀ KẾT QUẢ"),
            Paragraph(f"- Mã niêm phong đề và đáp án, công bố trước khi mở: {grouped(closing.commitment)}."),
            Paragraph(
                f"- Mã băm kết quả xếp hạng (lần xếp hạng {closing.version}):"
                f" {grouped(closing.result_hash) or 'chưa có bản ghi kết quả'}."
            ),
            *(
                [Paragraph(f"- Đáp số của câu dự đoán: {closing.prediction_target}.")]
                if closing.prediction_target
                else []
            ),
            Heading("IV. BỐC THĂM"),
            *(Paragraph(text) for text in closing.draws or ("Không có trường hợp phải bốc thăm.",)),
            Paragraph(source_note(dataset, report)),
            Paragraph(
                "Biên bản được lập thành 02 bản có giá trị như nhau, đã đọc lại cho những người tham dự cùng nghe,"
                " thống nhất và ký tên./."
            ),
        ),
        signature=signature_of(body, ("Chủ trì", body.signer_title)),
        second_signature=Signature((body.second_title,), body.second_name),
        recipients=body.recipient_lines,
    )
