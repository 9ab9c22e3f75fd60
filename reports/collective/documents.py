"""The ranking of units, the proposals for awards and the year-end figures as files."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.clock import iso, server_now
from contest.collective import award_sentence, collective_sentences, formula
from contest.models import Contest
from contest.models.collective import CollectiveInput
from reports.collective.awards import PersonProposed, awards_of, prizes_by_unit
from reports.collective.computing import ORDER
from reports.collective.freezing import Ranking, frozen_ranking, ranking_now
from reports.documents import local_text
from reports.exports.table import Coded, Column, Document, Kind, Table
from reports.models import CollectiveResult, DecisionMethod


def ranking_to_show(contest: Contest) -> tuple[Ranking, CollectiveResult | None]:
    """The latest frozen ranking, else the provisional one of now."""
    result = contest.collective_results.latest_first().first()
    return (frozen_ranking(result), result) if result else (ranking_now(contest), None)


def why_unranked(reason: str) -> str:
    """A unit's missing rank in words; "" when it has one."""
    if not reason:
        return ""
    return {
        "no_participants": _("Không có người tham gia"),
        "left": _("Không còn ở tuần thi cuối cùng"),
        "small": _("Biên chế dưới mức tối thiểu"),
    }[reason]


def prize_of(calculation: dict[str, Any]) -> str:
    return _("Đồng hạng, Ban Tổ chức quyết định") if calculation["is_undecided"] else calculation["prize"]


def inputs_shown(ranking: Ranking) -> list[str]:
    """The inputs that move points, as pages and files print them."""
    return [input for input in ORDER if ranking.rule["weights"][input]]


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


# --- The ranking ------------------------------------------------------------------------------------


def collective_document(contest: Contest) -> Document:
    """Every unit with the value and the points of every input, in the order of the ranking."""
    ranking, result = ranking_to_show(contest)
    inputs = inputs_shown(ranking)
    is_held = ranking.rule["is_held"]
    table = Table("units", _("Xếp hạng tập thể"), _collective_columns(inputs), [
        (
            one["rank"] if is_held else None,
            one["group_name"],
            one["code"],
            one["name"],
            one["kind"],
            *_of_inputs(one, inputs),
            Decimal(one["total"]) if is_held else None,
            prize_of(one),
            why_unranked(one["unranked"]),
        )
        for _unit, one in ranking.standings
    ])  # fmt: skip
    notes = [f"{_('Điểm tập thể')} = {formula(ranking.rule)}", *collective_sentences(ranking.rule)] if is_held else []
    return Document(
        title=_("BẢNG XẾP HẠNG TẬP THỂ"),
        lines=_lines(contest, ranking, result),
        tables=[table],
        row_count=len(ranking.standings),
        head=_head(contest, ranking, result),
        notes=notes,
    )


def _collective_columns(inputs: Sequence[str]) -> list[Column]:
    columns = [
        Column("rank", _("Hạng"), Kind.INTEGER, width=7),
        Column("group", _("Bảng hoặc loại đơn vị"), width=20),
        Column("unit_code", _("Mã đơn vị"), width=12),
        Column("unit_name", _("Tên đơn vị"), width=40),
        Column("kind", _("Loại đơn vị"), width=18),
    ]
    for input in inputs:
        label = str(CollectiveInput(input).label)
        columns.append(Column(f"{input}_value", label, Kind.DECIMAL, width=10, places=2))
        columns.append(Column(f"{input}_points", _("Điểm: %(input)s") % {"input": label}, Kind.DECIMAL, 10, 4))
    return [
        *columns,
        Column("total", _("Tổng điểm"), Kind.DECIMAL, width=10, places=4),
        Column("prize", _("Giải"), width=18),
        Column("note", _("Ghi chú"), width=24),
    ]


def _of_inputs(calculation: dict[str, Any], inputs: Iterable[str]) -> list[Decimal | None]:
    lines = {line["input"]: line for line in calculation["lines"]}
    cells: list[Decimal | None] = []
    for input in inputs:
        value = _decimal(lines[input]["value"])
        cells += [value, None if value is None else Decimal(lines[input]["points"])]
    return cells


def _lines(contest: Contest, ranking: Ranking, result: CollectiveResult | None) -> list[str]:
    rounds = ", ".join(round["title"] for round in ranking.rounds)
    state = (
        _("Bản %(version)s, mã băm %(digest)s") % {"version": result.version, "digest": result.digest}
        if result
        else _("Tạm tính, chưa chốt")
    )
    at = _("Số liệu đến %(moment)s (giờ Việt Nam)") % {"moment": local_text(server_now(), seconds=True)}
    return [contest.title, state, _("Các tuần thi: %(rounds)s") % {"rounds": rounds}, at]


def _head(contest: Contest, ranking: Ranking, result: CollectiveResult | None) -> dict[str, Any]:
    return {
        "contest": contest.pk,
        "as_of": iso(server_now()),
        "rule": ranking.rule,
        "rounds": ranking.rounds,
        "version": result.version if result else None,
        "digest": ranking.digest,
    }


# --- Proposals for awards ---------------------------------------------------------------------------


