"""Expected failures of deciding: each is a sentence for the person who decides."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.problems import Refused


def already_decided() -> Refused:
    return Refused(_("Đề nghị này đã được giải quyết hoặc đã được rút."))


class DiffChanged(Refused):
    """Nothing was written: what would be done now, `diff`, is not what was seen."""

    def __init__(self, diff: Any):
        super().__init__(_("Danh sách đã thay đổi từ lúc bạn mở trang nên chưa áp dụng. Vui lòng xem lại bên dưới."))
        self.diff = diff


class RowsRefused(Refused):
    """Nothing was written: rows of `diff` cannot be applied."""

    def __init__(self, diff: Any):
        super().__init__(_("Có dòng không áp dụng được. Hãy bỏ các dòng có lỗi, ghi lý do, rồi chấp nhận lại."))
        self.diff = diff
