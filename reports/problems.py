"""The reports' expected failures."""

from django.utils.translation import gettext_lazy as _

from accounts.problems import Problem


class ExportNotAllowed(Problem):
    """The person may not, or no longer, have this file."""

    def __init__(self) -> None:
        super().__init__(404, "not_found", _("Báo cáo này không có, hoặc tài khoản đang dùng không được xem."))


class TooManyExports(Problem):
    """The person already waits for as many files as one may."""

    def __init__(self) -> None:
        super().__init__(
            409, "too_many_exports", _("Bạn đang có nhiều tệp chờ lập. Vui lòng đợi hoặc hủy bớt rồi yêu cầu lại.")
        )


class ReportOutdated(Problem):
    """A document to be signed was asked for from figures that are older than the results, and not knowingly."""

    def __init__(self) -> None:
        super().__init__(
            409,
            "report_outdated",
            _(
                "Bản số liệu này cũ hơn kết quả hiện nay. Hãy chốt số liệu mới, hoặc xác nhận vẫn lập văn bản từ số"
                " liệu cũ."
            ),
        )


class Stopped(Exception):
    """A worker's run of an export is no longer the one that counts: cancelled, or taken up by another."""
