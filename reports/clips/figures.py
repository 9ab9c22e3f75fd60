"""The clips' part of the final report as tables of its files, and its definitions."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from reports.exports.table import Column, Kind, Table

FIGURES = ("units", "units_with_clip", "units_without_clip", "handed_in", "accepted", "prizes")


def clip_columns() -> list[Column]:
    labels = (
        _("Số đơn vị"),
        _("Đơn vị có video"),
        _("Đơn vị chưa có video"),
        _("Video đã gửi"),
        _("Video được chấm"),
        _("Video đạt giải"),
    )
    return [Column(key, label, Kind.INTEGER, width=12) for key, label in zip(FIGURES, labels, strict=True)]


def clip_tables(clips: Mapping[str, Any]) -> list[Table]:
    """Clips by kind of unit, and those with a prize."""
    columns = clip_columns()
    rows = [(one["kind"], *(one[key] for key in FIGURES)) for one in clips["kinds"]]
    total = (_("Tổng cộng"), *(clips["total"][key] for key in FIGURES))
    kinds = Table("clip_kinds", _("Video"), [Column("kind", _("Loại đơn vị"), width=30), *columns], rows, total)
    winners = [
        (*(one[key] for key in ("prize", "group", "rank", "number", "title", "unit_code", "unit_name")), score_of(one))
        for one in clips["winners"]
    ]
    named = [
        Column("prize", _("Giải"), width=20),
        Column("group", _("Nhóm xếp hạng"), width=20),
        Column("rank", _("Hạng"), Kind.INTEGER, width=8),
        Column("number", _("Video số"), Kind.INTEGER, width=9),
        Column("title", _("Tên video"), width=40),
        Column("unit_code", _("Mã đơn vị"), width=12),
        Column("unit_name", _("Đơn vị"), width=36),
        Column("score", _("Điểm"), Kind.DECIMAL, width=10, places=2),
    ]
    return [kinds, *([Table("clip_winners", _("Video đạt giải"), named, winners)] if winners else [])]


def score_of(winner: Mapping[str, Any]) -> Decimal:
    return Decimal(winner["score"])


def clip_notes() -> list[str]:
    """How each figure is computed, a sentence each."""
    return [
        _("Đơn vị có video: đơn vị có ít nhất một video được nhận vào vòng chấm."),
        _("Video đã gửi: video đơn vị đã gửi và không bị trả lại để chỉnh sửa; gồm cả video không được chấm."),
        _("Video được chấm: video đạt khi rà soát. Video đạt giải: theo kết quả Ban Giám khảo đã công bố."),
    ]
