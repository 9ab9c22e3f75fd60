"""Three documents as a contest's secretary hands them in, built from plain values."""

from datetime import date
from decimal import Decimal

from reports.exports.table import Column, Kind
from reports.official.document import (
    Appendix,
    Figures,
    Heading,
    Issuer,
    OfficialDocument,
    Paragraph,
    Resolution,
    Signature,
)

ISSUER = Issuer(
    superior="Ủy ban nhân dân thành phố Huế",
    body="Ban Tổ chức Hội thi tìm hiểu cải cách hành chính",
    place="Huế",
)
UNIT_COLUMNS = (
    Column("number", "TT", Kind.INTEGER, width=5),
    Column("unit_name", "Đơn vị", width=32),
    Column("headcount", "Biên chế", Kind.INTEGER, width=10),
    Column("participants", "Người dự thi", Kind.INTEGER, width=10),
    Column("rate", "Tỷ lệ", Kind.RATE, width=11),
    Column("mean_score", "Điểm trung bình", Kind.DECIMAL, width=10, places=2),
    Column("change", "So với tuần trước", Kind.CHANGE, width=11),
)
UNIT_NAMES = (
    "Sở Y tế",
    "Sở Giáo dục và Đào tạo",
    "Ủy ban nhân dân phường Thuận Hóa",
    "Bệnh viện Đa khoa khu vực Chân Mây, Trung tâm Y tế khu vực Phú Lộc và các trạm y tế trực thuộc",
)


def unit_rows(count: int) -> list[tuple[object, ...]]:
    return [
        (
            number,
            UNIT_NAMES[number % len(UNIT_NAMES)],
            120 + number,
            100 + number % 20,
            Decimal(100 + number % 20) / (120 + number),
            Decimal("11.25"),
            None if number % 7 == 0 else number % 9 - 4,
        )
        for number in range(1, count + 1)
    ]


def unit_table(count: int) -> Figures:
    rows = unit_rows(count)
    headcount, people = sum(row[2] for row in rows), sum(row[3] for row in rows)
    return Figures(
        columns=UNIT_COLUMNS,
        rows=rows,
        caption="Kết quả tham gia của các đơn vị",
        total=(None, "Tổng cộng", headcount, people, Decimal(people) / headcount, Decimal("11.25"), 12),
        notes=("Tỷ lệ là số người dự thi chia cho biên chế đã khóa khi lập lịch tuần thi.",),
    )


def weekly_report(*, units: int = 12, day: date | None = date(2023, 6, 12), number: str = "12") -> OfficialDocument:
    return OfficialDocument(
        issuer=ISSUER,
        kind="Báo cáo",
        subject="Kết quả tuần 1 Hội thi trực tuyến tìm hiểu công tác cải cách hành chính giai đoạn 2021-2025",
        number=number,
        symbol="BC-BTC",
        day=day,
        blocks=(
            Paragraph(
                "Thực hiện Kế hoạch tổ chức Hội thi trực tuyến tìm hiểu công tác cải cách hành chính, Ban Tổ chức "
                "Hội thi báo cáo kết quả tuần 1 (từ 00 giờ 00 ngày 05/6/2023 đến 24 giờ 00 ngày 11/6/2023) như sau:"
            ),
            Heading("I. TÌNH HÌNH THAM GIA"),
            Paragraph(
                "Có 184/189 đơn vị tham gia với 20.058 người dự thi và 20.058 lượt dự thi, đạt 95,33% biên chế. "
                "So với tuần đầu năm 2022, số lượt dự thi tăng 11.420 lượt."
            ),
            Heading("1. Theo đơn vị", level=2),
            unit_table(units),
            Heading("II. ĐÁNH GIÁ CHUNG"),
            Paragraph("- Các đơn vị có tỷ lệ tham gia 100%: Sở Y tế, Sở Tư pháp, Ủy ban nhân dân phường An Cựu."),
            Paragraph("- Đề nghị các đơn vị có tỷ lệ dưới 50% đôn đốc công chức, viên chức tham gia tuần 2."),
            Paragraph("Ban Tổ chức Hội thi kính báo cáo./."),
        ),
        signature=Signature(("TM. Ban Tổ chức", "KT. Trưởng ban", "Phó Trưởng ban"), "Nguyễn Thị Ánh Tuyết"),
        recipients=("- Thường trực Ủy ban nhân dân thành phố;", "- Các đơn vị dự thi;", "- Lưu: VT, BTC."),
        appendices=(
            Appendix(
                label="Phụ lục",
                title="Danh sách đơn vị chưa có người dự thi",
                blocks=(unit_table(60),),
                landscape=True,
            ),
        ),
    )


