"""Official documents as tagged PDF, by typst. The texts go to the layout as data, never as its source."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

import typst

from reports.official import fitting, measures, wording
from reports.official.document import (
    Appendix,
    Block,
    Figures,
    Heading,
    OfficialDocument,
    Paragraph,
    Resolution,
)
from reports.official.typesetting import fonts_of, typeset
from reports.official.wording import clean

LAYOUT = Path(__file__).with_name("layout.typ")
# Where distributions keep Liberation Serif 2. Version 1, under the second name on Debian 12, lacks most
# Vietnamese letters: a directory counts only if its font has them.
FONT_DIRECTORIES = (
    "/usr/share/fonts/truetype/liberation2",
    "/usr/share/fonts/truetype/liberation",
    "/usr/share/fonts/liberation-serif",
    "/usr/share/fonts/liberation-serif-fonts",
    "/usr/share/fonts/liberation",
)
VIETNAMESE = "ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"
NO_DAY = date(2000, 1, 1)
PORTRAIT, LANDSCAPE = (side - measures.LEFT - measures.RIGHT for side in measures.A4)  # the room of a line, mm


def write(document: OfficialDocument, path: Path, *, font_directories: Sequence[str] = FONT_DIRECTORIES) -> None:
    """Write `document` to `path`. Equal documents give equal bytes. Raises TypesettingFailed, OSError."""
    path.write_bytes(as_pdf(document, font_directories=font_directories))


def as_pdf(document: OfficialDocument, *, font_directories: Sequence[str] = FONT_DIRECTORIES) -> bytes:
    """`document` as PDF, with the first of `font_directories` that is fit, else with typst's own fonts."""
    fit = next((directory for directory in font_directories if writes_vietnamese(directory)), None)
    made_at = datetime.combine(document.day or NO_DAY, time(), tzinfo=UTC)
    data = json.dumps(as_data(document), ensure_ascii=False)
    layout = LAYOUT.read_text(encoding="utf-8")
    return typeset(layout, document=data, fonts=fit, timestamp=int(made_at.timestamp()))


@cache
def writes_vietnamese(directory: str) -> bool:
    """Whether the directory has a Liberation Serif with all Vietnamese letters: PDF/UA refuses a missing one."""
    letters = VIETNAMESE + VIETNAMESE.upper()
    probe = (
        f'#set document(title: "-")\n#set text(font: "{measures.FONTS[0]}", fallback: false)\n{letters}\n\n*{letters}*'
    )
    if not Path(directory).is_dir() or measures.FONTS[0] not in fonts_of(directory, bundled=False).families():
        return False
    try:
        typst.compile(probe.encode(), format="pdf", font_paths=fonts_of(directory, bundled=False), pdf_standards="ua-1")
    except typst.TypstError:
        return False
    return True


def as_data(document: OfficialDocument) -> dict[str, Any]:
    """What the layout reads: clean texts and measures."""
    issuer = document.issuer
    second, signed = document.second_signature, document.signature
    left, right = fitting.side_by_side(second, signed) if second else ([], signed.lines)
    return {
        "measures": {name.lower(): value for name, value in vars(measures).items() if isinstance(value, int)},
        "fonts": measures.FONTS,
        "title": f"{clean(document.kind)} {clean(document.subject)}",
        "superior": _head_lines(issuer.superior),
        "body": _head_lines(issuer.body),
        "nation": wording.NATION,
        "motto": wording.MOTTO,
        "number": wording.number_line(document),
        "place": wording.place_and_date(document),
        "kind": clean(document.kind).upper(),
        "subject": fitting.lines_of(document.subject, room=PORTRAIT, points=measures.TITLE),
        "authority": clean(document.authority).upper(),
        "legal_bases": [clean(basis) for basis in document.legal_bases],
        "blocks": [_block(block, PORTRAIT) for block in document.blocks],
        "signature": _signature(right, signed.name),
        "second_signature": _signature(left, second.name) if second else None,
        "recipients_word": wording.RECIPIENTS,
        "recipients": [clean(line) for line in document.recipients],
        "belongs": wording.with_document(document),
        "appendices": [_appendix(appendix) for appendix in document.appendices],
    }


def _head_lines(text: str) -> list[str]:
    return fitting.lines_of(clean(text).upper(), room=measures.ISSUER_COLUMN, points=measures.ISSUER)


def _signature(lines: Sequence[str], name: str) -> dict[str, Any]:
    return {"lines": [clean(line).upper() for line in lines], "name": clean(name)}


def _appendix(appendix: Appendix) -> dict[str, Any]:
    return {
        "label": clean(appendix.label).upper(),
        "title": clean(appendix.title),
        "landscape": appendix.landscape,
        "blocks": [_block(block, LANDSCAPE if appendix.landscape else PORTRAIT) for block in appendix.blocks],
    }


def _block(block: Block, width: float) -> dict[str, Any]:
    match block:
        case Heading(text, level):
            return {"type": "heading", "text": clean(text), "level": level}
        case Paragraph(text, label):
            return {"type": "paragraph", "text": clean(text), "label": clean(label)}
        case Resolution(text):
            return {"type": "resolution", "text": clean(text)}
        case Figures():
            return _figures(block, width)


def _figures(table: Figures, width: float) -> dict[str, Any]:
    rows = [wording.cells(table.columns, row) for row in table.rows]
    total = wording.total_cells(table.columns, table.total) if table.total is not None else []
    return {
        "type": "figures",
        "caption": clean(table.caption),
        "header": [clean(column.label) for column in table.columns],
        "widths": fitting.column_widths(table, width=width),
        "aligned": [wording.side(column) for column in table.columns],
        "rows": rows,
        "total": total,
        "whole": fitting.is_short(table, [*rows, total] if total else rows, width=width),
        "notes": [clean(note) for note in table.notes],
    }
