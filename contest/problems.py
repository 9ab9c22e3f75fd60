"""The contest's expected failures, by name. Pages show their sentence, the API answers with their code."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.clock import iso
from accounts.problems import Problem


def round_not_open(now: datetime, opens_at: datetime) -> Problem:
    return Problem(409, "round_not_open", _("Tuần thi chưa mở."), server_time=iso(now), opens_at=iso(opens_at))


def round_closed(now: datetime) -> Problem:
    return Problem(409, "round_closed", _("Tuần thi đã đóng."), server_time=iso(now))


def not_a_participant() -> Problem:
    return Problem(
        403,
        "not_a_participant",
        _("Bạn không có tên trong danh sách dự thi. Vui lòng liên hệ đầu mối của đơn vị."),
    )


def no_attempts_left() -> Problem:
    return Problem(409, "no_attempts_left", _("Bạn đã dùng hết số lượt thi của tuần này."))


def invalid_attempt_key() -> Problem:
    return Problem(
        403,
        "invalid_attempt_key",
        _("Phiên làm bài không còn hiệu lực. Vui lòng mở lại bài thi từ trang tuần thi."),
    )


def attempt_closed(now: datetime) -> Problem:
    return Problem(409, "attempt_closed", _("Lượt thi đã kết thúc, không nhận thêm câu trả lời."), server_time=iso(now))


def unknown_position() -> Problem:
    return Problem(404, "unknown_position", _("Không có câu hỏi ở vị trí này."))


def unknown_choice() -> Problem:
    return Problem(400, "unknown_choice", _("Phương án không thuộc câu hỏi này."))


def too_many_choices() -> Problem:
    return Problem(422, "too_many_choices", _("Câu hỏi này chỉ được chọn một phương án."))


def stale_sequence(sequence: int, **stored: Any) -> Problem:
    return Problem(
        409,
        "stale_sequence",
        _("Đã có câu trả lời mới hơn từ một cửa sổ hoặc thiết bị khác."),
        sequence=sequence,
        **stored,
    )


def invalid_prediction() -> Problem:
    return Problem(422, "invalid_prediction", _("Dự đoán phải là một số hợp lệ theo thể lệ."))


def incomplete(unanswered: list[int], prediction_missing: bool) -> Problem:
    return Problem(
        422,
        "incomplete",
        _("Bài thi chưa hoàn thành."),
        unanswered=unanswered,
        prediction_missing=prediction_missing,
    )
