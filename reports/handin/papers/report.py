"""The weekly and the final report, every unit in the appendix."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reports.exports.table import Column, Kind, Row
from reports.handin import reading
from reports.handin.papers.clips import clip_blocks
from reports.handin.papers.winners import prizes_in_words, winners_table
from reports.handin.papers.words import (
    NUMBER,
    ROMAN,
    about_of,
    capital,
    clock,
    contest_of,
    grouped,
    issuer_of,
    low,
    moved_by,
    named,
    percent_text,
    signature_of,
    signed_percent_text,
    two_digits,
    values_of,
    whole,
    window_of,
)
from reports.handin.reading import Dataset
from reports.handin.tables import Report
from reports.models import IssuingBody
from reports.official.document import Appendix, Block, Figures, Heading, OfficialDocument, Paragraph
from reports.official.wording import figure

BAND_NAMES = {
    "perfect": "Đúng tất cả các câu (100%)",
    "high": "Từ 75% đến dưới 100% số điểm",
    "middle": "Từ 25% đến dưới 75% số điểm",
    "low": "Trên 0 đến dưới 25% số điểm",
    "zero": "0 điểm",
}


def report_paper(dataset: Dataset, report: Report, body: IssuingBody) -> OfficialDocument:
    """The weekly or the final report, every unit in its appendix."""
    about = about_of(dataset)
    intro = f"Thực hiện Thể lệ {contest_of(dataset)}, {body.name} báo cáo {about}{window_of(dataset)} như sau:"
    blocks: list[Block] = [Paragraph(intro)]
    sections = [
        ("TÌNH HÌNH THAM GIA", _taking_part(dataset)),
        ("CHẤT LƯỢNG BÀI THI", _quality(dataset)),
        ("KẾT QUẢ QUA CÁC TUẦN", _over_rounds(dataset)),
        ("ĐÁNH GIÁ THEO ĐƠN VỊ", _judged_units(dataset)),
        ("CÁ NHÂN ĐẠT GIẢI", _winning(dataset)),
        ("VIDEO DỰ THI", clip_blocks(dataset)),
    ]
    filled = [(title, list(parts)) for title, parts in sections]
    for number, (title, parts) in zip(ROMAN, [one for one in filled if one[1]], strict=False):
        blocks += [Heading(f"{number}. {title}"), *parts]
    blocks.append(Paragraph(f"Trên đây là báo cáo {about}, {body.name} kính báo cáo./."))
    return OfficialDocument(
        issuer=issuer_of(body),
        kind="Báo cáo",
        subject=capital(f"{about} {contest_of(dataset)}" if reading.round_of(dataset) else about),
        symbol=body.report_symbol,
        blocks=blocks,
        signature=signature_of(body, (body.authority, body.signer_title)),
        recipients=body.recipient_lines,
        appendices=[_units_appendix(dataset, report)],
    )


def _taking_part(dataset: Dataset) -> Iterator[Block]:
    total = dataset["total"]
    units, active = total["units"], total["units_taking_part"]
    yield Paragraph(
        f"Có {whole(active)}/{whole(units)} đơn vị có người dự thi; {whole(total['participants'])} người dự thi với"
        f" {whole(total['entries'])} lượt dự thi.{_rates(total)}"
    )
    if "people_in_all_rounds" in total:
        rounds, people, held = len(reading.weeks(dataset)), total["people_in_all_rounds"], total["units_in_all_rounds"]
        yield Paragraph(
            f"Hội thi đã có {two_digits(rounds)} tuần thi có kết quả. Có {whole(people)} người dự thi đủ các tuần;"
            f" {whole(held)} đơn vị có người dự thi ở tất cả các tuần."
        )
    yield from (Paragraph(text) for text in _compared(dataset))
    if total.get("abandoned"):
        yield Paragraph(f"Ngoài ra, có {whole(total['abandoned'])} người đã mở đề nhưng không trả lời câu hỏi nào.")
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
        return f" Tỷ lệ tham gia bình quân mỗi tuần đạt {percent_text(total['mean_rate'])} so với biên chế."
    if total.get("rate") is not None:
        said.append(f"{percent_text(total['rate'])} so với biên chế ({whole(total['headcount'])} người)")
    if total.get("account_rate") is not None:
        said.append(
            f"{percent_text(total['account_rate'])} so với số người đã có tài khoản ({whole(total['accounts'])} người)"
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
            f"So với {low(earlier[-1]) if earlier else 'tuần trước'}, số người dự thi {moved_by(total['change'])}"
        )
    if total.get("change_first") is not None and len(earlier) != 1:
        said.append(f"so với {low(earlier[0]) if earlier else 'tuần đầu'}, {moved_by(total['change_first'])}")
    if said:
        yield "; ".join(said) + "."
    last = dataset.get("last_year")
    if last:
        then = [(last.get("participants"), "người dự thi"), (last.get("entries"), "lượt dự thi")]
        known = " với ".join(f"{whole(number)} {what}" for number, what in then if number is not None)
        moved = ""
        if total.get("change_last_year") is not None:
            share = total.get("percent_last_year")
            percent = f" ({signed_percent_text(share)})" if share is not None else ""
            moved = f"; so với số đó, số lượt dự thi {moved_by(total['change_last_year'], 'lượt')}{percent}"
        if known:
            yield f"{capital(last['label'])} có {known}{moved}."


def _levels(dataset: Dataset, key: str, label: str, member: str) -> Figures:
    """Kinds of units or blocks: what a reader asks for first; the files have the rest."""
    figures = [
        Column("units", "Số đơn vị", Kind.INTEGER, width=9),
        Column("units_taking_part", "Có người dự thi", Kind.INTEGER, width=10),
        Column("headcount", "Biên chế", Kind.INTEGER, width=10),
        Column("participants", "Người dự thi", Kind.INTEGER, width=10),
        Column("rate", "Tỷ lệ", Kind.RATE, width=12),
        Column("mean_rate", "Tỷ lệ bình quân tuần", Kind.RATE, width=12),
        Column("share", "Tỷ trọng", Kind.RATE, width=12),
        Column("entries", "Lượt dự thi", Kind.INTEGER, width=10),
        *([Column("change_last_year", "So với năm trước", Kind.CHANGE, width=10)] if dataset.get("last_year") else []),
    ]
    of_people = ("participants", "share", "entries")  # a block has no units, headcount, rate or last year of its own
    if key == "blocks":
        figures = [one for one in figures if one.key in of_people]
    return _numbered(dataset, key, Column(member, label, width=24), figures)


def _numbered(dataset: Dataset, key: str, name: Column, figures: list[Column], notes: Sequence[str] = ()) -> Figures:
    """The rows of `key`, numbered, with those of `figures` that the dataset has; the total below."""
    figures = [one for one in figures if one.key in dataset["total"]]
    rows: list[Row] = [
        (number, one[name.key] or "Không thuộc bảng nào", *values_of(one, figures))
        for number, one in enumerate(dataset[key], start=1)
    ]
    total = (None, "Tổng cộng", *values_of(dataset["total"], figures))
    return Figures([NUMBER, name, *figures], rows, total=total, notes=notes)


def _quality(dataset: Dataset) -> Iterator[Block]:
    total = dataset["total"]
    if not total.get("counted"):
        return
    week = "" if reading.round_of(dataset) else " mỗi tuần"
    perfect, zero = (_papers(total, name) for name in ("perfect", "zero"))
    yield Paragraph(
        f"Điểm trung bình của {whole(total['counted'])} bài được xét (mỗi người một bài{week}) là"
        f" {figure(Decimal(total['mean_score']), 2)} điểm. {capital(perfect)} đúng tất cả các câu và {zero} 0 điểm."
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
    if not total[name]:
        return "không có bài nào"
    return f"có {whole(total[name])} bài ({percent_text(total[name + '_share'])})"


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
    yield Figures(columns, [values_of(one, columns) for one in trend])


def _judged_units(dataset: Dataset) -> Iterator[Block]:
    full, lowest = (reading.units_named(dataset, name) for name in ("full_units", "lowest_units"))
    silent = reading.silent_units(dataset)
    yield from _counted(full, "có tỷ lệ tham gia đạt 100% trở lên")
    rated = [f"{one['unit_name']} ({percent_text(one['rate'])})" for one in lowest if one["rate"] is not None]
    if rated:
        yield Paragraph(f"- Các đơn vị có tỷ lệ tham gia thấp nhất: {'; '.join(rated)}.")
    yield from _counted(silent, "chưa có người dự thi")


def _counted(units: Sequence[Mapping[str, Any]], what: str) -> Iterator[Block]:
    if units:
        names = named([one["unit_name"] for one in units])
        yield Paragraph(f"- {two_digits(len(units))} đơn vị {what}{names}.")


def _winning(dataset: Dataset) -> Iterator[Block]:
    winners = reading.rows_of(dataset, "winners")
    if winners:
        what = "cá nhân" if reading.round_of(dataset) else "lượt cá nhân"
        yield Paragraph(f"Có {two_digits(len(winners))} {what} đạt giải, gồm: {prizes_in_words(winners)}.")
        yield winners_table(dataset, with_time=False)


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
    notes = (
        "Tỷ lệ là số người dự thi chia cho biên chế đã khóa khi lên lịch tuần thi; có thể vượt 100% khi số người"
        " dự thi nhiều hơn biên chế.",
        f"Số liệu bản số {report.number}, tính đến {clock(dataset['as_of'])}; mã kiểm chứng: {grouped(report.digest)}.",
    )
    table = _numbered(dataset, "units", Column("unit_name", "Đơn vị", width=34), figures, notes)
    return Appendix("Phụ lục", "Kết quả của từng đơn vị", (table,), landscape=True)
