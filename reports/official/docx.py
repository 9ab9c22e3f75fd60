"""Official documents as DOCX, for Word and LibreOffice: real styles, and no field but the page number.

Built from python-docx's own empty document, so the repository holds no template.
"""

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import docx
from docx.document import Document as Word
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.section import Section
from docx.shared import Mm

from reports.official import fitting, measures, wording
from reports.official import word_xml as xml
from reports.official.document import (
    Appendix,
    Block,
    Figures,
    Heading,
    OfficialDocument,
    Paragraph,
    Resolution,
)
from reports.official.styles import set_up_styles
from reports.official.wording import clean

NO_DAY = date(2000, 1, 1)
ZIP_DAY = (1980, 1, 1, 0, 0, 0)  # the first that a ZIP archive can name
MOTTO_WIDTH = 56  # mm: "Độc lập - Tự do - Hạnh phúc", bold, 13 points
UNUSED = {"thumbnail", "customXml", "stylesWithEffects", "numbering"}


def write(document: OfficialDocument, path: Path) -> None:
    """Write `document` to `path`. Equal documents give equal bytes. Raises OSError."""
    path.write_bytes(as_docx(document))


def as_docx(document: OfficialDocument) -> bytes:
    word = docx.Document()
    _describe(word, document)
    set_up_styles(word)
    _leave_out_unused(word)
    _set_up_page(word.sections[0], landscape=False)
    _number_pages(word.sections[0])
    body = _Body(word)
    _write_head(body, document)
    for basis in document.legal_bases:
        body.paragraph(basis, "LegalBasis")
    for block in document.blocks:
        body.block(block)
    body.keep_with_next()
    _write_end(body, document)
    for appendix in document.appendices:
        _write_appendix(word, body, document, appendix)
    written = io.BytesIO()
    word.save(written)
    return _without_times(written.getvalue())


class _Body:
    """Appends to the end of the document, in order."""

    def __init__(self, word: Word):
        self._root = word.element.body
        self._last: Any = None

    def add(self, text: str) -> None:
        self._last = parse_xml(text)
        # The last section's properties stay last.
        self._root.insert_element_before(self._last, "w:sectPr")

    def paragraph(self, text: str, style: str, *, label: str = "") -> None:
        self.add(xml.paragraph(text, style, label=label, root=True))

    def keep_with_next(self) -> None:
        """The last paragraph stays on the page of what follows: no signature stands alone."""
        if self._last is not None and self._last.tag == qn("w:p"):
            properties = self._last.get_or_add_pPr()
            properties.get_or_add_keepNext()

    def block(self, block: Block) -> None:
        match block:
            case Heading(text, level):
                self.paragraph(text, f"Heading{level}")
            case Paragraph(text, label):
                self.paragraph(text, "BodyText", label=label)
            case Resolution(text):
                self.paragraph(text, "Resolution")
            case Figures():
                self.figures(block, width=measures.A4[0] - measures.LEFT - measures.RIGHT)

    def figures(self, table: Figures, *, width: float) -> None:
        if table.caption:
            self.paragraph(table.caption, "Caption")
        self.add(xml.table(table, width=width))
        for note in table.notes:
            self.paragraph(note, "TableNote")
        self.paragraph("", "AfterTable")


# --- Parts ------------------------------------------------------------------------------------------


def _write_head(body: _Body, document: OfficialDocument) -> None:
    superior, issuer = clean(document.issuer.superior).upper(), clean(document.issuer.body).upper()
    text_width = measures.A4[0] - measures.LEFT - measures.RIGHT
    nation_column = text_width - measures.ISSUER_COLUMN
    left = [
        *([xml.lines(_head_lines(superior), "Superior")] if superior else []),
        xml.lines(_head_lines(issuer), "Issuer"),
        xml.rule(xml.rule_length(issuer, measures.ISSUER, measures.ISSUER_COLUMN), measures.ISSUER_COLUMN),
        xml.paragraph(wording.number_line(document), "Number"),
    ]
    right = [
        xml.paragraph(wording.NATION, "Nation"),
        xml.paragraph(wording.MOTTO, "Motto"),
        xml.rule(MOTTO_WIDTH, nation_column),
        xml.paragraph(wording.place_and_date(document), "PlaceAndDate"),
    ]
    body.add(xml.side_by_side([left, right], [measures.ISSUER_COLUMN, nation_column]))
    body.paragraph(document.kind.upper(), "DocumentKind")
    body.add(xml.lines(fitting.lines_of(document.subject, room=text_width, points=measures.TITLE), "Subject"))
    body.add(xml.rule(xml.rule_length(clean(document.subject), measures.TITLE, text_width), text_width, root=True))
    body.paragraph("", "AfterTable")
    if document.authority:
        body.paragraph(document.authority.upper(), "Authority")


