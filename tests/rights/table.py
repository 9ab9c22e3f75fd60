"""Reads expected.txt, the table of who may do what, and matches its rows with the addresses of the portal."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from tests.faults.addresses import Address, addresses

TABLE = Path(__file__).with_name("expected.txt")
ROLES = ("anonymous", "participant", "coordinator", "judge", "organiser", "secretary", "auditor", "administrator")
COLUMNS = (*ROLES, "token")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REFUSALS = ("login", "401", "403", "404", "405")


@dataclass(frozen=True, slots=True)
class Row:
    """One address and method. `cells`: by column the outcome for one's own object and for another's."""

    section: str
    name: str  # of the URL pattern, or a glob of names or of paths
    variant: str  # which object is meant, such as the round that is ranked
    query: str
    method: str
    cells: dict[str, tuple[str, str]]

    @property
    def label(self) -> str:
        variant = f"@{self.variant}" if self.variant else ""
        return f"{self.name}{variant}{self.query} {self.method}"

    @property
    def is_by_scope(self) -> bool:
        """Whether "own" means the scope of a role, as on pages of organisers, and not what a person owns."""
        return self.name.startswith("manage-") or "{unit}" in self.query

    def is_of(self, address: Address) -> bool:
        text = f"/{address.route}" if self.name.startswith("/") else address.name
        return fnmatchcase(text, self.name)

    def addresses(self) -> list[Address]:
        return [address for address in every_address() if self.is_of(address)]


@dataclass(frozen=True, slots=True)
class Table:
    rows: list[Row]
    sections: dict[str, str]  # title: what the section says about its rows


def parse(text: str) -> Table:
    """The table in `text`. Raises ValueError with the number of the line that is no row."""
    rows: list[Row] = []
    sections: dict[str, str] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if line.startswith("=="):
            section = line.strip("= ")
            sections[section] = ""
        elif line.startswith(">"):
            sections[section] = f"{sections[section]} {line[1:].strip()}".strip()
        elif line and not line.startswith("#"):
            rows.append(_row(line, section, number))
    return Table(rows, sections)


def _row(line: str, section: str, number: int) -> Row:
    words = line.split()
    if len(words) != 2 + len(COLUMNS) or words[1] not in METHODS:
        raise ValueError(f"expected.txt line {number}: an address, a method and {len(COLUMNS)} cells are wanted")
    target, mark, query = words[0].partition("?")
    name, _at, variant = target.partition("@")
    cells = {column: _cell(text, number) for column, text in zip(COLUMNS, words[2:], strict=True)}
    return Row(section, name, variant, mark + query, words[1], cells)


def _cell(text: str, number: int) -> tuple[str, str]:
    own, slash, other = text.partition("/")
    for outcome in (own, other) if slash else (own,):
        if outcome not in ("ok", *REFUSALS):
            raise ValueError(f"expected.txt line {number}: {text} is no outcome")
    return (own, other) if slash else (own, own)


@cache
def every_address() -> list[Address]:
    return addresses()


@cache
def table() -> Table:
    return parse(TABLE.read_text())


def unlisted() -> list[Address]:
    """Addresses that no row speaks of."""
    return [address for address in every_address() if not any(row.is_of(address) for row in table().rows)]


def orphans() -> list[Row]:
    """Rows that speak of no address."""
    return [row for row in table().rows if not row.addresses()]
