"""The Word styles of an official document. People who edit it find every part under its Vietnamese name."""

from dataclasses import dataclass
from typing import Any

from docx.document import Document as Word
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.enum.text import WD_LINE_SPACING
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

from reports.official import measures


@dataclass(frozen=True, slots=True)
class Look:
    """A paragraph style: `name` is what Word shows; lengths in points, `indent` of the first line in millimetres."""

    name: str
    size: float
    align: ALIGN = ALIGN.CENTER
    bold: bool = False
    italic: bool = False
    before: float = 0
    after: float = 0
    indent: float = 0
    spacing: float = 1.0
    keep: bool = False  # on the page of the next paragraph


PROSE: dict[str, Any] = {"size": measures.BODY, "after": 6, "indent": measures.INDENT, "spacing": 1.1}
LOOKS = {
    "BodyText": Look("Nội dung", **PROSE, align=ALIGN.JUSTIFY),
    "LegalBasis": Look(
        "Căn cứ", measures.BODY, ALIGN.JUSTIFY, italic=True, after=6, indent=measures.INDENT, spacing=1.1
    ),
    "Superior": Look("Cơ quan chủ quản", measures.ISSUER),
    "Issuer": Look("Cơ quan ban hành", measures.ISSUER, bold=True),
    "Nation": Look("Quốc hiệu", measures.NATION, bold=True),
    "Motto": Look("Tiêu ngữ", measures.MOTTO, bold=True),
    "Number": Look("Số, ký hiệu", measures.NUMBER, before=4),
    "PlaceAndDate": Look("Địa danh, thời gian", measures.PLACE, italic=True, before=4),
    "DocumentKind": Look("Tên loại văn bản", measures.TITLE, bold=True, before=14, keep=True),
    "Subject": Look("Trích yếu", measures.TITLE, bold=True, keep=True),
    "Authority": Look("Thẩm quyền ban hành", measures.TITLE, bold=True, after=10, keep=True),
    "Resolution": Look("Quyết định", measures.BODY, bold=True, before=4, after=8, keep=True),
    "AppendixLabel": Look("Phụ lục", measures.TITLE, bold=True, keep=True),
    "Belongs": Look("Kèm theo", measures.BODY, italic=True, after=10, keep=True),
    "TableHead": Look("Đầu bảng", measures.TABLE, bold=True, before=2, after=2, keep=True),
    "TableLeft": Look("Ô chữ", measures.TABLE, ALIGN.LEFT, before=2, after=2),
    "TableRight": Look("Ô số", measures.TABLE, ALIGN.RIGHT, before=2, after=2),
    "TableCenter": Look("Ô giữa", measures.TABLE, before=2, after=2),
    "TableNote": Look("Ghi chú bảng", measures.TABLE, ALIGN.LEFT, italic=True, before=3),
    "RecipientsHead": Look("Nơi nhận", measures.RECIPIENTS_HEAD, ALIGN.LEFT, bold=True, italic=True),
    "Recipients": Look("Danh sách nơi nhận", measures.RECIPIENTS, ALIGN.LEFT),
    "SignatureLine": Look("Chữ ký", measures.SIGNATURE, bold=True, keep=True),
}
# Short lines of an exact height: (name, points before, points).
GAPS = {"Rule": ("Kẻ ngang", 3, 5), "AfterTable": ("Sau bảng", 0, 8), "SignatureRoom": ("Chỗ ký", 0, 74)}
KEPT = {"Normal", "DefaultParagraphFont", "TableNormal", "NoList", "Heading1", "Heading2", "Caption", "Header"}
FONT_SLOTS = ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia")


