"""What can be wrong with captions and scripts, by name. Faults of a clip itself are in refusals.py."""

from django.utils.translation import gettext_lazy as _

from accounts.problems import Problem

MEGABYTE = 1024 * 1024


def captions_too_large(most: int) -> Problem:
    detail = _("Tệp phụ đề vượt quá %(most)s KB. Hãy kiểm tra lại tệp đã chọn.") % {"most": most // 1024}
    return Problem(413, "captions_too_large", detail)


def captions_not_text() -> Problem:
    return Problem(
        422, "captions_not_text", _("Tệp phụ đề không phải là văn bản UTF-8. Hãy lưu lại tệp với bảng mã UTF-8.")
    )


def captions_not_webvtt() -> Problem:
    return Problem(
        422,
        "captions_not_webvtt",
        _("Tệp không phải là phụ đề WebVTT: dòng đầu phải là WEBVTT. Hãy xuất phụ đề sang định dạng WebVTT (.vtt)."),
    )


def captions_faulty(line: int, fault: str) -> Problem:
    detail = _("Tệp phụ đề có lỗi ở dòng %(line)s: %(fault)s") % {"line": line, "fault": fault}
    return Problem(422, "captions_faulty", detail, line=line)


def captions_empty() -> Problem:
    return Problem(422, "captions_empty", _("Tệp phụ đề không có dòng phụ đề nào."))


def script_too_large(most: int) -> Problem:
    detail = _("Tệp kịch bản vượt quá %(most)s MB. Hãy giảm dung lượng hình ảnh trong tệp.") % {
        "most": most // MEGABYTE
    }
    return Problem(413, "script_too_large", detail)


def script_not_a_document() -> Problem:
    return Problem(
        415,
        "script_not_a_document",
        _("Kịch bản phải là tệp PDF hoặc Word (.docx). Đổi tên tệp không làm thay đổi định dạng; hãy lưu lại tệp."),
    )


def script_damaged() -> Problem:
    return Problem(
        422, "script_damaged", _("Tệp kịch bản bị hỏng hoặc chưa được lưu trọn vẹn. Hãy mở thử rồi lưu lại tệp.")
    )


def script_has_programs() -> Problem:
    return Problem(
        422,
        "script_has_programs",
        _("Tệp kịch bản có kèm macro, mã lệnh hoặc tệp khác. Hãy lưu lại thành PDF hoặc .docx không có macro."),
    )
