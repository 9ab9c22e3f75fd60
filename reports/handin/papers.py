"""A frozen dataset as the documents that are signed: weekly report, final report, decision, minutes of closing.

Official documents are Vietnamese in whatever language the portal is read, so nothing here asks gettext. A figure is
never typed twice: every sentence is made from the dataset.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from reports.exports.table import Column, Kind, Row
from reports.handin import reading
from reports.handin.reading import Dataset, value_of
from reports.handin.tables import Report
from reports.models import IssuingBody
from reports.official.document import (
    Appendix,
    Block,
    Figures,
    Heading,
    Issuer,
    OfficialDocument,
    Paragraph,
    Resolution,
    Signature,
)
from reports.official.wording import VIETNAM, figure, in_words

MOST_NAMED = 15  # units in one sentence; the appendix names them all
BAND_NAMES = {
    "perfect": "Đúng tất cả các câu (100%)",
    "high": "Từ 75% đến dưới 100% số điểm",
    "middle": "Từ 25% đến dưới 75% số điểm",
    "low": "Trên 0 đến dưới 25% số điểm",
    "zero": "0 điểm",
}
ROMAN = ("I", "II", "III", "IV", "V", "VI")
DOTS = "." * 40  # to be filled in by hand
NUMBER = Column("number", "TT", Kind.INTEGER, width=5)


# --- Reports ----------------------------------------------------------------------------------------


def report_paper(dataset: Dataset, report: Report, body: IssuingBody) -> OfficialDocument:
    """The weekly or the final report, every unit in its appendix."""
    about = _about(dataset)
    intro = f"Thực hiện Thể lệ {_contest(dataset)}, {body.name} báo cáo {about}{_window(dataset)} như sau:"
    blocks: list[Block] = [Paragraph(intro)]
    sections = [
        ("TÌNH HÌNH THAM GIA", _taking_part(dataset)),
        ("CHẤT LƯỢNG BÀI THI", _quality(dataset)),
        ("KẾT QUẢ QUA CÁC TUẦN", _over_rounds(dataset)),
        ("ĐÁNH GIÁ THEO ĐƠN VỊ", _judged_units(dataset)),
        ("CÁ NHÂN ĐẠT GIẢI", _winning(dataset)),
    ]
    filled = [(title, list(parts)) for title, parts in sections]
    for number, (title, parts) in zip(ROMAN, [one for one in filled if one[1]], strict=False):
        blocks += [Heading(f"{number}. {title}"), *parts]
    blocks.append(Paragraph(f"Trên đây là báo cáo {about}, {body.name} kính báo cáo./."))
    return OfficialDocument(
        issuer=_issuer(body),
        kind="Báo cáo",
        subject=_capital(f"{about} {_contest(dataset)}" if reading.round_of(dataset) else about),
        symbol=body.report_symbol,
        blocks=blocks,
        signature=_signature(body, (body.authority, body.signer_title)),
        recipients=body.recipient_lines,
        appendices=[_units_appendix(dataset, report)],
    )


def _taking_part(dataset: Dataset) -> Iterator[Block]:
    total = dataset["total"]
    units, active = total["units"], total["units_taking_part"]
    yield Paragraph(
        f"Có {_n(active)}/{_n(units)} đơn vị có người dự thi; {_n(total['participants'])} người dự thi với"
        f" {_n(total['entries'])} lượt dự thi.{_rates(total)}"
    )
    if "people_in_all_rounds" in total:
        rounds, people, held = len(reading.weeks(dataset)), total["people_in_all_rounds"], total["units_in_all_rounds"]
        yield Paragraph(
            f"Hội thi đã có {_two(rounds)} tuần thi có kết quả. Có {_n(people)} người dự thi đủ các tuần; {_n(held)}"
            " đơn vị có người dự thi ở tất cả các tuần."
        )
    yield from (Paragraph(text) for text in _compared(dataset))
    if total.get("abandoned"):
        yield Paragraph(f"Ngoài ra, có {_n(total['abandoned'])} người đã mở đề nhưng không trả lời câu hỏi nào.")
    blocks = reading.rows_of(dataset, "blocks")
    several = len(blocks) > 1
    yield Heading("1. Theo loại đơn vị" if several else "Kết quả theo loại đơn vị", level=2)
    yield _levels(dataset, "kinds", "Loại đơn vị", "kind")
    if several:
        yield Heading("2. Theo bảng thi", level=2)
        yield _levels(dataset, "blocks", "Bảng thi", "name")


def _rates(total: Mapping[str, Any]) -> str:
    said = []
    if total.get("mean_rate") is not None:
        return f" Tỷ lệ tham gia bình quân mỗi tuần đạt {_percent(total['mean_rate'])} so với biên chế."
    if total.get("rate") is not None:
        said.append(f"{_percent(total['rate'])} so với biên chế ({_n(total['headcount'])} người)")
    if total.get("account_rate") is not None:
        said.append(
            f"{_percent(total['account_rate'])} so với số người đã có tài khoản ({_n(total['accounts'])} người)"
        )
    return f" Tỷ lệ người dự thi đạt {' và '.join(said)}." if said else ""


def _compared(dataset: Dataset) -> Iterator[str]:
    """Against the round before, the first one and last year, as far as there are such."""
    total, trend = dataset["total"], reading.weeks(dataset)
    said = []
    round = reading.round_of(dataset)
    earlier = [one["title"] for one in trend if round and one["number"] < round["number"]]
    if total.get("change") is not None:
        said.append(
            f"So với {_low(earlier[-1]) if earlier else 'tuần trước'}, số người dự thi {_moved(total['change'])}"
        )
    if total.get("change_first") is not None and len(earlier) != 1:
        said.append(f"so với {_low(earlier[0]) if earlier else 'tuần đầu'}, {_moved(total['change_first'])}")
    if said:
        yield "; ".join(said) + "."
    last = dataset.get("last_year")
    if last:
        then = [(last.get("participants"), "người dự thi"), (last.get("entries"), "lượt dự thi")]
        known = " với ".join(f"{_n(number)} {what}" for number, what in then if number is not None)
        moved = ""
        if total.get("change_last_year") is not None:
            share = total.get("percent_last_year")
            percent = f" ({_signed_percent(share)})" if share is not None else ""
            moved = f"; so với số đó, số lượt dự thi {_moved(total['change_last_year'], 'lượt')}{percent}"
        if known:
            yield f"{_capital(last['label'])} có {known}{moved}."


def _levels(dataset: Dataset, key: str, label: str, member: str) -> Figures:
    """Kinds of units or blocks: what a reader asks for first; the files have the rest."""
    figures = [
        Column("units", "Số đơn vị", Kind.INTEGER, width=9),
        Column("units_taking_part", "Có người dự thi", Kind.INTEGER, width=10),
        Column("headcount", "Biên chế", Kind.INTEGER, width=10),
        Column("participants", "Người dự thi", Kind.INTEGER, width=10),
        Column("rate", "Tỷ lệ", Kind.RATE, width=11),
        Column("mean_rate", "Tỷ lệ bình quân tuần", Kind.RATE, width=11),
        Column("share", "Tỷ trọng", Kind.RATE, width=11),
        Column("entries", "Lượt dự thi", Kind.INTEGER, width=10),
    ]
    of_people = ("participants", "share", "entries")  # a block has no units, headcount or rate of its own
    figures = [one for one in figures if one.key in dataset["total"] and (key != "blocks" or one.key in of_people)]
    rows = [
        (number, one[member] or "Không thuộc bảng nào", *_values(one, figures))
        for number, one in enumerate(dataset[key], start=1)
    ]
    total = (None, "Tổng cộng", *_values(dataset["total"], figures))
    return Figures([NUMBER, Column(member, label, width=26), *figures], rows, total=total)


def _quality(dataset: Dataset) -> Iterator[Block]:
    total = dataset["total"]
    if not total.get("counted"):
        return
    week = "" if reading.round_of(dataset) else " mỗi tuần"
    perfect, zero = (_papers(total, name) for name in ("perfect", "zero"))
    yield Paragraph(
        f"Điểm trung bình của {_n(total['counted'])} bài được xét (mỗi người một bài{week}) là"
        f" {figure(Decimal(total['mean_score']), 2)} điểm. {_capital(perfect)} đúng tất cả các câu và {zero} 0 điểm."
    )
    counted = total["counted"]
    columns = [
        Column("name", "Mức điểm", width=40),
        Column("papers", "Số bài", Kind.INTEGER, width=14),
        Column("share", "Tỷ lệ", Kind.RATE, width=14),
    ]
    rows = [(BAND_NAMES[band], total[band], Decimal(total[band]) / counted) for band in reading.BANDS]
    yield Figures(columns, rows, total=("Tổng cộng", counted, Decimal(1)))


def _papers(total: Mapping[str, Any], name: str) -> str:
    """As "có 12 bài (3,40%)", or "không có bài nào"."""
    return f"có {_n(total[name])} bài ({_percent(total[name + '_share'])})" if total[name] else "không có bài nào"


def _over_rounds(dataset: Dataset) -> Iterator[Block]:
    trend = reading.weeks(dataset)
    if len(trend) < 2:
        return
    scored = any(one.get("counted") is not None for one in trend)
    columns = [
        Column("title", "Tuần thi", width=18),
        Column("units_taking_part", "Đơn vị tham gia", Kind.INTEGER, width=11),
        Column("participants", "Người dự thi", Kind.INTEGER, width=11),
        Column("rate", "Tỷ lệ", Kind.RATE, width=11),
        Column("entries", "Lượt dự thi", Kind.INTEGER, width=11),
        *([Column("mean_score", "Điểm trung bình", Kind.DECIMAL, width=10, places=2)] if scored else []),
        *([Column("perfect", "Đúng tất cả", Kind.INTEGER, width=10)] if scored else []),
        *([Column("zero", "0 điểm", Kind.INTEGER, width=9)] if scored else []),
    ]
    yield Figures(columns, [_values(one, columns) for one in trend])


def _judged_units(dataset: Dataset) -> Iterator[Block]:
    full, lowest = (reading.units_named(dataset, name) for name in ("full_units", "lowest_units"))
    silent = reading.silent_units(dataset)
    if full:
        yield Paragraph(f"- {_two(len(full))} đơn vị có tỷ lệ tham gia đạt 100% trở lên{_listed(full)}.")
    rated = [f"{one['unit_name']} ({_percent(one['rate'])})" for one in lowest if one["rate"] is not None]
    if rated:
        yield Paragraph(f"- Các đơn vị có tỷ lệ tham gia thấp nhất: {'; '.join(rated)}.")
    if silent:
        yield Paragraph(f"- {_two(len(silent))} đơn vị chưa có người dự thi{_listed(silent)}.")


def _listed(units: Sequence[Mapping[str, Any]]) -> str:
    if len(units) > MOST_NAMED:
        return " (danh sách tại Phụ lục)"
    return ": " + "; ".join(one["unit_name"] for one in units)


def _winning(dataset: Dataset) -> Iterator[Block]:
    winners = reading.rows_of(dataset, "winners")
    if winners:
        what = "cá nhân" if reading.round_of(dataset) else "lượt cá nhân"
        yield Paragraph(f"Có {_two(len(winners))} {what} đạt giải, gồm: {_prizes(winners)}.")
        yield _winners_table(dataset, with_time=False)


def _units_appendix(dataset: Dataset, report: Report) -> Appendix:
    scored = reading.has_scores(dataset)
    figures = [
        Column("headcount", "Biên chế", Kind.INTEGER, width=9),
        Column("accounts", "Có tài khoản", Kind.INTEGER, width=9),
        Column("participants", "Người dự thi", Kind.INTEGER, width=9),
        Column("people_in_all_rounds", "Dự thi đủ các tuần", Kind.INTEGER, width=9),
        Column("rate", "Tỷ lệ", Kind.RATE, width=10),
        Column("mean_rate", "Tỷ lệ bình quân tuần", Kind.RATE, width=10),
        Column("entries", "Lượt dự thi", Kind.INTEGER, width=9),
        *([Column("mean_score", "Điểm trung bình", Kind.DECIMAL, width=9, places=2)] if scored else []),
        *([Column("perfect", "Đúng tất cả", Kind.INTEGER, width=8)] if scored else []),
        *([Column("zero", "0 điểm", Kind.INTEGER, width=8)] if scored else []),
        *([Column("change", "So với tuần trước", Kind.CHANGE, width=9)] if reading.has_change(dataset) else []),
        *([Column("change_last_year", "So với năm trước", Kind.CHANGE, width=9)] if dataset.get("last_year") else []),
    ]
    figures = [one for one in figures if one.key in dataset["total"]]
    rows: list[Row] = [
        (number, one["unit_name"], *_values(one, figures)) for number, one in enumerate(dataset["units"], start=1)
    ]
    table = Figures(
        [NUMBER, Column("unit_name", "Đơn vị", width=34), *figures],
        rows,
        total=(None, "Tổng cộng", *_values(dataset["total"], figures)),
        notes=(
            "Tỷ lệ là số người dự thi chia cho biên chế đã khóa khi lên lịch tuần thi; có thể vượt 100% khi số người"
            " dự thi nhiều hơn biên chế.",
            f"Số liệu bản số {report.number}, tính đến {clock(dataset['as_of'])}; mã kiểm chứng:"
            f" {grouped(report.digest)}.",
        ),
    )
    return Appendix("Phụ lục", "Kết quả của từng đơn vị", (table,), landscape=True)


# --- Decision ---------------------------------------------------------------------------------------


def decision_paper(dataset: Dataset, report: Report, body: IssuingBody) -> OfficialDocument:
    """The decision that gives the prizes, with the list of winners."""
    winners = dataset["winners"]
    about = _about(dataset)
    subject = f"Công nhận {about} và trao giải {_contest(dataset)}"
    return OfficialDocument(
        issuer=_issuer(body),
        kind="Quyết định",
        subject=subject,
        symbol=body.decision_symbol,
        authority=body.decides,
        legal_bases=body.basis_lines,
        blocks=(
            Resolution("QUYẾT ĐỊNH:"),
            Paragraph(
                f"Công nhận {about} {_contest(dataset)} và trao giải cho {_two(len(winners))} cá nhân có tên trong danh"
                f" sách kèm theo, gồm: {_prizes(winners)}.",
                "Điều 1.",
            ),
            Paragraph("Kinh phí trao giải được trích từ kinh phí tổ chức Hội thi theo quy định.", "Điều 2."),
            Paragraph(
                "Ban Tổ chức Hội thi, thủ trưởng các đơn vị có cá nhân đạt giải và các cá nhân có tên tại Điều 1 chịu"
                " trách nhiệm thi hành Quyết định này./.",
                "Điều 3.",
            ),
        ),
        signature=_signature(body, (body.signer_title,)),
        recipients=["- Như Điều 3;", *body.recipient_lines],
        appendices=[
            Appendix(
                "Danh sách",
                f"Cá nhân đạt giải {about.removeprefix('kết quả ')}",
                (_winners_table(dataset, with_time=True, notes=(_source_note(dataset, report),)),),
                landscape=True,
            )
        ],
    )


def _winners_table(dataset: Dataset, *, with_time: bool, notes: Sequence[str] = ()) -> Figures:
    winners = dataset["winners"]
    several_blocks = len({one["block"] for one in winners}) > 1
    rows = [_winner(dataset, one) for one in winners]
    places = max(
        (_places(one["prediction_error"]) for one in winners if one["prediction_error"] is not None), default=0
    )
    columns = [
        *([Column("round", "Tuần thi", width=11)] if dataset["kind"] == "final" else []),
        *([Column("block", "Bảng", width=12)] if several_blocks else []),
        Column("prize", "Giải", width=13),
        Column("full_name", "Họ và tên", width=24),
        Column("unit_name", "Đơn vị", width=28),
        *([Column("parent_name", "Đơn vị cấp trên", width=24)] if any(row["parent_name"] for row in rows) else []),
        Column("score", "Điểm", Kind.INTEGER, width=7),
    ]
    if with_time:
        columns.append(Column("prediction_error", "Sai lệch dự đoán", Kind.DECIMAL, width=10, places=places))
        columns.append(Column("submitted_at", "Nộp bài lúc", Kind.TIME, width=17))
    cells = [(number, *(row[column.key] for column in columns)) for number, row in enumerate(rows, start=1)]
    return Figures([NUMBER, *columns], cells, notes=notes)


def _winner(dataset: Dataset, one: Mapping[str, Any]) -> dict[str, Any]:
    """A winner as values; the parent only if it is not the body that organises, which is everyone's."""
    titles = {week["number"]: week["title"] for week in reading.weeks(dataset)}
    error, parent = one["prediction_error"], one["parent_name"]
    return {
        **one,
        "round": titles.get(one.get("round"), ""),
        "prize": _capital(one["prize_title"].removeprefix("Giải ").removeprefix("giải ")),
        "parent_name": "" if parent == dataset["contest"]["unit_name"] else parent,
        "prediction_error": None if error is None else Decimal(error),
        "submitted_at": reading.moment(one["submitted_at"]),
    }