def set_up_styles(word: Word) -> None:
    """Give the empty document the styles above, one font and the Vietnamese language."""
    styles = word.styles
    _keep_only(styles.element, KEPT)
    _set_defaults(styles.element)
    normal = styles["Normal"]
    _letter(normal, measures.BODY)
    for style_id, look in LOOKS.items():
        _dress(_added(styles, look.name, style_id, normal), look)
    for style_id, (name, before, points) in GAPS.items():
        gap = _added(styles, name, style_id, normal)
        _letter(gap, 2)
        gap.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        gap.paragraph_format.line_spacing = Pt(points)
        _space(gap.paragraph_format, before, 0)
    heading = Look(
        "", measures.BODY, ALIGN.LEFT, bold=True, before=6, after=6, indent=measures.INDENT, spacing=1.1, keep=True
    )
    for level in (1, 2):
        _dress(styles[f"Heading {level}"], heading)
        styles[f"Heading {level}"].font.italic = level == 2
    _dress(styles["Caption"], Look("", measures.CAPTION, bold=True, before=4, after=4, keep=True))
    _dress(styles["Header"], Look("", measures.PAGE_NUMBER))
    styles.element.append(_table_style())
    _name_substitute(word)
    _be_modern(word)


def _keep_only(root: Any, kept: set[str]) -> None:
    for style in root.findall(qn("w:style")):
        if style.styleId not in kept:
            root.remove(style)
            continue
        for link in style.findall(qn("w:link")):
            style.remove(link)


def _set_defaults(root: Any) -> None:
    """No theme font, no other language: LibreOffice would follow them."""
    defaults = root.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
    for name in ("w:rFonts", "w:lang"):
        for old in defaults.findall(qn(name)):
            defaults.remove(old)
    slots = " ".join(f'{slot}="{measures.FONT}"' for slot in FONT_SLOTS)
    defaults.insert(0, parse_xml(f"<w:rFonts {nsdecls('w')} {slots}/>"))
    defaults.append(parse_xml(f'<w:lang {nsdecls("w")} w:val="vi-VN" w:eastAsia="vi-VN" w:bidi="ar-SA"/>'))


def _added(styles: Any, name: str, style_id: str, base: Any) -> Any:
    style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.element.styleId = style_id
    style.base_style = base
    style.quick_style = True
    return style


def _dress(style: Any, look: Look) -> None:
    _letter(style, look.size)
    style.font.bold, style.font.italic = look.bold, look.italic
    shape = style.paragraph_format
    shape.alignment = look.align
    shape.first_line_indent = Mm(look.indent)
    shape.left_indent = Mm(0)
    shape.line_spacing = look.spacing
    shape.keep_with_next = look.keep
    shape.widow_control = True
    _space(shape, look.before, look.after)


def _space(shape: Any, before: float, after: float) -> None:
    shape.space_before, shape.space_after = Pt(before), Pt(after)


def _letter(style: Any, size: float) -> None:
    style.font.size = Pt(size)
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.attrib.clear()
    for slot in FONT_SLOTS:
        fonts.set(qn(slot), measures.FONT)


def _table_style() -> Any:
    edges = "".join(
        f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    return parse_xml(
        f'<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="FigureTable">'
        '<w:name w:val="Bảng số liệu"/><w:basedOn w:val="TableNormal"/><w:tblPr>'
        f"<w:tblBorders>{edges}</w:tblBorders><w:tblCellMar>"
        '<w:left w:w="80" w:type="dxa"/><w:right w:w="80" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        '<w:tcPr><w:vAlign w:val="center"/></w:tcPr></w:style>'
    )


def _name_substitute(word: Word) -> None:
    """Where Times New Roman is missing: the font of the same widths."""
    for part in word.part.package.iter_parts():
        if str(part.partname) == "/word/fontTable.xml":
            slots = (
                '<w:altName w:val="Liberation Serif"/><w:panose1 w:val="02020603050405020304"/>'
                '<w:charset w:val="00"/><w:family w:val="roman"/><w:pitch w:val="variable"/>'
            )
            table = f'<w:fonts {nsdecls("w")}><w:font w:name="{measures.FONT}">{slots}</w:font></w:fonts>'
            part._blob = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{table}'.encode()


def _be_modern(word: Word) -> None:
    """Word opens the file as its own, not in compatibility mode."""
    settings = word.settings.element
    for old in settings.findall(qn("w:compat")):
        settings.remove(old)
    setting = (
        '<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/>'
    )
    compat = parse_xml(f"<w:compat {nsdecls('w')}>{setting}</w:compat>")
    place = settings.find(qn("w:rsids"))
    if place is None:
        settings.append(compat)
    else:
        place.addprevious(compat)