def _head_lines(text: str) -> list[str]:
    return fitting.lines_of(text, room=measures.ISSUER_COLUMN, points=measures.ISSUER)


def _write_end(body: _Body, document: OfficialDocument) -> None:
    width = (measures.A4[0] - measures.LEFT - measures.RIGHT) / 2
    recipients = [
        xml.paragraph(wording.RECIPIENTS, "RecipientsHead"),
        *(xml.paragraph(line, "Recipients") for line in document.recipients),
    ]
    if not document.recipients:
        recipients = [xml.paragraph("", "Recipients")]
    second, signed = document.second_signature, document.signature
    if second is None:
        body.add(xml.side_by_side([recipients, _signature(signed.lines, signed.name)], [width, width]))
        return
    left, right = fitting.side_by_side(second, signed)
    body.add(xml.side_by_side([_signature(left, second.name), _signature(right, signed.name)], [width, width]))
    if document.recipients:
        body.paragraph("", "AfterTable")
        body.paragraph(wording.RECIPIENTS, "RecipientsHead")
        for line in document.recipients:
            body.paragraph(line, "Recipients")


def _signature(lines: Sequence[str], name: str) -> list[str]:
    return [
        *(xml.paragraph(line.upper(), "SignatureLine") for line in lines),
        xml.paragraph("", "SignatureRoom"),
        xml.paragraph(name, "SignatureLine"),
    ]


def _write_appendix(word: Word, body: _Body, document: OfficialDocument, appendix: Appendix) -> None:
    section = word.add_section(WD_SECTION.NEW_PAGE)
    # The paragraph that ends the section before must not need a line, and so perhaps a page, of its own.
    word.paragraphs[-1].style = "Sau bảng"
    _set_up_page(section, landscape=appendix.landscape)
    _restart_pages(section)
    body.paragraph(appendix.label.upper(), "AppendixLabel")
    body.paragraph(appendix.title, "Subject")
    body.paragraph(wording.with_document(document), "Belongs")
    width = measures.A4[1 if appendix.landscape else 0] - measures.LEFT - measures.RIGHT
    for block in appendix.blocks:
        if isinstance(block, Figures):
            body.figures(block, width=width)
        else:
            body.block(block)


# --- The document as a whole ------------------------------------------------------------------------


def _leave_out_unused(word: Word) -> None:
    """Without what python-docx's empty document brings along: a picture of it, lists, old styles."""
    for part in (word.part.package, word.part):
        for key, relation in list(part.rels.items()):
            if relation.reltype.rpartition("/")[2] in UNUSED:
                del part.rels[key]


def _set_up_page(section: Section, *, landscape: bool) -> None:
    short, long = (Mm(length) for length in measures.A4)
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (long, short) if landscape else (short, long)
    section.top_margin, section.bottom_margin = Mm(measures.TOP), Mm(measures.BOTTOM)
    section.left_margin, section.right_margin = Mm(measures.LEFT), Mm(measures.RIGHT)
    section.header_distance = section.footer_distance = Mm(measures.HEADER_FROM_EDGE)
    section.gutter = 0


def _number_pages(section: Section) -> None:
    """The number top centre, and none on the first page; later sections have this header too."""
    section.different_first_page_header_footer = True
    paragraph = section.header.paragraphs[0]
    paragraph.style = "Header"
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    field.append(parse_xml(f"<w:r {nsdecls('w')}><w:t>2</w:t></w:r>"))
    paragraph._p.append(field)


def _restart_pages(section: Section) -> None:
    section.different_first_page_header_footer = True
    numbers = OxmlElement("w:pgNumType")
    numbers.set(qn("w:start"), "1")
    properties = section._sectPr
    for old in properties.findall(qn("w:pgNumType")):
        properties.remove(old)
    # The schema has an order: before cols and titlePg.
    properties.insert_element_before(numbers, "w:cols", "w:titlePg", "w:docGrid")


def _describe(word: Word, document: OfficialDocument) -> None:
    made_at = datetime.combine(document.day or NO_DAY, time(), tzinfo=UTC).replace(tzinfo=None)
    core = word.core_properties
    core.title = f"{clean(document.kind)} {clean(document.subject)}"[:255]
    core.author = clean(document.issuer.body)[:255]
    core.comments = core.keywords = core.last_modified_by = ""
    core.created = core.modified = made_at
    core.language = "vi-VN"
    core.revision = 1


def _without_times(archive: bytes) -> bytes:
    """The same archive whose members have no times of their own, in one order: equal content, equal bytes."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(written, "w") as target:
        for member in source.infolist():
            info = zipfile.ZipInfo(member.filename, ZIP_DAY)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, source.read(member))
    return written.getvalue()
