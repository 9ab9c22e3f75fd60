"""How every figure of the reports is computed, in the words printed with it: page, files and docs read this list.

The computation itself is reports/participation.py, and reports/datasets/ for what only frozen reports hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

# Of a frozen dataset: to be raised whenever a figure begins to mean something else.
DEFINITIONS_VERSION = 1


class FigureKind(StrEnum):
    """How the figure's value is to be shown."""

    COUNT = "count"
    CHANGE = "change"  # a count with its sign
    RATE = "rate"  # 4 places; people read it as a percentage
    SCORE = "score"  # 2 places
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure: its `key` in datasets and files, its name, and its formula as a clause that may follow the name."""

    key: str
    label: Any
    formula: Any
    kind: FigureKind

    def __str__(self) -> str:
        return f"{self.label}: {self.formula}"


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "units",
        _("Số đơn vị"),
        _("đơn vị có tên trong danh sách khi lên lịch tuần thi, kể cả đơn vị không có người tham gia."),
        FigureKind.COUNT,
    ),
    Definition(
        "units_taking_part",
        _("Đơn vị có người tham gia"),
        _("đơn vị có ít nhất một người tham gia."),
        FigureKind.COUNT,
    ),
    Definition("headcount", _("Biên chế"), _("số đã khóa khi lên lịch tuần thi."), FigureKind.COUNT),
    Definition(
        "roster",
        _("Nhân sự trong danh sách"),
        _("người thuộc đơn vị vào ngày lập báo cáo; khi tuần thi đã kết thúc, vào ngày cuối của tuần thi."),
        FigureKind.COUNT,
    ),
    Definition(
        "accounts",
        _("Đã có tài khoản"),
        _("người trong danh sách đã đăng nhập ít nhất một lần."),
        FigureKind.COUNT,
    ),
    Definition(
        "participants",
        _("Số người tham gia"),
        _(
            "số người (mỗi người tính một lần) có bài đã nộp hoặc được thu tự động khi hết giờ; tính cho đơn vị của"
            " người đó lúc bắt đầu làm bài."
        ),
        FigureKind.COUNT,
    ),
    Definition(
        "rate",
        _("Tỷ lệ tham gia"),
        _(
            "số người tham gia ÷ biên chế; để trống khi không có biên chế; có thể vượt 100% khi số người tham gia nhiều"
            " hơn biên chế."
        ),
        FigureKind.RATE,
    ),
    Definition(
        "account_rate",
        _("Tỷ lệ trên tài khoản"),
        _("số người tham gia ÷ số người đã có tài khoản; để trống khi chưa ai có tài khoản."),
        FigureKind.RATE,
    ),
    Definition(
        "share",
        _("Tỷ trọng"),
        _("số người tham gia ÷ tổng số người tham gia của báo cáo."),
        FigureKind.RATE,
    ),
    Definition("entries", _("Số lượt thi"), _("số bài đã nộp hoặc được thu tự động khi hết giờ."), FigureKind.COUNT),
    Definition("counted", _("Số bài được xét"), _("mỗi người một bài, chọn theo thể lệ."), FigureKind.COUNT),
    Definition(
        "mean_score",
        _("Điểm trung bình"),
        _("tổng điểm ÷ số bài được xét, làm tròn hai chữ số thập phân."),
        FigureKind.SCORE,
    ),
    Definition(
        "perfect",
        _("Số bài đúng tất cả"),
        _("bài được xét trả lời đúng mọi câu còn hiệu lực."),
        FigureKind.COUNT,
    ),
    Definition(
        "perfect_share", _("Tỷ lệ bài đúng tất cả"), _("số bài đúng tất cả ÷ số bài được xét."), FigureKind.RATE
    ),
    Definition(
        "high", _("Từ 75% trở lên"), _("bài được xét đạt từ 75% tổng số điểm, chưa đúng tất cả."), FigureKind.COUNT
    ),
    Definition(
        "middle", _("Từ 25% đến dưới 75%"), _("bài được xét đạt từ 25% đến dưới 75% tổng số điểm."), FigureKind.COUNT
    ),
    Definition("low", _("Dưới 25%"), _("bài được xét dưới 25% tổng số điểm, có ít nhất một điểm."), FigureKind.COUNT),
    Definition("zero", _("Số bài 0 điểm"), _("bài được xét không có điểm nào."), FigureKind.COUNT),
    Definition("zero_share", _("Tỷ lệ bài 0 điểm"), _("số bài 0 điểm ÷ số bài được xét."), FigureKind.RATE),
    Definition(
        "abandoned",
        _("Mở đề nhưng không làm"),
        _("người đã mở đề, không trả lời câu nào và không có bài nào trong tuần thi."),
        FigureKind.COUNT,
    ),
    Definition(
        "change",
        _("Tăng, giảm so với tuần trước"),
        _(
            "số người tham gia trừ số người tham gia của tuần thi trước; tuần thi thử không tính; đơn vị đã sáp nhập"
            " được tính vào đơn vị kế thừa."
        ),
        FigureKind.CHANGE,
    ),
    Definition(
        "change_first",
        _("Tăng, giảm so với tuần đầu"),
        _("số người tham gia trừ số người tham gia của tuần thi đầu tiên; để trống ở tuần đầu."),
        FigureKind.CHANGE,
    ),
    Definition(
        "last_year_participants",
        _("Số người tham gia năm trước"),
        _(
            "của cả hội thi năm trước, theo số liệu đã nhập hoặc hội thi đó trong hệ thống; tính cho đơn vị kế thừa;"
            " của một loại đơn vị là tổng của các đơn vị thuộc loại đó năm nay."
        ),
        FigureKind.COUNT,
    ),
    Definition(
        "last_year_entries",
        _("Số lượt thi năm trước"),
        _(
            "của cả hội thi năm trước, theo số liệu đã nhập hoặc hội thi đó trong hệ thống; tính cho đơn vị kế thừa;"
            " của một loại đơn vị là tổng của các đơn vị thuộc loại đó năm nay."
        ),
        FigureKind.COUNT,
    ),
    Definition(
        "change_last_year",
        _("Tăng, giảm so với năm trước"),
        _("số lượt thi của kỳ báo cáo trừ số lượt thi của cả hội thi năm trước."),
        FigureKind.CHANGE,
    ),
    Definition(
        "percent_last_year",
        _("Tỷ lệ tăng, giảm so với năm trước"),
        _("mức tăng, giảm ÷ số lượt thi năm trước; để trống khi năm trước không có lượt nào."),
        FigureKind.RATE,
    ),
    Definition(
        "full_units",
        _("Đơn vị đạt 100%"),
        _("đơn vị có tỷ lệ tham gia từ 100% trở lên; đơn vị không có biên chế không được xét."),
        FigureKind.LIST,
    ),
    Definition(
        "lowest_units",
        _("Đơn vị thấp nhất"),
        _("năm đơn vị có tỷ lệ tham gia thấp nhất, dưới 100%."),
        FigureKind.LIST,
    ),
    Definition(
        "hours",
        _("Lượt thi theo giờ"),
        _("số bài bắt đầu và số bài đã nộp hoặc được thu trong từng giờ."),
        FigureKind.LIST,
    ),
    # --- Over the whole contest
    Definition(
        "mean_rate",
        _("Tỷ lệ tham gia bình quân tuần"),
        _("trung bình cộng tỷ lệ tham gia của các tuần thi; để trống khi không tuần nào có biên chế."),
        FigureKind.RATE,
    ),
    Definition(
        "people_in_all_rounds",
        _("Số người tham gia mọi tuần"),
        _("người có bài trong tất cả các tuần thi."),
        FigureKind.COUNT,
    ),
    Definition(
        "units_in_all_rounds",
        _("Đơn vị tham gia mọi tuần"),
        _("đơn vị có người tham gia trong tất cả các tuần thi."),
        FigureKind.COUNT,
    ),
)
BY_KEY = {definition.key: definition for definition in DEFINITIONS}


def sentences(version: int) -> list[str]:
    """All definitions in the reader's language, as of a frozen dataset's version; today there is one version."""
    return [str(definition) for definition in DEFINITIONS]


def notes_of(keys: Iterable[str]) -> list[str]:
    """The definitions of `keys` in the reader's language, a sentence each."""
    return [str(BY_KEY[key]) for key in keys]
