"""The submission (tờ trình) that proposes awards for units and people, with the lists."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from contest.models import Contest
from reports.collective.awards import Awards, PersonProposed
from reports.collective.freezing import Ranking
from reports.exports.table import Column, Kind
from reports.handin.papers.winners import prizes_in_words
from reports.handin.papers.words import NUMBER, grouped, issuer_of, named, signature_of, two_digits, whole
from reports.models import CollectiveResult, DecisionMethod, IssuingBody
from reports.official.document import Appendix, Block, Figures, Heading, OfficialDocument, Paragraph


def proposal_paper(
    contest: Contest, ranking: Ranking, result: CollectiveResult | None, awards: Awards, body: IssuingBody
) -> OfficialDocument:
    """What the organising committee submits. `result` None is a contest that ranks no units."""
    people = list(awards.perfect)
    addressee = body.superior or "cấp có thẩm quyền"
    parts: list[tuple[str, list[Block]]] = [
        ("TẬP THỂ", list(_units(awards))),
        ("CÁ NHÂN", list(_people(awards.winners, len(people), ranking))),
    ]
    filled = [(title, blocks) for title, blocks in parts if blocks]
    blocks: list[Block] = [
        Paragraph(f"Kính gửi: {addressee}."),
        Paragraph(
            f"Căn cứ Thể lệ và kết quả {contest.title} ({_rounds(ranking)}), {body.name} kính trình {addressee} xem"
            " xét, khen thưởng các tập thể và cá nhân có thành tích tại Hội thi như sau:"
        ),
    ]
    for number, (title, said) in enumerate(filled, start=1):
        blocks += [Heading(f"{'I' * number}. {title}"), *said]
    if not filled:
        blocks.append(Paragraph("Không có tập thể, cá nhân nào đủ điều kiện đề nghị khen thưởng."))
    blocks.append(Paragraph(f"{body.name} kính trình {addressee} xem xét, quyết định./."))
    return OfficialDocument(
        issuer=issuer_of(body),
        kind="Tờ trình",
        subject=f"Về việc đề nghị khen thưởng tập thể, cá nhân có thành tích tại {contest.title}",
        symbol=_symbol(body),
        blocks=blocks,
        signature=signature_of(body, (body.authority, body.signer_title)),
        recipients=["- Như trên;", *(line for line in body.recipient_lines if addressee not in line)],
        appendices=list(_appendices(awards, people, result)),
    )


def _symbol(body: IssuingBody) -> str:
    """As "TTr-BTC": the issuer's part is that of its reports."""
    issuer = body.report_symbol.partition("-")[2]
    return f"TTr-{issuer}" if issuer else "TTr"


def _rounds(ranking: Ranking) -> str:
    return f"{two_digits(len(ranking.rounds))} tuần thi có kết quả chính thức"


# --- What is proposed -------------------------------------------------------------------------------


def _units(awards: Awards) -> Iterator[Block]:
    prized, full = awards.prized_units, awards.full_units
    if prized:
        prizes = prizes_in_words([{"prize_title": one["prize"]} for one in prized])
        yield Paragraph(f"- {two_digits(len(prized))} tập thể đạt giải về kết quả tham gia Hội thi, gồm: {prizes}.")
        yield _prized_table(prized)
    if full:
        names = named([one["name"] for one in full], appendix="Phụ lục I")
        yield Paragraph(f"- {two_digits(len(full))} tập thể có 100% biên chế tham gia ở tất cả các tuần thi{names}.")


def _prized_table(prized: Sequence[dict[str, Any]]) -> Figures:
    groups = len({one["group_name"] for one in prized}) > 1
    columns = [
        NUMBER,
        Column("name", "Đơn vị", width=34),
        *([Column("group", "Bảng, loại đơn vị", width=22)] if groups else []),
        Column("rank", "Hạng", Kind.INTEGER, width=8),
        Column("total", "Tổng điểm", Kind.DECIMAL, width=13, places=4),
        Column("prize", "Giải", width=14),
    ]
    rows = [
        (
            number,
            one["name"],
            *([one["group_name"]] if groups else []),
            one["rank"],
            Decimal(one["total"]),
            one["prize"].removeprefix("Giải ").removeprefix("giải "),
        )
        for number, one in enumerate(prized, start=1)
    ]
    return Figures(columns, rows, notes=_decided(prized))


