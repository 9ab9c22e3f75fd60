"""Excel workbooks: A4 landscape, one sheet per table, no cell that computes anything.

Written row by row in constant memory. XlsxWriter drops rows written out of order and cuts long texts
without an error; every call's return value is therefore checked.
"""

from math import ceil
from pathlib import Path
from typing import Any

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

from reports.exports.table import CENTRED, Column, Document, FileTooLarge, Kind, Progress, Row, Table

PROGRESS_EVERY = 500
A4 = 9
MOST_LETTERS = 200  # side by side on A4 across: more would be printed at less than 7 points
HEADER_HEIGHT = 50  # points: three lines
LINE_HEIGHT = 15  # points
LETTERS = 1.3  # of a text in one unit of a column's width
FONT = {"font_name": "Times New Roman", "font_size": 11, "valign": "vcenter"}
INK, HEAD, RULE, WARN = "#131C2B", "#1D4080", "#B8C2D0", "#FDF0D0"
NUMBER_FORMATS = {
    Kind.INTEGER: "#,##0",
    Kind.CHANGE: "+#,##0;-#,##0;0",
    Kind.RATE: "0.00%",
    Kind.TIME: "dd/mm/yyyy hh:mm:ss.000",
}


def write(document: Document, path: Path, progress: Progress) -> None:
    """Write the workbook. Raises FileTooLarge beyond Excel's rows or a cell's length."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(path.parent),
        "remove_timezone": False,
    }
    book = xlsxwriter.Workbook(str(path), options)
    try:
        styles = _Styles(book)
        done = 0
        for table in document.tables:
            done = _Sheet(book.add_worksheet(table.name[:31]), styles, document, table).write(progress, done)
        if document.notes:
            _write_notes(book.add_worksheet(_("Cách tính")), styles, document)
        book.set_properties({"title": document.title, "comments": document.lines[0] if document.lines else ""})
    except BaseException:
        # The temporary sheets go with their directory; a workbook that is not closed only warns.
        book.fileclosed = 1
        raise
    book.close()


def _checked(code: int) -> None:
    if code != 0:
        raise FileTooLarge(code)


class _Styles:
    """Cell formats, each made once."""

    def __init__(self, book: Any):
        self._book = book
        self._made: dict[tuple[Any, ...], Any] = {}

    def named(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(FONT | properties)
        return self._made[key]

    def cell(self, column: Column, *, flagged: bool, total: bool) -> Any:
        look: dict[str, Any] = {"border": 1, "border_color": RULE}
        number = NUMBER_FORMATS.get(column.kind)
        if column.kind is Kind.DECIMAL:
            number = "#,##0." + "0" * column.places if column.places else "#,##0"
        if number:
            look |= {"num_format": number, "align": "center" if column.key in CENTRED else "right"}
        else:
            look |= {"text_wrap": True}
        if flagged and column.kind in (Kind.RATE, Kind.FLAG):
            look |= {"bg_color": WARN, "bold": True}
        if total:
            look |= {"bold": True, "top": 2, "bg_color": "#EAEFF6"}
        return self.named(**look)


class _Sheet:
    """One table on its sheet: title lines, header, rows, total."""

    def __init__(self, sheet: Any, styles: _Styles, document: Document, table: Table):
        self.sheet, self.styles, self.document, self.table = sheet, styles, document, table
        self.looks: dict[tuple[bool, bool], list[Any]] = {}
        texts = [(place, column) for place, column in enumerate(table.columns) if column.kind is Kind.TEXT]
        self.wrapped = [(place, column.width * LETTERS) for place, column in texts]
        self.flags = [place for place, column in enumerate(table.columns) if column.kind is Kind.FLAG]

    def write(self, progress: Progress, done: int) -> int:
        """Write everything and return the number of rows written in the whole document."""
        header_row = self._write_head()
        row_number = header_row
        for row_number, row in enumerate(self.table.rows, start=header_row + 1):
            self._write_row(row_number, row, total=False)
            done += 1
            if done % PROGRESS_EVERY == 0:
                progress(done)
        self._set_up(header_row, row_number)
        if self.table.total is not None:
            self._write_row(row_number + 1, self.table.total, total=True)
        return done

    def _write_head(self) -> int:
        self._text(0, 0, self.document.title, self.styles.named(bold=True, font_size=15, font_color=HEAD))
        for number, line in enumerate(self.document.lines, start=1):
            self._text(number, 0, line, self.styles.named(italic=number > 1, bold=number == 1))
        header_row = len(self.document.lines) + 2
        look = self.styles.named(
            bold=True, font_color="#FFFFFF", bg_color=HEAD, border=1, border_color=RULE, text_wrap=True, align="center"
        )
        self.sheet.set_row(header_row, HEADER_HEIGHT)
        for place, column in enumerate(self.table.columns):
            self._text(header_row, place, column.label, look)
        return header_row

    def _write_row(self, number: int, row: Row, *, total: bool) -> None:
        flagged = any(row[place] for place in self.flags)
        if (flagged, total) not in self.looks:
            columns = self.table.columns
            self.looks[flagged, total] = [self.styles.cell(one, flagged=flagged, total=total) for one in columns]
        looks = self.looks[flagged, total]
        lines = max((len(str(row[place])) / room for place, room in self.wrapped), default=1)
        if lines > 1:  # LibreOffice does not make room by itself
            self.sheet.set_row(number, ceil(lines) * LINE_HEIGHT)
        for place, (column, value, look) in enumerate(zip(self.table.columns, row, looks, strict=True)):
            _checked(self._write_cell(number, place, column, value, look))
        # The row before has now gone to the file. XlsxWriter keeps its height to place charts, of which there are none.
        for heights in (self.sheet.row_info, self.sheet.row_sizes):
            heights.pop(number - 1, None)

    def _write_cell(self, number: int, place: int, column: Column, value: Any, look: Any) -> int:
        if column.kind is Kind.FLAG:
            value = column.flag_text if value else None
        elif column.kind is Kind.CODED and value is not None:
            value = value.text
        if value is None or value == "":
            return self.sheet.write_blank(number, place, None, look)
        if column.kind is Kind.TIME:
            local = timezone.localtime(value, timezone.get_default_timezone()).replace(tzinfo=None)
            return self.sheet.write_datetime(number, place, local, look)
        if column.kind in (Kind.TEXT, Kind.CODED, Kind.FLAG):
            return self.sheet.write_string(number, place, str(value), look)
        return self.sheet.write_number(number, place, value, look)

    def _text(self, row: int, place: int, text: str, look: Any) -> None:
        _checked(self.sheet.write_string(row, place, text, look))

    def _set_up(self, header_row: int, last_row: int) -> None:
        columns = self.table.columns
        for place, column in enumerate(columns):
            self.sheet.set_column(place, place, column.width)
        if last_row > header_row:
            self.sheet.autofilter(header_row, 0, last_row, len(columns) - 1)
        self.sheet.freeze_panes(header_row + 1, min(2, len(columns) - 1))
        wide = -(-sum(column.width for column in columns) // MOST_LETTERS)
        _print_set_up(self.sheet, pages_wide=wide)
        self.sheet.repeat_rows(header_row)
        if wide > 1:
            self.sheet.repeat_columns(0, min(1, len(columns) - 1))


def _write_notes(sheet: Any, styles: _Styles, document: Document) -> None:
    sheet.set_column(0, 0, 110)
    _checked(sheet.write_string(0, 0, _("Cách tính"), styles.named(bold=True, font_size=15, font_color=HEAD)))
    for number, note in enumerate(document.notes, start=2):
        _checked(sheet.write_string(number, 0, note, styles.named(text_wrap=True)))
    _print_set_up(sheet)


def _print_set_up(sheet: Any, *, pages_wide: int = 1) -> None:
    """A4 landscape, one page wide or as many as are legible, as many high as it takes; margins 15 to 20 mm."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(pages_wide, 0)
    sheet.set_margins(left=0.79, right=0.59, top=0.79, bottom=0.79)
    sheet.set_footer('&C&"Times New Roman"&10' + _("Trang %(page)s/%(pages)s") % {"page": "&P", "pages": "&N"})
    sheet.hide_gridlines(2)
