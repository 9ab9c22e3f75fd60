"""The reports as documents: which columns, which lines, in the reader's language."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.clock import iso, server_now
from contest.models import Round, Standing
from contest.models.attempt import AttemptState
from reports.absentees import Absentee, Absentees
from reports.definitions import notes_of
from reports.exports.table import Coded, Column, Document, Kind, Table
from reports.participation import Figures, KindFigures, Participation, UnitFigures
from reports.scope import Scope
from reports.staff_results import StaffResult, StaffResults

FIGURE_KEYS = (
    "headcount",
    "roster",
    "accounts",
    "participants",
    "rate",
    "entries",
    "mean_score",
    "perfect",
    "zero",
    "change",
    "over_headcount",
)


# --- Participation ----------------------------------------------------------------------------------


def participation_document(participation: Participation) -> Document:
    """Units with a total, kinds of unit, and how every figure is computed."""
    units = Table(
        key="units",
        name=_("Theo đơn vị"),
        columns=unit_columns(),
        rows=[unit_row(unit) for unit in participation.units],
        total=("", _("Tổng cộng"), "", "", *figure_values(participation.total)),
    )
    kinds = Table(
        key="kinds",
        name=_("Theo loại đơn vị"),
        columns=kind_columns(),
        rows=[kind_row(kind) for kind in participation.kinds],
        total=(_("Tổng cộng"), *kind_values(participation.total)),
    )
    return Document(
        title=_("BÁO CÁO KẾT QUẢ THAM GIA"),
        lines=[*_round_lines(participation.round), _as_of_line(participation.as_of)],
        tables=[units, kinds],
        row_count=len(participation.units) + len(participation.kinds),
        head={"round": participation.round.pk, "as_of": iso(participation.as_of)},
        notes=participation_notes(participation),
    )


def unit_columns() -> list[Column]:
    return [
        Column("unit_code", _("Mã đơn vị"), width=10),
        Column("unit_name", _("Tên đơn vị"), width=38),
        Column("kind", _("Loại đơn vị"), width=20),
        Column("parent_code", _("Mã đơn vị cấp trên"), width=10),
        *_figure_columns(),
    ]


def kind_columns() -> list[Column]:
    return [
        Column("kind", _("Loại đơn vị"), width=30),
        Column("units", _("Số đơn vị"), Kind.INTEGER),
        Column("units_taking_part", _("Đơn vị có người tham gia"), Kind.INTEGER, width=14),
        *_figure_columns(),
    ]


def _figure_columns() -> list[Column]:
    return [
        Column("headcount", _("Biên chế"), Kind.INTEGER, width=10),
        Column("roster", _("Nhân sự trong danh sách"), Kind.INTEGER, width=10),
        Column("accounts", _("Đã có tài khoản"), Kind.INTEGER, width=10),
        Column("participants", _("Số người tham gia"), Kind.INTEGER, width=10),
        Column("rate", _("Tỷ lệ tham gia"), Kind.RATE, width=10),
        Column("entries", _("Số lượt thi"), Kind.INTEGER, width=10),
        Column("mean_score", _("Điểm trung bình"), Kind.DECIMAL, width=10, places=2),
        Column("perfect", _("Số bài đúng tất cả"), Kind.INTEGER, width=10),
        Column("zero", _("Số bài 0 điểm"), Kind.INTEGER, width=10),
        Column("change", _("Tăng, giảm so với tuần trước"), Kind.CHANGE, width=10),
        Column("over_headcount", _("Ghi chú"), Kind.FLAG, width=15, flag_text=_("Vượt biên chế")),
    ]


def figure_values(figures: Figures) -> tuple[Any, ...]:
    return tuple(getattr(figures, key) for key in FIGURE_KEYS)


def unit_row(unit: UnitFigures) -> tuple[Any, ...]:
    return (unit.unit_code, unit.unit_name, unit.kind, unit.parent_code, *figure_values(unit.figures))


def kind_values(figures: Figures) -> tuple[Any, ...]:
    return (figures.units, figures.units_taking_part, *figure_values(figures))


def kind_row(kind: KindFigures) -> tuple[Any, ...]:
    return (kind.kind, *kind_values(kind.figures))


def participation_notes(participation: Participation) -> list[str]:
    """How the figures are computed, a sentence each, as printed with the report."""
    notes = notes_of(key for key in FIGURE_KEYS if key != "over_headcount")
    if not participation.has_scores:
        notes.append(_("Điểm và số bài đúng tất cả để trống cho đến khi công bố kết quả tuần thi."))
    return notes


# --- Who has not taken part -------------------------------------------------------------------------


def nonparticipants_document(absentees: Absentees) -> Document:
    """The roster's people without an entry, by unit and name."""
    count, as_of = absentees.counted()
    return Document(
        title=_("DANH SÁCH NGƯỜI CHƯA THAM GIA"),
        lines=[*_round_lines(absentees.round), _as_of_line(as_of)],
        tables=[Table("people", _("Chưa tham gia"), _absentee_columns(), map(_absentee_row, absentees))],
        row_count=count,
        head={"round": absentees.round.pk, "as_of": iso(as_of)},
    )


