"""What can be wrong with an upload, by name."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.clock import iso
from accounts.problems import Problem
from videos.models.setup import MEGABYTE

TUS_VERSION = "Tus-Version"


def _megabytes(size: int) -> int:
    """Rounded up: a file that just does not fit must not read as if it did."""
    return -(-size // MEGABYTE)


def wrong_version(version: str) -> Problem:
    problem = Problem(412, "wrong_tus_version", _("Máy chủ chỉ hỗ trợ giao thức tus phiên bản 1.0.0."))
    problem.headers[TUS_VERSION] = version
    return problem


def wrong_content_type(wanted: str) -> Problem:
    return Problem(415, "wrong_content_type", _("Cần Content-Type là %(wanted)s.") % {"wanted": wanted})


def length_required() -> Problem:
    return Problem(411, "length_required", _("Cần có Content-Length cho biết độ dài phần gửi lên."))


def piece_too_large(limit: int) -> Problem:
    detail = _("Mỗi lần gửi tối đa %(limit)s MB. Hãy chia tệp thành nhiều phần.") % {"limit": limit // MEGABYTE}
    return Problem(413, "piece_too_large", detail, limit=limit)


def offset_required() -> Problem:
    return Problem(400, "malformed", _("Cần có Upload-Offset là một số nguyên không âm."))


def wrong_offset(offset: int) -> Problem:
    """Tells where to go on."""
    detail = _("Vị trí gửi tiếp không khớp: máy chủ đã nhận %(offset)s byte.") % {"offset": offset}
    problem = Problem(409, "wrong_offset", detail, offset=offset)
    problem.headers["Upload-Offset"] = str(offset)
    return problem


def over_size(size: int) -> Problem:
    return Problem(413, "over_size", _("Dữ liệu gửi lên vượt quá dung lượng đã khai báo của tệp."), size=size)


def length_not_given() -> Problem:
    return Problem(
        400, "malformed", _("Cần khai báo dung lượng tệp (Upload-Length) khi bắt đầu; không hỗ trợ khai báo sau.")
    )


def empty_file() -> Problem:
    return Problem(400, "empty_file", _("Tệp rỗng, không có nội dung. Vui lòng chọn tệp video khác."))


def file_too_large(limit: int) -> Problem:
    detail = _("Tệp quá lớn. Mỗi tệp video tối đa %(limit)s MB.") % {"limit": limit // MEGABYTE}
    return Problem(413, "file_too_large", detail, limit=limit)


def quota_exceeded(*, limit: int, used: int) -> Problem:
    detail = _(
        "Đơn vị đã dùng %(used)s MB trong %(limit)s MB dành cho video, không còn chỗ cho tệp này. Hãy nén tệp nhỏ hơn,"
        " hủy lần tải lên dở dang hoặc liên hệ Ban Tổ chức."
    ) % {"used": _megabytes(used), "limit": limit // MEGABYTE}
    return Problem(413, "quota_exceeded", detail, limit=limit, used=used)


def too_much_refused(*, limit: int, used: int) -> Problem:
    detail = _(
        "Các tệp không đạt hoặc đã thay của đơn vị chiếm %(used)s MB trong %(limit)s MB được phép nên chưa nhận thêm"
        " tệp này. Hãy nén tệp nhỏ hơn hoặc liên hệ Ban Tổ chức."
    ) % {"used": _megabytes(used), "limit": limit // MEGABYTE}
    return Problem(413, "quota_exceeded", detail, limit=limit, used=used)


def too_many_unfinished(limit: int) -> Problem:
    detail = ngettext(
        "Đơn vị đang có %(count)s lần tải lên dở dang. Hãy hoàn thành hoặc hủy bớt trước khi tải tệp mới.",
        "Đơn vị đang có %(count)s lần tải lên dở dang. Hãy hoàn thành hoặc hủy bớt trước khi tải tệp mới.",
        limit,
    ) % {"count": limit}
    return Problem(409, "too_many_unfinished", detail, limit=limit)


def malformed_metadata() -> Problem:
    return Problem(400, "malformed_metadata", _("Upload-Metadata không hợp lệ: cần filename và clip, mã hóa Base64."))


def unusable_name() -> Problem:
    return Problem(400, "unusable_name", _("Tên tệp không dùng được. Vui lòng đổi tên tệp rồi tải lại."))


def unknown_checksum() -> Problem:
    return Problem(400, "unknown_checksum", _("Upload-Checksum không hợp lệ: chỉ hỗ trợ sha1 và sha256."))


def wrong_checksum(offset: int) -> Problem:
    problem = Problem(460, "wrong_checksum", _("Phần vừa gửi bị sai lệch trên đường truyền. Vui lòng gửi lại phần đó."))
    problem.headers["Upload-Offset"] = str(offset)
    return problem


def upload_gone() -> Problem:
    return Problem(
        410, "upload_gone", _("Lần tải lên này đã hết hạn hoặc đã bị hủy. Vui lòng chọn lại tệp và tải từ đầu.")
    )


def upload_finished() -> Problem:
    return Problem(409, "upload_finished", _("Tệp đã được nhận đủ, không thể hủy lần tải lên này."))


def clip_not_editable(now: datetime) -> Problem:
    """Before the opening, after the deadline, or once the clip has been screened."""
    detail = _("Video này hiện không nhận tệp: chưa đến ngày nhận, đã hết hạn nộp, hoặc Ban Tổ chức đã rà soát xong.")
    return Problem(409, "clip_not_editable", detail, server_time=iso(now))


def disk_full() -> Problem:
    return Problem(
        507, "disk_full", _("Máy chủ tạm hết chỗ lưu. Phần đã nhận vẫn được giữ; vui lòng tải tiếp sau ít phút.")
    )


def stalled(offset: int) -> Problem:
    detail = _("Đường truyền bị gián đoạn quá lâu. Phần đã nhận vẫn được giữ; vui lòng gửi tiếp.")
    problem = Problem(408, "stalled", detail, offset=offset)
    # The rest of the body is still on its way: nothing else can be said on this connection.
    problem.headers |= {"Connection": "close", "Upload-Offset": str(offset)}
    return problem


def upload_locked() -> Problem:
    problem = Problem(423, "upload_locked", _("Lần tải lên này đang được gửi ở một nơi khác. Vui lòng thử lại sau."))
    problem.headers["Retry-After"] = "2"
    return problem


def too_many_uploads() -> Problem:
    problem = Problem(429, "too_many_uploads", _("Nhiều đơn vị đang tải lên cùng lúc, hệ thống sẽ nhận sau ít giây."))
    problem.headers["Retry-After"] = "2"
    return problem
