"""The clips' part of the final report: clips by kind of unit, who has none, what won."""

from collections.abc import Iterator
from decimal import Decimal

from reports.exports.table import Column, Kind
from reports.handin import reading
from reports.handin.papers.words import MOST_NAMED, NUMBER, whole
from reports.handin.reading import Dataset
from reports.official.document import Block, Figures, Paragraph

LABELS = (
    ("units", "Số đơn vị"), ("units_with_clip", "Có video"), ("units_without_clip", "Chưa có video"),
    ("handed_in", "Video đã gửi"), ("accepted", "Video được chấm"), ("prizes", "Video đạt giải"),
)  # fmt: skip


def clip_blocks(dataset: Dataset) -> Iterator[Block]:
    """Nothing for a report without a public result of clips."""
    clips = dataset.get("clips")
    if not clips:
        return
    total = clips["total"]
    yield Paragraph(
        f"Có {whole(total['units_with_clip'])}/{whole(total['units'])} đơn vị có video được nhận vào vòng chấm; các đơn"
        f" vị đã gửi {whole(total['handed_in'])} video, {whole(total['accepted'])} video được chấm,"
        f" {whole(total['prizes'])} video đạt giải."
    )
    columns = [
        Column("kind", "Loại đơn vị", width=26),
        *(Column(key, label, Kind.INTEGER, width=11) for key, label in LABELS),
    ]
    keys = [key for key, _label in LABELS]
    rows = [(one["kind"], *(one[key] for key in keys)) for one in clips["kinds"]]
    yield Figures(columns, rows, total=("Tổng cộng", *(total[key] for key in keys)))
    yield from _without(dataset, clips["without"])
    if clips["winners"]:
        yield _winners(clips["winners"])


def _without(dataset: Dataset, codes: list[str]) -> Iterator[Block]:
    names = {unit["unit_code"]: unit["unit_name"] for unit in reading.rows_of(dataset, "units")}
    if 0 < len(codes) <= MOST_NAMED:
        yield Paragraph(f"Đơn vị chưa có video được chấm: {'; '.join(names[code] for code in codes)}.")


def _winners(winners: list[dict[str, str]]) -> Figures:
    groups = any(one["group"] for one in winners)
    columns = [
        NUMBER,
        Column("prize", "Giải", width=16),
        *([Column("group", "Loại đơn vị", width=16)] if groups else []),
        Column("title", "Tên video", width=32),
        Column("unit", "Đơn vị", width=28),
        Column("score", "Điểm", Kind.DECIMAL, width=10, places=2),
    ]
    rows = [
        (
            place,
            one["prize"].removeprefix("Giải "),
            *([one["group"]] if groups else []),
            one["title"],
            one["unit_name"],
            Decimal(one["score"]),
        )
        for place, one in enumerate(winners, start=1)
    ]
    return Figures(columns, rows)