WINNER_COLUMNS = (
    Column("number", "TT", Kind.INTEGER, width=5),
    Column("prize", "Giải", width=12),
    Column("full_name", "Họ và tên", width=22),
    Column("unit", "Đơn vị", width=24),
    Column("sub_unit", "Đơn vị trực thuộc", width=20),
    Column("score", "Điểm", Kind.INTEGER, width=7),
    Column("error", "Sai số dự đoán", Kind.INTEGER, width=10),
    Column("submitted_at", "Nộp bài lúc", Kind.TEXT, width=17),
)
WINNERS = (
    (1, "Nhất", "Trần Thị Mỹ Hạnh", "Sở Y tế", "Bệnh viện Mắt", 15, 0, "08:31:05,123 06/06/2023"),
    (2, "Nhì", "Lê Văn Dũng", "Sở Tư pháp", "Phòng Công chứng số 1", 15, 2, "10:02:00,001 07/06/2023"),
    (3, "Nhì", "Hoàng Phủ Ngọc Đăng", "Sở Nội vụ", "Chi cục Văn thư - Lưu trữ", 15, 2, "10:02:00,002 07/06/2023"),
)


def winners() -> OfficialDocument:
    return OfficialDocument(
        issuer=ISSUER,
        kind="Quyết định",
        subject="Công nhận kết quả và trao giải tuần 1 Hội thi trực tuyến tìm hiểu công tác cải cách hành chính",
        number="05",
        symbol="QĐ-BTC",
        day=date(2023, 2, 9),
        authority="Trưởng ban Ban Tổ chức Hội thi",
        legal_bases=(
            "Căn cứ Kế hoạch số 100/KH-UBND ngày 20 tháng 4 năm 2023 của Ủy ban nhân dân tỉnh về tổ chức Hội thi;",
            "Căn cứ Thể lệ Hội thi ban hành kèm theo Quyết định số 01/QĐ-BTC;",
            "Theo đề nghị của Thư ký Ban Tổ chức Hội thi.",
        ),
        blocks=(
            Resolution("QUYẾT ĐỊNH:"),
            Paragraph(
                "Công nhận kết quả tuần 1 và trao giải cho 03 cá nhân có tên trong danh sách kèm theo.", "Điều 1."
            ),
            Paragraph("Kinh phí khen thưởng trích từ kinh phí tổ chức Hội thi.", "Điều 2."),
            Paragraph(
                "Ban Tổ chức, các đơn vị liên quan và cá nhân có tên tại Điều 1 thi hành Quyết định này./.", "Điều 3."
            ),
        ),
        signature=Signature(("Trưởng ban",), "Phan Quý Phương"),
        recipients=("- Như Điều 3;", "- Ủy ban nhân dân tỉnh (để báo cáo);", "- Lưu: VT, BTC."),
        appendices=(
            Appendix(
                "Phụ lục", "Danh sách cá nhân đạt giải tuần 1", (Figures(WINNER_COLUMNS, WINNERS),), landscape=True
            ),
        ),
    )


def minutes() -> OfficialDocument:
    return OfficialDocument(
        issuer=Issuer(body="Ban Tổ chức Hội thi", place="Huế"),
        kind="Biên bản",
        subject="Đóng tuần 1 Hội thi trực tuyến tìm hiểu công tác cải cách hành chính",
        symbol="BB-BTC",
        blocks=(
            Paragraph("Hôm nay, hồi 00 giờ 05 phút ngày 12 tháng 6 năm 2023, Ban Tổ chức lập biên bản đóng tuần 1."),
            Heading("1. Số liệu khi đóng", level=2),
            Figures(
                (Column("name", "Chỉ tiêu", width=40), Column("value", "Số liệu", Kind.INTEGER, width=15)),
                (("Lượt dự thi", 20058), ("Người đúng tất cả câu hỏi", 1234)),
            ),
            Paragraph("Biên bản được lập thành 02 bản, đọc lại cho mọi người cùng nghe và thống nhất ký tên./."),
        ),
        signature=Signature(("Chủ trì",), "Nguyễn Văn Bình"),
        second_signature=Signature(("Thư ký",), "Lê Thị Hà"),
        recipients=("- Trưởng ban (để báo cáo);", "- Lưu: VT."),
    )