def _absentee_columns() -> list[Column]:
    return [
        Column("employee_id", _("Mã nhân viên"), width=16),
        Column("full_name", _("Họ và tên"), width=30),
        Column("position", _("Chức vụ"), width=24),
        Column("unit_code", _("Mã đơn vị"), width=14),
        Column("unit_name", _("Tên đơn vị"), width=44),
        Column("account", _("Tài khoản"), Kind.CODED, width=20),
        Column("status", _("Tình trạng"), Kind.CODED, width=26),
    ]


def _absentee_row(person: Absentee) -> tuple[Any, ...]:
    return (
        person.employee_id,
        person.full_name,
        person.position,
        person.unit_code,
        person.unit_name,
        account_of(person),
        status_of(person),
    )


def account_of(person: Absentee) -> Coded:
    """linked or never: whether the person has ever signed in."""
    return Coded("linked", _("Đã đăng nhập")) if person.has_account else Coded("never", _("Chưa từng đăng nhập"))


def status_of(person: Absentee) -> Coded:
    """What the person has done so far, short of an entry: not_started, in_progress or abandoned."""
    if person.attempt_state == AttemptState.ABANDONED:
        return _abandoned()
    if person.attempt_state == AttemptState.IN_PROGRESS:
        return Coded("in_progress", _("Đang làm bài"))
    return _not_started()


def _abandoned() -> Coded:
    return Coded("abandoned", _("Đã mở nhưng chưa trả lời"))


def _not_started() -> Coded:
    return Coded("not_started", _("Chưa làm bài"))


# --- All staff with their results -------------------------------------------------------------------


def staff_results_document(round: Round, scope: Scope) -> Document:
    """Everybody of the scope with score, rank and prize, or without an entry; by unit and name."""
    staff = StaffResults(round, scope)
    count, as_of = staff.counted()
    return Document(
        title=_("DANH SÁCH NHÂN SỰ VÀ KẾT QUẢ THI"),
        lines=[*_round_lines(round), round.get_state_display(), _as_of_line(as_of)],
        tables=[Table("people", _("Nhân sự và kết quả"), _staff_columns(), _staff_rows(staff))],
        row_count=count,
        head={"round": round.pk, "as_of": iso(as_of)},
        notes=[
            _("Gồm người trong danh sách của đơn vị, và người đã thi nhưng không còn trong danh sách."),
            _("Người đã thi được ghi ở đơn vị của mình lúc bắt đầu bài được xét. Người không xét giải không có hạng."),
        ],
    )


def _staff_columns() -> list[Column]:
    return [
        Column("employee_id", _("Mã nhân viên"), width=16),
        Column("full_name", _("Họ và tên"), width=30),
        Column("position", _("Chức vụ"), width=22),
        Column("unit_code", _("Mã đơn vị"), width=12),
        Column("unit_name", _("Tên đơn vị"), width=40),
        Column("block", _("Bảng"), width=10),
        Column("status", _("Tình trạng"), Kind.CODED, width=22),
        Column("entries", _("Số lượt thi"), Kind.INTEGER, width=8),
        Column("score", _("Điểm"), Kind.INTEGER, width=8),
        Column("submitted_at", _("Nộp lúc"), Kind.TIME, width=24),
        Column("rank", _("Hạng"), Kind.INTEGER, width=8),
        Column("prize", _("Giải"), Kind.CODED, width=18),
    ]


