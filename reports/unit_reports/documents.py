"""The secretary's list as a file: who has and has not reported, on time or late, with the remarks."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from accounts.clock import iso, server_now
from accounts.models import Unit
from contest.models import Round
from contest.templatetags.portal import closing
from reports.documents import local_text
from reports.exports.table import Coded, Column, Document, Kind, Table
from reports.models import UnitReport
from reports.scope import Scope
from reports.unit_reports.figures import REMARKS
from reports.unit_reports.overview import Line, overview_of


def unit_reports_document(round: Round, scope: Scope) -> Document:
    """One row for each unit of `scope` in the round, in Vietnamese order; remarks of the version that stands."""
    units = Unit.objects.all() if scope.sql_units is None else Unit.objects.filter(pk__in=scope.sql_units)
    overview, now = overview_of(round, units), server_now()
    standing = UnitReport.objects.standing().filter(round=round, unit__in=units)
    remarks = {report.unit_id: report for report in standing.defer("dataset")}
    table = Table(
        key="unit_reports",
        name=_("Báo cáo của đơn vị"),
        columns=_columns(),
        rows=list(_rows(overview.lines, remarks)),
    )
    return Document(
        title=_("TÌNH HÌNH GỬI BÁO CÁO CỦA CÁC ĐƠN VỊ"),
        lines=[
            f"{round.contest.title} - {round.title}",
            _("Hạn gửi: %(due)s. Tính đến %(now)s.") % {"due": closing(overview.due_at), "now": local_text(now)},
        ],
        tables=[table],
        row_count=len(overview.lines),
        head={"round": round.pk, "due_at": iso(overview.due_at), "as_of": iso(now)},
    )


def _columns() -> list[Column]:
    return [
        Column("unit_code", _("Mã đơn vị"), width=10),
        Column("unit_name", _("Tên đơn vị"), width=38),
        Column("parent_code", _("Mã đơn vị cấp trên"), width=10),
        Column("state", _("Tình trạng"), Kind.CODED, width=20),
        Column("punctuality", _("Đúng hạn"), Kind.CODED),
        Column("sent_at", _("Gửi lúc"), Kind.TIME, width=18),
        Column("version", _("Bản"), Kind.INTEGER),
        Column("coordinator", _("Đầu mối"), Kind.CODED),
        Column("done", _("Việc đã làm"), width=40),
        Column("difficulties", _("Khó khăn, vướng mắc"), width=40),
        Column("suggestions", _("Đề xuất, kiến nghị"), width=40),
    ]


def _rows(lines: list[Line], remarks: dict[int, UnitReport]) -> Iterator[tuple[Any, ...]]:
    for line in lines:
        report = remarks.get(line.unit.pk)
        yield (
            line.unit.code,
            line.unit.name,
            line.parent.code if line.parent else "",
            Coded(line.state, str(line.words)),
            _punctuality(line),
            line.sent_at,
            line.version,
            Coded("yes", _("Có")) if line.has_coordinator else Coded("no", _("Chưa có")),
            *(getattr(report, name) if report else "" for name in REMARKS),
        )


def _punctuality(line: Line) -> Coded | None:
    if line.on_time is None:
        return None
    return Coded("on_time", _("Đúng hạn")) if line.on_time else Coded("late", _("Muộn"))
