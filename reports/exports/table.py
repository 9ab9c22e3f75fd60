"""What a file of a report holds, before any format: columns with types, rows of plain values."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

Row = Sequence[Any]
CENTRED = {"number", "rank", "clip"}  # keys of columns of figures that name a row and add up to nothing
# Called with the number of rows written so far; may raise to stop the writing.
Progress = Callable[[int], None]


class Kind(Enum):
    """The type of a column's values; every cell may also be None."""

    TEXT = "text"  # str, whatever a person may have typed
    INTEGER = "integer"  # int
    CHANGE = "change"  # int, shown with its sign
    DECIMAL = "decimal"  # Decimal with `places` digits after the point
    RATE = "rate"  # Decimal with 4 places; people read it as a percentage
    TIME = "time"  # aware datetime
    CODED = "coded"  # Coded: programs read the code, people the text
    FLAG = "flag"  # bool: the row needs attention, for the reason that is the column's `flag_text`


class Coded(NamedTuple):
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """`key` names the column to programs, as the API does; `label` to people."""

    key: str
    label: str
    kind: Kind = Kind.TEXT
    width: int = 12
    places: int = 0
    flag_text: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A named table. `total` is its last row, of the same columns, or None."""

    key: str
    name: str
    columns: Sequence[Column]
    rows: Iterable[Row]
    total: Row | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A report: its first table is the report itself, further ones complete it.

    `head` are members that programs read (JSON only); `lines` stand under the title; `notes` say how the
    figures are computed. `row_count` is the number of rows of all tables, for progress.
    """

    title: str
    lines: Sequence[str]
    tables: Sequence[Table]
    row_count: int
    head: dict[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()


class FileTooLarge(Exception):
    """The report has more rows, or a cell more text, than the format can hold."""