def awards_document(contest: Contest) -> Document:
    """One table: collectives first, then people; a row says for what the award is proposed."""
    ranking, result = ranking_to_show(contest)
    awards = awards_of(contest, ranking)
    rows: list[tuple[Any, ...]] = [
        (Coded("collective_prize", _("Tập thể đạt giải")), "", one["name"], one["code"], "", prize_of(one), _rank(one))
        for one in awards.prized_units
    ]
    rows += [
        (Coded("full_unit", _("Tập thể 100% tham gia")), "", one["name"], one["code"], "", "", _("Mọi tuần thi"))
        for one in awards.full_units
    ]
    rows += [_person_row("winner", _("Cá nhân đạt giải tuần"), one, one.round_title) for one in awards.winners]
    rows += [
        _person_row("perfect", _("Cá nhân đúng tất cả"), one, _("%(n)s tuần thi") % {"n": one.perfect_rounds})
        for one in awards.perfect
    ]
    return Document(
        title=_("DANH SÁCH ĐỀ NGHỊ KHEN THƯỞNG"),
        lines=_lines(contest, ranking, result),
        tables=[Table("proposals", _("Đề nghị khen thưởng"), _award_columns(), rows)],
        row_count=len(rows),
        head=_head(contest, ranking, result),
        notes=[award_sentence(ranking.rule)],
    )


def _award_columns() -> list[Column]:
    return [
        Column("award", _("Diện đề nghị"), Kind.CODED, width=24),
        Column("full_name", _("Họ và tên"), width=28),
        Column("unit_name", _("Đơn vị"), width=40),
        Column("unit_code", _("Mã đơn vị"), width=12),
        Column("parent_name", _("Đơn vị cấp trên"), width=30),
        Column("prize", _("Giải"), width=18),
        Column("merit", _("Thành tích"), width=24),
    ]


def _rank(calculation: dict[str, Any]) -> str:
    place = _("Hạng %(rank)s, %(group)s") % {"rank": calculation["rank"], "group": calculation["group_name"]}
    decision = calculation.get("decision")
    return f"{place} ({method_of(decision).lower()})" if decision else place


def method_of(decision: dict[str, Any]) -> str:
    """How a tie was decided, in words."""
    return str(DecisionMethod(decision["method"]).label)


def _person_row(code: str, label: str, person: PersonProposed, merit: str) -> tuple[Any, ...]:
    award = Coded(code, label)
    return (award, person.full_name, person.unit_name, person.unit_code, person.parent_name, person.prize, merit)


# --- The year's end ---------------------------------------------------------------------------------


def year_end_document(contest: Contest) -> Document:
    """One row per unit, for its reform ranking (CCHC) of the year, by code."""
    ranking, result = ranking_to_show(contest)
    prizes = prizes_by_unit(awards_of(contest, ranking).winners)
    is_held = ranking.rule["is_held"]
    standings = sorted((one for _unit, one in ranking.standings), key=lambda one: one["code"])
    return Document(
        title=_("KẾT QUẢ HỘI THI CỦA CÁC ĐƠN VỊ"),
        lines=_lines(contest, ranking, result),
        tables=[
            Table(
                "units",
                _("Kết quả cuối năm"),
                _year_end_columns(),
                [_year_end_row(one, prizes.get(one["code"], 0), is_held) for one in standings],
            )
        ],
        row_count=len(standings),
        head=_head(contest, ranking, result),
        notes=[
            _("Lượt người tham gia, số bài đúng tất cả và số bài 0 điểm: cộng số liệu của các tuần thi."),
            _("Tỷ lệ tham gia và điểm trung bình: như trong cách tính điểm tập thể, thang 0 đến 100."),
        ],
    )


def _year_end_columns() -> list[Column]:
    return [
        Column("unit_code", _("Mã đơn vị"), width=12),
        Column("unit_name", _("Tên đơn vị"), width=40),
        Column("kind", _("Loại đơn vị"), width=20),
        Column("participation", _("Tỷ lệ tham gia bình quân (%)"), Kind.DECIMAL, width=12, places=2),
        Column("participants", _("Lượt người tham gia (cộng các tuần)"), Kind.INTEGER),
        Column("perfect", _("Số bài đúng tất cả"), Kind.INTEGER),
        Column("zero", _("Số bài 0 điểm"), Kind.INTEGER),
        Column("mean_score", _("Điểm trung bình (thang 100)"), Kind.DECIMAL, width=12, places=2),
        Column("total", _("Điểm tập thể"), Kind.DECIMAL, places=4),
        Column("rank", _("Hạng"), Kind.INTEGER, width=8),
        Column("group", _("Bảng hoặc loại đơn vị"), width=20),
        Column("collective_prize", _("Giải tập thể"), width=18),
        Column("prizes", _("Số giải cá nhân"), Kind.INTEGER),
    ]


def _year_end_row(one: dict[str, Any], prizes: int, is_held: bool) -> tuple[Any, ...]:
    values = {line["input"]: _decimal(line["value"]) for line in one["lines"]}
    return (
        one["code"],
        one["name"],
        one["kind"],
        values["participation"],
        one["participants"],
        one["perfect"],
        one["zero"],
        values["score"] if one["counted"] else None,
        Decimal(one["total"]) if is_held else None,
        one["rank"] if is_held else None,
        one["group_name"] if is_held else None,
        prize_of(one),
        prizes,
    )
