"""WordprocessingML of the parts that python-docx is too slow or too poor for, as text; every value is escaped.

Lengths in millimetres. `root` elements stand by themselves and name their namespace.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from xml.sax.saxutils import escape

from docx.oxml.ns import nsdecls

from reports.official import fitting, wording
from reports.official.document import Figures
from reports.official.wording import clean

TWIPS = 1440 / 25.4  # a twentieth of a point, in a millimetre
FIXED = '<w:tblLayout w:type="fixed"/>'
LETTER_WIDTH = 0.7  # of a bold capital, mean, in parts of the size


def paragraph(text: str, style: str, *, label: str = "", looks: str = "", root: bool = False) -> str:
    """A paragraph of a named style; `label` in bold in front of the text. `root`: it stands by itself."""
    bold = f"<w:r><w:rPr><w:b/></w:rPr>{_text(label)}</w:r>" if label else ""
    run = f"<w:r>{_text(text, after=' ' if label else '')}</w:r>" if text else ""
    names = f" {nsdecls('w')}" if root else ""
    return f'<w:p{names}><w:pPr><w:pStyle w:val="{style}"/>{looks}</w:pPr>{bold}{run}</w:p>'


def lines(lines: Sequence[str], style: str) -> str:
    """A paragraph whose lines are broken where they are broken here."""
    runs = "<w:r><w:br/></w:r>".join(f"<w:r>{_text(line)}</w:r>" for line in lines)
    return f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{runs}</w:p>'


def _text(text: str, *, after: str = "") -> str:
    return f'<w:t xml:space="preserve">{after}{escape(clean(text))}</w:t>'


def rule(length: float, room: float, *, root: bool = False) -> str:
    """A drawn rule of `length` in the middle of `room` (mm): an empty line with a border, as any program draws it."""
    side = round((room - length) / 2 * TWIPS)
    border = '<w:pBdr><w:top w:val="single" w:sz="6" w:space="0" w:color="000000"/></w:pBdr>'
    looks = f'{border}<w:ind w:left="{side}" w:right="{side}" w:firstLine="0"/>'
    return paragraph("", "Rule", looks=looks, root=root)


def rule_length(text: str, points: float, room: float) -> float:
    """Between a third and a half of the text's length, as the decree has it (mm, estimated)."""
    length = min(len(text) * points * LETTER_WIDTH * 25.4 / 72, room)
    return min(0.4 * length, 0.4 * room)


def side_by_side(columns: Sequence[Sequence[str]], widths: Sequence[float]) -> str:
    """A table without borders whose row is never split between pages."""
    grid = _grid([round(width * TWIPS) for width in widths])
    cells = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{round(width * TWIPS)}" w:type="dxa"/></w:tcPr>{"".join(paragraphs)}</w:tc>'
        for paragraphs, width in zip(columns, widths, strict=True)
    )
    return (
        f"<w:tbl {nsdecls('w')}><w:tblPr>{_width(sum(widths))}"
        f'{FIXED}<w:tblCellMar><w:left w:w="0" w:type="dxa"/>'
        f'<w:right w:w="0" w:type="dxa"/></w:tblCellMar></w:tblPr>{grid}'
        f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr></w:tbl>"
    )


def _grid(widths: Sequence[int]) -> str:
    return "<w:tblGrid>" + "".join(f'<w:gridCol w:w="{width}"/>' for width in widths) + "</w:tblGrid>"


def _width(millimetres: float) -> str:
    return f'<w:tblW w:w="{round(millimetres * TWIPS)}" w:type="dxa"/>'


def table(table: Figures, *, width: float) -> str:
    """A table with repeated header row and whole rows, its total never alone on a page; a short one is all on one."""
    return "".join(_parts(table, width=width))


def _parts(table: Figures, *, width: float) -> Iterator[str]:
    widths = [round(column * TWIPS) for column in fitting.column_widths(table, width=width)]
    styles = [f"Table{wording.side(column).capitalize()}" for column in table.columns]
    yield f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblStyle w:val="FigureTable"/>{_width(width)}'
    yield f"{FIXED}</w:tblPr>{_grid(widths)}"
    labels = [clean(column.label) for column in table.columns]
    yield _row(labels, widths, ["TableHead"] * len(widths), row_looks="<w:tblHeader/>")
    rows = (wording.cells(table.columns, row) for row in table.rows)
    total = [] if table.total is None else [wording.total_cells(table.columns, table.total)]
    first = list(islice(rows, fitting.MOST_ROWS + 1))
    whole = fitting.is_short(table, [*first, *total], width=width)
    held: list[str] | None = None
    for row in chain(first, rows):
        if held is not None:
            yield _row(held, widths, styles, keep=whole)
        held = row
    if held is not None:
        yield _row(held, widths, styles, keep=bool(total))
    for row in total:
        yield _row(row, widths, styles, bold=True)
    yield "</w:tbl>"


def _row(
    texts: Sequence[str],
    widths: Sequence[int],
    styles: Sequence[str],
    *,
    row_looks: str = "",
    keep: bool = False,
    bold: bool = False,
) -> str:
    looks = "<w:keepNext/>" if keep else ""
    weight = "<w:rPr><w:b/></w:rPr>" if bold else ""
    cells = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{looks}</w:pPr><w:r>{weight}'
        f'<w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p></w:tc>'
        for text, width, style in zip(texts, widths, styles, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{row_looks}</w:trPr>{cells}</w:tr>"
