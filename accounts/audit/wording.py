"""The trace in words: for each verb a sentence, for each member of `before` and `after` a name.

A sentence begins after the person's name and ends before the object's: "đã cấp vai trò" + "…". A test fails for a verb
without one.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit.checking import FaultKind
from accounts.models import AuditEntry

# Verbs by what they are about: the groups of the page's filter, in its order.
GROUPS: Mapping[str, tuple[Any, Mapping[str, Any]]] = {
    "contest": (
        gettext_lazy("Hội thi và thể lệ"),
        {
            "contest.create": gettext_lazy("đã lập hội thi"),
            "contest.edit": gettext_lazy("đã sửa thiết lập của hội thi"),
            "contest.show": gettext_lazy("đã cho hiển thị công khai hội thi"),
            "contest.hide": gettext_lazy("đã ẩn hội thi"),
            "contest.save_block": gettext_lazy("đã ghi bảng thi"),
            "contest.delete_block": gettext_lazy("đã xóa bảng thi"),
            "contest.save_collective_rule": gettext_lazy("đã ghi cách xếp hạng tập thể của"),
            "contest.exclude_people": gettext_lazy("đã đưa người vào danh sách không xét giải của"),
            "contest.readmit_person": gettext_lazy("đã bỏ một người khỏi danh sách không xét giải của"),
        },
    ),
    "round": (
        gettext_lazy("Tuần thi"),
        {
            "round.create": gettext_lazy("đã lập"),
            "round.edit": gettext_lazy("đã sửa lịch của"),
            "round.delete": gettext_lazy("đã xóa bản nháp"),
            "round.assign_questions": gettext_lazy("đã xếp câu hỏi cho"),
            "round.set_prizes": gettext_lazy("đã đặt giải thưởng của"),
            "round.confirm_key": gettext_lazy("đã xác nhận đáp án của"),
            "round.schedule": gettext_lazy("đã lên lịch và niêm phong đề của"),
            "round.propose_extension": gettext_lazy("đã đề nghị gia hạn"),
            "round.extend": gettext_lazy("đã xác nhận gia hạn"),
            "round.close": gettext_lazy("đã đóng"),
        },
    ),
    "result": (
        gettext_lazy("Kết quả"),
        {
            "round.publish": gettext_lazy("đã công bố kết quả của"),
            "round.draw_lots": gettext_lazy("đã ghi kết quả bốc thăm của"),
            "round.award_anew": gettext_lazy("đã xét lại giải của"),
            "collective.freeze": gettext_lazy("đã chốt xếp hạng tập thể của"),
            "collective.decide_tie": gettext_lazy("đã quyết định giải của các đơn vị đồng hạng ở"),
            "collective.publish": gettext_lazy("đã công bố xếp hạng tập thể của"),
            "round.finalise": gettext_lazy("đã chốt kết quả của"),
        },
    ),
    "clip": (
        gettext_lazy("Video dự thi"),
        {
            "clip.draft": gettext_lazy("đã lập hồ sơ video"),
            "clip.edit": gettext_lazy("đã sửa hồ sơ video"),
            "clip.delete": gettext_lazy("đã xóa bản nháp video"),
            "clip.submit": gettext_lazy("đã gửi video"),
            "clip.save_captions": gettext_lazy("đã gửi phụ đề của video"),
            "clip.remove_captions": gettext_lazy("đã bỏ phụ đề của video"),
            "clip.receive_file": gettext_lazy("đã tải tệp lên cho video"),
            "clip.retry_file": gettext_lazy("đã yêu cầu xử lý lại tệp của video"),
        },
    ),
    "question": (
        gettext_lazy("Câu hỏi"),
        {
            "bank.create": gettext_lazy("đã lập ngân hàng câu hỏi"),
            "question.create": gettext_lazy("đã soạn một câu hỏi trong"),
            "question.edit": gettext_lazy("đã sửa một câu hỏi trong"),
            "question.delete": gettext_lazy("đã xóa một câu hỏi trong"),
            "questions.import": gettext_lazy("đã nhập câu hỏi từ tệp vào"),
        },
    ),
    "roster": (
        gettext_lazy("Đơn vị và nhân sự"),
        {
            "units.import": gettext_lazy("đã nhập đơn vị từ tệp, thuộc"),
            "staff.import": gettext_lazy("đã nhập nhân sự từ tệp, thuộc"),
            "unit.set_headcount": gettext_lazy("đã ghi biên chế của"),
            "admin.change": gettext_lazy("đã sửa ở trang quản trị hệ thống"),
        },
    ),
    "request": (
        gettext_lazy("Đề nghị"),
        {
            "account_request.send": gettext_lazy("đã gửi đề nghị cấp quyền dự thi"),
            "account_request.recommend": gettext_lazy("đã cho ý kiến về đề nghị cấp quyền dự thi"),
            "account_request.accept": gettext_lazy("đã chấp nhận đề nghị cấp quyền dự thi"),
            "account_request.decline": gettext_lazy("đã từ chối đề nghị cấp quyền dự thi"),
            "unit_correction.recommend": gettext_lazy("đã cho ý kiến về đề nghị sửa đơn vị"),
            "unit_correction.accept": gettext_lazy("đã chấp nhận đề nghị sửa đơn vị"),
            "unit_correction.decline": gettext_lazy("đã từ chối đề nghị sửa đơn vị"),
            "proposal.send": gettext_lazy("đã gửi đề nghị của đơn vị"),
            "proposal.withdraw": gettext_lazy("đã rút đề nghị của đơn vị"),
            "proposal.accept": gettext_lazy("đã chấp nhận đề nghị của đơn vị"),
            "proposal.decline": gettext_lazy("đã từ chối đề nghị của đơn vị"),
        },
    ),
    "role": (
        gettext_lazy("Vai trò"),
        {
            "role.grant": gettext_lazy("đã cấp vai trò"),
            "role.revoke": gettext_lazy("đã thu hồi vai trò"),
            "role.review": gettext_lazy("đã rà soát vai trò"),
            "role.export": gettext_lazy("đã tải danh sách vai trò"),
        },
    ),
    "user": (
        gettext_lazy("Tài khoản và đăng nhập"),
        {
            "session.start": gettext_lazy("đã đăng nhập với tài khoản"),
            "session.refused": gettext_lazy("đã không đăng nhập được vào tài khoản"),
            "session.code_refused": gettext_lazy("đã nhập sai mã xác thực hai lớp của"),
            "user.deactivate": gettext_lazy("đã ngừng tài khoản của"),
            "user.reactivate": gettext_lazy("đã mở lại tài khoản của"),
            "user.set_password": gettext_lazy("đã đặt mật khẩu cho"),
            "user.end_sessions": gettext_lazy("đã chấm dứt mọi phiên đăng nhập của"),
            "user.reset_second_factor": gettext_lazy("đã gỡ xác thực hai lớp của"),
            "sso.link": gettext_lazy("đã liên kết đăng nhập một lần cho"),
            "sso.unlink": gettext_lazy("đã gỡ liên kết đăng nhập một lần của"),
            "api_token.create": gettext_lazy("đã cấp mã truy cập API cho"),
            "api_token.revoke": gettext_lazy("đã thu hồi mã truy cập API của"),
        },
    ),
    "export": (
        gettext_lazy("Tệp đã lấy ra"),
        {
            "export.request": gettext_lazy("đã yêu cầu lập tệp"),
            "export.cancel": gettext_lazy("đã hủy yêu cầu lập tệp"),
            "export.download": gettext_lazy("đã tải tệp"),
            "issuing_body.edit": gettext_lazy("đã sửa thông tin cơ quan ban hành"),
            "baseline.save": gettext_lazy("đã ghi số liệu năm trước của"),
            "baseline.remove": gettext_lazy("đã xóa số liệu năm trước của"),
            "report.export": gettext_lazy("đã xuất báo cáo của"),
            "report.freeze": gettext_lazy("đã chốt số liệu báo cáo"),
            "record.export": gettext_lazy("đã xuất hồ sơ kết quả của"),
        },
    ),
    "unit_report": (
        gettext_lazy("Báo cáo của đơn vị"),
        {
            "unit_report.send": gettext_lazy("đã gửi báo cáo"),
            "unit_report.return": gettext_lazy("đã trả lại báo cáo"),
            "unit_report.accept": gettext_lazy("đã tiếp nhận báo cáo"),
            "unit_report.remind": gettext_lazy("đã nhắc các đơn vị gửi báo cáo về"),
            "unit_report.set_deadline": gettext_lazy("đã đổi hạn gửi báo cáo về"),
            "round.remind_people": gettext_lazy("đã nhắc người chưa dự thi"),
        },
    ),
    "panel": (
        gettext_lazy("Ban Giám khảo video"),
        {
            "panel.appoint": gettext_lazy("đã cử giám khảo của"),
            "panel.dismiss": gettext_lazy("đã đưa một giám khảo ra khỏi Ban Giám khảo của"),
            "panel.make_chair": gettext_lazy("đã cử Trưởng ban Giám khảo của"),
            "panel.start": gettext_lazy("đã cho bắt đầu chấm video của"),
            "panel.assign": gettext_lazy("đã giao thêm video cho giám khảo của"),
            "panel.remind": gettext_lazy("đã nhắc giám khảo còn phiếu chưa nộp của"),
            "panel.replace": gettext_lazy("đã thay một giám khảo trong khi chấm của"),
            "panel.add": gettext_lazy("đã thêm giám khảo trong khi chấm của"),
            "panel.close_sheet": gettext_lazy("đã ghi quyết định khép một phiếu chấm của"),
            "panel.lock": gettext_lazy("đã khóa chấm video của"),
            "sheet.submit": gettext_lazy("đã nộp phiếu chấm video"),
            "sheet.conflict": gettext_lazy("đã khai xung đột lợi ích với video"),
            "sheet.abstain": gettext_lazy("đã báo không chấm video"),
        },
    ),
    "clip_result": (
        gettext_lazy("Kết quả thi video"),
        {
            "clip_result.compute": gettext_lazy("đã tính kết quả chấm video của"),
            "clip_result.order_tied": gettext_lazy("đã ghi thứ tự các video bằng điểm của"),
            "clip_result.publish": gettext_lazy("đã công bố kết quả chấm video của"),
        },
    ),
    "clips": (
        gettext_lazy("Thi video"),
        {
            "clips.create": gettext_lazy("đã lập phần thi video của"),
            "clips.edit": gettext_lazy("đã sửa thiết lập phần thi video của"),
            "clips.set_genres": gettext_lazy("đã đặt các thể loại video của"),
            "clips.set_prizes": gettext_lazy("đã đặt cơ cấu giải video của"),
            "clips.remind_units": gettext_lazy("đã nhắc các đơn vị chưa gửi video của"),
            "clip.screen": gettext_lazy("đã kết luận rà soát video"),
            "rubric.create": gettext_lazy("đã lập thang điểm"),
            "rubric.save": gettext_lazy("đã ghi thang điểm"),
        },
    ),
    "privacy": (
        gettext_lazy("Dữ liệu cá nhân"),
        {
            "privacy.export": gettext_lazy("đã tải bản sao dữ liệu cá nhân của"),
            "privacy.answer": gettext_lazy("đã trả lời yêu cầu về dữ liệu cá nhân"),
            "privacy.erase": gettext_lazy("đã xóa dữ liệu cá nhân của"),
        },
    ),
    "message": (
        gettext_lazy("Thông báo và thư"),
        {
            "message.edit": gettext_lazy("đã sửa mẫu thông báo"),
            "message.reset": gettext_lazy("đã trả về nguyên bản mẫu thông báo"),
            "mail.retry": gettext_lazy("đã cho gửi lại thư"),
        },
    ),
    "audit": (
        gettext_lazy("Nhật ký này"),
        {
            "audit.verify": gettext_lazy("đã yêu cầu kiểm tra nhật ký, lần"),
            "audit.take_anchor": gettext_lazy("đã lấy mốc đối chiếu ở niêm phong số"),
        },
    ),
}
SENTENCES: Mapping[str, Any] = {verb: sentence for _title, verbs in GROUPS.values() for verb, sentence in verbs.items()}

NAMES: Mapping[str, Any] = {
    "after": gettext_lazy("Sau"),
    "agrees": gettext_lazy("Đồng ý"),
    "attempts": gettext_lazy("Lượt thi được kéo dài"),
    "blocks": gettext_lazy("Bảng"),
    "body": gettext_lazy("Nội dung"),
    "changed": gettext_lazy("Phần đã sửa"),
    "chair": gettext_lazy("Trưởng ban"),
    "clip": gettext_lazy("Video số"),
    "clips": gettext_lazy("Video"),
    "closed": gettext_lazy("Phiếu khép lại, của video số"),
    "closes_at": gettext_lazy("Đóng"),
    "code": gettext_lazy("Mã"),
    "comment": gettext_lazy("Ý kiến"),
    "commitment": gettext_lazy("Mã niêm phong"),
    "create": gettext_lazy("Thêm mới"),
    "created": gettext_lazy("Thêm mới"),
    "days": gettext_lazy("Số ngày"),
    "digest": gettext_lazy("Mã băm"),
    "draws_void": gettext_lazy("Kết quả bốc thăm hết hiệu lực"),
    "due_at": gettext_lazy("Hạn gửi"),
    "earlier_id": gettext_lazy("Hội thi trước số"),
    "edition": gettext_lazy("Bản"),
    "employee_id": gettext_lazy("Mã nhân viên"),
    "employee_ids": gettext_lazy("Mã nhân viên"),
    "entries": gettext_lazy("Lượt dự thi"),
    "file": gettext_lazy("Tệp"),
    "format": gettext_lazy("Định dạng"),
    "full": gettext_lazy("Danh sách đầy đủ"),
    "grace_seconds": gettext_lazy("Thời gian du di (giây)"),
    "headcount": gettext_lazy("Biên chế"),
    "introduction": gettext_lazy("Giới thiệu"),
    "is_chair": gettext_lazy("Là trưởng ban"),
    "join": gettext_lazy("Vào đơn vị"),
    "judge": gettext_lazy("Giám khảo"),
    "judges": gettext_lazy("Số giám khảo"),
    "keys": gettext_lazy("Khóa bài làm đã thu hồi"),
    "kind": gettext_lazy("Loại"),
    "kinds": gettext_lazy("Loại đơn vị"),
    "label": gettext_lazy("Tên gợi nhớ"),
    "language": gettext_lazy("Ngôn ngữ"),
    "leave": gettext_lazy("Rời đơn vị"),
    "left": gettext_lazy("Rời đơn vị"),
    "minutes": gettext_lazy("Biên bản"),
    "moved": gettext_lazy("Chuyển đơn vị"),
    "name": gettext_lazy("Tên"),
    "opens_at": gettext_lazy("Mở"),
    "order": gettext_lazy("Thứ tự"),
    "participants": gettext_lazy("Số người tham gia"),
    "people": gettext_lazy("Số người"),
    "prizes": gettext_lazy("Giải thưởng"),
    "proposal": gettext_lazy("Đề nghị số"),
    "question": gettext_lazy("Câu hỏi"),
    "questions": gettext_lazy("Câu hỏi"),
    "reason": gettext_lazy("Lý do"),
    "result_hash": gettext_lazy("Mã băm kết quả"),
    "role": gettext_lazy("Vai trò"),
    "round": gettext_lazy("Tuần thi số"),
    "rows": gettext_lazy("Số dòng"),
    "sessions": gettext_lazy("Phiên đã chấm dứt"),
    "size": gettext_lazy("Dung lượng (byte)"),
    "sheets": gettext_lazy("Số phiếu"),
    "slug": gettext_lazy("Tên rút gọn"),
    "source": gettext_lazy("Nguồn số liệu"),
    "state": gettext_lazy("Trạng thái"),
    "subject": gettext_lazy("Tiêu đề"),
    "time_limit_minutes": gettext_lazy("Thời gian làm bài (phút)"),
    "title": gettext_lazy("Tiêu đề"),
    "token": gettext_lazy("Mã truy cập số"),
    "unchanged": gettext_lazy("Giữ nguyên"),
    "unit": gettext_lazy("Đơn vị"),
    "unit_id": gettext_lazy("Đơn vị số"),
    "unit_rows": gettext_lazy("Số dòng đơn vị"),
    "units": gettext_lazy("Số đơn vị"),
    "update": gettext_lazy("Thay đổi"),
    "updated": gettext_lazy("Thay đổi"),
    "valid_from": gettext_lazy("Hiệu lực từ"),
    "valid_to": gettext_lazy("Hiệu lực đến"),
    "version": gettext_lazy("Phiên bản"),
}


class Change(NamedTuple):
    """One line of the difference: the name of a member, and its value before and after; "" where it was not."""

    name: str
    before: str
    after: str


def sentence_of(verb: str) -> str:
    """What was done, or the verb itself when it has no sentence."""
    return str(SENTENCES.get(verb, verb))


def changes_of(entry: AuditEntry) -> list[Change]:
    """`before` → `after`, a line for each member, by name."""
    before, after = entry.before, entry.after
    return [
        Change(
            _name_of(name, entry.object_type),
            _in_words(before[name]) if name in before else "",
            _in_words(after[name]) if name in after else "",
        )
        for name in sorted({*before, *after})
    ]


def _name_of(member: str, object_type: str) -> str:
    """A member in words: its own name, or that of the object's column."""
    if member in NAMES:
        return str(NAMES[member])
    try:
        return str(apps.get_model(object_type)._meta.get_field(member).verbose_name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return member


def _in_words(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return _("Có") if value else _("Không")
    if isinstance(value, list):
        return ", ".join(_in_words(each) for each in value)
    if isinstance(value, dict):
        return "; ".join(f"{NAMES.get(name, name)}: {_in_words(each)}" for name, each in value.items())
    moment = _moment(value) if isinstance(value, str) else None
    return f"{timezone.localtime(moment):%H:%M:%S, %d/%m/%Y}" if moment else str(value)


def _moment(text: str) -> datetime | None:
    """The instant that `text` is, written as every interface writes it; anything else is no instant."""
    try:
        return parse_datetime(text) if text.endswith("Z") else None
    except ValueError:
        return None


def fault_in_words(fault: Mapping[str, Any]) -> str:
    """What a check found, as stored in AuditCheck.fault."""
    values = {"seal": fault["seal"], "entry": fault["entry"], "place": fault["place"]}
    return _FAULTS[fault["kind"], fault["entry"] is not None] % values


_FAULTS: Mapping[tuple[str, bool], Any] = {
    (FaultKind.CHANGED, True): gettext_lazy("Dấu vết số %(entry)s đã bị sửa sau khi niêm phong (niêm phong %(seal)s)."),
    (FaultKind.DELETED, True): gettext_lazy("Dấu vết số %(entry)s đã bị xóa sau khi niêm phong (niêm phong %(seal)s)."),
    (FaultKind.DELETED, False): gettext_lazy("Dấu vết ở vị trí %(place)s của niêm phong %(seal)s đã bị xóa."),
    (FaultKind.INSERTED, True): gettext_lazy(
        "Dấu vết số %(entry)s được chèn vào sau thời điểm mà nó ghi (thấy lần đầu ở niêm phong %(seal)s)."
    ),
    (FaultKind.REORDERED, False): gettext_lazy(
        "Các dấu vết của niêm phong %(seal)s không còn đúng như khi niêm phong, hoặc đã bị đổi thứ tự."
    ),
    (FaultKind.SEAL_CHANGED, False): gettext_lazy("Niêm phong %(seal)s đã bị sửa."),
    (FaultKind.UNCHAINED, False): gettext_lazy(
        "Niêm phong %(seal)s không nối tiếp niêm phong ngay trước nó: niêm phong trước đã bị lập lại."
    ),
    (FaultKind.SEAL_DELETED, False): gettext_lazy("Niêm phong %(seal)s đã bị xóa."),
    (FaultKind.CUT_OFF, False): gettext_lazy(
        "Nhật ký đã bị cắt từ niêm phong %(seal)s: mốc đối chiếu lưu ngoài cơ sở dữ liệu còn biết phần sau đó."
    ),
    (FaultKind.REWRITTEN, False): gettext_lazy(
        "Niêm phong %(seal)s khác với mốc đối chiếu lưu ngoài cơ sở dữ liệu: nhật ký đã bị viết lại từ đó hay trước đó."
    ),
}