def _places(text: str) -> int:
    return max(0, -int(Decimal(text).as_tuple().exponent))


def _prizes(winners: Sequence[Mapping[str, Any]]) -> str:
    """As "01 giải Nhất, 02 giải Nhì", in the order of the list."""
    counted: dict[str, int] = {}
    for one in winners:
        title = str(one["prize_title"])
        counted[title] = counted.get(title, 0) + 1
    return ", ".join(
        f"{_two(count)}\u00a0{title[0].lower() + title[1:] if title.lower().startswith('giải') else f'giải {title}'}"
        for title, count in counted.items()
    )


# --- Minutes of closing -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Closing:
    """What the round itself tells of its close, beside the dataset. A round is always closed by the server."""

    opens_at: datetime
    closes_at: datetime
    grace_seconds: int
    closed_at: datetime | None
    counts: Sequence[tuple[str, int | None]]
    prediction_target: str
    commitment: str
    version: int
    result_hash: str
    extensions: Sequence[str] = ()
    draws: Sequence[str] = ()


def minutes_paper(dataset: Dataset, report: Report, body: IssuingBody, closing: Closing) -> OfficialDocument:
    """The minutes of the round's close: times, counts, seals, lots."""
    title = _low(dataset["round"]["title"])
    total = dataset["total"]
    counts: list[Row] = [
        ("Đơn vị có người dự thi", total["units_taking_part"]),
        ("Người dự thi", total["participants"]),
        ("Lượt dự thi", total["entries"]),
        ("Người đã mở đề nhưng không trả lời", total["abandoned"]),
        *closing.counts,
    ]
    return OfficialDocument(
        issuer=_issuer(body),
        kind="Biên bản",
        subject=f"Đóng {title} {_contest(dataset)}",
        symbol=body.minutes_symbol,
        blocks=(
            Paragraph(
                f"Hồi {clock(closing.closed_at)}, hệ thống thi trực tuyến tự động đóng {title} {_contest(dataset)} theo"
                f" lịch đã công bố. {body.name} lập biên bản ghi nhận như sau:"
            ),
            Paragraph(f"Chủ trì: {body.signer_name or DOTS}, {_small(body.signer_title)}."),
            Paragraph(f"{body.second_title}: {body.second_name or DOTS}."),
            Heading("I. THỜI GIAN"),
            Paragraph(f"- Mở: {clock(closing.opens_at)}."),
            Paragraph(
                f"- Hết thời gian dự thi: {clock(closing.closes_at, closing=True)}; thời gian du di cho bài đang trên"
                f" đường truyền là {closing.grace_seconds} giây."
            ),
            *(Paragraph(f"- {text}") for text in closing.extensions),
            Heading("II. SỐ LIỆU KHI ĐÓNG"),
            Figures((Column("name", "Chỉ tiêu", width=44), Column("value", "Số liệu", Kind.INTEGER, width=14)), counts),
            Heading("III. NIÊM PHONG ĐỀ VÀ KẾT QUẢ"),
            Paragraph(f"- Mã niêm phong đề và đáp án, công bố trước khi mở: {grouped(closing.commitment)}."),
            Paragraph(
                f"- Mã băm kết quả xếp hạng (lần xếp hạng {closing.version}):"
                f" {grouped(closing.result_hash) or 'chưa có bản ghi kết quả'}."
            ),
            *(
                [Paragraph(f"- Đáp số của câu dự đoán: {closing.prediction_target}.")]
                if closing.prediction_target
                else []
            ),
            Heading("IV. BỐC THĂM"),
            *(Paragraph(text) for text in closing.draws or ("Không có trường hợp phải bốc thăm.",)),
            Paragraph(_source_note(dataset, report)),
            Paragraph(
                "Biên bản được lập thành 02 bản có giá trị như nhau, đã đọc lại cho những người tham dự cùng nghe,"
                " thống nhất và ký tên./."
            ),
        ),
        signature=_signature(body, ("Chủ trì", body.signer_title)),
        second_signature=Signature((body.second_title,), body.second_name),
        recipients=body.recipient_lines,
    )