def _decided(prized: Sequence[dict[str, Any]]) -> list[str]:
    """A sentence for each unit that has its prize of the committee, not of its points."""
    return [
        f"{one['name']}: đồng hạng {one['rank']}, được phân định theo hình thức"
        f" {DECISION_WORDS[one['decision']['method']]}."
        for one in prized
        if "decision" in one
    ]


DECISION_WORDS = {DecisionMethod.LOTS: "bốc thăm", DecisionMethod.DECISION: "Ban Tổ chức quyết định"}


def _people(winners: Sequence[PersonProposed], perfect: int, ranking: Ranking) -> Iterator[Block]:
    if winners:
        prizes = prizes_in_words([{"prize_title": one.prize} for one in winners])
        yield Paragraph(f"- {two_digits(len(winners))} lượt cá nhân đạt giải các tuần thi, gồm: {prizes}.")
    if perfect:
        least = ranking.rule["perfect_rounds"]
        when = f"ở ít nhất {two_digits(least)} tuần thi" if least else "ở tất cả các tuần thi"
        yield Paragraph(
            f"- {whole(perfect) if perfect > 9 else two_digits(perfect)} cá nhân đúng tất cả các câu {when}."
        )
    if winners or perfect:
        yield Paragraph("Danh sách cá nhân tại Phụ lục kèm theo.")


# --- Lists ------------------------------------------------------------------------------------------


def _appendices(
    awards: Awards, people: Sequence[PersonProposed], result: CollectiveResult | None
) -> Iterator[Appendix]:
    source = (
        (f"Nguồn: kết quả tập thể đã chốt, bản số {result.version}; mã kiểm chứng: {grouped(result.digest)}.",)
        if result
        else ()
    )
    if awards.prized_units or awards.full_units:
        yield Appendix("Phụ lục I", "Danh sách tập thể đề nghị khen thưởng", (_units_list(awards, source),))
    lists: list[Block] = []
    if awards.winners:
        lists += [Heading("Cá nhân đạt giải các tuần thi", level=2), _winners_list(awards.winners)]
    if people:
        lists += [Heading("Cá nhân đúng tất cả các câu", level=2), _perfect_list(people)]
    if lists:
        label = "Phụ lục II" if awards.prized_units or awards.full_units else "Phụ lục"
        yield Appendix(label, "Danh sách cá nhân đề nghị khen thưởng", lists)


def _units_list(awards: Awards, notes: Sequence[str]) -> Figures:
    merits: dict[str, list[str]] = {}
    for one in awards.prized_units:
        merits.setdefault(one["code"], []).append(one["prize"])
    for one in awards.full_units:
        merits.setdefault(one["code"], []).append("100% biên chế tham gia ở tất cả các tuần thi")
    names = {one["code"]: (one["name"], one["kind"]) for one in (*awards.prized_units, *awards.full_units)}
    columns = [
        NUMBER,
        Column("name", "Đơn vị", width=34),
        Column("kind", "Loại đơn vị", width=22),
        Column("merit", "Thành tích", width=34),
    ]
    rows = [(number, *names[code], "; ".join(merits[code])) for number, code in enumerate(merits, start=1)]
    return Figures(columns, rows, notes=notes)


def _winners_list(winners: Sequence[PersonProposed]) -> Figures:
    columns = [
        NUMBER,
        Column("full_name", "Họ và tên", width=26),
        Column("unit", "Đơn vị", width=34),
        Column("round", "Tuần thi", width=13),
        Column("prize", "Giải", width=14),
    ]
    rows = [
        (number, one.full_name, one.unit_name, one.round_title, one.prize.removeprefix("Giải ").removeprefix("giải "))
        for number, one in enumerate(winners, start=1)
    ]
    return Figures(columns, rows)


def _perfect_list(people: Sequence[PersonProposed]) -> Figures:
    columns = [
        NUMBER,
        Column("full_name", "Họ và tên", width=28),
        Column("unit", "Đơn vị", width=38),
        Column("rounds", "Số tuần đúng tất cả", Kind.INTEGER, width=13),
    ]
    rows = [(number, one.full_name, one.unit_name, one.perfect_rounds) for number, one in enumerate(people, start=1)]
    return Figures(columns, rows)
