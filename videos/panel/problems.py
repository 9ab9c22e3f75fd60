"""The panel's expected failures, by name. Pages show their sentence, the saving calls answer with their code."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.problems import Problem
from contest.templatetags.portal import number
from videos.models import Criterion, ScoreSheet, SheetState

CLOSED_WORDS = {
    SheetState.SUBMITTED: gettext_lazy("Phiếu đã nộp nên không sửa được nữa."),
    SheetState.CONFLICT: gettext_lazy("Đã khai xung đột lợi ích với video này nên không chấm và không nộp phiếu được."),
    SheetState.ABSTAINED: gettext_lazy("Đã báo không chấm video này nên không ghi điểm được nữa."),
    SheetState.CLOSED: gettext_lazy("Phiếu đã được khép lại nên không ghi điểm được nữa."),
}


def panel_locked() -> Problem:
    return Problem(409, "panel_locked", gettext_lazy("Ban Giám khảo đã khóa chấm điểm, phiếu không thay đổi được nữa."))


def sheet_closed(sheet: ScoreSheet) -> Problem:
    return Problem(409, "sheet_closed", CLOSED_WORDS[SheetState(sheet.state)], state=sheet.state)


def stale_sequence(sequence: int, value: str | None) -> Problem:
    return Problem(
        409,
        "stale_sequence",
        gettext_lazy("Đã có nội dung mới hơn từ một cửa sổ hoặc thiết bị khác."),
        sequence=sequence,
        value=value,
    )


def invalid_points() -> Problem:
    return Problem(422, "invalid_points", gettext_lazy("Điểm phải là một số, ví dụ 7 hoặc 7,5."))


def points_above_maximum(criterion: Criterion) -> Problem:
    detail = _("Điểm tối đa của tiêu chí này là %(maximum)s.") % {"maximum": number(plain(criterion.maximum))}
    return Problem(422, "points_above_maximum", detail, maximum=plain(criterion.maximum))


def points_off_step(criterion: Criterion) -> Problem:
    detail = _("Điểm của tiêu chí này cho theo bước %(step)s.") % {"step": number(plain(criterion.step))}
    return Problem(422, "points_off_step", detail, step=plain(criterion.step))


def score_first(missing: list[int]) -> Problem:
    detail = _("Chưa nộp được phiếu: còn thiếu điểm ở tiêu chí %(missing)s.") % {
        "missing": ", ".join(map(str, missing))
    }
    return Problem(422, "incomplete", detail, missing=missing)


def conflict_too_late() -> Problem:
    return Problem(
        409,
        "conflict_too_late",
        gettext_lazy(
            "Xung đột lợi ích phải được khai trước khi cho điểm. Phiếu này đã có điểm: hãy chọn “Không chấm video này”"
            " và ghi rõ lý do."
        ),
    )


def interest_shows() -> Problem:
    return Problem(
        409,
        "interest_shows",
        gettext_lazy(
            "Video này nay là của đơn vị bạn, của đơn vị cấp trên, của đơn vị mà bạn là đầu mối hoặc do bạn gửi nên bạn"
            " không nộp phiếu được. Hãy chọn “Không chấm video này” và ghi rõ lý do."
        ),
    )


def reason_missing() -> Problem:
    return Problem(422, "reason_missing", gettext_lazy("Hãy ghi rõ lý do."))


def comment_too_long() -> Problem:
    return Problem(422, "comment_too_long", gettext_lazy("Nhận xét dài quá 3.000 ký tự."))


def plain(points: Decimal | None) -> str | None:
    """Points as programs read them: "7.5", "10", "0"; None where there are none."""
    return None if points is None else f"{points.normalize():f}"