# --- Words ------------------------------------------------------------------------------------------


def _issuer(body: IssuingBody) -> Issuer:
    return Issuer(superior=body.superior, body=body.name, place=body.place)


def _signature(body: IssuingBody, lines: Sequence[str]) -> Signature:
    return Signature([line for line in lines if line], body.signer_name)


def _contest(dataset: Dataset) -> str:
    return dataset["contest"]["title"]


def _about(dataset: Dataset) -> str:
    """As "kết quả tuần 1", or "tổng kết Hội thi …" over the contest."""
    round = reading.round_of(dataset)
    return f"kết quả {_low(round['title'])}" if round else f"tổng kết {_contest(dataset)}"


def _window(dataset: Dataset) -> str:
    round = reading.round_of(dataset)
    if not round:
        return ""
    return f" (từ {clock(round['opens_at'])} đến {clock(round['closes_at'], closing=True)})"


def clock(at: str | datetime | None, *, closing: bool = False) -> str:
    """As "08 giờ 30 phút ngày 05 tháng 6 năm 2023"; midnight at the end of a window is 24 giờ of the day before."""
    moment = reading.moment(at) if isinstance(at, str) else at
    if moment is None:
        return "…"
    local = moment.astimezone(VIETNAM)
    if closing and (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"24 giờ 00 phút {in_words((local - timedelta(days=1)).date())}"
    seconds = f" {local.second:02} giây" if local.second else ""
    return f"{local.hour:02} giờ {local.minute:02} phút{seconds} {in_words(local.date())}"


def _source_note(dataset: Dataset, report: Report) -> str:
    return (
        f"Nguồn: số liệu đã chốt bản số {report.number}, tính đến {clock(dataset['as_of'])}; mã kiểm chứng:"
        f" {grouped(report.digest)}."
    )


def grouped(digest: str) -> str:
    """A hash in groups of 16, so that a line can break and people can compare."""
    return " ".join(digest[start : start + 16] for start in range(0, len(digest), 16))


def _low(title: str) -> str:
    """A title inside of a sentence: "Tuần 1" becomes "tuần 1", names of one's own stay."""
    return title[0].lower() + title[1:] if title.startswith(("Tuần ", "Năm ")) else title


def _small(title: str) -> str:
    return title[:1].lower() + title[1:]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _n(value: int) -> str:
    return figure(value, 0)


def _two(value: int) -> str:
    """A number of people or things as documents write it: 05."""
    return f"{value:02}" if value < 10 else _n(value)


def _percent(rate: Any) -> str:
    return "-" if rate is None else figure(Decimal(rate) * 100, 2) + "%"


def _signed_percent(rate: Any) -> str:
    percent = Decimal(rate) * 100
    return ("+" if percent > 0 else "") + figure(percent, 2) + "%"


def _moved(change: int, what: str = "người") -> str:
    if change == 0:
        return "không thay đổi"
    return f"{'tăng' if change > 0 else 'giảm'} {_n(abs(change))} {what}"


def _values(one: Mapping[str, Any], columns: Sequence[Column]) -> tuple[Any, ...]:
    return tuple(value_of(one, column.key) for column in columns)
