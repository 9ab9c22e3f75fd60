"""SVG as text. Every attribute and every text is escaped here; no style attribute, no script, no address.

Colours come from static/css/charts.css by class. What shapes need to be told apart without colour and without
that file (outlines, dashes, markers) are presentation attributes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from django.utils.safestring import SafeString, mark_safe

from reports.official.wording import UNPRINTABLE

LETTER = 0.54  # mean width of a letter, in parts of the size
BOLD = 1.06


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture's size and letters in its own units. `phone`: it is shown at about one unit per pixel."""

    width: float
    size: float
    phone: bool = False


WIDE = Sheet(width=720, size=13.5)
NARROW = Sheet(width=326, size=13, phone=True)


@dataclass(frozen=True, slots=True)
class Plot:
    """The area in which values are drawn."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def outline(self) -> str:
        return element(
            "rect", klass="chart__plot", x=self.left, y=self.top, width=self.width, height=self.height, fill="none"
        )


def element(name: str, *children: str, klass: str = "", **attributes: str | float) -> str:
    """An element; `children` are SVG already. Underscores in names of attributes are hyphens."""
    given = {"class": klass} if klass else {}
    written = "".join(
        f" {key.replace('_', '-')}={quoteattr(plain(value))}" for key, value in (given | attributes).items()
    )
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def plain(value: str | float) -> str:
    """An attribute's value: lengths with at most two decimals."""
    if isinstance(value, str):
        return UNPRINTABLE.sub(" ", value)
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def text(words: str, *, x: float, y: float, anchor: str = "start", klass: str = "chart__text", size: float) -> str:
    return element(
        "text", written(words), klass=klass, x=x, y=y, text_anchor=anchor, font_size=size, fill="currentColor"
    )


def written(words: str) -> str:
    """`words` as content of an element."""
    return escape(UNPRINTABLE.sub(" ", words))


def hint(words: str) -> str:
    """What the pointer shows over a shape."""
    return element("title", written(words))


def line(x1: float, y1: float, x2: float, y2: float, *, klass: str) -> str:
    return element("line", klass=klass, x1=x1, y1=y1, x2=x2, y2=y2, stroke="currentColor")


def picture(parts: Sequence[str], *, id: str, title: str, description: str, sheet: Sheet, height: float) -> SafeString:
    """The whole picture, named and described to those who do not see it. Ids differ between a chart's two sheets."""
    own = f"{id}-narrow" if sheet.phone else f"{id}-wide"
    svg = element(
        "svg",
        element("title", written(title), id=f"{own}-title"),
        element("desc", written(description), id=f"{own}-desc"),
        *parts,
        klass="chart__svg chart__svg--narrow" if sheet.phone else "chart__svg chart__svg--wide",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {plain(sheet.width)} {plain(height)}",
        role="img",
        aria_labelledby=f"{own}-title {own}-desc",
        focusable="false",
    )
    return mark_safe(svg)


def width_of(words: str, size: float) -> float:
    """About how wide `words` are; capitals are wider."""
    capitals = sum(letter.isupper() for letter in words)
    return (len(words) + 0.25 * capitals) * LETTER * size


def shortened_to(words: str, room: float, size: float) -> str:
    """`words`, cut with an ellipsis where there is no room."""
    if width_of(words, size) <= room:
        return words
    while words and width_of(words + "…", size) > room:
        words = words[:-1]
    return words.rstrip() + "…"


def wrapped(words: str, room: float, size: float, *, most: int = 2) -> list[str]:
    """`words` in at most `most` lines; the rest is cut with an ellipsis."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(longer, size) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [shortened_to(line, room, size) for line in lines]