def _staff_rows(staff: StaffResults) -> Iterator[tuple[Any, ...]]:
    statuses = {one.code: one for one in (Coded("taken_part", _("Đã tham gia")), _abandoned(), _not_started())}
    return (_staff_row(person, statuses) for person in staff)


def _staff_row(person: StaffResult, statuses: dict[str, Coded]) -> tuple[Any, ...]:
    *known, status, entries, score, submitted_at, rank, prize, prize_title = person
    given = Coded(prize, prize_title or "") if prize else None
    return (*known, statuses[status], entries, score, submitted_at, rank, given)


# --- Standings --------------------------------------------------------------------------------------


def standings_document(round: Round) -> Document:
    """The stored ranking of a round, all rows in stored order."""
    standings = Standing.objects.filter(round=round).in_stored_order()
    count, as_of = standings.count(), server_now()
    return Document(
        title=_("BẢNG XẾP HẠNG CÁ NHÂN"),
        lines=[*_round_lines(round), round.get_state_display(), _as_of_line(as_of)],
        tables=[Table("results", _("Xếp hạng"), _standing_columns(round), _standing_rows(round))],
        row_count=count,
        head={"round": round.pk, "as_of": iso(as_of), "count": count},
    )


def _standing_columns(round: Round) -> list[Column]:
    prediction = round.rules["prediction"]
    places, is_share = prediction["decimals"], prediction["asks"] == "perfect_percent"
    return [
        Column("rank", _("Hạng"), Kind.INTEGER, width=8),
        Column("block", _("Bảng"), width=14),
        Column("full_name", _("Họ và tên"), width=30),
        Column("unit_code", _("Mã đơn vị"), width=14),
        Column("unit_name", _("Tên đơn vị"), width=44),
        Column("score", _("Điểm"), Kind.INTEGER, width=8),
        Column("prediction", _("Dự đoán"), Kind.DECIMAL if is_share else Kind.INTEGER, places=places),
        Column("prediction_error", _("Sai lệch dự đoán"), Kind.DECIMAL, places=places),
        Column("submitted_at", _("Nộp lúc"), Kind.TIME, width=26),
        Column("prize", _("Giải"), Kind.CODED, width=20),
    ]


def _standing_rows(round: Round) -> Iterator[tuple[Any, ...]]:
    prediction = round.rules["prediction"]
    quantum = Decimal(1).scaleb(-prediction["decimals"])
    standings = (
        Standing.objects.filter(round=round).in_stored_order().select_related("attempt__user", "attempt__unit", "prize")
    )
    for row in standings.iterator(chunk_size=2000):
        attempt, unit, error = row.attempt, row.attempt.unit, row.prediction_error
        yield (
            row.rank,
            row.block,
            attempt.user.full_name,
            unit.code if unit else None,
            unit.name if unit else None,
            row.score,
            _prediction(attempt.prediction, prediction["asks"], quantum),
            None if error is None else error.quantize(quantum),
            attempt.submitted_at,
            Coded(row.prize.code, row.prize.title) if row.prize else None,
        )


def _prediction(value: Decimal | None, asks: str, quantum: Decimal) -> Decimal | int | None:
    if value is None:
        return None
    return value.quantize(quantum) if asks == "perfect_percent" else int(value)


# --- Lines ------------------------------------------------------------------------------------------


def _round_lines(round: Round) -> list[str]:
    opens, closes = (local_text(moment) for moment in (round.opens_at, round.closes_at))
    window = _("Từ %(opens)s đến %(closes)s") % {"opens": opens, "closes": closes}
    return [round.contest.title, f"{round.title}. {window}"]


def _as_of_line(moment: datetime) -> str:
    return _("Số liệu đến %(moment)s (giờ Việt Nam)") % {"moment": local_text(moment, seconds=True)}


def local_text(moment: datetime, *, seconds: bool = False) -> str:
    """`moment` as Vietnamese offices write it: 08:30 ngày 05/06/2023."""
    local = timezone.localtime(moment, timezone.get_default_timezone())
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return _("%(clock)s ngày %(day)s") % {"clock": clock, "day": f"{local:%d/%m/%Y}"}
