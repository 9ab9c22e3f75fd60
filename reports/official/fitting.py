"""What fits where, estimated alike for both formats: lines of a title, widths of columns, tables to keep on one page.

Neither Word nor LibreOffice is there to be asked, so letters are taken as wide as they are in the mean; what is a
little too wide is still wrapped by the program that shows it.
"""

from collections.abc import Sequence
from itertools import combinations

from reports.official import measures
from reports.official.document import Figures, Signature
from reports.official.wording import clean

POINT = 25.4 / 72  # in millimetres
# The mean width of a letter in parts of the size: capitals, bold capitals of a heading, others.
CAPITAL, SMALL, BOLD = 0.7, 0.44, 0.5
CELL_ROOM = 8 * POINT  # of a cell that no text may take: 4 points on either side
WIDEST_WORD = 0.3  # of a table's width: longer words are broken rather than given a column of their own
SHORT_TABLE = 260  # points: a third of a page; taller tables are broken, under a repeated header
LINE, ROW_ROOM = 1.15, 6  # of the size; points
MOST_ROWS = int(SHORT_TABLE / (measures.TABLE * LINE + ROW_ROOM))
# Words that belong together: a title is not broken inside them.
TOGETHER = ("Cuộc thi", "Hội thi", "Ban Tổ chức", "Ban Giám khảo", "cải cách hành chính")
UNBROKEN = "\u00a0"
NAMES = ("Cuộc\u00a0thi", "Hội\u00a0thi")  # how the name of a contest begins
NAME_WORTH = 10  # letters by which lines may be less even, for a name that begins its line


def lines_of(text: str, *, room: float, points: float) -> list[str]:
    """`text` in as few lines as `room` (mm) needs, the longest as short as can be: no single word hangs below."""
    text = clean(text)
    for phrase in TOGETHER:
        text = text.replace(phrase, phrase.replace(" ", UNBROKEN))
    letter = (CAPITAL if text.isupper() else SMALL) * points * POINT
    words, most = text.split(" "), room / letter
    needed = -(-len(text) // max(1, int(most)))
    if needed < 2 or needed > 3 or len(words) < needed:
        return [text.replace(UNBROKEN, " ")]
    ways = [
        [" ".join(words[start:end]) for start, end in zip((0, *cuts), (*cuts, len(words)), strict=True)]
        for cuts in combinations(range(1, len(words)), needed - 1)
    ]
    return [line.replace(UNBROKEN, " ") for line in min(ways, key=_unevenness)]


def _unevenness(lines: list[str]) -> int:
    return max(map(len, lines)) - NAME_WORTH * any(line.startswith(NAMES) for line in lines[1:])


def column_widths(table: Figures, *, width: float) -> list[float]:
    """Millimetres that add up to `width`: in the columns' relation, but no word of a heading is broken."""
    share = width / sum(column.width for column in table.columns)
    asked = [column.width * share for column in table.columns]
    least = [min(_word_room(clean(column.label)), WIDEST_WORD * width) for column in table.columns]
    if sum(least) >= width:
        return asked
    given = [max(one) for one in zip(asked, least, strict=True)]
    spare = [one - other for one, other in zip(given, least, strict=True)]
    over = sum(given) - width
    if over <= 0:
        return given
    return [one - over * room / sum(spare) for one, room in zip(given, spare, strict=True)]


def _word_room(label: str) -> float:
    longest = max(len(word) * (CAPITAL if word.isupper() else BOLD) for word in label.split(" "))
    return longest * measures.TABLE * POINT * 1.15 + CELL_ROOM


def side_by_side(first: Signature, second: Signature) -> tuple[list[str], list[str]]:
    """The lines above the names of two signatures, equally many, so that both names stand at one height."""
    most = max(len(first.lines), len(second.lines))
    left, right = ([*one.lines, *[UNBROKEN] * (most - len(one.lines))] for one in (first, second))
    return left, right


def is_short(table: Figures, rows: Sequence[Sequence[str]], *, width: float) -> bool:
    """Whether all of it goes onto one page, so that it shall not be broken. `rows` are its cells as they are shown."""
    if len(rows) > MOST_ROWS:
        return False
    widths = column_widths(table, width=width)
    letter = BOLD * measures.TABLE * POINT
    shown = [[clean(column.label) for column in table.columns], *rows]
    height = 0.0
    for row in shown:
        lines = max(-(-len(text) * letter // (room - CELL_ROOM)) for text, room in zip(row, widths, strict=True))
        height += max(1.0, lines) * measures.TABLE * LINE + ROW_ROOM
    return height <= SHORT_TABLE
