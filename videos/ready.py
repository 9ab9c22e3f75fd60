"""What a new clip contest starts with: genres, prizes, and two rubrics to choose from. All of it can be edited."""

from dataclasses import dataclass

GENRES = (
    "Phóng sự",
    "Tiểu phẩm",
    "Hướng dẫn thực hiện dịch vụ công trực tuyến",
    "Mô hình, sáng kiến cải cách hành chính",
)
PRIZES = (("Giải Nhất", 1), ("Giải Nhì", 2), ("Giải Ba", 2), ("Giải Khuyến khích", 3))


@dataclass(frozen=True, slots=True)
class ReadyRubric:
    """A rubric to copy: `criteria` are (title, most points, guidance)."""

    code: str
    title: str
    criteria: tuple[tuple[str, int, str], ...]


RUBRICS = (
    ReadyRubric(
        "noi-dung-70",
        "Nội dung 70, hình thức 30",
        (
            (
                "Nội dung",
                70,
                "Đúng chủ đề cải cách hành chính, đúng quy định của pháp luật; thông điệp rõ ràng, thiết thực; có cách"
                " làm mới, có thể nhân rộng.",
            ),
            (
                "Hình thức, kỹ thuật",
                30,
                "Hình ảnh, âm thanh rõ; lời bình, phụ đề tiếng Việt chuẩn; dàn dựng hợp lý, hấp dẫn.",
            ),
        ),
    ),
    ReadyRubric(
        "nam-tieu-chi",
        "Năm tiêu chí",
        (
            ("Mở đầu", 10, "Giới thiệu ngắn gọn, nêu được chủ đề, thu hút người xem."),
            ("Nội dung", 40, "Đúng chủ đề, chính xác, đầy đủ; có ý nghĩa thực tiễn đối với người dân, doanh nghiệp."),
            ("Hình ảnh", 20, "Rõ nét, sinh động, phù hợp nội dung; không dùng ảnh tĩnh ghép thay cho hình động."),
            ("Kỹ thuật, dựng", 20, "Âm thanh rõ, chuyển cảnh mượt, phụ đề chính xác, đúng thời lượng quy định."),
            ("Lời bình", 10, "Tiếng Việt chuẩn, mạch lạc, giọng đọc truyền cảm."),
        ),
    ),
)
