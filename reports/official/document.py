"""What an official document holds, before any format: values only, nothing of Word or of PDF.

The parts and their names follow Decree 30/2020/NĐ-CP, appendix I. Every text is plain text: no part of it is
ever a field, a formula or markup. Tables are those of reports/exports, so that a figure has one spelling.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reports.exports.table import Column, Row


@dataclass(frozen=True, slots=True)
class Issuer:
    """The settings of the issuing body (cơ quan ban hành); `superior` may be empty."""

    body: str
    place: str
    superior: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs: the lines of authority and office in order ("TM. BAN TỔ CHỨC", "KT. TRƯỞNG BAN", "PHÓ TRƯỞNG BAN")."""

    lines: Sequence[str]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A numbered heading: level 1 is "I. KẾT QUẢ", level 2 is "1. Theo khối"."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A justified paragraph; `label` is set in bold in front of it ("Điều 1.")."""

    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The centred word that the paragraphs of a decision follow: "QUYẾT ĐỊNH:"."""

    text: str


@dataclass(frozen=True, slots=True)
class Figures:
    """A table: `total` is its last row, of the same columns; `notes` stand below it.

    `rows` is gone through once. Columns are as wide as their `width` in relation to each other.
    """

    columns: Sequence[Column]
    rows: Sequence[Row]
    caption: str = ""
    total: Row | None = None
    notes: Sequence[str] = ()


Block = Heading | Paragraph | Resolution | Figures


@dataclass(frozen=True, slots=True)
class Appendix:
    """An appendix: begins on a page of its own and counts its pages from 1, as the decree asks."""

    label: str
    title: str
    blocks: Sequence[Block]
    landscape: bool = False


@dataclass(frozen=True, slots=True)
class OfficialDocument:
    """A document ready to be signed.

    `kind` is the name of its type ("BÁO CÁO"), `subject` its trích yếu. `symbol` follows the number ("BC-BTC");
    an empty `number` leaves room to write it in by hand, as does an absent `day` for the date. `authority` is
    who decides ("TRƯỞNG BAN TỔ CHỨC"), above the legal bases. With a `second_signature`, that of minutes, the
    signatures stand side by side (the second at the left) and the recipients below them.
    """

    issuer: Issuer
    kind: str
    subject: str
    blocks: Sequence[Block]
    signature: Signature
    number: str = ""
    symbol: str = ""
    day: date | None = None
    authority: str = ""
    legal_bases: Sequence[str] = ()
    recipients: Sequence[str] = ()
    second_signature: Signature | None = None
    appendices: Sequence[Appendix] = ()
