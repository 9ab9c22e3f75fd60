"""Why a file is refused: sentences for its unit, each of which says what to fix."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

SAVE_AS_MP4 = "MP4 (H.264, AAC)"


class Refusal(Exception):
    """The file's own fault. `reasons` are sentences."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons

    @property
    def text(self) -> str:
        return " ".join(self.reasons)


def empty() -> str:
    return _("Tệp trống (0 byte). Hãy kiểm tra lại tệp trên máy rồi tải lên lại.")


def not_a_clip() -> str:
    return _(
        "Tệp không phải là video ở định dạng được nhận (MP4, MOV, MKV, WebM, AVI, MTS). Đổi tên tệp không làm thay đổi"
        " định dạng; hãy xuất video sang %(format)s rồi tải lên lại."
    ) % {"format": SAVE_AS_MP4}


def has_foreign_content() -> str:
    return _(
        "Tệp có kèm nội dung khác ngoài video (tệp nén hoặc trang web ghép vào). Hãy xuất lại video sang %(format)s từ"
        " phần mềm dựng rồi tải lên lại."
    ) % {"format": SAVE_AS_MP4}


def unreadable() -> str:
    return _(
        "Không đọc được tệp video: tệp bị hỏng, chưa được lưu trọn vẹn hoặc được mã hóa. Hãy mở thử tệp trên máy, xuất"
        " lại sang %(format)s rồi tải lên lại."
    ) % {"format": SAVE_AS_MP4}


def too_hard_to_read() -> str:
    return _(
        "Tệp video có cấu trúc bất thường, không đọc được trong thời gian cho phép. Hãy xuất lại sang %(format)s rồi"
        " tải lên lại."
    ) % {"format": SAVE_AS_MP4}


def unknown_encoding(codec: str) -> str:
    return _("Video dùng kiểu mã hóa chưa được hỗ trợ (%(codec)s). Hãy xuất lại sang %(format)s rồi tải lên lại.") % {
        "codec": codec or "?", "format": SAVE_AS_MP4,
    }  # fmt: skip


def no_picture() -> str:
    return _("Tệp chỉ có âm thanh, không có hình. Hãy tải lên tệp video có cả hình và tiếng.")


def no_sound() -> str:
    return _("Video không có tiếng. Hãy xuất lại video kèm âm thanh rồi tải lên lại.")


def picture_too_large(width: int, height: int, most: int) -> str:
    return _(
        "Khung hình %(width)s×%(height)s điểm ảnh là quá lớn. Hãy xuất video với cạnh dài không quá %(most)s điểm ảnh,"
        " ví dụ 1920×1080."
    ) % {"width": width, "height": height, "most": most}


def too_few_lines(short_side: int, least: int) -> str:
    return _(
        "Độ phân giải quá thấp: cạnh ngắn của khung hình là %(short_side)s điểm ảnh, yêu cầu ít nhất %(least)s. Hãy"
        " quay hoặc xuất video ở độ phân giải cao hơn; phóng to video cũ không làm hình rõ hơn."
    ) % {"short_side": short_side, "least": least}


def not_landscape(width: int, height: int) -> str:
    return _(
        "Thể lệ yêu cầu khung hình ngang; video này có khung hình %(width)s×%(height)s. Hãy quay hoặc dựng lại video"
        " theo khung hình ngang."
    ) % {"width": width, "height": height}


def not_wide(width: int, height: int) -> str:
    return _(
        "Thể lệ yêu cầu khung hình ngang tỷ lệ 16:9, ví dụ 1280×720 hoặc 1920×1080; video này có khung hình"
        " %(width)s×%(height)s. Hãy dựng lại video theo tỷ lệ 16:9."
    ) % {"width": width, "height": height}


def odd_frame_rate() -> str:
    return _(
        "Tốc độ khung hình của video bất thường. Hãy xuất lại video ở 25 hoặc 30 khung hình một giây rồi tải lên lại."
    )


def too_short() -> str:
    return _("Video ngắn hơn một giây. Hãy kiểm tra lại tệp rồi tải lên lại.")


def too_long(seconds: float, most: int) -> str:
    return _(
        "Video dài %(duration)s, vượt quá thời lượng cho phép là %(most)s. Hãy cắt ngắn video rồi tải lên lại."
    ) % {"duration": in_minutes(seconds), "most": in_minutes(most)}


def too_many_bytes(most: int) -> str:
    return _("Tệp vượt quá dung lượng cho phép là %(most)s MB. Hãy xuất video với chất lượng nén cao hơn.") % {
        "most": most // (1024 * 1024)
    }


def damaged(found: float, promised: float) -> str:
    return _(
        "Chỉ đọc được %(found)s trong %(promised)s của video: phần còn lại bị hỏng. Hãy xuất lại sang %(format)s rồi"
        " tải lên lại."
    ) % {"found": in_minutes(found), "promised": in_minutes(promised), "format": SAVE_AS_MP4}


def superseded() -> str:
    return _("Đã có phiên bản mới hơn thay cho tệp này nên tệp không được xử lý tiếp.")


def given_up(tries: int) -> str:
    """Of a fault that is ours: the file may be good."""
    return ngettext(
        "Hệ thống chưa xử lý được tệp sau %(tries)s lần thử. Tệp của bạn vẫn được lưu giữ; vui lòng chọn xử lý lại hoặc"
        " báo Ban Tổ chức.",
        "Hệ thống chưa xử lý được tệp sau %(tries)s lần thử. Tệp của bạn vẫn được lưu giữ; vui lòng chọn xử lý lại hoặc"
        " báo Ban Tổ chức.",
        tries,
    ) % {"tries": tries}


def lost() -> str:
    return _(
        "Hệ thống không tìm thấy nội dung đầy đủ của tệp đã nhận. Vui lòng tải tệp lên lại; nếu lỗi lặp lại, hãy báo"
        " Ban Tổ chức."
    )


def in_minutes(seconds: float) -> str:
    """4 phút 05 giây; tenths where they matter: 5 phút 0,6 giây."""
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    tenth = int(10 * (seconds - whole) + 1e-6)
    shown = f"{rest},{tenth}" if tenth else f"{rest:02d}"
    if not minutes:
        return _("%(seconds)s giây") % {"seconds": shown.lstrip("0") or "0"}
    return _("%(minutes)s phút %(seconds)s giây") % {"minutes": minutes, "seconds": shown}
